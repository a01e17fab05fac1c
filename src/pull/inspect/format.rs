//! Which format bytes are of, by their beginning.

use std::fs::File;
use std::path::Path;

use crate::error::{Error, Kind as ErrorKind, Result, in_file};
use crate::pull::read::{Foreign, foreign};

/// A format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text with separators.
    Csv,
    /// A workbook, by the name of its reader: xlsx, xls or ods.
    Workbook(&'static str),
    /// dBase.
    Dbf,
    /// One JSON object a line.
    Ndjson,
    /// Parquet.
    Parquet,
    /// A format with a preset of its own: what people call it, and the preset.
    Named(&'static str, &'static str),
}

/// A format that is known by its first letters or its root element.
struct Mark {
    /// What it contains; all of these.
    has: &'static [&'static str],
    kind: Kind,
}

/// XML formats by their root, with the namespace where that tells them apart.
const ROOTS: &[Mark] = &[
    Mark { has: &["CrossIndustryInvoice"], kind: Kind::Named("CII (EN 16931)", "cii") },
    Mark { has: &["schema:xsd:Invoice-2"], kind: Kind::Named("UBL invoice", "ubl") },
    Mark { has: &["schema:xsd:CreditNote-2"], kind: Kind::Named("UBL credit note", "ubl") },
    Mark { has: &["<AuditFile"], kind: Kind::Named("SAF-T", "saft") },
    Mark { has: &[":AuditFile"], kind: Kind::Named("SAF-T", "saft") },
    Mark {
        has: &["<КоммерческаяИнформация"], kind: Kind::Named("CommerceML", "commerceml")
    },
    Mark { has: &["<ENVELOPE", "TALLY"], kind: Kind::Named("Tally XML", "tally") },
];

impl Kind {
    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Workbook("xls") => "XLS",
            Self::Workbook("ods") => "ODS",
            Self::Workbook(_) => "XLSX",
            Self::Dbf => "dBase table",
            Self::Ndjson => "JSON lines",
            Self::Parquet => "Parquet",
            Self::Named(name, _) => name,
        }
    }

    /// The reader that a declaration names.
    #[must_use]
    pub fn reader(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Dbf => "dbf",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
            Self::Workbook(reader) | Self::Named(_, reader) => reader,
        }
    }

    /// The separator that the format prescribes.
    #[must_use]
    pub fn separator(self) -> Option<char> {
        matches!(self, Self::Named(_, "datev")).then_some(';')
    }

    /// The row that the format has its header in.
    #[must_use]
    pub fn header_row(self) -> Option<u64> {
        matches!(self, Self::Named(_, "datev")).then_some(2)
    }

    /// How the format writes days.
    #[must_use]
    pub fn dates(self) -> Option<&'static str> {
        match self {
            Self::Named(_, "client_bank_exchange") => Some("day first: 31.12.2025"),
            Self::Named(_, "datev") => Some("day first, without a year: 3112"),
            Self::Named(_, "sie" | "tally" | "cii") | Self::Dbf => Some("year first: 20251231"),
            Self::Named(..) => Some("year first: 2025-12-31"),
            _ => None,
        }
    }
}

