//! SAF-T: the Portuguese billing file (`1.00_01` to `1.04_01`), the customers of the Norwegian one.
//!
//! Keeps true: what the file says of its sections (number of documents, debit, credit) is what was
//! read, so that a file cut off is refused. As the tax office's own sample has it, cancelled
//! documents count among the number and not among the sums. Portaria 302/2016 leaves out those
//! billed by another document (status F) likewise. Whether a document is a sale or a return is said
//! by its columns, debit and credit; its type decides where they are equal and what is neither.

use super::amount::Amount;
use super::bundle::{Bundle, FILE, OUTERMOST};
use super::shape::{Format, Record, file};
use super::text::iso_date;

/// The tax id of a consumer nobody knows.
const UNKNOWN_CONSUMER: &str = "999999990";

/// Statuses of documents whose amounts do not count: cancelled, billed by another document.
const VOID: &[&str] = &["A", "F"];

/// Types of documents by Portaria 302/2016, and the kinds of document.
const TYPES: &[(&str, &str)] = &[
    ("FT", "invoice"),
    ("FS", "invoice"),
    ("FR", "invoice"),
    ("ND", "invoice"),
    ("VD", "invoice"),
    ("TV", "invoice"),
    ("RP", "invoice"),
    ("NC", "return"),
    ("TD", "return"),
    ("RE", "return"),
    // Assets sold and taken back; shares of other insurers.
    ("AA", OTHER),
    ("DA", OTHER),
    ("CS", OTHER),
    ("LD", OTHER),
    ("RA", OTHER),
];

/// How the words of `1.00_01` begin, in small letters.
const WORDS: &[(&str, &str)] = &[
    ("factura", "invoice"),
    ("fatura", "invoice"),
    ("venda a dinheiro", "invoice"),
    ("talão de venda", "invoice"),
    ("nota de déb", "invoice"),
    ("nota de deb", "invoice"),
    ("nota de cr", "return"),
    ("nota cr", "return"),
    ("talão de dev", "return"),
];

/// The kind of what is no business with clients.
const OTHER: &str = "other";

/// A section whose totals are compared: its name, the columns of what the file says of it and of
/// what was read.
const SECTIONS: &[(&str, [&str; 3], [&str; 3])] = &[
    (
        "SalesInvoices",
        ["sales_entries", "sales_debit", "sales_credit"],
        ["sales_entries_read", "sales_debit_read", "sales_credit_read"],
    ),
    (
        "Payments",
        ["payments_entries", "payments_debit", "payments_credit"],
        ["payments_entries_read", "payments_debit_read", "payments_credit_read"],
    ),
];

