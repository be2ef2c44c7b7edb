<?php

// Verifies Pozi sessions with PHP's extensions openssl and curl. As a program, php verify.php ISSUER AUDIENCE TENANT CATALOGUE
// < sessions, it prints for each line whether the session allows reading the catalogue: allowed, not allowed or refused.

declare(strict_types=1);

const ALGORITHM = 'ES256'; // or RS256, as the service is set up
const GUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const WORD = '[a-z0-9][a-z0-9_-]*:(?:download|read|write)';
const FORMS = [
    'sub' => GUID . '\.' . GUID,
    'client_id' => GUID,
    'jti' => GUID,
    'scope' => WORD . '(?: ' . WORD . ')*',
];

final class Verifier
{
    /**
     * $file keeps the keys between requests. Only the web server's user may write to its folder, because whoever can change
     * it can sign sessions. $now returns seconds since the Unix epoch.
     */
    public function __construct(
        private string $issuer,
        private string $audience,
        private string $tenant,
        private string $file,
        private ?Closure $now = null,
    ) {
        $this->now ??= time(...);
    }

    /** Returns the claims, or throws UnexpectedValueException. */
    public function verify(string $session): array
    {
        demand(strlen($session) <= 16384 && preg_match('/\A[\w-]+\.[\w-]+\.[\w-]+\z/', $session), 'not a token');
        [$head, $payload, $signature] = explode('.', $session);
        $header = json_decode(decode($head), true);
        demand(is_array($header) && ($header['typ'] ?? null) === 'at+jwt' && !isset($header['crit']), 'not a session');
        demand(($header['alg'] ?? null) === ALGORITHM && is_string($header['kid'] ?? null), 'another algorithm');
        $key = public_key($this->key($header['kid']));
        $matches = openssl_verify("$head.$payload", der_signature(decode($signature)), $key, OPENSSL_ALGO_SHA256);
        demand($matches === 1, 'the signature does not match');
        $claims = json_decode(decode($payload), true);
        demand(is_array($claims), 'not claims');
        $this->check($claims);
        return $claims;
    }

    private function check(array $claims): void
    {
        demand(($claims['iss'] ?? null) === $this->issuer, 'of another issuer');
        demand(($claims['aud'] ?? null) === $this->audience, 'for another site');
        [$expires, $issued, $begins] = [$claims['exp'] ?? null, $claims['iat'] ?? null, $claims['nbf'] ?? 0];
        demand(is_int($expires) && is_int($issued) && is_int($begins), 'no times');
        demand($expires > ($this->now)(), 'expired');
        demand(max($issued, $begins) <= ($this->now)() + 300, 'minted in the future');
        foreach (FORMS as $name => $form) {
            $value = $claims[$name] ?? null;
            demand(is_string($value) && preg_match("/\\A$form\\z/", $value), "$name has a wrong form");
        }
        demand(($claims['tid'] ?? null) === $this->tenant, 'for a person of another tenant');
        demand(str_starts_with($claims['sub'], "$this->tenant."), 'sub is of another tenant');
    }

    /**
     * Keys are fresh for 5 minutes, and are used for a day while the issuer cannot be reached. A fetch that fails or lacks the
     * key wanted is not repeated for 30 seconds.
     */
    private function key(string $kid): array
    {
        $kept = is_file($this->file) ? json_decode(file_get_contents($this->file), true) : null;
        $kept ??= ['keys' => [], 'fetched' => 0, 'paused' => 0];
        if (!$this->isWithin(300, $kept['fetched']) || !isset($kept['keys'][$kid])) {
            if (!$this->isWithin(30, $kept['paused'])) {
                $keys = fetch("$this->issuer/.well-known/jwks.json");
                if ($keys) {
                    [$kept['keys'], $kept['fetched']] = [$keys, ($this->now)()];
                }
                if (!$keys || !isset($keys[$kid])) {
                    $kept['paused'] = ($this->now)();
                }
                file_put_contents($this->file, json_encode($kept), LOCK_EX);
            }
        }
        demand($this->isWithin(86400, $kept['fetched']) && isset($kept['keys'][$kid]), 'an unknown key, or no keys');
        return $kept['keys'][$kid];
    }

