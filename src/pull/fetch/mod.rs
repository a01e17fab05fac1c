//! Bringing bytes: which exports there are, and their content, hashed as it is read.

mod bytes;
mod files;
mod objects;

use std::path::{Path, PathBuf};

use crate::config::pipeline::{Fetch, Source};
use crate::error::{Error, Kind, Result};
use crate::store::{Place, Stores, get_file, sha256_of};

pub use bytes::ExportBytes;

/// A file that a supplier sent.
#[derive(Debug, Clone)]
pub struct Export {
    /// Its path below the source's folder, with `/`; of a web page its address as declared.
    pub name: String,
    /// Where it is.
    pub at: At,
    /// Its size.
    pub bytes: u64,
    /// When it was last written, in milliseconds since 1970: decides only whether to look again.
    pub modified_ms: u64,
    /// The version that its store gives it, where it does.
    pub etag: Option<String>,
}

/// Where an export is.
#[derive(Debug, Clone)]
pub enum At {
    /// In a file of this machine.
    File(PathBuf),
    /// In a store.
    Object(Place, object_store::path::Path),
}

/// The exports of `source`, sorted by name.
///
/// # Errors
/// `Nothing` when the folder or page is missing; else when it cannot be listed.
pub async fn list(source: &Source, stores: &Stores) -> Result<Vec<Export>> {
    let mut found = match &source.fetch {
        Fetch::Files { url, pattern } => match stores.folder(url) {
            Some(folder) => files::list(&folder, pattern)?,
            None => objects::list(&stores.open(url)?, pattern).await?,
        },
        Fetch::Http { pages } => {
            let mut found = Vec::new();
            for (name, url) in pages {
                found.push(objects::page(name, stores.open(url)?).await?);
            }
            found
        }
    };
    found.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(found)
}

/// Paths that match the glob `pattern`.
fn matcher(pattern: &str) -> Result<globset::GlobMatcher> {
    let glob = globset::GlobBuilder::new(pattern).literal_separator(true).build();
    let glob = glob.map_err(|error| {
        Error::new(Kind::Declaration, format!("pattern \"{pattern}\" is not a glob")).because(error)
    })?;
    Ok(glob.compile_matcher())
}

impl Export {
    /// The SHA-256 of its bytes.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn sha256(&self) -> Result<String> {
        match &self.at {
            At::File(path) => bytes::sha256(path),
            At::Object(place, path) => Ok(sha256_of(place.store.as_ref(), path).await?.0),
        }
    }

    /// The file of this machine that holds its bytes; what lies in a store is brought to
    /// `folder` first, in the version that was listed.
    ///
    /// # Errors
    /// When it cannot be read, or has changed since it was listed.
    pub async fn bring(&self, folder: &Path) -> Result<PathBuf> {
        match &self.at {
            At::File(path) => Ok(path.clone()),
            At::Object(place, path) => {
                let to = folder.join("fetched");
                get_file(place.store.as_ref(), path, self.etag.clone(), &to).await.map_err(
                    |error| {
                        let error = error.at(format!("export \"{}\" of {place}", self.name));
                        error.hint("if it was replaced while it was read, run again")
                    },
                )?;
                Ok(to)
            }
        }
    }
}
