//! The record of a run while it is under way.

use std::sync::{Mutex, PoisonError};

use super::workspace::Workspace;
use crate::check::{self, Checked};
use crate::lake::{CheckRecord, RunRecord};
use crate::transform::Reads;

/// The time, as records write it.
pub(super) fn now(workspace: &Workspace) -> String {
    workspace.clock.now().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The record of a run that is under way.
pub(super) struct Recording(Mutex<RunRecord>);

impl Recording {
    pub(super) fn new(record: RunRecord) -> Self {
        Self(Mutex::new(record))
    }

    pub(super) fn edit(&self, edit: impl FnOnce(&mut RunRecord)) {
        edit(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn done(self) -> RunRecord {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a model's step says of its rows: what came out, what its plan went through, and how often.
pub(super) fn profile(out: u64, reads: &[Reads]) -> Vec<(String, u64)> {
    let mut rows = vec![("out".to_owned(), out)];
    rows.push(("read".to_owned(), reads.iter().map(|read| read.rows).sum()));
    rows.extend(reads.iter().map(|read| (format!("scans {}", read.table), read.scans)));
    rows
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