    private function isWithin(int $seconds, int $since): bool
    {
        $age = ($this->now)() - $since;
        return $age >= 0 && $age < $seconds;
    }
}

function may_read(array $claims, string $catalogue): bool
{
    return (bool) array_intersect(["$catalogue:read", "$catalogue:write"], explode(' ', $claims['scope']));
}

/** Returns the keys by their ids, or none if they cannot be fetched. */
function fetch(string $url): array
{
    $request = curl_init($url);
    curl_setopt_array($request, [CURLOPT_RETURNTRANSFER => true, CURLOPT_FAILONERROR => true, CURLOPT_TIMEOUT => 5]);
    $set = json_decode((string) curl_exec($request), true);
    $isUsable = fn ($key) => is_array($key) && ($key['alg'] ?? null) === ALGORITHM && is_string($key['kid'] ?? null);
    $keys = array_filter(is_array($set) ? $set['keys'] ?? [] : [], $isUsable);
    if (!$keys) {
        error_log('the keys of sessions cannot be fetched: ' . curl_error($request));
    }
    return array_column($keys, null, 'kid');
}

/** Returns a public key in the form that openssl reads: SubjectPublicKeyInfo (RFC 5280). */
function public_key(array $jwk): OpenSSLAsymmetricKey
{
    if ($jwk['kty'] === 'EC') {
        $prefix = hex2bin('3059301306072a8648ce3d020106082a8648ce3d030107034200');
        $info = $prefix . "\x04" . decode($jwk['x']) . decode($jwk['y']);
    } else {
        $numbers = der("\x30", der_integer(decode($jwk['n'])) . der_integer(decode($jwk['e'])));
        $info = der("\x30", hex2bin('300d06092a864886f70d0101010500') . der("\x03", "\0$numbers"));
    }
    $pem = "-----BEGIN PUBLIC KEY-----\n" . chunk_split(base64_encode($info), 64, "\n") . "-----END PUBLIC KEY-----\n";
    $key = openssl_pkey_get_public($pem);
    demand($key !== false, 'not a key');
    return $key;
}

/** Returns a signature in the form that openssl reads; for elliptic curves, JWTs have two numbers of 32 bytes. */
function der_signature(string $signature): string
{
    if (!str_starts_with(ALGORITHM, 'ES')) {
        return $signature;
    }
    demand(strlen($signature) === 64, 'not a signature');
    return der("\x30", implode('', array_map(der_integer(...), str_split($signature, 32))));
}

function der_integer(string $bytes): string
{
    $bytes = ltrim($bytes, "\0");
    return der("\x02", $bytes === '' || ord($bytes) > 127 ? "\0$bytes" : $bytes);
}

function der(string $tag, string $content): string
{
    $length = strlen($content);
    $bytes = ltrim(pack('N', $length), "\0");
    return $tag . ($length < 128 ? chr($length) : chr(128 + strlen($bytes)) . $bytes) . $content;
}

function decode(string $part): string
{
    return (string) base64_decode(strtr($part, '-_', '+/'));
}

function demand(mixed $condition, string $message): void
{
    $condition || throw new UnexpectedValueException($message);
}

if (realpath($argv[0] ?? '') === __FILE__) {
    [, $issuer, $audience, $tenant, $catalogue] = $argv;
    $verifier = new Verifier($issuer, $audience, $tenant, tempnam(sys_get_temp_dir(), 'keys'));
    while (($line = fgets(STDIN)) !== false) {
        try {
            $claims = $verifier->verify(rtrim($line, "\n"));
            echo may_read($claims, $catalogue) ? "allowed\n" : "not allowed\n";
        } catch (UnexpectedValueException) {
            echo "refused\n";
        }
    }
}
