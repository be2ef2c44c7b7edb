//! Errors of one person: their account, their device, the policies for them.

use crate::reason::{
    entry::{
        Entry,
        Mender::{Administrator, Nobody, Person},
        entry, entry_at,
    },
    place::{CONDITIONAL_ACCESS, INVITE, SIGN_IN_LOGS, USERS},
};

pub(super) const ENTRIES: &[Entry] = &[
    entry_at(
        "50020",
        Administrator,
        INVITE,
        "The person's account is of another tenant, or personal, and is no guest of this one.",
        "Invite the account as a guest, and add the guest to the groups. Or the person signs in with the work account instead.",
    ),
    entry_at(
        "90072",
        Administrator,
        INVITE,
        "The account that the person signed in with does not exist in this tenant.",
        "Invite the account as a guest. Or the person signs out, and signs in with the work account.",
    ),
    entry_at(
        "50034",
        Person,
        INVITE,
        "There is no account with this name in the tenant.",
        "Check the spelling. A person from outside must be invited as a guest first.",
    ),
    entry_at(
        "50053",
        Administrator,
        SIGN_IN_LOGS,
        "The account is locked after too many wrong passwords, or the address is one that Microsoft blocks.",
        "The failure reason of the sign-in says which of the two it is. A lock ends by itself.",
    ),
    entry_at(
        "50055",
        Person,
        USERS,
        "The password has expired.",
        "Choose a new password when Entra asks for it, or have an administrator reset it.",
    ),
    entry_at(
        "50057",
        Administrator,
        USERS,
        "The account is disabled.",
        "Enable it if the person still works here; an account that comes from Active Directory is enabled there.",
    ),
    entry("50126", Person, "The user name or the password is wrong.", "Try again, or reset the password."),
    entry(
        "50076",
        Person,
        "A policy demands multi-factor authentication.",
        "Sign in again, and confirm on the other device.",
    ),
    entry(
        "50079",
        Person,
        "A policy demands multi-factor authentication, and the person has not registered for it.",
        "Sign in again, and register the way that Entra offers.",
    ),
    entry(
        "50173",
        Person,
        "The sign-in was revoked, as after a new password or by an administrator.",
        "Sign in again.",
    ),
    entry_at(
        "53000",
        Administrator,
        CONDITIONAL_ACCESS,
        "A policy demands a compliant device, and this one is not.",
        "Enrol the device, or see which policy applied.",
    ),
    entry_at(
        "53003",
        Administrator,
        CONDITIONAL_ACCESS,
        "A Conditional Access policy blocks the sign-in.",
        "See which policy applied to the sign-in, and change that policy if the person should get in.",
    ),
    entry(
        "50058",
        Nobody,
        "Nobody is signed in, and the Web App asked without showing a window.",
        "This is the usual answer before a sign-in. The Web App then offers to sign in.",
    ),
    entry(
        "700084",
        Person,
        "The sign-in is older than the 24 hours that a page may keep it.",
        "Sign in again. It happens once a day.",
    ),
    entry("700082", Person, "The sign-in was not used for so long that it ended.", "Sign in again."),
];
