//! A checked contract: what a model promises of its table.

use super::settings::Settings;
use crate::language::Language;

/// What stands in `<model>.yaml` beside `<model>.sql`.
#[derive(Debug, Clone)]
pub struct Contract {
    /// The file, relative to the project.
    pub file: String,
    /// The model.
    pub model: String,
    /// What the table is.
    pub description: String,
    /// Inputs without which it has nothing to say.
    pub needs: Vec<String>,
    /// The columns whose values are unique together; rows are published in their order.
    pub grain: Vec<String>,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// How it looks in files that people open.
    pub sheet: Sheet,
    /// The columns that a sum holds to one value each: rows of different ones count the same again.
    pub additive_over: Vec<String>,
    /// What must hold.
    pub checks: Vec<Check>,
    /// Unit tests of the SQL.
    pub tests: Vec<UnitTest>,
}

/// A column of a contract.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its SQL type as published.
    pub kind: String,
    /// Its meaning.
    pub description: String,
    /// Inputs without which it is NULL or counts nothing.
    pub needs: Vec<String>,
    /// Whether its values are codes, which people are told in the language of the project.
    pub coded: bool,
    /// Whether its values add up over rows: not those of a mean, a median or a largest one.
    pub additive: bool,
}

/// How a table looks in files that people open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    /// The columns that are seen first; the others are grouped away behind them. Where none is named,
    /// all columns in their order.
    pub columns: Vec<String>,
    /// What the rows are sorted by: a column, and whether its largest values come first. Where nothing
    /// is named, by the grain.
    pub order: Vec<(String, bool)>,
}

/// A promise about the table.
#[derive(Debug, Clone)]
pub struct Check {
    /// Where it is declared: line and column.
    pub place: (usize, usize),
    /// What is promised.
    pub promise: Promise,
    /// When offenders matter.
    pub limits: Limits,
}

/// What is promised.
#[derive(Debug, Clone)]
pub enum Promise {
    /// None of the columns is NULL.
    NotNull(Vec<String>),
    /// The columns together are unique.
    Unique(Vec<String>),
    /// The contract's grain is unique and not NULL, but for the columns that may be NULL.
    Grain,
    /// A column holds only these values, or NULL.
    AcceptedValues(String, Vec<String>),
    /// A column's values occur in another model's column, or are NULL.
    Relationships {
        /// The column.
        column: String,
        /// The other model.
        to: String,
        /// Its column.
        field: String,
    },
    /// The number of rows lies within bounds.
    RowCount(Option<u64>, Option<u64>),
    /// A query of `sql/checks/<name>.sql` returns no rows.
    Query(String),
}

/// When offenders matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Offenders from which a warning is given.
    pub warn_if: Option<Condition>,
    /// Offenders from which the check fails.
    pub error_if: Option<Condition>,
}

/// A condition on the number of offenders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition {
    /// The comparison.
    pub comparison: Comparison,
    /// What it compares with.
    pub number: u64,
}

/// How a number of offenders is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// More than.
    Above,
    /// At least.
    AtLeast,
}

impl Condition {
    /// Any offender at all.
    pub const ANY: Self = Self { comparison: Comparison::Above, number: 0 };

    /// Whether `offenders` meet it.
    #[must_use]
    pub fn holds(self, offenders: u64) -> bool {
        match self.comparison {
            Comparison::Above => offenders > self.number,
            Comparison::AtLeast => offenders >= self.number,
        }
    }

    /// A condition written `> 0` or `>= 10`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (comparison, number) = match text.strip_prefix(">=") {
            Some(number) => (Comparison::AtLeast, number),
            None => (Comparison::Above, text.strip_prefix('>')?),
        };
        Some(Self { comparison, number: number.trim().parse().ok()? })
    }
}

impl Promise {
    /// The promise in a few words, as `not_null(client_key)`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::NotNull(columns) => format!("not_null({})", columns.join(", ")),
            Self::Unique(columns) => format!("unique({})", columns.join(", ")),
            Self::Grain => "grain".to_owned(),
            Self::AcceptedValues(column, _) => format!("accepted_values({column})"),
            Self::Relationships { column, to, field } => {
                format!("relationships({column} to {to}.{field})")
            }
            Self::RowCount(..) => "row_count".to_owned(),
            Self::Query(name) => format!("query({name})"),
        }
    }
}

/// A unit test of a model's SQL: small tables in, the table out.
#[derive(Debug, Clone)]
pub struct UnitTest {
    /// What it shows.
    pub name: String,
    /// The day it is run as of.
    pub as_of: chrono::NaiveDate,
    /// The settings it is run with, where it says.
    pub settings: Option<Settings>,
    /// The base currency.
    pub currency: String,
    /// The language of sentences.
    pub language: Language,
    /// Table → CSV text with a header; tables not given are empty.
    pub given: Vec<(String, String)>,
    /// The rows expected, as CSV text; only the columns of its header are compared.
    pub expect: String,
}
