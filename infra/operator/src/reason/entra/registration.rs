//! Errors in the settings of the app registration and the enterprise application.

use crate::reason::{
    entry::{
        Entry,
        Mender::{Administrator, Person},
        entry_at,
    },
    place::{
        API_PERMISSIONS, APP_OVERVIEW, APPLICATION_ID_URI, ASSIGNMENT, AUTHENTICATION, CERTIFICATES,
        EXPOSE_AN_API, PROPERTIES, TENANT,
    },
};

pub(super) const ENTRIES: &[Entry] = &[
    entry_at(
        "65005",
        Administrator,
        EXPOSE_AN_API,
        "The Web App asked for the scope user_impersonation, which the registration does not have.",
        "Add the scope user_impersonation, spelt exactly so, and enable it.",
    ),
    entry_at(
        "9002326",
        Administrator,
        AUTHENTICATION,
        "The Web App's address is a redirect URI of the type Web, from which no page may get a token.",
        "Remove it there, and add it under Single-page application.",
    ),
    entry_at(
        "9002327",
        Administrator,
        AUTHENTICATION,
        "The redirect URI is of the type Single-page application, and a program that is no page used it.",
        "For a program, add a redirect URI of the platform that it is; the Web App needs the one that is there.",
    ),
    entry_at(
        "50011",
        Administrator,
        AUTHENTICATION,
        "The address that the Web App is opened at is not among the redirect URIs.",
        "Add the address in the message, exactly as it is written there, with or without its last slash.",
    ),
    entry_at(
        "500011",
        Administrator,
        APPLICATION_ID_URI,
        "No application in this tenant has the Application ID URI that the Web App asked for.",
        "Compare the Application ID URI with the external URL without its last slash, and the tenant ID with the one that was handed in.",
    ),
    entry_at(
        "50105",
        Administrator,
        ASSIGNMENT,
        "The application demands assignment, and the person is not assigned to it.",
        "Assign the person or one of their groups. A group counts only for its direct members, not for groups in it.",
    ),
    entry_at(
        "65001",
        Administrator,
        API_PERMISSIONS,
        "Nobody has consented that the Web App may act for the person.",
        "Grant administrator consent for user_impersonation.",
    ),
    entry_at(
        "65004",
        Person,
        API_PERMISSIONS,
        "The person declined to consent.",
        "Sign in again and accept. Administrator consent saves everyone the question.",
    ),
    entry_at(
        "90094",
        Administrator,
        API_PERMISSIONS,
        "The tenant lets only administrators consent.",
        "Grant administrator consent for user_impersonation.",
    ),
    entry_at(
        "90002",
        Administrator,
        TENANT,
        "There is no tenant with this id in this cloud (`invalid_tenant`).",
        "Compare the tenant ID with the one that was handed in, and tell Pozi if the tenant is in Microsoft's cloud for the US Government or China.",
    ),
    entry_at(
        "700016",
        Administrator,
        APP_OVERVIEW,
        "The tenant has no application with the client ID that the Web App signs in with.",
        "Compare the Application (client) ID and the tenant ID with those that were handed in.",
    ),
    entry_at(
        "7000112",
        Administrator,
        PROPERTIES,
        "The application is disabled for sign-in.",
        "Set Enabled for users to sign in to Yes.",
    ),
    entry_at(
        "50194",
        Administrator,
        APP_OVERVIEW,
        "The Web App signs people in at the address for any tenant, and the registration is for this tenant alone.",
        "Leave the registration as it is, and tell Pozi: the Web App must sign in at the address of the council's tenant ID.",
    ),
    entry_at(
        "7000215",
        Administrator,
        CERTIFICATES,
        "The client secret with which the service asks Microsoft Graph in the name of the registration is not one of the registration's.",
        "Make a new client secret, and hand its value to Pozi, not its Secret ID; better, register a certificate.",
    ),
    entry_at(
        "7000222",
        Administrator,
        CERTIFICATES,
        "The client secret with which the service asks Microsoft Graph in the name of the registration has expired.",
        "Make a new client secret and hand its value to Pozi; better, register a certificate.",
    ),
    entry_at(
        "700027",
        Administrator,
        CERTIFICATES,
        "The certificate with which the service asks Microsoft Graph in the name of the registration is not one of the registration's, or does not belong to the stored private key.",
        "Upload the certificate that Pozi sent.",
    ),
];
