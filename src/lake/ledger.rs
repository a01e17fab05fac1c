//! The ledger: every export that was ever loaded, and what of it is live.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::config::pipeline::Load;
use crate::error::Result;
use crate::tableset::Manifest;

/// All entries, in the order of loading.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// One for each export.
    pub exports: Vec<Entry>,
}

/// One export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The source.
    pub source: String,
    /// Its path below the source's folder.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// When it was last written, in milliseconds since 1970.
    pub modified_ms: u64,
    /// The version that its store gave it, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The SHA-256 of its bytes.
    pub sha256: String,
    /// The headers of its columns, in their order: what raw rows are read by again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub header: Vec<String>,
    /// The digest of the declaration that it was read by.
    pub declaration: String,
    /// The periods that its rows stand for and that no later export has replaced.
    pub periods: BTreeSet<String>,
    /// Its part of those periods; empty without parts.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub part: String,
    /// Rows in the file.
    pub read: u64,
    /// Rows that every table took.
    pub loaded: u64,
    /// Rows rejected, by fault and by rule.
    pub rejected: u64,
    /// Rejected rows that were given up by hand, of those above.
    #[serde(default, skip_serializing_if = "is_none")]
    pub discarded: u64,
    /// Rows left out by rule.
    pub skipped: u64,
    /// Titles, headers, totals, blank rows, repeated keys.
    pub recognised: u64,
    /// Whether it still stands.
    pub status: Status,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde hands over a reference
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// Whether an export still stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Its rows are in the lake.
    Live,
    /// The export with this SHA-256 has taken its place.
    ReplacedBy(String),
}

impl Entry {
    /// The short name of its content, as rows carry it.
    #[must_use]
    pub fn short(&self) -> &str {
        self.sha256.get(..16).unwrap_or(&self.sha256)
    }

    /// Whether it stands.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.status == Status::Live
    }
}

/// What an export takes the place of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Of its part, the periods that it covers.
    Periods,
    /// What a file of its name brought.
    Name,
    /// Everything that its source brought.
    All,
}

impl Takes {
    /// What an export of a source with `load` takes the place of.
    #[must_use]
    pub fn by(load: &Load) -> Self {
        match load {
            Load::ReplacePeriod { .. } => Self::Periods,
            Load::Upsert | Load::Append => Self::Name,
            Load::Replace { .. } => Self::All,
        }
    }
}

impl Ledger {
    /// The ledger that `manifest` carries.
    ///
    /// # Errors
    /// When it is not one.
    pub fn of(manifest: &Manifest) -> Result<Self> {
        if manifest.extra.is_null() {
            return Ok(Self::default());
        }
        Ok(serde_json::from_value(manifest.extra.clone())?)
    }

    /// The ledger as a manifest carries it.
    ///
    /// # Errors
    /// Never in practice: it is plain data.
    pub fn to_extra(&self) -> Result<serde_json::Value> {
        Ok(serde_json::to_value(self)?)
    }

    /// Enters `entry`: of live entries of its source, what it takes the place of passes to it.
    pub fn enter(&mut self, entry: Entry, takes: Takes) {
        let same = |other: &Entry| other.source == entry.source && other.is_live();
        for other in self.exports.iter_mut().filter(|other| same(other)) {
            let before = other.periods.len();
            if takes == Takes::Periods && other.part == entry.part {
                other.periods.retain(|period| !entry.periods.contains(period));
            }
            let emptied = before > 0 && other.periods.is_empty();
            let replaced = match takes {
                Takes::Periods => emptied,
                Takes::Name => emptied || other.name == entry.name,
                Takes::All => true,
            };
            if replaced {
                other.status = Status::ReplacedBy(entry.sha256.clone());
            }
        }
        self.exports.push(entry);
    }
}
