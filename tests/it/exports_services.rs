//! Sales, invoices and payments as services for shops and accounts export them, and deals with the
//! clients that they are of, by their presets.

use crate::exports::{source, table};
use crate::exports_workbook::Book;

/// An export, what a run tells of it, and what the lake has then.
struct Case {
    preset: &'static str,
    /// What the source says beside the preset's name.
    keys: &'static str,
    file: &'static str,
    text: &'static str,
    /// Rows loaded, rejected and skipped.
    told: &'static str,
    tables: &'static [Table],
}

/// A table of the lake, the columns looked at and the rows in order.
struct Table(&'static str, &'static [&'static str], &'static [&'static str]);

const DOCUMENTS: &[&str] =
    &["document_id", "kind", "date", "client_id", "amount", "currency", "cancelled"];
const CLIENTS: &[&str] = &["client_id", "name", "tax_id", "phone", "email"];
const REFUSALS: &[&str] = &[
    "refusal_id",
    "date",
    "client_id",
    "stage",
    "coalesce(reason_client, reason_manager)",
    "competitor",
    "manager",
    "amount",
];

const SHOPIFY_ORDERS: &str = "\
Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Billing Name,Billing Company,Billing Country,Billing Phone,Cancelled at,Refunded Amount,Phone\n\
#2001,nora@delta.example,paid,2026-07-01 00:31:00 +0200,fulfilled,EUR,40.00,5.00,0.00,45.00,2026-07-01 00:30:00 +0200,2,Soap,15.00,Nora D,Delta GmbH,DE,,,0.00,+49 30 1\n\
#2001,nora@delta.example,,,,,,,,,2026-07-01 00:30:00 +0200,1,Towel,10.00,,,,,,,\n\
#2002,omar@mail.example,pending,,unfulfilled,EUR,12.50,0.00,0.00,12.50,2026-07-02 09:00:00 +0200,1,Soap,12.50,Omar K,,DE,,,0.00,\n\
#2003,nora@delta.example,voided,,unfulfilled,EUR,8.00,0.00,0.00,8.00,2026-07-03 09:00:00 +0200,1,Soap,8.00,Nora D,Delta GmbH,DE,,2026-07-03 10:00:00 +0200,0.00,+49 30 1\n\
#2004,pia@mail.example,refunded,2026-07-04 09:01:00 +0200,fulfilled,USD,20.00,0.00,0.00,20.00,2026-07-04 09:00:00 +0200,1,Soap,20.00,,,US,,,20.00,\n\
#2005,nora@delta.example,partially_refunded,2026-07-05 09:01:00 +0200,fulfilled,EUR,30.00,0.00,0.00,30.00,2026-07-05 09:00:00 +0200,2,Soap,15.00,Nora D,Delta GmbH,DE,,,15.00,+49 30 1\n";

const ODOO_INVOICES: &str = "\
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

const ODOO_PAYMENTS: &str = "\
Date,Number,Journal,Payment Method,Customer/Vendor,Amount Signed,Amount Company Currency Signed,Status,Partner Type\n\
June 2026 (3),,,,,,253.00,,\n\
2026-06-10,PBNK1/2026/00001,Bank,Manual,Delta Ltd,230.00,230.00,Paid,Customer\n\
2026-06-11,PBNK1/2026/00002,Bank,Manual,Delta Ltd,-23.00,-23.00,In Process,Customer\n\
2026-06-12,PBNK1/2026/00003,Bank,Manual,Epsilon Co,57.00,50.00,Canceled,Customer\n\
2026-06-13,PBNK1/2026/00004,Bank,Manual,Supplier SA,-40.00,-40.00,Paid,Vendor\n\
2026-06-14,,Bank,Manual,Delta Ltd,5.00,5.00,Draft,Customer\n";

const ODOO_SALE_ORDERS: &str = "\
Order Reference,Order Date,Customer,Salesperson,Company,Total,Currency,Status,Delivery Date\n\
Delta Ltd (2),,,,,330.00,,,\n\
S00021,2026-06-01 09:30:00,Delta Ltd,Ann,Us,230.00,EUR,Sales Order,2026-06-20 09:30:00\n\
S00022,2026-06-02 09:30:00,Delta Ltd,Ann,Us,100.00,,Quotation Sent,\n\
S00023,2026-06-03 09:30:00,Epsilon Co,Bob,Us,60.00,EUR,Cancelled,\n";

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

const SAP_ALV_ORDERS: &str = "\
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

const QUICKBOOKS_SALES_BY_ITEM: &str = "\
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

const BITRIX24_DEALS_API: &str = "\
{\"ID\":\"501\",\"TITLE\":\"Racks\",\"STAGE_ID\":\"C2:LOSE\",\"STAGE_SEMANTIC_ID\":\"F\",\"OPPORTUNITY\":\"120000.50\",\"CURRENCY_ID\":\"RUB\",\"COMPANY_ID\":\"31\",\"CONTACT_ID\":\"7\",\"ASSIGNED_BY_ID\":\"9\",\"CLOSEDATE\":\"2026-03-12T01:00:00+03:00\",\"COMMENTS\":null,\"UF_CRM_17\":\"45\"}\n\
{\"ID\":\"502\",\"TITLE\":\"Desk\",\"STAGE_ID\":\"WON\",\"STAGE_SEMANTIC_ID\":\"S\",\"OPPORTUNITY\":\"10.00\",\"CURRENCY_ID\":\"RUB\",\"COMPANY_ID\":\"31\",\"CONTACT_ID\":\"0\",\"ASSIGNED_BY_ID\":\"9\",\"CLOSEDATE\":\"2026-03-13T03:00:00+03:00\",\"COMMENTS\":\"\",\"UF_CRM_17\":\"\"}\n\
{\"ID\":\"503\",\"TITLE\":\"Chair\",\"STAGE_ID\":\"LOSE\",\"STAGE_SEMANTIC_ID\":\"F\",\"OPPORTUNITY\":\"5.00\",\"CURRENCY_ID\":\"RUB\",\"COMPANY_ID\":\"0\",\"CONTACT_ID\":\"8\",\"ASSIGNED_BY_ID\":\"9\",\"CLOSEDATE\":\"2026-03-14T03:00:00+03:00\",\"COMMENTS\":null,\"UF_CRM_17\":\"\"}\n\
{\"ID\":\"504\",\"TITLE\":\"Lamp\",\"STAGE_ID\":\"LOSE\",\"STAGE_SEMANTIC_ID\":\"F\",\"OPPORTUNITY\":null,\"CURRENCY_ID\":\"RUB\",\"COMPANY_ID\":null,\"CONTACT_ID\":\"8\",\"ASSIGNED_BY_ID\":\"9\",\"CLOSEDATE\":\"2026-03-14T03:00:00+03:00\",\"COMMENTS\":null,\"UF_CRM_17\":\"\"}\n";

const AMOCRM_DEALS: &str = "\
\"ID\",\"Название сделки\",\"Компания\",\"Основной контакт\",\"Ответственный\",\"Этап сделки\",\"Воронка\",\"Бюджет\",\"Дата закрытия\",\"Причина отказа\",\"Конкурент\",\"ИНН\",\"Рабочий телефон (контакт)\",\"Мобильный телефон (контакт)\",\"Рабочий email (контакт)\"\n\
\"201\",\"Стеллажи\",\"ООО «Дельта»\",\"Нина\",\"Мария\",\"Закрыто и не реализовано\",\"Опт\",\"1 200\",\"12.03.2026 14:05:00\",\"Дорого\",\"ТД «Омега»\",\"7701234567\",\"\",\"'+7 900 000-00-01\",\"n@delta.example\"\n\
\"202\",\"Стол\",\"\",\"Олег\",\"Мария\",\"Закрыто и не реализовано\",\"Опт\",\"5\",\"13.03.2026 14:05:00\",\"\",\"\",\"\",\"'+7 900 000-00-02\",\"\",\"\"\n\
\"203\",\"Стул\",\"ООО «Дельта»\",\"Нина\",\"Мария\",\"Переговоры\",\"Опт\",\"5\",\"не закрыта\",\"\",\"\",\"7701234567\",\"\",\"\",\"\"\n";

const BITRIX24_DEALS: &str = "\
\"ID\";\"Стадия сделки\";\"Название сделки\";\"Направление\";\"Сумма\";\"Валюта\";\"Компания\";\"Контакт\";\"Дата закрытия\";\"Ответственный\";\"Причина провала\";\"Конкурент\";\"ИНН\";\"Компания: Рабочий телефон\";\"Контакт: Рабочий e-mail\"\n\
\"7\";\"Анализ причины провала\";\"Поставка\";\"Опт\";\"120000.00\";\"RUB\";\"Дельта\";\"Нина\";\"12.03.2026 00:00:00\";\"Мария\";\"Дорого\";\"Омега\";\"7701234567\";\"+7 495 000-00-01\";\"n@delta.example\"\n\
\"8\";\"Сделка успешна\";\"Поставка\";\"Опт\";\"90000.00\";\"RUB\";\"Эпсилон\";\"\";\"13.03.2026 00:00:00\";\"Мария\";\"\";\"\";\"\";\"\";\"\"\n";

const HUBSPOT_DEALS: &str = "\
Record ID,Deal Name,Deal Stage,Pipeline,Close Date,Amount,Deal owner,Closed Lost Reason,Competitor,Associated Company,Associated Contact,VAT ID,Phone Number,Email\n\
901,Racks,Closed Lost,Sales,2026-03-12 14:05,1200.5,Ann,Price,Omega,Delta Ltd,Nora,GB123456789,+44 20 1,n@delta.example\n\
902,Desk,Closed Won,Sales,2026-03-13 14:05,10,Ann,,,Epsilon,,,,\n";

const PIPEDRIVE_DEALS: &str = "\
Deal - ID,Deal - Title,Deal - Value,Deal - Organization,Deal - Contact person,Deal - Pipeline,Deal - Stage,Deal - Owner,Deal - Status,Deal - Lost reason,Deal - Lost time,Deal - Competitor,Organization - VAT ID,Person - Phone - Work,Person - Email - Work\n\
31,Racks,\"1,200.50\",Delta Ltd,Nora,Sales,Proposal made,Ann,Lost,Price,2026-03-12 14:05:00,Omega,GB123456789,+44 20 1,n@delta.example\n\
32,Desk,10,,Omar,Sales,Demo,Ann,Lost,,2026-03-13 14:05:00,,,+44 20 2,\n\
33,Chair,10,Delta Ltd,Nora,Sales,Demo,Ann,Open,,,,,,\n";

const SALESFORCE_OPPORTUNITIES: &str = "\
\"Opportunity Owner\",\"Account Name\",\"Opportunity Name\",\"Stage\",\"Amount\",\"Close Date\",\"Loss Reason\",\"Main Competitor(s)\",\"Tax ID\",\"Account Phone\",\"Opportunity ID\"\n\
\"Ann\",\"Delta Inc\",\"Racks\",\"Closed Lost\",\"1200.50\",\"3/12/2026\",\"Price\",\"Omega\",\"12-3456789\",\"(415) 555-0100\",\"006A1\"\n\
\"Ann\",\"Epsilon\",\"Desk\",\"Closed Won\",\"10.00\",\"3/13/2026\",\"\",\"\",\"\",\"\",\"006A2\"\n\n\
\"Copyright (c) 2026\"\n";

/// Each preset with an export of its own.
const CASES: &[Case] = &[
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
        preset: "odoo_invoices",
        keys: "",
        file: "exports/export.csv",
        text: ODOO_INVOICES,
        told: "4 loaded, 0 rejected, 3 skipped",
        tables: &[Table(
            "documents",
            &[
                "document_id",
                "kind",
                "date",
                "client_id",
                "amount",
                "due_date",
                "manager",
                "cancelled",
            ],
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
                &["document_id", "kind", "date", "client_id", "amount", "cancelled"],
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
            &["document_id", "kind", "date", "client_id", "amount", "cancelled"],
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
            &[
                "document_id",
                "kind",
                "date",
                "client_id",
                "amount",
                "currency",
                "cancelled",
                "due_date",
            ],
            &[
                "S00021|order|2026-06-01|Delta Ltd|230.00|EUR|false|2026-06-20",
                "S00022|quote|2026-06-02|Delta Ltd|100.00|RUB|false|",
                "S00023|order|2026-06-03|Epsilon Co|60.00|EUR|true|",
            ],
        )],
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
                &[
                    "document_id",
                    "kind",
                    "date",
                    "client_id",
                    "amount",
                    "currency",
                    "cancelled",
                    "due_date",
                ],
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
                &["cus_8|Epsilon Inc|||pay@epsilon.example", "cus_9|Delta GmbH|||ap@delta.example"],
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
                &[
                    "document_id",
                    "kind",
                    "date",
                    "client_id",
                    "amount",
                    "currency",
                    "cancelled",
                    "related_document_id",
                ],
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
    Case {
        preset: "zoho_books_invoices",
        keys: "",
        file: "exports/export.csv",
        text: ZOHO_BOOKS_INVOICES,
        told: "4 loaded, 0 rejected, 1 skipped",
        tables: &[
            Table(
                "documents",
                &[
                    "document_id",
                    "kind",
                    "date",
                    "client_id",
                    "amount",
                    "currency",
                    "cancelled",
                    "due_date",
                    "manager",
                ],
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
                &["document_id", "kind", "date", "client_id", "amount", "currency"],
                &[
                    "6000011|order|2026-06-01|0000100|1300.50|EUR",
                    "6000012|return|2026-06-02|0000200|50.00|USD",
                ],
            ),
            Table("clients", &["client_id", "name"], &["0000100|Delta AG", "0000200|Epsilon SE"]),
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
            &["document_id", "kind", "date", "client_id", "amount", "currency"],
            &["6000021|order|2026-06-05|100|1000.00|EUR", "6000022|order|2026-06-06|200|20.00|CHF"],
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
            &["document_id", "kind", "date", "client_id", "amount"],
            &[
                "1101|invoice|2026-06-08|Delta LLC|1520.00",
                "1102|shipment|2026-07-02|Epsilon Inc|150.00",
                "CM-1|return|2026-06-10|Delta LLC|5.00",
            ],
        )],
    },
    Case {
        preset: "bitrix24_deals_api",
        keys: "into: { refusals: { columns: { reason_manager: UF_CRM_17 } } }",
        file: "exports/deals.ndjson",
        text: BITRIX24_DEALS_API,
        told: "1 loaded, 2 rejected, 1 skipped",
        tables: &[Table("refusals", REFUSALS, &["501|2026-03-11|31|C2:LOSE|45||9|120000.50"])],
    },
    Case {
        preset: "amocrm_deals",
        keys: "",
        file: "exports/export.csv",
        text: AMOCRM_DEALS,
        told: "2 loaded, 0 rejected, 1 skipped",
        tables: &[
            Table(
                "refusals",
                REFUSALS,
                &[
                    "201|2026-03-12|ООО «Дельта»|Закрыто и не реализовано|Дорого|ТД «Омега»|Мария|1200.00",
                    "202|2026-03-13|Олег|Закрыто и не реализовано|||Мария|5.00",
                ],
            ),
            Table(
                "clients",
                CLIENTS,
                &[
                    "ООО «Дельта»|ООО «Дельта»|7701234567|+7 900 000-00-01|n@delta.example",
                    "Олег|Олег||+7 900 000-00-02|",
                ],
            ),
        ],
    },
    Case {
        preset: "bitrix24_deals",
        keys: "",
        file: "exports/export.csv",
        text: BITRIX24_DEALS,
        told: "1 loaded, 0 rejected, 1 skipped",
        tables: &[
            Table(
                "refusals",
                REFUSALS,
                &["7|2026-03-12|Дельта|Анализ причины провала|Дорого|Омега|Мария|120000.00"],
            ),
            Table(
                "clients",
                CLIENTS,
                &["Дельта|Дельта|7701234567|+7 495 000-00-01|n@delta.example"],
            ),
        ],
    },
    Case {
        preset: "hubspot_deals",
        keys: "",
        file: "exports/export.csv",
        text: HUBSPOT_DEALS,
        told: "1 loaded, 0 rejected, 1 skipped",
        tables: &[
            Table(
                "refusals",
                REFUSALS,
                &["901|2026-03-12|Delta Ltd|Closed Lost|Price|Omega|Ann|1200.50"],
            ),
            Table(
                "clients",
                CLIENTS,
                &["Delta Ltd|Delta Ltd|GB123456789|+44 20 1|n@delta.example"],
            ),
        ],
    },
    Case {
        preset: "pipedrive_deals",
        keys: "",
        file: "exports/export.csv",
        text: PIPEDRIVE_DEALS,
        told: "2 loaded, 0 rejected, 1 skipped",
        tables: &[
            Table(
                "refusals",
                REFUSALS,
                &[
                    "31|2026-03-12|Delta Ltd|Proposal made|Price|Omega|Ann|1200.50",
                    "32|2026-03-13|Omar|Demo|||Ann|10.00",
                ],
            ),
            Table(
                "clients",
                CLIENTS,
                &[
                    "Delta Ltd|Delta Ltd|GB123456789|+44 20 1|n@delta.example",
                    "Omar|Omar||+44 20 2|",
                ],
            ),
        ],
    },
    Case {
        preset: "salesforce_opportunities",
        keys: "",
        file: "exports/export.csv",
        text: SALESFORCE_OPPORTUNITIES,
        told: "1 loaded, 0 rejected",
        tables: &[
            Table(
                "refusals",
                REFUSALS,
                &["006A1|2026-03-12|Delta Inc|Closed Lost|Price|Omega|Ann|1200.50"],
            ),
            Table("clients", CLIENTS, &["Delta Inc|Delta Inc|12-3456789|(415) 555-0100|"]),
        ],
    },
];

#[test]
fn an_export_of_a_service_is_what_its_preset_says() {
    for case in CASES {
        let keys = format!("preset: {}\n{}", case.preset, case.keys);
        let project = source(&keys).file(case.file, case.text);
        let ran = project.run(&["run"]).ends_with(0);
        assert!(ran.stdout.contains(case.told), "{}: {}", case.preset, ran.stdout);
        for Table(name, columns, rows) in case.tables {
            assert_eq!(table(&project, name, columns), *rows, "{}: {name}", case.preset);
        }
    }
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
        table(&project, "documents", DOCUMENTS),
        [
            "INV/2026/00011|invoice|2026-06-01|Delta Ltd|115.50|RUB|false",
            "RINV/2026/00003|return|2026-06-02|Delta Ltd|23.00|RUB|false",
        ]
    );
}
