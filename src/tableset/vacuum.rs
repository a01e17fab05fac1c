//! What may be removed: files that neither the head nor a young version names.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt};

use super::commit::TableSet;
use super::layout::{HEAD, LOG, TMP, manifest_version};
use crate::error::Result;

/// Versions and files younger than this stay, whatever names them.
const KEEP_HOURS: i64 = 24;

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

/// Lists what may be removed from `set`, sorted by path; `folders` are those that hold its files.
///
/// # Errors
/// When the store fails or a kept manifest cannot be read: nothing is listed then.
pub async fn garbage(set: &TableSet, folders: &[&str], now: DateTime<Utc>) -> Result<Vec<Garbage>> {
    let young = |meta: &ObjectMeta| now - meta.last_modified < TimeDelta::hours(KEEP_HOURS);
    let mut objects: Vec<ObjectMeta> = set.store().list(None).try_collect().await?;
    let unfinished = Path::from(TMP);
    objects.extend(set.store().list(Some(&unfinished)).try_collect::<Vec<_>>().await?);
    let current = set.head().await?;
    let mut named = BTreeSet::from([HEAD.to_owned()]);
    for meta in &objects {
        let Some(version) = manifest_version(&meta.location) else {
            continue;
        };
        let is_head = current.as_ref().is_some_and(|head| head.manifest == meta.location.as_ref());
        let ahead = current.as_ref().is_none_or(|head| version > head.version);
        if is_head || young(meta) || ahead {
            named.insert(meta.location.to_string());
            let manifest = set.manifest(meta.location.as_ref()).await?;
            named.extend(manifest.paths().map(str::to_owned));
        }
    }
    let mut garbage: Vec<Garbage> = objects
        .into_iter()
        .filter(|meta| !young(meta) && !named.contains(meta.location.as_ref()))
        .filter_map(|meta| {
            let folder = meta.location.as_ref().split('/').next()?;
            let why = match folder {
                LOG => "manifest of an old version",
                TMP => "left by a run that was stopped",
                folder if folders.contains(&folder) => "named by no kept version",
                _ => return None,
            };
            Some(Garbage { path: meta.location.to_string(), bytes: meta.size, why })
        })
        .collect();
    garbage.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(garbage)
}

/// Removes what [`garbage`] listed.
///
/// # Errors
/// When the store fails; what was removed until then stays removed.
pub async fn remove(set: &TableSet, garbage: &[Garbage]) -> Result<()> {
    for file in garbage {
        set.store().delete(&Path::from(file.path.as_str())).await?;
    }
    Ok(())
}
