//! XML exports by their presets: what becomes of the documents that a firm really has.

use crate::exports::{documents, source, table};
use crate::exports_pitfalls::{COMMERCEML, ORDER};
use crate::inspect::taken;

const UBL: &str = r#"<list xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2">
<Invoice><ID>F-1</ID><IssueDate>2026-01-09+01:00</IssueDate><InvoiceTypeCode>380</InvoiceTypeCode>
  <DocumentCurrencyCode>DKK</DocumentCurrencyCode>
  <AccountingCustomerParty><Party><PartyName><Name>Alfa</Name></PartyName></Party></AccountingCustomerParty>
  <TaxTotal><TaxAmount currencyID="DKK">25.00</TaxAmount></TaxTotal>
  <LegalMonetaryTotal><TaxExclusiveAmount>100.00</TaxExclusiveAmount><TaxInclusiveAmount>125.00</TaxInclusiveAmount></LegalMonetaryTotal>
  <InvoiceLine><LineExtensionAmount>60.00</LineExtensionAmount><Item><Name>Oil</Name>
    <ClassifiedTaxCategory><ID>S</ID><Percent>25</Percent></ClassifiedTaxCategory></Item></InvoiceLine>
  <InvoiceLine><LineExtensionAmount>40.00</LineExtensionAmount><Item><Name>Tea</Name></Item></InvoiceLine>
</Invoice></list>"#;

/// The list with its invoice, and a second one that is changed.
fn two_invoices(changes: &[(&str, &str)]) -> String {
    let start = UBL.find("<Invoice>").unwrap();
    let end = UBL.find("</list>").unwrap();
    let mut second = UBL[start..end].replace("F-1", "F-2");
    for (old, new) in changes {
        assert!(second.contains(old), "{old}");
        second = second.replace(old, new);
    }
    format!("{}{second}</list>", &UBL[..end])
}

#[test]
fn proforma_invoices_are_skipped_and_told() {
    let text = two_invoices(&[(">380<", ">325<")]);
    let project = source("preset: ubl").file("exports/list.xml", text);
    let ran = project.run(&["run"]).ends_with(0);
    // The second invoice with its lines, and the first one's line without a rate of tax.
    assert!(ran.stdout.contains("6 rows read, 2 loaded, 0 rejected, 4 skipped"), "{}", ran.stdout);
    let ran = ran.says("list.xml: proforma invoices (type 325), which are no sales: 1 (F-2)");
    ran.says("list.xml: lines without an amount or a rate of tax, so without gross: 2 (F-1, F-2)");
    assert_eq!(documents(&project), ["F-1|invoice|2026-01-09|Alfa|125.00"]);
    let lines = table(&project, "document_lines", &["document_id", "line_no", "amount"]);
    assert_eq!(lines, ["F-1|1|75.00"]);
}

#[test]
fn a_file_of_a_proforma_invoice_alone_stops_no_other() {
    let project = source("preset: ubl")
        .file("exports/proforma.xml", UBL.replace(">380<", ">325<"))
        .file("exports/sale.xml", UBL);
    let ran = project.run(&["run"]).ends_with(0);
    ran.says("proforma.xml: proforma invoices (type 325), which are no sales: 1 (F-1)");
    assert_eq!(documents(&project), ["F-1|invoice|2026-01-09|Alfa|125.00"]);
}

#[test]
fn an_unknown_type_is_rejected_with_its_lines() {
    let text = two_invoices(&[(">380<", ">IADE<")]);
    let keys = "preset: ubl\nrejects: { max_percent: 60 }";
    let project = source(keys).file("exports/list.xml", &text);
    let ran = project.run(&["run"]).ends_with(0);
    assert!(ran.stdout.contains("6 rows read, 2 loaded, 2 rejected, 2 skipped"), "{}", ran.stdout);
    assert_eq!(documents(&project), ["F-1|invoice|2026-01-09|Alfa|125.00"]);
    let project = source("preset: ubl").file("exports/list.xml", text);
    project.run(&["run"]).ends_with(1).says("row 4 column \"kind\": \"IADE\" matches no pattern");
}

