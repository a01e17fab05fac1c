//! A checked pipeline: what to pull, how to read it, where it goes, what to publish.

use chrono_tz::Tz;

use super::canonical;
use super::schedule::Schedule;

/// A pipeline.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// The file that declares it, relative to the project.
    pub file: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// When it is due, where it says so.
    pub schedule: Option<Schedule>,
    /// What its scheduled runs are made for.
    pub made_for: MadeFor,
    /// How long a run of it may take.
    pub timeout: Option<chrono::TimeDelta>,
    /// Where its rows come from.
    pub sources: Vec<Source>,
    /// The tables it publishes.
    pub publish: Vec<Publish>,
}

/// What the scheduled runs of a pipeline are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MadeFor {
    /// The day before the slot.
    #[default]
    Day,
    /// The last quarter whose books are closed, its tables kept as they are first published.
    Quarter,
}

/// One kind of export and how its rows become canonical ones.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// The system whose ids its rows carry: the `source` column of every row; its name where the
    /// declaration does not say.
    pub system: String,
    /// Where its exports are.
    pub fetch: Fetch,
    /// How its bytes are read.
    pub read: Read,
    /// What becomes of a row.
    pub into: Vec<Into>,
    /// Other headers that a column may have.
    pub renamed: Vec<(String, Vec<String>)>,
    /// Headers that may be absent.
    pub optional: Vec<String>,
    /// Rows left out by rule, and counted.
    pub skip: Vec<Rule>,
    /// Rows rejected by rule, with their reason.
    pub reject: Vec<(Rule, String)>,
    /// What an export replaces.
    pub load: Load,
    /// The share of rows, in percent, that may be rejected by fault before the export is refused.
    pub max_percent: u32,
    /// The row that sums a column up.
    pub control_total: Option<ControlTotal>,
    /// Whether no export and no row at all are in order.
    pub allow_empty: bool,
    /// What was guessed when it was written.
    pub guessed: Vec<String>,
    /// What one packed export may unpack to.
    pub most_unpacked_bytes: u64,
    /// A digest of the declaration: exports read by another one are read again.
    pub digest: String,
}

/// Where exports are.
#[derive(Debug, Clone)]
pub enum Fetch {
    /// Files of a folder or a store.
    Files {
        /// The folder, or the URL of a store.
        url: String,
        /// The glob that their paths below it match.
        pattern: String,
        /// The glob that the files inside of zip archives match.
        inside: String,
        /// Which links among them are followed.
        links: Links,
    },
    /// Pages of web servers, one export each.
    Http {
        /// What each is called, and its URL.
        pages: Vec<(String, String)>,
    },
}

/// Which symbolic links are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// Those that stay within the folder.
    Within,
    /// All.
    All,
}

/// How the bytes of an export are read.
#[derive(Debug, Clone)]
pub enum Read {
    /// Text with separators.
    Csv(Csv),
    /// One JSON object a line; a column is a key.
    Ndjson(Locale),
    /// Parquet: values have their types, instants become days of the zone.
    Parquet(Tz, Locale),
    /// XLSX, XLS or ODS: which, its content says.
    Workbook(Workbook),
    /// A format that names its columns itself.
    Named(Named, Locale),
}

impl Read {
    /// How numbers and dates are written.
    #[must_use]
    pub fn locale(&self) -> &Locale {
        match self {
            Self::Csv(csv) => &csv.locale,
            Self::Workbook(workbook) => &workbook.locale,
            Self::Ndjson(locale) | Self::Parquet(_, locale) | Self::Named(_, locale) => locale,
        }
    }

    /// How its rows are read as the leaves of a report, where they are.
    #[must_use]
    pub fn report(&self) -> Option<&Report> {
        match self {
            Self::Csv(csv) => csv.report.as_ref(),
            Self::Workbook(workbook) => workbook.report.as_ref(),
            Self::Ndjson(_) | Self::Parquet(..) | Self::Named(..) => None,
        }
    }

    /// Where the rows of a table of texts begin and end.
    #[must_use]
    pub fn frame(&self) -> Option<&Frame> {
        match self {
            Self::Csv(csv) => Some(&csv.frame),
            Self::Workbook(workbook) => Some(&workbook.frame),
            _ => None,
        }
    }
}

