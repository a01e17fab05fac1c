//! Sales, invoices, payments and orders as programs for accounts and stock export them, by their presets.

use crate::exports_services::{CLIENTS, Case, DOCUMENTS, Table, hold};

pub(crate) const ODOO_INVOICES: &str = "\
Activities,Due Date,Invoice Partner Display Name,Invoice/Bill Date,Number,Payment Status,Salesperson,Status,Total in Currency Signed,Total Signed,Untaxed Amount Signed\n\
June 2026 (3),,,,,,,,,187.00,\n\
,2026-07-01,Delta Ltd,2026-06-01,INV/2026/00011,Not Paid,Ann,Posted,230.00,230.00,200.00\n\
,2026-07-05,\"Epsilon Co, Bob\",2026-06-05,INV/2026/00012,Paid,Bob,Posted,57.00,50.00,45.00\n\
,2026-06-09,Delta Ltd,2026-06-09,RINV/2026/00003,Paid,Ann,Posted,-23.00,-23.00,-20.00\n\
,2026-07-09,Delta Ltd,2026-06-09,INV/2026/00013,Paid,Ann,Cancelled,70.00,70.00,60.00\n\
,,Delta Ltd,,/,Not Paid,Ann,Draft,99.00,99.00,90.00\n\
,2026-07-09,Supplier SA,2026-06-09,BILL/2026/06/0001,Not Paid,Ann,Posted,-40.00,-40.00,-35.00\n";

const ODOO_INVOICES_BY_FIELD: &str = "\
name,invoice_partner_display_name,invoice_date,invoice_date_due,amount_total_signed,state,move_type,partner_id/vat,partner_id/email\n\
FAC/2026/001,Delta Ltd,2026-06-01,2026-07-01,230.0,posted,out_invoice,GB123456789,ap@delta.example\n\
RFAC/2026/001,Delta Ltd,2026-06-02,2026-06-02,-30.0,posted,out_refund,GB123456789,ap@delta.example\n\
FAC/2026/002,Delta Ltd,2026-06-03,2026-07-03,15.5,cancel,out_invoice,GB123456789,ap@delta.example\n\
X/2026/002,Other,2026-06-03,2026-07-03,-15.5,posted,in_invoice,,\n";

pub(crate) const ODOO_PAYMENTS: &str = "\
Date,Number,Journal,Payment Method,Customer/Vendor,Amount Signed,Amount Company Currency Signed,Status,Partner Type\n\
June 2026 (3),,,,,,253.00,,\n\
2026-06-10,PBNK1/2026/00001,Bank,Manual,Delta Ltd,230.00,230.00,Paid,Customer\n\
2026-06-11,PBNK1/2026/00002,Bank,Manual,Delta Ltd,-23.00,-23.00,In Process,Customer\n\
2026-06-12,PBNK1/2026/00003,Bank,Manual,Epsilon Co,57.00,50.00,Canceled,Customer\n\
2026-06-13,PBNK1/2026/00004,Bank,Manual,Supplier SA,-40.00,-40.00,Paid,Vendor\n\
2026-06-14,,Bank,Manual,Delta Ltd,5.00,5.00,Draft,Customer\n";

pub(crate) const ODOO_SALE_ORDERS: &str = "\
Order Reference,Order Date,Customer,Salesperson,Company,Total,Currency,Status,Delivery Date\n\
Delta Ltd (2),,,,,330.00,,,\n\
S00021,2026-06-01 09:30:00,Delta Ltd,Ann,Us,230.00,EUR,Sales Order,2026-06-20 09:30:00\n\
S00022,2026-06-02 09:30:00,Delta Ltd,Ann,Us,100.00,,Quotation Sent,\n\
S00023,2026-06-03 09:30:00,Epsilon Co,Bob,Us,60.00,EUR,Cancelled,\n";

const ZOHO_BOOKS_INVOICES: &str = "\
Invoice Date,Invoice ID,Invoice Number,Invoice Status,Customer ID,Customer Name,GST Identification Number (GSTIN),Due Date,Item Name,Quantity,Item Price,Item Total,SubTotal,Total,Balance,Currency Code,Sales person,Primary Contact EmailID\n\
2026-06-02,901,INV-21,Sent,77,Delta Pvt,27AABCD1234E1Z8,2026-07-02,Bracket,2,250,500,660,819.20,819.20,INR,Asha,ap@delta.example\n\
2026-06-02,901,INV-21,Sent,77,Delta Pvt,27AABCD1234E1Z8,2026-07-02,Hinge,4,40,160,660,819.20,819.20,INR,Asha,ap@delta.example\n\
2026-06-05,902,INV-22,Void,77,Delta Pvt,27AABCD1234E1Z8,2026-07-05,Hinge,1,40,40,40,47.20,0.00,INR,Asha,ap@delta.example\n\
2026-06-06,903,INV-23,Draft,78,Epsilon LLC,,2026-07-06,Hinge,1,40,40,40,40.00,40.00,USD,,\n\
2026-06-07,904,INV-24,Overdue,78,Epsilon LLC,,2026-06-20,Hinge,1,40,40,40,40.00,40.00,USD,,\n";

