//! The YAML of `read:`, key by key.

use schemars::JsonSchema;
use serde::Deserialize;

use super::pipeline::Chart;
use super::yaml::Spanned;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Read {
    /// Text with separators, plain, gzip or Zstandard.
    Csv(Csv),
    /// One JSON object a line; a column is a key.
    Ndjson(Ndjson),
    /// Parquet; values have their types.
    Parquet(Parquet),
    /// A workbook of Excel 2007 and later.
    Xlsx(Workbook),
    /// A workbook of Excel before 2007.
    Xls(Workbook),
    /// A workbook in the open document format.
    Ods(Workbook),
    /// Bank statements as 1C and Russian banks exchange them (1CClientBankExchange).
    ClientBankExchange(NoOptions),
    /// Orders and sales between 1C and shops, both dialects.
    Commerceml(NoOptions),
    /// Invoices and credit notes in UBL 2.1 (EN 16931).
    Ubl(NoOptions),
    /// Invoices and credit notes in UN/CEFACT CII (EN 16931).
    Cii(NoOptions),
    /// SAF-T: Portugal, Norway.
    Saft(NoOptions),
    /// DATEV hand-over files (EXTF).
    Datev(Datev),
    /// Swedish SIE files.
    Sie(NoOptions),
    /// Tally vouchers.
    Tally(NoOptions),
    /// dBase tables; a column is a field.
    Dbf(Dbf),
}

/// Nothing to set: the format says it itself.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NoOptions {}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Datev {
    /// The chart of accounts; without it the one of the file's header, or seen from its postings.
    pub(super) chart: Option<Chart>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Dbf {
    /// The charset, as `cp866`; without it that of the file's language byte.
    pub(super) encoding: Option<Spanned<String>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Workbook {
    /// The name of the sheet, `*` for anything; without it the first that is shown and has cells.
    pub(super) sheet: Option<Spanned<String>>,
    /// The format of dates that are texts, in strftime's letters; `%Y-%m-%d` by default.
    pub(super) date: Option<Spanned<String>>,
    /// The decimal separator of numbers that are texts; `.` by default.
    pub(super) decimal: Option<Spanned<String>>,
    /// The separator of thousands of numbers that are texts.
    pub(super) thousands: Option<Spanned<String>>,
    /// The currency sign that amounts may carry, as `$`.
    pub(super) currency_sign: Option<String>,
    /// The row of the header; without it, the first that has every column named.
    pub(super) header_row: Option<Spanned<u64>>,
    /// Patterns of a row's first text; from the first such row on, nothing is read.
    #[serde(default)]
    pub(super) footer: Vec<String>,
    /// How the rows of a report with groups and totals are made flat.
    pub(super) report: Option<Report>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Report {
    /// The headers by which its header is known, that of the hierarchy first; else by usual words.
    #[serde(default)]
    pub(super) labels: Vec<String>,
    /// Columns that its total does not sum up, as prices.
    #[serde(default)]
    pub(super) not_summed: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Ndjson {
    /// The format of dates, in strftime's letters, as `%Y-%m-%d`.
    pub(super) date: Spanned<String>,
    /// The decimal separator of numbers in texts; `.` by default.
    pub(super) decimal: Option<Spanned<String>>,
    /// The separator of thousands of numbers in texts.
    pub(super) thousands: Option<Spanned<String>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Parquet {
    /// The zone in which instants become days; the project's by default.
    pub(super) timezone: Option<Spanned<String>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Csv {
    /// The charset, as `windows-1251`, or `detect`.
    pub(super) encoding: Spanned<String>,
    /// The separator of fields, or `tab`.
    pub(super) delimiter: Spanned<String>,
    /// The decimal separator.
    pub(super) decimal: Spanned<String>,
    /// The separator of thousands; a space stands for every kind of space.
    pub(super) thousands: Option<Spanned<String>>,
    /// The currency sign that amounts may carry, as `$`.
    pub(super) currency_sign: Option<String>,
    /// The format of dates, in strftime's letters; a time is read and dropped.
    pub(super) date: Spanned<String>,
    /// The row of the header; without it, the first that has every column named.
    pub(super) header_row: Option<Spanned<u64>>,
    /// Patterns of a row's first text; from the first such row on, nothing is read.
    #[serde(default)]
    pub(super) footer: Vec<String>,
    /// The name of a column in front, whose values stand alone on a row above theirs.
    pub(super) groups: Option<String>,
    /// How the rows of a report with groups and totals are made flat.
    pub(super) report: Option<Report>,
}
