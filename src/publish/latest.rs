//! `latest/`: one file a table under a stable name, derived from the head.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::publication::joined;
use crate::error::Result;
use crate::store::sha256_of;
use crate::tableset::{DataFile, TableSet};

/// Files copied at a time.
const CONCURRENT_COPIES: usize = 8;

/// Times that the head may move while `latest/` is derived.
const MAX_ROUNDS: usize = 16;

/// Makes `latest/` equal to the head; gives the number of files that were replaced.
///
/// # Errors
/// When the store fails.
pub async fn refresh(set: &TableSet) -> Result<usize> {
    let mut replaced = 0;
    for _ in 0..MAX_ROUNDS {
        let manifest = set.current().await?;
        let files = manifest.tables.values().flat_map(|table| &table.files);
        let copies = files.map(|file| {
            let copy = derive(Arc::clone(set.store()), file.clone());
            async { tokio::spawn(copy).await.map_err(joined)? }
        });
        let copied: Vec<bool> =
            stream::iter(copies).buffered(CONCURRENT_COPIES).try_collect().await?;
        replaced += copied.into_iter().filter(|copied| *copied).count();
        let now = set.head().await?.map_or(0, |head| head.version);
        if now == manifest.version {
            break;
        }
    }
    Ok(replaced)
}

/// Makes the file in `latest/` equal to `file`; gives whether it had to be replaced.
async fn derive(store: Arc<dyn ObjectStore>, file: DataFile) -> Result<bool> {
    let name = file.path.rsplit('/').next().unwrap_or(&file.path);
    let to = Path::from(format!("latest/{name}"));
    let same_size = store.head(&to).await.is_ok_and(|meta| meta.size == file.bytes);
    if same_size && sha256_of(store.as_ref(), &to).await?.0 == file.sha256 {
        return Ok(false);
    }
    store.copy(&Path::from(file.path.as_str()), &to).await?;
    Ok(true)
}
