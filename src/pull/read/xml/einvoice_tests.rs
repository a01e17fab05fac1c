//! What invoices of both syntaxes have in common, on small files.

use super::XmlFormat::{Cii, Ubl};
use super::einvoice::COLUMNS;
use super::tests::{UBL, read, refused};

#[test]
fn both_syntaxes_have_the_same_columns() {
    assert_eq!(Ubl.columns(), Cii.columns());
    assert_eq!(Ubl.columns().len(), COLUMNS.len() + 3);
}

const INVOICE: &str = r#"<r:CrossIndustryInvoice xmlns:r="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100">
<r:ExchangedDocument><r:ID>C-1</r:ID><r:TypeCode>380</r:TypeCode>
  <r:IssueDateTime><r:DateTimeString format="102">20250131</r:DateTimeString></r:IssueDateTime></r:ExchangedDocument>
<r:SupplyChainTradeTransaction>
  <r:IncludedSupplyChainTradeLineItem><r:AssociatedDocumentLineDocument><r:LineID>1</r:LineID>
      <r:LineStatusReasonCode>GROUP</r:LineStatusReasonCode></r:AssociatedDocumentLineDocument>
    <r:SpecifiedLineTradeSettlement><r:SpecifiedTradeSettlementLineMonetarySummation>
      <r:LineTotalAmount>100</r:LineTotalAmount></r:SpecifiedTradeSettlementLineMonetarySummation></r:SpecifiedLineTradeSettlement>
  </r:IncludedSupplyChainTradeLineItem>
  <r:IncludedSupplyChainTradeLineItem><r:AssociatedDocumentLineDocument><r:LineID>1.1</r:LineID>
      <r:LineStatusReasonCode>DETAIL</r:LineStatusReasonCode></r:AssociatedDocumentLineDocument>
    <r:SpecifiedLineTradeSettlement><r:ApplicableTradeTax><r:CategoryCode>S</r:CategoryCode>
      <r:RateApplicablePercent>19</r:RateApplicablePercent></r:ApplicableTradeTax>
      <r:SpecifiedTradeSettlementLineMonetarySummation>
      <r:LineTotalAmount>100</r:LineTotalAmount></r:SpecifiedTradeSettlementLineMonetarySummation></r:SpecifiedLineTradeSettlement>
  </r:IncludedSupplyChainTradeLineItem>
  <r:ApplicableHeaderTradeSettlement><r:InvoiceCurrencyCode>EUR</r:InvoiceCurrencyCode>
    <r:SpecifiedTradeSettlementHeaderMonetarySummation><r:TaxBasisTotalAmount>100</r:TaxBasisTotalAmount>
      <r:TaxTotalAmount currencyID="CZK">475</r:TaxTotalAmount><r:TaxTotalAmount currencyID="EUR">19</r:TaxTotalAmount>
      <r:GrandTotalAmount>119</r:GrandTotalAmount></r:SpecifiedTradeSettlementHeaderMonetarySummation>
  </r:ApplicableHeaderTradeSettlement>
</r:SupplyChainTradeTransaction></r:CrossIndustryInvoice>"#;

#[test]
fn lines_that_sum_up_others_are_left_out() {
    let table = read(Cii, INVOICE.as_bytes()).unwrap();
    let columns = ["date", "tax_amount", "gross_amount", "fault"];
    assert_eq!(table.of("document", &columns), [["2025-01-31", "19", "119", ""]]);
    let columns = ["line_no", "line_id", "line_gross_amount", "within_row"];
    assert_eq!(table.of("line", &columns), [["1", "1.1", "119.00", "1"]]);
    let told = "lines that sum up others or only inform (GROUP, INFORMATION): 1 (C-1)";
    assert_eq!(table.notes[1..], [told]);
}

#[test]
fn types_that_are_no_sales_are_told_and_unknown_ones_are_their_own_kind() {
    for (code, kind, told) in [
        ("380", "invoice", ""),
        ("326", "invoice", ""),
        ("389", "invoice", ""),
        ("325", "other", "proforma invoices (type 325), which are no sales: 1 (F-1)"),
        ("386", "other", "prepayment invoices (type 386), which are no sales: 1 (F-1)"),
        (
            "875",
            "other",
            "partial invoices of construction (type 875), which are no sales: 1 (F-1)",
        ),
        ("503", "return", ""),
        ("IADE", "IADE", ""),
    ] {
        let text = UBL.replace(">380<", &format!(">{code}<"));
        let table = read(Ubl, text.as_bytes()).unwrap();
        assert_eq!(table.of("document", &["kind", "fault"]), [[kind, ""]], "{code}");
        assert_eq!(table.notes.get(1).map_or("", String::as_str), told, "{code}");
    }
}

