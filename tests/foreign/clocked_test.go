// Verifies the sessions of standard input at the times before them, with the example beside this file: each line is seconds
// since the Unix epoch, a space and a session. Prints the verdict on each. A test file, because the example has a main of its
// own.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestMain(*testing.M) {
	var now time.Time
	verifier := &Verifier{Issuer: os.Args[1], Audience: os.Args[2], Tenant: os.Args[3], Now: func() time.Time { return now }}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		seconds, session, _ := strings.Cut(lines.Text(), " ")
		at, _ := strconv.ParseInt(seconds, 10, 64)
		now = time.Unix(at, 0)
		switch claims, err := verifier.Verify(session); {
		case err != nil:
			fmt.Println("refused")
		case claims.MayRead(os.Args[4]):
			fmt.Println("allowed")
		default:
			fmt.Println("not allowed")
		}
	}
}
