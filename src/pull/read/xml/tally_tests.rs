//! Tally's XML, on a small file with the quirks of real ones.

use super::XmlFormat::Tally;
use super::tests::read;

pub(super) const TALLY: &str = "<ENVELOPE><BODY><IMPORTDATA><REQUESTDATA>\
<TALLYMESSAGE xmlns:UDF='TallyUDF'><LEDGER NAME='Lee &amp; Sons'><PARENT>Sundry Debtors</PARENT>\
<PARTYGSTIN>29A</PARTYGSTIN></LEDGER></TALLYMESSAGE>\
<TALLYMESSAGE><LEDGER NAME='Sales'><PARENT>&#4; Sales Accounts</PARENT></LEDGER></TALLYMESSAGE>\
<TALLYMESSAGE><VOUCHER VCHTYPE='GST Sale Invoice'><DATE>20250308</DATE>\
<VOUCHERNUMBER>7</VOUCHERNUMBER><NARRATION>\u{5}paid &#4;late</NARRATION>\
<PARTYLEDGERNAME>Lee &amp; Sons</PARTYLEDGERNAME><ISCANCELLED>No</ISCANCELLED>\
<LEDGERENTRIES.LIST><LEDGERNAME>Lee &amp; Sons</LEDGERNAME><AMOUNT>-1,00,118.00</AMOUNT></LEDGERENTRIES.LIST>\
<LEDGERENTRIES.LIST><LEDGERNAME>CGST</LEDGERNAME><AMOUNT>118.00</AMOUNT></LEDGERENTRIES.LIST>\
<ALLINVENTORYENTRIES.LIST><STOCKITEMNAME>Shoes</STOCKITEMNAME><RATE>57.00/Pair</RATE>\
<ACTUALQTY> 670 Pair</ACTUALQTY><AMOUNT>100000.00</AMOUNT></ALLINVENTORYENTRIES.LIST></VOUCHER></TALLYMESSAGE>\
<TALLYMESSAGE><VOUCHER VCHTYPE='Credit Note'><DATE>20250309</DATE><VOUCHERNUMBER>8</VOUCHERNUMBER>\
<PARTYLEDGERNAME>X</PARTYLEDGERNAME><ISCANCELLED>Yes</ISCANCELLED>\
<ALLLEDGERENTRIES.LIST><LEDGERNAME>X</LEDGERNAME><AMOUNT>5</AMOUNT></ALLLEDGERENTRIES.LIST>\
</VOUCHER></TALLYMESSAGE>\
<TALLYMESSAGE><VOUCHER VCHTYPE='Journal'><DATE>20250309</DATE></VOUCHER></TALLYMESSAGE>\
</REQUESTDATA></IMPORTDATA></BODY></ENVELOPE>";

#[test]
fn a_debit_of_the_party_is_a_sale() {
    let table = read(Tally, TALLY.as_bytes()).unwrap();
    let columns =
        ["kind", "number", "date", "party", "party_amount", "amount", "cancelled", "narration"];
    assert_eq!(
        table.of("document", &columns),
        [
            [
                "invoice",
                "7",
                "2025-03-08",
                "Lee & Sons",
                "-100118.00",
                "100118.00",
                "false",
                "paid late"
            ],
            ["return", "8", "2025-03-09", "X", "5.00", "5.00", "true", ""],
            ["other", "", "2025-03-09", "", "", "", "false", ""],
        ]
    );
    let ids = [["GST Sale Invoice/2024-25/7"], ["Credit Note/2024-25/8"], [""]];
    assert_eq!(table.of("document", &["voucher_id"]), ids);
    let told = "vouchers \"GST Sale Invoice\", by the words of their type invoice: export the masters \
                with them to be sure: 1 (GST Sale Invoice/2024-25/7)";
    assert!(table.notes.contains(&told.to_owned()), "{:?}", table.notes);
    let columns = ["number", "item", "quantity", "unit", "line_amount", "fault"];
    assert_eq!(table.of("line", &columns), [["7", "Shoes", "670", "Pair", "100000.00", ""]]);
    assert_eq!(table.of("client", &["party", "party_gst_id"]), [["Lee & Sons", "29A"]]);
}

/// A file of these masters and vouchers.
fn envelope(messages: &[&str]) -> String {
    let messages = messages.concat();
    format!(
        "<ENVELOPE><BODY><DATA><TALLYMESSAGE>{messages}</TALLYMESSAGE></DATA></BODY></ENVELOPE>"
    )
}

fn master(element: &str, name: &str, parent: &str) -> String {
    format!("<{element} NAME='{name}'><PARENT>{parent}</PARENT></{element}>")
}

#[test]
fn clients_are_in_groups_derived_from_sundry_debtors() {
    let masters = [
        master("GROUP", "Debtors South", "Sundry Debtors"),
        master("GROUP", "Chennai", "debtors south"),
        master("GROUP", "Round", "Circle"),
        master("GROUP", "Circle", "Round"),
        master("LEDGER", "A", "Sundry Debtors"),
        master("LEDGER", "B", "Chennai"),
        master("LEDGER", "Rent", "Indirect Expenses"),
        master("LEDGER", "C", "North"),
        master("LEDGER", "D", "Round"),
    ];
    let file = envelope(&masters.each_ref().map(String::as_str));
    let table = read(Tally, file.as_bytes()).unwrap();
    assert_eq!(table.of("client", &["party"]), [["A"], ["B"]]);
    let told = "ledgers left out, because the file does not say before them what their group is: \
                2 (C in North, D in Round)";
    assert_eq!(table.notes, ["charset UTF-8", told]);
}

