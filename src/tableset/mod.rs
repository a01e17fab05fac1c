//! Table sets: immutable files, a manifest per version, one head changed by compare-and-swap.
//!
//! For: the lake and every publication, which share this protocol.
//! Keeps true: a reader that goes head → manifest → files sees one whole version, always; what a
//! head ever named stays until `vacuum` takes it; a writer that was killed leaves only files that
//! no manifest names.
//! Does not know: what rows mean, or which of the two uses it.
//!
//! ```text
//! <set>/_head.json                          {version, manifest, run}: the commit
//! <set>/_log/<version, 8 digits>-<run>.json a manifest
//! <set>/_tmp/                               unfinished files
//! <set>/…                                   files, named by those who use the set
//! ```

mod commit;
#[cfg(test)]
mod made_up;
mod manifest;
mod repair;
mod set;
mod vacuum;
mod verify;

pub use commit::{Change, Committed};
pub use manifest::{Column, DataFile, Head, MadeBy, Manifest, Table};
pub use repair::{Health, Look, health, missing, restore};
pub use set::TableSet;
pub use vacuum::{Garbage, Sweep, remove, sweep};
pub use verify::verify;
