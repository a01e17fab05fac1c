//! A table set in a store: its head, its versions.

use std::sync::Arc;

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::manifest::{FORMAT, Head, Manifest};
use crate::error::{Error, Kind, Result};
use crate::layout::{self, HEAD};
use crate::store::{Edit, Place, Register};

/// Runs that a head remembers as fenced: more never were paused at once, and still live.
const MAX_FENCED: usize = 256;

/// What of a manifest any program understands.
#[derive(serde::Deserialize)]
struct Format {
    format: u32,
}

/// A table set in a store.
#[derive(Debug, Clone)]
pub struct TableSet {
    place: Place,
}

impl TableSet {
    /// The table set at `place`.
    #[must_use]
    pub fn new(place: Place) -> Self {
        Self { place }
    }

    /// Where it lies.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.place.store
    }

    /// The place as declared.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.place.url
    }

    pub(super) fn register(&self) -> Register<Head> {
        Register::new(&self.place, Path::from(HEAD))
    }

    /// The current head; `None` before the first commit.
    ///
    /// # Errors
    /// When the store fails or the head is not one.
    pub async fn head(&self) -> Result<Option<Head>> {
        Ok(self.register().read().await?.filter(|head| head.version > 0))
    }

    /// The manifest at `path`.
    ///
    /// # Errors
    /// When it is missing, or of a format that this program does not know.
    pub async fn manifest(&self, path: &str) -> Result<Manifest> {
        let path = Path::from(path);
        let at = || format!("manifest {}", self.place.object(&path));
        let bytes = async { self.store().get(&path).await?.bytes().await };
        let bytes = bytes.await.map_err(|error| Error::from(error).at(at()))?;
        // The format is asked first: the rest of a newer one may not even be understood.
        let Format { format } =
            serde_json::from_slice(&bytes).map_err(|error| Error::from(error).at(at()))?;
        if format > FORMAT {
            return Err(Error::new(
                Kind::Declaration,
                format!("{}: format {format}, this program knows {FORMAT} at most", at()),
            )
            .hint("use the version of pobudka that wrote it, or a newer one"));
        }
        serde_json::from_slice(&bytes).map_err(|error| Error::from(error).at(at()))
    }

    /// The manifest at `path`; `None` where it is gone.
    ///
    /// # Errors
    /// As [`TableSet::manifest`].
    pub async fn manifest_if_there(&self, path: &str) -> Result<Option<Manifest>> {
        match self.store().head(&Path::from(path)).await {
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            _ => self.manifest(path).await.map(Some),
        }
    }

    /// The current version; an empty one before the first commit.
    ///
    /// # Errors
    /// As [`TableSet::head`] and [`TableSet::manifest`].
    pub async fn current(&self) -> Result<Manifest> {
        self.version(self.register().read().await?.as_ref()).await
    }

    /// The version that `head` names.
    pub(super) async fn version(&self, head: Option<&Head>) -> Result<Manifest> {
        match head {
            Some(head) => self.manifest(&head.manifest).await,
            None => Ok(Manifest::default()),
        }
    }

    pub(super) async fn put_manifest(&self, manifest: &Manifest, run: &str) -> Result<String> {
        let path = layout::manifest(manifest.version, run);
        let bytes = serde_json::to_vec_pretty(manifest)?;
        let put = self.store().put(&path, bytes.into()).await;
        put.map_err(|error| self.place.failed(&path, error))?;
        Ok(path.to_string())
    }

    /// Takes from `run`, which lost its lease, the right to swap the head: from here on its swap
    /// fails, wherever it was stopped. Before the first commit this makes an empty version 0.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn fence(&self, run: &str) -> Result<()> {
        self.register().update(|head| self.fenced(head, run)).await
    }

    async fn fenced(&self, head: Option<Head>, run: &str) -> Result<Edit<Head, ()>> {
        let mut head = if let Some(head) = head {
            head
        } else {
            let nothing = Manifest { format: FORMAT, ..Manifest::default() };
            let manifest = self.put_manifest(&nothing, run).await?;
            Head { manifest, ..Head::default() }
        };
        if head.fenced.iter().any(|fenced| fenced == run) {
            return Ok(Edit::Leave(()));
        }
        head.fenced.push(run.to_owned());
        let surplus = head.fenced.len().saturating_sub(MAX_FENCED);
        head.fenced.drain(..surplus);
        Ok(Edit::Write(head, ()))
    }
}
