//! A local folder as an object store that is durable and can compare-and-swap.
//!
//! Upstream's local store neither fsyncs nor supports `PutMode::Update`. Here every object is
//! written to `_tmp/`, fsynced, published by `rename` or `link`, and its folder fsynced; an update
//! holds a lock on `_lock` while it compares. The etag of a small object is a hash of its bytes,
//! so it means the same on every file system. Reads, lists and deletions are upstream's.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::ops::Range;
use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult,
    MultipartUpload, ObjectMeta, ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, RenameOptions, RenameTargetMode, Result, UploadPart,
};
use sha2::{Digest, Sha256};

use super::lock::lock;
use super::{file, limits};
use crate::digest::hex;
use crate::layout::{LOCK, UNFINISHED};

/// Objects up to this size have a hash of their bytes as etag; heads and manifests do.
const HASHED_ETAG_MAX_BYTES: u64 = 1 << 20;

/// Whether `location` is the store's own: listed only by who asks for it by name.
fn is_own(location: &Path) -> bool {
    matches!(location.parts().next(), Some(part) if part.as_ref() == UNFINISHED || part.as_ref() == LOCK)
}

static NEXT_TMP: AtomicU64 = AtomicU64::new(0);

/// See the file's documentation.
#[derive(Debug)]
pub struct DurableLocal {
    root: PathBuf,
    inner: LocalFileSystem,
}

impl std::fmt::Display for DurableLocal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "DurableLocal({})", self.root.display())
    }
}

/// What the file system did not do, and where.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
struct Failure {
    path: PathBuf,
    source: io::Error,
}

fn failed(path: &FsPath, error: io::Error) -> Error {
    let source = Box::new(Failure { path: path.to_owned(), source: error });
    Error::Generic { store: "DurableLocal", source }
}

fn failed_at(location: &Path, file: &FsPath, error: io::Error) -> Error {
    let path = location.to_string();
    match error.kind() {
        io::ErrorKind::AlreadyExists => Error::AlreadyExists { path, source: Box::new(error) },
        io::ErrorKind::NotFound => Error::NotFound { path, source: Box::new(error) },
        _ => failed(file, error),
    }
}

/// A file below `_tmp`, removed with this unless it was put in its place.
#[derive(Debug)]
struct Unfinished {
    path: PathBuf,
    file: File,
    placed: bool,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.placed {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn etag_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes)[..16])
}

/// The etag of the object in the file at `path`: of a small one a hash of its bytes, of a larger
/// one what upstream makes of inode, time and size.
fn etag_at(path: &FsPath) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let mut file = File::open(path).ok()?;
    let metadata = file.metadata().ok()?;
    let size = metadata.len();
    if size > HASHED_ETAG_MAX_BYTES {
        let since = metadata.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
        return Some(format!("{:x}-{:x}-{size:x}", metadata.ino(), since.as_micros()));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).ok()?;
    Some(etag_of(&bytes))
}

impl DurableLocal {
    /// A store below `root`, which is created at the first write.
    ///
    /// # Errors
    /// When `root` cannot be made absolute.
    pub fn new(root: &FsPath) -> Result<Self> {
        let root = std::path::absolute(root).map_err(|error| failed(root, error))?;
        Ok(Self { root, inner: LocalFileSystem::new() })
    }

    fn fs_path(&self, location: &Path) -> PathBuf {
        let mut path = self.root.clone();
        for part in location.parts() {
            path.push(part.as_ref());
        }
        path
    }

    /// The location in `inner`, whose root is that of the file system.
    fn absolute(&self, location: &Path) -> Result<Path> {
        let mut path = Path::from_absolute_path(&self.root)?;
        for part in location.parts() {
            path = path.join(part);
        }
        Ok(path)
    }

    /// An inner location relative to this store.
    fn relative(root: &Path, location: &Path) -> Path {
        location.prefix_match(root).map_or_else(|| location.clone(), Iterator::collect)
    }

    fn unfinished(&self) -> Result<Unfinished> {
        let folder = self.root.join(UNFINISHED);
        file::create_folders(&folder).map_err(|error| failed(&folder, error))?;
        loop {
            let number = NEXT_TMP.fetch_add(1, Ordering::Relaxed);
            let path = folder.join(format!("{}-{number}.tmp", std::process::id()));
            match File::create_new(&path) {
                Ok(file) => return Ok(Unfinished { path, file, placed: false }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(&path, error)),
            }
        }
    }

    /// Puts a finished file in its place by the rules of `mode`.
    async fn publish(&self, mut from: Unfinished, location: &Path, mode: &PutMode) -> Result<()> {
        let (target, tmp) = (self.fs_path(location), &from.path);
        let done = match mode {
            PutMode::Overwrite => file::replace(tmp, &target),
            PutMode::Create => file::create(tmp, &target),
            PutMode::Update(expected) => {
                let path = self.root.join(LOCK);
                let lock =
                    lock(&path, limits::LOCK_WAIT).await.map_err(|error| failed(&path, error))?;
                let found = etag_at(&target);
                if found.is_none() || found != expected.e_tag {
                    return Err(Error::Precondition {
                        path: location.to_string(),
                        source: format!("etag is {found:?}, expected {:?}", expected.e_tag).into(),
                    });
                }
                let done = file::replace(tmp, &target);
                drop(lock);
                done
            }
        };
        from.placed = done.is_ok();
        done.map_err(|error| failed_at(location, &target, error))
    }

