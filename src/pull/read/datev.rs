//! DATEV's hand-over files (`EXTF`, `DTVF`) → a row for each posting, account or label.
//!
//! Source: DATEV's description of its format, categories 16, 20 and 21. Keeps true: accounts keep
//! their zeros and amounts their digits; a day without a year gets the one year that puts it into
//! the period of the file's header; amounts have no sign, which comes from the side of the posting,
//! the place of the debtor and whether it is a reversal; what moves comes from the contra account.

use std::collections::BTreeMap;
use std::io::{Chain, Cursor, ErrorKind, Read};

use encoding_rs::WINDOWS_1252;

use super::datev_chart::Votes;
use super::datev_header::{Category, Header};
use super::datev_posting::{Posted, posting};
use super::record::columns;
use super::{BadBytes, Decoded, Reader, Splitter, TextReader};
use crate::config::pipeline::Chart;
use crate::pull::value::Row;
use crate::pull::value::Rows;

/// The longest row; the widest of the format has 254 short fields.
const MAX_ROW_BYTES: usize = 1 << 22;

/// The bytes from whose postings the chart of accounts is seen.
const SAMPLE_BYTES: usize = 1 << 22;

/// The columns of each row; dates are ISO, decimals have a point. What moves is a `sale`, a
/// `payment`, or what becomes no document; `signed_amount` is what the debtor is debited with, and
/// so is `document_amount`, but that of a payment is what he is credited.
#[rustfmt::skip]
pub(super) const COLUMNS: [&str; 25] = [
    "record", "document_id", "document_number", "date", "amount", "side", "account",
    "contra_account", "debtor", "movement", "signed_amount", "document_amount", "text", "reversal", "client_id",
    "client_name", "vat_id", "street", "postcode", "city", "country", "phone", "mail",
    "currency", super::FAULT,
];

/// Reads postings, accounts or labels.
pub(super) struct Datev<R> {
    text: TextReader<R>,
    splitter: Splitter,
    columns: Vec<String>,
    rows: Rows,
    table: Table,
    /// Whether rows wait that were read to find the header.
    waiting: bool,
    ended: bool,
    /// The bytes since a row ended.
    unfinished: usize,
}

/// What is known of the file: its header, then where its columns are.
#[derive(Debug, Default)]
struct Table {
    header: Option<Header>,
    places: Vec<Option<usize>>,
    chart: Option<Chart>,
    /// Why it is that chart.
    why: String,
    votes: Votes,
    postings: u64,
    between_debtors: u64,
    /// Postings of debtors that become no document, by what moves.
    left_out: BTreeMap<&'static str, u64>,
    /// Postings whose chart is not known.
    undecided: u64,
}

/// The columns that are read, each by the beginnings of its names; the number of those that must
/// be there.
#[rustfmt::skip]
const POSTING: (&[&[&str]], usize) = (&[
    &["Umsatz"], &["Soll/Haben", "Soll-/Haben"], &["Konto"], &["Gegenkonto"], &["Belegdatum"],
    &["WKZ Umsatz"], &["BU-Schlüssel"], &["Belegfeld 1", "Belegfeld1"], &["Buchungstext"],
    &["Generalumkehr"],
], 5);
#[rustfmt::skip]
const ACCOUNT: (&[&[&str]], usize) = (&[
    &["Konto"], &["Name (Adressatentyp Unternehmen)"], &["Vorname (Adressatentyp nat"],
    &["Name (Adressatentyp nat"], &["Name (Adressatentyp keine"], &["EU-Land"],
    &["EU-USt-IdNr", "EU-UStID"], &["Straße"], &["Postleitzahl"], &["Ort"], &["Land"],
    &["Telefon"], &["E-Mail"],
], 1);
const LABEL: (&[&[&str]], usize) = (&[&["Konto"], &["Kontenbeschriftung"]], 2);

