//! From what was observed to findings. Pure.

mod clocks;
mod directory;
mod document;
mod gate;
mod keys;
mod proxy;
mod registration;
mod service;
mod sign_in;
#[cfg(test)]
mod testing;

use super::{
    observed::Observed,
    report::{Finding, Report},
    subject::Subject,
};

/// Judges `subject`. `observed` is `None` if its document has so many errors that nobody could be asked.
pub(super) fn judge(subject: &Subject, observed: Option<&Observed>) -> Report {
    let (Some(site), Some(observed)) = (&subject.site, observed) else {
        let look = "correct the site document, and run this again";
        let rest = Finding::unknown("Everything else", "needs a site document without errors", look);
        let sections = vec![("Site file", vec![document::judge(subject), rest])];
        return Report { title: subject.name.clone(), sections };
    };
    let title = format!("{}, {}", subject.name, site.external_url.as_str());
    let tenancy = directory::tenancy(site, &observed.entra);
    let sections = vec![
        ("Site file", vec![document::judge(subject), document::paths(site)]),
        ("Directory", directory::judge(site, observed, &tenancy)),
        ("Keys and tokens", keys::judge(site, &observed.entra, &tenancy)),
        ("Application Proxy", proxy::judge(site, observed)),
        ("App registration and enterprise application", registration::judge(site)),
        ("Pozi's service", service::judge(observed.service.as_ref())),
        ("Gate", gate::judge(&observed.gate)),
        ("Clocks", clocks::judge(observed)),
    ];
    Report { title, sections }
}