#[test]
fn types_of_vouchers_are_known_by_what_they_are_derived_from() {
    let kinds = [
        master("VOUCHERTYPE", "Export", "Sales"),
        master("VOUCHERTYPE", "Export EU", "Export"),
        master("VOUCHERTYPE", "Return of Sale", "Purchase"),
    ];
    let vouchers =
        ["Export EU", "Return of Sale", "Rejections In", "Sales", "Kharif", "Cash Receipt"];
    let vouchers = vouchers.map(|kind| format!("<VOUCHER VCHTYPE='{kind}'/>"));
    let file = kinds.iter().chain(&vouchers).map(String::as_str).collect::<Vec<_>>();
    let table = read(Tally, envelope(&file).as_bytes()).unwrap();
    let kinds = table.of("document", &["kind"]).concat();
    assert_eq!(kinds, ["invoice", "other", "other", "invoice", "Kharif", "payment"]);
}

#[test]
fn a_voucher_is_known_by_its_permanent_id_else_by_type_year_and_number() {
    let vouchers = [
        "<VOUCHER VCHTYPE='Sales' REMOTEID='r'><GUID>g</GUID><VOUCHERNUMBER>1</VOUCHERNUMBER></VOUCHER>",
        "<VOUCHER VCHTYPE='Sales' REMOTEID='r'><VOUCHERNUMBER>1</VOUCHERNUMBER></VOUCHER>",
        "<VOUCHER VCHTYPE='Sales'><DATE>20250331</DATE><VOUCHERNUMBER>1</VOUCHERNUMBER></VOUCHER>",
        "<VOUCHER VCHTYPE='Sales'><DATE>20250401</DATE><VOUCHERNUMBER>1</VOUCHERNUMBER></VOUCHER>",
        "<VOUCHER VCHTYPE='Receipt'><DATE>19991201</DATE><VOUCHERNUMBER>1</VOUCHERNUMBER></VOUCHER>",
        "<VOUCHER VCHTYPE='Sales'><DATE>20250401</DATE></VOUCHER>",
    ];
    let table = read(Tally, envelope(&vouchers).as_bytes()).unwrap();
    let ids = ["g", "r", "Sales/2024-25/1", "Sales/2025-26/1", "Receipt/1999-00/1", ""];
    assert_eq!(table.of("document", &["voucher_id"]).concat(), ids);
}

#[test]
fn amounts_in_another_currency_are_those_of_the_books() {
    let voucher = |amount: &str| {
        let voucher = format!(
            "<VOUCHER VCHTYPE='Sales'><PARTYLEDGERNAME>A</PARTYLEDGERNAME><LEDGERENTRIES.LIST>\
             <LEDGERNAME>A</LEDGERNAME><AMOUNT>{amount}</AMOUNT></LEDGERENTRIES.LIST></VOUCHER>"
        );
        let table = read(Tally, envelope(&[&voucher]).as_bytes()).unwrap();
        table.of("document", &["amount", "fault"]).concat().join("|")
    };
    assert_eq!(voucher("-$100.00 @ ₹ 83/$ = -₹ 8300.00"), "8300.00|");
    assert_eq!(voucher("$1,000 @ 83.5 INR/$ = Rs. 83,500"), "-83500.00|");
    for bad in ["$100", "$100 @ 83 INR/$", "$1 = ₹", "$1 = --₹ 83", "$1 = ₹ 83 Dr"] {
        assert_eq!(voucher(bad), "|an amount of the party is no number", "{bad}");
    }
}

#[test]
fn a_cancelled_voucher_without_a_party_is_told_and_counts_nothing() {
    let voucher = "<VOUCHER VCHTYPE='Sales' REMOTEID='r'><ISCANCELLED>Yes</ISCANCELLED></VOUCHER>";
    let table = read(Tally, envelope(&[voucher]).as_bytes()).unwrap();
    let columns = ["party", "amount", "cancelled"];
    assert_eq!(table.of("document", &columns), [["(cancelled)", "0", "true"]]);
    assert_eq!(table.notes, ["charset UTF-8", "cancelled vouchers without a party: 1 (r)"]);
}

#[test]
fn the_party_is_the_ledger_that_is_marked_as_one_where_no_other_is_named() {
    let voucher = |party: &str, mark: &str| {
        envelope(&[&format!(
            "<VOUCHER VCHTYPE='Sales'><DATE>20260415</DATE><VOUCHERTYPENAME>Sales</VOUCHERTYPENAME>\
             <VOUCHERNUMBER>S-1</VOUCHERNUMBER>{party}<LEDGERENTRIES.LIST><LEDGERNAME>Alpha</LEDGERNAME>{mark}\
             <AMOUNT>-118.00</AMOUNT></LEDGERENTRIES.LIST><LEDGERENTRIES.LIST><LEDGERNAME>Sales</LEDGERNAME>\
             <AMOUNT>118.00</AMOUNT></LEDGERENTRIES.LIST></VOUCHER>"
        )])
    };
    let marked = "<ISPARTYLEDGER>Yes</ISPARTYLEDGER>";
    for (party, mark, expected) in [
        ("<PARTYNAME>Alpha</PARTYNAME>", "", "Alpha"),
        ("<PARTYNAME>Alpha Ltd, Main Street</PARTYNAME>", marked, "Alpha"),
        ("", marked, "Alpha"),
        ("<PARTYNAME>Alpha Ltd</PARTYNAME>", "", ""),
        ("<PARTYLEDGERNAME>Alpha</PARTYLEDGERNAME><PARTYNAME>Beta</PARTYNAME>", "", "Alpha"),
    ] {
        let table = read(Tally, voucher(party, mark).as_bytes()).unwrap();
        assert_eq!(table.of("document", &["party"]), [[expected]], "{party} {mark}");
    }
}
