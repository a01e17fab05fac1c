//! Deals as CRMs export them, by their presets: the lost ones are refusals.

use std::fmt::Write;

use crate::exports::{refusals, source, table};
use crate::exports_workbook::Book;

#[test]
fn amocrm_gives_its_lost_deals_whatever_the_order_of_columns() {
    let text = "\
\"Ответственный\",\"ID\",\"Этап сделки\",\"Воронка\",\"Название сделки\",\"Бюджет\",\"Дата создания сделки\",\"Кем создана сделка\",\"Дата закрытия\",\"Теги\",\"Примечание\",\"Полное имя контакта\",\"Компания контакта\",\"Рабочий телефон\",\"Причина отказа\"\n\
\"Мария\",\"101\",\"Закрыто и не реализовано\",\"Опт\",\"Стеллажи, 2 шт.\",\"1 200 000\",\"01.02.2026 10:00:00\",\"Мария\",\"12.03.2026 14:05:00\",\"\",\"строка\nвторая\",\"Иван\",\"Альфа\",\"'+7 900\",\"Дорого\"\n\
\"Мария\",\"102\",\"Успешно реализовано\",\"Опт\",\"Стол\",\"500\",\"01.02.2026 10:00:00\",\"Мария\",\"13.03.2026 14:05:00\",\"\",\"\",\"Иван\",\"Альфа\",\"\",\"\"\n\
\"Пётр\",\"103\",\"Переговоры\",\"Опт\",\"Стул\",\"0\",\"01.02.2026 10:00:00\",\"Пётр\",\"не закрыта\",\"\",\"\",\"\",\"Бета\",\"\",\"\"\n\
\"Пётр\",\"104\",\"Закрыто и не реализовано\",\"Розница\",\"Шкаф\",\"\",\"01.02.2026 10:00:00\",\"Пётр\",\"14.03.2026 00:00:00\",\"\",\"\",\"Ольга\",\"\",\"\",\"\"\n";
    let project = source("preset: amocrm_deals").file("exports/leads.csv", text);
    let ran = project.run(&["run"]).ends_with(0);
    assert!(ran.stdout.contains("2 loaded, 0 rejected, 2 skipped"), "{}", ran.stdout);
    assert_eq!(
        refusals(&project),
        [
            "101|2026-03-12|Альфа|Закрыто и не реализовано|Дорого|Мария|1200000.00",
            "104|2026-03-14|Ольга|Закрыто и не реализовано||Пётр|",
        ]
    );
    let nobody =
        text.replace("\"Ольга\"", "\"\"").replace("Закрыто и не реализовано", "Closed - lost");
    let project = source("preset: amocrm_deals").file("exports/leads.csv", nobody);
    let ran = project.run(&["run"]).ends_with(0);
    assert!(ran.stdout.contains("1 loaded, 1 rejected, 2 skipped"), "{}", ran.stdout);
    assert_eq!(table(&project, "rejects", &["row", "reason"]), ["5|no_client"]);
}

const BITRIX: &str = "\
\"ID\";\"Стадия сделки\";\"Название сделки\";\"Направление\";\"Сумма\";\"Валюта\";\"Компания\";\"Контакт\";\"Дата закрытия\";\"Ответственный\";\"Почему отказались\"\n\
\"7\";\"Сделка провалена\";\"Поставка\";\"Опт\";\"120000.00\";\"RUB\";\"Альфа\";\"\";\"12.03.2026 00:00:00\";\"Мария\";\"Нет в наличии\"\n\
\"8\";\"Сделка успешна\";\"Поставка\";\"Опт\";\"90000.00\";\"RUB\";\"Бета\";\"\";\"13.03.2026 00:00:00\";\"Мария\";\"\"\n\
\"9\";\"В работе\";\"Поставка\";\"Опт\";\"1.00\";\"RUB\";\"Бета\";\"\";\"\";\"Мария\";\"\"\n";

#[test]
fn bitrix24_gives_its_failed_deals_with_the_portals_own_reason() {
    for bytes in [crate::exports::cp1251(BITRIX), format!("\u{feff}{BITRIX}").into_bytes()] {
        let keys = "preset: bitrix24_deals\nrenamed: { Причина провала: [Почему отказались] }";
        let project = source(keys).file("exports/deals.csv", bytes);
        let ran = project.run(&["run"]).ends_with(0);
        assert!(ran.stdout.contains("1 loaded, 0 rejected, 2 skipped"), "{}", ran.stdout);
        let expected = ["7|2026-03-12|Альфа|Сделка провалена|Нет в наличии|Мария|120000.00"];
        assert_eq!(refusals(&project), expected);
    }
}

