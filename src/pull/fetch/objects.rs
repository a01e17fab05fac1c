//! Exports in object stores, by glob, and pages of web servers, one by one.

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use super::{At, Export, matcher};
use crate::error::{Error, Kind, Result};
use crate::store::Place;

/// Objects of `place` whose path matches `pattern`.
pub(super) async fn list(place: &Place, pattern: &str) -> Result<Vec<Export>> {
    let glob = matcher(pattern)?;
    let at = |error: object_store::Error| Error::from(error).at(format!("store {place}"));
    let mut objects = place.store.list(None);
    let mut found = Vec::new();
    while let Some(meta) = objects.try_next().await.map_err(at)? {
        if glob.is_match(meta.location.as_ref()) {
            found.push(export(meta.location.to_string(), place.clone(), meta));
        }
    }
    Ok(found)
}

/// The page that `place` is.
pub(super) async fn page(name: &str, place: Place) -> Result<Export> {
    let meta = place.store.head(&Path::default()).await.map_err(|error| match error {
        object_store::Error::NotFound { .. } => {
            Error::new(Kind::Nothing, format!("page \"{name}\" does not exist"))
                .hint("correct fetch: http: urls, or wait until it is there")
        }
        other => Error::from(other)
            .at(format!("page \"{name}\""))
            .hint("the server must answer HEAD with the length of what it would send"),
    })?;
    Ok(export(name.to_owned(), place, meta))
}

fn export(name: String, place: Place, meta: ObjectMeta) -> Export {
    Export {
        name,
        bytes: meta.size,
        modified_ms: u64::try_from(meta.last_modified.timestamp_millis()).unwrap_or(0),
        etag: meta.e_tag,
        at: At::Object(place, meta.location),
    }
}
