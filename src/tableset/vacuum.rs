//! What may be removed of a table set, and removing it.
//!
//! | object | goes when |
//! |---|---|
//! | data | it is older than a day, and no kept version names it |
//! | manifest | it is older than a day, and its version is not kept |
//! | unfinished file | it is older than a day |
//! | run record | it is older than a day, and not among the newest |
//! | all else | never |
//!
//! Kept are the head's version; of its parents the newest, as long as they are young enough; versions
//! above it; and whatever was written within a day, in the head's line or not. Nobody may write to the set
//! meanwhile: who calls holds the leases of all its pipelines, so every run that could still commit
//! is fenced, and what no kept version names can never be named again.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt};

use super::manifest::Head;
use super::set::TableSet;
use crate::config::Keep;
use crate::error::{Error, Kind, Result};
use crate::layout::{self, Object, UNFINISHED};

/// What is younger than this stays.
const YOUNG: TimeDelta = TimeDelta::hours(24);

/// A file that may be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Garbage {
    /// Its path in the set.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Why it may go.
    pub why: &'static str,
}

/// What may be removed under a certain head.
#[derive(Debug, Clone)]
pub struct Sweep {
    head: Option<Head>,
    /// The files, sorted by path.
    pub garbage: Vec<Garbage>,
}

/// Finds what may be removed from `set`.
///
/// # Errors
/// When the store fails or a kept manifest cannot be read.
pub async fn sweep(set: &TableSet, keep: Keep, now: DateTime<Utc>) -> Result<Sweep> {
    let mut objects: Vec<ObjectMeta> = set.store().list(None).try_collect().await?;
    let unfinished = Path::from(UNFINISHED);
    objects.extend(set.store().list(Some(&unfinished)).try_collect::<Vec<_>>().await?);
    objects.sort_by(|left, right| left.location.cmp(&right.location));
    // Most stores list unfinished files with the others.
    objects.dedup_by(|left, right| left.location == right.location);
    let head = set.register().read().await?;
    if head.is_none() && objects.iter().any(is_manifest) {
        return Err(Error::new(
            Kind::Transient,
            format!("{} has manifests, but no head: nothing was removed", set.place()),
        )
        .hint("make a version current again with \"pobudka repair\", or move the folder away"));
    }
    let named = named(set, head.as_ref(), &objects, keep, now).await?;
    let mut records = objects.iter().rev().filter(|meta| is_record(meta));
    let oldest_kept = records.nth(keep.runs.saturating_sub(1)).map(|meta| meta.location.clone());
    let goes = |meta: &ObjectMeta| {
        Some(match Object::of(&meta.location)? {
            _ if now - meta.last_modified < YOUNG || named.contains(meta.location.as_ref()) => {
                return None;
            }
            Object::Data => "named by no kept version",
            Object::Manifest(..) => "manifest of an old version",
            Object::Unfinished => "left by a run that was stopped",
            Object::Record(_) if Some(&meta.location) < oldest_kept.as_ref() => "old record",
            _ => return None,
        })
    };
    let garbage = objects.iter().filter_map(|meta| {
        let why = goes(meta)?;
        Some(Garbage { path: meta.location.to_string(), bytes: meta.size, why })
    });
    Ok(Sweep { head, garbage: garbage.collect() })
}

fn is_manifest(meta: &ObjectMeta) -> bool {
    matches!(Object::of(&meta.location), Some(Object::Manifest(..)))
}

fn is_record(meta: &ObjectMeta) -> bool {
    matches!(Object::of(&meta.location), Some(Object::Record(_)))
}

