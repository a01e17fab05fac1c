//! The record of a run while it is under way.

use std::sync::{Mutex, PoisonError};

use super::workspace::Workspace;
use crate::check::{self, Checked};
use crate::lake::{CheckRecord, RunRecord, RunState, write_record};

/// The time, as records write it.
pub(super) fn now(workspace: &Workspace) -> String {
    workspace.clock.now().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The record of a run that is under way; a run that is dropped leaves it as interrupted.
pub(super) struct Interrupted<'a> {
    record: Mutex<RunRecord>,
    workspace: &'a Workspace,
    armed: bool,
}

impl<'a> Interrupted<'a> {
    /// A record that says so if the run is dropped from here on.
    pub(super) fn new(record: RunRecord, workspace: &'a Workspace) -> Self {
        Self { record: Mutex::new(record), workspace, armed: true }
    }

    pub(super) fn edit(&self, edit: impl FnOnce(&mut RunRecord)) {
        edit(&mut self.record.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn disarm(mut self) -> RunRecord {
        self.armed = false;
        self.record.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Interrupted<'_> {
    fn drop(&mut self) {
        if !self.armed {
            return;
        }
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner).clone();
        record.state = RunState::Interrupted;
        record.ended_at = Some(now(self.workspace));
        // Dropping cannot wait for the store; a local store needs no waiting.
        let _ = futures::FutureExt::now_or_never(write_record(&self.workspace.lake, &record));
    }
}

/// A check in words, for errors and notes.
pub(super) fn told(check: &Checked) -> String {
    let samples: String = check.samples.iter().map(|sample| format!("\n    {sample}")).collect();
    format!(
        "table \"{}\" check {}: {} offenders{samples}",
        check.table, check.check, check.offenders
    )
}

/// A check as the run's record keeps it.
pub(super) fn record(check: &Checked) -> CheckRecord {
    CheckRecord {
        table: check.table.clone(),
        check: check.check.clone(),
        outcome: match check.outcome {
            check::Outcome::Passed => "passed",
            check::Outcome::Warned => "warned",
            check::Outcome::Failed => "failed",
        }
        .to_owned(),
        offenders: check.offenders,
        samples: check.samples.clone(),
    }
}
