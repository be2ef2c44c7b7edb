//! The OpenID configuration documents of a tenant.

use serde_json::{Value, json};

use super::Version;

/// The OpenID configuration of `tenant` (its id, or `common`). The endpoints are at `base`; the issuer is the real one, as
/// in the tokens.
pub(super) fn openid_configuration(version: Version, base: &str, tenant: &str) -> Value {
    let mut document = match version {
        Version::V1 => of_v1(base, tenant),
        Version::V2 => of_v2(base, tenant),
    };
    let placeholder_or_id = if tenant == "common" { "{tenantid}" } else { tenant };
    for (name, value) in [
        ("issuer", version.issuer(placeholder_or_id).into()),
        ("token_endpoint_auth_methods_supported", auth_methods()),
        ("response_modes_supported", json!(["query", "fragment", "form_post"])),
        ("subject_types_supported", json!(["pairwise"])),
        ("id_token_signing_alg_values_supported", json!(["RS256"])),
        ("http_logout_supported", true.into()),
        ("frontchannel_logout_supported", true.into()),
        ("tenant_region_scope", Value::Null),
        ("cloud_instance_name", "microsoftonline.com".into()),
        ("cloud_graph_host_name", "graph.windows.net".into()),
        ("msgraph_host", "graph.microsoft.com".into()),
        ("rbac_url", "https://pas.windows.net".into()),
    ] {
        document[name] = value;
    }
    document
}

fn of_v1(base: &str, tenant: &str) -> Value {
    json!({
        "authorization_endpoint": format!("{base}/{tenant}/oauth2/authorize"),
        "token_endpoint": format!("{base}/{tenant}/oauth2/token"),
        // Under `common`, not the tenant, as in Entra's response.
        "jwks_uri": format!("{base}/common/discovery/keys"),
        "end_session_endpoint": format!("{base}/{tenant}/oauth2/logout"),
        "response_types_supported": ["code", "id_token", "code id_token", "token id_token", "token"],
        "scopes_supported": ["openid"],
        "claims_supported": [
            "sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host",
            "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce", "email", "given_name", "family_name", "nickname",
        ],
        "microsoft_multi_refresh_token": true,
        "check_session_iframe": format!("{base}/{tenant}/oauth2/checksession"),
        "userinfo_endpoint": format!("{base}/{tenant}/openid/userinfo"),
    })
}

fn of_v2(base: &str, tenant: &str) -> Value {
    json!({
        "authorization_endpoint": format!("{base}/{tenant}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{base}/{tenant}/oauth2/v2.0/token"),
        "jwks_uri": format!("{base}/{tenant}/discovery/v2.0/keys"),
        "end_session_endpoint": format!("{base}/{tenant}/oauth2/v2.0/logout"),
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "claims_supported": [
            "sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host",
            "aud", "exp", "iat", "auth_time", "acr", "nonce", "preferred_username", "name", "tid", "ver", "at_hash",
            "c_hash", "email",
        ],
        "request_uri_parameter_supported": false,
        "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
        "device_authorization_endpoint": format!("{base}/{tenant}/oauth2/v2.0/devicecode"),
        "kerberos_endpoint": format!("{base}/{tenant}/kerberos"),
    })
}

fn auth_methods() -> Value {
    json!(["client_secret_post", "private_key_jwt", "client_secret_basic"])
}
