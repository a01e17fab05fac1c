//! Reading the head and swapping it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, UpdateVersion};

use super::layout::{HEAD, manifest_path};
use super::manifest::{FORMAT, Head, Manifest, Table};
use crate::error::{Error, Kind, Result};
use crate::store::Place;

/// Attempts at swapping the head while others swap it too.
const MAX_SWAPS: usize = 16;

/// Runs that a head remembers as fenced: more never were paused at once, and still live.
const MAX_FENCED: usize = 256;

/// A table set in a store.
#[derive(Debug, Clone)]
pub struct TableSet {
    place: Place,
}

/// A version with what is needed to swap it.
#[derive(Debug, Clone, Default)]
struct Current {
    head: Option<Head>,
    version: Option<UpdateVersion>,
    manifest: Manifest,
    fenced: Vec<String>,
}

/// What a run changes: tables to put in place of the parent's, and the new `extra`.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// The run.
    pub run: String,
    /// The tables it made, whole.
    pub tables: BTreeMap<String, Table>,
    /// What the set's user keeps beside the tables; `None` carries the parent's over.
    pub extra: Option<serde_json::Value>,
    /// The version that was current when the run began.
    pub base: u64,
    /// Whether the change was computed from `base` and is void on any other version.
    pub bound: bool,
    /// Whether it may not take the place of newer tables even where those were there before it
    /// began: only who names a day goes back.
    pub late: bool,
    /// The name under which its tables are kept for good, unless that is taken. Such a change
    /// leaves newer tables of the set as they are.
    pub keep: Option<String>,
}

/// What came of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// This version is now, or was already, ours.
    Version(u64),
    /// Another run moved the head since the change was computed.
    Moved(u64),
}

impl TableSet {
    /// The table set at `place`.
    #[must_use]
    pub fn new(place: Place) -> Self {
        Self { place }
    }

