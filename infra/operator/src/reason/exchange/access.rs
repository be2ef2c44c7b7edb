//! Who the person is, and what they may open.

use crate::reason::{
    entry::{
        Entry,
        Mender::{Administrator, Person, Pozi},
        entry, entry_at,
    },
    place::{
        API_PERMISSIONS, APP_OVERVIEW, APPLICATION_ID_URI, GROUP_MEMBERS, GROUPS_CLAIM, INVITE, ORIGINS,
        SITE_FILE, TENANT,
    },
};

pub(super) const ENTRIES: &[Entry] = &[
    entry_at(
        "no_catalogue",
        Administrator,
        GROUP_MEMBERS,
        "None of the person's groups opens a catalogue of the site.",
        "Make the person a member of a group that the site file names, and check that the token lists group IDs (App registrations → Pozi Server → Token configuration). If the group was deleted and created again, hand its new object ID to Pozi. `pozi explain` shows which group opens what.",
    ),
    entry_at(
        "groups_overage",
        Administrator,
        API_PERMISSIONS,
        "The person is in more than 200 groups, nested ones included, so Entra listed none of them in the token, and the Web App sent no token for Microsoft Graph.",
        "Add Microsoft Graph → Delegated → User.Read with consent: Pozi's browser module then has Graph asked about the site's groups, with the person's own token. Or, under Token configuration → Edit groups claim, choose Groups assigned to the application, assign each group that a catalogue names, and make people its direct members first, because Entra then leaves out nested groups.",
    ),
    entry_at(
        "groups_in_roles",
        Administrator,
        GROUPS_CLAIM,
        "The registration emits groups as roles, and roles do not count at this site.",
        "Turn off Emit groups as role claims. If it has to stay on, ask Pozi to set groups_as_roles = true in the site file.",
    ),
    entry(
        "scope_not_allowed",
        Pozi,
        "The page asked for catalogues that this person may not open, or that do not exist.",
        "Have the Web App leave out scope, or ask only for what the person may open. If the person should have the access, the council adds them to a group of the catalogue.",
    ),
    entry_at(
        "session_too_large",
        Pozi,
        SITE_FILE,
        "The person may open so many catalogues that servers would refuse the header with the session.",
        "Shorten the ids of the catalogues, or divide the site into two. Meanwhile the Web App can ask for some catalogues with scope.",
    ),
    entry_at(
        "unknown_tenant",
        Administrator,
        TENANT,
        "No site is registered for the tenant that the person signed in at.",
        "Compare the tenant ID with the one that was handed in, and check that the person signed in with a work account of the council.",
    ),
    entry_at(
        "personal_account",
        Person,
        INVITE,
        "The person signed in with a personal Microsoft account.",
        "Sign out, and sign in with the work account. An administrator can invite a personal account as a guest, who then signs in at the council's tenant.",
    ),
    entry(
        "b2c_token",
        Person,
        "The person signed in at a tenant for customers (Azure AD B2C or Entra External ID).",
        "Sign out, and sign in at the council's own tenant, with a work account or as a guest.",
    ),
    entry_at(
        "audience_mismatch",
        Administrator,
        APPLICATION_ID_URI,
        "The token is for another application than the site's registration.",
        "Check that the Application ID URI is the external URL without its last slash. If it is, the Web App asks for another scope than its user_impersonation, which Pozi corrects.",
    ),
    entry_at(
        "client_not_allowed",
        Administrator,
        APP_OVERVIEW,
        "Another application than the site's registration asked for the token.",
        "Compare the Application (client) ID with the one that was handed in. If the Web App rightly signs in with another registration, Pozi adds it to further_client_ids.",
    ),
    entry_at(
        "issuer_mismatch",
        Administrator,
        TENANT,
        "The token's issuer is not that of the site's tenant.",
        "Compare the tenant ID with the one that was handed in, and tell Pozi if the tenant is in Microsoft's cloud for the US Government or China.",
    ),
    entry_at(
        "key_issuer_mismatch",
        Pozi,
        SITE_FILE,
        "The key that signed the token belongs to another issuer than the token's tenant.",
        "Check the cloud in the site file: public, us-government or china.",
    ),
    entry_at(
        "scope_missing",
        Administrator,
        API_PERMISSIONS,
        "The token lacks the scope user_impersonation.",
        "Check that the scope exists and is enabled under Expose an API, and that administrator consent is granted for it.",
    ),
    entry_at(
        "origin_not_allowed",
        Pozi,
        ORIGINS,
        "The page's address is not among the site's origins.",
        "If the page is the site's Web App, add its origin. If it is not, somebody else's page asks for sessions: add nothing.",
    ),
    entry(
        "repeated_origin",
        Administrator,
        "The request has several Origin headers, because a proxy added its own.",
        "Find the proxy between the Web App and the token exchange that adds Origin, and turn that off. This is not a setting of Entra.",
    ),
];
