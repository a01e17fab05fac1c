//! Tables that are planned against before they have rows, so that each model is planned once.
//!
//! Keeps true: a plan over such a table reads the rows that it has when the plan is executed; the
//! rows have the columns that were planned against.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::{Fields, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Statistics;
use datafusion::datasource::empty::EmptyTable;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;

use crate::error::{Error, Kind};

/// A table whose rows come later.
#[derive(Debug)]
pub(super) struct Later {
    schema: SchemaRef,
    rows: Mutex<Arc<dyn TableProvider>>,
}

impl Later {
    /// The table of `schema`, without rows so far; any column may turn out to have NULL.
    pub(super) fn new(schema: &Schema) -> Arc<Self> {
        let fields = schema.fields().iter();
        let fields = fields.map(|field| field.as_ref().clone().with_nullable(true));
        let schema = Arc::new(Schema::new(fields.collect::<Fields>()));
        let rows = Mutex::new(none(&schema));
        Arc::new(Self { schema, rows })
    }

    /// Gives it `rows`.
    ///
    /// # Errors
    /// When their columns are others.
    pub(super) fn fill(
        &self,
        name: &str,
        rows: Arc<dyn TableProvider>,
    ) -> crate::error::Result<()> {
        let (declared, found) = (self.schema.fields(), rows.schema());
        let same = declared.len() == found.fields().len()
            && declared.iter().zip(found.fields()).all(|(declared, found)| {
                (declared.name(), declared.data_type()) == (found.name(), found.data_type())
            });
        if !same {
            let message = format!("table \"{name}\" has other columns than were planned with");
            return Err(Error::new(Kind::Defect, format!("{message}: {found:?}")));
        }
        *self.rows.lock().unwrap_or_else(PoisonError::into_inner) = rows;
        Ok(())
    }

    /// Takes its rows away: what they hold is free again.
    pub(super) fn empty(&self) {
        *self.rows.lock().unwrap_or_else(PoisonError::into_inner) = none(&self.schema);
    }

    fn rows(&self) -> Arc<dyn TableProvider> {
        Arc::clone(&self.rows.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn none(schema: &SchemaRef) -> Arc<dyn TableProvider> {
    Arc::new(EmptyTable::new(Arc::clone(schema)))
}

#[async_trait]
impl TableProvider for Later {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        self.rows().statistics()
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        self.rows().supports_filters_pushdown(filters)
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.rows().scan(state, projection, filters, limit).await
    }
}