#[test]
fn what_a_source_renames_is_added_to_the_names_of_the_preset() {
    let keys = "preset: bitrix24_deals\nrenamed: { Стадия сделки: [Фаза] }";
    for stage in ["Фаза", "Стадия"] {
        let text = BITRIX.replace("Стадия сделки", stage);
        let project = source(keys).file("exports/deals.csv", text);
        project.run(&["run"]).ends_with(0);
        assert_eq!(
            refusals(&project),
            ["7|2026-03-12|Альфа|Сделка провалена||Мария|120000.00"],
            "{stage}"
        );
    }
}

#[test]
fn a_deal_without_company_is_its_contacts() {
    let text = BITRIX.replace("\"Альфа\";\"\"", "\"\";\"Иван\"");
    let project = source("preset: bitrix24_deals").file("exports/deals.csv", text);
    project.run(&["run"]).ends_with(0);
    assert_eq!(refusals(&project), ["7|2026-03-12|Иван|Сделка провалена||Мария|120000.00"]);
    let hubspot = "Record ID,Deal Name,Deal Stage,Close Date,Amount,Associated Company,Associated Contact\n\
                   901,Racks,Closed lost,2026-03-12,5,,Ann Lee\n\
                   902,Racks,Closed lost,2026-03-12,5,Acme,Ann Lee\n";
    let project = source("preset: hubspot_deals").file("exports/deals.csv", hubspot);
    project.run(&["run"]).ends_with(0);
    let clients = table(&project, "refusals", &["refusal_id", "client_id"]);
    assert_eq!(clients, ["901|Ann Lee", "902|Acme"]);
    let pipedrive = "Deal - ID,Deal - Title,Deal - Value,Deal - Organization,Deal - Contact person,\
                     Deal - Status,Deal - Lost time\n31,Racks,5,,Ann Lee,Lost,2026-03-12 14:05:00\n";
    let project = source("preset: pipedrive_deals").file("exports/deals.csv", pipedrive);
    project.run(&["run"]).ends_with(0);
    assert_eq!(table(&project, "refusals", &["refusal_id", "client_id"]), ["31|Ann Lee"]);
}

#[test]
fn a_lost_stage_is_known_by_the_programs_own_translations() {
    let lost = [
        "Closed Lost",
        "closedlost",
        "Geschlossen und verloren",
        "Cierre perdido",
        "Cerrada perdida",
        "Fermé perdu",
        "Fermée perdue",
        "Chiuso perso",
        "Negócio perdido",
        "Сделка проиграна",
        "Закрыто и не реализовано",
        "Угода програна",
        "Zamknięte - przegrane",
        "Stängd förlorad",
        "失注",
    ];
    let open = ["Closed Won", "Almost done", "Gewonnen", "Persona contactada", "Переговоры"];
    let mut text =
        "Record ID,Deal Name,Deal Stage,Close Date,Amount,Associated Company\n".to_owned();
    for (id, stage) in lost.iter().chain(&open).enumerate() {
        let _ = writeln!(text, "{id},Racks,{stage},2026-03-12,5,Acme");
    }
    let project = source("preset: hubspot_deals").file("exports/deals.csv", text);
    let ran = project.run(&["run"]).ends_with(0);
    let expected = format!("{} loaded, 0 rejected, {} skipped", lost.len(), open.len());
    assert!(ran.stdout.contains(&expected), "{}", ran.stdout);
}

const HUBSPOT: [[&str; 9]; 3] = [
    [
        "Record ID",
        "Deal Name",
        "Deal Stage",
        "Close Date",
        "Amount",
        "Deal owner",
        "Closed Lost Reason",
        "Associated Company",
        "Pipeline",
    ],
    [
        "901",
        "Racks, 2",
        "Closed Lost (Sales Pipeline)",
        "2026-03-12 14:05",
        "1200.5",
        "Ann Lee",
        "Price",
        "Acme",
        "Sales",
    ],
    [
        "902",
        "Desk",
        "Closed Won (Sales Pipeline)",
        "2026-03-13 14:05",
        "10",
        "Ann Lee",
        "",
        "Acme",
        "Sales",
    ],
];

