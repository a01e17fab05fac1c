//! What a load of exports would bring: a load into a lake that is gone afterwards.
//!
//! Keeps true: the code is that of a run, so that what is told before and after is the same.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Decimal128Type, Int64Type};
use chrono::{DateTime, Utc};

use crate::columnar::{Engine, Limits};
use crate::config::canonical;
use crate::config::pipeline::Source;
use crate::error::{Error, Result};
use crate::lake::{ExportReport, Found, Lake, Loading, Why, load};
use crate::pull::fetch::Export;
use crate::store::{Patience, Stores};
use crate::tableset::Manifest;

/// Rejected rows that are shown.
const SHOWN_REJECTS: usize = 3;

/// What a load would bring.
#[derive(Debug)]
pub struct Trial {
    /// One report for each export.
    pub exports: Vec<ExportReport>,
    /// Rows by table, of those that have some.
    pub tables: Vec<(&'static str, u64)>,
    /// The documents, by kind and currency.
    pub documents: Vec<Documents>,
    /// The first rejects that are none by rule.
    pub rejects: Vec<Rejected>,
    /// Rows with one key and other values, or lines of a document that differ.
    pub contradicting: u64,
    /// Why a run would refuse it.
    pub refused: Option<Error>,
}

/// Documents of one kind in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Documents {
    /// The kind.
    pub kind: String,
    /// The currency.
    pub currency: String,
    /// How many count.
    pub rows: u64,
    /// Their amounts in hundredths.
    pub amount: i128,
    /// How many are cancelled.
    pub cancelled: u64,
    /// The amounts of those.
    pub cancelled_amount: i128,
}

/// A row that would be rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The row.
    pub row: i64,
    /// The column.
    pub column: String,
    /// The value.
    pub value: String,
    /// What is wrong with it.
    pub message: String,
}

/// Loads `exports`, files of this machine, by `source` into an empty lake below `scratch`.
///
/// # Errors
/// When a file as a whole cannot be used.
pub async fn trial(
    source: &Source,
    exports: Vec<Export>,
    limits: Limits,
    scratch: &Path,
    now: DateTime<Utc>,
) -> Result<Trial> {
    let engine = Engine::new(limits, scratch)?;
    let stores = Stores::new(scratch, &[], Patience::BRISK);
    let lake = Lake::open(stores.open("lake")?, &engine)?;
    let rows = scratch.join("rows");
    std::fs::create_dir_all(&rows)?;
    let loading = Loading {
        lake: &lake,
        base: &Manifest::default(),
        engine: &engine,
        scratch: &rows,
        run: "",
        now,
        accept: true,
        refused: &|_| (),
        trial: true,
    };
    let found = |export| (0, Found { export, why: Why::New, replaces: Vec::new() });
    let found = exports.into_iter().map(found).collect();
    let loaded = load(&loading, &[Arc::new(source.clone())], found).await?;
    let session = engine.session(1);
    if let Some(table) = canonical::table("documents") {
        session.register_table("documents", lake.provider(&loaded.manifest, table))?;
    }
    session.register_table("rejects", lake.rejects(&loaded.manifest))?;
    let select = async |query: &str| -> Result<Vec<RecordBatch>> {
        Ok(session.sql(query).await?.collect().await?)
    };
    let sums = select(
        "select kind, currency, cancelled, count(*) as documents, sum(amount) as amount from documents \
         group by kind, currency, cancelled order by kind, currency",
    );
    let mut documents: BTreeMap<(String, String), Documents> = BTreeMap::new();
    for batch in sums.await? {
        let (kinds, currencies) = (text(&batch, 0), text(&batch, 1));
        let cancelled = batch.column(2).as_boolean();
        let rows = batch.column(3).as_primitive::<Int64Type>();
        let amounts = batch.column(4).as_primitive::<Decimal128Type>();
        for row in 0..batch.num_rows() {
            let (kind, currency) = (kinds(row), currencies(row));
            let sum = documents.entry((kind.clone(), currency.clone())).or_insert(Documents {
                kind,
                currency,
                rows: 0,
                amount: 0,
                cancelled: 0,
                cancelled_amount: 0,
            });
            let count = u64::try_from(rows.value(row)).unwrap_or(0);
            if cancelled.is_valid(row) && cancelled.value(row) {
                (sum.cancelled, sum.cancelled_amount) = (count, amounts.value(row));
            } else {
                (sum.rows, sum.amount) = (count, amounts.value(row));
            }
        }
    }
    let first = format!(
        "select \"column\", value, message, \"row\" from rejects where not by_rule \
         order by export, \"row\" limit {SHOWN_REJECTS}"
    );
    let mut rejects = Vec::new();
    for batch in select(&first).await? {
        let (columns, values, messages) = (text(&batch, 0), text(&batch, 1), text(&batch, 2));
        let rows = batch.column(3).as_primitive::<Int64Type>();
        rejects.extend((0..batch.num_rows()).map(|row| Rejected {
            row: rows.value(row),
            column: columns(row),
            value: values(row),
            message: messages(row),
        }));
    }
    let contradicting = select(
        "select count(*) as number from rejects where reason in ('repeated_key', 'lines_differ')",
    );
    let contradicting = contradicting.await?;
    let contradicting = contradicting.first().map_or(0, |batch| {
        u64::try_from(batch.column(0).as_primitive::<Int64Type>().value(0)).unwrap_or(0)
    });
    Ok(Trial {
        tables: Lake::rows(&loaded.manifest).into_iter().filter(|(_, rows)| *rows > 0).collect(),
        exports: loaded.exports,
        documents: documents.into_values().collect(),
        rejects,
        contradicting,
        refused: loaded.refused,
    })
}

/// The texts of a column.
fn text(batch: &RecordBatch, column: usize) -> impl Fn(usize) -> String {
    let texts = arrow::compute::cast(batch.column(column), &arrow::datatypes::DataType::Utf8);
    move |row| {
        let text = texts.as_ref().ok().map(AsArray::as_string::<i32>);
        text.filter(|texts| texts.is_valid(row)).map_or("", |texts| texts.value(row)).to_owned()
    }
}
