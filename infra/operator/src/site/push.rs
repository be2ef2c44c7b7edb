//! `pozi push`: shows who gains and who loses, asks, and writes each document that changed, on condition that the stored
//! revision is still the one that was read, and that no other site has its external URL or its name.

use std::{
    fmt::{self, Write as _},
    fs,
    path::PathBuf,
};

use pozi_auth::{
    adapters::LoadError,
    revision::Revision,
    sites::SiteFile,
    tenants::{AllTenants, Edit, RegistryError, SiteStore, SiteStoreError},
    timestamp::Timestamp,
};
use serde::Serialize;

use super::{
    args::PushArgs,
    consent, edited_from,
    error::{PushError, SiteCommandError},
    files::read,
    observation,
    plan::{Change, Plan, Step, plan},
};
use crate::moments;
use crate::{
    Exit, GlobalArgs, Output, Service, World,
    changes::Changes,
    style::{CARE, HEADING, styled},
};

/// What a push did, or would do.
#[derive(Debug, Serialize)]
pub struct PushReport {
    state: State,
    warnings: Vec<String>,
    sites: Vec<PushedSite>,
    #[serde(skip)]
    shows_changes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Unchanged,
    Planned,
    Written,
    Declined,
    WouldWiden,
}

#[derive(Debug, Serialize)]
struct PushedSite {
    site: String,
    #[serde(flatten)]
    change: Change,
    stored: Option<Revision>,
    replaces: Option<Replaced>,
    changes: Changes,
}

#[derive(Debug, Serialize)]
struct Replaced {
    by: String,
    at: Timestamp,
}

/// Runs the command.
pub(super) async fn run(
    args: &PushArgs,
    global: &GlobalArgs,
    world: &mut World,
) -> Result<Output, SiteCommandError> {
    let files = read(&args.files)?;
    let service = Service::connect(global, world).await?;
    let table = service.table()?;
    let stored = world.watching("reading the stored sites", table.all()).await;
    let stored = stored.map_err(|error| PushError::Read(error.into()))?;
    let plan =
        plan(&files, &stored, world.now).map_err(|errors| PushError::Files(LoadError::Faulty(errors)))?;
    let mut report = PushReport::of(&plan, world.now);
    if !plan.writes() {
        report.state = State::Unchanged;
    }
    if args.dry_run || !plan.writes() {
        return Ok(Output::new(&report));
    }
    if args.only_if_nobody_gains && report.sites.iter().any(|site| site.changes.is_wider()) {
        report.state = State::WouldWiden;
        return Ok(Output::ending(&report, Exit::Declined));
    }
    if !consent::given(world, args.consent, &report, "Store this?")? {
        report.state = State::Declined;
        report.shows_changes = false;
        return Ok(Output::ending(&report, Exit::Declined));
    }
    let edit = Edit { by: service.operator().await?, at: world.now, note: None };
    report.state = State::Written;
    report.shows_changes = world.answers.is_none();
    report.record_stored(&write(&table, &plan, &edit).await?);
    Ok(Output::new(&report))
}

/// Writes the steps of `plan` to `table`, and moves on the revisions that the files say they were edited from.
///
/// Returns the stored revision of each.
async fn write(table: &impl SiteStore, plan: &Plan, edit: &Edit) -> Result<Vec<Revision>, PushError> {
    let (mut done, mut stored) = (String::new(), Vec::new());
    for step in &plan.steps {
        let site = step.site.name.to_string();
        let written = write_step(table, step, edit).await;
        let revision = written.map_err(|source| PushError::Write {
            done: done.clone(),
            site: site.clone(),
            source: source.into(),
        })?;
        // Writing to a string cannot fail.
        let _ = writeln!(done, "{site}: {}", step.change.in_words(State::Written, Some(revision)));
        stored.push(revision);
        if step.edited_from.is_some() {
            let text = edited_from::put_together(&step.document, revision);
            let file = step.file.clone();
            fs::write(PathBuf::from(&file), text).map_err(|source| PushError::File {
                site,
                revision,
                file,
                source,
            })?;
        }
    }
    Ok(stored)
}

