//! Invalid tokens: one claim is missing or wrong.

use entra_emulator::{
    CONSUMER_TENANT,
    Version::{self, V1, V2},
};
use serde_json::{Value, json};

use super::{InvalidToken, Tokens, case};

/// A version, the claims to change, and the expected reason.
type Row = (Version, Value, &'static str);

impl Tokens<'_> {
    fn claim(&self, name: &str) -> String {
        self.claims(V1)[name].as_str().unwrap_or_default().to_owned()
    }

    pub(super) fn with_other_claims(&self) -> Vec<InvalidToken> {
        let rows = [
            self.malformed_claims(),
            self.other_tenants_and_issuers(),
            self.other_audiences_and_clients(),
            self.other_times(),
        ];
        let rows = rows.into_iter().flatten();
        let mut cases: Vec<_> = rows
            .map(|(version, claims, reason)| {
                case(&claims.to_string(), self.changed(version, &claims), reason)
            })
            .collect();
        let other = &self.world.entra.registrations()[1];
        let other_audience = self.changed(V1, &json!({"aud": other.app_id_uri}));
        let named = case("another site's audience, the site named", other_audience, "audience_mismatch");
        cases.push(InvalidToken { more: &[("audience", "riverbend")], ..named });
        let moved = self.changed(V1, &json!({"tid": other.tenant_id.to_string(), "aud": other.app_id_uri}));
        cases.push(case("another registered tenant's tid", moved.clone(), "issuer_mismatch"));
        let named = case("another registered tenant's tid, its site named", moved, "issuer_mismatch");
        cases.push(InvalidToken { more: &[("audience", "saltmarsh")], ..named });
        cases
    }

    fn malformed_claims(&self) -> Vec<Row> {
        let (now, uri) = (self.world.clock.unix_seconds(), self.claim("aud"));
        vec![
            (V1, json!({"ver": "3.0"}), "malformed"),
            (V1, json!({"ver": 1}), "malformed"),
            (V1, json!({"tid": "riverbend"}), "malformed"),
            (V1, json!({"aud": [uri]}), "malformed"),
            (V1, json!({"exp": (now + 60).to_string()}), "malformed"),
            (V1, json!({"exp": -1}), "malformed"),
            (V1, json!({"iat": 1.5}), "malformed"),
            (V1, json!({"oid": "reader"}), "malformed"),
            (V1, json!({"groups": "planners"}), "malformed"),
        ]
    }

    fn other_tenants_and_issuers(&self) -> Vec<Row> {
        let (tid, other) = (self.claim("tid"), &self.world.entra.registrations()[1]);
        let client = self.claim("appid");
        vec![
            (V1, json!({"tid": "00000000-0000-4000-8000-000000000000"}), "unknown_tenant"),
            (V1, json!({"iss": format!("https://sts.windows.net/{tid}")}), "issuer_mismatch"),
            (V1, json!({"iss": format!("https://sts.windows.net/{tid}//")}), "issuer_mismatch"),
            (V1, json!({"iss": format!("https://sts.windows.net/{}/", other.tenant_id)}), "issuer_mismatch"),
            (V1, json!({"iss": format!("https://sts.chinacloudapi.cn/{tid}/")}), "issuer_mismatch"),
            (V1, json!({"iss": format!("https://login.microsoftonline.com/{tid}/v2.0")}), "issuer_mismatch"),
            (V1, json!({"iss": format!("https://sts.windows.net.evil.example/{tid}/")}), "issuer_mismatch"),
            (V1, json!({"ver": "2.0", "azp": client}), "issuer_mismatch"),
            (V2, json!({"ver": "1.0", "appid": client}), "issuer_mismatch"),
            (V2, json!({"iss": format!("https://sts.windows.net/{tid}/")}), "issuer_mismatch"),
            (V2, json!({"iss": format!("https://login.microsoftonline.com/{tid}/v2.0/")}), "issuer_mismatch"),
            (V2, json!({"iss": format!("https://login.microsoftonline.us/{tid}/v2.0")}), "issuer_mismatch"),
            (V2, json!({"iss": "https://login.microsoftonline.com/common/v2.0"}), "issuer_mismatch"),
            (V2, json!({"iss": "https://login.microsoftonline.com/{tenantid}/v2.0"}), "issuer_mismatch"),
        ]
    }

    fn other_audiences_and_clients(&self) -> Vec<Row> {
        let (uri, other) = (self.claim("aud"), &self.world.entra.registrations()[1]);
        vec![
            (V1, json!({"aud": format!("{uri}//")}), "audience_mismatch"),
            (V1, json!({"aud": uri.to_uppercase()}), "audience_mismatch"),
            (V1, json!({"aud": format!("spn:{uri}")}), "audience_mismatch"),
            (V1, json!({"aud": format!("{uri}/user_impersonation")}), "audience_mismatch"),
            (V1, json!({"aud": other.app_id_uri}), "audience_mismatch"),
            (V1, json!({"aud": ""}), "audience_mismatch"),
            (V2, json!({"aud": other.client_id.to_string()}), "audience_mismatch"),
            (V1, json!({"appid": other.client_id.to_string()}), "client_not_allowed"),
            (V2, json!({"azp": other.client_id.to_string()}), "client_not_allowed"),
            (V1, json!({"scp": "User.Read"}), "scope_missing"),
            (V1, json!({"scp": ""}), "scope_missing"),
            (V1, json!({"scp": "user_impersonation_not"}), "scope_missing"),
            (V2, json!({"scp": "USER_IMPERSONATION"}), "scope_missing"),
        ]
    }

    fn other_times(&self) -> Vec<Row> {
        let now = self.world.clock.unix_seconds();
        vec![
            (V1, json!({"exp": now}), "expired"),
            (V2, json!({"exp": now - 1}), "expired"),
            (V1, json!({"exp": 0}), "expired"),
            (V1, json!({"nbf": now + 61}), "not_yet_valid"),
            (V2, json!({"iat": now + 61}), "not_yet_valid"),
            (V1, json!({"iat": u64::MAX}), "not_yet_valid"),
            (V1, json!({"iat": now - 2 * 3_600 - 1}), "token_too_old"),
            (V2, json!({"iat": 0}), "token_too_old"),
        ]
    }

    /// Tokens that another service of Microsoft issues, and those that their holder must prove to hold.
    pub(super) fn of_other_services(&self) -> Vec<InvalidToken> {
        let personal = CONSUMER_TENANT.to_string();
        let tenant = "7f2b4d3e-91a6-4d0f-9a57-3f7f5b8f2a11";
        let b2c = format!("https://{}.b2clogin.com/{tenant}/v2.0/", "customers");
        let ciam = format!("https://{tenant}.ciamlogin.com/{tenant}/v2.0");
        let rows = [
            (V1, json!({"cnf": {"kid": "k", "xms_ksl": "sw"}}), "proof_of_possession"),
            (V2, json!({"cnf": {"x5t#S256": "t"}}), "proof_of_possession"),
            (V2, json!({"cnf": {"jkt": "t"}}), "proof_of_possession"),
            (V2, json!({"tid": personal}), "personal_account"),
            (V2, json!({"tid": personal, "scp": null, "azp": null}), "personal_account"),
            (V1, json!({"iss": b2c, "tid": null, "tfp": "B2C_1_signin"}), "b2c_token"),
            (V1, json!({"iss": b2c, "tid": null, "oid": null, "appid": null, "azp": "a"}), "b2c_token"),
            (
                V1,
                json!({"iss": "https://login.riverbend.example/7f2b4d3e/v2.0/", "acr": "b2c_1a_signin"}),
                "b2c_token",
            ),
            (V2, json!({"iss": ciam}), "b2c_token"),
            (V1, json!({"aud": "00000003-0000-0000-c000-000000000000"}), "graph_token"),
            (V1, json!({"aud": "https://graph.windows.net", "scp": "UserProfile.Read"}), "graph_token"),
        ];
        let token = |(version, claims, reason): Row| {
            case(&claims.to_string(), self.changed(version, &claims), reason)
        };
        rows.into_iter().map(token).collect()
    }

    pub(super) fn without_a_claim(&self) -> Vec<InvalidToken> {
        let cases = [
            (V1, "appid"),
            (V2, "azp"),
            (V1, "ver"),
            (V1, "iss"),
            (V1, "aud"),
            (V1, "tid"),
            (V1, "oid"),
            (V1, "exp"),
            (V1, "nbf"),
            (V1, "iat"),
        ];
        let without = |(version, name): (_, &str)| {
            case(&format!("no {name}"), self.changed(version, &json!({ name: null })), "malformed")
        };
        cases.into_iter().map(without).collect()
    }
}
