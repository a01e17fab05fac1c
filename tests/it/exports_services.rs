//! Sales, invoices and payments as services for shops export them, by their presets.

use crate::exports::{source, table};
use crate::exports_erp::{
    ODOO_INVOICES, ODOO_PAYMENTS, ODOO_SALE_ORDERS, QUICKBOOKS_SALES_BY_ITEM, SAP_ALV_ORDERS,
};
use crate::exports_workbook::Book;

/// An export, what a run tells of it, and what the lake has then.
pub(crate) struct Case {
    pub(crate) preset: &'static str,
    /// What the source says beside the preset's name.
    pub(crate) keys: &'static str,
    pub(crate) file: &'static str,
    pub(crate) text: &'static str,
    /// Rows loaded, rejected and skipped.
    pub(crate) told: &'static str,
    pub(crate) tables: &'static [Table],
}

/// A table of the lake, the columns looked at and the rows in order.
pub(crate) struct Table(
    pub(crate) &'static str,
    pub(crate) &'static str,
    pub(crate) &'static [&'static str],
);

pub(crate) const DOCUMENTS: &str = "document_id kind date client_id amount currency cancelled";
pub(crate) const CLIENTS: &str = "client_id name tax_id phone email";

const SHOPIFY_ORDERS: &str = "\
Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Billing Name,Billing Company,Billing Country,Billing Phone,Cancelled at,Refunded Amount,Phone\n\
#2001,nora@delta.example,paid,2026-07-01 00:31:00 +0200,fulfilled,EUR,40.00,5.00,0.00,45.00,2026-07-01 00:30:00 +0200,2,Soap,15.00,Nora D,Delta GmbH,DE,,,0.00,+49 30 1\n\
#2001,nora@delta.example,,,,,,,,,2026-07-01 00:30:00 +0200,1,Towel,10.00,,,,,,,\n\
#2002,omar@mail.example,pending,,unfulfilled,EUR,12.50,0.00,0.00,12.50,2026-07-02 09:00:00 +0200,1,Soap,12.50,Omar K,,DE,,,0.00,\n\
#2003,nora@delta.example,voided,,unfulfilled,EUR,8.00,0.00,0.00,8.00,2026-07-03 09:00:00 +0200,1,Soap,8.00,Nora D,Delta GmbH,DE,,2026-07-03 10:00:00 +0200,0.00,+49 30 1\n\
#2004,pia@mail.example,refunded,2026-07-04 09:01:00 +0200,fulfilled,USD,20.00,0.00,0.00,20.00,2026-07-04 09:00:00 +0200,1,Soap,20.00,,,US,,,20.00,\n\
#2005,nora@delta.example,partially_refunded,2026-07-05 09:01:00 +0200,fulfilled,EUR,30.00,0.00,0.00,30.00,2026-07-05 09:00:00 +0200,2,Soap,15.00,Nora D,Delta GmbH,DE,,,15.00,+49 30 1\n";

const STRIPE_INVOICES: &str = "\
id,Amount Due,Closed,Currency,Customer,Date (UTC),Due Date (UTC),Number,Paid,Subscription,Subtotal,Tax,Total,Amount Paid,Status,Customer Name,Customer Email\n\
in_1A,119.00,TRUE,eur,cus_9,2026-06-01 10:05,2026-07-01 10:05,A1B2-0001,TRUE,,100.00,19.00,119.00,119.00,paid,Delta GmbH,ap@delta.example\n\
in_1B,50.00,FALSE,usd,cus_8,2026-06-02 10:05,,A1B2-0002,FALSE,,50.00,0.00,50.00,0.00,open,Epsilon Inc,pay@epsilon.example\n\
in_1C,70.00,TRUE,eur,cus_9,2026-06-03 10:05,,A1B2-0003,FALSE,,70.00,0.00,70.00,0.00,void,Delta GmbH,ap@delta.example\n\
in_1D,80.00,FALSE,eur,cus_9,2026-06-04 10:05,,,FALSE,,80.00,0.00,80.00,0.00,draft,Delta GmbH,ap@delta.example\n\
in_1E,90.00,TRUE,eur,cus_9,2026-06-05 10:05,,A1B2-0004,FALSE,,90.00,0.00,90.00,0.00,uncollectible,Delta GmbH,ap@delta.example\n";

