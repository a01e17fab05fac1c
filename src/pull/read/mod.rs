//! Bytes → raw rows of text fields, chunk by chunk: the same shape whatever the format.

mod ahead;
mod charset;
mod client_bank_document;
mod client_bank_exchange;
#[cfg(test)]
mod conformance;
mod content;
mod csv;
mod datev;
mod datev_chart;
mod datev_header;
mod datev_posting;
mod dbf;
mod dbf_header;
mod detect;
mod foreign;
mod lines;
mod ndjson;
mod panics;
mod parquet;
mod parquet_footer;
mod record;
mod sie;
mod sie_texts;
mod sie_tokens;
mod sie_voucher;
mod text;
pub(super) mod workbook;
mod xml;

use std::io::Read;

use charset::Charset;
use client_bank_exchange::ClientBankExchange;
use datev::Datev;
use dbf::Dbf;
use sie::Sie;
use xml::{Xml, XmlFormat};

use super::value::Rows;
use crate::config::pipeline::Named;

pub use content::Content;
pub use csv::{Csv, MAX_FIELD_BYTES, Splitter};
pub use detect::{Detected, charset_of};
pub use foreign::{Foreign, foreign};
pub use ndjson::Ndjson;
pub use parquet::Parquet;
pub use text::{Decoded, Guess, TextReader};
pub use workbook::{Merge, Workbook, WorkbookOptions};

/// Why bytes could not become rows, with the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadBytes {
    /// The row, from 1, where it is known.
    pub row: Option<u64>,
    /// What was expected and found.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// The raw rows of one export, whatever its format.
pub trait Reader: Send {
    /// The columns, the same in every row, where the format names them itself; else the header is
    /// one of the rows.
    fn columns(&self) -> Option<&[String]>;

    /// The next rows, in the order of their numbers; `None` at the end.
    ///
    /// # Errors
    /// When the file as a whole cannot be used. A record that cannot be used is a row of its own
    /// whose column [`FAULT`] says why.
    fn next_rows(&mut self) -> Result<Option<&Rows>, BadBytes>;

    /// Cells that are one, all of them known once the rows were read.
    fn merges(&self) -> &[Merge] {
        &[]
    }

    /// Whether a row that sums others up may stand below them.
    fn summary_below(&self) -> bool {
        false
    }

    /// Columns that were asked for and that no row had, known once the rows were read.
    fn unseen(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Rows of the export that were understood and are none of the table.
    fn recognised(&self) -> u64 {
        0
    }

    /// What the charset was taken for, where neither the declaration nor the file says it.
    fn charset(&self) -> Option<Guess> {
        None
    }

    /// Things to tell once all rows were read: the charset, totals that were compared.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The column that says what is wrong with a record; empty where nothing is.
pub const FAULT: &str = "fault";

/// The column of the row that a row is part of, which came before it: a line's document. Empty for
/// rows that stand alone.
pub const WITHIN: &str = "within_row";

/// The table that `format` makes of `bytes`.
///
/// # Errors
/// When the bytes are not of that format.
pub fn named(
    format: &Named,
    bytes: impl Read + Send + 'static,
) -> Result<Box<dyn Reader>, BadBytes> {
    let xml = |format: XmlFormat, bytes| -> Result<Box<dyn Reader>, BadBytes> {
        Ok(Box::new(Xml::new(bytes, format)?))
    };
    match format {
        Named::ClientBankExchange => Ok(Box::new(ClientBankExchange::new(bytes)?)),
        Named::Datev(chart) => Ok(Box::new(Datev::new(bytes, *chart)?)),
        Named::Sie(texts) => Ok(Box::new(Sie::new(bytes, texts.clone())?)),
        Named::Dbf(label) => {
            let encoding = label.as_deref().map(|label| {
                Charset::for_label(label).ok_or_else(|| BadBytes {
                    row: None,
                    message: format!("encoding \"{label}\" is not known"),
                    hint: "use a name as cp866, cp850, windows-1251".to_owned(),
                })
            });
            Ok(Box::new(Dbf::new(bytes, encoding.transpose()?)?))
        }
        Named::CommerceMl => xml(XmlFormat::CommerceMl, bytes),
        Named::Ubl => xml(XmlFormat::Ubl, bytes),
        Named::Cii => xml(XmlFormat::Cii, bytes),
        Named::Saft => xml(XmlFormat::Saft, bytes),
        Named::Tally => xml(XmlFormat::Tally, bytes),
    }
}
