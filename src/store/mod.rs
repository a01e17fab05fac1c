//! URL → object store.
//!
//! For: giving every layer above one interface to bytes, whatever holds them.
//! Keeps true: what a `put` reported as done survives a power cut; a conditional put is honoured.
//! Does not know: what lies in the objects.
//!
//! Local folders only for now; other schemes are refused by name, never treated as a path.

mod durable;
mod file;
mod transfer;

use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;

use object_store::ObjectStore;

pub use durable::DurableLocal;
pub use transfer::{put_file, sha256_of};

use crate::error::{Error, Kind, Result};
use crate::names::foreign_scheme;

/// A place for a table set: an object store and how to name it to people.
#[derive(Debug, Clone)]
pub struct Place {
    /// The store; paths in it are relative to the place.
    pub store: Arc<dyn ObjectStore>,
    /// The place as declared, for messages.
    pub url: String,
    /// The folder, where the place is one.
    pub folder: PathBuf,
}

/// The folder that `url` (a path or `file://…`) names, relative ones below `base`.
#[must_use]
pub fn local_folder(url: &str, base: &FsPath) -> PathBuf {
    base.join(url.strip_prefix("file://").unwrap_or(url))
}

/// Opens the place that `url` names, without creating anything; relative paths lie below `base`.
///
/// # Errors
/// A declaration error for a scheme that is not supported.
pub fn open(url: &str, base: &FsPath) -> Result<Place> {
    if let Some(scheme) = foreign_scheme(url) {
        return Err(Error::new(
            Kind::Declaration,
            format!("store \"{url}\": scheme \"{scheme}\" is not supported, expected a folder"),
        )
        .hint("give a path, or a URL that begins with file://"));
    }
    let folder = local_folder(url, base);
    let store = Arc::new(DurableLocal::new(&folder)?);
    Ok(Place { store, url: url.to_owned(), folder })
}