const MOYSKLAD_SHIPMENTS: &str = "\
№;Время;Со склада;Контрагент;ИНН;Организация;Сумма;Валюта;Оплачено;Статус;Проведено;Комментарий\n\
00041;01.06.2026 12:05;Основной;ООО «Дельта»;7701234567;ООО «Мы»;1 234,50;руб;0,00;Отгружен;Да;позвонить\n\
00042;02.06.2026 00:00;Основной;ИП Эпсилонов;;ООО «Мы»;100,00;;100,00;;Да;\n\
00043;03.06.2026 10:00;Основной;ООО «Дельта»;7701234567;ООО «Мы»;50,00;руб;0,00;Отменен;Да;\n\
00044;04.06.2026 10:00;Основной;ООО «Дельта»;7701234567;ООО «Мы»;70,00;руб;0,00;;Нет;\n";

pub(crate) const SAP_ALV_ORDERS: &str = "\
Sales Document;Document Date;Sold-To Party;Name 1;Item;Description;Net Value;Document Currency;Description;Sales Document Type;Reason for rejection\n\
6000011;01.06.2026;0000100;Delta AG;10;Oil;1.200,50;EUR;kg;OR;\n\
6000011;01.06.2026;0000100;Delta AG;20;Gas;100,00;EUR;kg;OR;\n\
6000011;01.06.2026;0000100;Delta AG;30;Tar;999,00;EUR;kg;OR;61\n\
6000012;02.06.2026;0000200;Epsilon SE;10;Gas;50,00-;USD;kg;RE;\n\
6000013;03.06.2026;0000200;Epsilon SE;10;Gas;50,00;USD;kg;CR;\n\
;;;;;;1.251,50;;;;\n";

const SAP_ALV_ORDERS_IN_GERMAN: &str = "\
Verkaufsbeleg;Belegdatum;Auftraggeber;Name 1;Nettowert;Belegwährung\n\
6000021;05.06.2026;100;Delta AG;1.000,00;EUR\n\
6000022;06.06.2026;200;Epsilon SE;20,00;CHF\n";

pub(crate) const QUICKBOOKS_SALES_BY_ITEM: &str = "\
\"Type\",\"Date\",\"Num\",\"Memo\",\"Name\",\"Qty\",\"Sales Price\",\"Amount\",\"Balance\"\n\
\"Goods\",,,,,,,,\"\"\n\
\"B1 (Soap)\",,,,,,,,\"\"\n\
\"Invoice\",\"06/08/2026\",\"1101\",\"Soap\",\"Delta LLC\",4,5.00,20.00,20.00\n\
\"Credit Memo\",\"06/10/2026\",\"CM-1\",\"Soap\",\"Delta LLC\",-1,5.00,-5.00,15.00\n\
\"Total B1 (Soap)\",,,,,3,,15.00,15.00\n\
\"Total Goods\",,,,,3,,15.00,15.00\n\
\"Work\",,,,,,,,\"\"\n\
\"Invoice\",\"06/08/2026\",\"1101\",\"Setup\",\"Delta LLC\",1,\"1,500.00\",\"1,500.00\",\"1,500.00\"\n\
\"Invoice\",\"06/08/2026\",\"1101\",\"AS AGREED 6/1\",\"Delta LLC\",1,\"\",\"\",\"1,500.00\"\n\
\"Sales Receipt\",\"07/02/2026\",\"1102\",\"Hours\",\"Epsilon Inc\",2,75.00,150.00,\"1,650.00\"\n\
\"Total Work\",,,,,4,,\"1,650.00\",\"1,650.00\"\n\
\"TOTAL\",,,,,7,,\"1,665.00\",\"1,665.00\"\n";

