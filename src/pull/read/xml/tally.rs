//! Tally's XML: vouchers and ledgers, as it imports and exports them.
//!
//! Keeps true: a debit is negative in Tally, so a sale's party line is; `amount` is positive for
//! what is usual of the kind. Types of vouchers and groups of ledgers that a firm made itself are
//! known by what they are derived from, where the file has them before; a voucher by its permanent
//! id, else by its number within type and fiscal year (April to March), as Tally counts.

use super::amount::Amount;
use super::bundle::{Bundle, OUTERMOST};
use super::shape::{Format, Record, file};
use super::text::iso_date;

/// Tally's own types of vouchers in small letters, and the kinds of document.
const TYPES: &[(&str, &str)] = &[
    ("sales", "invoice"),
    ("credit note", "return"),
    ("receipt", "payment"),
    ("sales order", "order"),
    ("delivery note", "shipment"),
    ("attendance", OTHER),
    ("contra", OTHER),
    ("debit note", OTHER),
    ("job work in order", OTHER),
    ("job work out order", OTHER),
    ("journal", OTHER),
    ("material in", OTHER),
    ("material out", OTHER),
    ("memorandum", OTHER),
    ("payment", OTHER),
    ("payroll", OTHER),
    ("physical stock", OTHER),
    ("purchase", OTHER),
    ("purchase order", OTHER),
    ("receipt note", OTHER),
    ("rejections in", OTHER),
    ("rejections out", OTHER),
    ("reversing journal", OTHER),
    ("stock journal", OTHER),
];

/// Words in the names of types whose origin the file lacks, the first that is there deciding.
const WORDS: &[(&str, &str)] = &[
    ("purchase", OTHER),
    ("debit note", OTHER),
    ("credit note", "return"),
    ("sales return", "return"),
    ("sale return", "return"),
    ("quotation", "quote"),
    ("receipt note", OTHER),
    ("delivery note", "shipment"),
    ("journal", OTHER),
    ("payment", OTHER),
    ("contra", OTHER),
    ("order", "order"),
    ("receipt", "payment"),
    ("sale", "invoice"),
    ("invoice", "invoice"),
];

/// The kind of vouchers that are no business with clients.
const OTHER: &str = "other";

/// The group of ledgers that are clients.
const CLIENTS: &str = "sundry debtors";

/// Tally's own groups in small letters.
const GROUPS: &[&str] = &[
    CLIENTS,
    "primary",
    "bank accounts",
    "bank occ a/c",
    "bank od a/c",
    "branch / divisions",
    "capital account",
    "cash-in-hand",
    "current assets",
    "current liabilities",
    "deposits (asset)",
    "direct expenses",
    "direct incomes",
    "duties & taxes",
    "fixed assets",
    "indirect expenses",
    "indirect incomes",
    "investments",
    "loans & advances (asset)",
    "loans (liability)",
    "misc. expenses (asset)",
    "provisions",
    "purchase accounts",
    "reserves & surplus",
    "sales accounts",
    "secured loans",
    "stock-in-hand",
    "sundry creditors",
    "suspense a/c",
    "unsecured loans",
];

/// Groups or types that may be derived from each other.
const MAX_DERIVED: usize = 32;

/// Whom a cancelled voucher is with that names nobody.
const NOBODY: &str = "(cancelled)";

macro_rules! messages {
    ($name:literal) => {
        concat!(
            "ENVELOPE/BODY/IMPORTDATA/REQUESTDATA/TALLYMESSAGE/",
            $name,
            " | ENVELOPE/BODY/EXPORTDATA/REQUESTDATA/TALLYMESSAGE/",
            $name,
            " | ENVELOPE/BODY/DATA/TALLYMESSAGE/",
            $name,
            " | ENVELOPE/BODY/DATA/COLLECTION/",
            $name
        )
    };
}