impl<R: Read> Datev<Chain<Cursor<Vec<u8>>, R>> {
    /// Reads the file `bytes`, in windows-1252 or, where a byte order mark says so, in UTF-8; its
    /// chart of accounts is `declared`, else the one of its header, else seen from its postings.
    ///
    /// # Errors
    /// When its first row is no header of a category that is read, or a column is missing.
    pub(super) fn new(mut bytes: R, declared: Option<Chart>) -> Result<Self, BadBytes> {
        let mut sample = Vec::new();
        let read = bytes.by_ref().take(SAMPLE_BYTES as u64).read_to_end(&mut sample);
        read.map_err(|error| {
            let cut = error.kind() == ErrorKind::UnexpectedEof;
            let what = if cut { "the packed file is cut off" } else { "reading failed" };
            BadBytes {
                row: None,
                message: format!("{what}: {error}"),
                hint: "ask for the file again".to_owned(),
            }
        })?;
        let (mut chart, mut why) = (declared, "as declared".to_owned());
        if declared.is_none() {
            let mut scout = Datev::over(&sample[..], None, String::new())?;
            let header = scout.table.header.as_ref();
            chart = header.map(Header::chart).transpose()?.flatten();
            "as its header says".clone_into(&mut why);
            if chart.is_none() {
                while let Ok(Some(_)) = scout.next_rows() {}
                if let Some((seen, of_it, of_other)) = scout.table.votes.chart() {
                    chart = Some(seen);
                    why = format!("as {of_it} postings suggest, {of_other} do not");
                }
            }
        }
        Self::over(Cursor::new(sample).chain(bytes), chart, why)
    }
}

impl<R: Read> Datev<R> {
    /// Reads `bytes`, whose chart is known as `why` says, up to the names of their columns.
    fn over(bytes: R, chart: Option<Chart>, why: String) -> Result<Self, BadBytes> {
        let mut reader = Self {
            text: TextReader::new(bytes, WINDOWS_1252),
            splitter: Splitter::new(b';'),
            columns: columns(&COLUMNS),
            rows: Rows::default(),
            table: Table { chart, why, ..Table::default() },
            waiting: true,
            ended: false,
            unfinished: 0,
        };
        while !reader.ended && reader.table.places.is_empty() {
            reader.step()?;
        }
        if reader.table.places.is_empty() {
            return Err(BadBytes {
                row: Some(1),
                message: "the file ends before its second row: expected the names of columns"
                    .to_owned(),
                hint: "ask for the file again".to_owned(),
            });
        }
        Ok(reader)
    }

    /// Takes the next piece of text.
    fn step(&mut self) -> Result<(), BadBytes> {
        let rows = match self.text.next(self.splitter.row())? {
            Decoded::Text(text) => {
                self.unfinished += text.len();
                self.splitter.push(text)?
            }
            Decoded::End => {
                self.ended = true;
                self.splitter.finish()?
            }
        };
        if rows.complete > 0 {
            self.unfinished = 0;
        }
        if self.unfinished > MAX_ROW_BYTES {
            return Err(BadBytes {
                row: None,
                message: format!("a row is longer than {MAX_ROW_BYTES} bytes"),
                hint: "the file is damaged: ask for it again".to_owned(),
            });
        }
        for row in rows.iter() {
            self.table.take(&row, &mut self.rows)?;
        }
        Ok(())
    }
}

impl<R: Read + Send> Reader for Datev<R> {
    fn columns(&self) -> Option<&[String]> {
        Some(&self.columns)
    }

    fn next_rows(&mut self) -> Result<Option<&Rows>, BadBytes> {
        if !std::mem::take(&mut self.waiting) {
            self.rows.clear();
        }
        while !self.ended && self.rows.complete == 0 {
            self.step()?;
        }
        Ok((self.rows.complete > 0).then_some(&self.rows))
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = vec![format!("read as {}", self.text.encoding().name())];
        let table = &self.table;
        if let Some(Header { period: None, category: Category::Postings, .. }) = table.header {
            notes.push("the header names no period and no fiscal year".to_owned());
        }
        match table.chart {
            Some(chart) => {
                notes.push(format!("chart of accounts: {}, {}", chart.name(), table.why));
            }
            None if table.undecided > 0 => notes.push(
                "neither the header nor the postings tell the chart of accounts: declare \"chart\""
                    .to_owned(),
            ),
            None => {}
        }
        if !table.left_out.is_empty() {
            let counts = table.left_out.iter().map(|(what, count)| format!("{count} {what}"));
            notes.push(format!(
                "postings of debtors that are neither sales nor payments, of no document: {}",
                counts.collect::<Vec<_>>().join(", ")
            ));
        }
        if table.between_debtors > 0 {
            let (between, all) = (table.between_debtors, table.postings);
            notes.push(format!("{between} of {all} postings are between two debtors: of no one"));
        }
        notes
    }
}

