//! SQL models on `DataFusion`: the session, our functions, the graph from parsed SQL, running it.
//!
//! Keeps true: models call only immutable functions, write nothing, read no files; the graph comes
//! from the parsed statement; a model's table holds the same rows on one core or many.
//! Does not know: suppliers, targets, what becomes of a table.

mod asked;
mod callers;
mod classes;
mod collect;
mod functions;
mod graph;
mod histories;
mod joining;
mod json;
mod later;
mod lineage;
mod models;
mod moved;
mod nested;
mod odds;
mod parameters;
mod phrase;
mod picks;
mod plan;
mod reference;
mod rhythm;
mod slots;
mod tax_id;
mod texts;
mod unit_test;
mod validate;

pub use functions::{FUNCTIONS, FunctionHelp};
pub use graph::{Graph, reads_of};
pub use lineage::Lineage;
pub use models::{Materialised, Models, Ran, Reads};
pub use parameters::{KEPT_MEASURES, MEASURES_NOW, RESTATEMENTS};
pub use reference::{delimiter, parse_csv};
pub use unit_test::{TestOutcome, run_tests};
pub use validate::{graph, planned, validated};
