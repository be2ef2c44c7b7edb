//! OpenID configurations as Entra ID serves them, in each cloud. The addresses are written out, to compare the service's with.

use pozi_auth::entra::{Cloud, TokenVersion};
use serde_json::{Value, json};

use super::guid;

/// Where a cloud answers, and what it calls itself.
struct Hosts {
    login: &'static str,
    issuer: &'static str,
    v1_issuer: &'static str,
    name: &'static str,
    graph: &'static str,
    region: &'static str,
}

fn hosts(cloud: Cloud) -> Hosts {
    match cloud {
        Cloud::Public => Hosts {
            login: "https://login.microsoftonline.com",
            issuer: "https://login.microsoftonline.com",
            v1_issuer: "https://sts.windows.net",
            name: "microsoftonline.com",
            graph: "graph.microsoft.com",
            region: "OC",
        },
        Cloud::UsGovernment => Hosts {
            login: "https://login.microsoftonline.us",
            issuer: "https://login.microsoftonline.us",
            v1_issuer: "https://sts.windows.net",
            name: "microsoftonline.us",
            graph: "graph.microsoft.us",
            region: "USGov",
        },
        // The addresses are at the cloud's older host, and the issuer is not.
        Cloud::China => Hosts {
            login: "https://login.chinacloudapi.cn",
            issuer: "https://login.partner.microsoftonline.cn",
            v1_issuer: "https://sts.chinacloudapi.cn",
            name: "partner.microsoftonline.cn",
            graph: "microsoftgraph.chinacloudapi.cn",
            region: "AS",
        },
    }
}

/// Returns the configuration of `tenant`: an id, or `common`, `organizations` or `consumers`.
pub(crate) fn openid_configuration(cloud: Cloud, version: TokenVersion, tenant: &str) -> Value {
    let Hosts { login, issuer, v1_issuer, name, graph, region } = hosts(cloud);
    let named = match tenant {
        "common" | "organizations" => "{tenantid}",
        "consumers" => "9188040d-6c67-4c5b-b112-36a304b66dad",
        id => id,
    };
    let mut document = match version {
        TokenVersion::V1 => of_v1(login, tenant),
        TokenVersion::V2 => of_v2(login, tenant, graph),
    };
    let (issuer, region) = match version {
        TokenVersion::V1 => (format!("{v1_issuer}/{named}/"), json!(region)),
        TokenVersion::V2 => (format!("{issuer}/{named}/v2.0"), Value::Null),
    };
    for (member, value) in [
        ("issuer", json!(issuer)),
        (
            "token_endpoint_auth_methods_supported",
            json!(["client_secret_post", "private_key_jwt", "client_secret_basic"]),
        ),
        ("response_modes_supported", json!(["query", "fragment", "form_post"])),
        ("subject_types_supported", json!(["pairwise"])),
        ("id_token_signing_alg_values_supported", json!(["RS256"])),
        ("http_logout_supported", json!(true)),
        ("frontchannel_logout_supported", json!(true)),
        ("tenant_region_scope", region),
        ("cloud_instance_name", json!(name)),
        ("cloud_graph_host_name", json!("graph.windows.net")),
        ("msgraph_host", json!(graph)),
        ("rbac_url", json!("https://pas.example")),
    ] {
        document[member] = value;
    }
    document
}

fn of_v1(login: &str, tenant: &str) -> Value {
    json!({
        "authorization_endpoint": format!("{login}/{tenant}/oauth2/authorize"),
        "token_endpoint": format!("{login}/{tenant}/oauth2/token"),
        "jwks_uri": format!("{login}/common/discovery/keys"),
        "end_session_endpoint": format!("{login}/{tenant}/oauth2/logout"),
        "response_types_supported": ["code", "id_token", "code id_token", "token id_token", "token"],
        "scopes_supported": ["openid"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "acr", "amr", "nonce", "email", "family_name"],
        "microsoft_multi_refresh_token": true,
        "check_session_iframe": format!("{login}/{tenant}/oauth2/checksession"),
        "userinfo_endpoint": format!("{login}/{tenant}/openid/userinfo"),
    })
}

fn of_v2(login: &str, tenant: &str, graph: &str) -> Value {
    json!({
        "authorization_endpoint": format!("{login}/{tenant}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{login}/{tenant}/oauth2/v2.0/token"),
        "jwks_uri": format!("{login}/{tenant}/discovery/v2.0/keys"),
        "end_session_endpoint": format!("{login}/{tenant}/oauth2/v2.0/logout"),
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "ver"],
        "request_uri_parameter_supported": false,
        "userinfo_endpoint": format!("https://{graph}/oidc/userinfo"),
        "device_authorization_endpoint": format!("{login}/{tenant}/oauth2/v2.0/devicecode"),
        "kerberos_endpoint": format!("{login}/{tenant}/kerberos"),
    })
}

/// Returns the configuration of a tenant for customers (Azure AD B2C, Entra External ID) at `domain`.
pub(crate) fn customer_configuration(domain: &str) -> Value {
    let base = format!("https://customers.{domain}/customers.example/b2c_1_signin");
    json!({
        "issuer": format!("https://customers.{domain}/{}/v2.0/", guid()),
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "end_session_endpoint": format!("{base}/oauth2/v2.0/logout"),
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "response_types_supported": ["code", "code id_token", "code token", "id_token", "id_token token", "token"],
        "scopes_supported": ["openid"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["name", "emails", "idp", "sub", "tfp", "iss", "iat", "exp", "aud", "acr", "nonce"],
    })
}
