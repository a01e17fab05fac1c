//! A published table as queries see it.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use datafusion::catalog::TableProvider;
use datafusion::execution::object_store::ObjectStoreUrl;

use crate::columnar::{FilesTable, type_named};
use crate::error::{Error, Kind, Result};
use crate::tableset::Table;

/// The Parquet file of `table`, called `name`, in the store that queries know as `url`; the files
/// of other formats are copies for readers.
///
/// # Errors
/// When it has columns of unknown types.
pub fn published(
    name: &str,
    table: &Table,
    url: &ObjectStoreUrl,
) -> Result<Arc<dyn TableProvider>> {
    let fields = table.schema.iter().map(|column| {
        let kind = type_named(&column.kind).ok_or_else(|| {
            let (column, kind) = (&column.name, &column.kind);
            Error::new(
                Kind::Defect,
                format!("table \"{name}\" column \"{column}\": type \"{kind}\" is unknown"),
            )
        })?;
        Ok(Field::new(&column.name, kind, true))
    });
    let schema = Schema::new(fields.collect::<Result<Vec<_>>>()?);
    let files = table.files.iter().filter(|file| file.path.ends_with(".parquet"));
    let files = files.map(|file| (file.path.clone(), file.bytes, file.rows));
    Ok(FilesTable::table(schema, files, url.clone()))
}