#[test]
fn a_line_of_a_rejected_document_is_rejected_too() {
    let text = two_invoices(&[("2026-01-09+01:00", "2026-13-09")]);
    let keys = "preset: ubl\nrejects: { max_percent: 60 }\n";
    // The line itself is sound: its day is a constant here.
    let keys = format!(
        "{keys}into:\n  documents:\n    where: [{{ column: record, like: document }}]\n    columns: \
         {{ document_id: number, kind: kind, date: date, client_id: buyer_key, amount: gross_amount, \
         currency: currency }}\n  document_lines:\n    where: [{{ column: record, like: line }}]\n    \
         columns: {{ document_id: number, kind: kind, date: {{ value: \"2026-01-09\" }}, \
         line_no: line_no, amount: line_amount }}\n"
    );
    let project = source(&keys).file("exports/list.xml", text);
    let ran = project.run(&["run"]).ends_with(0);
    assert!(ran.stdout.contains("6 rows read, 3 loaded, 3 rejected"), "{}", ran.stdout);
    let lines = table(&project, "document_lines", &["document_id", "line_no", "amount"]);
    assert_eq!(lines, ["F-1|1|60.00", "F-1|2|40.00"]);
    assert_eq!(documents(&project), ["F-1|invoice|2026-01-09|Alfa|125.00"]);
}

const MONEY: &str = "<КоммерческаяИнформация>\
<Документ><Номер>1</Номер><Дата>2026-03-01</Дата><ХозОперация>OPERATION</ХозОперация><Валюта>RUB</Валюта>\
<Контрагенты><Контрагент><Ид>A</Ид><Наименование>Альфа</Наименование><Роль>Покупатель</Роль></Контрагент>\
</Контрагенты><Сумма>10.00</Сумма></Документ></КоммерческаяИнформация>";

#[test]
fn money_given_back_is_a_negative_payment() {
    let text = MONEY.replace("OPERATION", "Возврат безналичных денег");
    let project = source("preset: commerceml").file("exports/sale.xml", text);
    project.run(&["run"]).ends_with(0);
    assert_eq!(documents(&project), ["1|payment|2026-03-01|A|-10.00"]);
}

#[test]
fn an_invoice_for_vat_is_skipped_and_an_unknown_operation_rejected() {
    let end = "</КоммерческаяИнформация>";
    let begin = MONEY.find("<Документ>").unwrap();
    let sale = MONEY[begin..].replace("OPERATION", "Отпуск товара").replace(">1<", ">2<");
    let text = MONEY.replace("OPERATION", "Счет-фактура").replace(end, &sale);
    let project = source("preset: commerceml").file("exports/sale.xml", text);
    let ran = project.run(&["run"]).ends_with(0);
    ran.says("sale.xml: documents \"Счет-фактура\", which are no sales: 1 (1)");
    assert_eq!(documents(&project), ["2|shipment|2026-03-01|A|10.00"]);
    project.write("exports/sale.xml", MONEY.replace("OPERATION", "Возврат товара поставщику"));
    let ran = project.run(&["run"]).ends_with(1);
    ran.says("column \"kind\": \"Возврат товара поставщику\" matches no pattern");
}

const DAYBOOK: &str = "<ENVELOPE><BODY><DATA><TALLYMESSAGE>\
<VOUCHERTYPE NAME='Export'><PARENT>Sales</PARENT></VOUCHERTYPE>\
<VOUCHER VCHTYPE='Export' REMOTEID='g-1'><DATE>20260331</DATE><VOUCHERNUMBER>1</VOUCHERNUMBER>\
<PARTYLEDGERNAME>A</PARTYLEDGERNAME><LEDGERENTRIES.LIST><LEDGERNAME>A</LEDGERNAME>\
<AMOUNT>-$100 @ ₹ 83/$ = -₹ 8,300.00</AMOUNT></LEDGERENTRIES.LIST></VOUCHER>\
<VOUCHER VCHTYPE='Export' REMOTEID='g-2'><DATE>20260401</DATE><VOUCHERNUMBER>1</VOUCHERNUMBER>\
<ISCANCELLED>Yes</ISCANCELLED></VOUCHER></TALLYMESSAGE></DATA></BODY></ENVELOPE>";

