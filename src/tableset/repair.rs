//! Is a table set whole, and which of its versions still is?

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use object_store::ObjectMeta;
use object_store::path::Path;

use super::manifest::{Head, Manifest};
use super::set::TableSet;
use super::verify::verify;
use crate::error::{Kind, Result};
use crate::layout::{self, LOG, Object};
use crate::store::Edit;

/// How closely files are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Whether each is there, and as long as its manifest says.
    Sizes,
    /// Whether each holds the bytes whose digest its manifest has.
    Digests,
}

/// How a set stands.
#[derive(Debug, Clone)]
pub enum Health {
    /// Nothing was committed yet.
    Empty,
    /// Every file of the current version is there.
    Whole(Manifest),
    /// Some are not.
    Broken {
        /// What is wrong.
        faults: Vec<String>,
        /// The current version, where its manifest can be read.
        current: Option<Box<Manifest>>,
        /// The newest version that is whole.
        whole: Option<Box<Manifest>>,
    },
}

/// Looks at `set`.
///
/// # Errors
/// When the store cannot be read.
pub async fn health(set: &TableSet, look: Look) -> Result<Health> {
    // The head first: what it names is in a list that is made later.
    let head = set.register().read().await;
    let objects: Vec<ObjectMeta> = set.store().list(None).try_collect().await?;
    let sizes: BTreeMap<&str, u64> =
        objects.iter().map(|meta| (meta.location.as_ref(), meta.size)).collect();
    let looked = Looked { set, sizes: &sizes, look };
    let mut manifests: Vec<&ObjectMeta> = objects
        .iter()
        .filter(|meta| matches!(Object::of(&meta.location), Some(Object::Manifest(1.., _))))
        .collect();
    let (current, mut faults) = match head {
        Ok(None) if manifests.is_empty() => return Ok(Health::Empty),
        Ok(None) => (None, vec![format!("{} has no head: it was lost, or never put", set.place())]),
        Ok(Some(head)) => {
            if let Some(manifest) = looked.manifest(&head.manifest).await? {
                let faults = looked.faults(&manifest).await;
                (Some(manifest), faults)
            } else {
                let object = set.place().object(&Path::from(head.manifest.as_str()));
                (None, vec![format!("manifest {object} is missing or damaged")])
            }
        }
        Err(error) if error.kind == Kind::Defect => (None, vec![error.message]),
        Err(error) => return Err(error),
    };
    let whole = match &current {
        Some(current) if faults.is_empty() => return Ok(Health::Whole(current.clone())),
        Some(current) => looked.newest_whole(current.parent.clone()).await?,
        None => {
            // Names begin with the version. Without a head nobody knows which line was current.
            manifests.sort_by(|left, right| right.location.cmp(&left.location));
            let mut whole = None;
            for meta in manifests {
                whole = looked.newest_whole(Some(meta.location.to_string())).await?;
                if whole.is_some() {
                    break;
                }
            }
            whole
        }
    };
    faults.sort();
    let (current, whole) = (current.map(Box::new), whole.map(Box::new));
    Ok(Health::Broken { faults, current, whole })
}

/// What is missing of `manifest`, or too short.
///
/// # Errors
/// When the store cannot be read.
pub async fn missing(set: &TableSet, manifest: &Manifest) -> Result<Vec<String>> {
    let objects: Vec<ObjectMeta> = set.store().list(None).try_collect().await?;
    let sizes: BTreeMap<&str, u64> =
        objects.iter().map(|meta| (meta.location.as_ref(), meta.size)).collect();
    Ok(Looked { set, sizes: &sizes, look: Look::Sizes }.faults(manifest).await)
}

/// A set and what was found in it.
struct Looked<'a> {
    set: &'a TableSet,
    sizes: &'a BTreeMap<&'a str, u64>,
    look: Look,
}

