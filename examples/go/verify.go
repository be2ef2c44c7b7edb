// Verifies Pozi sessions with Go's standard library. As a program, go run verify.go ISSUER AUDIENCE TENANT CATALOGUE < sessions,
// it prints for each line whether the session allows reading the catalogue: allowed, not allowed or refused.
package main

import (
	"bufio"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"math/big"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"
)

const (
	algorithm = "ES256" // or RS256, as the service is set up
	guid      = `[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`
	word      = `[a-z0-9][a-z0-9_-]*:(?:download|read|write)`
)

var (
	isToken   = regexp.MustCompile(`\A[\w-]+\.[\w-]+\.[\w-]+\z`)
	isGUID    = regexp.MustCompile(`\A` + guid + `\z`)
	isSubject = regexp.MustCompile(`\A` + guid + `\.` + guid + `\z`)
	isScope   = regexp.MustCompile(`\A` + word + `(?: ` + word + `)*\z`)
)

// Claims of a session. A claim of another type is an error.
type Claims struct {
	Issuer    string `json:"iss"`
	Audience  string `json:"aud"`
	Subject   string `json:"sub"`
	Client    string `json:"client_id"`
	Tenant    string `json:"tid"`
	ID        string `json:"jti"`
	Scope     string `json:"scope"`
	Issued    int64  `json:"iat"`
	NotBefore int64  `json:"nbf"`
	Expires   int64  `json:"exp"`
}

// Verifier of the sessions of one issuer for one site. Create it once: it keeps the keys.
type Verifier struct {
	Issuer, Audience, Tenant string
	Now                      func() time.Time

	lock            sync.Mutex
	keys            map[string]crypto.PublicKey
	fetched, paused time.Time
}

// Verify returns the claims of a valid session.
func (v *Verifier) Verify(session string) (*Claims, error) {
	if len(session) > 16384 || !isToken.MatchString(session) {
		return nil, errors.New("not a token")
	}
	parts := strings.Split(session, ".")
	var header struct {
		Type      string          `json:"typ"`
		Algorithm string          `json:"alg"`
		KeyID     string          `json:"kid"`
		Critical  json.RawMessage `json:"crit"`
	}
	if err := decode(parts[0], &header); err != nil {
		return nil, err
	}
	if header.Type != "at+jwt" || header.Algorithm != algorithm || header.Critical != nil {
		return nil, errors.New("not a session")
	}
	key, err := v.find(header.KeyID)
	if err != nil {
		return nil, err
	}
	if !isSigned(parts[0]+"."+parts[1], parts[2], key) {
		return nil, errors.New("the signature does not match")
	}
	claims := &Claims{}
	if err := decode(parts[1], claims); err != nil {
		return nil, err
	}
	return claims, v.check(claims)
}

func (v *Verifier) check(claims *Claims) error {
	now := v.Now().Unix()
	switch {
	case claims.Issuer != v.Issuer || claims.Audience != v.Audience:
		return errors.New("of another issuer or for another site")
	case claims.Expires <= now:
		return errors.New("expired")
	case claims.Issued <= 0 || claims.Issued > now+300 || claims.NotBefore > now+300:
		return errors.New("minted in the future, or no time")
	case claims.Tenant != v.Tenant:
		return errors.New("for a person of another tenant")
	case !isGUID.MatchString(claims.Client) || !isGUID.MatchString(claims.ID):
		return errors.New("client_id or jti has a wrong form")
	case !isSubject.MatchString(claims.Subject) || !strings.HasPrefix(claims.Subject, v.Tenant+"."):
		return errors.New("sub has a wrong form")
	case !isScope.MatchString(claims.Scope):
		return errors.New("scope has a wrong form")
	}
	return nil
}

// MayRead tells whether a session allows reading a catalogue.
func (claims *Claims) MayRead(catalogue string) bool {
	for _, one := range strings.Split(claims.Scope, " ") {
		if one == catalogue+":read" || one == catalogue+":write" {
			return true
		}
	}
	return false
}

// Keys are fresh for 5 minutes, and are used for a day while the issuer cannot be reached. A fetch that fails or lacks the key
// wanted is not repeated for 30 seconds.
func (v *Verifier) find(id string) (crypto.PublicKey, error) {
	v.lock.Lock()
	defer v.lock.Unlock()
	if !v.isWithin(5*time.Minute, v.fetched) || v.keys[id] == nil {
		if !v.isWithin(30*time.Second, v.paused) {
			keys, err := fetch(v.Issuer + "/.well-known/jwks.json")
			if err == nil {
				v.keys, v.fetched = keys, v.Now()
			} else {
				log.Print("the keys of sessions cannot be fetched: ", err)
			}
			if err != nil || v.keys[id] == nil {
				v.paused = v.Now()
			}
		}
	}
	if !v.isWithin(24*time.Hour, v.fetched) || v.keys[id] == nil {
		return nil, errors.New("an unknown key, or no keys")
	}
	return v.keys[id], nil
}

func (v *Verifier) isWithin(span time.Duration, since time.Time) bool {
	age := v.Now().Sub(since)
	return age >= 0 && age < span
}

var client = http.Client{Timeout: 5 * time.Second}

func fetch(url string) (map[string]crypto.PublicKey, error) {
	answer, err := client.Get(url)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	var set struct {
		Keys []struct{ Kid, Kty, Alg, X, Y, N, E string }
	}
	if err := json.NewDecoder(answer.Body).Decode(&set); err != nil || answer.StatusCode != 200 {
		return nil, fmt.Errorf("status %d: %v", answer.StatusCode, err)
	}
	keys := map[string]crypto.PublicKey{}
	for _, key := range set.Keys {
		switch {
		case key.Alg != algorithm:
		case key.Kty == "EC":
			point := &ecdsa.PublicKey{Curve: elliptic.P256(), X: number(key.X), Y: number(key.Y)}
			if point.Curve.IsOnCurve(point.X, point.Y) {
				keys[key.Kid] = point
			}
		default:
			keys[key.Kid] = &rsa.PublicKey{N: number(key.N), E: int(number(key.E).Int64())}
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("no keys")
	}
	return keys, nil
}

func isSigned(message, signature string, key crypto.PublicKey) bool {
	bytes, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		return false
	}
	hash := sha256.Sum256([]byte(message))
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		r, s := new(big.Int), new(big.Int)
		return len(bytes) == 64 && ecdsa.Verify(key, hash[:], r.SetBytes(bytes[:32]), s.SetBytes(bytes[32:]))
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, hash[:], bytes) == nil
	}
	return false
}

func number(text string) *big.Int {
	bytes, _ := base64.RawURLEncoding.DecodeString(text)
	return new(big.Int).SetBytes(bytes)
}

func decode(part string, into any) error {
	bytes, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(bytes, into)
}

func main() {
	verifier := &Verifier{Issuer: os.Args[1], Audience: os.Args[2], Tenant: os.Args[3], Now: time.Now}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		switch claims, err := verifier.Verify(lines.Text()); {
		case err != nil:
			fmt.Println("refused")
		case claims.MayRead(os.Args[4]):
			fmt.Println("allowed")
		default:
			fmt.Println("not allowed")
		}
	}
}
