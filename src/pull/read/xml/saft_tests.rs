//! SAF-T on a small file with the quirks of real ones, and on the tax office's own.

use super::XmlFormat::Saft;
use super::tests::{read, refused, sample};

pub(super) const SAFT: &str = r#"<AuditFile xmlns="urn:OECD:StandardAuditFile-Tax:PT_1.04_01">
<Header><CurrencyCode>EUR</CurrencyCode></Header>
<MasterFiles>
  <Customer><CustomerID>C1</CustomerID><CustomerTaxID>508650704</CustomerTaxID><CompanyName>Gomes &amp; Gomes</CompanyName></Customer>
  <Customer><CustomerID>C2</CustomerID><CustomerTaxID>999999990</CustomerTaxID><CompanyName>Consumidor final</CompanyName></Customer>
</MasterFiles>
<SourceDocuments><SalesInvoices>
  <NumberOfEntries>3</NumberOfEntries><TotalDebit>40.00</TotalDebit><TotalCredit>100.00</TotalCredit>
  <Invoice><InvoiceNo>FT A/1</InvoiceNo><DocumentStatus><InvoiceStatus>N</InvoiceStatus></DocumentStatus>
    <InvoiceDate>2025-01-02</InvoiceDate><InvoiceType>FT</InvoiceType><CustomerID>C1</CustomerID>
    <Line><LineNumber>1</LineNumber><ProductCode>007</ProductCode><Quantity>2</Quantity><CreditAmount>100.00</CreditAmount><Tax><TaxPercentage>23</TaxPercentage></Tax></Line>
    <DocumentTotals><TaxPayable>23.00</TaxPayable><NetTotal>100.00</NetTotal><GrossTotal>123.00</GrossTotal>
      <Currency><CurrencyCode>USD</CurrencyCode></Currency><Payment><PaymentAmount>1</PaymentAmount></Payment></DocumentTotals></Invoice>
  <Invoice><InvoiceNo>FT A/2</InvoiceNo><DocumentStatus><InvoiceStatus>A</InvoiceStatus></DocumentStatus>
    <InvoiceDate>2025-01-03</InvoiceDate><InvoiceType>FT</InvoiceType><CustomerID>C1</CustomerID>
    <Line><LineNumber>1</LineNumber><CreditAmount>50</CreditAmount><Tax><TaxAmount>0.50</TaxAmount></Tax></Line>
    <DocumentTotals><TaxPayable>0</TaxPayable><NetTotal>50</NetTotal><GrossTotal>50</GrossTotal></DocumentTotals></Invoice>
  <!-- a credit note -->
  <Invoice><InvoiceNo>NC A/1</InvoiceNo><DocumentStatus><InvoiceStatus>N</InvoiceStatus></DocumentStatus>
    <InvoiceDate>2025-01-04</InvoiceDate><InvoiceType>NC</InvoiceType><CustomerID>C1</CustomerID>
    <Line><LineNumber>1</LineNumber><References><Reference>FT A/1</Reference><Reason>broken</Reason></References><DebitAmount>40.00</DebitAmount><Tax><TaxPercentage>0</TaxPercentage></Tax></Line>
    <DocumentTotals><TaxPayable>0</TaxPayable><NetTotal>40.00</NetTotal><GrossTotal>40.00</GrossTotal></DocumentTotals></Invoice>
</SalesInvoices><Payments>
  <NumberOfEntries>1</NumberOfEntries><TotalDebit>0</TotalDebit><TotalCredit>100</TotalCredit>
  <Payment><PaymentRefNo>RG 1</PaymentRefNo><TransactionDate>2025-02-01</TransactionDate><PaymentType>RG</PaymentType>
    <DocumentStatus><PaymentStatus>N</PaymentStatus></DocumentStatus><CustomerID>C1</CustomerID>
    <Line><LineNumber>1</LineNumber><SourceDocumentID><OriginatingON>FT A/1</OriginatingON></SourceDocumentID><CreditAmount>100</CreditAmount></Line>
    <DocumentTotals><TaxPayable>23</TaxPayable><NetTotal>100</NetTotal><GrossTotal>123</GrossTotal></DocumentTotals></Payment>
