//! Claims, generated and captured, signed by the emulated tenant and exchanged at a site that is registered for them.

use entra_emulator::{TokenSpec, Version};
use pozi_auth::{keyring::SigningAlgorithm, sites::SiteFile};
use pozi_tests::{NOW, World};
use serde_json::{Value, json};

use super::{captured, generated};

const FILE: &str = "claim-shapes.json";

/// The expected result: the scope granted, or the reason of the refusal.
#[derive(Clone, Copy)]
enum Outcome {
    Granted(&'static str),
    Refused(&'static str),
}
use Outcome::{Granted, Refused};

/// For each whole token: the outcome as it is, and the outcome if the Web App had requested it, with the site's own audience
/// and, if it has a scope, `user_impersonation`.
const WHOLE: [(&str, Outcome, Outcome); 13] = [
    ("v1-access-groups-overage-real", Refused("graph_token"), Refused("groups_overage")),
    ("v1-access-token-spn-aud", Granted("outer:read"), Granted("outer:read")),
    ("graph-access-token-nonce-header", Refused("graph_token"), Refused("graph_token")),
    ("v2-idtoken-b2b-guest", Refused("id_token"), Refused("id_token")),
    ("v2-idtoken-personal-msa", Refused("personal_account"), Refused("personal_account")),
    ("app-only-v1-graph-validationtoken", Refused("app_only_token"), Refused("app_only_token")),
    ("app-only-v1-roles-custom-api", Refused("app_only_token"), Refused("app_only_token")),
    ("app-only-v1-idtyp-app", Refused("graph_token"), Refused("app_only_token")),
    ("guest-v1-access-custom-api", Refused("audience_mismatch"), Granted("outer:read")),
    ("guest-v2-access-custom-api", Refused("scope_missing"), Granted("outer:read")),
    ("v2-access-spa-to-api", Refused("scope_missing"), Granted("outer:read")),
    (
        "v1-idtoken-alg-none-from-token-endpoint",
        Refused("unsupported_algorithm"),
        Refused("unsupported_algorithm"),
    ),
    ("app-proxy-v1-access-TEMPLATE", Granted("inner:read outer:read"), Granted("inner:read outer:read")),
];

/// For each fragment: the outcome of a valid token whose groups are replaced by it.
const FRAGMENTS: [(&str, Outcome); 3] = [
    ("groups-overage-doc-fragment", Refused("groups_overage")),
    ("hasgroups-doc-fragment", Refused("groups_overage")),
    ("groups-inline", Granted("inner:read outer:read")),
];

/// For each whole token of which none was captured: the same.
const ONLY_GENERATED: [(&str, Outcome, Outcome); 13] = [
    ("v1-idtoken", Refused("id_token"), Refused("id_token")),
    ("v1-access-continuous-evaluation", Granted("inner:read outer:read"), Granted("inner:read outer:read")),
    ("v2-access-groups-and-roles", Granted("inner:read outer:read"), Granted("inner:read outer:read")),
    ("app-only-v2", Refused("app_only_token"), Refused("app_only_token")),
    ("v2-access-personal", Refused("personal_account"), Refused("personal_account")),
    ("b2c-idtoken", Refused("b2c_token"), Refused("b2c_token")),
    ("b2c-access-own-domain", Refused("b2c_token"), Refused("b2c_token")),
    ("external-id-access", Refused("b2c_token"), Refused("b2c_token")),
    ("v2-access-proof-of-possession", Refused("proof_of_possession"), Refused("proof_of_possession")),
    ("v1-access-overage", Refused("groups_overage"), Refused("groups_overage")),
    ("v2-access-overage", Refused("groups_overage"), Refused("groups_overage")),
    ("v2-access-hasgroups", Refused("groups_overage"), Refused("groups_overage")),
    ("v1-access-groups-as-roles", Granted("outer:read"), Granted("outer:read")),
];

pub(crate) fn generated_shapes() -> Value {
    generated::shapes()
}

/// Returns the captured shapes, with the template's placeholders filled in; `None` if there are no captures.
pub(crate) fn captured_shapes() -> Option<Value> {
    let mut shapes = captured(FILE)?;
    let group = inner_group(&shapes);
    for shape in shapes.as_array_mut()?.iter_mut().filter(|shape| text(&shape["name"]).ends_with("TEMPLATE"))
    {
        fill_in(&mut shape["payload"], &group);
    }
    Some(shapes)
}

#[test]
fn every_shape_has_an_expected_outcome() {
    let names = |shapes: &Value| {
        let mut names: Vec<_> =
            shapes.as_array().unwrap().iter().map(|shape| text(&shape["name"]).to_owned()).collect();
        names.sort_unstable();
        names
    };
    let mut expected: Vec<_> = WHOLE.iter().map(|(name, ..)| *name).collect();
    expected.extend(FRAGMENTS.iter().map(|(name, _)| *name));
    expected.sort_unstable();
    if let Some(captured) = captured_shapes() {
        assert_eq!(names(&captured), expected);
    }
    expected.extend(ONLY_GENERATED.iter().map(|(name, ..)| *name));
    expected.sort_unstable();
    assert_eq!(names(&generated_shapes()), expected);
}

#[tokio::test]
async fn generated_tokens_have_the_expected_outcome_as_they_are_and_as_if_requested_by_the_web_app() {
    let shapes = generated_shapes();
    for expected in WHOLE.into_iter().chain(ONLY_GENERATED) {
        assert_outcomes(&shapes, expected).await;
    }
}

#[tokio::test]
async fn captured_tokens_have_the_expected_outcome_as_they_are_and_as_if_requested_by_the_web_app() {
    let Some(shapes) = captured_shapes() else { return };
    for expected in WHOLE {
        assert_outcomes(&shapes, expected).await;
    }
}

async fn assert_outcomes(shapes: &Value, (name, as_it_is, as_requested): (&str, Outcome, Outcome)) {
    let mut shape = named(shapes, name);
    let (world, own_audience) = world_for(&shape["payload"], &inner_group(shapes)).await;
    assert_outcome(&world, &shape, as_it_is, name).await;
    shape["payload"]["aud"] = own_audience;
    if shape["payload"].get("scp").is_some() {
        shape["payload"]["scp"] = "user_impersonation".into();
    }
    assert_outcome(&world, &shape, as_requested, &format!("{name}, as requested by the Web App")).await;
}

#[tokio::test]
async fn fragments_have_the_expected_outcome_in_a_valid_token() {
    for shapes in [Some(generated_shapes()), captured_shapes()].into_iter().flatten() {
        for version in [Version::V1, Version::V2] {
            assert_outcomes_of_fragments(&shapes, version).await;
        }
    }
}

async fn assert_outcomes_of_fragments(shapes: &Value, version: Version) {
    let spec = TokenSpec { version, ..TokenSpec::default() };
    let valid = World::new().await.entra.claims(&spec, NOW).unwrap();
    let (world, _) = world_for(&valid, &inner_group(shapes)).await;
    for (name, expected) in FRAGMENTS {
        let mut payload = valid.clone();
        payload.as_object_mut().unwrap().remove("groups");
        let mut fragment = named(shapes, name)["payload"].take();
        payload.as_object_mut().unwrap().append(fragment.as_object_mut().unwrap());
        let whole = json!({"header": world.entra.header(version), "payload": payload});
        assert_outcome(&world, &whole, expected, &format!("{name}, version {version}")).await;
    }
}

/// Signs a shape with the tenant's key and exchanges it a minute after `iat`.
async fn assert_outcome(world: &World, shape: &Value, expected: Outcome, what: &str) {
    let version = if shape["payload"]["ver"] == "2.0" { Version::V2 } else { Version::V1 };
    let header = match &shape["header"] {
        Value::Null => world.entra.header(version),
        header => header.clone(),
    };
    world.clock.set(shape["payload"]["iat"].as_u64().unwrap_or_default() + 60);
    let answer = world.exchange(&world.entra.sign(&header, &shape["payload"]), &[]).await;
    let (scope, reason) = match expected {
        Granted(scope) => (scope, ""),
        Refused(reason) => ("", reason),
    };
    assert_eq!((answer.scope(), answer.refusal().1), (scope, reason), "{what}: {}", answer.json);
}

/// The group that may read the catalogue `inner`: the first of those in the shape of a list.
fn inner_group(shapes: &Value) -> String {
    text(&named(shapes, "groups-inline")["payload"]["groups"][0]).to_owned()
}

/// Returns a world with one site, registered for the tenant, audience and client of `payload`, with a catalogue for `group`;
/// and the site's audience in tokens of that version.
async fn world_for(payload: &Value, group: &str) -> (World, Value) {
    let audience = text(&payload["aud"]);
    let client = text(&payload[if payload["ver"] == "2.0" { "azp" } else { "appid" }]);
    let bare = audience.trim_start_matches("spn:");
    let own = if bare.parse::<uuid::Uuid>().is_ok() { bare } else { client };
    let is_own = audience.starts_with("https://") && !audience.starts_with("https://graph.");
    let url = if is_own { audience } else { "https://poziserver-shape.example/pozi" };
    let path = url.splitn(4, '/').nth(3).unwrap_or_default();
    // No site can be registered for the tenant of personal accounts; tokens of B2C do not name their tenant.
    let tenant = match text(&payload["tid"]) {
        "" | "9188040d-6c67-4c5b-b112-36a304b66dad" => "00000000-0000-4000-8000-000000000001",
        tenant => tenant,
    };
    let further = if client.is_empty() || client == own { String::new() } else { format!("\"{client}\"") };
    let site = format!(
        r#"
name = "shape"
internal_url = "http://gis.shape.internal/{path}"
external_url = "{url}"
client_id = "{own}"
tenant_id = "{tenant}"
further_client_ids = [{further}]
origins = ["https://shape.enterprise.example"]

[[catalogue]]
id = "outer"
title = "For everybody"
project = "outer.qgz"
read = "everyone-signed-in"

[[catalogue]]
id = "inner"
title = "For a group"
project = "inner.qgz"
read = ["{group}"]
"#
    );
    let file = SiteFile { name: "shape.toml".to_owned(), text: site };
    let own_audience = if payload["ver"] == "2.0" { own } else { url };
    (World::with(&[file], SigningAlgorithm::Es256).await, json!(own_audience))
}

/// Replaces the template's placeholders, and sets the claims that it leaves out.
fn fill_in(payload: &mut Value, group: &str) {
    let (tenant, client) = ("5f3d2c1b-0a09-4f8e-9d7c-6b5a49382716", "7a6b5c4d-3e2f-4a1b-8c0d-9e8f7a6b5c4d");
    let filled = payload
        .to_string()
        .replace("<entra-application-client-name>", "shape")
        .replace("<tid>", tenant)
        .replace("<client id>", client)
        .replace("<pairwise>", "a-pairwise-subject-of-forty-three-characters");
    *payload = serde_json::from_str(&filled).unwrap_or_default();
    for (name, value) in [
        ("tid", json!(tenant)),
        ("oid", json!("0d1e2f3a-4b5c-4d6e-8f70-8192a3b4c5d6")),
        ("groups", json!([group])),
        ("iat", json!(NOW)),
        ("nbf", json!(NOW)),
        ("exp", json!(NOW + 3_600)),
    ] {
        payload[name] = value;
    }
    assert!(!payload.to_string().contains('<'), "a placeholder is left: {payload}");
}

pub(crate) fn named(shapes: &Value, name: &str) -> Value {
    let all = shapes.as_array().into_iter().flatten();
    all.into_iter().find(|shape| shape["name"] == name).cloned().unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