pub(super) const FORMAT: Format = Format {
    name: "SAF-T",
    roots: &[(
        "AuditFile",
        &["urn:OECD:StandardAuditFile-Tax:PT_1", "urn:StandardAuditFile-Taxation-Financial:NO"],
    )],
    wrapped: false,
    columns: &[
        "kind",
        "invoice_type",
        "status",
        "cancelled",
        "number",
        "date",
        "currency",
        "client_id",
        "client_name",
        "customer_tax_id",
        "tax_id",
        "country",
        "phone",
        "mail",
        "net_amount",
        "tax_amount",
        "gross_amount",
        "reference",
        "reason",
        "line_no",
        "item_id",
        "item",
        "quantity",
        "unit",
        "debit_amount",
        "credit_amount",
        "line_amount",
        "tax_percent",
        "line_gross_amount",
    ],
    records: &[
        file(&[
            ("currency", "AuditFile/Header/CurrencyCode | AuditFile/Header/DefaultCurrencyCode"),
            ("sales_entries", "AuditFile/SourceDocuments/SalesInvoices/NumberOfEntries"),
            ("sales_debit", "AuditFile/SourceDocuments/SalesInvoices/TotalDebit"),
            ("sales_credit", "AuditFile/SourceDocuments/SalesInvoices/TotalCredit"),
            ("sales_entries_read", ""),
            ("sales_debit_read", ""),
            ("sales_credit_read", ""),
            ("payments_entries", "AuditFile/SourceDocuments/Payments/NumberOfEntries"),
            ("payments_debit", "AuditFile/SourceDocuments/Payments/TotalDebit"),
            ("payments_credit", "AuditFile/SourceDocuments/Payments/TotalCredit"),
            ("payments_entries_read", ""),
            ("payments_debit_read", ""),
            ("payments_credit_read", ""),
        ]),
        Record {
            name: "client",
            within: "",
            paths: "AuditFile/MasterFiles/Customer | AuditFile/MasterFiles/Customers/Customer",
            shown: true,
            fields: &[
                ("client_id", "CustomerID"),
                ("client_name", "CompanyName | Name"),
                (
                    "customer_tax_id",
                    "CustomerTaxID | RegistrationNumber \
                     | TaxRegistration/TaxRegistrationNumber",
                ),
                ("tax_id", ""),
                ("country", "BillingAddress/Country | Address/Country"),
                ("phone", "Telephone | Contact/Telephone"),
                ("mail", "Email | Contact/Email"),
            ],
        },
        Record {
            name: "document",
            within: "",
            paths: "AuditFile/SourceDocuments/SalesInvoices/Invoice",
            shown: true,
            fields: &[
                ("kind", ""),
                ("invoice_type", "InvoiceType"),
                ("status", "DocumentStatus/InvoiceStatus"),
                ("cancelled", ""),
                ("number", "InvoiceNo"),
                ("date", "InvoiceDate"),
                ("client_id", "CustomerID"),
                ("net_amount", "DocumentTotals/NetTotal"),
                ("tax_amount", "DocumentTotals/TaxPayable"),
                ("gross_amount", "DocumentTotals/GrossTotal"),
                ("reference", ""),
                ("reason", ""),
            ],
        },
        Record {
            name: "line",
            within: "document",
            paths: "Line",
            shown: true,
            fields: &[
                ("line_no", "LineNumber"),
                ("item_id", "ProductCode"),
                ("item", "ProductDescription | Description"),
                ("quantity", "Quantity"),
                ("unit", "UnitOfMeasure"),
                ("debit_amount", "DebitAmount"),
                ("credit_amount", "CreditAmount"),
                ("line_amount", ""),
                ("tax_percent", "Tax/TaxPercentage"),
                ("line_tax", "Tax/TaxAmount"),
                ("line_gross_amount", ""),
                ("reference", "References/Reference | References/CreditNote/Reference"),
                ("reason", "References/Reason | References/CreditNote/Reason"),
            ],
        },
        Record {
            name: "payment",
            within: "",
            paths: "AuditFile/SourceDocuments/Payments/Payment",
            shown: true,
            fields: &[
                ("kind", ""),
                ("invoice_type", "PaymentType"),
                ("status", "DocumentStatus/PaymentStatus"),
                ("cancelled", ""),
                ("number", "PaymentRefNo"),
                ("date", "TransactionDate"),
                ("client_id", "CustomerID"),
                ("net_amount", "DocumentTotals/NetTotal"),
                ("tax_amount", "DocumentTotals/TaxPayable"),
                ("gross_amount", "DocumentTotals/GrossTotal"),
                ("reference", ""),
                ("reason", "DocumentStatus/Reason"),
            ],
        },
        Record {
            name: "payment_line",
            within: "payment",
            paths: "Line",
            shown: false,
            fields: &[
                ("debit_amount", "DebitAmount"),
                ("credit_amount", "CreditAmount"),
                ("reference", "SourceDocumentID/OriginatingON"),
            ],
        },
    ],
    finish,
    verify,
};

fn finish(bundle: &mut Bundle) {
    match bundle.name(OUTERMOST) {
        "client" => {
            let known = bundle.get(OUTERMOST, "customer_tax_id");
            let known = Some(known).filter(|known| *known != UNKNOWN_CONSUMER);
            let known = known.unwrap_or_default().to_owned();
            bundle.set(OUTERMOST, "tax_id", known);
        }
        "document" => {
            let kind = kind(bundle);
            document(bundle, &kind, "line", &SECTIONS[0].2);
            lines(bundle, kind == "return");
        }
        _ => document(bundle, "payment", "payment_line", &SECTIONS[1].2),
    }
}

/// The kind of a document: its type's, unless its lines say the opposite.
fn kind(bundle: &mut Bundle) -> String {
    let written = bundle.get(OUTERMOST, "invoice_type").to_owned();
    let lower = written.to_lowercase();
    let known = TYPES.iter().find(|(code, _)| *code == written);
    let known = known.or_else(|| WORDS.iter().find(|(begin, _)| lower.starts_with(begin)));
    let Some((_, known)) = known else { return written };
    let number = bundle.get(OUTERMOST, "number").to_owned();
    if *known == OTHER {
        bundle.tell(&format!("documents of type {written}, which are no sales"), &number);
        return (*known).to_owned();
    }
    let mut sum = Amount::default();
    for line in bundle.all("line") {
        let amount = |column: &str| Amount::of(bundle.get(line, column)).unwrap_or_default();
        sum = sum.plus(amount("credit_amount")).minus(amount("debit_amount"));
    }
    let by_columns = match sum.cmp(&Amount::default()) {
        std::cmp::Ordering::Less => "return",
        std::cmp::Ordering::Equal => *known,
        std::cmp::Ordering::Greater => "invoice",
    };
    if by_columns != *known {
        let (more, less) =
            if by_columns == "return" { ("debit", "credit") } else { ("credit", "debit") };
        let what = format!("documents {written} with more {more} than {less}, so {by_columns}s");
        bundle.tell(&what, &number);
    }
    by_columns.to_owned()
}