#[test]
fn a_corrected_invoice_is_told_to_stand_beside_the_one_it_corrects() {
    let reference = "<c:BillingReference><c:InvoiceDocumentReference><c:ID>F-0</c:ID>\
                     </c:InvoiceDocumentReference></c:BillingReference><c:AccountingCustomerParty>";
    let text = UBL.replace(">380<", ">384<").replace("<c:AccountingCustomerParty>", reference);
    let table = read(Ubl, text.as_bytes()).unwrap();
    assert_eq!(table.of("document", &["kind", "corrected_number"]), [["invoice", "F-0"]]);
    let told = "corrected invoices (type 384), counted beside what they correct unless that is \
                cancelled or credited: 1 (F-1 beside F-0)";
    assert_eq!(table.notes[1..], [told]);
}

#[test]
fn dates_with_a_zone_are_the_day_written() {
    for zone in ["Z", "+01:00", "-05:00"] {
        let text = UBL.replace("2025-01-09", &format!("2025-01-09{zone}"));
        let table = read(Ubl, text.as_bytes()).unwrap();
        assert_eq!(table.of("document", &["date"]), [["2025-01-09"]]);
    }
}

#[test]
fn a_line_has_a_gross_only_where_its_tax_is_told() {
    let category = "<c:ClassifiedTaxCategory><c:Percent>25</c:Percent></c:ClassifiedTaxCategory>";
    let line_tax = "<c:TaxTotal><c:TaxAmount>12.50</c:TaxAmount></c:TaxTotal>";
    for (tax, gross, fault) in [
        (category.to_owned(), "125.00", ""),
        (String::new(), "", ""),
        (category.replace("<c:Percent>25</c:Percent>", "<c:ID>O</c:ID>"), "100.00", ""),
        (category.replace("<c:Percent>25</c:Percent>", "<c:ID>S</c:ID>"), "", ""),
        (category.replace("25", "x"), "", "the rate of tax \"x\" is no percentage"),
        (format!("</c:Item>{}<c:Item>", line_tax.repeat(2)), "125.00", ""),
    ] {
        let text = UBL.replace(category, &tax);
        let table = read(Ubl, text.as_bytes()).unwrap();
        let columns = ["line_gross_amount", "fault"];
        assert_eq!(table.of("line", &columns), [[gross, fault]], "{tax}");
        let told = "lines without an amount or a rate of tax, so without gross: 1 (F-1)".to_owned();
        assert_eq!(table.notes.contains(&told), gross.is_empty() && fault.is_empty(), "{tax}");
    }
}

#[test]
fn taxes_of_several_kinds_are_summed_up() {
    let tax = "<c:TaxTotal><c:TaxAmount currencyID=\"DKK\">25.00</c:TaxAmount></c:TaxTotal>";
    let two = [tax.replace("25.00", "20.00"), tax.replace("25.00", "5.00")].concat();
    let table = read(Ubl, UBL.replace(tax, &two).as_bytes()).unwrap();
    assert_eq!(table.of("document", &["tax_amount", "fault"]), [["25.00", ""]]);
}

#[test]
fn oioubl_has_its_tax_where_others_have_the_net_amount() {
    let text = UBL
        .replace(
            "  <c:ID>F-1</c:ID>",
            "<c:CustomizationID>OIOUBL-2.02</c:CustomizationID><c:ID>F-1</c:ID>",
        )
        .replace(">100.00</c:TaxExclusiveAmount>", ">25.00</c:TaxExclusiveAmount>");
    let table = read(Ubl, text.as_bytes()).unwrap();
    let columns = ["net_amount", "tax_amount", "gross_amount", "fault"];
    assert_eq!(table.of("document", &columns), [["100.00", "25.00", "125.00", ""]]);
}

#[test]
fn invoices_in_envelopes_and_lists_are_read_one_by_one() {
    let inner =
        UBL.replace(" xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2\"", "");
    let credit = UBL
        .replace("Invoice-2", "CreditNote-2")
        .replace("<Invoice ", "<CreditNote ")
        .replace("</Invoice>", "</CreditNote>")
        .replace("F-1", "N-1");
    let list = format!(
        "<StandardBusinessDocument xmlns=\"http://www.unece.org/x\"><StandardBusinessDocumentHeader>\
         <Type>Invoice</Type></StandardBusinessDocumentHeader>\
         <list xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2\">{inner}</list>{credit}\
         </StandardBusinessDocument>"
    );
    let table = read(Ubl, list.as_bytes()).unwrap();
    let columns = ["number", "kind", "gross_amount", "fault", "within_row"];
    assert_eq!(
        table.of("document", &columns),
        [["F-1", "invoice", "125.00", "", ""], ["N-1", "return", "125.00", "", ""]]
    );
    let lines = [["F-1", "1", "1"], ["N-1", "1", "3"]];
    assert_eq!(table.of("line", &["number", "line_no", "within_row"]), lines);
    // A namespace ends with the element that declares it.
    let late = format!(
        "<a><b xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2\"/>{inner}</a>"
    );
    assert!(refused(Ubl, late.as_bytes()).contains("the namespace \"\" is unknown"));
    assert!(refused(Ubl, b"<a><b/></a>").starts_with("line 1: the root is <a>, where UBL has"));
}
