//! Claims of tokens and fragments of them. Those that are named like a captured one have the same members, no more and no
//! fewer: often what is absent makes the shape.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use entra_emulator::CONSUMER_TENANT;
use pozi_tests::NOW;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{customer_configuration, guid};

/// For each token: its name, the members of its header besides `typ` and `alg` (`-`: the emulated tenant's header), claim
/// `ver`, and its claims besides those of every token (`-tid`: without that one). A claim has its value in [`Person::claim`],
/// or the one after `=`, where [`Person::word`] gives some words a meaning. A fragment has no `ver`, and only its claims.
const SHAPES: &str = "
v1-access-groups-overage-real | x5t | 1.0 | aud=https://graph.windows.net acr amr appid=guid appidacr=1 family_name given_name puid scp=UserProfile.Read unique_name upn _claim_names _claim_sources
v1-access-token-spn-aud | x5t kid | 1.0 | aud=spn acr amr appid=guid appidacr=1 family_name given_name ipaddr name scp unique_name upn
graph-access-token-nonce-header | nonce x5t kid | 1.0 | aud=00000003-0000-0000-c000-000000000000 acct acr aio altsecid amr app_displayname appid appidacr email family_name given_name idp=issuer ipaddr name platf puid scp=User.Read signin_state unique_name uti wids xms_st xms_tcdt
v2-idtoken-b2b-guest | kid | 2.0 | aud=client idp=issuer name preferred_username uti
v2-idtoken-personal-msa | kid | 2.0 | aud=client tid=personal oid=personal_object aio c_hash email name nonce preferred_username
app-only-v1-graph-validationtoken | x5t kid | 1.0 | aud=guid sub=object aio appid appidacr=2 idp=issuer rh uti
app-only-v1-roles-custom-api | x5t kid | 1.0 | aud=api://shape.example sub=object aio appid appidacr=1 idp=issuer roles uti
app-only-v1-idtyp-app | - | 1.0 | aud=https://graph.microsoft.com sub=object aio app_displayname appid appidacr=1 idp=issuer idtyp=app rh roles tenant_region_scope uti wids xms_tcdt xms_tdbr
guest-v1-access-custom-api | - | 1.0 | aud=client_uri acr aio amr appid appidacr email family_name given_name idp ipaddr name rh scp=api1.read unique_name uti
guest-v2-access-custom-api | - | 2.0 | aud=client aio azp azpacr idp name preferred_username rh scp=api1.read uti
v2-access-spa-to-api | kid | 2.0 | aud=guid aio azp azpacr name preferred_username scp=access_as_user uti
v1-idtoken-alg-none-from-token-endpoint | alg=none | 1.0 | aud=client amr email family_name given_name idp ipaddr name unique_name
app-proxy-v1-access-TEMPLATE | - | 1.0 | aud=own appid appidacr groups scp unique_name upn
groups-overage-doc-fragment | - | | _claim_names _claim_sources
hasgroups-doc-fragment | - | | hasgroups
groups-inline | - | | groups
v1-idtoken | x5t kid | 1.0 | aud=client aio amr family_name given_name groups ipaddr name nonce rh unique_name upn uti
v1-access-continuous-evaluation | - | 1.0 | aud=own acct acr aio amr appid appidacr exp=long groups idtyp=user rh scp uti xms_cc xms_ftd xms_idrel xms_ssm
v2-access-groups-and-roles | kid | 2.0 | aud=client acct aio azp azpacr groups name preferred_username rh roles scp uti wids
app-only-v2 | kid | 2.0 | aud=client sub=object aio azp=guid azpacr=1 idtyp=app rh roles uti
v2-access-personal | kid | 2.0 | aud=client tid=personal oid=personal_object aio azp azpacr name preferred_username scp
b2c-idtoken | kid | 1.0 | aud=client iss=b2c -tid auth_time emails name nonce tfp
b2c-access-own-domain | kid | 1.0 | aud=client iss=https://login.customers.example/v2.0/ -tid acr=b2c_1a_signin azp scp
external-id-access | kid | 2.0 | aud=client iss=external_id azp azpacr name preferred_username scp
v2-access-proof-of-possession | kid | 2.0 | aud=client azp azpacr cnf scp
v1-access-overage | - | 1.0 | aud=own appid appidacr scp _claim_names _claim_sources
v2-access-overage | kid | 2.0 | aud=client azp azpacr scp _claim_names _claim_sources
v2-access-hasgroups | kid | 2.0 | aud=client azp azpacr hasgroups scp
v1-access-groups-as-roles | - | 1.0 | aud=own appid appidacr roles=group scp
";

/// Returns the shapes: `name`, `header` (null: as the emulated tenant's) and `payload`.
pub(crate) fn shapes() -> Value {
    // One group in all, which a site can give a catalogue to.
    let group = guid();
    SHAPES.trim().lines().map(|row| shape(row, &group)).collect()
}