/// Completes a document or a payment and counts it in its section.
fn document(bundle: &mut Bundle, kind: &str, line: &str, read: &[&str; 3]) {
    let void = VOID.contains(&bundle.get(OUTERMOST, "status"));
    let date = iso_date(bundle.get(OUTERMOST, "date"));
    bundle.set(OUTERMOST, "kind", kind);
    bundle.set(OUTERMOST, "date", date);
    bundle.set(OUTERMOST, "cancelled", if void { "true" } else { "false" });
    let lines = bundle.all(line);
    for column in ["reference", "reason"] {
        let own = bundle.get(OUTERMOST, column);
        if own.is_empty() {
            let mut all = lines.iter().map(|line| bundle.get(*line, column));
            let first = all.find(|text| !text.is_empty()).unwrap_or_default().to_owned();
            bundle.set(OUTERMOST, column, first);
        }
    }
    let [entries, debit, credit] = *read;
    count(bundle, entries, Amount::of("1"));
    if !void {
        for (column, total) in [("debit_amount", debit), ("credit_amount", credit)] {
            for line in &lines {
                let amount = Amount::of(bundle.get(*line, column));
                count(bundle, total, amount);
            }
        }
    }
    let amount = |column: &str| Amount::of(bundle.get(OUTERMOST, column));
    let amounts = (amount("net_amount"), amount("tax_amount"), amount("gross_amount"));
    if let (Some(net), Some(tax), Some(gross)) = amounts
        && !net.plus(tax).is_near(gross, Amount::CENT)
    {
        let fault = format!("net and tax make {}, the gross total is {gross}", net.plus(tax));
        bundle.blame(OUTERMOST, &fault);
    }
}

/// Adds to what was read of a section; no number spoils nothing but its own document.
fn count(bundle: &mut Bundle, column: &str, more: Option<Amount>) {
    let sum = Amount::of(bundle.get(FILE, column)).unwrap_or_default();
    let sum = sum.plus(more.unwrap_or_default());
    bundle.set(FILE, column, sum.to_string());
}

/// Lines are signed by their column; with tax they have the sign that their document has.
fn lines(bundle: &mut Bundle, back: bool) {
    for line in bundle.all("line") {
        let amount = |column: &str| Amount::of(bundle.get(line, column));
        let (Some(debit), Some(credit)) = (amount("debit_amount"), amount("credit_amount")) else {
            bundle.blame(line, "the debit or credit amount is no number");
            continue;
        };
        let signed = credit.minus(debit);
        let net = if back { signed.negative() } else { signed };
        let texts = ["tax_percent", "line_tax"].map(|column| !bundle.get(line, column).is_empty());
        let gross = match texts {
            [true, _] => amount("tax_percent").and_then(|percent| net.with_percent(percent)),
            [false, true] if net < Amount::default() => {
                amount("line_tax").map(|tax| net.minus(tax))
            }
            [false, true] => amount("line_tax").map(|tax| net.plus(tax)),
            [false, false] => None,
        };
        if texts == [false, false] {
            let number = bundle.get(OUTERMOST, "number").to_owned();
            bundle.tell("lines without a rate of tax, so without gross", &number);
        } else if gross.is_none() {
            bundle.blame(line, "the tax of the line is no number");
        }
        bundle.set(line, "line_amount", signed.to_string());
        bundle.set(line, "line_gross_amount", gross.map(|g| g.to_string()).unwrap_or_default());
    }
}

fn verify(bundle: &Bundle) -> Result<Vec<String>, String> {
    let mut notes = Vec::new();
    for (section, said, read) in SECTIONS {
        let amount = |column: &str| Amount::of(bundle.get(FILE, column));
        let entries = amount(read[0]).unwrap_or_default();
        // Sums may be rounded document by document.
        let number = bundle.get(FILE, said[0]).parse::<usize>().unwrap_or_default();
        let margin = Amount::CENT.times(number.saturating_add(1));
        for (index, what) in ["NumberOfEntries", "TotalDebit", "TotalCredit"].iter().enumerate() {
            let text = bundle.get(FILE, said[index]);
            if text.is_empty() {
                continue;
            }
            let found = amount(read[index]).unwrap_or_default();
            let margin = if index == 0 { Amount::default() } else { margin };
            if !amount(said[index]).is_some_and(|said| said.is_near(found, margin)) {
                let found = found.to_string();
                let found = if index == 0 { found.trim_end_matches(".00") } else { &found };
                return Err(format!("{what} of {section} is {text}, but {found} was read"));
            }
        }
        if !bundle.get(FILE, said[0]).is_empty() {
            let whole = entries.to_string();
            let whole = whole.trim_end_matches(".00");
            let [_, debit, credit] = read.map(|column| amount(column).unwrap_or_default());
            notes.push(format!(
                "{section}: {whole} entries, debit {debit}, credit {credit}, as stated"
            ));
        }
    }
    Ok(notes)
}