/// A format that names its columns itself.
#[derive(Debug, Clone)]
pub enum Named {
    /// 1CClientBankExchange.
    ClientBankExchange,
    /// `CommerceML` 1 and 2.
    CommerceMl,
    /// UBL 2.1.
    Ubl,
    /// UN/CEFACT CII.
    Cii,
    /// SAF-T.
    Saft,
    /// DATEV EXTF, with the chart of accounts that is not left to its header and postings.
    Datev(Option<Chart>),
    /// SIE, with the pattern of texts of postings that is not left to their labels and shapes.
    Sie(Option<regex::Regex>),
    /// Tally XML.
    Tally,
    /// dBase, with the charset that is not left to its language byte.
    Dbf(Option<String>),
}

/// A chart of accounts of DATEV.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Chart {
    /// Income is in 8xxx, money in 1000 to 1399.
    Skr03,
    /// Income is in 4xxx, money in 1600 to 1899.
    Skr04,
}

impl Chart {
    /// Its name, as DATEV writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Skr03 => "SKR03",
            Self::Skr04 => "SKR04",
        }
    }
}

/// How CSV text is read.
#[derive(Debug, Clone)]
pub struct Csv {
    /// The charset; `None` means that it is detected, and what was chosen is said.
    pub encoding: Option<&'static encoding_rs::Encoding>,
    /// The separator of fields.
    pub delimiter: char,
    /// How numbers and dates are written.
    pub locale: Locale,
    /// Where its header is and where its rows end.
    pub frame: Frame,
    /// How a report is made flat.
    pub report: Option<Report>,
}

/// How a workbook is read.
#[derive(Debug, Clone)]
pub struct Workbook {
    /// A pattern of its name; `None` means the first that is shown and has cells.
    pub sheet: Option<String>,
    /// The charset of an XLS that does not say it.
    pub encoding: Option<String>,
    /// How numbers and dates that are texts are written; dates are given so.
    pub locale: Locale,
    /// Where its header is and where its rows end.
    pub frame: Frame,
    /// How a report is made flat.
    pub report: Option<Report>,
}

/// Where the rows of a table begin and end.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// The row of the header, from 1; `None` means the first that has every column named.
    pub header_row: Option<u64>,
    /// Patterns of a row's first text: from the first such row on, nothing is read.
    pub footer: Vec<String>,
    /// Patterns of a row's first text: such a row whose amount is the sum of rows above is none.
    pub subtotals: Vec<String>,
    /// The name of a column in front, whose values stand alone on a row above theirs.
    pub groups: Option<String>,
}

/// How the rows of a report with groups and totals are made flat.
#[derive(Debug, Clone)]
pub struct Report {
    /// The headers by which its header is known, that of the hierarchy first, or the names of all
    /// its levels; empty means usual words.
    pub labels: Vec<String>,
    /// Columns that its total does not sum up, of which nothing is told.
    pub not_summed: Vec<String>,
    /// Where its sums stand; `None` means as the file says, or as they hold.
    pub summary: Option<Summary>,
    /// The year of months across that name none.
    pub year: Option<i32>,
}

/// Where the rows of a report that sum others up stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Summary {
    /// Above what they sum up.
    Above,
    /// Below it.
    Below,
}

/// How numbers and dates are written.
#[derive(Debug, Clone)]
pub struct Locale {
    /// The decimal separator.
    pub decimal: char,
    /// The separator of thousands; a space stands for every kind of space.
    pub thousands: Option<char>,
    /// The currency sign that amounts may carry.
    pub sign: Option<String>,
    /// The format of dates, in strftime's letters.
    pub date: String,
    /// The time zone in which instants become days.
    pub zone: Tz,
}

/// How rows become those of one canonical table.
#[derive(Debug, Clone)]
pub struct Into {
    /// The canonical table.
    pub table: &'static canonical::Table,
    /// Whether its ids begin again each January.
    pub yearly: bool,
    /// Which rows become rows of it: all of these hold.
    pub conditions: Vec<Rule>,
    /// Canonical columns whose equal values make the lines of one document.
    pub group_by: Vec<usize>,
    /// One for each column of the table, in its order; `None` is NULL.
    pub columns: Vec<Option<Mapping>>,
}

impl Into {
    /// The columns that lines repeat, and which are not summed.
    #[must_use]
    pub fn once(&self) -> Vec<usize> {
        let once = |at: &usize| self.columns[*at].as_ref().is_some_and(|column| column.once);
        (0..self.columns.len()).filter(once).collect()
    }
}

