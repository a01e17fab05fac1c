//! Reading a version back: does every file that its manifest names hold what it says?

use super::manifest::Table;
use super::set::TableSet;
use crate::error::{Error, Kind, Result};
use crate::layout;
use crate::store::sha256_of;

/// Reads every file of `table` and compares size and SHA-256 with the manifest's.
///
/// # Errors
/// When a file is missing or differs.
pub async fn verify(set: &TableSet, name: &str, table: &Table) -> Result<()> {
    for file in &table.files {
        let (sha256, bytes) = sha256_of(set.store().as_ref(), &layout::object(&file.path))
            .await
            .map_err(|error| error.at(format!("table \"{name}\" file \"{}\"", file.path)))?;
        if sha256 != file.sha256 || bytes != file.bytes {
            return Err(Error::new(
                Kind::Transient,
                format!(
                    "table \"{name}\" file \"{}\" of \"{}\": expected {} bytes with SHA-256 {}, \
                     found {bytes} with {sha256}",
                    file.path,
                    set.url(),
                    file.bytes,
                    file.sha256
                ),
            )
            .hint("the disk or the store does not give back what it was given: check it"));
        }
    }
    Ok(())
}
