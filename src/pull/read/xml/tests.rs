//! The reader on small files with the quirks of real ones, on files made to harm, and on samples.

use std::path::Path;

use proptest::prelude::*;

use super::super::{BadBytes, Reader};
use super::{Xml, XmlFormat};

/// All rows of a file.
#[derive(Debug)]
pub(super) struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    pub(super) notes: Vec<String>,
}

impl Table {
    /// The rows of a record, each with the columns asked for.
    pub(super) fn of(&self, record: &str, columns: &[&str]) -> Vec<Vec<&str>> {
        let place = |name: &&str| self.columns.iter().position(|column| column == name).unwrap();
        let places: Vec<_> = columns.iter().map(place).collect();
        let rows = self.rows.iter().filter(|row| row[0] == record);
        rows.map(|row| places.iter().map(|place| row[*place].as_str()).collect()).collect()
    }
}

pub(super) fn read(format: XmlFormat, bytes: &[u8]) -> Result<Table, BadBytes> {
    let mut reader = Xml::new(bytes, format)?;
    let width = reader.columns.len();
    let mut rows = Vec::new();
    while let Some(batch) = reader.next_rows()? {
        for row in batch.iter() {
            assert_eq!(row.number, rows.len() as u64 + 1);
            assert_eq!(row.len(), width);
            rows.push((0..row.len()).map(|field| row.field(field).to_owned()).collect());
        }
    }
    assert!(reader.next_rows()?.is_none());
    Ok(Table { columns: reader.columns().unwrap().to_vec(), rows, notes: reader.notes() })
}

pub(super) fn refused(format: XmlFormat, bytes: &[u8]) -> String {
    let bad = read(format, bytes).unwrap_err();
    assert!(!bad.hint.is_empty());
    bad.message
}

/// A sample that is not the project's own; tests pass without it and say so.
pub(super) fn sample(path: &str) -> Option<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples").join(path);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        println!("not there, so not tested: {}", path.display());
    }
    bytes
}

pub(super) const UBL: &str = r#"<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" xmlns:c="x">
  <c:ID>F-1</c:ID><c:IssueDate>2025-01-09</c:IssueDate>
  <c:InvoiceTypeCode>380</c:InvoiceTypeCode>
  <c:DocumentCurrencyCode>DKK</c:DocumentCurrencyCode>
  <c:AdditionalDocumentReference><c:ID>not this</c:ID><c:Attachment>QUJD</c:Attachment></c:AdditionalDocumentReference>
  <c:AccountingCustomerParty><c:Party>
    <c:PartyName><c:Name>A <![CDATA[& B]]> &#8364;<!-- no
      name -->
      Ltd</c:Name></c:PartyName>
    <c:PartyTaxScheme><c:CompanyID>DK1</c:CompanyID></c:PartyTaxScheme>
    <c:PartyLegalEntity><c:RegistrationName>Legal</c:RegistrationName><c:CompanyID>22</c:CompanyID></c:PartyLegalEntity>
  </c:Party></c:AccountingCustomerParty>
  <c:TaxTotal><c:TaxAmount currencyID="EUR">3.00</c:TaxAmount></c:TaxTotal>
  <c:TaxTotal><c:TaxAmount currencyID="DKK">25.00</c:TaxAmount></c:TaxTotal>
  <c:InvoiceLine><c:ID>A</c:ID><c:InvoicedQuantity unitCode="EA">2</c:InvoicedQuantity>
    <c:LineExtensionAmount>100.00</c:LineExtensionAmount>
    <c:Item><c:Name>Oil</c:Name><c:SellersItemIdentification><c:ID>0102</c:ID></c:SellersItemIdentification>
      <c:ClassifiedTaxCategory><c:Percent>25</c:Percent></c:ClassifiedTaxCategory></c:Item>
  </c:InvoiceLine>
  <c:LegalMonetaryTotal><c:TaxExclusiveAmount>100.00</c:TaxExclusiveAmount>
    <c:TaxInclusiveAmount>125.00</c:TaxInclusiveAmount></c:LegalMonetaryTotal>
</Invoice>"#;

#[test]
fn a_line_carries_its_document_even_what_comes_after_it() {
    let table = read(XmlFormat::Ubl, UBL.as_bytes()).unwrap();
    let columns = ["number", "buyer_name", "buyer_key", "buyer_legal_id", "gross_amount", "fault"];
    let expected = ["F-1", "A & B € Ltd", "DK1", "22", "125.00", ""];
    assert_eq!(table.of("document", &columns), [expected]);
    assert_eq!(table.of("line", &columns), [expected]);
    let columns =
        ["line_no", "line_id", "item_id", "quantity", "unit", "line_gross_amount", "tax_amount"];
    assert_eq!(table.of("line", &columns), [["1", "A", "0102", "2", "EA", "125.00", "25.00"]]);
    assert_eq!(table.notes, ["charset UTF-8"]);
}

