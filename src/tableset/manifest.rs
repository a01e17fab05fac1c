//! What a head and a manifest say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::layout::file_name;

/// The one object that changes: which version is current. Version 0 has no tables.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// 1, 2, 3, ….
    pub version: u64,
    /// The manifest's path.
    pub manifest: String,
    /// The run that committed it.
    pub run: String,
    /// Runs that lost their lease and may swap no more; the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fenced: Vec<String>,
}

/// One version of a table set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The format of this document.
    pub format: u32,
    /// 1, 2, 3, ….
    pub version: u64,
    /// The manifest that it was made from.
    pub parent: Option<String>,
    /// The run that made it.
    pub run: String,
    /// When, for people: no reader decides by it.
    pub written_at: String,
    /// Its tables.
    pub tables: BTreeMap<String, Table>,
    /// Tables kept for good as they were first committed, by the name they are kept under: of a
    /// publication the quarters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub kept: BTreeMap<String, BTreeMap<String, Table>>,
    /// The lake's ledger, in manifests of the first format; in later ones it is a table.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub extra: serde_json::Value,
}

/// One table of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The run that made it.
    pub run: String,
    /// The day it is as of, as YYYY-MM-DD.
    pub as_of: Option<String>,
    /// The version of the lake it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lake_version: Option<u64>,
    /// What it was made by, beside the rows of the lake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_by: Option<MadeBy>,
    /// Its columns.
    pub schema: Vec<Column>,
    /// Its key or grain.
    pub key: Vec<String>,
    /// What of it is not available, and why, as `not available: no contacts`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_available: Vec<String>,
    /// Its files, sorted by path.
    pub files: Vec<DataFile>,
}

/// Digests of what a table was made by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MadeBy {
    /// Of the settings of the domain.
    pub settings: String,
    /// Of the program, its models and their reference files.
    pub models: String,
}

/// A column as published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
}

/// One immutable file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataFile {
    /// Its path in the set.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its rows.
    pub rows: u64,
    /// The SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// The part of the table that it holds, as `sales_1c/2026-06`; empty for a whole table.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub part: String,
}

/// The format that this program writes; it reads those before it too.
///
/// | format | what it brought |
/// |---|---|
/// | 1 | tables, kept tables, the ledger under `extra` |
/// | 2 | the ledger as the table `exports` |
/// | 3 | what a table was made by |
pub(super) const FORMAT: u32 = 3;

impl Table {
    /// The SHA-256s of its files, in order of path ending, for "is it the same?".
    #[must_use]
    pub fn digests(&self) -> Vec<(&str, &str)> {
        self.files.iter().map(|file| (file_name(&file.path), file.sha256.as_str())).collect()
    }

    /// Whether it was made of a newer day or a newer lake than `other`.
    #[must_use]
    pub fn is_newer_than(&self, other: &Self) -> bool {
        self.lake_version > other.lake_version || self.as_of > other.as_of
    }
}

impl DataFile {
    /// Of its part, what stands before the first `/`: of a lake's the source.
    #[must_use]
    pub fn source(&self) -> &str {
        self.part.split_once('/').map_or("", |(source, _)| source)
    }
}

impl Manifest {
    /// Its tables by name, kept ones too.
    pub fn all_tables(&self) -> impl Iterator<Item = (&String, &Table)> {
        self.tables.iter().chain(self.kept.values().flatten())
    }

    /// The paths of all files that its tables name, kept ones too.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.all_tables().flat_map(|(_, table)| &table.files).map(|file| file.path.as_str())
    }

    /// The files of its table `name`; none where it has no such table.
    #[must_use]
    pub fn files(&self, name: &str) -> &[DataFile] {
        self.tables.get(name).map_or(&[], |table| &table.files)
    }
}
