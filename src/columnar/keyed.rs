//! Rows in memory whose partitions are known: equal keys lie in the same one.
//!
//! Sorting rows into partitions is what grouping and joining wait for; a table that says how its
//! rows lie is grouped and joined in place.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use datafusion::common::Statistics;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::source::{DataSource, DataSourceExec};
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::execution_plan::SchedulingType;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::{DisplayFormatType, ExecutionPlan, ExecutionPlanProperties};

/// Whether rows of `plan` lie in as many partitions as `partitions`, by the hash of column `key`.
fn lies_by(plan: &Arc<dyn ExecutionPlan>, key: &str, partitions: usize) -> bool {
    let Partitioning::Hash(expressions, count) = plan.output_partitioning() else { return false };
    let [expression] = expressions.as_slice() else { return false };
    let column = (expression.as_ref() as &dyn Any).downcast_ref::<Column>();
    *count == partitions && column.is_some_and(|column| column.name() == key)
}

/// `plan` with its rows in partitions by the hash of column `key`.
///
/// # Errors
/// When it has no such column.
pub fn by_key(
    plan: Arc<dyn ExecutionPlan>,
    key: &str,
    partitions: usize,
) -> Result<Arc<dyn ExecutionPlan>> {
    if lies_by(&plan, key, partitions) {
        return Ok(plan);
    }
    let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new_with_schema(key, &plan.schema())?);
    Ok(Arc::new(RepartitionExec::try_new(plan, Partitioning::Hash(vec![column], partitions))?))
}

/// Another source, whose rows lie by the hash of a column.
#[derive(Debug, Clone)]
pub(super) struct KeyedSource {
    inner: Arc<dyn DataSource>,
    key: Arc<str>,
}

impl KeyedSource {
    /// A scan of `inner`, whose partitions are those of [`by_key`].
    pub(super) fn scan(inner: Arc<dyn DataSource>, key: Arc<str>) -> Arc<dyn ExecutionPlan> {
        Arc::new(DataSourceExec::new(Arc::new(Self { inner, key })))
    }

    fn with(&self, inner: Arc<dyn DataSource>) -> Arc<dyn DataSource> {
        Arc::new(Self { inner, key: Arc::clone(&self.key) })
    }
}

/// How rows of `schema` lie in `partitions` by `key`; unknown where a projection left it out.
pub(super) fn partitioning(
    schema: &arrow::datatypes::Schema,
    key: &str,
    partitions: usize,
) -> Partitioning {
    match schema.index_of(key) {
        Ok(index) => Partitioning::Hash(vec![Arc::new(Column::new(key, index))], partitions),
        Err(_) => Partitioning::UnknownPartitioning(partitions),
    }
}

impl DataSource for KeyedSource {
    fn open(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        self.inner.open(partition, context)
    }