impl Table {
    fn take(&mut self, row: &Row<'_>, rows: &mut Rows) -> Result<(), BadBytes> {
        let Some(header) = &self.header else {
            self.header = Some(Header::new(row)?);
            return Ok(());
        };
        let category = header.category;
        let (names, needed) = match category {
            Category::Postings => POSTING,
            Category::Accounts => ACCOUNT,
            Category::Labels => LABEL,
        };
        if self.places.is_empty() {
            self.places = places(row, names, needed)?;
            return Ok(());
        }
        if row.is_blank() {
            return Ok(());
        }
        let field =
            |at: usize| self.places.get(at).copied().flatten().map_or("", |place| row.field(place));
        match category {
            Category::Postings => {
                self.postings += 1;
                match posting(header, self.chart, row.number, field, rows) {
                    Posted::Creditor => {}
                    Posted::BetweenDebtors => self.between_debtors += 1,
                    Posted::Debtor { contra, movement } => {
                        self.votes.add(contra);
                        match movement {
                            None => self.undecided += 1,
                            Some("sale" | "payment") => {}
                            Some(other) => *self.left_out.entry(other).or_default() += 1,
                        }
                    }
                }
            }
            Category::Accounts => account(header, row.number, field, rows),
            Category::Labels => {
                let mut fields = [""; COLUMNS.len()];
                (fields[0], fields[6], fields[12]) = ("label", field(0), field(1));
                rows.add_record(row.number, &fields);
            }
        }
        Ok(())
    }
}

/// Where the columns stand in the row of names: each where a name begins as one of its own.
fn places(
    row: &Row<'_>,
    columns: &[&[&str]],
    needed: usize,
) -> Result<Vec<Option<usize>>, BadBytes> {
    let exact = |name: &str, known: &str| name == known;
    let place = |known: &&[&str], fits: &dyn Fn(&str, &str) -> bool| {
        (0..row.len()).find(|at| known.iter().any(|known| fits(row.field(*at), known)))
    };
    let places: Vec<Option<usize>> = columns
        .iter()
        .map(|known| {
            place(known, &exact).or_else(|| place(known, &|name, known| name.starts_with(known)))
        })
        .collect();
    match places.iter().take(needed).position(Option::is_none) {
        None => Ok(places),
        Some(missing) => Err(BadBytes {
            row: Some(row.number),
            message: format!("no column is called \"{}\"", columns[missing].join("\" or \"")),
            hint: "the second row must hold DATEV's names of columns: ask for the file again"
                .to_owned(),
        }),
    }
}

/// Adds a debtor or creditor.
fn account<'r>(header: &Header, row: u64, field: impl Fn(usize) -> &'r str, rows: &mut Rows) {
    let person = [field(2), field(3)].join(" ");
    let names = [field(1), person.trim(), field(4)];
    let name = names.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
    let vat_id = [field(5), field(6)].concat();
    let debtor = if header.is_debtor(field(0)) { field(0) } else { "" };
    let mut fields = [""; COLUMNS.len()];
    (fields[0], fields[6], fields[8]) = ("account", field(0), debtor);
    fields[14..23].copy_from_slice(&[
        field(0),
        name,
        if field(6).is_empty() { "" } else { &vat_id },
        field(7),
        field(8),
        field(9),
        field(10),
        field(11),
        field(12),
    ]);
    fields[23] = &header.currency;
    rows.add_record(row, &fields);
}

#[cfg(test)]
#[path = "datev_tests.rs"]
mod tests;