/// The paths of the kept manifests and of all that they name.
async fn named(
    set: &TableSet,
    head: Option<&Head>,
    objects: &[ObjectMeta],
    keep: Keep,
    now: DateTime<Utc>,
) -> Result<BTreeSet<String>> {
    let age = |path: &str| {
        let meta = objects.iter().find(|meta| meta.location.as_ref() == path)?;
        Some(now - meta.last_modified)
    };
    let mut named = BTreeSet::new();
    let (mut next, mut kept) = (head.map(|head| head.manifest.clone()), 0);
    while let Some(path) = next {
        let keeps = match age(&path) {
            _ if kept == 0 => true,
            Some(age) => age < YOUNG || kept < keep.versions && age < TimeDelta::days(keep.days),
            // An earlier vacuum took it.
            None => false,
        };
        if !keeps {
            break;
        }
        let manifest = set.manifest(&path).await?;
        named.extend(manifest.paths().map(str::to_owned));
        next = manifest.parent;
        named.insert(path);
        kept += 1;
    }
    for meta in objects {
        let path = meta.location.as_ref();
        // A version above the head's is about to be current, or was: an old head was put back.
        let above = matches!(Object::of(&meta.location), Some(Object::Manifest(version, _))
            if head.is_none_or(|head| version > head.version));
        let young = is_manifest(meta) && now - meta.last_modified < YOUNG;
        if (young || above) && !named.contains(path) {
            named.extend(set.manifest(path).await?.paths().map(str::to_owned));
            named.insert(path.to_owned());
        }
    }
    Ok(named)
}

