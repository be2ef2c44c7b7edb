//! Trouble of the service itself.

use crate::reason::entry::{
    Entry,
    Mender::{Nobody, Pozi},
    entry,
};

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "keys_unavailable",
        Nobody,
        "The tenant's public keys cannot be fetched from Microsoft, and none are kept.",
        "Wait: the service asks again by itself. If it lasts for more than some minutes, look at Microsoft's page on service health, and at the cloud in the site file.",
    ),
    entry(
        "graph_credentials",
        Pozi,
        "The site has graph_permissions = \"application\", and the credential of its app registration, or its permissions for Microsoft Graph, are missing or no longer valid.",
        "See the detail in the service's log. Store a valid secret or certificate in Secrets Manager (docs/deploy.md), or have the administrator consent to User.Read.All and GroupMember.Read.All (docs/administrators.md); \"delegated\" in the site file needs neither.",
    ),
    entry(
        "graph_unavailable",
        Nobody,
        "Microsoft Graph did not say which of the site's groups the person is in, and the token does not list them.",
        "Wait: the Web App tries again by itself. If it lasts for more than some minutes, look at Microsoft's page on service health; the log's detail has Graph's status.",
    ),
    entry(
        "registry_unavailable",
        Pozi,
        "The table of sites cannot be read, and the tenant's sites are not kept.",
        "See the alarm ServiceOutage in docs/deploy.md: AWS's health, and permissions after a deployment.",
    ),
    entry(
        "rate_limited",
        Pozi,
        "One person, or all people of one tenant together, exchanged more tokens in a short time than one instance allows; the detail in the service's log says which.",
        "Nothing, if it was a moment: the Web App tries again when Retry-After says. If it lasts, `pozi audit --since 1h --reason rate_limited` shows whether one subject_sha256 asks in a loop: a page that reloads by itself, or a program that does not keep its session.",
    ),
    entry(
        "revocations_unavailable",
        Pozi,
        "The list of what was revoked cannot be read from the table, and none is kept.",
        "See the alarm ServiceOutage in docs/deploy.md: AWS's health, and permissions after a deployment.",
    ),
    entry(
        "signing_unavailable",
        Pozi,
        "No signing key can be used: the key ring cannot be read or opened, does not exist, or is older than one that was in use.",
        "See the alarm ServiceOutage in docs/deploy.md: DynamoDB, KMS, whether the ring exists, and whether an older one was restored.",
    ),
    entry(
        "site_unreadable",
        Pozi,
        "A site of the tenant is stored in a form that cannot be used.",
        "Run `pozi list`, which shows the fault, and push the site file again, or `pozi rollback`.",
    ),
    entry(
        "internal_error",
        Pozi,
        "A program of the service failed in a way that nobody foresaw.",
        "Its log says where in the code. If it came with a release, roll that back.",
    ),
];