    /// A small object read whole, so that bytes and etag belong together.
    fn get_small(&self, location: &Path, options: &GetOptions) -> Result<Option<GetResult>> {
        let path = self.fs_path(location);
        let Ok(mut file) = File::open(&path) else {
            return Ok(None);
        };
        let Ok(metadata) = file.metadata() else {
            return Ok(None);
        };
        if !metadata.is_file() || metadata.len() > HASHED_ETAG_MAX_BYTES {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|error| failed(&path, error))?;
        let size = bytes.len() as u64;
        let meta = ObjectMeta {
            location: location.clone(),
            last_modified: metadata.modified().map_err(|error| failed(&path, error))?.into(),
            size,
            e_tag: Some(etag_of(&bytes)),
            version: None,
        };
        options.check_preconditions(&meta)?;
        let range = match &options.range {
            Some(range) => range.as_range(size).map_err(|error| Error::Generic {
                store: "DurableLocal",
                source: Box::new(error),
            })?,
            None => 0..size,
        };
        let cut = usize::try_from(range.start).unwrap_or(usize::MAX)
            ..usize::try_from(range.end).unwrap_or(usize::MAX);
        let bytes = Bytes::from(bytes).slice(cut);
        let payload =
            GetResultPayload::Stream(futures::stream::once(async move { Ok(bytes) }).boxed());
        Ok(Some(GetResult { payload, meta, range, attributes: object_store::Attributes::new() }))
    }

    fn relocate(&self, mut meta: ObjectMeta, root: &Path) -> ObjectMeta {
        meta.location = Self::relative(root, &meta.location);
        if let Some(etag) = etag_at(&self.fs_path(&meta.location)) {
            meta.e_tag = Some(etag);
        }
        meta
    }
}

