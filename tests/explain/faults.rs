//! Seeded faults: what is wrong in the tenant, the registration, the site file, the clocks or the network, and the words by
//! which the explanation names it.

use entra_emulator::{Behaviour, CONSUMER_TENANT, Kind, Person, TokenSpec, Version};
use pozi_tests::NOW;
use serde_json::{Value, json};

use super::Desk;

const OTHER: &str = "11111111-2222-4333-8444-555555555555";
const OWN_CLIENT: &str = "c3890382-ecc1-4cf0-adc1-1b349bbd71ee";
const OWN_TENANT: &str = "cd0a0f9d-3505-4176-bcd0-75bdde12fd00";
const ASSIGNED: &str = "Groups assigned to the application";

/// A fault, the token that it leads to, and words that the explanation must have.
struct Fault {
    what: &'static str,
    token: String,
    words: &'static [&'static str],
}

fn fault(what: &'static str, token: String, words: &'static [&'static str]) -> Fault {
    Fault { what, token, words }
}

fn of_the_tenant(desk: &Desk) -> Vec<Fault> {
    let changed = |change: fn(&mut Value)| desk.token(change);
    let consumer = format!("{CONSUMER_TENANT}");
    let own_key =
        desk.service.entra.header(Version::V1).to_string().replace(&desk.service.entra.key_id(), "own-key");
    let claims = desk.service.entra.claims(&TokenSpec::default(), NOW).unwrap().to_string();
    let header = desk.service.entra.header(Version::V2);
    let v2 =
        desk.service.entra.claims(&TokenSpec { version: Version::V2, ..TokenSpec::default() }, NOW).unwrap();
    vec![
        fault(
            "the person signed in to another tenant",
            changed(|claims| claims["tid"] = json!(OTHER)),
            &["unknown_tenant", OTHER, OWN_TENANT, "Tenant ID"],
        ),
        fault(
            "a personal account",
            desk.token(|claims| claims["tid"] = json!(consumer)),
            &["personal_account", "Invite external user"],
        ),
        fault(
            "a tenant for customers",
            changed(|claims| claims["tfp"] = json!("B2C_1_signin")),
            &["b2c_token", "council's own Entra tenant"],
        ),
        fault(
            "another cloud",
            changed(|claims| claims["iss"] = json!(format!("https://sts.chinacloudapi.cn/{OWN_TENANT}/"))),
            &["issuer_mismatch", "sts.chinacloudapi.cn", "cloud"],
        ),
        fault(
            "the registration signs with its own key",
            desk.service.entra.sign_text(&own_key, &claims),
            &["unknown_key", "own-key", "claims mapping"],
        ),
        fault(
            "the consumer tenant's key",
            desk.service.entra.sign_as_consumer_tenant(&header, &v2),
            &["key_issuer_mismatch", CONSUMER_ID],
        ),
    ]
}

const CONSUMER_ID: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

fn of_the_registration(desk: &Desk) -> Vec<Fault> {
    let changed = |change: fn(&mut Value)| desk.token(change);
    let of = |person, kind| desk.service.token(&TokenSpec { person, kind, ..TokenSpec::default() });
    vec![
        fault(
            "another audience",
            changed(|claims| claims["aud"] = json!("api://elsewhere")),
            &["audience_mismatch", "api://elsewhere", "Expose an API → Application ID URI"],
        ),
        fault(
            "another client",
            changed(|claims| claims["appid"] = json!(OTHER)),
            &["client_not_allowed", OTHER, OWN_CLIENT, "Application (client) ID"],
        ),
        fault(
            "no scope user_impersonation",
            changed(|claims| claims["scp"] = json!("User.Read")),
            &["scope_missing", "User.Read", "Expose an API"],
        ),
        fault("an ID token", of(Person::Reader, Kind::Id), &["id_token", "acquireTokenSilent"]),
        fault(
            "a Graph token",
            changed(|claims| claims["aud"] = json!("https://graph.microsoft.com")),
            &["graph_token", "user_impersonation"],
        ),
        fault(
            "the app's own token",
            of(Person::AppOnly, Kind::Access),
            &["app_only_token", "a person who signed in"],
        ),
        fault(
            "a proof-of-possession token",
            changed(|claims| claims["cnf"] = json!({"kid": "k"})),
            &["proof_of_possession", "authenticationScheme"],
        ),
    ]
}

fn of_groups(desk: &Desk) -> Vec<Fault> {
    let changed = |change: fn(&mut Value)| desk.token(change);
    let of = |person| desk.service.token(&TokenSpec { person, ..TokenSpec::default() });
    vec![
        fault("too many groups", of(Person::Overage), &["groups_overage", "overage", ASSIGNED, "--person"]),
        fault(
            "groups as roles",
            changed(|claims| {
                claims["roles"] = claims["groups"].take();
                claims.as_object_mut().unwrap().remove("groups");
            }),
            &["groups_in_roles", "2 ids in roles", "Emit groups as role claims", "groups_as_roles"],
        ),
        fault(
            "no groups claim",
            of(Person::NoGroups),
            &["no_catalogue", "no such claim", "there must be a groups claim"],
        ),
        fault(
            "only assigned groups, and the person is in a nested one",
            changed(|claims| claims["groups"] = json!([])),
            &["no_catalogue", "nested groups do not count"],
        ),
        fault(
            "a group deleted and created again",
            changed(|claims| claims["groups"] = json!([OTHER])),
            &["no_catalogue", "created again has a new object ID", "planners"],
        ),
        fault(
            "a guest outside the groups",
            changed(|claims| {
                claims["acct"] = json!(1);
                claims["groups"] = json!([OTHER]);
            }),
            &["no_catalogue", "1, a guest", "guest account"],
        ),
        fault(
            "a reader who wants to edit",
            changed(|_| ()),
            &["granted", "closed  The token lists none of the groups that may write this", "asset officers"],
        ),
        fault(
            "a catalogue that nobody may write",
            changed(|_| ()),
            &["granted", "list of writers in the site file is empty"],
        ),
    ]
}

fn of_clocks_and_transport(desk: &Desk) -> Vec<Fault> {
    let changed = |change: fn(&mut Value)| desk.token(change);
    let good = desk.token(|_| ());
    let cut = good[..good.len() - 8].to_owned();
    let editor = desk.service.token(&TokenSpec { person: Person::Editor, ..TokenSpec::default() });
    // An editor's claims with the signature of a reader's.
    let forged = format!("{}.{}", editor.rsplit_once('.').unwrap().0, good.rsplit_once('.').unwrap().1);
    vec![
        fault(
            "expired",
            changed(|claims| claims["exp"] = json!(NOW - 600)),
            &["expired", "10 minutes ago", "in the future"],
        ),
        fault(
            "too old",
            changed(|claims| claims["iat"] = json!(NOW - 9_000)),
            &["token_too_old", "2 hours ago", "at most 120 minutes ago"],
        ),
        fault(
            "a clock that is wrong",
            changed(|claims| claims["nbf"] = json!(NOW + 600)),
            &["not_yet_valid", "clock", "600 s behind"],
        ),
        fault("cut off when copied", cut, &["bad_signature", "complete and unaltered"]),
        fault("a forged signature", forged, &["bad_signature"]),
        fault(
            "copied with its prefix",
            format!("Bearer {good}"),
            &["whitespace_in_token", "without a Bearer prefix"],
        ),
        fault("not a token", "hello".to_owned(), &["malformed", "three parts"]),
        fault("too large", "x".repeat(20_000), &["token_too_large", "remove optional claims"]),
    ]
}

/// Returns a session, as support may paste it for a token.
async fn session(desk: &Desk) -> String {
    desk.exchange(&desk.token(|_| ())).await.session().to_owned()
}

#[tokio::test]
async fn each_seeded_fault_is_named_and_judged_as_the_exchange_does() {
    let desk = Desk::new().await;
    let mut faults = of_the_tenant(&desk);
    faults.extend(of_the_registration(&desk));
    faults.extend(of_groups(&desk));
    faults.extend(of_clocks_and_transport(&desk));
    faults.push(fault(
        "a session in place of a token",
        session(&desk).await,
        &["pozi_token", "Entra access token instead"],
    ));
    let total = faults.len() + 1;
    let mut named = 0;
    for Fault { what, token, words } in faults {
        let output = desk.explain_token(&token).await;
        let answer = desk.exchange(&token).await;
        let expected =
            if answer.status == 200 { ("scope", answer.scope()) } else { ("reason", answer.refusal().1) };
        assert_eq!(output.json()[expected.0], expected.1, "{what}");
        let text = output.plain();
        let missing: Vec<_> = words.iter().filter(|words| !text.contains(**words)).collect();
        assert!(missing.is_empty(), "{what}: the explanation lacks {missing:?}:\n{text}");
        named += 1;
    }
    // A service of its own, that has not held the keys yet.
    let desk = Desk::new().await;
    desk.service.entra.behave(Behaviour::Down);
    let token = desk.token(|_| ());
    let output = desk.explain_token(&token).await;
    assert_eq!(desk.exchange(&token).await.refusal().1, "keys_unavailable");
    assert!(
        output.plain().contains("not verified") && output.plain().contains("answered with status 503"),
        "{}",
        output.plain()
    );
    named += 1;
    println!("faults named rightly: {named} of {total}");
    assert!(named == total && total >= 30, "{named} of {total}");
}