pub(super) const FORMAT: Format = Format {
    name: "Tally",
    roots: &[("ENVELOPE", &[""])],
    wrapped: false,
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
            paths: messages!("VOUCHER"),
            shown: true,
            fields: &[
                ("voucher_id", ""),
                ("guid", "GUID"),
                ("remote_id", "@REMOTEID"),
                ("voucher_type", "VOUCHERTYPENAME | @VCHTYPE"),
                ("kind", ""),
                ("number", "VOUCHERNUMBER"),
                ("date", "DATE"),
                ("reference", "REFERENCE"),
                ("narration", "NARRATION"),
                ("party", "PARTYLEDGERNAME"),
                ("party_name", "PARTYNAME"),
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
            fields: &[
                ("ledger", "LEDGERNAME"),
                ("is_party", "ISPARTYLEDGER"),
                ("ledger_amount", "AMOUNT"),
            ],
        },
        Record {
            name: "group",
            within: "",
            paths: messages!("GROUP"),
            shown: false,
            fields: &[("name", "@NAME"), ("parent", "PARENT")],
        },
        Record {
            name: "type",
            within: "",
            paths: messages!("VOUCHERTYPE"),
            shown: false,
            fields: &[("name", "@NAME"), ("parent", "PARENT")],
        },
        Record {
            name: "client",
            within: "",
            paths: messages!("LEDGER"),
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
    match bundle.name(OUTERMOST) {
        "group" | "type" => remember(bundle),
        "client" => client(bundle),
        _ => voucher(bundle),
    }
}

/// Remembers what a group or a type of vouchers is derived from.
fn remember(bundle: &mut Bundle) {
    let name = key(bundle.name(OUTERMOST), bundle.get(OUTERMOST, "name"));
    let parent = bundle.get(OUTERMOST, "parent").to_lowercase();
    bundle.remember(&name, &parent);
}

fn key(record: &str, name: &str) -> String {
    format!("{record} {}", name.to_lowercase())
}

/// What `name` is derived from in the end, in small letters; itself where the file does not say.
fn origin(bundle: &Bundle, record: &str, name: &str, own: impl Fn(&str) -> bool) -> String {
    let mut name = name.to_lowercase();
    for _ in 0..MAX_DERIVED {
        if own(&name) {
            break;
        }
        let Some(parent) = bundle.known(&key(record, &name)) else { break };
        parent.clone_into(&mut name);
    }
    name
}

fn client(bundle: &mut Bundle) {
    let group = bundle.get(OUTERMOST, "group").to_owned();
    let known = |name: &str| name.is_empty() || GROUPS.contains(&name);
    let origin = origin(bundle, "group", &group, known);
    if origin != CLIENTS {
        bundle.hide(OUTERMOST);
    }
    if !known(&origin) {
        let example = format!("{} in {group}", bundle.get(OUTERMOST, "party"));
        let what =
            "ledgers left out, because the file does not say before them what their group is";
        bundle.tell(what, &example);
    }
}

fn voucher(bundle: &mut Bundle) {
    let date = iso_date(bundle.get(OUTERMOST, "date"));
    bundle.set(OUTERMOST, "date", date);
    let named = bundle.get(OUTERMOST, "voucher_type").to_owned();
    let id = identity(bundle, &named);
    bundle.set(OUTERMOST, "voucher_id", id);
    let kind = kind(bundle, &named);
    bundle.set(OUTERMOST, "kind", kind.as_str());
    let flags = ["is_cancelled", "is_optional", "is_deleted"];
    let void = flags.iter().any(|flag| bundle.get(OUTERMOST, flag).eq_ignore_ascii_case("yes"));
    bundle.set(OUTERMOST, "cancelled", if void { "true" } else { "false" });
    name_party(bundle);
    party(bundle, &kind);
    if void && kind != OTHER && bundle.get(OUTERMOST, "party").is_empty() {
        let id = bundle.get(OUTERMOST, "voucher_id").to_owned();
        bundle.tell("cancelled vouchers without a party", &id);
        bundle.set(OUTERMOST, "party", NOBODY);
        bundle.set(OUTERMOST, "amount", "0");
    }
    lines(bundle, &kind);
}

/// The permanent id, else type, fiscal year and number.
fn identity(bundle: &Bundle, named: &str) -> String {
    let [guid, remote, number] =
        ["guid", "remote_id", "number"].map(|column| bundle.get(OUTERMOST, column));
    if let Some(id) = [guid, remote].into_iter().find(|id| !id.is_empty()) {
        return id.to_owned();
    }
    if number.is_empty() {
        return String::new();
    }
    let year = fiscal_year(bundle.get(OUTERMOST, "date")).unwrap_or_default();
    format!("{named}/{year}/{number}")
}

/// `2025-03-08` lies in 2024-25.
fn fiscal_year(date: &str) -> Option<String> {
    let (year, month) = (date.get(..4)?.parse::<u32>().ok()?, date.get(5..7)?.parse::<u32>().ok()?);
    let first = if month >= 4 { year } else { year.checked_sub(1)? };
    Some(format!("{first}-{:02}", (first + 1) % 100))
}

/// The kind that the type of voucher is; an unknown type is its own kind.
fn kind(bundle: &mut Bundle, named: &str) -> String {
    let own = |name: &str| TYPES.iter().find(|(known, _)| *known == name);
    let origin = origin(bundle, "type", named, |name| own(name).is_some());
    if let Some((_, kind)) = own(&origin) {
        return (*kind).to_owned();
    }
    match WORDS.iter().find(|(word, _)| origin.contains(word)) {
        Some((_, kind)) => {
            let number = bundle.get(OUTERMOST, "voucher_id").to_owned();
            let what = format!(
                "vouchers {named:?}, by the words of their type {kind}: export the masters with \
                 them to be sure"
            );
            bundle.tell(&what, &number);
            (*kind).to_owned()
        }
        None => named.to_owned(),
    }
}

/// Whether an amount of the kind is a credit, which is positive in Tally.
fn is_credit(kind: &str) -> bool {
    kind == "return" || kind == "payment"
}

/// Names the party where its ledger is not: the ledger that is marked as a party's, else the party's
/// name where a ledger is called so.
fn name_party(bundle: &mut Bundle) {
    if !bundle.get(OUTERMOST, "party").is_empty() {
        return;
    }
    let ledgers = bundle.all("ledger");
    let marked =
        ledgers.iter().filter(|it| bundle.get(**it, "is_party").eq_ignore_ascii_case("yes"));
    let marked: Vec<&str> = marked.map(|it| bundle.get(*it, "ledger")).collect();
    let name = bundle.get(OUTERMOST, "party_name");
    let named = || ledgers.iter().any(|it| bundle.get(*it, "ledger") == name);
    let party = match marked.as_slice() {
        [one, others @ ..] if others.iter().all(|other| other == one) => (*one).to_owned(),
        _ if named() => name.to_owned(),
        _ => return,
    };
    bundle.set(OUTERMOST, "party", party);
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
        None if kind != OTHER => bundle.blame(OUTERMOST, "an amount of the party is no number"),
        _ => {}
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
        let Some(amount) = number(bundle.get(line, "line_amount")) else {
            if kind != OTHER {
                bundle.blame(line, "the amount of the line is no number");
            }
            continue;
        };
        let amount = if is_credit(kind) { amount.negative() } else { amount };
        bundle.set(line, "line_amount", amount.to_string());
    }
}

/// A number with groups by thousands and hundreds of thousands; of `$100 @ 83 INR/$ = ₹ 8300` the
/// amount in the books' currency.
fn number(text: &str) -> Option<Amount> {
    let Some((_, base)) = text.rsplit_once('=') else {
        return Amount::of(&text.replace(',', ""));
    };
    let (sign, digits) = base.split_at(base.find(|one: char| one.is_ascii_digit())?);
    let amount = Amount::of(&digits.trim_end().replace(',', ""))?;
    match sign.matches('-').count() {
        0 => Some(amount),
        1 => Some(amount.negative()),
        _ => None,
    }
}
