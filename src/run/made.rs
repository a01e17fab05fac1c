//! What publications were made from: one that is made of the same again stands, and nothing is
//! computed to know it.
//!
//! Keeps true: equal digests mean equal bytes of every table; a destination's manifest still decides
//! whether those bytes stand. What is remembered lies in the lake and may be lost: then all is computed.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::workspace::Workspace;
use crate::config::pipeline::Publish;
use crate::config::{Project, canonical};
use crate::digest::hex;
use crate::domain::calendar::to_date;
use crate::error::{Result, in_file};
use crate::layout;
use crate::publish::TableFiles;
use crate::store::{Edit, Register};
use crate::tableset::{MadeBy, Manifest};
use crate::transform::RESTATEMENTS;

/// The name of what is published for no quarter.
const NEWEST: &str = "newest";

/// What a destination's tables were made from: by the quarter that they are kept for, then by table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Made(BTreeMap<String, BTreeMap<String, Of>>);

/// What one table was made from, and what it became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Of {
    /// The digest of all that it depends on.
    from: String,
    /// The SHA-256 of its Parquet file.
    parquet: String,
}

fn register(workspace: &Workspace, destination: &str) -> Register<Made> {
    Register::new(workspace.lake.set().place(), layout::made(destination))
}

/// A digest of texts, each with its length.
#[derive(Default)]
struct Texts(Sha256);

impl Texts {
    fn add(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text);
    }

    fn digest(self) -> String {
        hex(&self.0.finalize())
    }
}

/// What the tables of `project` are made by, beside the rows of the lake.
///
/// # Errors
/// When a reference file cannot be read.
pub(super) fn by(project: &Project) -> Result<MadeBy> {
    let (mut settings, mut models) = (Texts::default(), Texts::default());
    // Of the same program equal settings have equal forms.
    settings.add(&format!("{:?} {}", project.settings, project.currency));
    models.add(env!("POBUDKA_SOURCES"));
    for model in project.models.values() {
        [&model.name, &model.layer, &model.sql].into_iter().for_each(|text| models.add(text));
    }
    for (name, path) in &project.references {
        models.add(name);
        models.add(&String::from_utf8_lossy(&std::fs::read(path).map_err(in_file(path))?));
    }
    Ok(MadeBy { settings: settings.digest(), models: models.digest() })
}

/// The digest of all that the tables of `publish` depend on which go to the destination that now is
/// `current`: the program, what is declared, the documents of `lake`, the day, and, where they are held
/// against kept quarters, those that were over by then.
///
/// # Errors
/// When a reference file cannot be read.
pub(super) fn digest<'a>(
    workspace: &Workspace,
    publish: impl Iterator<Item = &'a Publish>,
    as_of: NaiveDate,
    lake: &Manifest,
    current: &Manifest,
) -> Result<String> {
    let project = &workspace.project;
    let MadeBy { settings, models } = by(project)?;
    let mut texts = Texts::default();
    let mut add = |text: &str| texts.add(text);
    add(&settings);
    add(&models);
    add(&as_of.to_string());
    add(project.language.code());
    let publish: Vec<&Publish> = publish.collect();
    for entry in &publish {
        add(&format!("{entry:?}"));
    }
    add(&format!("{:?}", project.contracts));
    for model in project.check_queries.values() {
        [&model.name, &model.layer, &model.sql].into_iter().for_each(|text| add(text));
    }
    for table in canonical::TABLES {
        for file in lake.files(table.name) {
            [table.name, &file.part, &file.sha256].into_iter().for_each(&mut add);
        }
    }
    if publish.iter().any(|entry| entry.table == RESTATEMENTS) {
        let before = current.kept.iter().filter(|(quarter, _)| {
            let parsed = project.settings.fiscal.parse_quarter(quarter);
            parsed.is_some_and(|(_, last)| to_date(last) < as_of)
        });
        add(&serde_json::to_string(&before.collect::<BTreeMap<_, _>>())?);
    }
    Ok(texts.digest())
}

/// Whether all that `publish` names, made for the quarter `keep` where one is given, stands at its
/// destinations, made from the same as it would be now.
///
/// # Errors
/// When a store fails.
pub(super) async fn stands(
    workspace: &Workspace,
    publish: &[Publish],
    as_of: NaiveDate,
    keep: Option<&str>,
    lake: &Manifest,
) -> Result<bool> {
    let mut destinations: BTreeMap<&str, Vec<&Publish>> = BTreeMap::new();
    for entry in publish {
        destinations.entry(&entry.to).or_default().push(entry);
    }
    for (name, entries) in destinations {
        let current = workspace.destination(name)?.current().await?;
        let from = digest(workspace, entries.iter().copied(), as_of, lake, &current)?;
        let Ok(Some(Made(made))) = register(workspace, name).read().await else { return Ok(false) };
        let Some(made) = made.get(keep.unwrap_or(NEWEST)) else { return Ok(false) };
        let kept = keep.map(|quarter| current.kept.get(quarter));
        let stands = entries.iter().all(|entry| {
            let of = made.get(&entry.table).filter(|of| of.from == from);
            let kept = kept.is_none_or(|kept| kept.is_some_and(|it| it.contains_key(&entry.table)));
            let Some((of, table)) = of.zip(current.tables.get(&entry.table)) else { return false };
            let same = table.files.iter().any(|file| file.sha256 == of.parquet);
            // A quarter that is kept leaves newer tables as they are.
            let newer = keep.is_some() && table.as_of.as_deref() > Some(as_of.to_string().as_str());
            kept && (same || newer)
        });
        if !stands {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Remembers that the tables `files` of a destination were made `from` that, for the quarter `keep`
/// where one is given.
///
/// # Errors
/// When the lake's store fails.
pub(super) async fn remember(
    workspace: &Workspace,
    destination: &str,
    keep: Option<&str>,
    from: &str,
    files: &[TableFiles],
) -> Result<()> {
    let remembered = |found: Option<Made>| {
        let mut made = found.unwrap_or_default();
        let tables = made.0.entry(keep.unwrap_or(NEWEST).to_owned()).or_default();
        for file in files {
            let (from, parquet) = (from.to_owned(), file.written.sha256.clone());
            tables.insert(file.name.clone(), Of { from, parquet });
        }
        std::future::ready(Ok(Edit::Write(made, ())))
    };
    register(workspace, destination).update(remembered).await
}