/// Where the value of a canonical column comes from.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// The origin of its text.
    pub from: Origin,
    /// Patterns and what they become, the first match counts; empty means as it is.
    pub map: Vec<(String, String)>,
    /// What an empty value becomes.
    pub default: Option<String>,
    /// Whether each line of a document repeats it, so that it is taken once and not summed.
    pub once: bool,
}

impl Mapping {
    /// What `from` gives, as it is.
    #[must_use]
    pub fn of(from: Origin) -> Self {
        Self { from, map: Vec::new(), default: None, once: false }
    }

    /// The headers that it names.
    pub fn headers(&self) -> Vec<&str> {
        match &self.from {
            Origin::Header(header)
            | Origin::Split { header, .. }
            | Origin::Match { header, .. } => vec![header],
            Origin::Join(headers) => headers.iter().map(String::as_str).collect(),
            Origin::Product { factors, less_percent } => {
                factors.iter().chain(less_percent).map(String::as_str).collect()
            }
            Origin::First(mappings) => mappings.iter().flat_map(Self::headers).collect(),
            Origin::Constant(_) => Vec::new(),
        }
    }
}

/// Where a text comes from.
#[derive(Debug, Clone)]
pub enum Origin {
    /// A column of the export.
    Header(String),
    /// A constant.
    Constant(String),
    /// Texts of columns of the export, put together.
    Join(Vec<String>),
    /// The product of numbers in columns of the export.
    Product {
        /// The columns.
        factors: Vec<String>,
        /// The column of the percentage that is taken off, nothing where it is empty.
        less_percent: Option<String>,
    },
    /// The first of several that has a value.
    First(Vec<Mapping>),
    /// A part (from 1) of a column's text between separators.
    Split {
        /// The column of the export.
        header: String,
        /// The separator.
        by: String,
        /// The part, from 1.
        part: usize,
    },
    /// What the first group of a regular expression finds in a column's text.
    Match {
        /// The column of the export.
        header: String,
        /// The expression.
        pattern: regex::Regex,
    },
}

/// A condition on one column of the export.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The column's header.
    pub header: String,
    /// Headers of other columns of which the same must hold.
    pub also: Vec<String>,
    /// What is asked of its text.
    pub test: Test,
}

impl Rule {
    /// The headers that it names.
    pub fn headers(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.header).chain(&self.also).map(String::as_str)
    }
}

/// What is asked of a text.
#[derive(Debug, Clone)]
pub enum Test {
    /// It matches a pattern in which `*` stands for any run of characters.
    Like(String),
    /// It does not match such a pattern.
    Not(String),
    /// It matches a regular expression.
    Matches(regex::Regex),
    /// It is empty.
    Empty,
}

/// What an export replaces.
#[derive(Debug, Clone)]
pub enum Load {
    /// All rows of the periods that it covers, within its source and part.
    ReplacePeriod {
        /// The canonical date column.
        column: String,
        /// What says which periods the export covers; `None` means its first to its last date.
        covers: Option<Covers>,
        /// Whether a covered period without rows is emptied.
        allow_empty: bool,
        /// The share, in percent, of the lake's rows that a period must bring at least.
        min_share_percent: u32,
    },
    /// Rows with the same key; nothing is deleted.
    Upsert,
    /// Rows are added; a known key, or changed bytes under a known name, are an error.
    Append,
    /// The newest export, the last by name, is everything.
    Replace {
        /// The share, in percent, of the lake's rows that it must bring at least.
        min_share_percent: u32,
    },
}

/// What says which month an export covers, in strftime's letters (`%Y`, `%m`, `{part}`).
#[derive(Debug, Clone)]
pub enum Covers {
    /// The file's name without its extensions.
    Name(String),
    /// A cell of the rows above the header.
    Title(String),
}

/// The row that sums a column up.
#[derive(Debug, Clone)]
pub struct ControlTotal {
    /// Patterns of the row's first cell that is not empty, in any case.
    pub rows: Vec<String>,
    /// The column it sums.
    pub header: String,
    /// Whether a file without such a row is in order.
    pub optional: bool,
}

/// One table to publish.
#[derive(Debug, Clone)]
pub struct Publish {
    /// The model.
    pub table: String,
    /// The destination's name.
    pub to: String,
    /// The formats.
    pub formats: Vec<Format>,
    /// The column by whose values the workbook is split, one file for each.
    pub split: Option<String>,
}

/// A format of a published table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// One Parquet file.
    Parquet,
    /// `.csv` for machines and `.excel.csv` for people.
    Csv,
    /// A workbook for people.
    Xlsx,
}
