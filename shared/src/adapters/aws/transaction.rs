//! One transaction for a site, its claims and its history: all of its writes happen, or none.

use std::time::Duration;

use aws_sdk_dynamodb::{
    error::{BuildError, SdkError},
    operation::transact_write_items::TransactWriteItemsError,
    types::{CancellationReason, TransactWriteItem},
};

use super::{
    claims::holder,
    table::{Item, Table, unavailable},
};
use crate::tenants::{Claim, ClaimTaken, Holder, RegistryError, SiteStoreError};

/// How often a transaction is tried that another one, under way on the same items, cancels.
const ATTEMPTS: u32 = 4;
const PAUSE: Duration = Duration::from_millis(100);

/// What is written together.
#[derive(Debug)]
pub(super) struct Transaction {
    /// The write of the site's item, which has the condition.
    pub(super) site: TransactWriteItem,
    /// What the site claims.
    pub(super) takes: Vec<Claim>,
    /// The site.
    pub(super) holder: Holder,
    /// The site that its claims may have been of, besides its own.
    pub(super) from: Holder,
    /// Claims of `from` that end.
    pub(super) gives_up: Vec<Claim>,
    /// Further writes.
    pub(super) further: Vec<TransactWriteItem>,
}

/// How a transaction ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Everything was written.
    Done,
    /// Nothing was: the site's item, here as it was found, does not meet its condition.
    Changed(Option<Item>),
}

impl Table {
    /// Writes `transaction`, unless a condition does not hold.
    pub(super) async fn transact(&self, transaction: &Transaction) -> Result<Outcome, SiteStoreError> {
        let writes = self.writes(transaction).map_err(|error| RegistryError(error.into()))?;
        let mut attempt = 1;
        loop {
            let call = self.client.transact_write_items().set_transact_items(Some(writes.clone()));
            let Err(error) = call.send().await else { return Ok(Outcome::Done) };
            if attempt == ATTEMPTS || !is_contended(&error) {
                return refused(error, &transaction.takes);
            }
            tokio::time::sleep(PAUSE * attempt).await;
            attempt += 1;
        }
    }

    fn writes(&self, transaction: &Transaction) -> Result<Vec<TransactWriteItem>, BuildError> {
        let Transaction { site, takes, holder, from, gives_up, further } = transaction;
        let mut writes = vec![site.clone()];
        for claim in takes {
            writes.push(self.take(claim, holder, from)?);
        }
        for claim in gives_up {
            writes.push(self.give_up(claim, from)?);
        }
        writes.extend_from_slice(further);
        Ok(writes)
    }
}

/// Whether another transaction was under way, which says nothing about the conditions of this one.
fn is_contended<R>(error: &SdkError<TransactWriteItemsError, R>) -> bool {
    let reasons = reasons(error);
    reasons.iter().any(|reason| reason.code() == Some("TransactionConflict")) && !reasons.iter().any(is_unmet)
}

/// Returns what the reasons of a cancelled transaction mean: the first is the site's, then come those of `claims`.
fn refused<R: Send + Sync + std::fmt::Debug + 'static>(
    error: SdkError<TransactWriteItemsError, R>,
    claims: &[Claim],
) -> Result<Outcome, SiteStoreError> {
    let reasons = reasons(&error);
    if let Some(reason) = reasons.first().filter(|reason| is_unmet(reason)) {
        return Ok(Outcome::Changed(reason.item.clone()));
    }
    // What is given up, or the item that a site is moved from, has changed since it was read.
    if reasons.iter().skip(1 + claims.len()).any(is_unmet) {
        return Err(SiteStoreError::Conflict);
    }
    let mut of_claims = claims.iter().zip(reasons.iter().skip(1));
    if let Some((claim, reason)) = of_claims.find(|(_, reason)| is_unmet(reason)) {
        let holder = reason.item.as_ref().and_then(holder).map_or_else(String::new, |holder| holder.site);
        return Err(ClaimTaken { claim: claim.clone(), holder }.into());
    }
    if is_contended(&error) {
        return Err(SiteStoreError::Conflict);
    }
    Err(unavailable(error).into())
}

/// Whether a condition did not hold.
pub(super) fn is_unmet(reason: &CancellationReason) -> bool {
    reason.code() == Some("ConditionalCheckFailed")
}

/// Returns why a transaction was cancelled, a reason for each of its writes; none if it failed otherwise.
pub(super) fn reasons<R>(error: &SdkError<TransactWriteItemsError, R>) -> &[CancellationReason] {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            cancelled.cancellation_reasons()
        }
        _ => &[],
    }
}
