//! The names of all objects in a lake and in a publication: built and parsed here alone.
//!
//! ```text
//! both         _head.json                              the head
//!              _log/<version, 8 digits>-<run>.json     a manifest
//!              _tmp/, _lock, _probe                    the store's own
//! lake         data/<table>/<source>/<part>-<run>.parquet
//!              runs/<run>.json, leases/<pipeline>.json, journal/<pipeline>.json,
//!              journal/_backfill.json
//!              made/<destination>.json                 what was published was made from
//! publication  data/<version, 8 digits>-<run>/<file>
//!              latest/<file>                           derived from the head
//! ```
//!
//! Keeps true: what a manifest names carries the run that made it, so that no two runs ever write
//! under one name, and what `vacuum` removes cannot come back to life.

use object_store::path::Path;

/// The object that says which version is current.
pub const HEAD: &str = "_head.json";

/// The folder of unfinished files.
pub const UNFINISHED: &str = "_tmp";

/// The file that updates of a local store lock.
pub const LOCK: &str = "_lock";

/// The object that finds out whether a store honours conditions.
pub const PROBE: &str = "_probe";

/// The folder of run records.
pub const RECORDS: &str = "runs";

/// The folder of leases.
pub const LEASES: &str = "leases";

/// The folder of what is derived from a publication's head.
pub const LATEST: &str = "latest";

/// The folder of manifests.
pub const LOG: &str = "_log";

const DATA: &str = "data";
const MADE: &str = "made";
const JOURNAL: &str = "journal";

/// What an object is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Object<'a> {
    /// The head.
    Head,
    /// The manifest of a version, by the run that made it.
    Manifest(u64, &'a str),
    /// A file that a manifest may name.
    Data,
    /// An unfinished file.
    Unfinished,
    /// The record of a run.
    Record(&'a str),
    /// The lease of a pipeline.
    Lease(&'a str),
    /// A journal, or how far a backfill came.
    Journal,
    /// What a destination's tables were made from.
    Made,
    /// A file derived from the head.
    Latest,
    /// The lock, or what the probe wrote.
    Own,
}

impl<'a> Object<'a> {
    /// What the object at `path` is; `None` where the name is none of ours.
    #[must_use]
    pub fn of(path: &'a Path) -> Option<Self> {
        let path = path.as_ref();
        let json =
            |folder: &str| path.strip_prefix(folder)?.strip_prefix('/')?.strip_suffix(".json");
        Some(match path.split('/').next()? {
            HEAD => Self::Head,
            LOCK | PROBE => Self::Own,
            UNFINISHED => Self::Unfinished,
            DATA => Self::Data,
            LATEST => Self::Latest,
            JOURNAL => Self::Journal,
            MADE => Self::Made,
            RECORDS => Self::Record(json(RECORDS)?),
            LEASES => Self::Lease(json(LEASES)?),
            LOG => {
                let (version, run) = json(LOG)?.split_once('-')?;
                Self::Manifest(version.parse().ok()?, run)
            }
            _ => return None,
        })
    }
}

/// The manifest of `version` written by `run`.
#[must_use]
pub fn manifest(version: u64, run: &str) -> Path {
    Path::from(format!("{LOG}/{version:08}-{run}.json"))
}

/// The file of the lake that holds `part` (as `books/2026-06`) of `table`, written by `run`.
#[must_use]
pub fn part(table: &str, part: &str, run: &str) -> Path {
    Path::from(format!("{DATA}/{table}/{part}-{run}.parquet"))
}

/// The object at `path`, as a manifest names it: letters of any script stay as they are.
#[must_use]
pub fn object(path: &str) -> Path {
    Path::parse(path).unwrap_or_else(|_| Path::from(path))
}

/// The file `name` of a publication's `version`, written by `run`.
#[must_use]
pub fn published(version: u64, run: &str, name: &str) -> Path {
    object(&format!("{DATA}/{version:08}-{run}/{name}"))
}

/// The file derived from the published one called `name`.
#[must_use]
pub fn latest(name: &str) -> Path {
    object(&format!("{LATEST}/{name}"))
}

/// The record of `run`.
#[must_use]
pub fn record(run: &str) -> Path {
    Path::from(format!("{RECORDS}/{run}.json"))
}

/// The lease of `pipeline`.
#[must_use]
pub fn lease(pipeline: &str) -> Path {
    Path::from(format!("{LEASES}/{pipeline}.json"))
}

/// The journal of `pipeline`.
#[must_use]
pub fn journal(pipeline: &str) -> Path {
    Path::from(format!("{JOURNAL}/{pipeline}.json"))
}

/// How far a backfill came: no pipeline has a name that begins with `_`.
#[must_use]
pub fn backfill() -> Path {
    journal("_backfill")
}

/// What the tables of `destination` were made from.
#[must_use]
pub fn made(destination: &str) -> Path {
    Path::from(format!("{MADE}/{destination}.json"))
}

/// The last part of `path`.
#[must_use]
pub fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use object_store::path::Path;

    use super::{
        HEAD, LOCK, Object, PROBE, UNFINISHED, backfill, journal, latest, lease, made, manifest,
    };
    use super::{part, published, record};

    #[test]
    fn what_is_built_is_parsed() {
        let run = "20261130T002136123Z-0badcafe";
        for (path, object) in [
            (Path::from(HEAD), Object::Head),
            (manifest(17, run), Object::Manifest(17, run)),
            (manifest(123_456_789, run), Object::Manifest(123_456_789, run)),
            (part("documents", "books/2026-06", run), Object::Data),
            (published(3, run, "sleeping.csv"), Object::Data),
            (latest("sleeping.csv"), Object::Latest),
            (record(run), Object::Record(run)),
            (lease("sales"), Object::Lease("sales")),
            (journal("sales"), Object::Journal),
            (backfill(), Object::Journal),
            (made("bi"), Object::Made),
            (Path::from(LOCK), Object::Own),
            (Path::from(PROBE), Object::Own),
            (Path::from(UNFINISHED).join("17-1.tmp"), Object::Unfinished),
        ] {
            assert_eq!(Object::of(&path), Some(object), "{path}");
        }
    }

    #[test]
    fn what_is_not_ours_is_not_named() {
        for path in ["readme.txt", "_log/x.json", "_log/1-a.txt", "runs/a.txt", "database/x", ""] {
            assert_eq!(Object::of(&Path::from(path)), None, "{path}");
        }
    }
}
