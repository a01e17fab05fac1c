//! The names of a table set's own objects: formatted and parsed here alone.

use object_store::path::Path;

/// The head.
pub(super) const HEAD: &str = "_head.json";

/// The folder of manifests.
pub(super) const LOG: &str = "_log";

/// The folder of unfinished files.
pub(super) const TMP: &str = "_tmp";

/// The manifest of `version` written by `run`.
#[must_use]
pub fn manifest_path(version: u64, run: &str) -> Path {
    Path::from(format!("{LOG}/{version:08}-{run}.json"))
}

/// The version that a manifest's path names.
pub(super) fn manifest_version(path: &Path) -> Option<u64> {
    let name = path.as_ref().strip_prefix("_log/")?;
    name.split_once('-')?.0.parse().ok()
}
