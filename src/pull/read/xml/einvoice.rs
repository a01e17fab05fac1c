//! What invoices by EN 16931 have in common, whichever of its two syntaxes they are written in.
//!
//! Keeps true: amounts stay as the file has them, and `kind` says once what their sign means: a
//! credit note is a return whatever its sign, an invoice with a negative amount stays an invoice;
//! what is no sale or of no known type is neither; a tax that nothing tells is not guessed.

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

/// Codes of invoices in UNTDID 1001, as EN 16931 has them; none is one too.
const INVOICES: &[&str] = &[
    "", "80", "82", "84", "295", "326", "331", "380", "383", CORRECTED, "385", "387", "388", "389",
    "390", "393", "394", "527", "575", "623", "633", "780", "877",
];

/// Codes of credit notes.
const CREDIT_NOTES: &[&str] =
    &["81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "502", "503", "532"];

/// Codes of what is written like an invoice and sells nothing, or what another invoice bills.
const NO_SALES: &[(&str, &str)] = &[
    ("71", "requests for payment"),
    ("102", "tax notifications"),
    ("130", "invoicing data sheets"),
    ("202", "payment valuations"),
    ("203", "payment valuations"),
    ("204", "payment valuations"),
    ("211", "applications for payment"),
    ("218", "requests for payment"),
    ("219", "requests for payment"),
    ("325", "proforma invoices"),
    ("382", "commission notes"),
    ("386", "prepayment invoices"),
    ("395", "consignment invoices"),
    ("456", "debit advices"),
    ("553", "discrepancy reports"),
    ("751", "invoices for bookkeeping only"),
    ("817", "claims"),
    ("870", "consular invoices"),
    ("875", "partial invoices of construction"),
    ("876", "partial final invoices of construction"),
    ("935", "customs invoices"),
];

/// The code of invoices that correct another.
const CORRECTED: &str = "384";

/// Categories of tax whose rate is nought, written or not.
const UNTAXED: &[&str] = &["Z", "E", "AE", "K", "G", "O"];

/// Statuses of lines that sum up others or only inform.
const NO_LINES: &[&str] = &["GROUP", "INFORMATION"];

/// Completes a document and its lines.
pub(super) fn finish(bundle: &mut Bundle) {
    let document = OUTERMOST;
    kind(bundle, document);
    for column in ["date", "due_date"] {
        let date = iso_date(bundle.get(document, column));
        bundle.set(document, column, date);
    }
    let keys = ["buyer_id", "buyer_vat_id", "buyer_legal_id", "buyer_name"];
    bundle.first(document, "buyer_key", &keys);
    tax(bundle, document);
    let number = bundle.get(document, "number").to_owned();
    let (lines, no_lines): (Vec<_>, Vec<_>) = bundle
        .all("line")
        .into_iter()
        .partition(|line| !NO_LINES.contains(&bundle.get(*line, "line_status")));
    for line in no_lines {
        bundle.hide(line);
        bundle.tell("lines that sum up others or only inform (GROUP, INFORMATION)", &number);
    }
    for tax in bundle.all("line_tax") {
        let line = bundle.item(tax).parent;
        let sum = Amount::of(bundle.get(line, "line_tax_amount"));
        let more = Amount::of(bundle.get(tax, "one_line_tax"));
        if let (Some(sum), Some(more)) = (sum, more) {
            bundle.set(line, "line_tax_amount", sum.plus(more).to_string());
        }
    }
    for (place, line) in lines.iter().enumerate() {
        bundle.set(*line, "line_no", (place + 1).to_string());
        match gross(bundle, *line) {
            Ok(Some(gross)) => bundle.set(*line, "line_gross_amount", gross.to_string()),
            Ok(None) => {
                bundle.tell("lines without an amount or a rate of tax, so without gross", &number);
            }
            Err(fault) => bundle.blame(*line, &fault),
        }
    }
    if let Some(fault) = compare(bundle, document, &lines).err().flatten() {
        bundle.blame(document, &fault);
    }
}

/// What the code makes of the document; an unknown one is its own kind.
fn kind(bundle: &mut Bundle, document: usize) {
    let code = bundle.get(document, "type_code").to_owned();
    let no_sale = NO_SALES.iter().find(|(known, _)| *known == code);
    let credit = bundle.root == "CreditNote" || CREDIT_NOTES.contains(&code.as_str());
    let kind = match no_sale {
        Some(_) => "other",
        None if credit => "return",
        None if INVOICES.contains(&code.as_str()) => "invoice",
        None => code.as_str(),
    };
    bundle.set(document, "kind", kind);
    bundle.set(document, "document_type", if credit { "CreditNote" } else { "Invoice" });
    let number = bundle.get(document, "number").to_owned();
    let corrected = bundle.get(document, "corrected_number");
    if let Some((_, what)) = no_sale {
        bundle.tell(&format!("{what} (type {code}), which are no sales"), &number);
    } else if code == CORRECTED && !corrected.is_empty() {
        let example = format!("{number} beside {corrected}");
        let what = "corrected invoices (type 384), counted beside what they correct unless that is \
                    cancelled or credited";
        bundle.tell(what, &example);
    }
}

/// Takes the tax in the document's currency; a second total may be in that of the tax office.
fn tax(bundle: &mut Bundle, document: usize) {
    let currency = bundle.get(document, "currency");
    let totals = bundle.all("tax_total");
    let own = totals.iter().filter(|total| {
        let one = bundle.get(**total, "total_currency");
        one.is_empty() || one == currency
    });
    // One for each kind of tax, beside EN 16931.
    let amounts: Vec<&str> = own.map(|total| bundle.get(*total, "total")).collect();
    let amount = match amounts[..] {
        [] => String::new(),
        [amount] => amount.to_owned(),
        _ => {
            let sum = amounts.iter().map(|amount| Amount::of(amount));
            let sum: Option<Vec<_>> = sum.collect();
            let sum = sum.map(|all| all.into_iter().fold(Amount::default(), Amount::plus));
            sum.map_or_else(|| amounts[0].to_owned(), |sum| sum.to_string())
        }
    };
    bundle.set(document, "tax_amount", amount);
    // OIOUBL has the tax where UBL has the amount without it.
    if bundle.get(document, "customization").starts_with("OIOUBL") {
        let amount = |column: &str| Amount::of(bundle.get(document, column));
        if !bundle.get(document, "gross_amount").is_empty()
            && let (Some(gross), Some(tax)) = (amount("gross_amount"), amount("tax_amount"))
        {
            let net = gross.minus(tax).to_string();
            bundle.set(document, "net_amount", net);
        }
    }
}

/// The amount of a line with tax; `None` where nothing says how much that is.
fn gross(bundle: &Bundle, line: usize) -> Result<Option<Amount>, String> {
    let text = |column: &str| bundle.get(line, column);
    let amount = |column: &str| {
        Some(text(column))
            .filter(|text| !text.is_empty())
            .map(|text| Amount::of(text).ok_or_else(|| format!("{column} {text:?} is no number")))
    };
    let Some(net) = amount("line_amount").transpose()? else { return Ok(None) };
    if let Some(tax) = amount("line_tax_amount").transpose()? {
        return Ok(Some(net.plus(tax)));
    }
    let percent = text("tax_percent");
    let untaxed = UNTAXED.contains(&text("tax_category"))
        || amount("tax_amount").is_some_and(|tax| tax == Ok(Amount::default()));
    if percent.is_empty() && !untaxed {
        return Ok(None);
    }
    let gross = Amount::of(percent).and_then(|percent| net.with_percent(percent));
    gross.map(Some).ok_or_else(|| format!("the rate of tax {percent:?} is no percentage"))
}

/// Compares the totals; a number that is none is left to whoever reads it.
fn compare(bundle: &Bundle, document: usize, lines: &[usize]) -> Result<(), Option<String>> {
    let amount = |item: usize, column: &str| Amount::of(bundle.get(item, column)).ok_or(None);
    if bundle.get(document, "net_amount").is_empty() || bundle.get(document, "kind") == "other" {
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