const STRIPE_PAYMENTS: &str = "\
id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Status,Customer ID,Customer Description,Customer Email,Invoice ID\n\
ch_1,2026-06-01 10:06:11,119.00,0.00,eur,TRUE,Paid,cus_9,Delta GmbH,ap@delta.example,in_1A\n\
ch_2,2026-06-02 10:06:11,50.00,50.00,usd,TRUE,Refunded,cus_8,Epsilon Inc,pay@epsilon.example,\n\
ch_3,2026-06-03 10:06:11,30.00,10.00,eur,TRUE,Partially Refunded,,,guest@mail.example,\n\
ch_4,2026-06-04 10:06:11,70.00,0.00,eur,FALSE,Failed,cus_9,Delta GmbH,ap@delta.example,\n\
ch_5,2026-06-05 10:06:11,70.00,0.00,eur,FALSE,requires_payment_method,cus_9,Delta GmbH,ap@delta.example,\n\
ch_6,2026-06-06 10:06:11,15.00,0.00,eur,TRUE,Paid,,,,\n";

/// Holds what a run makes of each export against what it says of it.
#[track_caller]
pub(crate) fn hold(cases: &[Case]) {
    for case in cases {
        let keys = format!("preset: {}\n{}", case.preset, case.keys);
        let project = source(&keys).file(case.file, case.text);
        let ran = project.run(&["run"]).ends_with(0);
        assert!(ran.stdout.contains(case.told), "{}: {}", case.preset, ran.stdout);
        for Table(name, columns, rows) in case.tables {
            let columns: Vec<&str> = columns.split(' ').collect();
            assert_eq!(table(&project, name, &columns), *rows, "{}: {name}", case.preset);
        }
    }
}

#[test]
fn exports_of_shops_and_payments_are_what_their_presets_say() {
    hold(&[
        Case {
            preset: "shopify_orders",
            keys: "",
            file: "exports/export.csv",
            text: SHOPIFY_ORDERS,
            told: "5 loaded, 0 rejected, 1 skipped",
            tables: &[
                Table(
                    "documents",
                    DOCUMENTS,
                    &[
                        "#2001|shipment|2026-06-30|Delta GmbH|45.00|EUR|false",
                        "#2002|order|2026-07-02|Omar K|12.50|EUR|false",
                        "#2003|order|2026-07-03|Delta GmbH|8.00|EUR|true",
                        "#2004|shipment|2026-07-04|pia@mail.example|20.00|USD|true",
                        "#2005|shipment|2026-07-05|Delta GmbH|30.00|EUR|false",
                    ],
                ),
                Table(
                    "clients",
                    CLIENTS,
                    &[
                        "Delta GmbH|Delta GmbH||+49 30 1|nora@delta.example",
                        "Omar K|Omar K|||omar@mail.example",
                        "pia@mail.example|pia@mail.example|||pia@mail.example",
                    ],
                ),
            ],
        },
        Case {
            preset: "stripe_invoices",
            keys: "",
            file: "exports/export.csv",
            text: STRIPE_INVOICES,
            told: "4 loaded, 0 rejected, 1 skipped",
            tables: &[
                Table(
                    "documents",
                    "document_id kind date client_id amount currency cancelled due_date",
                    &[
                        "in_1A|invoice|2026-06-01|cus_9|119.00|EUR|false|2026-07-01",
                        "in_1B|invoice|2026-06-02|cus_8|50.00|USD|false|",
                        "in_1C|invoice|2026-06-03|cus_9|70.00|EUR|true|",
                        "in_1E|invoice|2026-06-05|cus_9|90.00|EUR|false|",
                    ],
                ),
                Table(
                    "clients",
                    CLIENTS,
                    &[
                        "cus_8|Epsilon Inc|||pay@epsilon.example",
                        "cus_9|Delta GmbH|||ap@delta.example",
                    ],
                ),
            ],
        },
        Case {
            preset: "stripe_payments",
            keys: "",
            file: "exports/export.csv",
            text: STRIPE_PAYMENTS,
            told: "3 loaded, 1 rejected, 2 skipped",
            tables: &[
                Table(
                    "documents",
                    "document_id kind date client_id amount currency cancelled related_document_id",
                    &[
                        "ch_1|payment|2026-06-01|cus_9|119.00|EUR|false|in_1A",
                        "ch_2|payment|2026-06-02|cus_8|50.00|USD|true|",
                        "ch_3|payment|2026-06-03|guest@mail.example|30.00|EUR|false|",
                    ],
                ),
                Table(
                    "clients",
                    CLIENTS,
                    &[
                        "cus_8|Epsilon Inc|||pay@epsilon.example",
                        "cus_9|Delta GmbH|||ap@delta.example",
                        "guest@mail.example|guest@mail.example|||guest@mail.example",
                    ],
                ),
            ],
        },
    ]);
}

