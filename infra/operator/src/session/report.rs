//! A session in words.

use std::fmt;

use pozi_auth::{
    session::{CLOCK_AHEAD, SessionContents, SessionRefusal},
    timestamp::Timestamp,
};
use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::signature::Signature;
use crate::{
    Exit,
    moments::{relative, rfc3339, utc},
    output,
    style::{BAD, CARE, GOOD, styled},
};

/// What a session says, and whether the service issued it.
#[derive(Debug)]
pub(super) struct Report {
    /// What it says.
    pub(super) contents: SessionContents,
    /// Whether the service issued it.
    pub(super) signature: Signature,
    /// The current time.
    pub(super) now: Timestamp,
}

impl Report {
    /// Returns how the program ends: wrong if a server would refuse the session.
    pub(super) fn exit(&self) -> Exit {
        let is_good = matches!(self.signature, Signature::NotVerified | Signature::Valid);
        if is_good && !self.is_expired() { Exit::Done } else { Exit::Wrong }
    }

    fn is_expired(&self) -> bool {
        self.contents.expires <= self.now
    }

    /// Returns a stable word for the signature, and a sentence.
    fn verdict(&self) -> (&'static str, String) {
        match &self.signature {
            Signature::NotVerified => {
                ("not_verified", "not verified, so anyone may have written this: name the service with --service URL or --stack NAME".to_owned())
            }
            Signature::KeysUnavailable(reason) => {
                ("keys_unavailable", format!("not verified, because the service's keys cannot be fetched: {reason}"))
            }
            Signature::Valid => ("valid", "valid: the service issued it, and a server of its site accepts it".to_owned()),
            Signature::Refused(refusal) => (refusal.code(), self.sentence(refusal)),
        }
    }

    fn sentence(&self, refusal: &SessionRefusal) -> String {
        match refusal {
            SessionRefusal::Expired => "the service issued it, and it has expired: servers answer 401, and the Web App gets a new one".to_owned(),
            SessionRefusal::NotYetValid => format!(
                "the service issued it, but for a time that is more than {} min away: this clock or the service's is wrong",
                CLOCK_AHEAD.as_secs() / 60
            ),
            SessionRefusal::UnknownKey => "refused: the service publishes no such key; it was revoked or removed, or the session is another service's".to_owned(),
            SessionRefusal::BadSignature => "refused: the signature does not match; the session is forged, or was changed or cut on its way".to_owned(),
            SessionRefusal::IssuerMismatch => format!("refused: it says that {} issued it", self.contents.issuer),
            other => format!("refused: {other}"),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = output::table(["", ""]);
        for (name, value) in self.rows() {
            table.add_row([name.to_owned(), value]);
        }
        // Without the empty headings.
        for line in table.to_string().lines().skip(1) {
            writeln!(f, "{}", line.trim_end())?;
        }
        let style = match self.signature {
            Signature::Valid if !self.is_expired() => GOOD,
            Signature::NotVerified | Signature::KeysUnavailable(_) => CARE,
            _ => BAD,
        };
        writeln!(f, "\nSignature: {}", styled(style, self.verdict().1))
    }
}

impl Report {
    /// Returns what each claim says, with its name in words.
    fn rows(&self) -> Vec<(&'static str, String)> {
        let session = &self.contents;
        let at = |time| format!("{} ({})", utc(time), relative(time, self.now));
        let person = session.subject.split_once('.').map_or(session.subject.as_str(), |(_, object)| object);
        let mut rows = vec![
            ("site", session.audience.clone()),
            ("tenant", session.tenant.to_string()),
            ("person", format!("{person} (object id)")),
        ];
        let permitted = session.scope.permissions().enumerate();
        rows.extend(permitted.map(|(index, permission)| {
            let name = if index == 0 { "may" } else { "" };
            let by_the_rules = session.enforced_scope.as_ref();
            let is_observed =
                by_the_rules.is_some_and(|rules| !rules.allows(&permission.catalogue, permission.access));
            let remark = if is_observed { " (only while the site is observed)" } else { "" };
            (name, format!("{} {}{remark}", permission.access, permission.catalogue))
        }));
        let decided =
            session.policy_revision.map(|revision| format!("revision {revision} of the site's document"));
        rows.extend(decided.map(|decided| ("decided by", decided)));
        let ends = at(session.expires);
        rows.extend([
            ("issued", at(session.issued)),
            if self.is_expired() { ("expired", styled(BAD, ends)) } else { ("expires", ends) },
            ("issued by", session.issuer.to_string()),
            ("for the client", session.client.to_string()),
            ("key", session.key_id.clone()),
            ("reference", format!("{0} (pozi audit {0})", session.id)),
        ]);
        rows
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let contents = &self.contents;
        let (code, sentence) = self.verdict();
        let mut report = serializer.serialize_struct("Report", 15)?;
        report.serialize_field("site", &contents.audience)?;
        report.serialize_field("tenant", &contents.tenant.to_string())?;
        report.serialize_field("subject", &contents.subject)?;
        report.serialize_field("scope", &contents.scope.to_string())?;
        report
            .serialize_field("enforced_scope", &contents.enforced_scope.as_ref().map(ToString::to_string))?;
        report.serialize_field("policy_revision", &contents.policy_revision)?;
        report.serialize_field("issued", &rfc3339(contents.issued))?;
        report.serialize_field("expires", &rfc3339(contents.expires))?;
        report.serialize_field("is_expired", &self.is_expired())?;
        report.serialize_field("issuer", &contents.issuer)?;
        report.serialize_field("client", &contents.client.to_string())?;
        report.serialize_field("kid", &contents.key_id)?;
        report.serialize_field("jti", &contents.id.to_string())?;
        report.serialize_field("signature", code)?;
        report.serialize_field("message", &sentence)?;
        report.end()
    }
}