#[test]
fn hubspot_gives_its_lost_deals_by_either_kind_of_header() {
    let line = |fields: [&str; 9]| format!("\"{}\"\n", fields.join("\",\""));
    let named: String = HUBSPOT.into_iter().map(line).collect();
    let internal = "hs_object_id,dealname,dealstage,closedate,amount,hubspot_owner_id,\
                    closed_lost_reason,Associated Company,pipeline\n\
                    901,\"Racks, 2\",closedlost,2026-03-12T14:05:00Z,1200.5,Ann Lee,Price,Acme,Sales\n\
                    902,Desk,closedwon,2026-03-13T14:05:00Z,10,Ann Lee,,Acme,Sales\n";
    for (text, stage) in
        [(named.as_str(), "Closed Lost (Sales Pipeline)"), (internal, "closedlost")]
    {
        let project = source("preset: hubspot_deals").file("exports/deals.csv", text);
        project.run(&["run"]).ends_with(0);
        let expected = format!("901|2026-03-12|Acme|{stage}|Price|Ann Lee|1200.50");
        assert_eq!(refusals(&project), [expected]);
    }
}

#[test]
fn a_preset_reads_a_workbook_where_the_source_says_so() {
    let book = HUBSPOT.iter().fold(Book::default(), |book, row| book.row(0, row));
    let project = source("preset: hubspot_deals\nread: { xlsx: {} }")
        .file("exports/deals.xlsx", book.bytes());
    project.run(&["run"]).ends_with(0);
    let expected = ["901|2026-03-12|Acme|Closed Lost (Sales Pipeline)|Price|Ann Lee|1200.50"];
    assert_eq!(refusals(&project), expected);
}

#[test]
fn salesforce_ends_where_its_footer_begins() {
    let text = "\
\"Opportunity Owner\",\"Account Name\",\"Opportunity Name\",\"Stage\",\"Amount\",\"Close Date\",\"Lost Reason\",\"Opportunity ID\"\n\
\"Ann Lee\",\"Acme\",\"Racks, 2\",\"Closed Lost\",\"1200.50\",\"3/12/2026\",\"Price\",\"006A00000012345\"\n\
\"Ann Lee\",\"Globex\",\"Desk\",\"Closed Won\",\"10.00\",\"3/13/2026\",\"\",\"006A00000012346\"\n\
\n\
\n\
\"Lost opportunities\"\n\
\"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved.\"\n\
\"Confidential Information - Do Not Distribute\"\n\
\"Generated By:  Ann Lee  3/31/2026 10:05 AM\"\n\
\"Our Company\"\n";
    let project = source("preset: salesforce_opportunities").file("exports/report.csv", text);
    let ran = project.run(&["run"]).ends_with(0);
    assert!(ran.stdout.contains("1 loaded, 0 rejected"), "{}", ran.stdout);
    assert_eq!(
        refusals(&project),
        ["006A00000012345|2026-03-12|Acme|Closed Lost|Price|Ann Lee|1200.50"]
    );
}

#[test]
fn pipedrive_has_a_prefix_and_a_name_twice() {
    let text = "\
Deal - ID,Deal - Title,Deal - Value,Deal - Currency,Deal - Organization,Deal - Pipeline,Deal - Stage,Deal - Owner,Deal - Status,Deal - Lost reason,Deal - Lost time,Person - Email - Work,Deal - Status__2\n\
31,\"Racks, 2\",\"1,200.50\",USD,Acme,Sales,Proposal made,Ann Lee,lost,Price,2026-03-12 14:05:00,a@example.org,open\n\
32,Desk,10,USD,Acme,Sales,Demo,Ann Lee,won,,,a@example.org,lost\n\
33,Chair,10,USD,Globex,Sales,Demo,Ann Lee,Open,,,,\n";
    let project = source("preset: pipedrive_deals").file("exports/deals.csv", text);
    let ran = project.run(&["run"]).ends_with(0);
    assert!(ran.stdout.contains("1 loaded, 0 rejected, 2 skipped"), "{}", ran.stdout);
    assert_eq!(refusals(&project), ["31|2026-03-12|Acme|Proposal made|Price|Ann Lee|1200.50"]);
}
