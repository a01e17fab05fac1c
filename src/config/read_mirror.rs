//! The YAML of `read:`, key by key.

use schemars::JsonSchema;
use serde::Deserialize;

use super::pipeline::{Chart, Summary};
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
    Sie(Sie),
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
pub(super) struct Sie {
    /// A regular expression for the texts of postings to receivables with the groups `invoice` and `client`; without it they are known by `Faktnr:` and `Namn:`, or by their shape.
    pub(super) texts: Option<Spanned<String>>,
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
    /// The charset of an XLS of Excel 5 that does not say it, as `windows-1251`; others say it themselves.
    pub(super) encoding: Option<Spanned<String>>,
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
    /// Patterns of a row's first text, in any case; from the first such row on, nothing is read.
    pub(super) footer: Option<Vec<String>>,
    /// Patterns of a row's first text, in any case; such a row whose amount is the sum of rows above is none itself.
    pub(super) subtotals: Option<Vec<String>>,
    /// The name of a column in front, whose values stand alone on a row above theirs.
    pub(super) groups: Option<String>,
    /// How the rows of a report with groups and totals are made flat.
    pub(super) report: Option<Report>,
}

#[derive(Deserialize, JsonSchema, Clone)]
#[serde(deny_unknown_fields)]
pub(super) struct Report {
    /// The headers by which its header is known, that of the hierarchy first, or the names of its levels from the top; else by usual words.
    #[serde(default)]
    pub(super) labels: Vec<String>,
    /// Columns that its total does not sum up, as prices: nothing is told of them.
    #[serde(default)]
    pub(super) not_summed: Vec<String>,
    /// Where the rows that sum others up stand; without it as the file says, or as the sums hold.
    pub(super) summary: Option<Summary>,
    /// The year of months across that name none, where no period stands above them.
    pub(super) year: Option<i32>,
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
    /// The charset, as `windows-1251`, or `detect`; needed unless a preset for CSV has it.
    pub(super) encoding: Option<Spanned<String>>,
    /// The separator of fields, or `tab`; needed unless a preset for CSV has it.
    pub(super) delimiter: Option<Spanned<String>>,
    /// The decimal separator; needed without a preset.
    pub(super) decimal: Option<Spanned<String>>,
    /// The separator of thousands; a space stands for every kind of space.
    pub(super) thousands: Option<Spanned<String>>,
    /// The currency sign that amounts may carry, as `$`.
    pub(super) currency_sign: Option<String>,
    /// The format of dates, in strftime's letters; a time is read and dropped. Needed without a preset.
    pub(super) date: Option<Spanned<String>>,
    /// The row of the header; without it, the first that has every column named.
    pub(super) header_row: Option<Spanned<u64>>,
    /// Patterns of a row's first text, in any case; from the first such row on, nothing is read.
    pub(super) footer: Option<Vec<String>>,
    /// Patterns of a row's first text, in any case; such a row whose amount is the sum of rows above is none itself.
    pub(super) subtotals: Option<Vec<String>>,
    /// The name of a column in front, whose values stand alone on a row above theirs.
    pub(super) groups: Option<String>,
    /// How the rows of a report with groups and totals are made flat.
    pub(super) report: Option<Report>,
}

/// What is known of the values and rows of a table, whatever container it comes in.
#[derive(Clone, Copy, Default)]
pub(super) struct Habits<'a> {
    pub(super) encoding: Option<&'a Spanned<String>>,
    pub(super) delimiter: Option<&'a Spanned<String>>,
    pub(super) date: Option<&'a Spanned<String>>,
    pub(super) decimal: Option<&'a Spanned<String>>,
    pub(super) thousands: Option<&'a Spanned<String>>,
    pub(super) currency_sign: Option<&'a String>,
    pub(super) header_row: Option<&'a Spanned<u64>>,
    pub(super) footer: Option<&'a Vec<String>>,
    pub(super) subtotals: Option<&'a Vec<String>>,
    pub(super) groups: Option<&'a String>,
    pub(super) report: Option<&'a Report>,
}

impl Csv {
    pub(super) fn habits(&self) -> Habits<'_> {
        Habits {
            encoding: self.encoding.as_ref(),
            delimiter: self.delimiter.as_ref(),
            date: self.date.as_ref(),
            decimal: self.decimal.as_ref(),
            thousands: self.thousands.as_ref(),
            currency_sign: self.currency_sign.as_ref(),
            header_row: self.header_row.as_ref(),
            footer: self.footer.as_ref(),
            subtotals: self.subtotals.as_ref(),
            groups: self.groups.as_ref(),
            report: self.report.as_ref(),
        }
    }
}

impl Workbook {
    pub(super) fn habits(&self) -> Habits<'_> {
        Habits {
            encoding: None,
            delimiter: None,
            date: self.date.as_ref(),
            decimal: self.decimal.as_ref(),
            thousands: self.thousands.as_ref(),
            currency_sign: self.currency_sign.as_ref(),
            header_row: self.header_row.as_ref(),
            footer: self.footer.as_ref(),
            subtotals: self.subtotals.as_ref(),
            groups: self.groups.as_ref(),
            report: self.report.as_ref(),
        }
    }
}

impl<'a> Habits<'a> {
    /// Those of `read`; none where it is no table of texts.
    pub(super) fn of(read: &'a Read) -> Self {
        match read {
            Read::Csv(read) => read.habits(),
            Read::Xlsx(read) | Read::Xls(read) | Read::Ods(read) => read.habits(),
            _ => Self::default(),
        }
    }

    /// These, and those of `preset` where these say nothing.
    pub(super) fn or(self, preset: Self) -> Self {
        // Separators that are one would be two meanings of it.
        let separates = |written: &&Spanned<String>| {
            self.decimal.is_none_or(|decimal| decimal.value != written.value)
        };
        Self {
            encoding: self.encoding.or(preset.encoding),
            delimiter: self.delimiter.or(preset.delimiter),
            date: self.date.or(preset.date),
            decimal: self.decimal.or(preset.decimal),
            thousands: self.thousands.or(preset.thousands.filter(separates)),
            currency_sign: self.currency_sign.or(preset.currency_sign),
            header_row: self.header_row,
            footer: self.footer.or(preset.footer),
            subtotals: self.subtotals.or(preset.subtotals),
            groups: self.groups.or(preset.groups),
            report: self.report.or(preset.report),
        }
    }
}
