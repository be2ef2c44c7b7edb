//! Writes of sites. Each is one transaction for the site, its claims and its history, conditional on the revision that the
//! writer read.

use aws_sdk_dynamodb::{
    error::BuildError,
    types::{
        Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update, builders::UpdateBuilder,
    },
};

use super::{
    claims::CLAIMED_URL,
    history::{AT, BY, Entry},
    table::{
        DOCUMENT, Item, PK, REVISION, SITE, SK, Table, count, number, partition, string, text, unavailable,
    },
    transaction::{Outcome, Transaction},
};
use crate::{
    revision::Revision,
    sites::Site,
    tenants::{Claim, Edit, Holder, RegistryError, SiteHistory, SiteStore, SiteStoreError},
};

impl SiteStore for Table {
    /// The same write moves the replaced document to `previous`. The SDK repeats a call whose answer was lost, so a conflict
    /// with exactly this document and revision is with its own first attempt; so is one with a site that was to be new, and that
    /// has this document in its only revision since.
    async fn put(
        &self,
        site: &Site,
        document: &str,
        expected: Option<Revision>,
        edit: &Edit,
    ) -> Result<Revision, SiteStoreError> {
        let own = Holder::of(site);
        let last = match expected {
            Some(_) => None,
            None => self.last_revision(&own).await?,
        };
        let next = Revision::after(expected.or(last));
        let claimed = self.claimed_url(&own).await?;
        let update = edited(self.update_of(site), edit)
            .expression_attribute_values(":document", string(document))
            .expression_attribute_values(":next", number(next.0));
        let update = match expected {
            None => update
                .update_expression(
                    "SET document = :document, revision = :next, external_url = :url, edited_by = :by, edited_at = :at",
                )
                .condition_expression("attribute_not_exists(pk)"),
            Some(Revision(expected)) => if_unchanged(update, claimed.as_deref())
                .update_expression(
                    "SET previous = document, document = :document, revision = :next, external_url = :url, edited_by = :by, edited_at = :at",
                )
                .expression_attribute_values(":revision", number(expected)),
        };
        let entry = Entry { site: &own, revision: next, edit, document: Some(document) };
        let transaction = self.of_update(site, update, claimed, vec![entry]).await?;
        self.done(&transaction, (next, last), document).await
    }

    async fn claim(&self, site: &Site, stored: Revision) -> Result<(), SiteStoreError> {
        let claimed = self.claimed_url(&Holder::of(site)).await?;
        let update = if_unchanged(self.update_of(site), claimed.as_deref())
            .update_expression("SET external_url = :url")
            .expression_attribute_values(":revision", number(stored.0));
        let transaction = self.of_update(site, update, claimed, Vec::new()).await?;
        match self.transact(&transaction).await? {
            Outcome::Done => Ok(()),
            Outcome::Changed(_) => Err(SiteStoreError::Conflict),
        }
    }

    async fn relocate(
        &self,
        from: &Holder,
        expected: Revision,
        site: &Site,
        document: &str,
        edit: &Edit,
    ) -> Result<Revision, SiteStoreError> {
        let own = Holder::of(site);
        let next = Revision::after(self.last_revision(&own).await?.max(Some(expected)));
        let outgrown = self.claims_held_by(from, &Claim::of(site)).await?;
        let put = self.new_item(site, document, next, edit).map_err(unbuilt)?;
        let delete = self.deletion(from, expected).map_err(unbuilt)?;
        let entries = [
            Entry { site: &own, revision: next, edit, document: Some(document) },
            Entry { site: from, revision: Revision::after(Some(expected)), edit, document: None },
        ];
        let transaction = Transaction {
            site: put,
            takes: Claim::of(site).into(),
            holder: own.clone(),
            from: from.clone(),
            gives_up: outgrown,
            further: [vec![delete], self.entries(&entries)?].concat(),
        };
        self.done(&transaction, (next, None), document).await
    }

    /// A site that is not there any more was perhaps removed by the first attempt of this call: its history tells.
    async fn remove(&self, site: &Holder, expected: Revision, edit: &Edit) -> Result<(), SiteStoreError> {
        let entry = Entry { site, revision: Revision::after(Some(expected)), edit, document: None };
        let transaction = Transaction {
            site: self.deletion(site, expected).map_err(unbuilt)?,
            takes: Vec::new(),
            holder: site.clone(),
            from: site.clone(),
            gives_up: self.claims_held_by(site, &[]).await?,
            further: self.entries(&[entry])?,
        };
        match self.transact(&transaction).await? {
            Outcome::Done => Ok(()),
            Outcome::Changed(None) if self.has_ended(site, edit).await? => Ok(()),
            Outcome::Changed(_) => Err(SiteStoreError::Conflict),
        }
    }
}

impl Table {
    /// Whether `edit` is what removed `site`.
    async fn has_ended(&self, site: &Holder, edit: &Edit) -> Result<bool, RegistryError> {
        let history = self.history(site).await?;
        Ok(history.first().is_some_and(|last| last.document.is_none() && last.edit == *edit))
    }

