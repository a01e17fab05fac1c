//! Which run it is, and the slot of the schedule that it is made for.

use super::workspace::Workspace;
use crate::error::{Error, Kind, Result};
use crate::lake::{Slot, change};

/// Times that a slot's run may find itself superseded before that counts as its failure.
const MAX_TRIES: usize = 3;

/// Which run it is.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// Its id.
    pub id: &'a str,
    /// The slot of the schedule that it is run for.
    pub claim: Option<&'a Claim<'a>>,
    /// The run that it is to make good.
    pub retries: Option<&'a str>,
}

/// The slot of the schedule that a run is made for.
#[derive(Debug, Clone)]
pub struct Claim<'a> {
    /// The pipeline.
    pub pipeline: &'a str,
    /// The slot, as yet unclaimed.
    pub slot: Slot,
    /// The run that it is taken over from.
    pub from: Option<String>,
}

impl Claim<'_> {
    /// The slot's name, as `pipeline/time`.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.pipeline, self.slot.due.format("%FT%RZ"))
    }

    /// Claims the slot for `run`, whose lease keeps others away by now.
    pub(super) async fn enter(&self, workspace: &Workspace, run: &str) -> Result<()> {
        let now = workspace.clock.now();
        let (_, ours) = change(&workspace.lake, self.pipeline, |journal| match &self.from {
            None => journal.claim(self.slot.clone(), run, now),
            Some(lost) => journal.take_over(self.slot.due, lost, run, now),
        })
        .await?;
        if ours { Ok(()) } else { Err(self.taken()) }
    }

    /// Says in the journal what came of the run; one that should be run again stays claimed. Gives
    /// the result, which is an error where the slot was taken over meanwhile.
    pub(super) async fn settle<T>(
        &self,
        workspace: &Workspace,
        run: &str,
        result: Result<T>,
    ) -> Result<T> {
        let failure = match &result {
            Ok(_) => None,
            Err(error) if matches!(error.kind, Kind::Interrupted(_)) => return result,
            Err(error) => Some(error),
        };
        let again = failure.is_some_and(|error| error.kind == Kind::Superseded);
        let failure = failure.map(|error| workspace.project.redactor.clean(&error.message));
        let now = workspace.clock.now();
        let (_, ours) = change(&workspace.lake, self.pipeline, |journal| {
            let tries = journal.open().map_or(0, |slot| slot.lost.len());
            (again && tries < MAX_TRIES)
                || journal.settle(self.slot.due, run, now, failure.as_deref())
        })
        .await?;
        if ours { result } else { result.and_then(|_| Err(self.taken())) }
    }

    fn taken(&self) -> Error {
        let (pipeline, due) = (self.pipeline, self.slot.due.format("%FT%RZ"));
        Error::new(
            Kind::Superseded,
            format!("slot {due} of pipeline \"{pipeline}\" was taken by another run"),
        )
        .hint("that run does it: see \"pobudka runs\"")
    }
}
