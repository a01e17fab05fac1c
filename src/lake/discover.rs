//! Which exports are new: the folder against the ledger.

use std::collections::HashMap;

use super::cover::{Standing, months};
use super::ledger::{Entry, Ledger, Takes};
use crate::config::FORM;
use crate::config::pipeline::{Fetch, Load, Source};
use crate::error::{Error, Kind, Result};
use crate::pull::cover::named_cover;
use crate::pull::fetch::{self, Export, by_name};
use crate::store::Stores;

/// What was found for one source.
#[derive(Debug, Clone)]
pub struct Discovery {
    /// Exports to read, by name.
    pub new: Vec<Found>,
    /// Exports whose content is known.
    pub known: usize,
}

/// An export to read.
#[derive(Debug, Clone)]
pub struct Found {
    /// The file.
    pub export: Export,
    /// Why it is to be read.
    pub why: Why,
    /// What it takes the place of, as far as names tell before it is read.
    pub replaces: Vec<Replaced>,
}

/// What another export brought, and a new one takes the place of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// The export that brought it.
    pub export: String,
    /// The month, where the new one stands for months.
    pub period: Option<String>,
    /// The rows that the export brought, of whatever month.
    pub rows: u64,
}

/// Why an export is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Nothing of the kind was loaded.
    New,
    /// A file of this name was loaded with other content.
    Changed,
    /// The same content was read by another declaration.
    Redeclared,
}

impl Why {
    /// In a word, for plans.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Redeclared => "declared otherwise",
        }
    }
}

/// Compares the exports of `source` with `ledger`.
///
/// # Errors
/// When the folder cannot be read, or nothing matches and the declaration does not allow that.
pub async fn discover(source: &Source, stores: &Stores, ledger: &Ledger) -> Result<Discovery> {
    let exports = match fetch::list(source, stores).await {
        Err(error) if error.kind == Kind::Nothing && source.allow_empty => Vec::new(),
        listed => listed.map_err(|error| error.at(format!("source \"{}\"", source.name)))?,
    };
    if let (Fetch::Files { url, pattern, .. }, true) = (&source.fetch, exports.is_empty())
        && !source.allow_empty
    {
        return Err(Error::new(
            Kind::Nothing,
            format!("source \"{}\": no file in \"{url}\" matches \"{pattern}\"", source.name),
        )
        .hint("correct url or pattern, or write allow_empty: true"));
    }
    let known = Known::new(ledger.of(&source.name));
    let standing = Standing::new(std::iter::once(source), ledger);
    let mut discovery = Discovery { new: Vec::new(), known: 0 };
    for export in counting(source, exports, ledger.of(&source.name)) {
        match why(&export, source, &known).await? {
            Some(Why::Changed) if matches!(source.load, Load::Append) => {
                return Err(Error::new(
                    Kind::Supplier,
                    format!(
                        "source \"{}\": export \"{}\" was loaded with other content",
                        source.name, export.name
                    ),
                )
                .hint(
                    "load: append takes each export once: give the new rows a name of their own",
                ));
            }
            // Read again, its rows would meet themselves.
            Some(Why::Redeclared) if matches!(source.load, Load::Append) => discovery.known += 1,
            Some(why) => {
                let replaces = replaced(source, &export.name, &standing, ledger);
                discovery.new.push(Found { export, why, replaces });
            }
            None => discovery.known += 1,
        }
    }
    Ok(discovery)
}

/// What an export of `name` takes the place of.
fn replaced(
    source: &Source,
    name: &str,
    standing: &Standing<'_>,
    ledger: &Ledger,
) -> Vec<Replaced> {
    let replaced = |entry: &Entry, period: Option<&String>| Replaced {
        export: entry.name.clone(),
        period: period.cloned(),
        rows: entry.loaded,
    };
    match Takes::by(&source.load) {
        Takes::Periods => {
            let Some(cover) = named_cover(source, name) else { return Vec::new() };
            let months = months(cover.first, cover.last);
            let entries = months.iter().flat_map(|month| {
                let standing = standing.of(&source.name, month);
                standing.filter(|entry| entry.part == cover.part).map(move |entry| (entry, month))
            });
            entries.map(|(entry, month)| replaced(entry, Some(month))).collect()
        }
        // Rows of other keys stay.
        Takes::Name => Vec::new(),
        Takes::All => {
            let live = ledger.of(&source.name).iter().filter(|entry| entry.is_live());
            live.map(|entry| replaced(entry, None)).collect()
        }
    }
}

/// What was loaded of a source, by what it is looked up by.
struct Known<'a> {
    last_by_name: HashMap<&'a str, &'a Entry>,
    by_size: HashMap<u64, Vec<&'a Entry>>,
}

impl<'a> Known<'a> {
    fn new(entries: &'a [Entry]) -> Self {
        let mut known = Self { last_by_name: HashMap::new(), by_size: HashMap::new() };
        for entry in entries {
            known.last_by_name.insert(&entry.name, entry);
            known.by_size.entry(entry.bytes).or_default().push(entry);
        }
        known
    }
}

/// The exports that count: of those of which each is everything the last by name, unless a later
/// one was loaded already.
fn counting(source: &Source, mut exports: Vec<Export>, entries: &[Entry]) -> Vec<Export> {
    if let Load::Replace { .. } = source.load {
        let live = entries.iter().filter(|entry| entry.is_live());
        let loaded = live.map(|entry| entry.name.as_str()).max_by(|one, other| by_name(one, other));
        let loaded = loaded.unwrap_or_default();
        exports.retain(|export| by_name(&export.name, loaded).is_ge());
        return exports.pop().into_iter().collect();
    }
    exports
}

/// Why `export` is to be read; `None` where its content is known.
///
/// A name that was loaded is judged by what it brought last; a new name is known where the same
/// content already stands for the same months.
async fn why(export: &Export, source: &Source, known: &Known<'_>) -> Result<Option<Why>> {
    let redeclared = |entry: &Entry| {
        // A digest of an older form says nothing about today's declaration.
        let comparable = entry.declaration.starts_with(FORM);
        let other = comparable && entry.declaration != source.digest;
        (entry.is_live() && other).then_some(Why::Redeclared)
    };
    if let Some(last) = known.last_by_name.get(export.name.as_str()) {
        let same_size = last.bytes == export.bytes;
        // A store's etag changes with the bytes; times are coarse, and copies keep them.
        let same_version = match (&last.etag, &export.etag) {
            (Some(then), Some(now)) => then == now,
            _ => last.modified_ms == export.modified_ms,
        };
        if same_size && same_version {
            return Ok(redeclared(last));
        }
        return Ok(
            if same_size && last.sha256 == export.sha256(source.most_unpacked_bytes).await? {
                redeclared(last)
            } else {
                Some(Why::Changed)
            },
        );
    }
    if let Some(entries) = known.by_size.get(&export.bytes) {
        let sha256 = export.sha256(source.most_unpacked_bytes).await?;
        let cover = named_cover(source, &export.name);
        let everything = matches!(source.load, Load::Replace { .. });
        let known = entries.iter().rev().find(|entry| {
            entry.sha256 == sha256
                && named_cover(source, &entry.name) == cover
                && (entry.is_live() || !everything)
        });
        if let Some(entry) = known {
            return Ok(redeclared(entry));
        }
    }
    Ok(Some(Why::New))
}
