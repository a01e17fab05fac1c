//! `latest/`: one file a table under a stable name, derived from the head.

use std::collections::BTreeSet;

use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{ObjectStoreExt, UpdateVersion};

use super::publication::joined;
use crate::error::{Error, Kind, Result};
use crate::layout::{self, LATEST, file_name};
use crate::store::{MAX_CONDITIONAL_BYTES, Swapped, sha256_of, swap};
use crate::tableset::{DataFile, Manifest, TableSet};

/// Files copied at a time: each may have [`MAX_CONDITIONAL_BYTES`] in memory.
const CONCURRENT_COPIES: usize = 4;

/// Times that the head may move while `latest/` is derived.
const MAX_ROUNDS: usize = 16;

/// Makes `latest/` equal to the head; gives the number of files that were replaced.
///
/// A writer that was held up does no harm: each file is replaced only in the version that was
/// seen while the head still was the one it is made from. Files over [`MAX_CONDITIONAL_BYTES`] are
/// copied within the store, which knows no such condition: there the head is looked at just before
/// and once more after, so only a writer killed in between leaves an older file, until the next run.
///
/// # Errors
/// When the store fails, or others replace the same files again and again.
pub async fn refresh(set: &TableSet) -> Result<usize> {
    let mut replaced = 0;
    for _ in 0..MAX_ROUNDS {
        let manifest = set.current().await?;
        let files = manifest.tables.values().flat_map(|table| &table.files);
        let copies = files.map(|file| {
            let copy = derive(set.clone(), manifest.version, file.clone());
            async { tokio::spawn(copy).await.map_err(joined)? }
        });
        let derived: Vec<Derived> =
            stream::iter(copies).buffered(CONCURRENT_COPIES).try_collect().await?;
        replaced += derived.iter().filter(|derived| **derived == Derived::Replaced).count();
        remove_others(set, &manifest).await?;
        let now = set.head().await?.map_or(0, |head| head.version);
        if now == manifest.version && !derived.contains(&Derived::Contested) {
            return Ok(replaced);
        }
    }
    Err(Error::new(
        Kind::Transient,
        format!("\"latest/\" of {} was changed by others {MAX_ROUNDS} times over", set.place()),
    )
    .hint("what was published stands; run again when fewer runs publish there"))
}

/// Removes files of tables or formats that are no longer published. Should the head move
/// meanwhile, the next round puts back what it needs.
async fn remove_others(set: &TableSet, manifest: &Manifest) -> Result<()> {
    let files = manifest.tables.values().flat_map(|table| &table.files);
    let named: BTreeSet<&str> = files.map(|file| file_name(&file.path)).collect();
    let folder = Path::from(LATEST);
    let mut objects = set.store().list(Some(&folder));
    while let Some(object) = objects.try_next().await? {
        let name = file_name(object.location.as_ref());
        let derived = [".parquet", ".csv", ".xlsx"].iter().any(|ending| name.ends_with(ending));
        if !derived || named.contains(name) {
            continue;
        }
        if set.head().await?.map_or(0, |head| head.version) != manifest.version {
            return Ok(());
        }
        set.store().delete(&object.location).await?;
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Derived {
    Same,
    Replaced,
    /// Another writer was there, or the head has moved.
    Contested,
}

/// Makes the file in `latest/` equal to `file` of `version`.
async fn derive(set: TableSet, version: u64, file: DataFile) -> Result<Derived> {
    let store = set.store();
    let name = file_name(&file.path);
    let to = layout::latest(name);
    let found = match store.head(&to).await {
        Ok(meta) => Some(meta),
        Err(object_store::Error::NotFound { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let same_size = found.as_ref().is_some_and(|meta| meta.size == file.bytes);
    if same_size && sha256_of(store.as_ref(), &to).await?.0 == file.sha256 {
        return Ok(Derived::Same);
    }
    let from = layout::object(&file.path);
    let large = file.bytes > MAX_CONDITIONAL_BYTES;
    let bytes = if large { bytes::Bytes::new() } else { store.get(&from).await?.bytes().await? };
    if set.head().await?.map_or(0, |head| head.version) != version {
        return Ok(Derived::Contested);
    }
    if large {
        store.copy(&from, &to).await?;
        return Ok(Derived::Replaced);
    }
    let expected = found.map(|meta| UpdateVersion { e_tag: meta.e_tag, version: meta.version });
    Ok(match swap(set.place(), &to, bytes, expected).await? {
        Swapped::Done => Derived::Replaced,
        // The next round finds out.
        Swapped::Conflict => Derived::Contested,
    })
}
