//! Run records: what every run did, kept in the lake.

use futures::{StreamExt, TryStreamExt, stream};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use serde::{Deserialize, Serialize};

use super::rejects::RejectCount;
use super::tables::Lake;
use crate::error::{Error, Kind, Result};
use crate::layout::{self, RECORDS};

/// Records read at a time.
const CONCURRENT_READS: usize = 16;

/// What one run did.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunRecord {
    /// Its id: the time it began and a few letters.
    pub id: String,
    /// How it stands.
    pub state: RunState,
    /// What it was asked to do: pipelines, or all.
    pub pipelines: Vec<String>,
    /// Of what they publish only that, where not all was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub select: Vec<String>,
    /// The day it is as of.
    pub as_of: String,
    /// The quarter that it was made for, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarter: Option<String>,
    /// The slot of the schedule that it was run for, as `pipeline/time`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// The run that it was to make good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<String>,
    /// When it began.
    pub started_at: String,
    /// When it ended.
    pub ended_at: Option<String>,
    /// The program's version.
    pub program: String,
    /// The lake's version it read.
    pub lake_version: Option<u64>,
    /// The versions it published, by destination.
    pub published: Vec<(String, u64)>,
    /// Its steps, in order.
    pub steps: Vec<StepRecord>,
    /// Its checks.
    pub checks: Vec<CheckRecord>,
    /// What was rejected, where for that it loaded nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<RejectCount>,
    /// Why it failed.
    pub error: Option<String>,
}

impl RunRecord {
    /// What it was asked to do, in words.
    #[must_use]
    pub fn asked(&self) -> String {
        let pipelines = self.pipelines.join(", ");
        if self.select.is_empty() {
            return pipelines;
        }
        format!("{pipelines} --select {}", self.select.join(" --select "))
    }
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Begun; a run that was killed stays so.
    Running,
    /// Done, something new was published or loaded.
    Done,
    /// Done, nothing had changed.
    UpToDate,
    /// Failed.
    Failed,
    /// Stopped by a signal.
    Interrupted,
}

/// One step: an export, a model, a table written.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepRecord {
    /// `load`, `model`, `publish`.
    pub kind: String,
    /// What it was about.
    pub name: String,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
    /// Counts of rows by what became of them.
    pub rows: Vec<(String, u64)>,
    /// Things to tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Files written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
}

/// One check.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckRecord {
    /// The table.
    pub table: String,
    /// What was promised.
    pub check: String,
    /// `passed`, `warned`, `failed`.
    pub outcome: String,
    /// Rows that break it.
    pub offenders: u64,
    /// Some of them, as text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<String>,
}

/// Writes `record`, in place of what stood under its id.
///
/// # Errors
/// When the store fails.
pub async fn write_record(lake: &Lake, record: &RunRecord) -> Result<()> {
    let bytes = serde_json::to_vec_pretty(record)?;
    let place = lake.set().place();
    let path = layout::record(&record.id);
    place.store.put(&path, bytes.into()).await.map_err(|error| place.failed(&path, error))?;
    Ok(())
}

/// Reads the record of run `id`.
///
/// # Errors
/// `Nothing` when there is none.
pub async fn read_record(lake: &Lake, id: &str) -> Result<RunRecord> {
    let path = layout::record(id);
    let result = lake.set().store().get(&path).await.map_err(|error| match error {
        object_store::Error::NotFound { .. } => {
            Error::new(Kind::Nothing, format!("run \"{id}\" is not on record"))
                .hint("list them with \"pobudka runs\"")
        }
        other => lake.set().place().failed(&path, other),
    })?;
    Ok(serde_json::from_slice(&result.bytes().await?)?)
}

/// Reads all records, newest first.
///
/// # Errors
/// When the store fails.
pub async fn read_records(lake: &Lake) -> Result<Vec<RunRecord>> {
    let folder = Path::from(RECORDS);
    let store = lake.set().store();
    let objects: Vec<_> = store.list(Some(&folder)).try_collect().await?;
    let reads = objects.into_iter().map(|object| async move {
        let bytes = store.get(&object.location).await?.bytes().await?;
        Ok::<RunRecord, Error>(serde_json::from_slice(&bytes)?)
    });
    let mut records: Vec<RunRecord> =
        stream::iter(reads).buffered(CONCURRENT_READS).try_collect().await?;
    records.sort_by(|left, right| right.id.cmp(&left.id));
    Ok(records)
}
