//! Claims: in the shared registry each site holds its external URL and its name, of which another site can have neither. A
//! verifier knows a site by its external URL, so a session of one would otherwise open the other's maps.

use std::fmt;

use crate::{identifiers::TenantId, sites::Site};

/// What only one site in the registry may have, in the only form that its type has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// An external URL, the audience of sessions.
    ExternalUrl(String),
    /// A name.
    Name(String),
}

/// The site that holds a claim. It is known by its tenant and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The site's tenant.
    pub tenant: TenantId,
    /// The name that the site is stored under.
    pub site: String,
}

/// Claims and the sites that hold them, as they are stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims(Vec<(Claim, Holder)>);

/// A site does not hold its claims.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// Nobody holds it.
    #[error("the {0} is not claimed for this site; push it again")]
    Missing(Claim),
    /// Another site holds it.
    #[error(transparent)]
    Taken(#[from] ClaimTaken),
}

/// A claim is held by another site.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {claim} is claimed by another site, `{holder}`; give each site its own")]
pub struct ClaimTaken {
    /// What is claimed.
    pub claim: Claim,
    /// The name of the site that holds it.
    pub holder: String,
}

impl Claim {
    /// Returns the claims that `site` must hold.
    pub fn of(site: &Site) -> [Self; 2] {
        [Self::ExternalUrl(site.external_url.as_str().to_owned()), Self::Name(site.name.as_str().to_owned())]
    }
}

impl Holder {
    /// Returns `site` as a holder.
    pub fn of(site: &Site) -> Self {
        Self { tenant: site.tenant(), site: site.name.to_string() }
    }
}

impl Claims {
    /// Returns the claims of `site`, held by itself.
    pub fn held_by(site: &Site) -> Self {
        Claim::of(site).into_iter().map(|claim| (claim, Holder::of(site))).collect()
    }

    /// Whether `holder` has a whole set of claims: a URL and a name.
    pub fn are_all_held_by(&self, holder: &Holder) -> bool {
        self.0.len() == 2 && self.0.iter().all(|(_, other)| other == holder)
    }

    /// Checks that `site` holds its external URL and its name.
    pub fn check(&self, site: &Site) -> Result<(), ClaimError> {
        let own = Holder::of(site);
        for claim in Claim::of(site) {
            match self.0.iter().find(|(held, _)| *held == claim) {
                Some((_, holder)) if *holder == own => {}
                Some((_, holder)) => return Err(ClaimTaken { claim, holder: holder.site.clone() }.into()),
                None => return Err(ClaimError::Missing(claim)),
            }
        }
        Ok(())
    }
}

impl ClaimError {
    /// Returns a stable code for the log.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "not_claimed",
            Self::Taken(_) => "claimed_by_another",
        }
    }
}

impl FromIterator<(Claim, Holder)> for Claims {
    fn from_iter<I: IntoIterator<Item = (Claim, Holder)>>(claims: I) -> Self {
        Self(claims.into_iter().collect())
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ExternalUrl(url) => write!(f, "external URL `{url}`"),
            Self::Name(name) => write!(f, "name `{name}`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{revision::Revision, sites::documents as testing, tenants::StoredSite};

    fn held(change: impl Fn(&mut (Claim, Holder)), but: Option<usize>) -> Claims {
        let mut claims = Claims::held_by(&testing::site());
        claims.0.iter_mut().for_each(change);
        if let Some(index) = but {
            claims.0.remove(index);
        }
        claims
    }

    /// RFC 9068 §5.
    #[test]
    fn a_site_must_hold_its_url_and_its_name_itself() {
        let site = testing::site();
        let [url, name] = Claim::of(&site);
        assert_eq!(held(|_| (), None).check(&site), Ok(()));
        assert_eq!(Claims::default().check(&site), Err(ClaimError::Missing(url.clone())));
        assert_eq!(held(|_| (), Some(0)).check(&site), Err(ClaimError::Missing(url.clone())));
        assert_eq!(held(|_| (), Some(1)).check(&site), Err(ClaimError::Missing(name)));
        let of_another_site = held(|(_, holder)| holder.site = "saltmarsh".into(), None);
        let taken = ClaimTaken { claim: url.clone(), holder: "saltmarsh".into() };
        assert_eq!(of_another_site.check(&site), Err(taken.into()));
        let of_another_tenant = held(|(_, holder)| holder.tenant = TenantId::new(uuid::Uuid::nil()), None);
        let taken = ClaimTaken { claim: url, holder: "riverbend".into() };
        assert_eq!(of_another_tenant.check(&site), Err(taken.into()));
    }

    #[test]
    fn a_site_holds_its_claims_if_both_are_its_own() {
        let (site, own) = (testing::site(), Holder::of(&testing::site()));
        let stored = |claims| StoredSite {
            name: own.site.clone(),
            revision: Revision(1),
            document: String::new(),
            previous: None,
            claims,
            edit: None,
        };
        let holds = |claims| stored(claims).holds_its_claims(site.tenant());
        assert!(holds(held(|_| (), None)));
        assert!(!holds(Claims::default()));
        for one in [0, 1] {
            assert!(!holds(held(|_| (), Some(one))), "without {one}");
            let mut taken = Claims::held_by(&site);
            taken.0[one].1.site = "saltmarsh".into();
            assert!(!holds(taken), "{one} of another site");
        }
        let nobody = TenantId::new(uuid::Uuid::nil());
        assert!(!stored(Claims::held_by(&site)).holds_its_claims(nobody));
    }

    /// RFC 9068 §5.
    #[test]
    fn a_url_is_claimed_in_one_form() {
        let spelled = testing::document().replace(
            "https://poziserver-riverbend.example/pozi/",
            "https://PoziServer-Riverbend.example/pozi",
        );
        assert_eq!(Claim::of(&Site::parse(&spelled).unwrap()), Claim::of(&testing::site()));
    }

    #[test]
    fn says_what_is_wrong_and_what_to_do() {
        let claim = || Claim::ExternalUrl("https://a.example/".into());
        let missing = ClaimError::Missing(claim());
        assert_eq!(
            (missing.code(), missing.to_string().as_str()),
            (
                "not_claimed",
                "the external URL `https://a.example/` is not claimed for this site; push it again"
            )
        );
        let taken = ClaimError::from(ClaimTaken { claim: claim(), holder: "saltmarsh".into() });
        assert_eq!(
            (taken.code(), taken.to_string().as_str()),
            (
                "claimed_by_another",
                "the external URL `https://a.example/` is claimed by another site, `saltmarsh`; give each site its own"
            )
        );
    }
}
