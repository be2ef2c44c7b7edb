<?php

// Verifies the sessions of standard input at the times before them, with the example beside this file: each line is seconds
// since the Unix epoch, a space and a session. Prints the verdict on each.

declare(strict_types=1);

require __DIR__ . '/verify.php';

[, $issuer, $audience, $tenant, $catalogue] = $argv;
$now = 0;
$clock = function () use (&$now) {
    return $now;
};
while (($line = fgets(STDIN)) !== false) {
    [$seconds, $session] = explode(' ', rtrim($line, "\n"), 2);
    $now = (int) $seconds;
    try {
        // A new one each time, as PHP makes one for each request.
        $claims = (new Verifier($issuer, $audience, $tenant, __DIR__ . '/keys.json', $clock))->verify($session);
        echo may_read($claims, $catalogue) ? "allowed\n" : "not allowed\n";
    } catch (UnexpectedValueException) {
        echo "refused\n";
    }
}
