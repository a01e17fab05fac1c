//! What invoices by EN 16931 have in common, whichever of its two syntaxes they are written in.
//!
//! Keeps true: amounts stay as the file has them, and `kind` says once what their sign means: a
//! credit note is a return whatever its sign, an invoice with a negative amount stays an invoice.

use super::amount::Amount;
use super::bundle::{Bundle, OUTERMOST};
use super::text::iso_date;

/// The columns of both syntaxes.
pub(super) const COLUMNS: &[&str] = &[
    "document_type",
    "type_code",
    "kind",
    "number",
    "date",
    "due_date",
    "currency",
    "note",
    "buyer_key",
    "buyer_id",
    "buyer_name",
    "buyer_vat_id",
    "buyer_legal_id",
    "buyer_country",
    "buyer_mail",
    "buyer_phone",
    "seller_name",
    "seller_vat_id",
    "order_number",
    "corrected_number",
    "net_amount",
    "tax_amount",
    "gross_amount",
    "payable_amount",
    "prepaid_amount",
    "line_no",
    "line_id",
    "item_id",
    "item",
    "quantity",
    "unit",
    "line_amount",
    "tax_percent",
    "line_gross_amount",
];

/// Codes of credit notes in UNTDID 1001; all others are invoices.
const CREDIT_NOTES: &[&str] =
    &["81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"];

/// Completes a document and its lines.
pub(super) fn finish(bundle: &mut Bundle) {
    let document = OUTERMOST;
    let code = bundle.get(document, "type_code");
    let credit = bundle.root == "CreditNote" || CREDIT_NOTES.contains(&code);
    bundle.set(document, "kind", if credit { "return" } else { "invoice" });
    bundle.set(document, "document_type", if credit { "CreditNote" } else { "Invoice" });
    for column in ["date", "due_date"] {
        let date = iso_date(bundle.get(document, column));
        bundle.set(document, column, date);
    }
    let keys = ["buyer_id", "buyer_vat_id", "buyer_legal_id", "buyer_name"];
    bundle.first(document, "buyer_key", &keys);
    tax(bundle, document);
    let lines = bundle.all("line");
    for (place, line) in lines.iter().enumerate() {
        bundle.set(*line, "line_no", (place + 1).to_string());
        let gross = gross(bundle, *line).map(|gross| gross.to_string());
        bundle.set(*line, "line_gross_amount", gross.unwrap_or_default());
    }
    if let Some(fault) = compare(bundle, document, &lines).err().flatten() {
        bundle.blame(document, &fault);
    }
}

/// Takes the tax in the document's currency; a second total may be in that of the tax office.
fn tax(bundle: &mut Bundle, document: usize) {
    let currency = bundle.get(document, "currency");
    let totals = bundle.all("tax_total");
    let own = totals.iter().find(|total| {
        let one = bundle.get(**total, "total_currency");
        one.is_empty() || one == currency
    });
    let amount = own.map(|total| bundle.get(*total, "total").to_owned());
    bundle.set(document, "tax_amount", amount.unwrap_or_default());
}

fn gross(bundle: &Bundle, line: usize) -> Option<Amount> {
    let amount = Some(bundle.get(line, "line_amount")).filter(|amount| !amount.is_empty())?;
    Amount::of(amount)?.with_percent(Amount::of(bundle.get(line, "tax_percent"))?)
}

/// Compares the totals; a number that is none is left to whoever reads it.
fn compare(bundle: &Bundle, document: usize, lines: &[usize]) -> Result<(), Option<String>> {
    let amount = |item: usize, column: &str| Amount::of(bundle.get(item, column)).ok_or(None);
    if bundle.get(document, "net_amount").is_empty() {
        return Ok(());
    }
    let net = amount(document, "net_amount")?;
    if !lines.is_empty() {
        let (less, more) = (amount(document, "allowances")?, amount(document, "charges")?);
        let mut sum = more.minus(less);
        for line in lines {
            sum = sum.plus(amount(*line, "line_amount")?);
        }
        if !sum.is_near(net, Amount::CENT) {
            let fault =
                format!("lines, charges and allowances make {sum}, the net amount is {net}");
            return Err(Some(fault));
        }
    }
    let (tax, gross) = (amount(document, "tax_amount")?, amount(document, "gross_amount")?);
    let sum = net.plus(tax);
    if !bundle.get(document, "gross_amount").is_empty() && !sum.is_near(gross, Amount::CENT) {
        return Err(Some(format!("net and tax make {sum}, the gross amount is {gross}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::XmlFormat;

    #[test]
    fn both_syntaxes_have_the_same_columns() {
        assert_eq!(XmlFormat::Ubl.columns(), XmlFormat::Cii.columns());
        assert_eq!(XmlFormat::Ubl.columns().len(), super::COLUMNS.len() + 2);
    }
}
