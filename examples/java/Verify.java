// Verifies Pozi sessions with the JDK (17 or later) and Jackson. As a program, java Verify ISSUER AUDIENCE TENANT CATALOGUE
// < sessions, it prints for each line whether the session allows reading the catalogue: allowed, not allowed or refused.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Scanner;

/** Create it once: it keeps the keys. */
public final class Verify {
    private static final String ALGORITHM = "ES256"; // or RS256, as the service is set up
    private static final String GUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
    private static final String WORD = "[a-z0-9][a-z0-9_-]*:(download|read|write)";
    private static final Map<String, String> FORMS = Map.of(
            "sub", GUID + "\\." + GUID,
            "client_id", GUID,
            "jti", GUID,
            "scope", WORD + "( " + WORD + ")*");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String issuer;
    private final String audience;
    private final String tenant;
    private final Clock clock;
    private final HttpClient client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private Map<String, PublicKey> keys = Map.of();
    private long fetched = Long.MIN_VALUE;
    private long paused = Long.MIN_VALUE;

    public Verify(String issuer, String audience, String tenant, Clock clock) {
        this.issuer = issuer;
        this.audience = audience;
        this.tenant = tenant;
        this.clock = clock;
    }

    /** A session is not valid. */
    public static final class Refused extends Exception {
        Refused(String message) {
            super(message);
        }
    }

    /** Returns the claims of a valid session. */
    public JsonNode verify(String session) throws Refused {
        demand(session.length() <= 16_384 && session.matches("[\\w-]+\\.[\\w-]+\\.[\\w-]+"), "not a token");
        String[] parts = session.split("\\.");
        JsonNode header = json(parts[0]);
        demand(header.path("typ").asText().equals("at+jwt") && !header.has("crit"), "not a session");
        demand(header.path("alg").asText().equals(ALGORITHM), "another algorithm");
        demand(header.path("kid").isTextual(), "no kid");
        demand(isSigned(parts, find(header.get("kid").textValue())), "the signature does not match");
        JsonNode claims = json(parts[1]);
        check(claims);
        return claims;
    }

    public static boolean mayRead(JsonNode claims, String catalogue) {
        List<String> scope = List.of(claims.get("scope").textValue().split(" "));
        return scope.contains(catalogue + ":read") || scope.contains(catalogue + ":write");
    }

    private void check(JsonNode claims) throws Refused {
        demand(issuer.equals(claims.path("iss").textValue()), "of another issuer");
        demand(audience.equals(claims.path("aud").textValue()), "for another site");
        demand(claims.path("exp").isIntegralNumber() && claims.path("iat").isIntegralNumber(), "no times");
        demand(!claims.has("nbf") || claims.get("nbf").isIntegralNumber(), "nbf is no time");
        long begins = Math.max(claims.get("iat").longValue(), claims.path("nbf").asLong());
        demand(claims.get("exp").longValue() > now(), "expired");
        demand(begins <= now() + 300, "minted in the future");
        for (Map.Entry<String, String> form : FORMS.entrySet()) {
            String value = claims.path(form.getKey()).textValue();
            demand(value != null && value.matches(form.getValue()), form.getKey() + " has a wrong form");
        }
        demand(tenant.equals(claims.path("tid").textValue()), "for a person of another tenant");
        demand(claims.get("sub").textValue().startsWith(tenant + "."), "sub is of another tenant");
    }

    /**
     * Keys are fresh for 5 minutes, and are used for a day while the issuer cannot be reached. A fetch that fails or lacks the
     * key wanted is not repeated for 30 seconds.
     */
    private synchronized PublicKey find(String kid) throws Refused {
        if (!isWithin(300, fetched) || !keys.containsKey(kid)) {
            if (!isWithin(30, paused)) {
                try {
                    keys = fetch();
                    fetched = now();
                } catch (IOException | GeneralSecurityException | RuntimeException error) {
                    paused = now();
                    System.err.println("the keys of sessions cannot be fetched: " + error);
                }
                if (!keys.containsKey(kid)) {
                    paused = now();
                }
            }
        }
        demand(isWithin(86_400, fetched) && keys.containsKey(kid), "an unknown key, or no keys");
        return keys.get(kid);
    }

    private boolean isWithin(long seconds, long since) {
        return since != Long.MIN_VALUE && now() >= since && now() - since < seconds;
    }

    private Map<String, PublicKey> fetch() throws IOException, GeneralSecurityException {
        URI url = URI.create(issuer + "/.well-known/jwks.json");
        HttpRequest request = HttpRequest.newBuilder(url).timeout(Duration.ofSeconds(5)).build();
        HttpResponse<byte[]> answer;
        try {
            answer = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException(interrupted);
        }
        if (answer.statusCode() != 200) {
            throw new IOException("status " + answer.statusCode());
        }
        Map<String, PublicKey> found = new HashMap<>();
        for (JsonNode key : JSON.readTree(answer.body()).path("keys")) {
            if (key.path("alg").asText().equals(ALGORITHM)) {
                found.put(key.path("kid").asText(), publicKey(key));
            }
        }
        if (found.isEmpty()) {
            throw new IOException("no keys");
        }
        return found;
    }

    private static PublicKey publicKey(JsonNode key) throws GeneralSecurityException {
        if (key.path("kty").asText().equals("RSA")) {
            RSAPublicKeySpec spec = new RSAPublicKeySpec(number(key, "n"), number(key, "e"));
            return KeyFactory.getInstance("RSA").generatePublic(spec);
        }
        AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
        curve.init(new ECGenParameterSpec("secp256r1"));
        ECPoint point = new ECPoint(number(key, "x"), number(key, "y"));
        ECPublicKeySpec spec = new ECPublicKeySpec(point, curve.getParameterSpec(ECParameterSpec.class));
        return KeyFactory.getInstance("EC").generatePublic(spec);
    }

    private static boolean isSigned(String[] parts, PublicKey key) {
        boolean isRsa = key.getAlgorithm().equals("RSA");
        try {
            Signature signature = Signature.getInstance(isRsa ? "SHA256withRSA" : "SHA256withECDSAinP1363Format");
            signature.initVerify(key);
            signature.update((parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII));
            return signature.verify(Base64.getUrlDecoder().decode(parts[2]));
        } catch (GeneralSecurityException | IllegalArgumentException error) {
            return false;
        }
    }

    private static BigInteger number(JsonNode key, String name) {
        return new BigInteger(1, Base64.getUrlDecoder().decode(key.path(name).asText()));
    }

    private static JsonNode json(String part) throws Refused {
        try {
            JsonNode json = JSON.readTree(Base64.getUrlDecoder().decode(part));
            demand(json.isObject(), "not an object");
            return json;
        } catch (IOException | IllegalArgumentException error) {
            throw new Refused("not JSON");
        }
    }

    private static void demand(boolean condition, String message) throws Refused {
        if (!condition) {
            throw new Refused(message);
        }
    }

    private long now() {
        return clock.instant().getEpochSecond();
    }

    public static void main(String[] arguments) {
        Verify verifier = new Verify(arguments[0], arguments[1], arguments[2], Clock.systemUTC());
        for (Scanner lines = new Scanner(System.in); lines.hasNextLine(); ) {
            try {
                JsonNode claims = verifier.verify(lines.nextLine());
                System.out.println(mayRead(claims, arguments[3]) ? "allowed" : "not allowed");
            } catch (Refused refused) {
                System.out.println("refused");
            }
        }
    }
}