#[test]
fn a_document_that_contradicts_itself_says_both_numbers() {
    let table = read(XmlFormat::Ubl, UBL.replace(">125.00<", ">126.00<").as_bytes()).unwrap();
    let fault = "net and tax make 125.00, the gross amount is 126.00";
    assert_eq!(table.of("document", &["fault"]), [[fault]]);
    assert_eq!(table.of("line", &["fault"]), [[fault]]);
    let line = "<c:LineExtensionAmount>100.00<";
    let table = read(XmlFormat::Ubl, UBL.replace(line, &line.replace("100", "90")).as_bytes());
    let fault = "lines, charges and allowances make 90.00, the net amount is 100.00";
    assert_eq!(table.unwrap().of("document", &["fault"]), [[fault]]);
}

#[test]
fn a_credit_note_is_a_return_and_a_negative_invoice_stays_one() {
    let code = |code: &str| UBL.replace(">380<", &format!(">{code}<"));
    for (text, kind) in [
        (code("381"), "return"),
        (code("384"), "invoice"),
        (
            UBL.replace("Invoice-2", "CreditNote-2")
                .replace("<Invoice ", "<CreditNote ")
                .replace("</Invoice>", "</CreditNote>"),
            "return",
        ),
        (
            UBL.replace(">100.00<", ">-100.00<")
                .replace("25.00<", "-25.00<")
                .replace(">1-25", ">-125"),
            "invoice",
        ),
    ] {
        let table = read(XmlFormat::Ubl, text.as_bytes()).unwrap();
        assert_eq!(table.of("document", &["kind", "fault"]), [[kind, ""]], "{text}");
    }
}

#[test]
fn charsets_are_known_before_the_first_letter() {
    let text = "<?xml version='1.0' encoding='windows-1251'?>\n<КоммерческаяИнформация>\
        <Документ Номер='1'/></КоммерческаяИнформация>";
    let (cyrillic, ..) = encoding_rs::WINDOWS_1251.encode(text);
    let wide: Vec<u8> =
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let utf8 = format!("\u{feff}{text}");
    for bytes in [&cyrillic, &wide[..], &wide[2..], utf8.as_bytes()] {
        let table = read(XmlFormat::CommerceMl, bytes).unwrap();
        assert_eq!(table.of("document", &["number"]), [["1"]]);
    }
    let (damaged, ..) = encoding_rs::WINDOWS_1251.encode("<КоммерческаяИнформация/>");
    assert_eq!(
        refused(XmlFormat::CommerceMl, &damaged),
        "byte 1 is not UTF-8: the file is in another charset"
    );
    let unknown = "<?xml version='1.0' encoding='klingon'?><a/>";
    assert!(refused(XmlFormat::Ubl, unknown.as_bytes()).contains("\"klingon\""));
}

#[test]
fn what_is_no_such_file_is_refused_with_its_line() {
    let ubl = |text: &str| refused(XmlFormat::Ubl, text.as_bytes());
    assert_eq!(ubl(""), "line 1: there is no element");
    assert_eq!(ubl("id;amount\n1;2\n"), "line 3: there is no element");
    assert!(ubl("<html/>").starts_with("line 1: the root is <html>, where UBL has <Invoice> or"));
    assert!(ubl("<Invoice xmlns='urn:x'/>").starts_with("line 1: the namespace \"urn:x\" is"));
    assert!(ubl(&UBL.replace("</c:Party>", "</c:Part>")).starts_with("line 12: "));
    assert!(ubl(&format!("{UBL}<more/>")).ends_with("<more> follows the end of the document"));
    assert!(ubl(&UBL.replace("&#8364;", "&bomb;")).contains("&bomb; stands for nothing"));
    for end in (10..UBL.len()).step_by(97).filter(|end| UBL.is_char_boundary(*end)) {
        refused(XmlFormat::Ubl, &UBL.as_bytes()[..end]);
    }
}

#[test]
fn files_made_to_harm_are_refused() {
    let bomb =
        "<!DOCTYPE lolz [<!ENTITY lol 'lol'><!ENTITY lol2 '&lol;&lol;'>]><Invoice>&lol2;</Invoice>";
    assert!(refused(XmlFormat::Ubl, bomb.as_bytes()).contains("declares entities of its own"));
    let head = UBL.split_once('\n').unwrap().0;
    let deep = format!("{head}{}", "<a>".repeat(100_000));
    assert!(refused(XmlFormat::Ubl, deep.as_bytes()).contains("more than 64 deep"));
    let long = format!("{head}<!--{}--></Invoice>", "x".repeat(9 << 20));
    assert!(refused(XmlFormat::Ubl, long.as_bytes()).contains("longer than 8 MiB"));
    let lines = format!("{head}{}</Invoice>", "<InvoiceLine/>".repeat(300_000));
    assert!(refused(XmlFormat::Ubl, lines.as_bytes()).contains("larger than 64 MiB"));
}