#[test]
fn a_word_that_a_preset_does_not_know_is_rejected_by_its_name() {
    for (preset, text, known, unknown, said) in [
        (
            "shopify_orders",
            SHOPIFY_ORDERS,
            ",pending,",
            ",on_hold,",
            "column \"Financial Status\": \"on_hold\"",
        ),
        (
            "odoo_invoices",
            ODOO_INVOICES,
            ",INV/2026/00011,",
            ",CUST/2026/00011,",
            "column \"Number\": \"CUST/2026/00011\"",
        ),
        (
            "odoo_invoices",
            ODOO_INVOICES,
            ",Posted,230",
            ",To check,230",
            "column \"Status\": \"To check\"",
        ),
        ("odoo_payments", ODOO_PAYMENTS, ",In Process,", ",Held,", "column \"Status\": \"Held\""),
        (
            "odoo_sale_orders",
            ODOO_SALE_ORDERS,
            ",Quotation Sent,",
            ",Lead,",
            "column \"Status\": \"Lead\"",
        ),
        ("stripe_invoices", STRIPE_INVOICES, ",open,", ",frozen,", "column \"Status\": \"frozen\""),
        (
            "stripe_payments",
            STRIPE_PAYMENTS,
            ",Paid,cus_9",
            ",Disputed,cus_9",
            "column \"Status\": \"Disputed\"",
        ),
        (
            "sap_alv_orders",
            SAP_ALV_ORDERS,
            ";OR;",
            ";ZOR;",
            "column \"Sales Document Type\": \"ZOR\"",
        ),
        (
            "quickbooks_sales_by_item",
            QUICKBOOKS_SALES_BY_ITEM,
            "\"Sales Receipt\"",
            "\"Check\"",
            "column \"Type\": \"Check\"",
        ),
    ] {
        let text = text.replace(known, unknown);
        assert!(text.contains(unknown), "{preset}: {unknown}");
        let project = source(&format!("preset: {preset}")).file("exports/export.csv", text);
        project.run(&["run"]).ends_with(1).says(said);
    }
}

#[test]
fn lists_that_look_like_shipments_give_none() {
    for column in ["На склад", "Отгружено", "План. дата оплаты"] {
        let text = format!(
            "№;Время;{column};Контрагент;Организация;Сумма\n\
             00007;01.06.2026 12:05;02.06.2026;Поставщик;Мы;500,00\n"
        );
        let project = source("preset: moysklad_shipments").file("exports/list.csv", text);
        project.run(&["run"]).ends_with(1).says("has no rows to load");
    }
}

#[test]
fn a_total_of_items_that_their_rows_do_not_make_up_is_refused() {
    let row = "\"Sales Receipt\",\"07/02/2026\",\"1102\",\"Hours\",\"Epsilon Inc\",2,75.00,150.00,\"1,650.00\"\n";
    let text = QUICKBOOKS_SALES_BY_ITEM.replace(row, "");
    assert!(text.len() < QUICKBOOKS_SALES_BY_ITEM.len());
    let project = source("preset: quickbooks_sales_by_item").file("exports/items.csv", text);
    project.run(&["run"]).ends_with(1).says("control total of \"Amount\" is 1665.00");
}

#[test]
fn lists_of_odoo_are_read_as_workbooks_too() {
    let book = Book::default()
        .row(
            0,
            &[
                "Number",
                "Invoice Partner Display Name",
                "Invoice/Bill Date",
                "Total Signed",
                "Status",
            ],
        )
        .row(0, &["Delta Ltd (2)", "", "", "92.5", ""])
        .row(0, &["INV/2026/00011", "Delta Ltd", "46174@1", "115.5", "Posted"])
        .row(0, &["RINV/2026/00003", "Delta Ltd", "46175@1", "-23", "Posted"]);
    let project = source("preset: odoo_invoices\nread: { xlsx: {} }")
        .file("exports/account_move.xlsx", book.bytes());
    let ran = project.run(&["run"]).ends_with(0);
    assert!(ran.stdout.contains("2 loaded, 0 rejected, 1 skipped"), "{}", ran.stdout);
    assert_eq!(
        table(&project, "documents", &DOCUMENTS.split(' ').collect::<Vec<_>>()),
        [
            "INV/2026/00011|invoice|2026-06-01|Delta Ltd|115.50|RUB|false",
            "RINV/2026/00003|return|2026-06-02|Delta Ltd|23.00|RUB|false",
        ]
    );
}
