// Verifies the sessions of standard input at the times before them, with the example beside this file: each line is seconds
// since the Unix epoch, a space and a session. Prints the verdict on each.

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Scanner;

public final class Clocked extends Clock {
    private Instant now = Instant.EPOCH;

    @Override
    public Instant instant() {
        return now;
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        return this;
    }

    public static void main(String[] arguments) {
        Clocked clock = new Clocked();
        Verify verifier = new Verify(arguments[0], arguments[1], arguments[2], clock);
        for (Scanner lines = new Scanner(System.in); lines.hasNextLine(); ) {
            String[] line = lines.nextLine().split(" ", 2);
            clock.now = Instant.ofEpochSecond(Long.parseLong(line[0]));
            try {
                JsonNode claims = verifier.verify(line[1]);
                System.out.println(Verify.mayRead(claims, arguments[3]) ? "allowed" : "not allowed");
            } catch (Verify.Refused refused) {
                System.out.println("refused");
            }
        }
    }
}