#[test]
fn attachments_are_passed_over_and_long_texts_are_faults() {
    let attachment = "QUJD".repeat(5 << 20);
    let table = read(XmlFormat::Ubl, UBL.replace("QUJD", &attachment).as_bytes()).unwrap();
    assert_eq!(table.of("document", &["number", "fault"]), [["F-1", ""]]);
    let named = UBL.replace("Ltd", &"Ltd ".repeat(300_000));
    let table = read(XmlFormat::Ubl, named.as_bytes()).unwrap();
    assert_eq!(table.of("document", &["fault"]), [["a text is longer than 1 MiB"]]);
}

#[test]
fn many_lines_come_in_batches() {
    let line = "<c:InvoiceLine><c:LineExtensionAmount>1</c:LineExtensionAmount></c:InvoiceLine>";
    let text = UBL
        .replace("  <c:LegalMonetaryTotal>", &line.repeat(3000))
        .replace("</c:LegalMonetaryTotal>", "");
    let table = read(XmlFormat::Ubl, text.as_bytes()).unwrap();
    assert_eq!(table.of("line", &["line_no"])[3000], ["3001"]);
}

#[test]
fn the_ubl_samples() {
    let Some(bytes) = sample("ubl/en16931_ubl-tc434-example1.xml") else { return };
    let table = read(XmlFormat::Ubl, &bytes).unwrap();
    let columns = [
        "kind",
        "number",
        "date",
        "buyer_key",
        "buyer_name",
        "net_amount",
        "tax_amount",
        "gross_amount",
        "fault",
    ];
    let expected =
        ["invoice", "12115118", "2015-01-09", "10202", "ODIN 59", "229.60", "20.73", "250.33", ""];
    assert_eq!(table.of("document", &columns), [expected]);
    assert_eq!(table.of("line", &[]).len(), 20);
    let Some(bytes) = sample("ubl/en16931_ubl-tc434-creditnote1.xml") else { return };
    let table = read(XmlFormat::Ubl, &bytes).unwrap();
    let expected = [
        "return",
        "018304 / 28865",
        "2019-09-23",
        "BE0000000295",
        "My Customer Company S.A.",
        "100.11",
        "0.00",
        "100.11",
        "",
    ];
    assert_eq!(table.of("document", &columns), [expected]);
    assert_eq!(table.of("line", &["quantity", "item_id"]), [["1.00", "V55"]]);
}

#[test]
fn the_cii_sample() {
    let Some(bytes) = sample("cii/en16931_CII_example1.xml") else { return };
    let table = read(XmlFormat::Cii, &bytes).unwrap();
    let columns = [
        "kind",
        "number",
        "date",
        "due_date",
        "buyer_key",
        "buyer_name",
        "seller_vat_id",
        "net_amount",
        "tax_amount",
        "gross_amount",
        "fault",
    ];
    let expected = [
        "invoice",
        "12115118",
        "2015-01-09",
        "2015-01-09",
        "10202",
        "ODIN 59",
        "NL8200.98.395.B.01",
        "229.6",
        "20.73",
        "250.33",
        "",
    ];
    assert_eq!(table.of("document", &columns), [expected]);
    assert_eq!(table.of("line", &[]).len(), 20);
    assert_eq!(
        table.of("line", &["item", "unit", "line_gross_amount"])[0],
        ["PATAT FRITES 10MM 10KG", "H87", "21.09"]
    );
}

proptest! {

    #[test]
    fn any_bytes_in_a_file_are_rows_or_an_error(
        file in 0_usize..4,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        piece in "[<>/&;#a-z'\"!\\[\\]= -]{0,12}",
        at in any::<prop::sample::Index>(),
    ) {
        let (format, text) = [
            (XmlFormat::Ubl, UBL),
            (XmlFormat::Saft, super::saft_tests::SAFT),
            (XmlFormat::CommerceMl, super::commerceml_tests::VERSION_2),
            (XmlFormat::Tally, super::tally_tests::TALLY),
        ][file];
        let mut bytes = text.as_bytes().to_vec();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let at = at.index(bytes.len());
        bytes.splice(at..at, piece.bytes());
        let _ = read(format, &bytes);
    }
}