impl Looked<'_> {
    /// The manifest at `path`; `None` where it is gone or damaged.
    async fn manifest(&self, path: &str) -> Result<Option<Manifest>> {
        if !self.sizes.contains_key(path) {
            return Ok(None);
        }
        match self.set.manifest(path).await {
            Ok(manifest) => Ok(Some(manifest)),
            Err(error) if error.kind == Kind::Defect => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The first whole version at `path` or among its parents.
    async fn newest_whole(&self, mut path: Option<String>) -> Result<Option<Manifest>> {
        while let Some(at) = path {
            let Some(manifest) = self.manifest(&at).await? else { break };
            if self.faults(&manifest).await.is_empty() {
                return Ok(Some(manifest));
            }
            path = manifest.parent;
        }
        Ok(None)
    }

    /// What is wrong with the files of `manifest`.
    async fn faults(&self, manifest: &Manifest) -> Vec<String> {
        let Self { set, sizes, look } = self;
        let mut faults = Vec::new();
        for (name, table) in manifest.all_tables() {
            let mut short = false;
            for file in &table.files {
                let found = sizes.get(file.path.as_str());
                if found == Some(&file.bytes) {
                    continue;
                }
                short = true;
                let object = set.place().object(&layout::object(&file.path));
                let found = found.map_or("is missing".to_owned(), |found| {
                    format!("has {found} bytes, expected {}", file.bytes)
                });
                faults.push(format!("table \"{name}\": {object} {found}"));
            }
            if *look == Look::Digests
                && !short
                && let Err(error) = verify(set, name, table).await
            {
                faults.push(error.message);
            }
        }
        faults
    }
}

/// Makes `old` the current version of `set` again, as a new one; gives its number.
///
/// # Errors
/// When the store fails.
pub async fn restore(set: &TableSet, old: &Manifest, run: &str, now: DateTime<Utc>) -> Result<u64> {
    let objects: Vec<ObjectMeta> = set.store().list(Some(&Path::from(LOG))).try_collect().await?;
    let versions = objects.iter().filter_map(|meta| match Object::of(&meta.location) {
        Some(Object::Manifest(version, _)) => Some(version),
        _ => None,
    });
    let newest = versions.max().unwrap_or_default();
    let head = set.register().read().await;
    let restored = |head| restored(set, old, newest, run, now, head);
    match head {
        // What nobody can read, nobody can have changed meanwhile.
        Err(error) if error.kind == Kind::Defect => {
            set.register().replace(restored(None).await?).await
        }
        Err(error) => Err(error),
        Ok(_) => set.register().update(restored).await,
    }
}

async fn restored(
    set: &TableSet,
    old: &Manifest,
    newest: u64,
    run: &str,
    now: DateTime<Utc>,
    head: Option<Head>,
) -> Result<Edit<Head, u64>> {
    if let Some(head) = head.as_ref().filter(|head| head.run == run) {
        return Ok(Edit::Leave(head.version));
    }
    let version = newest.max(head.as_ref().map_or(0, |head| head.version)) + 1;
    let (parent, fenced) = head.map(|head| (head.manifest, head.fenced)).unzip();
    let manifest = Manifest {
        version,
        parent,
        run: run.to_owned(),
        written_at: now.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        ..old.clone()
    };
    let manifest = set.put_manifest(&manifest, run).await?;
    let fenced = fenced.unwrap_or_default();
    Ok(Edit::Write(Head { version, manifest, run: run.to_owned(), fenced }, version))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use object_store::ObjectStoreExt;
    use object_store::path::Path;

    use super::{Health, Look, Manifest, health, restore};
    use crate::layout::{self, HEAD};
    use crate::tableset::TableSet;
    use crate::tableset::made_up::{change, commit, set};

    /// What is wrong with a set, the current version that it still has, and its whole one.
    async fn broken(set: &TableSet) -> (Vec<String>, Option<u64>, Option<Manifest>) {
        match health(set, Look::Sizes).await.unwrap() {
            Health::Broken { faults, current, whole } => {
                (faults, current.map(|current| current.version), whole.map(|whole| *whole))
            }
            other => panic!("{other:?}"),
        }
    }

    /// Repairs, and gives the version and the run whose table is current then.
    async fn repaired(set: &TableSet, whole: &Manifest) -> (u64, String) {
        let version = restore(set, whole, "repair", DateTime::UNIX_EPOCH).await.unwrap();
        let again = restore(set, whole, "repair", DateTime::UNIX_EPOCH).await.unwrap();
        assert_eq!(version, again, "a lost reply is recognised");
        let current = set.current().await.unwrap();
        assert!(matches!(health(set, Look::Sizes).await.unwrap(), Health::Whole(_)));
        (version, current.tables["one"].run.clone())
    }

    #[tokio::test]
    async fn a_set_is_empty_or_whole() {
        let set = set();
        assert!(matches!(health(&set, Look::Sizes).await.unwrap(), Health::Empty));
        commit(&set, &change("a", "one", 1)).await;
        assert!(matches!(health(&set, Look::Sizes).await.unwrap(), Health::Whole(_)));
        assert!(matches!(health(&set, Look::Digests).await.unwrap(), Health::Broken { .. }));
    }

    #[tokio::test]
    async fn the_newest_whole_version_takes_the_place_of_a_broken_one() {
        let set = set();
        commit(&set, &change("a", "one", 1)).await;
        commit(&set, &change("b", "one", 2)).await;
        let gone = commit(&set, &change("c", "one", 3)).await;
        set.store().delete(&Path::from(gone[0].as_str())).await.unwrap();
        let (faults, current, whole) = broken(&set).await;
        assert_eq!(faults, [format!("table \"one\": \"{}\" of \"memory\" is missing", gone[0])]);
        assert_eq!(current, Some(3));
        assert_eq!(repaired(&set, &whole.unwrap()).await, (4, "b".to_owned()));
        commit(&set, &change("d", "one", 4)).await;
        assert_eq!(set.current().await.unwrap().version, 5);
    }

    #[tokio::test]
    async fn a_short_file_is_told() {
        let set = set();
        let short = commit(&set, &change("a", "one", 1)).await;
        set.store().put(&Path::from(short[0].as_str()), "".into()).await.unwrap();
        let (faults, _, whole) = broken(&set).await;
        assert!(faults[0].ends_with("has 0 bytes, expected 1"), "{faults:?}");
        assert_eq!(whole, None);
    }

    #[tokio::test]
    async fn a_head_that_is_gone_or_unreadable_is_made_again() {
        for damage in [None, Some("{")] {
            let set = set();
            commit(&set, &change("a", "one", 1)).await;
            commit(&set, &change("b", "one", 2)).await;
            let head = Path::from(HEAD);
            match damage {
                None => set.store().delete(&head).await.unwrap(),
                Some(text) => drop(set.store().put(&head, text.into()).await.unwrap()),
            }
            let (_, current, whole) = broken(&set).await;
            assert_eq!(current, None);
            assert_eq!(repaired(&set, &whole.unwrap()).await, (3, "b".to_owned()));
        }
    }

    #[tokio::test]
    async fn a_manifest_that_is_gone_is_gone_round() {
        let set = set();
        commit(&set, &change("a", "one", 1)).await;
        commit(&set, &change("b", "one", 2)).await;
        set.store().delete(&layout::manifest(2, "b")).await.unwrap();
        let (_, current, whole) = broken(&set).await;
        assert_eq!(current, None);
        assert_eq!(repaired(&set, &whole.unwrap()).await, (3, "a".to_owned()));
    }
}