</Payments></SourceDocuments></AuditFile>"#;

#[test]
fn documents_payments_and_clients_are_told_apart() {
    let table = read(Saft, SAFT.as_bytes()).unwrap();
    let columns = ["kind", "number", "cancelled", "gross_amount", "currency", "reference", "fault"];
    assert_eq!(
        table.of("document", &columns),
        [
            ["invoice", "FT A/1", "false", "123.00", "EUR", "", ""],
            ["invoice", "FT A/2", "true", "50", "EUR", "", ""],
            ["return", "NC A/1", "false", "40.00", "EUR", "FT A/1", ""],
        ]
    );
    let payment = ["payment", "RG 1", "false", "123", "EUR", "FT A/1", ""];
    assert_eq!(table.of("payment", &columns), [payment]);
    let columns = ["number", "item_id", "line_amount", "line_gross_amount", "reason"];
    assert_eq!(
        table.of("line", &columns),
        [
            ["FT A/1", "007", "100.00", "123.00", ""],
            ["FT A/2", "", "50.00", "50.50", ""],
            ["NC A/1", "", "-40.00", "40.00", "broken"],
        ]
    );
    let columns = ["client_id", "client_name", "customer_tax_id", "tax_id"];
    assert_eq!(
        table.of("client", &columns),
        [
            ["C1", "Gomes & Gomes", "508650704", "508650704"],
            ["C2", "Consumidor final", "999999990", ""],
        ]
    );
    assert!(
        table.notes.contains(
            &"SalesInvoices: 3 entries, debit 40.00, credit 100.00, as stated".to_owned()
        )
    );
}

#[test]
fn a_section_that_lacks_something_is_refused() {
    let text = SAFT.replace("<NumberOfEntries>3<", "<NumberOfEntries>4<");
    let message = refused(Saft, text.as_bytes());
    assert_eq!(message, "NumberOfEntries of SalesInvoices is 4, but 3 was read");
    let text = SAFT.replace("<TotalCredit>100.00<", "<TotalCredit>150.00<");
    let message = refused(Saft, text.as_bytes());
    assert_eq!(message, "TotalCredit of SalesInvoices is 150.00, but 100.00 was read");
}

#[test]
fn versions_are_known_by_the_namespace() {
    let old = SAFT
        .replace("PT_1.04_01", "PT_1.00_01")
        .replace("<InvoiceType>NC<", "<InvoiceType>Nota de crédito<")
        .replace("<InvoiceType>FT<", "<InvoiceType>Factura<")
        .replace("<DocumentStatus><InvoiceStatus>N</InvoiceStatus></DocumentStatus>", "");
    let table = read(Saft, old.as_bytes()).unwrap();
    let kinds = [["invoice", "false"], ["invoice", "true"], ["return", "false"]];
    assert_eq!(table.of("document", &["kind", "cancelled"]), kinds);
    let other = SAFT.replace("PT_1.04_01", "XX_9");
    assert!(refused(Saft, other.as_bytes()).contains("\"urn:OECD:StandardAuditFile-Tax:XX_9\""));
    let norway = "\u{feff}<n1:AuditFile xmlns:n1='urn:StandardAuditFile-Taxation-Financial:NO'>\
        <n1:MasterFiles><n1:Customers><n1:Customer><n1:RegistrationNumber>912345678</n1:RegistrationNumber>\
        <n1:Name>Fjord AS</n1:Name><n1:CustomerID>7</n1:CustomerID></n1:Customer></n1:Customers>\
        </n1:MasterFiles></n1:AuditFile>";
    let table = read(Saft, norway.as_bytes()).unwrap();
    let columns = ["client_id", "client_name", "tax_id"];
    assert_eq!(table.of("client", &columns), [["7", "Fjord AS", "912345678"]]);
}