async fn write_step(table: &impl SiteStore, step: &Step, edit: &Edit) -> Result<Revision, SiteStoreError> {
    let Step { site, document, change, .. } = step;
    match change {
        Change::New => table.put(site, document, None, edit).await,
        Change::Replaces { revision } => table.put(site, document, Some(*revision), edit).await,
        Change::Claims { revision } => table.claim(site, *revision).await.map(|()| *revision),
        Change::Unchanged { revision } => Ok(*revision),
    }
}

impl PushReport {
    fn of(plan: &Plan, now: Timestamp) -> Self {
        let invalid = plan.invalid.iter().map(|error| format!("a stored document is not valid: {error}"));
        let writing = plan.steps.iter().filter(|step| step.change.changes_document());
        let observed = writing.filter_map(|step| observation::warning(&step.site, now));
        let pushed = |step: &Step| PushedSite {
            site: step.site.name.to_string(),
            change: step.change,
            stored: None,
            replaces: step.replaces.as_ref().map(|edit| Replaced { by: edit.by.clone(), at: edit.at }),
            changes: step.changes(),
        };
        Self {
            state: State::Planned,
            warnings: plan.warnings.iter().map(ToString::to_string).chain(invalid).chain(observed).collect(),
            sites: plan.steps.iter().map(pushed).collect(),
            shows_changes: true,
        }
    }
}

impl PushReport {
    fn record_stored(&mut self, revisions: &[Revision]) {
        for (site, revision) in self.sites.iter_mut().zip(revisions) {
            site.stored = Some(*revision);
        }
    }
}

impl fmt::Display for PushReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for warning in &self.warnings {
            writeln!(f, "{}: {warning}", styled(CARE, "warning"))?;
        }
        for site in &self.sites {
            write!(f, "{}: {}", styled(HEADING, &site.site), site.change.in_words(self.state, site.stored))?;
            match &site.replaces {
                Some(replaced) if self.shows_changes => {
                    writeln!(f, " (stored {} by {})", moments::utc(replaced.at), replaced.by)?;
                }
                _ => writeln!(f)?,
            }
            if self.shows_changes && site.change.changes_document() {
                for line in site.changes.to_string().lines() {
                    writeln!(f, "  {line}")?;
                }
            }
        }
        match self.state {
            State::Declined => writeln!(f, "Nothing was written."),
            State::WouldWiden => {
                writeln!(
                    f,
                    "Nothing was written, because somebody would gain access, or a setting could widen it."
                )
            }
            State::Unchanged | State::Planned | State::Written => Ok(()),
        }
    }
}

impl Change {
    fn in_words(self, state: State, stored: Option<Revision>) -> String {
        let written = state == State::Written;
        let would = if written { "" } else { "would be " };
        match self {
            Self::New => match stored {
                Some(stored) => format!("created as revision {stored}"),
                None => format!("{would}created"),
            },
            Self::Replaces { revision } => {
                format!("{would}updated from revision {revision} to {}", Revision::after(Some(revision)))
            }
            Self::Claims { revision } => {
                let claimed = if written { "are claimed" } else { "would be claimed" };
                format!("unchanged at revision {revision}; its external URL and its name {claimed}")
            }
            Self::Unchanged { revision } => format!("unchanged at revision {revision}"),
        }
    }

    fn changes_document(self) -> bool {
        matches!(self, Self::New | Self::Replaces { .. })
    }
}

/// Plans the push of `files` and writes it at once.
pub async fn push<T: AllTenants + SiteStore>(
    table: &T,
    files: &[SiteFile],
    edit: &Edit,
) -> Result<PushReport, PushError> {
    let stored = table.all().await.map_err(|error: RegistryError| PushError::Read(error.into()))?;
    let plan = plan(files, &stored, edit.at).map_err(|errors| PushError::Files(LoadError::Faulty(errors)))?;
    let mut report =
        PushReport { state: State::Written, shows_changes: false, ..PushReport::of(&plan, edit.at) };
    report.record_stored(&write(table, &plan, edit).await?);
    Ok(report)
}