    /// Where it lies.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.place.store
    }

    /// The set's place, for messages.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.place.url
    }

    /// The current head; `None` before the first commit.
    ///
    /// # Errors
    /// When the store fails or the head is not one.
    pub async fn head(&self) -> Result<Option<Head>> {
        Ok(self.read_head().await?.map(|(head, _)| head).filter(|head| head.version > 0))
    }

    async fn read_head(&self) -> Result<Option<(Head, UpdateVersion)>> {
        let result = match self.store().get(&Path::from(HEAD)).await {
            Ok(result) => result,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(Error::from(error).at(format!("head of \"{}\"", self.url()))),
        };
        let version = UpdateVersion {
            e_tag: result.meta.e_tag.clone(),
            version: result.meta.version.clone(),
        };
        let head = serde_json::from_slice(&result.bytes().await?)
            .map_err(|error| Error::from(error).at(format!("head of \"{}\"", self.url())))?;
        Ok(Some((head, version)))
    }

    /// The manifest at `path`.
    ///
    /// # Errors
    /// When it is missing, or of a format that this program does not know.
    pub async fn manifest(&self, path: &str) -> Result<Manifest> {
        let at = || format!("manifest \"{path}\" of \"{}\"", self.url());
        let read = async { self.store().get(&Path::from(path)).await?.bytes().await };
        let bytes = read.await.map_err(|error| Error::from(error).at(at()))?;
        let manifest: Manifest =
            serde_json::from_slice(&bytes).map_err(|error| Error::from(error).at(at()))?;
        if manifest.format != FORMAT {
            let found = manifest.format;
            return Err(Error::new(
                Kind::Declaration,
                format!("{}: format {found}, expected {FORMAT}", at()),
            )
            .hint("use the version of pobudka that wrote it, or a newer one"));
        }
        Ok(manifest)
    }

    /// The current version; an empty one before the first commit.
    ///
    /// # Errors
    /// As [`TableSet::head`] and [`TableSet::manifest`].
    pub async fn current(&self) -> Result<Manifest> {
        Ok(self.read_current().await?.manifest)
    }

    async fn read_current(&self) -> Result<Current> {
        let Some((head, version)) = self.read_head().await? else {
            return Ok(Current::default());
        };
        let fenced = head.fenced.clone();
        let manifest = self.manifest(&head.manifest).await?;
        Ok(Current { head: Some(head), version: Some(version), manifest, fenced })
    }

    /// Takes from `run`, which lost its lease, the right to swap the head: from here on its swap
    /// fails, wherever it was stopped. Before the first commit this makes an empty version 0.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn fence(&self, run: &str) -> Result<()> {
        for _ in 0..MAX_SWAPS {
            let (mut head, mode) = match self.read_head().await? {
                Some((head, version)) => (head, PutMode::Update(version)),
                None => (self.nothing(run).await?, PutMode::Create),
            };
            if head.fenced.iter().any(|fenced| fenced == run) {
                return Ok(());
            }
            head.fenced.push(run.to_owned());
            let surplus = head.fenced.len().saturating_sub(MAX_FENCED);
            head.fenced.drain(..surplus);
            let bytes = serde_json::to_vec(&head)?;
            // Whatever the reply: the head, read again, tells.
            let _ = self.store().put_opts(&Path::from(HEAD), bytes.into(), mode.into()).await;
        }
        Err(self.unsteady())
    }

    /// The head of an empty version 0, whose manifest is put here.
    async fn nothing(&self, run: &str) -> Result<Head> {
        let path = manifest_path(0, run);
        let manifest = Manifest { format: FORMAT, ..Manifest::default() };
        self.store().put(&path, serde_json::to_vec_pretty(&manifest)?.into()).await?;
        Ok(Head { manifest: path.to_string(), ..Head::default() })
    }

    fn unsteady(&self) -> Error {
        Error::new(
            Kind::Transient,
            format!("the head of \"{}\" moved {MAX_SWAPS} times while it was swapped", self.url()),
        )
        .hint("run again when fewer runs publish there")
    }

    /// Makes `change` the current version, on top of whatever others commit meanwhile.
    ///
    /// The data files of `change` must already lie in the store. A bound change gives
    /// [`Committed::Moved`] where the version is no longer its base.
    ///
    /// # Errors
    /// `Superseded` when another run holds one of our tables from a newer day or lake;
    /// `Transient` when the outcome could not be learnt: nothing is deleted then.
    pub async fn commit(&self, change: &Change, now: DateTime<Utc>) -> Result<Committed> {
        for _ in 0..MAX_SWAPS {
            let current = self.read_current().await?;
            if self.is_ours(change, &current).await? {
                return Ok(Committed::Version(current.manifest.version));
            }
            if current.fenced.contains(&change.run) {
                return Err(Error::new(
                    Kind::Superseded,
                    format!(
                        "run {} lost its lease before it could swap the head of \"{}\"",
                        change.run,
                        self.url()
                    ),
                )
                .hint("another run has taken its place: see \"pobudka runs\""));
            }
            if change.late && change.keep.is_none() {
                superseded(change, &current.manifest, Kind::Outdated)?;
            }
            if change.base != current.manifest.version {
                if change.bound {
                    return Ok(Committed::Moved(current.manifest.version));
                }
                if change.keep.is_none() {
                    superseded(change, &current.manifest, Kind::Superseded)?;
                }
            }
            let manifest = successor(change, &current, now);
            let path = manifest_path(manifest.version, &change.run);
            self.store().put(&path, serde_json::to_vec_pretty(&manifest)?.into()).await?;
            let head = Head {
                version: manifest.version,
                manifest: path.to_string(),
                run: change.run.clone(),
                fenced: current.fenced,
            };
            let mode = current.version.map_or(PutMode::Create, PutMode::Update);
            let bytes = serde_json::to_vec(&head)?;
            match self.store().put_opts(&Path::from(HEAD), bytes.into(), mode.into()).await {
                Ok(_) => return Ok(Committed::Version(head.version)),
                Err(error) => {
                    // The reply may be the echo of our own write: only the head tells.
                    let found =
                        self.read_current().await.map_err(|_| unknown(self.url(), error))?;
                    if self.is_ours(change, &found).await? {
                        return Ok(Committed::Version(found.manifest.version));
                    }
                }
            }
        }
        Err(self.unsteady())
    }

    /// Whether our run is the head or among its parents.
    async fn is_ours(&self, change: &Change, current: &Current) -> Result<bool> {
        let Some(head) = &current.head else {
            return Ok(false);
        };
        if head.run == change.run {
            return Ok(true);
        }
        let mut parent = current.manifest.parent.clone();
        for _ in 0..MAX_SWAPS {
            let Some(path) = parent else { break };
            let manifest = self.manifest(&path).await?;
            if manifest.run == change.run {
                return Ok(true);
            }
            parent = manifest.parent;
        }
        Ok(false)
    }
}