#[test]
fn the_sample_of_the_tax_office() {
    let Some(bytes) = sample("saft_pt/rebelo_saft_idemo599999999.xml") else { return };
    let table = read(Saft, &bytes).unwrap();
    let count = |record: &str| table.of(record, &[]).len();
    assert_eq!((count("client"), count("document"), count("payment")), (11, 24, 2));
    let documents = table.of("document", &["kind", "cancelled", "status", "fault"]);
    let with = |place: usize, text: &str| documents.iter().filter(|row| row[place] == text).count();
    assert_eq!((with(0, "return"), with(1, "true"), with(2, "R"), with(3, "")), (5, 6, 1, 24));
    let void: Vec<_> = table.of("document", &["cancelled", "gross_amount"]);
    let void = void.iter().filter(|row| row[0] == "true");
    let sum = void.fold(super::amount::Amount::default(), |sum, row| {
        sum.plus(super::amount::Amount::of(row[1]).unwrap())
    });
    assert_eq!(sum.to_string(), "5702.30");
    assert_eq!(
        table.notes,
        [
            "charset windows-1252",
            "SalesInvoices: 24 entries, debit 2201.7838, credit 14918.709, as stated",
            "Payments: 2 entries, debit 0.00, credit 6000.00, as stated",
        ]
    );
    assert!(table.of("client", &["client_name"]).contains(&vec!["Manuel Feijão"]));
    assert!(table.of("document", &["currency"]).iter().all(|row| row[0] == "EUR"));
}

/// A file with one document of this type and these debits and credits.
fn one(kind: &str, lines: &[(&str, &str)]) -> String {
    let lines = lines.iter().map(|(debit, credit)| {
        format!(
            "<Line><DebitAmount>{debit}</DebitAmount><CreditAmount>{credit}</CreditAmount>\
             <Tax><TaxPercentage>0</TaxPercentage></Tax></Line>"
        )
    });
    format!(
        "<AuditFile xmlns='urn:OECD:StandardAuditFile-Tax:PT_1.04_01'><SourceDocuments><SalesInvoices>\
         <Invoice><InvoiceNo>X A/1</InvoiceNo><InvoiceDate>2025-01-04+00:00</InvoiceDate>\
         <InvoiceType>{kind}</InvoiceType>{}</Invoice></SalesInvoices></SourceDocuments></AuditFile>",
        lines.collect::<String>()
    )
}

#[test]
fn kinds_follow_the_type_and_the_columns() {
    let (debit, credit): (&[_], &[_]) = (&[("5", "")], &[("", "5")]);
    for (kind, lines, expected, told) in [
        ("FT", credit, "invoice", ""),
        ("FT", debit, "return", "documents FT with more debit than credit, so returns: 1 (X A/1)"),
        ("FS", &[("5", ""), ("", "7")], "invoice", ""),
        ("NC", debit, "return", ""),
        ("NC", &[], "return", ""),
        (
            "NC",
            credit,
            "invoice",
            "documents NC with more credit than debit, so invoices: 1 (X A/1)",
        ),
        ("ND", credit, "invoice", ""),
        ("RE", debit, "return", ""),
        ("DA", debit, "other", "documents of type DA, which are no sales: 1 (X A/1)"),
        ("CS", credit, "other", "documents of type CS, which are no sales: 1 (X A/1)"),
        ("Nota de Débito", credit, "invoice", ""),
        ("ZZ", credit, "ZZ", ""),
    ] {
        let table = read(Saft, one(kind, lines).as_bytes()).unwrap();
        let columns = ["kind", "date"];
        assert_eq!(table.of("document", &columns), [[expected, "2025-01-04"]], "{kind}");
        assert_eq!(table.notes.get(1).map_or("", String::as_str), told, "{kind}");
    }
    let table = read(Saft, one("NC", &[("5", ""), ("", "2")]).as_bytes()).unwrap();
    assert_eq!(table.of("line", &["line_gross_amount"]), [["5.00"], ["-2.00"]]);
}

#[test]
fn a_line_whose_tax_nothing_tells_has_no_gross() {
    let text = one("FT", &[("", "5")]).replace("<Tax><TaxPercentage>0</TaxPercentage></Tax>", "");
    let table = read(Saft, text.as_bytes()).unwrap();
    assert_eq!(
        table.of("line", &["line_amount", "line_gross_amount", "fault"]),
        [["5.00", "", ""]]
    );
    let told = "lines without a rate of tax, so without gross: 1 (X A/1)";
    assert_eq!(table.notes[1..], [told]);
}
