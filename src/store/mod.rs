//! URL → object store.
//!
//! For: giving every layer above one interface to bytes, whatever holds them.
//! Keeps true: what a `put` reported as done survives a power cut; a conditional put is honoured,
//! or the store is refused by the probe.
//! Does not know: what lies in the objects.

mod durable;
#[cfg(test)]
mod fault;
mod file;
mod limits;
mod lock;
mod patience;
mod probe;
mod register;
mod remote;
mod transfer;

use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::path::Path;

pub use durable::DurableLocal;
#[cfg(test)]
pub(crate) use fault::{Fault, FaultStore};
pub use limits::Patience;
pub use probe::{Depth, probe};
pub use register::{Edit, Register, Swapped, swap};
pub use transfer::{MAX_CONDITIONAL_BYTES, file_sha256, get_file, put_file, sha256_of};

use crate::config::stores::StoreOptions;
use crate::error::{Error, Result};
use crate::names::foreign_scheme;

/// A place for a table set: an object store and how to name it to people.
#[derive(Debug, Clone)]
pub struct Place {
    /// The store; paths in it are relative to the place.
    pub store: Arc<dyn ObjectStore>,
    /// The place as declared, for messages.
    pub url: String,
    /// The server, where the declaration names one.
    pub server: Option<String>,
    /// Whether it is a folder of this machine, whose store is ours.
    pub local: bool,
}

impl std::fmt::Display for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.server {
            Some(server) => write!(formatter, "\"{}\" at {server}", self.url),
            None => write!(formatter, "\"{}\"", self.url),
        }
    }
}

impl Place {
    /// A place in `store`, called `url`, for tests.
    #[cfg(test)]
    pub(crate) fn of(store: Arc<dyn ObjectStore>, url: &str) -> Self {
        Self { store, url: url.to_owned(), server: None, local: true }
    }

    /// How to name the object at `path` to people.
    #[must_use]
    pub fn object(&self, path: &Path) -> String {
        format!("\"{path}\" of {self}")
    }

    /// The error of a store that failed at the object at `path`.
    #[must_use]
    pub fn failed(&self, path: &Path, error: object_store::Error) -> Error {
        Error::from(error).at(self.object(path))
    }
}

/// Opens places: relative folders lie below the project's.
#[derive(Debug, Clone)]
pub struct Stores {
    base: PathBuf,
    options: Vec<StoreOptions>,
    patience: Patience,
}

impl Stores {
    /// Stores with what `options` say, folders below `base`.
    #[must_use]
    pub fn new(base: &FsPath, options: &[StoreOptions], patience: Patience) -> Self {
        Self { base: base.to_owned(), options: options.to_vec(), patience }
    }

    /// The folder that `url` names; `None` where it is no folder.
    #[must_use]
    pub fn folder(&self, url: &str) -> Option<PathBuf> {
        match foreign_scheme(url) {
            Some(_) => None,
            None => Some(self.base.join(url.strip_prefix("file://").unwrap_or(url))),
        }
    }

    /// Opens the place that `url` names, without creating or asking anything.
    ///
    /// # Errors
    /// A declaration error where the URL or what is given for it cannot be used.
    pub fn open(&self, url: &str) -> Result<Place> {
        let (store, server) = match (self.folder(url), foreign_scheme(url)) {
            (None, Some(scheme)) => remote::open(url, scheme, &self.options, self.patience)?,
            (folder, _) => {
                let folder = folder.unwrap_or_else(|| self.base.clone());
                let store: Arc<dyn ObjectStore> = Arc::new(DurableLocal::new(&folder)?);
                return Ok(Place { store, url: url.to_owned(), server: None, local: true });
            }
        };
        Ok(Place { store, url: url.to_owned(), server, local: false })
    }
}
