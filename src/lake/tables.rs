//! The lake's tables: where they lie, and how queries read them.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::TableProvider;
use datafusion::execution::object_store::ObjectStoreUrl;

use super::ledger::{EXPORTS, exports_schema};
use super::rejects::{REJECTS, rejects_schema};
use crate::columnar::{Engine, FilesTable};
use crate::config::canonical::{self, Table};
use crate::domain::{Day, calendar::to_date};
use crate::error::Result;

use crate::store::Place;
use crate::tableset::{Manifest, TableSet};

/// The column behind the canonical ones that says which export a row came from.
pub(super) const EXPORT: &str = "_export";

/// The period of tables without a date.
pub(super) const ALL: &str = "all";

/// A lake and how to query it.
#[derive(Debug, Clone)]
pub struct Lake {
    set: TableSet,
    url: ObjectStoreUrl,
}

/// The name of the month of `day`, as `2026-06`.
#[must_use]
pub fn period_name(day: Day) -> String {
    to_date(day).format("%Y-%m").to_string()
}

impl Lake {
    /// The lake at `place`.
    ///
    /// # Errors
    /// When queries cannot be told of it.
    pub fn open(place: Place, engine: &Engine) -> Result<Self> {
        let registered = engine.register("lake", Arc::clone(&place.store))?;
        Ok(Self { set: TableSet::new(place), url: registered })
    }

    /// Its table set.
    #[must_use]
    pub fn set(&self) -> &TableSet {
        &self.set
    }

    /// The canonical table `table` of `manifest`, as queries see it.
    #[must_use]
    pub fn provider(&self, manifest: &Manifest, table: &Table) -> Arc<dyn TableProvider> {
        self.files(manifest, table.name, table.schema(), |_| true)
    }

    /// The rejects of `manifest`.
    #[must_use]
    pub fn rejects(&self, manifest: &Manifest) -> Arc<dyn TableProvider> {
        self.files(manifest, REJECTS, rejects_schema(), |_| true)
    }

    /// The ledger of `manifest` as a table.
    #[must_use]
    pub fn exports(&self, manifest: &Manifest) -> Arc<dyn TableProvider> {
        self.files(manifest, EXPORTS, exports_schema(), |_| true)
    }

    /// The rejects of `manifest` whose part is `wanted`.
    pub(super) fn rejects_of(&self, manifest: &Manifest, wanted: &str) -> Arc<dyn TableProvider> {
        self.files(manifest, REJECTS, rejects_schema(), |part| part == wanted)
    }

    /// The files of `table` whose part is `wanted`, with the column that names their export.
    pub(super) fn parts(
        &self,
        manifest: &Manifest,
        table: &Table,
        wanted: impl Fn(&str) -> bool,
    ) -> Arc<dyn TableProvider> {
        self.files(manifest, table.name, stored_schema(table), wanted)
    }

    fn files(
        &self,
        manifest: &Manifest,
        name: &str,
        schema: Schema,
        wanted: impl Fn(&str) -> bool,
    ) -> Arc<dyn TableProvider> {
        let files = manifest.files(name);
        let files = files.iter().filter(|file| wanted(&file.part));
        let files = files.map(|file| (file.path.clone(), file.bytes, file.rows));
        FilesTable::table(schema, files, self.url.clone())
    }

    /// Rows of each canonical table in `manifest`, by name.
    #[must_use]
    pub fn rows(manifest: &Manifest) -> Vec<(&'static str, u64)> {
        let rows = |table: &Table| {
            let files = manifest.files(table.name);
            files.iter().map(|file| file.rows).sum()
        };
        canonical::TABLES.iter().map(|table| (table.name, rows(table))).collect()
    }
}

/// The columns of a canonical table as stored.
pub(super) fn stored_schema(table: &Table) -> Schema {
    let mut fields: Vec<Field> =
        table.schema().fields().iter().map(|field| field.as_ref().clone()).collect();
    fields.push(Field::new(EXPORT, DataType::Utf8, true));
    Schema::new(fields)
}
