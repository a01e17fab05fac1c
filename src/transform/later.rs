//! Tables that are planned against before they have rows, so that each model is planned once.
//!
//! Keeps true: a plan over such a table reads the rows that it has when the plan is executed; the
//! rows have the columns that were planned against.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::{Fields, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Statistics;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::Transformed;
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::source_as_provider;
use datafusion::error::Result;
use datafusion::logical_expr::{
    EmptyRelation, Expr, LogicalPlan, TableProviderFilterPushDown, TableType,
};
use datafusion::physical_plan::ExecutionPlan;

use crate::error::{Error, Kind};

/// A table whose rows come later.
#[derive(Debug)]
pub(super) struct Later {
    schema: SchemaRef,
    /// Its rows, once it has them.
    rows: Mutex<Option<Arc<dyn TableProvider>>>,
}

impl Later {
    /// The table of `schema`, without rows so far; any column may turn out to have NULL.
    pub(super) fn new(schema: &Schema) -> Arc<Self> {
        let fields = schema.fields().iter();
        let fields = fields.map(|field| field.as_ref().clone().with_nullable(true));
        let schema = Arc::new(Schema::new(fields.collect::<Fields>()));
        Arc::new(Self { schema, rows: Mutex::default() })
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
        *self.rows.lock().unwrap_or_else(PoisonError::into_inner) = Some(rows);
        Ok(())
    }

    /// Takes its rows away: what they hold is free again.
    pub(super) fn empty(&self) {
        *self.rows.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn rows(&self) -> Arc<dyn TableProvider> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner).clone();
        rows.unwrap_or_else(|| Arc::new(EmptyTable::new(Arc::clone(&self.schema))))
    }

    /// Whether it is known that it has no rows.
    fn is_empty(&self) -> bool {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.as_ref().is_some_and(|rows| {
            let rows: &dyn TableProvider = rows.as_ref();
            let counted = rows.statistics().map(|known| known.num_rows);
            (rows as &dyn Any).is::<EmptyTable>() || counted == Some(Precision::Exact(0))
        })
    }
}

/// `plan` without scans of tables that turned out to be empty: what joins with nothing need not be
/// joined.
///
/// # Errors
/// When the plan cannot be rewritten.
pub(super) fn without_empty(plan: LogicalPlan) -> Result<LogicalPlan> {
    let plan = plan.transform_down_with_subqueries(|node| {
        let LogicalPlan::TableScan(scan) = &node else { return Ok(Transformed::no(node)) };
        let provider = source_as_provider(&scan.source)?;
        let later = (provider.as_ref() as &dyn Any).downcast_ref::<Later>();
        if !later.is_some_and(Later::is_empty) {
            return Ok(Transformed::no(node));
        }
        let schema = Arc::clone(&scan.projected_schema);
        let empty = EmptyRelation { produce_one_row: false, schema };
        Ok(Transformed::yes(LogicalPlan::EmptyRelation(empty)))
    });
    Ok(plan?.data)
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::datatypes::{DataType, Field, Schema};
    use datafusion::datasource::empty::EmptyTable;
    use datafusion::prelude::SessionContext;

    use super::{Later, without_empty};

    /// The optimised plan of a query about `bought` and `said`, of which `said` has been filled.
    async fn planned(filled: bool, sql: &str) -> String {
        let schema = Schema::new(vec![Field::new("client", DataType::Utf8, true)]);
        let (bought, said) = (Later::new(&schema), Later::new(&schema));
        let session = SessionContext::new();
        session.register_table("bought", bought).unwrap();
        session.register_table("said", Arc::clone(&said) as _).unwrap();
        if filled {
            said.fill("said", Arc::new(EmptyTable::new(Arc::new(schema)))).unwrap();
        }
        let plan = session.sql(sql).await.unwrap().into_unoptimized_plan();
        let plan = without_empty(plan).unwrap();
        session.state().optimize(&plan).unwrap().display_indent().to_string()
    }

    #[tokio::test]
    async fn what_is_joined_with_nothing_is_not_joined() {
        let sql = "select bought.client, said.client as said from bought \
                   left join said on bought.client = said.client";
        let plan = planned(true, sql).await;
        assert!(plan.contains("TableScan: bought") && !plan.contains("Join"), "{plan}");
        // A table that has no rows yet may get some.
        let plan = planned(false, sql).await;
        assert!(plan.contains("TableScan: said") && plan.contains("Join"), "{plan}");
    }

    #[tokio::test]
    async fn nothing_is_still_counted() {
        let plan = planned(true, "select count(*) from said").await;
        assert!(plan.contains("Aggregate") && plan.contains("EmptyRelation"), "{plan}");
        let plan = planned(true, "select (select count(*) from said) as n from bought").await;
        assert!(plan.contains("EmptyRelation") && !plan.contains("TableScan: said"), "{plan}");
    }
}
