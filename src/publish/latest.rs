//! `latest/`: one file a table under a stable name, derived from the head.

use object_store::ObjectStoreExt;
use object_store::path::Path;

use crate::error::Result;
use crate::store::sha256_of;
use crate::tableset::TableSet;

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
        for file in manifest.tables.values().flat_map(|table| &table.files) {
            let name = file.path.rsplit('/').next().unwrap_or(&file.path);
            let to = Path::from(format!("latest/{name}"));
            let store = set.store();
            let same_size = store.head(&to).await.is_ok_and(|meta| meta.size == file.bytes);
            if same_size && sha256_of(store.as_ref(), &to).await?.0 == file.sha256 {
                continue;
            }
            store.copy(&Path::from(file.path.as_str()), &to).await?;
            replaced += 1;
        }
        let now = set.head().await?.map_or(0, |head| head.version);
        if now == manifest.version {
            break;
        }
    }
    Ok(replaced)
}
