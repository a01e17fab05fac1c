//! Tally's XML: vouchers and ledgers, as it imports and exports them.
//!
//! Keeps true: a debit is negative in Tally, so a sale's party line is; `amount` is positive for
//! what is usual of the kind. Kinds of vouchers are named by the user: their words decide.

use super::amount::Amount;
use super::bundle::{Bundle, OUTERMOST};
use super::shape::{Format, Record, file};
use super::text::iso_date;

/// Words in the names of vouchers, the first that is there deciding, and the kinds of document.
const KINDS: &[(&str, &str)] = &[
    ("purchase", OTHER),
    ("debit note", OTHER),
    ("credit note", "return"),
    ("sales return", "return"),
    ("sale return", "return"),
    ("quotation", "quote"),
    ("order", "order"),
    ("delivery note", "shipment"),
    ("receipt note", OTHER),
    ("receipt", "payment"),
    ("sale", "invoice"),
    ("invoice", "invoice"),
];

/// The kind of vouchers that are no business with clients.
const OTHER: &str = "other";

/// The group of ledgers that are clients.
const CLIENTS: &str = "Sundry Debtors";

pub(super) const FORMAT: Format = Format {
    name: "Tally",
    roots: &[("ENVELOPE", &[""])],
    columns: &[
        "voucher_id",
        "voucher_type",
        "kind",
        "number",
        "date",
        "reference",
        "narration",
        "party",
        "party_gst_id",
        "mail",
        "phone",
        "cancelled",
        "is_cancelled",
        "is_optional",
        "is_deleted",
        "party_amount",
        "amount",
        "line_no",
        "item",
        "quantity",
        "unit",
        "rate",
        "line_amount",
    ],
    records: &[
        file(&[]),
        Record {
            name: "document",
            within: "",
            paths: "ENVELOPE/BODY/IMPORTDATA/REQUESTDATA/TALLYMESSAGE/VOUCHER \
                    | ENVELOPE/BODY/EXPORTDATA/REQUESTDATA/TALLYMESSAGE/VOUCHER \
                    | ENVELOPE/BODY/DATA/TALLYMESSAGE/VOUCHER \
                    | ENVELOPE/BODY/DATA/COLLECTION/VOUCHER",
            shown: true,
            fields: &[
                ("voucher_id", "GUID | @REMOTEID"),
                ("voucher_type", "VOUCHERTYPENAME | @VCHTYPE"),
                ("kind", ""),
                ("number", "VOUCHERNUMBER"),
                ("date", "DATE"),
                ("reference", "REFERENCE"),
                ("narration", "NARRATION"),
                ("party", "PARTYLEDGERNAME"),
                ("party_gst_id", "PARTYGSTIN"),
                ("cancelled", ""),
                ("is_cancelled", "ISCANCELLED"),
                ("is_optional", "ISOPTIONAL"),
                ("is_deleted", "ISDELETED"),
                ("party_amount", ""),
                ("amount", ""),
            ],
        },
        Record {
            name: "line",
            within: "document",
            paths: "ALLINVENTORYENTRIES.LIST | INVENTORYENTRIES.LIST",
            shown: true,
            fields: &[
                ("line_no", ""),
                ("item", "STOCKITEMNAME"),
                ("quantity", "ACTUALQTY | BILLEDQTY"),
                ("unit", ""),
                ("rate", "RATE"),
                ("line_amount", "AMOUNT"),
            ],
        },
        Record {
            name: "ledger",
            within: "document",
            paths: "ALLLEDGERENTRIES.LIST | LEDGERENTRIES.LIST",
            shown: false,
            fields: &[("ledger", "LEDGERNAME"), ("ledger_amount", "AMOUNT")],
        },
        Record {
            name: "client",
            within: "",
            paths: "ENVELOPE/BODY/IMPORTDATA/REQUESTDATA/TALLYMESSAGE/LEDGER \
                    | ENVELOPE/BODY/EXPORTDATA/REQUESTDATA/TALLYMESSAGE/LEDGER \
                    | ENVELOPE/BODY/DATA/TALLYMESSAGE/LEDGER \
                    | ENVELOPE/BODY/DATA/COLLECTION/LEDGER",
            shown: true,
            fields: &[
                ("party", "@NAME"),
                ("group", "PARENT"),
                ("party_gst_id", "PARTYGSTIN | LEDGSTREGDETAILS.LIST/GSTIN"),
                ("mail", "EMAIL"),
                ("phone", "LEDGERMOBILE | LEDGERPHONE"),
            ],
        },
    ],
    finish,
    verify: |_| Ok(Vec::new()),
};

fn finish(bundle: &mut Bundle) {
    if bundle.name(OUTERMOST) == "client" {
        if bundle.get(OUTERMOST, "group") != CLIENTS {
            bundle.hide(OUTERMOST);
        }
        return;
    }
    let named = bundle.get(OUTERMOST, "voucher_type").to_lowercase();
    let kind = KINDS.iter().find(|(word, _)| named.contains(word)).map_or(OTHER, |(_, kind)| *kind);
    let date = iso_date(bundle.get(OUTERMOST, "date"));
    bundle.set(OUTERMOST, "kind", kind);
    bundle.set(OUTERMOST, "date", date);
    let flags = ["is_cancelled", "is_optional", "is_deleted"];
    let void = flags.iter().any(|flag| bundle.get(OUTERMOST, flag).eq_ignore_ascii_case("yes"));
    bundle.set(OUTERMOST, "cancelled", if void { "true" } else { "false" });
    party(bundle, kind);
    lines(bundle, kind);
}

/// Whether an amount of the kind is a credit, which is positive in Tally.
fn is_credit(kind: &str) -> bool {
    kind == "return" || kind == "payment"
}

/// Sums the party's lines up: they are the voucher's total with tax.
fn party(bundle: &mut Bundle, kind: &str) {
    let party = bundle.get(OUTERMOST, "party");
    let ledgers = bundle.all("ledger");
    let own = ledgers.iter().filter(|ledger| bundle.get(**ledger, "ledger") == party);
    let amounts: Option<Vec<_>> =
        own.map(|ledger| number(bundle.get(*ledger, "ledger_amount"))).collect();
    match amounts {
        Some(amounts) if !amounts.is_empty() => {
            let sum = amounts.into_iter().fold(Amount::default(), Amount::plus);
            let amount = if is_credit(kind) { sum } else { Amount::default().minus(sum) };
            bundle.set(OUTERMOST, "party_amount", sum.to_string());
            bundle.set(OUTERMOST, "amount", amount.to_string());
        }
        Some(_) => {}
        None => bundle.blame(OUTERMOST, "an amount of the party is no number"),
    }
}

fn lines(bundle: &mut Bundle, kind: &str) {
    for (place, line) in bundle.all("line").into_iter().enumerate() {
        bundle.set(line, "line_no", (place + 1).to_string());
        let text = bundle.get(line, "quantity").to_owned();
        let (quantity, unit) = text.split_once(' ').unwrap_or((&text, ""));
        bundle.set(line, "quantity", quantity.replace(',', ""));
        bundle.set(line, "unit", unit.trim());
        // A sale credits its items, so theirs is the other sign.
        let Some(amount) = number(bundle.get(line, "line_amount")) else { continue };
        let amount = if is_credit(kind) { amount.negative() } else { amount };
        bundle.set(line, "line_amount", amount.to_string());
    }
}

/// A number with groups by thousands and hundreds of thousands.
fn number(text: &str) -> Option<Amount> {
    Amount::of(&text.replace(',', ""))
}
