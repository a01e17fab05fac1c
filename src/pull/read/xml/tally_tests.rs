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
    let columns = ["number", "item", "quantity", "unit", "line_amount", "fault"];
    assert_eq!(table.of("line", &columns), [["7", "Shoes", "670", "Pair", "100000.00", ""]]);
    assert_eq!(table.of("client", &["party", "party_gst_id"]), [["Lee & Sons", "29A"]]);
}
