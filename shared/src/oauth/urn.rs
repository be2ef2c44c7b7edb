//! The URNs of RFC 8693.

/// The only grant type supported (RFC 8693 §2.1).
pub const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// The type of an OAuth access token (RFC 8693 §3).
pub const ACCESS_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";

/// The type of a JWT (RFC 8693 §3).
pub(super) const JWT_TYPE: &str = "urn:ietf:params:oauth:token-type:jwt";
