//! Commands about sites.

mod args;
mod check;
mod consent;
mod diff;
pub(crate) mod edited_from;
mod error;
mod faults;
mod files;
mod history;
mod list;
pub(crate) mod observation;
mod plan;
mod pull;
mod push;
mod relocate;
mod remove;
mod rewrite;
mod rollback;
mod show;
pub(crate) mod stored;

pub use self::{
    args::{
        CheckArgs, DiffArgs, HistoryArgs, MoveArgs, PullArgs, PushArgs, RemoveArgs, RenameArgs, RollbackArgs,
        ShowArgs, SiteCommand,
    },
    check::check,
    error::{PushError, SiteCommandError, StoreError},
    list::{SiteList, list},
    plan::{Change, Plan, Step, plan},
    push::{PushReport, push},
    stored::LookupError,
};

use crate::{GlobalArgs, Output, World, new};

/// Runs the command.
pub(crate) async fn run(
    command: &SiteCommand,
    global: &GlobalArgs,
    world: &mut World,
) -> Result<Output, SiteCommandError> {
    match command {
        SiteCommand::New(args) => Ok(new::run(args, world)?),
        SiteCommand::Check(args) => check::run(args, world),
        SiteCommand::Push(args) => push::run(args, global, world).await,
        SiteCommand::Pull(args) => pull::run(args, global, world).await,
        SiteCommand::List => list::run(global, world).await,
        SiteCommand::Show(args) => show::run(args, global, world).await,
        SiteCommand::Diff(args) => diff::run(args, global, world).await,
        SiteCommand::History(args) => history::run(args, global, world).await,
        SiteCommand::Rollback(args) => rollback::run(args, global, world).await,
        SiteCommand::Rename(args) => relocate::rename(args, global, world).await,
        SiteCommand::Move(args) => relocate::run(args, global, world).await,
        SiteCommand::Remove(args) => remove::run(args, global, world).await,
    }
}