fn shape(row: &str, group: &str) -> Value {
    let mut cells = row.split('|').map(str::trim);
    let [name, header, version, claims] = std::array::from_fn(|_| cells.next().unwrap_or_default());
    let person = Person {
        tenant: guid(),
        object: guid(),
        client: guid(),
        group: group.into(),
        version: version.into(),
    };
    let of_every_token = if version.is_empty() { "" } else { "aud exp iat iss nbf oid sub tid ver" };
    let header = match header {
        "-" => Value::Null,
        members => person.object(&format!("typ=JWT alg=RS256 {members}")),
    };
    let mut payload = person.object(&format!("{of_every_token} {claims}"));
    if payload["tid"] == CONSUMER_TENANT.to_string() {
        payload["iss"] = issuer(version, &CONSUMER_TENANT.to_string()).into();
    }
    json!({"name": name, "header": header, "payload": payload})
}

fn issuer(version: &str, tenant: &str) -> String {
    match version {
        "1.0" => format!("https://sts.windows.net/{tenant}/"),
        _ => format!("https://login.microsoftonline.com/{tenant}/v2.0"),
    }
}

/// The person or app that a token is about.
struct Person {
    tenant: String,
    object: String,
    client: String,
    group: String,
    version: String,
}

impl Person {
    fn object(&self, members: &str) -> Value {
        let mut object = Map::new();
        for member in members.split_whitespace() {
            match (member.strip_prefix('-'), member.split_once('=')) {
                (Some(name), _) => drop(object.remove(name)),
                (None, Some((name, word))) => drop(object.insert(name.to_owned(), self.word(word))),
                (None, None) => drop(object.insert(member.to_owned(), self.claim(member))),
            }
        }
        object.into()
    }

    /// Returns what a word in the table stands for.
    fn word(&self, word: &str) -> Value {
        match word {
            "own" => json!("https://poziserver-shape.example/pozi"),
            "client" => json!(self.client),
            "client_uri" => json!(format!("api://{}", self.client)),
            "guid" => json!(guid()),
            "spn" => json!(format!("spn:{}", guid())),
            "object" => json!(self.object),
            "issuer" => json!(issuer("1.0", &guid())),
            "personal" => json!(CONSUMER_TENANT.to_string()),
            "personal_object" => json!(format!("00000000-0000-0000-{}", &guid()[19..])),
            "b2c" => customer_configuration("b2clogin.com")["issuer"].take(),
            "external_id" => customer_configuration("ciamlogin.com")["issuer"].take(),
            "group" => json!([self.group]),
            "long" => json!(NOW + 28 * 3_600),
            text => json!(text),
        }
    }

    /// Returns the usual value of a claim or a member of a header.
    fn claim(&self, name: &str) -> Value {
        match name {
            "iat" | "nbf" | "auth_time" => json!(NOW),
            "exp" => json!(NOW + 3_900),
            "iss" => json!(issuer(&self.version, &self.tenant)),
            "ver" => json!(self.version),
            "tid" => json!(self.tenant),
            "oid" => json!(self.object),
            "appid" | "azp" => json!(self.client),
            // How the client proved itself: 0 not at all, 1 by a secret, 2 by a certificate.
            "appidacr" | "azpacr" => json!("0"),
            "scp" => json!("user_impersonation"),
            "groups" => json!([self.group, guid()]),
            "wids" => json!([guid()]),
            "roles" => json!(["Daemon"]),
            "hasgroups" => json!(true),
            "_claim_names" => json!({"groups": "src1"}),
            "_claim_sources" => json!({"src1": {"endpoint": self.member_objects()}}),
            "acct" => json!(0),
            "acr" | "xms_ssm" => json!("1"),
            "amr" => json!(["pwd"]),
            "idp" => json!("live.com"),
            "unique_name" | "upn" | "email" | "preferred_username" => json!("user@example.com"),
            "emails" => json!(["user@example.com"]),
            "ipaddr" => json!("192.0.2.10"),
            "signin_state" => json!(["kmsi"]),
            "tfp" => json!("B2C_1_signin"),
            "cnf" => json!({"kid": pairwise(), "xms_ksl": "sw"}),
            "xms_cc" => json!(["cp1"]),
            "xms_st" => json!({"sub": pairwise()}),
            "xms_tcdt" => json!(NOW - 3_600),
            // Names of persons, and what is random or only Entra can read.
            _ => json!(pairwise()),
        }
    }

    /// The address of a person's groups: Azure AD Graph's in version 1.0.
    fn member_objects(&self) -> String {
        match self.version.as_str() {
            "1.0" => {
                format!("https://graph.windows.net/{}/users/{}/getMemberObjects", self.tenant, self.object)
            }
            _ => format!("https://graph.microsoft.com/v1.0/users/{}/getMemberObjects", self.object),
        }
    }
}

/// Returns 32 random bytes in base64url, like a pairwise `sub`.
fn pairwise() -> String {
    URL_SAFE_NO_PAD.encode([Uuid::new_v4(), Uuid::new_v4()].map(Uuid::into_bytes).concat())
}
