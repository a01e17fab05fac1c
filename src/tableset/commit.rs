//! Making a version current: a manifest on top of what stands, and one swap of the head.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::manifest::{FORMAT, Head, Manifest, Table};
use super::set::TableSet;
use crate::error::{Error, Kind, Result};
use crate::store::Edit;

/// What a run changes: tables to put in place of the parent's.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// The run.
    pub run: String,
    /// The tables it made, whole.
    pub tables: BTreeMap<String, Table>,
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
    /// Makes `change` the current version, on top of whatever others commit meanwhile.
    ///
    /// The data files of `change` must already lie in the store. A bound change gives
    /// [`Committed::Moved`] where the version is no longer its base.
    ///
    /// # Errors
    /// `Superseded` when another run holds one of our tables from a newer day or lake;
    /// `Transient` when the outcome could not be learnt: nothing is deleted then.
    pub async fn commit(&self, change: &Change, now: DateTime<Utc>) -> Result<Committed> {
        self.register().update(|head| self.committed(head, change, now)).await
    }

    async fn committed(
        &self,
        head: Option<Head>,
        change: &Change,
        now: DateTime<Utc>,
    ) -> Result<Edit<Head, Committed>> {
        let current = self.version(head.as_ref()).await?;
        if self.holds(change, &current).await? {
            return Ok(Edit::Leave(Committed::Version(current.version)));
        }
        let fenced = head.as_ref().map_or_else(Vec::new, |head| head.fenced.clone());
        if fenced.contains(&change.run) {
            let (run, place) = (&change.run, self.place());
            return Err(Error::new(
                Kind::Superseded,
                format!("run {run} lost its lease before it could swap the head of {place}"),
            )
            .hint("another run has taken its place: see \"pobudka runs\""));
        }
        if change.late && change.keep.is_none() {
            superseded(change, &current, Kind::Outdated)?;
        }
        if change.base != current.version {
            if change.bound {
                return Ok(Edit::Leave(Committed::Moved(current.version)));
            }
            if change.keep.is_none() {
                superseded(change, &current, Kind::Superseded)?;
            }
        }
        let manifest = successor(change, &current, head.map(|head| head.manifest), now);
        let path = self.put_manifest(&manifest, &change.run).await?;
        let version = manifest.version;
        let head = Head { version, manifest: path, run: change.run.clone(), fenced };
        Ok(Edit::Write(head, Committed::Version(version)))
    }

    /// Whether `change` is in `current` or in a version beneath it. Only those younger than its
    /// base can hold it, so nobody asks for a version that `vacuum` may have taken.
    async fn holds(&self, change: &Change, current: &Manifest) -> Result<bool> {
        let (mut version, mut run) = (current.version, current.run.clone());
        let mut parent = current.parent.clone();
        while version > change.base {
            if run == change.run {
                return Ok(true);
            }
            let Some(path) = parent else { break };
            if version == change.base + 1 {
                break;
            }
            Manifest { version, run, parent, .. } = self.manifest(&path).await?;
        }
        Ok(false)
    }
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

fn successor(
    change: &Change,
    current: &Manifest,
    parent: Option<String>,
    now: DateTime<Utc>,
) -> Manifest {
    let mut tables = current.tables.clone();
    let mut kept = current.kept.clone();
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
        version: current.version + 1,
        parent,
        run: change.run.clone(),
        written_at: now.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        tables,
        kept,
        extra: serde_json::Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::{Change, Committed};
    use crate::error::Kind;
    use crate::tableset::made_up::{change, set};

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
