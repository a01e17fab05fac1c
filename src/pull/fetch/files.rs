//! Exports in a local folder, by glob.

use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

use super::{At, Export, matcher};
use crate::error::{Error, Kind, Result};

/// Files below `folder` whose relative path matches `pattern`.
pub(super) fn list(folder: &Path, pattern: &str) -> Result<Vec<Export>> {
    let glob = matcher(pattern)?;
    if !folder.is_dir() {
        return Err(Error::new(
            Kind::Nothing,
            format!("folder \"{}\" does not exist", folder.display()),
        )
        .hint("create it, or correct fetch: files: url"));
    }
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(current) = folders.pop() {
        for entry in fs::read_dir(&current)? {
            let path = entry?.path();
            let metadata = fs::metadata(&path)?;
            if metadata.is_dir() {
                folders.push(path);
                continue;
            }
            let relative = path.strip_prefix(folder).unwrap_or(&path);
            let name = relative.to_string_lossy().replace('\\', "/");
            if glob.is_match(&name) {
                let modified = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
                found.push(Export {
                    name,
                    bytes: metadata.len(),
                    modified_ms: u64::try_from(modified.as_millis()).unwrap_or(u64::MAX),
                    etag: None,
                    at: At::File(path),
                });
            }
        }
    }
    Ok(found)
}
