//! The schedule: what is due, what was missed, one run for each slot.
//!
//! Keeps true: what is due is a pure function of declarations, journals, live runs and the time;
//! tokio-cron-scheduler only wakes the daemon. A slot that is done is never run again; one whose
//! run was lost is taken over; one that is left out has its reason on record.
//! Does not know: how a run works inside.

mod daemon;
mod due;
#[cfg(test)]
mod due_tests;
mod look;

pub use daemon::daemon;
pub use due::{Due, What, ahead, due, why};
pub use look::{Did, Ids, look, would};
