//! Questions about the tables that models made: measures, checks, queries.

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::catalog::TableProvider;

use super::models::Models;
use crate::config::contract::Contract;
use crate::config::{Model, measures};
use crate::error::{Error, Kind, Result};

impl Models<'_> {
    /// The measures of a quarter in `provider`, a table of `contract`, why they may have changed, and
    /// whether also because clients are split otherwise now; of those columns that `has` names.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn measures(
        &self,
        contract: &Contract,
        provider: Arc<dyn TableProvider>,
        (quarter, cause, split): (&str, &str, bool),
        has: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<Vec<RecordBatch>> {
        let name = "measured_rows";
        self.session().register_table(name, provider)?;
        let measured = measures::query(contract, name, has);
        let sql = format!(
            "with measured as (\n{measured})\nselect quarter, table_name, key, \
             case when {split} then whole else null end as whole, \
             measured.measured['measure'] as measure, measured.measured['value'] as value, \
             measured.measured['adds_up'] as adds_up, '{cause}' as cause \
             from measured where quarter = '{quarter}'"
        );
        let (file, layer) = (contract.file.clone(), "intermediate".to_owned());
        let model = Model { name: name.to_owned(), file, layer, sql };
        let rows = self.offenders(&model).await;
        self.session().deregister_table(name)?;
        rows
    }

    /// The rows of a query over the registered tables.
    ///
    /// # Errors
    /// When it cannot be planned or fails on the data.
    pub async fn query(&self, sql: &str) -> Result<Vec<RecordBatch>> {
        Ok(self.session().sql(sql).await?.collect().await?)
    }

    /// The rows of a check's query: those that break its promise.
    ///
    /// # Errors
    /// As [`Models::run`].
    pub async fn offenders(&self, model: &Model) -> Result<Vec<RecordBatch>> {
        let plan = self.plan(model).await;
        let plan = plan.map_err(|fault| Error::new(Kind::Declaration, fault.to_string()))?;
        self.collected(plan).await
    }
}
