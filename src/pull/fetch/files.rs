//! Exports in a local folder, by glob.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::error::{Error, Kind, Result};

/// A file that a supplier sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Export {
    /// Its path below the source's folder, with `/`.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// When it was last written, in milliseconds since 1970: decides only whether to look again.
    pub modified_ms: u64,
}

/// Files below `folder` whose relative path matches `pattern`, sorted by name.
///
/// # Errors
/// When the folder is missing or unreadable.
pub fn list(folder: &Path, pattern: &str) -> Result<Vec<Export>> {
    let glob = globset::GlobBuilder::new(pattern)
        .literal_separator(true)
        .build()
        .map_err(|error| {
            Error::new(Kind::Declaration, format!("pattern \"{pattern}\" is not a glob"))
                .because(error)
        })?
        .compile_matcher();
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
                    path,
                });
            }
        }
    }
    found.sort();
    Ok(found)
}
