//! The size of sessions. A session travels in a header with every request, and programs on its way limit their headers: API
//! Gateway takes 10,240 bytes for all of them together
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>), nginx 8 KiB for one
//! (`large_client_header_buffers`), IIS 16 KiB for all of them (`MaxRequestBytes`). The Entra token takes its share.

use uuid::Uuid;

use super::{Issuer, SessionClaims, mint::size_of};
use crate::{
    identifiers::ClientId,
    keyring::SigningAlgorithm,
    revision::Revision,
    sites::{Enforcement, Site, opened_scope, widest_scope},
    timestamp::Timestamp,
};

/// The size in bytes above which some servers refuse a session.
pub const LARGE_SESSION_BYTES: usize = 4 * 1_024;

/// The size in bytes above which no session is issued.
pub const MAX_SESSION_BYTES: usize = 7 * 1_024;

/// The length of the issuer that [`longest_session`] assumes: longer than API Gateway's own addresses.
const ISSUER_BYTES: usize = 128;

/// A time of ten digits, as all are until the year 2286.
const LATE: Timestamp = Timestamp::from_unix_seconds(9_999_999_999);

/// A revision of ten digits, as no site reaches one.
const LATE_REVISION: Revision = Revision(9_999_999_999);

/// A session has more than [`MAX_SESSION_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the session has {found} bytes, and at most {MAX_SESSION_BYTES} are issued")]
pub struct SessionTooLarge {
    /// Its size in bytes.
    pub found: usize,
}

/// Checks the size of `session`.
pub fn check_size(session: &str) -> Result<(), SessionTooLarge> {
    let found = session.len();
    if found > MAX_SESSION_BYTES { Err(SessionTooLarge { found }) } else { Ok(()) }
}

/// Returns the size in bytes of the longest session that `site` can give: to a person in all groups of its rules, signed by
/// an RSA key, from an issuer of at most 128 characters.
pub fn longest_session(site: &Site) -> usize {
    let (scope, enforced_scope) = match site.enforcement {
        Enforcement::Enforced => (widest_scope(site).to_string(), None),
        Enforcement::ObservedUntil(_) => {
            (opened_scope(site).to_string(), Some(widest_scope(site).to_string()))
        }
    };
    // Ids and times have one length, whatever their value.
    let claims = SessionClaims {
        iss: Issuer::of_length(ISSUER_BYTES),
        aud: site.external_url.as_str().to_owned(),
        sub: format!("{}.{}", site.tenant(), Uuid::nil()),
        client_id: ClientId::new(Uuid::nil()),
        tid: site.tenant(),
        iat: LATE,
        exp: LATE,
        jti: Uuid::nil().to_string(),
        scope,
        enforced_scope,
        policy_revision: LATE_REVISION,
    };
    // Such claims can always be written; if not, the site is refused.
    size_of(&claims, SigningAlgorithm::Rs256).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        entra::{Groups, testing::subject},
        session::{
            mint,
            testing::{NOW, signing_key},
        },
        sites::{decide, documents},
    };

    /// Returns a site with `count` catalogues, whose ids have 20 characters, that one group may write.
    fn site(count: usize) -> Site {
        let text = documents::document();
        let head = text.split("[[catalogue]]").next().unwrap();
        let catalogue = |index| {
            let group = documents::EDITORS;
            format!(
                "[[catalogue]]\nid = \"catalogue-number-{index:03}\"\ntitle = \"T\"\nproject = \"/p{index}.qgz\"\nread = []\nwrite = [\"{group}\"]\n"
            )
        };
        let catalogues: String = (0..count).map(catalogue).collect();
        Site::parse(&format!("{head}{catalogues}")).unwrap()
    }

    /// Mints the session of a person in all groups of `site`.
    async fn minted(site: &Site, issuer: usize, algorithm: SigningAlgorithm) -> String {
        let now = Timestamp::from_unix_seconds(NOW);
        let site = &Site { revision: LATE_REVISION, ..site.clone() };
        let person = subject(Groups::Listed(site.groups()), now.plus(Duration::from_hours(1)));
        let grant = decide(&person, site, None, now).unwrap();
        let claims = SessionClaims::new(&Issuer::of_length(issuer), &person, &grant, Uuid::new_v4(), now);
        mint(&claims, &signing_key(algorithm).0).await.unwrap()
    }

    #[tokio::test]
    async fn no_session_is_longer_than_the_longest() {
        let mut sites: Vec<_> = [1, 2, 3, 30, 90].map(site).into();
        sites.push(documents::site());
        for site in &sites {
            let longest = longest_session(site);
            let of_the_longest_issuer = minted(site, ISSUER_BYTES, SigningAlgorithm::Rs256).await;
            assert_eq!(of_the_longest_issuer.len(), longest, "{} catalogues", site.catalogues.len());
            for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::Rs256] {
                assert!(minted(site, 20, algorithm).await.len() < longest);
            }
        }
    }

    #[tokio::test]
    async fn no_session_of_an_observed_site_is_longer_than_the_longest() {
        for count in [1, 2, 30] {
            let mut site = site(count);
            let enforced = longest_session(&site);
            // NOW is on 2027-01-15.
            site.enforcement = "observe until 2027-02-01".parse().unwrap();
            let longest = longest_session(&site);
            assert!(longest > enforced, "it carries two scopes");
            assert_eq!(minted(&site, ISSUER_BYTES, SigningAlgorithm::Rs256).await.len(), longest);
        }
    }

    /// The limits in docs/sites.md.
    #[test]
    fn the_limits_are_4_and_7_kib() {
        assert_eq!([LARGE_SESSION_BYTES, MAX_SESSION_BYTES], [4_096, 7_168]);
    }

    #[tokio::test]
    async fn a_site_within_the_limit_gives_no_session_above_it() {
        let (mut within, mut above) = (0, 0);
        for count in 75..100 {
            let site = site(count);
            let session = minted(&site, ISSUER_BYTES, SigningAlgorithm::Rs256).await;
            let is_within = longest_session(&site) <= MAX_SESSION_BYTES;
            assert_eq!(check_size(&session).is_ok(), is_within, "{count} catalogues");
            within += usize::from(is_within);
            above += usize::from(!is_within);
        }
        assert!(within > 0 && above > 0, "{within} {above}");
        let text = check_size(&"x".repeat(7_169)).unwrap_err().to_string();
        assert_eq!(text, "the session has 7169 bytes, and at most 7168 are issued");
        assert!(check_size(&"x".repeat(7_168)).is_ok());
    }
}
