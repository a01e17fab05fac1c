//! A store that fails where a test says so: before it does something, or after, its reply lost.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// It never arrives.
    Before,
    /// It is done, and nobody hears of it.
    After,
}

type Plan = Box<dyn FnMut(&str, &Path) -> Fault + Send>;

/// See the file's documentation.
pub(crate) struct FaultStore {
    inner: Arc<dyn ObjectStore>,
    plan: Mutex<Plan>,
}

impl fmt::Debug for FaultStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "FaultStore({})", self.inner)
    }
}

impl fmt::Display for FaultStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self:?}")
    }
}

fn fault() -> Error {
    Error::Generic { store: "FaultStore", source: "the connection was lost".into() }
}

impl FaultStore {
    /// `inner`, disturbed as `plan` says of each request: its verb (`put`, `get`, `list`, `delete`,
    /// `copy`) and its path.
    pub(crate) fn new(
        inner: Arc<dyn ObjectStore>,
        plan: impl FnMut(&str, &Path) -> Fault + Send + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { inner, plan: Mutex::new(Box::new(plan)) })
    }

    fn ask(&self, verb: &str, path: &Path) -> Fault {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        plan(verb, path)
    }

    /// Fails before, or gives whether to fail after.
    fn before(&self, verb: &str, path: &Path) -> Result<bool> {
        match self.ask(verb, path) {
            Fault::Before => Err(fault()),
            asked => Ok(asked == Fault::After),
        }
    }
}

fn after<T>(lost: bool, done: T) -> Result<T> {
    if lost { Err(fault()) } else { Ok(done) }
}

#[async_trait]
impl ObjectStore for FaultStore {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let lost = self.before("put", location)?;
        after(lost, self.inner.put_opts(location, payload, options).await?)
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let lost = self.before("put", location)?;
        after(lost, self.inner.put_multipart_opts(location, options).await?)
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let lost = self.before("get", location)?;
        after(lost, self.inner.get_opts(location, options).await?)
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let lost = self.before("get", location)?;
        after(lost, self.inner.get_ranges(location, ranges).await?)
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let fails = self.ask("delete", &Path::default()) != Fault::None;
        if fails {
            return locations.and_then(|_| std::future::ready(Err(fault()))).boxed();
        }
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.before("list", prefix.unwrap_or(&Path::default())) {
            Ok(false) => self.inner.list(prefix),
            _ => futures::stream::once(async { Err(fault()) }).boxed(),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let lost = self.before("list", prefix.unwrap_or(&Path::default()))?;
        after(lost, self.inner.list_with_delimiter(prefix).await?)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let lost = self.before("copy", to)?;
        self.inner.copy_opts(from, to, options).await?;
        after(lost, ())
    }
}