#[test]
fn exports_of_accounts_and_stock_are_what_their_presets_say() {
    hold(&[
        Case {
            preset: "odoo_invoices",
            keys: "",
            file: "exports/export.csv",
            text: ODOO_INVOICES,
            told: "4 loaded, 0 rejected, 3 skipped",
            tables: &[Table(
                "documents",
                "document_id kind date client_id amount due_date manager cancelled",
                &[
                    "INV/2026/00011|invoice|2026-06-01|Delta Ltd|230.00|2026-07-01|Ann|false",
                    "INV/2026/00012|invoice|2026-06-05|Epsilon Co, Bob|50.00|2026-07-05|Bob|false",
                    "INV/2026/00013|invoice|2026-06-09|Delta Ltd|70.00|2026-07-09|Ann|true",
                    "RINV/2026/00003|return|2026-06-09|Delta Ltd|23.00|2026-06-09|Ann|false",
                ],
            )],
        },
        Case {
            preset: "odoo_invoices",
            keys: "",
            file: "exports/export.csv",
            text: ODOO_INVOICES_BY_FIELD,
            told: "3 loaded, 0 rejected, 1 skipped",
            tables: &[
                Table(
                    "documents",
                    "document_id kind date client_id amount cancelled",
                    &[
                        "FAC/2026/001|invoice|2026-06-01|Delta Ltd|230.00|false",
                        "FAC/2026/002|invoice|2026-06-03|Delta Ltd|15.50|true",
                        "RFAC/2026/001|return|2026-06-02|Delta Ltd|30.00|false",
                    ],
                ),
                Table("clients", CLIENTS, &["Delta Ltd|Delta Ltd|GB123456789||ap@delta.example"]),
            ],
        },
        Case {
            preset: "odoo_payments",
            keys: "",
            file: "exports/export.csv",
            text: ODOO_PAYMENTS,
            told: "3 loaded, 0 rejected, 3 skipped",
            tables: &[Table(
                "documents",
                "document_id kind date client_id amount cancelled",
                &[
                    "PBNK1/2026/00001|payment|2026-06-10|Delta Ltd|230.00|false",
                    "PBNK1/2026/00002|payment|2026-06-11|Delta Ltd|-23.00|false",
                    "PBNK1/2026/00003|payment|2026-06-12|Epsilon Co|50.00|true",
                ],
            )],
        },
        Case {
            preset: "odoo_sale_orders",
            keys: "",
            file: "exports/export.csv",
            text: ODOO_SALE_ORDERS,
            told: "3 loaded, 0 rejected, 1 skipped",
            tables: &[Table(
                "documents",
                "document_id kind date client_id amount currency cancelled due_date",
                &[
                    "S00021|order|2026-06-01|Delta Ltd|230.00|EUR|false|2026-06-20",
                    "S00022|quote|2026-06-02|Delta Ltd|100.00|RUB|false|",
                    "S00023|order|2026-06-03|Epsilon Co|60.00|EUR|true|",
                ],
            )],
        },
        Case {
            preset: "zoho_books_invoices",
            keys: "",
            file: "exports/export.csv",
            text: ZOHO_BOOKS_INVOICES,
            told: "4 loaded, 0 rejected, 1 skipped",
            tables: &[
                Table(
                    "documents",
                    "document_id kind date client_id amount currency cancelled due_date manager",
                    &[
                        "INV-21|invoice|2026-06-02|77|819.20|INR|false|2026-07-02|Asha",
                        "INV-22|invoice|2026-06-05|77|47.20|INR|true|2026-07-05|Asha",
                        "INV-24|invoice|2026-06-07|78|40.00|USD|false|2026-06-20|",
                    ],
                ),
                Table(
                    "clients",
                    CLIENTS,
                    &["77|Delta Pvt|27AABCD1234E1Z8||ap@delta.example", "78|Epsilon LLC|||"],
                ),
            ],
        },
        Case {
            preset: "moysklad_shipments",
            keys: "",
            file: "exports/export.csv",
            text: MOYSKLAD_SHIPMENTS,
            told: "3 loaded, 0 rejected, 1 skipped",
            tables: &[
                Table(
                    "documents",
                    DOCUMENTS,
                    &[
                        "00041|shipment|2026-06-01|ООО «Дельта»|1234.50|RUB|false",
                        "00042|shipment|2026-06-02|ИП Эпсилонов|100.00|RUB|false",
                        "00043|shipment|2026-06-03|ООО «Дельта»|50.00|RUB|true",
                    ],
                ),
                Table(
                    "clients",
                    CLIENTS,
                    &["ИП Эпсилонов|ИП Эпсилонов|||", "ООО «Дельта»|ООО «Дельта»|7701234567||"],
                ),
            ],
        },
        Case {
            preset: "sap_alv_orders",
            keys: "",
            file: "exports/export.csv",
            text: SAP_ALV_ORDERS,
            told: "3 loaded, 0 rejected, 3 skipped",
            tables: &[
                Table(
                    "documents",
                    "document_id kind date client_id amount currency",
                    &[
                        "6000011|order|2026-06-01|0000100|1300.50|EUR",
                        "6000012|return|2026-06-02|0000200|50.00|USD",
                    ],
                ),
                Table("clients", "client_id name", &["0000100|Delta AG", "0000200|Epsilon SE"]),
            ],
        },
        Case {
            preset: "sap_alv_orders",
            keys: "",
            file: "exports/export.csv",
            text: SAP_ALV_ORDERS_IN_GERMAN,
            told: "2 loaded, 0 rejected, 0 skipped",
            tables: &[Table(
                "documents",
                "document_id kind date client_id amount currency",
                &[
                    "6000021|order|2026-06-05|100|1000.00|EUR",
                    "6000022|order|2026-06-06|200|20.00|CHF",
                ],
            )],
        },
        Case {
            preset: "quickbooks_sales_by_item",
            keys: "",
            file: "exports/export.csv",
            text: QUICKBOOKS_SALES_BY_ITEM,
            told: "5 loaded, 0 rejected, 3 skipped",
            tables: &[Table(
                "documents",
                "document_id kind date client_id amount",
                &[
                    "1101|invoice|2026-06-08|Delta LLC|1520.00",
                    "1102|shipment|2026-07-02|Epsilon Inc|150.00",
                    "CM-1|return|2026-06-10|Delta LLC|5.00",
                ],
            )],
        },
    ]);
}
