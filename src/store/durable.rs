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

use super::file;
use crate::digest::hex;

/// Objects up to this size have a hash of their bytes as etag; heads and manifests do.
const HASHED_ETAG_MAX_BYTES: u64 = 1 << 20;

/// The folder of unfinished files, relative to the store.
const TMP: &str = "_tmp";

/// The file that updates lock, relative to the store.
const LOCK: &str = "_lock";

/// Whether `location` is the store's own: listed only by who asks for it by name.
fn is_own(location: &Path) -> bool {
    matches!(location.parts().next(), Some(part) if part.as_ref() == TMP || part.as_ref() == LOCK)
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

fn failed(error: io::Error) -> Error {
    Error::Generic { store: "DurableLocal", source: Box::new(error) }
}

fn failed_at(location: &Path, error: io::Error) -> Error {
    let path = location.to_string();
    match error.kind() {
        io::ErrorKind::AlreadyExists => Error::AlreadyExists { path, source: Box::new(error) },
        io::ErrorKind::NotFound => Error::NotFound { path, source: Box::new(error) },
        _ => failed(error),
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
        let root = std::path::absolute(root).map_err(failed)?;
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

    fn tmp_file(&self) -> Result<(PathBuf, File)> {
        let folder = self.root.join(TMP);
        file::create_folders(&folder).map_err(failed)?;
        loop {
            let number = NEXT_TMP.fetch_add(1, Ordering::Relaxed);
            let path = folder.join(format!("{}-{number}.tmp", std::process::id()));
            match File::create_new(&path) {
                Ok(file) => return Ok((path, file)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(error)),
            }
        }
    }

    /// Puts a finished temporary file in its place by the rules of `mode`.
    fn publish(&self, tmp: &FsPath, location: &Path, mode: &PutMode) -> Result<()> {
        let target = self.fs_path(location);
        let done = match mode {
            PutMode::Overwrite => file::replace(tmp, &target),
            PutMode::Create => file::create(tmp, &target),
            PutMode::Update(expected) => {
                let lock = self.lock()?;
                let found = etag_at(&target);
                if found.is_none() || found != expected.e_tag {
                    let _ = fs::remove_file(tmp);
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
        done.map_err(|error| {
            let _ = fs::remove_file(tmp);
            failed_at(location, error)
        })
    }

    fn lock(&self) -> Result<File> {
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.root.join(LOCK))
            .map_err(failed)?;
        lock.lock().map_err(failed)?;
        Ok(lock)
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
        file.read_to_end(&mut bytes).map_err(failed)?;
        let size = bytes.len() as u64;
        let meta = ObjectMeta {
            location: location.clone(),
            last_modified: metadata.modified().map_err(failed)?.into(),
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
        let (tmp, mut file) = self.tmp_file()?;
        let written = payload.iter().try_for_each(|bytes| file.write_all(bytes));
        written.and_then(|()| file.sync_all()).map_err(failed)?;
        self.publish(&tmp, location, &opts.mode)?;
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
        let (tmp, file) = self.tmp_file()?;
        let store = Arc::new(Self { root: self.root.clone(), inner: LocalFileSystem::new() });
        Ok(Box::new(Upload {
            store,
            location: location.clone(),
            tmp,
            file: Arc::new(file),
            offset: 0,
        }))
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
                fs::remove_file(&path).map_err(|error| failed_at(&location, error))?;
                path.parent().map_or(Ok(()), file::sync_folder).map_err(failed)?;
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
        let (tmp, mut file) = self.tmp_file()?;
        let copied = File::open(self.fs_path(from))
            .and_then(|mut source| io::copy(&mut source, &mut file))
            .and_then(|_| file.sync_all());
        if let Err(error) = copied {
            let _ = fs::remove_file(&tmp);
            return Err(failed_at(from, error));
        }
        let mode = match options.mode {
            CopyMode::Overwrite => PutMode::Overwrite,
            CopyMode::Create => PutMode::Create,
        };
        self.publish(&tmp, to, &mode)
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        let (source, target) = (self.fs_path(from), self.fs_path(to));
        let done = match options.target_mode {
            RenameTargetMode::Overwrite => file::replace(&source, &target),
            RenameTargetMode::Create => file::create(&source, &target),
        };
        done.map_err(|error| failed_at(if source.exists() { to } else { from }, error))
    }
}

/// Parts written straight to their place in one temporary file, published when complete.
struct Upload {
    store: Arc<DurableLocal>,
    location: Path,
    tmp: PathBuf,
    file: Arc<File>,
    offset: u64,
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Upload({})", self.location)
    }
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let file = Arc::clone(&self.file);
        let mut offset = self.offset;
        self.offset += data.content_length() as u64;
        async move {
            use std::os::unix::fs::FileExt;
            for bytes in &data {
                file.write_all_at(bytes, offset).map_err(failed)?;
                offset += bytes.len() as u64;
            }
            Ok(())
        }
        .boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.file.sync_all().map_err(failed)?;
        self.store.publish(&self.tmp, &self.location, &PutMode::Overwrite)?;
        let path = self.store.fs_path(&self.location);
        Ok(PutResult { e_tag: etag_at(&path), version: None })
    }

    async fn abort(&mut self) -> Result<()> {
        fs::remove_file(&self.tmp).map_err(failed)
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
