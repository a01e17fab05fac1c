//! Exports in a local folder, by glob.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::{At, Export, matcher};
use crate::config::pipeline::Links;
use crate::error::{Error, Kind, Result};

/// Files below `folder` whose relative path matches `pattern`.
///
/// # Errors
/// Where a match cannot be read as a file, or is a link out of the folder that is not to be followed.
pub(super) fn list(folder: &Path, pattern: &str, links: Links) -> Result<Vec<Export>> {
    let glob = matcher(pattern)?;
    if !folder.is_dir() {
        return Err(Error::new(
            Kind::Nothing,
            format!("folder \"{}\" does not exist", folder.display()),
        )
        .hint("create it, or correct fetch: files: url"));
    }
    let whole = folder.canonicalize()?;
    // Nothing below matches a pattern of one part.
    let deep = pattern.contains('/') || pattern.contains("**");
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    // Folders reached by a link, as they are: a link to a folder above leads round in a circle.
    let mut linked: BTreeSet<PathBuf> = BTreeSet::from([whole.clone()]);
    while let Some(current) = folders.pop() {
        let unreadable = |error: std::io::Error| {
            Error::from(error).at(format!("folder \"{}\"", current.display()))
        };
        for entry in fs::read_dir(&current).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let path = entry.path();
            let relative = path.strip_prefix(folder).unwrap_or(&path);
            let name = relative.to_string_lossy().replace('\\', "/");
            let matches = glob.is_match(&name);
            let wrong = |what: &str, hint: &str| {
                let message = format!("file \"{}\" {what}", path.display());
                Error::new(Kind::Supplier, message).hint(hint)
            };
            let link = entry.file_type().map_err(unreadable)?.is_symlink();
            let metadata = match fs::metadata(&path) {
                Ok(metadata) => metadata,
                Err(_) if !matches => continue,
                Err(error) if link => {
                    let hint = "remove the link, or put back what it leads to";
                    return Err(wrong("is a link that leads nowhere", hint).because(error));
                }
                // Somebody took it away meanwhile.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => {
                    let hint = "let the user that runs pobudka read it";
                    return Err(wrong("cannot be looked at", hint).because(error));
                }
            };
            if metadata.is_dir() && !deep {
                continue;
            }
            if link && (matches || metadata.is_dir()) {
                let target = path.canonicalize().map_err(unreadable)?;
                if links == Links::Within && !target.starts_with(&whole) {
                    let what = format!("is a link to \"{}\", out of the folder", target.display());
                    let hint =
                        "write follow_links: true under files:, or put the file itself there";
                    return Err(wrong(&what, hint));
                }
                if metadata.is_dir() && !linked.insert(target) {
                    continue;
                }
            }
            if metadata.is_dir() {
                folders.push(path);
            } else if matches && !metadata.is_file() {
                let hint = "put a file there, or correct the pattern";
                return Err(wrong("is a pipe or a device, not a file", hint));
            } else if matches {
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