    fn fmt_as(&self, kind: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "key={}, ", self.key)?;
        self.inner.fmt_as(kind, formatter)
    }

    fn output_partitioning(&self) -> Partitioning {
        let count = self.inner.output_partitioning().partition_count();
        partitioning(self.eq_properties().schema(), &self.key, count)
    }

    fn eq_properties(&self) -> EquivalenceProperties {
        self.inner.eq_properties()
    }

    fn scheduling_type(&self) -> SchedulingType {
        self.inner.scheduling_type()
    }

    fn partition_statistics(&self, partition: Option<usize>) -> Result<Arc<Statistics>> {
        self.inner.partition_statistics(partition)
    }

    fn with_fetch(&self, limit: Option<usize>) -> Option<Arc<dyn DataSource>> {
        self.inner.with_fetch(limit).map(|inner| self.with(inner))
    }

    fn fetch(&self) -> Option<usize> {
        self.inner.fetch()
    }

    fn try_swapping_with_projection(
        &self,
        projection: &ProjectionExprs,
    ) -> Result<Option<Arc<dyn DataSource>>> {
        let inner = self.inner.try_swapping_with_projection(projection)?;
        Ok(inner.map(|inner| self.with(inner)))
    }

    fn apply_expressions(
        &self,
        each: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.inner.apply_expressions(each)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, RecordBatch, StringArray};
    use arrow::util::pretty::pretty_format_batches;
    use datafusion::physical_plan::{displayable, execute_stream_partitioned};
    use datafusion::prelude::SessionContext;
    use futures::TryStreamExt;

    use super::by_key;
    use crate::columnar::{Engine, Limits, ScratchRows, ScratchWriter};

    const ROWS: i64 = 100_000;

    /// Rows of 97 clients, one of them NULL, as a table that lies by client in three parts;
    /// spilled where scratch has little memory.
    async fn session(memory_mb: usize) -> (tempfile::TempDir, SessionContext) {
        let folder = tempfile::tempdir().unwrap();
        let engine = |memory_mb| Engine::new(Limits { threads: 3, memory_mb }, folder.path());
        let (scratch, session) = (engine(memory_mb).unwrap(), engine(64).unwrap().session(3));
        let client = |n| Some(n % 97).filter(|n| *n > 0).map(|n| format!("c{n}"));
        let clients: StringArray = (0..ROWS).map(client).collect();
        let numbers = Int64Array::from_iter_values(0..ROWS);
        let rows = RecordBatch::try_from_iter([
            ("n", Arc::new(numbers) as _),
            ("client", Arc::new(clients) as _),
        ]);
        let plan = session.read_batch(rows.unwrap()).unwrap().create_physical_plan().await.unwrap();
        let plan = by_key(plan, "client", 3).unwrap();
        let schema = plan.schema();
        let mut parts = Vec::new();
        for stream in execute_stream_partitioned(plan, session.task_ctx()).unwrap() {
            let path = folder.path().join(format!("part-{}", parts.len()));
            let mut writer = ScratchWriter::new(&scratch, path, &schema);
            for batch in stream.try_collect::<Vec<_>>().await.unwrap() {
                writer.write(batch).unwrap();
            }
            parts.push(writer.finish().unwrap());
        }
        let keyed = ScratchRows::keyed_table(&schema, &parts, "client");
        session.register_table("rows", keyed).unwrap();
        session.register_table("plain", ScratchRows::table(&schema, &parts)).unwrap();
        (folder, session)
    }

    /// The rows of an answer, each as one line, and the plan that gave them.
    async fn found(session: &SessionContext, sql: &str) -> (Vec<String>, String) {
        let frame = session.sql(sql).await.unwrap();
        let plan = frame.clone().create_physical_plan().await.unwrap();
        let plan = displayable(plan.as_ref()).indent(false).to_string();
        let rows = pretty_format_batches(&frame.collect().await.unwrap()).unwrap().to_string();
        let lines = rows.lines().filter(|line| line.starts_with('|')).skip(1);
        let lines = lines.map(|line| line.split_whitespace().collect());
        (lines.map(|words: Vec<&str>| words.join(" ")).collect(), plan)
    }

    #[tokio::test]
    async fn rows_that_lie_by_client_are_grouped_and_joined_in_place() {
        let sql = "select rows.client, sum(rows.n) as n, max(other.most) as most from rows \
                   inner join (select client, max(n) as most from rows group by client) as other \
                   on rows.client = other.client group by rows.client order by client limit 3";
        for memory_mb in [64, 1] {
            let (folder, session) = session(memory_mb).await;
            assert_eq!(folder.path().join("part-0").exists(), memory_mb == 1);
            let (rows, plan) = found(&session, sql).await;
            assert!(!plan.contains("RepartitionExec: partitioning=Hash"), "{plan}");
            let expected = [1, 10, 11].map(|client| {
                let own = || (0..ROWS).filter(|n| n % 97 == client);
                format!("| c{client} | {} | {} |", own().sum::<i64>(), own().max().unwrap_or(0))
            });
            assert_eq!(rows[..3], expected);
        }
    }

    #[tokio::test]
    async fn rows_that_lie_by_client_are_joined_in_place_by_more_than_that() {
        let (_folder, session) = session(64).await;
        // One side lies by client, the other is brought there; what comes of it is grouped in place.
        for (other, exchanges) in [("rows", 0), ("plain", 1)] {
            let sql = format!(
                "select a.client, a.n % 5 as five, count(*) as rows, sum(b.n) as n \
                 from rows as a inner join {other} as b on a.n = b.n and a.client = b.client \
                 group by a.client, five order by rows desc, n limit 7"
            );
            let (rows, plan) = found(&session, &sql).await;
            let counted = plan.matches("RepartitionExec: partitioning=Hash").count();
            assert_eq!(counted, exchanges, "{plan}");
            let (plain, _) = found(&session, &sql.replace("rows as a", "plain as a")).await;
            assert_eq!(rows, plain);
            assert_eq!(rows.len(), 7);
        }
    }

    #[tokio::test]
    async fn a_table_that_lies_by_client_answers_as_any_other() {
        for memory_mb in [64, 1] {
            let (_folder, session) = session(memory_mb).await;
            for sql in [
                "select client, n % 5 as five, count(*), sum(n) from rows group by client, five",
                "select n % 5 as five, count(*), count(client), min(n) from rows group by five",
                "select a.client, count(*), count(b.n) from rows as a left join rows as b \
                 on a.client = b.client and a.n = b.n + 97 group by a.client",
                "select a.n, b.n as other from rows as a full join (select * from rows where \
                 client in ('c7', 'c8')) as b on a.client = b.client and a.n = b.n where a.n < 900",
                "select client, n from rows as a where not exists (select 1 from rows as b \
                 where b.client = a.client and b.n = a.n + 1) and n < 500",
                "select client, count(*) from (select client from rows union all \
                 select client from plain) as both group by client",
                "select client, n, row_number() over (partition by client order by n desc) as \
                 place from rows where n > 99000",
                "select r.client, count(p.n) from rows as r inner join plain as p \
                 on r.client = p.client and r.n = p.n group by r.client",
                "select r.n, p.n, q.n from rows as r left join plain as p on r.n = p.n + 97 \
                 and r.client = p.client left join rows as q on q.client = r.client \
                 and q.n = p.n where r.n < 2000",
                "select r.client, r.n, count(*) from rows as r right join (select client, n from \
                 plain union all select client, n from rows) as p on r.client = p.client \
                 and r.n = p.n group by r.client, r.n having count(*) <> 2 or r.n < 100",
                "select r.client, p.five, row_number() over (partition by r.client, p.five \
                 order by r.n) from rows as r inner join (select client, n, n % 5 as five from \
                 plain) as p on r.client = p.client and r.n = p.n where r.n < 5000",
            ] {
                let sql = format!("select * from ({sql}) as answer order by 1, 2");
                let (rows, plan) = found(&session, &sql).await;
                let (plain, _) = found(
                    &session,
                    &sql.replace("rows as", "plain as").replace("from rows", "from plain"),
                )
                .await;
                assert!(rows.len() >= 5, "{sql}: {rows:?}");
                let other = rows.iter().zip(&plain).find(|(row, plain)| row != plain);
                assert!(rows.len() == plain.len() && other.is_none(), "{sql}: {other:?}\n{plan}");
            }
        }
    }
}