fn unknown(url: &str, error: object_store::Error) -> Error {
    Error::new(Kind::Transient, format!("whether the head of \"{url}\" was swapped is unknown"))
        .hint("nothing was deleted; run again, it will find out")
        .because(error)
}

/// Fails when the current version holds one of our tables from a newer day or lake.
fn superseded(change: &Change, current: &Manifest, kind: Kind) -> Result<()> {
    for (name, ours) in &change.tables {
        let Some(theirs) = current.tables.get(name) else {
            continue;
        };
        if theirs.is_newer_than(ours) {
            let told = |table: &Table| {
                let as_of = table.as_of.clone().unwrap_or_default();
                format!(
                    "as of {as_of} from version {} of the lake",
                    table.lake_version.unwrap_or(0)
                )
            };
            let when = if kind == Kind::Superseded { "meanwhile" } else { "already" };
            return Err(Error::new(
                kind,
                format!(
                    "table \"{name}\" was {when} published by run {}, {}; ours is {}",
                    theirs.run,
                    told(theirs),
                    told(ours)
                ),
            )
            .hint("run again: it will read the newer lake, or give --as-of of that day"));
        }
    }
    Ok(())
}

fn successor(change: &Change, current: &Current, now: DateTime<Utc>) -> Manifest {
    let mut tables = current.manifest.tables.clone();
    let mut kept = current.manifest.kept.clone();
    for (name, table) in &change.tables {
        let newer = tables.get(name).is_some_and(|theirs| theirs.is_newer_than(table));
        if !(change.keep.is_some() && newer) {
            tables.insert(name.clone(), table.clone());
        }
        // A name is kept once: what was first committed under it stays, table by table.
        if let Some(keep) = &change.keep {
            let kept = kept.entry(keep.clone()).or_default();
            kept.entry(name.clone()).or_insert_with(|| table.clone());
        }
    }
    tables.retain(|_, table| !table.files.is_empty());
    Manifest {
        format: FORMAT,
        version: current.manifest.version + 1,
        parent: current.head.as_ref().map(|head| head.manifest.clone()),
        run: change.run.clone(),
        written_at: now.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        tables,
        kept,
        extra: change.extra.clone().unwrap_or_else(|| current.manifest.extra.clone()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::DateTime;
    use object_store::memory::InMemory;

    use super::{Change, Committed, TableSet};
    use crate::error::Kind;
    use crate::store::Place;
    use crate::tableset::{DataFile, Table};

    fn change(run: &str, table: &str, lake_version: u64) -> Change {
        let file = DataFile {
            path: format!("data/{run}/{table}.parquet"),
            bytes: 1,
            rows: 1,
            sha256: run.to_owned(),
            part: String::new(),
        };
        let made = Table {
            run: run.to_owned(),
            as_of: None,
            lake_version: Some(lake_version),
            schema: Vec::new(),
            key: Vec::new(),
            not_available: Vec::new(),
            files: vec![file],
        };
        Change {
            run: run.to_owned(),
            tables: [(table.to_owned(), made)].into(),
            extra: None,
            base: 0,
            bound: false,
            late: false,
            keep: None,
        }
    }

    fn set() -> TableSet {
        TableSet::new(Place {
            store: Arc::new(InMemory::new()),
            url: "memory".to_owned(),
            server: None,
            local: true,
        })
    }

    #[tokio::test]
    async fn tables_that_a_run_did_not_make_are_carried_over() {
        let (set, now) = (set(), DateTime::UNIX_EPOCH);
        set.commit(&change("a", "one", 1), now).await.unwrap();
        set.commit(&change("b", "two", 1), now).await.unwrap();
        let current = set.current().await.unwrap();
        assert_eq!(current.version, 2);
        assert_eq!(current.tables["one"].run, "a");
        assert_eq!(current.tables["two"].run, "b");
    }

    #[tokio::test]
    async fn a_repeated_commit_recognises_itself() {
        let (set, now) = (set(), DateTime::UNIX_EPOCH);
        set.commit(&change("a", "one", 1), now).await.unwrap();
        set.commit(&change("b", "two", 1), now).await.unwrap();
        let again = set.commit(&change("a", "one", 1), now).await.unwrap();
        assert_eq!(again, Committed::Version(2));
        assert_eq!(set.head().await.unwrap().unwrap().version, 2);
    }

    #[tokio::test]
    async fn an_older_lake_does_not_overwrite_a_newer_one() {
        let (set, now) = (set(), DateTime::UNIX_EPOCH);
        set.commit(&change("new", "one", 5), now).await.unwrap();
        let error = set.commit(&change("old", "one", 4), now).await.unwrap_err();
        assert_eq!(error.kind, Kind::Superseded);
        assert_eq!(set.current().await.unwrap().tables["one"].run, "new");
    }

    #[tokio::test]
    async fn who_comes_late_does_not_go_back() {
        let (set, now) = (set(), DateTime::UNIX_EPOCH);
        set.commit(&change("new", "one", 5), now).await.unwrap();
        let old = Change { base: 1, ..change("old", "one", 4) };
        let late = Change { late: true, ..old.clone() };
        assert_eq!(set.commit(&late, now).await.unwrap_err().kind, Kind::Outdated);
        set.commit(&old, now).await.unwrap();
        assert_eq!(set.current().await.unwrap().tables["one"].run, "old");
    }

    #[tokio::test]
    async fn a_change_bound_to_a_version_is_void_on_another() {
        let (set, now) = (set(), DateTime::UNIX_EPOCH);
        set.commit(&change("a", "one", 1), now).await.unwrap();
        let bound = Change { bound: true, ..change("b", "two", 1) };
        assert_eq!(set.commit(&bound, now).await.unwrap(), Committed::Moved(1));
    }

    #[tokio::test]
    async fn a_fenced_run_swaps_no_head_not_even_the_first() {
        let (set, now) = (set(), DateTime::UNIX_EPOCH);
        set.fence("lost").await.unwrap();
        assert_eq!(set.head().await.unwrap(), None);
        assert_eq!(set.current().await.unwrap().tables.len(), 0);
        let error = set.commit(&change("lost", "one", 1), now).await.unwrap_err();
        assert_eq!(error.kind, Kind::Superseded);
        set.commit(&change("other", "one", 1), now).await.unwrap();
        assert!(set.commit(&change("lost", "two", 2), now).await.is_err());
        assert_eq!(set.current().await.unwrap().tables["one"].run, "other");
    }

    #[tokio::test]
    async fn what_is_kept_stays_and_leaves_newer_tables_alone() {
        let (set, now) = (set(), DateTime::UNIX_EPOCH);
        set.commit(&change("new", "one", 5), now).await.unwrap();
        let quarter = |run: &str, lake| Change {
            keep: Some("2024Q1".to_owned()),
            base: 9,
            ..change(run, "one", lake)
        };
        set.commit(&quarter("first", 4), now).await.unwrap();
        set.commit(&quarter("second", 6), now).await.unwrap();
        let current = set.current().await.unwrap();
        assert_eq!(current.tables["one"].run, "second");
        assert_eq!(current.kept["2024Q1"]["one"].run, "first");
        assert_eq!(current.paths().count(), 2);
    }

    #[tokio::test]
    async fn of_many_writers_none_is_lost() {
        let (set, now) = (set(), DateTime::UNIX_EPOCH);
        let changes: Vec<_> =
            (0..8).map(|number| change(&format!("r{number}"), &format!("t{number}"), 1)).collect();
        let commits = changes.iter().map(|change| set.commit(change, now));
        for result in futures::future::join_all(commits).await {
            assert!(matches!(result.unwrap(), Committed::Version(_)));
        }
        assert_eq!(set.current().await.unwrap().tables.len(), 8);
    }
}
