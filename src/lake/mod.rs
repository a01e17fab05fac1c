//! The lake: canonical tables, the ledger of exports, rejects, run records.
//!
//! For: loading exports exactly once, into all their tables together.
//! Keeps true: each (table, source, period) is one file sorted by key; a load becomes visible by
//! one swap of the head, ledger included.
//! Does not know: where rows came from, what queries will ask.

mod arriving;
mod claims;
mod commit;
mod cover;
mod discover;
mod intake;
mod jobs;
mod journal;
mod lease;
mod ledger;
mod load;
mod loading;
mod merge;
mod plan;
mod records;
mod rejects;
mod replay;
mod rows;
mod settle;
mod tables;

pub use discover::{Discovery, Found, Why, discover};
pub use journal::{Journal, Slot, SlotState, change, read_journal};
pub use lease::{Asked, Held, Holder, Lease, ask, read_lease};
pub use ledger::{EXPORTS, Entry, Ledger};
pub use load::{ExportReport, Loaded, load};
pub use loading::Loading;
pub use records::{
    CheckRecord, RunRecord, RunState, StepRecord, read_record, read_records, write_record,
};
pub use rejects::{REJECTS, RejectCount, rejects_schema};
pub use replay::{Replayed, discard, replay};
pub use tables::{Lake, period_name};