#[async_trait]
impl ObjectStore for DurableLocal {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        opts: PutOptions,
    ) -> Result<PutResult> {
        if !opts.attributes.is_empty() {
            return Err(Error::NotImplemented {
                operation: "put with attributes".to_owned(),
                implementer: self.to_string(),
            });
        }
        let mut unfinished = self.unfinished()?;
        let file = &mut unfinished.file;
        let written = payload.iter().try_for_each(|bytes| file.write_all(bytes));
        let written = written.and_then(|()| file.sync_all());
        written.map_err(|error| failed(&self.fs_path(location), error))?;
        self.publish(unfinished, location, &opts.mode).await?;
        let small = payload.content_length() as u64 <= HASHED_ETAG_MAX_BYTES;
        let e_tag = small.then(|| etag_of(&Bytes::from(payload)));
        Ok(PutResult { e_tag, version: None })
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        opts: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        if !opts.attributes.is_empty() {
            return Err(Error::NotImplemented {
                operation: "put with attributes".to_owned(),
                implementer: self.to_string(),
            });
        }
        let unfinished = Arc::new(self.unfinished()?);
        let store = Arc::new(Self { root: self.root.clone(), inner: LocalFileSystem::new() });
        let location = location.clone();
        Ok(Box::new(Upload { store, location, unfinished: Some(unfinished), offset: 0 }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if let Some(result) = self.get_small(location, &options)? {
            return Ok(result);
        }
        let mut result = self.inner.get_opts(&self.absolute(location)?, options).await?;
        result.meta.location = location.clone();
        Ok(result)
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(&self.absolute(location)?, ranges).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let root = self.root.clone();
        locations
            .map(move |location| {
                let location = location?;
                let mut path = root.clone();
                path.extend(location.parts().map(|part| part.as_ref().to_owned()));
                fs::remove_file(&path).map_err(|error| failed_at(&location, &path, error))?;
                let synced = path.parent().map_or(Ok(()), file::sync_folder);
                synced.map_err(|error| failed(&path, error))?;
                Ok(location)
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let absolute = match self.absolute(prefix.unwrap_or(&Path::default())) {
            Ok(absolute) => absolute,
            Err(error) => return futures::stream::once(async { Err(error) }).boxed(),
        };
        let this = Self { root: self.root.clone(), inner: LocalFileSystem::new() };
        let root = self.absolute(&Path::default()).unwrap_or_default();
        let asked = prefix.is_some_and(is_own);
        self.inner
            .list(Some(&absolute))
            .map(move |meta| meta.map(|meta| this.relocate(meta, &root)))
            .try_filter(move |meta| futures::future::ready(asked || !is_own(&meta.location)))
            .boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let root = self.absolute(&Path::default())?;
        let absolute = self.absolute(prefix.unwrap_or(&Path::default()))?;
        let mut result = self.inner.list_with_delimiter(Some(&absolute)).await?;
        let shown = |location: &Path| prefix.is_some_and(is_own) || !is_own(location);
        let objects = result.objects.into_iter().map(|meta| self.relocate(meta, &root));
        result.objects = objects.filter(|meta| shown(&meta.location)).collect();
        let prefixes = result.common_prefixes.iter().map(|path| Self::relative(&root, path));
        result.common_prefixes = prefixes.filter(shown).collect();
        Ok(result)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let mut unfinished = self.unfinished()?;
        let (source, file) = (self.fs_path(from), &mut unfinished.file);
        let copied = File::open(&source)
            .and_then(|mut source| io::copy(&mut source, file))
            .and_then(|_| file.sync_all());
        copied.map_err(|error| failed_at(from, &self.fs_path(to), error))?;
        let mode = match options.mode {
            CopyMode::Overwrite => PutMode::Overwrite,
            CopyMode::Create => PutMode::Create,
        };
        self.publish(unfinished, to, &mode).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        let (source, target) = (self.fs_path(from), self.fs_path(to));
        let done = match options.target_mode {
            RenameTargetMode::Overwrite => file::replace(&source, &target),
            RenameTargetMode::Create => file::create(&source, &target),
        };
        done.map_err(|error| {
            let (location, file) = if source.exists() { (to, &target) } else { (from, &source) };
            failed_at(location, file, error)
        })
    }
}

/// Parts written straight to their place in one unfinished file, published when complete.
struct Upload {
    store: Arc<DurableLocal>,
    location: Path,
    unfinished: Option<Arc<Unfinished>>,
    offset: u64,
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Upload({})", self.location)
    }
}

impl Upload {
    fn failed(&self, error: io::Error) -> Error {
        failed(&self.store.fs_path(&self.location), error)
    }
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let (unfinished, target) = (self.unfinished.clone(), self.store.fs_path(&self.location));
        let mut offset = self.offset;
        self.offset += data.content_length() as u64;
        async move {
            use std::os::unix::fs::FileExt;
            let ended = || failed(&target, io::Error::other("the upload has ended"));
            let unfinished = unfinished.ok_or_else(ended)?;
            for bytes in &data {
                let written = unfinished.file.write_all_at(bytes, offset);
                written.map_err(|error| failed(&target, error))?;
                offset += bytes.len() as u64;
            }
            Ok(())
        }
        .boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let whole = self.unfinished.take().and_then(Arc::into_inner);
        let ended =
            || self.failed(io::Error::other("the upload has ended, or parts are under way"));
        let unfinished = whole.ok_or_else(ended)?;
        unfinished.file.sync_all().map_err(|error| self.failed(error))?;
        self.store.publish(unfinished, &self.location, &PutMode::Overwrite).await?;
        let path = self.store.fs_path(&self.location);
        Ok(PutResult { e_tag: etag_at(&path), version: None })
    }

    async fn abort(&mut self) -> Result<()> {
        self.unfinished = None;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::DurableLocal;
    use object_store::integration as suite;
    use object_store::path::Path;
    use object_store::{ObjectStore, ObjectStoreExt};

    fn store() -> (tempfile::TempDir, DurableLocal) {
        let folder = tempfile::tempdir().unwrap();
        let store = DurableLocal::new(&folder.path().join("new/store")).unwrap();
        (folder, store)
    }

    /// Upstream's suite, each part in a folder of its own; `_tmp` and `_lock` are ours.
    #[tokio::test]
    async fn the_upstream_conformance_suite_passes() {
        let (_folder, objects) = store();
        suite::get_opts(&objects).await;
        let (_folder, objects) = store();
        suite::put_opts(&objects, true).await;
        let (_folder, objects) = store();
        suite::put_get_delete_list(&objects).await;
        let (_folder, objects) = store();
        suite::list_uses_directories_correctly(&objects).await;
        suite::list_with_delimiter(&objects).await;
        let (_folder, objects) = store();
        suite::rename_and_copy(&objects).await;
        suite::copy_if_not_exists(&objects).await;
        suite::copy_rename_nonexistent_object(&objects).await;
        let (_folder, objects) = store();
        suite::stream_get(&objects).await;
        suite::multipart_race_condition(&objects, true).await;
        suite::multipart_out_of_order(&objects).await;
    }

    #[tokio::test]
    async fn of_sixteen_concurrent_updates_exactly_one_wins() {
        let (_folder, objects) = store();
        let head = Path::from("_head.json");
        let first = objects.put(&head, "0".into()).await.unwrap();
        let version = object_store::UpdateVersion { e_tag: first.e_tag.clone(), version: None };
        let updates = (0..16).map(|number: u32| {
            let mode = object_store::PutMode::Update(version.clone());
            let payload = object_store::PutPayload::from(format!("writer {number}"));
            objects.put_opts(&head, payload, mode.into())
        });
        let results = futures::future::join_all(updates).await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    }
}
