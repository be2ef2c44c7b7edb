//! HTTP (RFC 6749, RFC 8693): the form parsed into an [`ExchangeRequest`], the [`TokenResponse`], and one table that maps
//! every reason for a refusal to its status and public text.

mod error;
mod http;
mod refusal;
mod request;
mod response;
mod urn;

pub use self::{
    error::{ExchangeError, Limited, RequestRefusal},
    http::{
        AUTHORIZATION_PATH, at_every_base, finish, is_unchanged, json_response, read_form, refuse,
        refuse_with_detail,
    },
    refusal::{Class, Refusal, class_of, every_refusal, sentence_for_person},
    request::{ExchangeRequest, ExplanationRequest, MAX_BODY_BYTES, MAX_PARAMETERS, SubjectToken},
    response::{IssuedTokenType, TokenResponse},
    urn::{ACCESS_TOKEN_TYPE, GRANT_TYPE},
};
