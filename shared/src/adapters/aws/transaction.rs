//! One transaction for a site and its claims: all of its writes happen, or none.

use std::time::Duration;

use aws_sdk_dynamodb::{
    error::{BuildError, SdkError},
    operation::transact_write_items::TransactWriteItemsError,
    types::{CancellationReason, TransactWriteItem, builders::UpdateBuilder},
};

use super::{
    claims::holder,
    table::{Item, Table},
};
use crate::{
    sites::Site,
    tenants::{Claim, ClaimTaken, Holder, RegistryError, SiteStoreError},
};

/// How often a transaction is tried that another one, under way on the same items, cancels.
const ATTEMPTS: u32 = 4;
const PAUSE: Duration = Duration::from_millis(100);

/// How a transaction ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Everything was written.
    Done,
    /// Nothing was: the site's item, here as it was found, does not meet its condition.
    Changed(Option<Item>),
}

impl Table {
    /// Writes `update`, the claims of `site`, and the end of its claim on `claimed`, the URL that it had before.
    pub(super) async fn transact(
        &self,
        site: &Site,
        update: UpdateBuilder,
        claimed: Option<&str>,
    ) -> Result<Outcome, SiteStoreError> {
        let outgrown = self.outgrown(site, claimed).await?;
        let writes = self.writes(site, update, outgrown).map_err(|error| RegistryError(error.into()))?;
        let mut attempt = 1;
        loop {
            let call = self.client.transact_write_items().set_transact_items(Some(writes.clone()));
            let Err(error) = call.send().await else { return Ok(Outcome::Done) };
            if attempt == ATTEMPTS || !is_contended(&error) {
                return refused(error, &Claim::of(site));
            }
            tokio::time::sleep(PAUSE * attempt).await;
            attempt += 1;
        }
    }

    fn writes(
        &self,
        site: &Site,
        update: UpdateBuilder,
        outgrown: Option<Claim>,
    ) -> Result<Vec<TransactWriteItem>, BuildError> {
        let own = Holder::of(site);
        let mut writes = vec![TransactWriteItem::builder().update(update.build()?).build()];
        for claim in Claim::of(site) {
            writes.push(self.take(&claim, &own)?);
        }
        if let Some(claim) = outgrown {
            writes.push(self.give_up(&claim, &own)?);
        }
        Ok(writes)
    }

    /// Returns the claim on `claimed` if it is the site's and no longer its URL.
    async fn outgrown(&self, site: &Site, claimed: Option<&str>) -> Result<Option<Claim>, RegistryError> {
        let Some(url) = claimed.filter(|url| *url != site.external_url.as_str()) else { return Ok(None) };
        let claim = Claim::ExternalUrl(url.to_owned());
        let holders = self.holders([claim.clone()]).await?;
        Ok(holders.of_claim(&claim).is_some_and(|holder| *holder == Holder::of(site)).then_some(claim))
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
    let mut of_claims = claims.iter().zip(reasons.iter().skip(1));
    if let Some((claim, reason)) = of_claims.find(|(_, reason)| is_unmet(reason)) {
        let holder = reason.item.as_ref().and_then(holder).map_or_else(String::new, |holder| holder.site);
        return Err(ClaimTaken { claim: claim.clone(), holder }.into());
    }
    if is_contended(&error) {
        return Err(SiteStoreError::Conflict);
    }
    Err(RegistryError(error.into()).into())
}

fn is_unmet(reason: &CancellationReason) -> bool {
    reason.code() == Some("ConditionalCheckFailed")
}

fn reasons<R>(error: &SdkError<TransactWriteItemsError, R>) -> &[CancellationReason] {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            cancelled.cancellation_reasons()
        }
        _ => &[],
    }
}
