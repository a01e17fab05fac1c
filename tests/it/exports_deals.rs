//! Deals and the clients that they are of, as CRMs export them, by their presets.

use crate::exports_services::{CLIENTS, Case, Table, hold};

const REFUSALS: &str = "refusal_id date client_id stage coalesce(reason_client,reason_manager) competitor manager amount";

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

#[test]
fn deals_of_a_crm_are_what_its_preset_says() {
    hold(&[
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
    ]);
}
