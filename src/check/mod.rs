//! Promises about tables, as queries whose rows are the offenders.
//!
//! Keeps true: a check that could not run counts as failed.
//! Does not know: what a failed check leads to.

mod promise;
mod run;

pub use promise::reads;
pub use run::{Checked, Outcome, run};