/// Removes what [`sweep`] found, unless the head has moved since.
///
/// # Errors
/// `Superseded` when it has: nothing is removed then. When the store fails, what was removed until
/// then stays removed; no kept version names any of it.
pub async fn remove(set: &TableSet, sweep: &Sweep) -> Result<()> {
    if set.register().read().await? != sweep.head {
        return Err(Error::new(
            Kind::Superseded,
            format!("the head of {} moved meanwhile; nothing was removed", set.place()),
        )
        .hint("run it again when no other project writes there"));
    }
    for file in &sweep.garbage {
        let path = layout::object(&file.path);
        match set.store().delete(&path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(set.place().failed(&path, error)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use object_store::ObjectStoreExt;
    use object_store::path::Path;

    use super::{remove, sweep};
    use crate::config::Keep;
    use crate::error::Kind;
    use crate::layout;
    use crate::tableset::made_up::{change, commit, later, paths, set};
    use crate::tableset::{Change, TableSet};

    /// What goes from a set after so many days, and why.
    async fn goes(set: &TableSet, keep: Keep, days: i64) -> Vec<(String, &'static str)> {
        let swept = sweep(set, keep, later(set, days).await).await.unwrap();
        swept.garbage.into_iter().map(|file| (file.path, file.why)).collect()
    }

    fn keep(versions: usize, days: i64, runs: usize) -> Keep {
        Keep { runs, versions, days }
    }

    async fn put(set: &TableSet, path: &str) {
        set.store().put(&Path::from(path), "x".into()).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_younger_than_a_day_stays() {
        let set = set();
        commit(&set, &change("a", "one", 1)).await;
        commit(&set, &change("b", "one", 2)).await;
        put(&set, "data/one/left.parquet").await;
        put(&set, "_tmp/1-2.tmp").await;
        assert_eq!(goes(&set, keep(1, 1, 1), 0).await, []);
    }

    #[tokio::test]
    async fn only_what_no_kept_version_names_goes() {
        let set = set();
        let old = commit(&set, &change("a", "one", 1)).await;
        commit(&set, &change("b", "one", 2)).await;
        commit(&set, &change("c", "two", 3)).await;
        for path in ["data/one/left.parquet", "_tmp/1-2.tmp", "notes.txt", "latest/one.parquet"] {
            put(&set, path).await;
        }
        let left = ("data/one/left.parquet".to_owned(), "named by no kept version");
        let tmp = ("_tmp/1-2.tmp".to_owned(), "left by a run that was stopped");
        let first = (layout::manifest(1, "a").to_string(), "manifest of an old version");
        let second = (layout::manifest(2, "b").to_string(), "manifest of an old version");
        let replaced = (old[0].clone(), "named by no kept version");
        assert_eq!(goes(&set, keep(3, 90, 1), 2).await, [tmp.clone(), left.clone()]);
        let two = [first.clone(), tmp.clone(), replaced.clone(), left.clone()];
        assert_eq!(goes(&set, keep(2, 90, 1), 2).await, two);
        let one = [first, second, tmp, replaced, left];
        assert_eq!(goes(&set, keep(1, 90, 1), 2).await, one);
        assert_eq!(goes(&set, keep(3, 90, 1), 91).await, one, "older than the days that are kept");
    }

    #[tokio::test]
    async fn a_kept_quarter_stays_however_old() {
        let set = set();
        let quarter = Change { keep: Some("2024Q1".to_owned()), ..change("a", "one", 1) };
        commit(&set, &quarter).await;
        commit(&set, &change("b", "one", 2)).await;
        let gone = [(layout::manifest(1, "a").to_string(), "manifest of an old version")];
        assert_eq!(goes(&set, keep(1, 1, 1), 1000).await, gone);
    }

    #[tokio::test]
    async fn the_newest_records_stay() {
        let set = set();
        for day in 1..=4 {
            put(&set, &format!("runs/2026-0{day}.json")).await;
        }
        let gone = [1, 2].map(|day| (format!("runs/2026-0{day}.json"), "old record"));
        assert_eq!(goes(&set, keep(1, 1, 2), 2).await, gone);
        assert_eq!(goes(&set, keep(1, 1, 9), 2).await, []);
    }

    #[tokio::test]
    async fn without_a_head_or_under_an_old_one_no_version_goes() {
        let set = set();
        commit(&set, &change("a", "one", 1)).await;
        let head = Path::from(layout::HEAD);
        let old = set.store().get(&head).await.unwrap().bytes().await.unwrap();
        let newer = commit(&set, &change("b", "one", 2)).await;
        set.store().put(&head, old.into()).await.unwrap();
        let gone = goes(&set, keep(1, 1, 1), 9).await;
        assert!(gone.iter().all(|(path, _)| *path != newer[0]), "{gone:?}");
        set.store().delete(&head).await.unwrap();
        let error = sweep(&set, keep(1, 1, 1), later(&set, 9).await).await.unwrap_err();
        assert!(error.message.contains("has manifests, but no head"), "{error}");
    }

    #[tokio::test]
    async fn a_swept_set_is_carried_on() {
        let set = set();
        for number in 1..=20 {
            commit(&set, &change(&format!("r{number}"), "one", number)).await;
        }
        let swept = sweep(&set, keep(1, 1, 1), later(&set, 2).await).await.unwrap();
        assert_eq!(swept.garbage.len(), 38);
        remove(&set, &swept).await.unwrap();
        assert_eq!(paths(&set).await.len(), 3);
        commit(&set, &change("next", "one", 21)).await;
        assert_eq!(set.current().await.unwrap().tables["one"].run, "next");
        assert_eq!(goes(&set, keep(30, 90, 1), 2).await, [], "what was taken ends the line");
    }

    #[tokio::test]
    async fn nothing_goes_under_another_head() {
        let set = set();
        commit(&set, &change("a", "one", 1)).await;
        put(&set, "data/one/left.parquet").await;
        let swept = sweep(&set, keep(1, 1, 1), later(&set, 2).await).await.unwrap();
        assert_eq!(swept.garbage.len(), 1);
        commit(&set, &change("b", "two", 2)).await;
        let before = paths(&set).await;
        assert_eq!(remove(&set, &swept).await.unwrap_err().kind, Kind::Superseded);
        assert_eq!(paths(&set).await, before);
    }

    #[tokio::test]
    async fn a_head_whose_manifest_is_gone_is_not_swept() {
        let set = set();
        commit(&set, &change("a", "one", 1)).await;
        set.store().delete(&layout::manifest(1, "a")).await.unwrap();
        assert!(sweep(&set, keep(1, 1, 1), later(&set, 2).await).await.is_err());
    }
}
