//! A store whose requests wait for as long as each may: conditional writes not long.
//!
//! A read or a plain put may be sent again and again until a server is back. Of writers that race for
//! one object most are refused, and some servers refuse with an error that asks for another try: these
//! give up soon, and [`Register`](super::Register) looks at the object, which waits as reads do.

use std::fmt;
use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// One store, reached in two ways.
#[derive(Debug)]
pub(super) struct ByPatience<S> {
    /// For what may be sent again for long.
    pub(super) patient: S,
    /// For conditional writes.
    pub(super) brisk: S,
}

impl<S: fmt::Display> fmt::Display for ByPatience<S> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.patient.fmt(to)
    }
}

#[async_trait]
impl<S: ObjectStore> ObjectStore for ByPatience<S> {
    async fn put_opts(
        &self,
        path: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let store = match options.mode {
            PutMode::Overwrite => &self.patient,
            PutMode::Create | PutMode::Update(_) => &self.brisk,
        };
        store.put_opts(path, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.patient.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.patient.get_opts(path, options).await
    }

    async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.patient.get_ranges(path, ranges).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.patient.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.patient.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.patient.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.patient.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let store = match options.mode {
            CopyMode::Overwrite => &self.patient,
            CopyMode::Create => &self.brisk,
        };
        store.copy_opts(from, to, options).await
    }
}
