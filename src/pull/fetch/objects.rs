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
    let at = |error: object_store::Error| match error {
        // A page of the list with such a key is lost as a whole.
        object_store::Error::InvalidPath { source } => {
            let message = format!("store {place}: an object's name cannot be read: {source}");
            Error::new(Kind::Supplier, message).hint(
                "rename or remove that object, or give the source a url below which it is not",
            )
        }
        error => Error::from(error).at(format!("store {place}")),
    };
    let (folder, deep) = reach(pattern);
    let all = || place.store.list(folder.as_ref()).try_collect::<Vec<ObjectMeta>>();
    let listed = if deep {
        all().await
    } else {
        match place.store.list_with_delimiter(folder.as_ref()).await {
            Ok(found) => Ok(found.objects),
            // Of a folder that cannot be named, the list of all names the object.
            Err(object_store::Error::InvalidPath { .. }) => all().await,
            Err(error) => Err(error),
        }
    };
    let listed = listed.map_err(at)?;
    let matching = listed.into_iter().filter(|meta| glob.is_match(meta.location.as_ref()));
    Ok(matching.map(|meta| export(meta.location.to_string(), place.clone(), meta)).collect())
}

/// The folder that all paths that match `pattern` lie in, and whether some lie in folders below it.
fn reach(pattern: &str) -> (Option<Path>, bool) {
    let special = |part: &&str| part.contains(['*', '?', '[', ']', '{', '}', '\\', '!']);
    let parts: Vec<&str> = pattern.split('/').collect();
    let literal = parts.iter().take_while(|part| !special(part)).count().min(parts.len() - 1);
    let folder = (literal > 0).then(|| Path::from(parts[..literal].join("/")));
    let rest = &parts[literal..];
    (folder, rest.len() > 1 || rest.iter().any(|part| part.contains("**")))
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