/// The format of the file at `path`, whose unpacked bytes begin with `sample`.
pub(super) fn kind(path: &Path, sample: &[u8]) -> Result<Kind> {
    let refused = |what: &str, hint: &str| Err(Error::new(ErrorKind::Supplier, what).hint(hint));
    if sample.is_empty() {
        return refused("the file is empty", "ask for it again");
    }
    if sample.starts_with(b"PK\x03\x04") || sample.starts_with(b"PK\x05\x06") {
        return in_zip(path);
    }
    if sample.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Ok(Kind::Workbook("xls"));
    }
    if sample.starts_with(b"PAR1") {
        return Ok(Kind::Parquet);
    }
    if is_dbf(sample) {
        return Ok(Kind::Dbf);
    }
    let text = super::text::beginning(sample);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('<') {
        let found = ROOTS.iter().find(|mark| mark.has.iter().all(|word| text.contains(word)));
        return match found {
            Some(mark) => Ok(mark.kind),
            None if text.contains("<edmx:Edmx") => refused(
                "this is the description ($metadata) of a 1C service, which has no rows",
                "ask for documents: an export of the service's sets",
            ),
            None => match foreign(sample) {
                Some(Foreign { name, hint }) => refused(&format!("this is {name}"), hint),
                None => refused(
                    "this is XML of a kind that is not known",
                    "known are UBL, CII, SAF-T, CommerceML, Tally; or ask for CSV or XLSX",
                ),
            },
        };
    }
    if let Some(Foreign { name, hint }) = foreign(sample) {
        return refused(&format!("this is {name}"), hint);
    }
    if text.starts_with("1CClientBankExchange") {
        return Ok(Kind::Named("1CClientBankExchange", "client_bank_exchange"));
    }
    if ["\"EXTF\";", "EXTF;", "\"DTVF\";", "DTVF;"].iter().any(|mark| text.starts_with(mark)) {
        return Ok(Kind::Named("DATEV", "datev"));
    }
    if text.starts_with("#FLAGGA") || (text.starts_with('#') && text.contains("\n#SIETYP")) {
        return Ok(Kind::Named("SIE", "sie"));
    }
    if text.starts_with('{') && text.lines().take(2).all(|line| line.trim_end().ends_with('}')) {
        return Ok(Kind::Ndjson);
    }
    if text.starts_with(['{', '[']) && text[1..].trim_start().starts_with(['{', '"']) {
        return refused(
            "this is JSON that is not one object a line",
            "ask for JSON lines, CSV or XLSX",
        );
    }
    if is_binary(text) {
        return refused("these are bytes of a kind that is not known", "ask for CSV or XLSX");
    }
    Ok(Kind::Csv)
}

fn in_zip(path: &Path) -> Result<Kind> {
    let names = zip::ZipArchive::new(File::open(path).map_err(in_file(path))?)
        .map(|zip| zip.file_names().flatten().map(|name| name.to_lowercase()).collect::<Vec<_>>());
    let names = names.map_err(|error| {
        Error::new(ErrorKind::Supplier, format!("the archive is damaged: {error}"))
            .hint("ask for it again")
    })?;
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    if has("content.xml") {
        return Ok(Kind::Workbook("ods"));
    }
    if has("xl/workbook.xml") || has("xl/workbook.bin") {
        return Ok(Kind::Workbook("xlsx"));
    }
    if names.is_empty() {
        return Err(
            Error::new(ErrorKind::Supplier, "the archive holds no files").hint("ask for it again")
        );
    }
    Err(Error::new(ErrorKind::Supplier, "this is an archive of a kind that is not known")
        .hint("an archive of exports is called .zip; else ask for CSV or XLSX"))
}

/// Whether a text has control characters as no text has: a zero, or more than one in a hundred.
fn is_binary(text: &str) -> bool {
    let is_control =
        |char: &char| char.is_control() && !matches!(char, '\t' | '\n' | '\r' | '\x0c');
    let controls = text.chars().filter(is_control).count();
    text.contains('\0') || controls * 100 > text.chars().count()
}

/// Whether the bytes begin as a dBase table: version, a month and a day, lengths that fit.
fn is_dbf(sample: &[u8]) -> bool {
    let [version, _, month, day, ..] = *sample else { return false };
    let known = matches!(version, 0x02 | 0x03 | 0x30 | 0x31 | 0x43 | 0x83 | 0x8b | 0xf5);
    let Some(header) = sample.get(8..10) else { return false };
    let header = u16::from_le_bytes([header[0], header[1]]) as usize;
    let last = sample.get(header.saturating_sub(1)).copied();
    let fields = sample
        .get(32..header)
        .is_some_and(|fields| fields.iter().step_by(32).any(|byte| *byte == 0x0d));
    known && month <= 12 && day <= 31 && header >= 65 && (last == Some(0x0d) || fields)
}