#[test]
fn vouchers_of_own_types_are_loaded_by_their_permanent_id() {
    let project = source("preset: tally").file("exports/daybook.xml", DAYBOOK);
    let ran = project.run(&["run"]).ends_with(0);
    ran.says("daybook.xml: cancelled vouchers without a party: 1 (g-2)");
    let columns = ["document_id", "kind", "client_id", "amount", "cancelled"];
    assert_eq!(
        table(&project, "documents", &columns),
        ["g-1|invoice|A|8300.00|false", "g-2|invoice|(cancelled)|0.00|true"]
    );
    let other = DAYBOOK.replace("<PARENT>Sales</PARENT>", "<PARENT>Kharif</PARENT>");
    project.write("exports/daybook.xml", other);
    let ran = project.run(&["run"]).ends_with(1);
    ran.says("column \"kind\": \"Export\" matches no pattern");
}

/// An invoice, a return and a document that is no sale.
fn saft() -> String {
    let document = |kind: &str, column: &str| {
        format!(
            "<Invoice><InvoiceNo>{kind} A/1</InvoiceNo><InvoiceDate>2026-01-02</InvoiceDate>\
             <InvoiceType>{kind}</InvoiceType><CustomerID>C</CustomerID><Line><LineNumber>1</LineNumber>\
             <{column}>10.00</{column}><Tax><TaxPercentage>23</TaxPercentage></Tax></Line><DocumentTotals>\
             <TaxPayable>2.30</TaxPayable><NetTotal>10.00</NetTotal><GrossTotal>12.30</GrossTotal>\
             </DocumentTotals></Invoice>"
        )
    };
    format!(
        "<AuditFile xmlns='urn:OECD:StandardAuditFile-Tax:PT_1.04_01'><Header><CurrencyCode>EUR\
         </CurrencyCode></Header><SourceDocuments><SalesInvoices>{}{}{}</SalesInvoices>\
         </SourceDocuments></AuditFile>",
        document("FT", "CreditAmount"),
        document("RE", "DebitAmount"),
        document("DA", "DebitAmount"),
    )
}

#[test]
fn documents_of_saft_that_are_no_sales_are_skipped_and_told() {
    let project = source("preset: saft").file("exports/saft.xml", saft());
    let ran = project.run(&["run"]).ends_with(0);
    ran.says("saft.xml: documents of type DA, which are no sales: 1 (DA A/1)");
    assert_eq!(
        documents(&project),
        ["FT A/1|invoice|2026-01-02|C|12.30", "RE A/1|return|2026-01-02|C|12.30"]
    );
}

#[test]
fn what_inspect_tells_of_xml_is_what_a_run_loads() {
    for (name, text, documents) in [
        ("sale", UBL.to_owned(), 1),
        ("proforma", two_invoices(&[(">380<", ">325<")]), 1),
        ("money", MONEY.replace("OPERATION", "Возврат безналичных денег"), 1),
        ("orders", ORDER.to_owned(), 1),
        ("daybook", DAYBOOK.to_owned(), 2),
        ("saft", saft(), 2),
    ] {
        let (_, told) = taken(&format!("{name}.xml"), text);
        let sums = told["documents"].as_array().unwrap().iter();
        let rows = |sum: &serde_json::Value| sum["rows"].as_u64().unwrap();
        let told: u64 = sums.map(|sum| rows(sum) + rows(&sum["cancelled"])).sum();
        assert_eq!(told, documents, "{name}");
    }
    let (first, ..) = encoding_rs::WINDOWS_1251.encode(COMMERCEML);
    taken("first.xml", first);
}
