//! Exports of many habits: each looked into, its pipeline written, checked and run as it is.

use serde_json::{Value, json};

use crate::inspect::{documents, taken};

fn windows_1251(text: &str) -> Vec<u8> {
    encoding_rs::WINDOWS_1251.encode(text).0.into_owned()
}

/// A file, what is told of it, and the documents that it brings.
struct Case {
    name: &'static str,
    bytes: Vec<u8>,
    told: Value,
    documents: &'static [&'static str],
}

fn cases() -> Vec<Case> {
    let case = |name, text: &str, told, documents| Case {
        name,
        bytes: text.as_bytes().to_vec(),
        told,
        documents,
    };
    let register = "ООО «Альфа»;;;;\nРеестр за март 2026 г.;;;;\n;;;;\n\
         Номер;Дата;Покупатель;Город;Сумма\n\
         00-001;05.03.2026;ООО Ромашка;Тула;1\u{a0}234,50\n\
         00-002;25.03.2026;ИП Иванов;Тверь;12\u{a0}000,00\n\
         Итого;;;;13\u{a0}234,50\nГлавный бухгалтер Сидорова;;;;\n";
    vec![
        Case {
            name: "реестр.csv",
            bytes: windows_1251(register),
            told: json!({ "format": "CSV", "separator": ";", "header_row": 4, "total_row": 7,
                "dates": "day first: 31.12.2025" }),
            documents: &["shipment 2 13234.50 RUB"],
        },
        case(
            "us.csv",
            "\u{feff}Invoice Number,Invoice Date,Customer,Amount\nA-1,03/31/2026,Acme,\"$1,200.50\"\n\
             A-2,04/01/2026,\"Bolts, Inc.\",$7.00\n",
            json!({ "separator": ",", "dates": "month first: 12/31/2025",
                "charset": "utf-8, sure: by its byte order mark" }),
            &["shipment 2 1207.50 USD"],
        ),
        case(
            "tabs.txt",
            "Number\tDate\tCustomer\tAmount\n1\t2026-03-31\tAcme\t12.50\n2\t2026-04-01\tBolts\t7\n",
            json!({ "separator": "\t", "dates": "year first: 2025-12-31" }),
            &["shipment 2 19.50 RUB"],
        ),
        case(
            "pipes.csv",
            "Number|Date|Customer|Amount\n1|31/03/2026|Acme|12,50\n2|01/04/2026|Bolts|1.000,00\n",
            json!({ "separator": "|", "dates": "day first: 31/12/2025" }),
            &["shipment 2 1012.50 RUB"],
        ),
        case(
            "guess.csv",
            "Number,Date,Customer,Amount\n1,03/04/2026,Acme,12.50\n2,05/04/2026,Bolts,7.25\n",
            json!({ "dates": "day first: 31/12/2025, a guess: no day is above 12" }),
            &["shipment 2 19.75 RUB"],
        ),
        case(
            "short_years.csv",
            "Номер;Дата;Клиент;Сумма\n1;31.03.26;Альфа;12,50\n2;01.04.26;Бета;7,25\n",
            json!({ "dates": "day first: 31.12.25" }),
            &["shipment 2 19.75 RUB"],
        ),
        case(
            "lines.csv",
            "InvoiceNo,InvoiceDate,CustomerID,Quantity,UnitPrice\n7,2026-03-01 10:15,17850,6,2.55\n\
             7,2026-03-01 10:15,17850,2,3.39\n8,2026-03-02 09:00,13047,1,4.00\n\
             9,2026-03-03 09:30,13047,-1,4.00\n",
            json!({ "dates": "year first: 2025-12-31" }),
            &["return 1 4.00 RUB", "shipment 2 26.08 RUB"],
        ),
        case(
            "totals_on_lines.csv",
            "Номер;Дата;Контрагент;Сумма документа;Товар;Сумма\n1;31.03.2026;А;30,00;Болт;10,00\n\
             1;31.03.2026;А;30,00;Гайка;20,00\n2;31.03.2026;Б;5,00;Винт;5,00\n",
            json!({}),
            &["shipment 2 35.00 RUB"],
        ),
        case(
            "kinds.csv",
            "Вид документа;Номер;Дата;Контрагент;Сумма;Склад\n\
             Реализация (акты, накладные);1;30.03.2026;А;100,00;1\n\
             Возврат от покупателя;1;31.03.2026;А;40,00;1\n\
             Оплата;3;31.03.2026;А;60,00;1\nСчёт на оплату;4;31.03.2026;Б;70,00;1\n",
            json!({}),
            &[
                "order 1 70.00 RUB",
                "payment 1 60.00 RUB",
                "return 1 40.00 RUB",
                "shipment 1 100.00 RUB",
            ],
        ),
        case(
            "sales.ndjson",
            "{\"number\": 1, \"date\": \"2026-06-01\", \"client\": \"a\", \"amount\": 1200.50}\n\
             {\"number\": 2, \"date\": \"2026-06-02\", \"client\": \"b\", \"amount\": 3}\n",
            json!({ "format": "JSON lines", "charset": "utf-8, sure: JSON has no other" }),
            &["shipment 2 1203.50 RUB"],
        ),
    ]
}

#[test]
fn exports_of_many_habits_are_loaded_as_they_are() {
    for case in cases() {
        let (project, told) = taken(case.name, &case.bytes);
        for (key, value) in case.told.as_object().unwrap() {
            assert_eq!(told[key], *value, "{}: {key}", case.name);
        }
        assert_eq!(documents(&project), case.documents, "{}: {}", case.name, told["pipeline"]);
    }
}
