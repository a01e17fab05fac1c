//! Runs: plan, then carry out.
//!
//! Keeps true: a plan is pure and printable, and carrying it out decides nothing; every run is on
//! record; what failed published nothing.
//! Does not know: the terminal.

mod backfill;
mod claim;
mod ending;
mod execute;
mod leases;
mod made;
mod missing;
mod models;
mod perform;
mod plan;
mod record;
mod rejects;
mod restate;
mod trial;
mod upkeep;
mod workspace;
#[cfg(test)]
mod years_tests;

pub use backfill::{Backfill, last_backfill, new_backfill, run_backfill};
pub use claim::{Claim, Run};
pub use execute::{Event, Made, Outcome, Progress, Rows, compute, rows};
pub use perform::{perform, run_checks};
pub use plan::{PipelinePlan, Plan, Request, plan, unread};
pub use rejects::{Rejects, settle_rejects};
pub use trial::{Documents, Trial, trial};
pub use upkeep::{Repaired, forget_ahead, plan_vacuum, repair, roll_back, table_sets, vacuum};
pub use workspace::Workspace;
