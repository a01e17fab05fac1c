//! What bytes are that no reader reads: their name, and what to ask for instead.

use encoding_rs::Encoding;

/// Bytes of a kind that is known and not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Foreign {
    /// What people call it.
    pub name: &'static str,
    /// What to do.
    pub hint: &'static str,
}

/// A kind of bytes, by their beginning in lower case.
struct Mark {
    /// What it begins with, one of these; whatever where there is none.
    begins: &'static [&'static str],
    /// What it holds, all of these.
    has: &'static [&'static str],
    is: Foreign,
}

/// Bytes by which they are known.
const SAMPLE_BYTES: usize = 1 << 13;

const SAVE: &str = "open it in Excel or LibreOffice, save it as XLSX, and give that";
const BANK: &str = "ask for it as CSV, XLSX or 1CClientBankExchange";
const TABLE: &str = "ask for the same as CSV or XLSX";

const MARKS: &[Mark] = &[
    Mark {
        begins: &[],
        has: &["urn:schemas-microsoft-com:office:spreadsheet", "<"],
        is: Foreign { name: "a SpreadsheetML 2003 workbook (XML)", hint: SAVE },
    },
    Mark {
        begins: &["<"],
        has: &["progid=\"excel.sheet\""],
        is: Foreign { name: "a SpreadsheetML 2003 workbook (XML)", hint: SAVE },
    },
    Mark {
        begins: &["mime-version:", "content-type: multipart", "from: <saved by"],
        has: &["content-type"],
        is: Foreign { name: "a web archive (MHTML)", hint: SAVE },
    },
    Mark {
        begins: &["<!doctype html", "<html", "<table", "<meta", "<head", "<body"],
        has: &[],
        is: Foreign { name: "a web page (HTML)", hint: SAVE },
    },
    Mark { begins: &["<"], has: &["<html"], is: Foreign { name: "a web page (HTML)", hint: SAVE } },
    Mark {
        begins: &["<"],
        has: &["20022:tech:xsd:camt."],
        is: Foreign { name: "a bank statement in camt (ISO 20022)", hint: BANK },
    },
    Mark {
        begins: &["<"],
        has: &["20022:tech:xsd:pain."],
        is: Foreign { name: "payment orders in pain (ISO 20022)", hint: BANK },
    },
    Mark {
        begins: &["<"],
        has: &["fatturaelettronica"],
        is: Foreign { name: "an Italian invoice (FatturaPA)", hint: TABLE },
    },
    Mark {
        begins: &["<"],
        has: &["<файл", "идфайл="],
        is: Foreign {
            name: "a document of the Russian tax service's exchange (УПД)",
            hint: "ask for a register of such documents as XLSX or CSV",
        },
    },
    Mark {
        begins: &[":20:", "{1:f"],
        has: &[":20:", ":25:", ":60"],
        is: Foreign { name: "a bank statement in MT940", hint: BANK },
    },
    Mark {
        begins: &["ofxheader", "<ofx", "<?ofx"],
        has: &[],
        is: Foreign { name: "a bank statement in OFX", hint: BANK },
    },
    Mark {
        begins: &["!type:", "!account"],
        has: &[],
        is: Foreign { name: "a QIF file", hint: TABLE },
    },
    Mark {
        begins: &["una:", "unb+"],
        has: &[],
        is: Foreign { name: "an EDIFACT interchange", hint: TABLE },
    },
    Mark { begins: &["isa*"], has: &[], is: Foreign { name: "an X12 interchange", hint: TABLE } },
    Mark {
        begins: &["{\\rtf"],
        has: &[],
        is: Foreign { name: "a text document (RTF)", hint: TABLE },
    },
    Mark {
        begins: &["moxcel"],
        has: &[],
        is: Foreign {
            name: "a tabular document of 1C (MXL)",
            hint: "open it in 1C, save it as XLSX, and give that",
        },
    },
    Mark {
        begins: &["%pdf"],
        has: &[],
        is: Foreign { name: "a PDF", hint: "ask for the table that it was printed from" },
    },
];

/// What bytes are that begin with `start`, where they are of a kind that is known and not read.
#[must_use]
pub fn foreign(start: &[u8]) -> Option<Foreign> {
    let start = start.get(..SAMPLE_BYTES).unwrap_or(start);
    let marked = Encoding::for_bom(start).map(|(encoding, _)| encoding);
    let text = marked.unwrap_or(encoding_rs::UTF_8).decode(start).0.to_lowercase();
    let text = text.trim_start();
    let is = |mark: &&Mark| {
        (mark.begins.is_empty() || mark.begins.iter().any(|begin| text.starts_with(begin)))
            && mark.has.iter().all(|part| text.contains(part))
    };
    MARKS.iter().find(is).map(|mark| mark.is)
}

/// The charset of text that a byte order mark begins.
#[must_use]
pub(super) fn marked_text(start: &[u8]) -> Option<&'static str> {
    Encoding::for_bom(start).map(|(encoding, _)| encoding.name())
}

#[cfg(test)]
mod tests {
    use super::{foreign, marked_text};

    #[test]
    fn files_that_are_not_read_are_named() {
        for (text, name) in [
            (":20:STARTUMS\r\n:25:1/2\r\n:28C:1/1\r\n:60F:C260601EUR1,00", "MT940"),
            ("{1:F01BANKDEFF}{2:I940}{4:\n:20:A\n:25:1\n:60F:C1", "MT940"),
            (
                "<?xml version=\"1.0\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.02\">",
                "camt",
            ),
            ("\u{feff}<!DOCTYPE html><html>", "web page"),
            ("<?xml version=\"1.0\"?>\n<!DOCTYPE x>\n<html xmlns=\"x\">", "web page"),
            ("<TABLE border=1><tr>", "web page"),
            ("MIME-Version: 1.0\r\nContent-Type: multipart/related", "MHTML"),
            ("<?xml version=\"1.0\"?><?mso-application progid=\"Excel.Sheet\"?>", "SpreadsheetML"),
            ("<Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">", "SpreadsheetML"),
            ("UNA:+.? 'UNB+UNOA", "EDIFACT"),
            ("%PDF-1.7", "PDF"),
        ] {
            let found = foreign(text.as_bytes()).map_or("", |found| found.name);
            assert!(found.contains(name), "{text}: {found}");
        }
        for text in ["Number;Date\n1;2", "<AuditFile xmlns=\"x\">", "{\"a\": 1}", ""] {
            assert_eq!(foreign(text.as_bytes()), None, "{text}");
        }
        assert_eq!(marked_text(b"\xff\xfeN\0"), Some("UTF-16LE"));
    }
}
