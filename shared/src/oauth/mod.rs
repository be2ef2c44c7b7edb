//! The wire (RFC 6749, RFC 8693): a form parsed once into an [`ExchangeRequest`], a [`TokenResponse`], and one place
//! that maps every reason for a refusal to its status and public text.

mod door;
mod error;
mod refusal;
mod request;
mod response;

pub use self::{
    door::{finish, json_response, read_form, refuse},
    error::{ExchangeError, RequestRefusal},
    refusal::Refusal,
    request::{ExchangeRequest, GRANT_TYPE, MAX_BODY_BYTES, MAX_PARAMETERS, SubjectToken},
    response::{IssuedTokenType, TokenResponse},
};
