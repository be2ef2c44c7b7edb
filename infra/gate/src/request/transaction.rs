//! stub
use pozi_auth::sites::Access;
use super::{Operation, RequestRefusal};
use crate::{layers::Layers, upstream::QgisRequest, xml::Element};
#[derive(Debug, Clone, PartialEq)]
pub struct TransactionRequest;
impl TransactionRequest {
    pub fn read(_: &Element) -> Result<Self, RequestRefusal> { Err(RequestRefusal::NotFound) }
    pub fn operation(&self) -> &'static Operation { &super::OPERATIONS[0] }
    pub fn resolve(&mut self, _: &Layers) -> Result<(), RequestRefusal> { Ok(()) }
    pub fn write(&self) -> QgisRequest { todo!() }
}
