//! What an exchange adds to the metrics.

use super::{ABANDONED, Trail};
use crate::{
    metrics::{self, RefusalLabels},
    oauth::Refusal,
};

impl Trail {
    /// Counts the exchange, and at its site; if it ended before that was known, at each of the tenant's, which are few. All are
    /// registered, so that no caller makes up a name. One that was abandoned says nothing about its site.
    pub(super) fn record_metrics(&self, decision: &'static str, refusal: Option<&Refusal>) {
        if self.tenant.is_some() && self.tenant == self.uncounted {
            return metrics::record_uncounted_exchange();
        }
        let labels =
            refusal.map(|refusal| RefusalLabels { reason: refusal.reason, class: refusal.class().name() });
        metrics::record_exchange(decision, labels, self.started.elapsed());
        if decision == ABANDONED {
            return;
        }
        match (&self.site, &self.sites) {
            (Some(site), _) => metrics::record_site(site.as_str(), labels),
            (None, Some(sites)) => sites.names().for_each(|site| metrics::record_site(site, labels)),
            (None, None) => {}
        }
    }
}