    /// Writes `transaction`, and returns the revision that is stored then: `next`, or one of `next` and `earlier` if that is stored
    /// with `document` already.
    async fn done(
        &self,
        transaction: &Transaction,
        (next, earlier): (Revision, Option<Revision>),
        document: &str,
    ) -> Result<Revision, SiteStoreError> {
        let Outcome::Changed(found) = self.transact(transaction).await? else { return Ok(next) };
        let same = found.filter(|item| text(item, DOCUMENT) == Some(document));
        let stored = same.and_then(|item| count(&item, REVISION)).map(Revision);
        stored.filter(|stored| [Some(next), earlier].contains(&Some(*stored))).ok_or(SiteStoreError::Conflict)
    }

    /// Returns the transaction of `update`, with the claims of `site` and the end of its claim on `claimed`, the URL that it
    /// had before.
    async fn of_update(
        &self,
        site: &Site,
        update: UpdateBuilder,
        claimed: Option<String>,
        entries: Vec<Entry<'_>>,
    ) -> Result<Transaction, RegistryError> {
        let own = Holder::of(site);
        let outgrown = claimed.filter(|url| url != site.external_url.as_str()).map(Claim::ExternalUrl);
        Ok(Transaction {
            site: TransactWriteItem::builder().update(update.build().map_err(unbuilt)?).build(),
            takes: Claim::of(site).into(),
            gives_up: self.held(outgrown.into_iter().collect(), &own).await?,
            holder: own.clone(),
            from: own.clone(),
            further: self.entries(&entries)?,
        })
    }

    /// Returns the stored claims of `site` that it holds, apart from `kept`.
    async fn claims_held_by(&self, site: &Holder, kept: &[Claim]) -> Result<Vec<Claim>, RegistryError> {
        let url = self.claimed_url(site).await?.map(Claim::ExternalUrl);
        let own = url.into_iter().chain([Claim::Name(site.site.clone())]);
        self.held(own.filter(|claim| !kept.contains(claim)).collect(), site).await
    }

    async fn held(&self, claims: Vec<Claim>, holder: &Holder) -> Result<Vec<Claim>, RegistryError> {
        if claims.is_empty() {
            return Ok(claims);
        }
        let holders = self.holders(claims.iter().cloned()).await?;
        Ok(claims.into_iter().filter(|claim| holders.of_claim(claim) == Some(holder)).collect())
    }

    /// Returns the external URL that a stored site claimed last.
    async fn claimed_url(&self, site: &Holder) -> Result<Option<String>, RegistryError> {
        let get = self.client.get_item().table_name(&*self.name).set_key(Some(key_of(site)));
        let get = get.projection_expression(CLAIMED_URL).consistent_read(true);
        let item = get.send().await.map_err(unavailable)?.item;
        Ok(item.and_then(|item| text(&item, CLAIMED_URL).map(str::to_owned)))
    }

    fn update_of(&self, site: &Site) -> UpdateBuilder {
        Update::builder()
            .table_name(&*self.name)
            .set_key(Some(key_of(&Holder::of(site))))
            .expression_attribute_values(":url", string(site.external_url.as_str()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }

    fn new_item(
        &self,
        site: &Site,
        document: &str,
        revision: Revision,
        edit: &Edit,
    ) -> Result<TransactWriteItem, BuildError> {
        let put = Put::builder()
            .table_name(&*self.name)
            .set_item(Some(key_of(&Holder::of(site))))
            .item(DOCUMENT, string(document))
            .item(REVISION, number(revision.0))
            .item(CLAIMED_URL, string(site.external_url.as_str()))
            .item(BY, string(&*edit.by))
            .item(AT, number(edit.at.unix_seconds()))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        Ok(TransactWriteItem::builder().put(put.build()?).build())
    }

    fn deletion(&self, site: &Holder, expected: Revision) -> Result<TransactWriteItem, BuildError> {
        let delete = Delete::builder()
            .table_name(&*self.name)
            .set_key(Some(key_of(site)))
            .condition_expression("revision = :revision")
            .expression_attribute_values(":revision", number(expected.0))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        Ok(TransactWriteItem::builder().delete(delete.build()?).build())
    }
}

/// Conditions `update` on the revision `:revision` and on the URL that the site claimed last.
fn if_unchanged(update: UpdateBuilder, claimed: Option<&str>) -> UpdateBuilder {
    match claimed {
        Some(url) => update
            .condition_expression("revision = :revision AND external_url = :claimed")
            .expression_attribute_values(":claimed", string(url)),
        None => update.condition_expression("revision = :revision AND attribute_not_exists(external_url)"),
    }
}

fn edited(update: UpdateBuilder, edit: &Edit) -> UpdateBuilder {
    update
        .expression_attribute_values(":by", string(&*edit.by))
        .expression_attribute_values(":at", number(edit.at.unix_seconds()))
}

fn key_of(site: &Holder) -> Item {
    [(PK, string(partition(site.tenant))), (SK, string(format!("{SITE}{}", site.site)))]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
}

fn unbuilt(error: BuildError) -> RegistryError {
    RegistryError(error.into())
}
