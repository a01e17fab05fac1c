//! `inspect`: habits of real exports by which tools go wrong in silence, each with the right value.

use serde_json::{Value, json};

use crate::inspect::{documents, taken};
use crate::project::{Project, Ran};
use crate::sheet::Sheet;

/// What `inspect` says of the export `name` with `bytes`.
fn inspected(name: &str, bytes: impl AsRef<[u8]>, more: &[&str]) -> (Project, Ran) {
    let project = Project::new().file(&format!("exports/{name}"), bytes);
    let path = project.path(&format!("exports/{name}"));
    let mut arguments = vec!["inspect", path.to_str().unwrap()];
    arguments.extend(more);
    let ran = project.run(&arguments);
    (project, ran)
}

/// The clients' ids of documents, by document.
fn clients(project: &Project) -> Vec<String> {
    let rows = project.query(
        "select document_id || '=' || client_id as row from lake.documents order by document_id",
    );
    rows.iter().map(|row| row["row"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn headers_are_known_in_whatever_spelling() {
    for (name, text) in [
        (
            "camel.csv",
            "customerID,invoiceNumber,InvoiceDate,InvoiceAmount\nC1,1,2026-06-01,10.50\n",
        ),
        ("upper.csv", "ORDERNUMBER,ORDER_DATE,CUSTOMERNAME,SALES\n1,2026-06-01,C1,10.50\n"),
        ("russian.csv", "КодЗаказа;ДатаЗаказа;Покупатель;Продажи\n1;01.06.2026;C1;10,50\n"),
        (
            "wrapped.csv",
            "\"Invoice\nNumber\",\"Invoice  Date\",Customer-Name,Total\n1,2026-06-01,C1,10.50\n",
        ),
    ] {
        let (project, told) = taken(name, text);
        assert_eq!(documents(&project), ["shipment 1 10.50 RUB"], "{name}: {told}");
        assert_eq!(clients(&project), ["1=C1"], "{name}");
    }
}

#[test]
fn a_part_of_a_document_is_no_list_of_clients() {
    for (text, lacks) in [
        ("Customer,Number,Amount\nA,1,5\n", "no column is known as date"),
        ("Number,Due Date,Status,Client\nINV/1,2026-06-01,Posted,A\n", "as date, amount"),
        ("Number,Customer,Unit price,Left\n1,A,5,2\n", "as date, amount"),
    ] {
        let (_, ran) = inspected("part.csv", text, &["--init"]);
        ran.ends_with(3).says("it has no documents").says(lacks);
    }
    // A number beside a status is nobody's code.
    inspected("status.csv", "Number,Status,Phone\nINV/1,Posted,1\n", &[]).1.ends_with(3);
}

#[test]
fn a_client_goes_by_his_code_and_not_by_who_answers_the_phone() {
    let text = "Client Code,Name,Phone,Contact Name\n101,A,1,Ann\n102,B,2,Ann\n103,C,3,\n";
    let (project, told) = taken("clients.csv", text);
    assert_eq!(told["tables"], json!({ "clients": 3 }));
    let rows = project.query("select client_id || ' ' || name as row from lake.clients order by 1");
    assert!(rows.iter().map(|row| &row["row"]).eq(["101 A", "102 B", "103 C"]), "{rows:?}");
}

#[test]
fn what_is_cancelled_and_each_currency_are_told_apart() {
    let text = "Number,Date,Customer,Amount,Currency,Cancelled\n1,2026-06-01,A,100,usd,\n\
                2,2026-06-02,A,900,USD,yes\n3,2026-06-03,B,5000,392,no\n";
    let (_, ran) = inspected("mixed.csv", text, &[]);
    let told = ran.ends_with(0).stdout;
    for line in [
        "sum         shipment: 5 000.00 JPY in 1 rows",
        "sum         shipment: 100.00 USD in 1 rows, cancelled: 900.00 USD in 1 rows",
    ] {
        assert!(told.contains(line), "{told}");
    }
}

#[test]
fn currencies_are_known_by_code_number_and_word_and_others_are_rejected() {
    let rows = ["rub", "руб.", "RUR", "643", "₽"].map(|currency| format!("{currency};"));
    let text: String =
        (1..).zip(&rows).map(|(n, currency)| format!("{n};2026-06-01;A;1;{currency}\n")).collect();
    let (project, _) =
        taken("words.csv", format!("Number;Date;Customer;Amount;Currency;Note\n{text}"));
    assert_eq!(documents(&project), ["shipment 5 5.00 RUB"]);
    let text = "Number;Date;Customer;Amount;Currency\n1;2026-06-01;A;1;Taler\n";
    inspected("taler.csv", text, &[]).1.ends_with(3).says("\"Taler\" is no currency");
}

#[test]
fn two_columns_of_one_name_are_no_choice_and_others_are_read_beside_them() {
    let text = "Number,Date,Customer,Amount,Amount\n1,2026-06-01,A,150.00,12000.00\n";
    inspected("doubled.csv", text, &[])
        .1
        .ends_with(3)
        .says("several columns are called \"Amount\"");
    let by_hand = |amount: &str| {
        let pipeline = format!(
            "version: 1\nname: hand\nsources:\n  - name: hand\n    fetch: {{ files: {{ url: exports, pattern: \"*.csv\" }} }}\n    \
             read: {{ csv: {{ encoding: utf-8, delimiter: \",\", decimal: \".\", date: \"%Y-%m-%d\" }} }}\n    \
             into:\n      documents:\n        columns: {{ document_id: Number, kind: {{ value: shipment }}, date: Date, client_id: Customer, amount: {amount}, currency: {{ value: RUB }} }}\n    load: upsert\n"
        );
        let project = Project::new().file("exports/doubled.csv", text);
        project.write("pipelines/hand.yaml", pipeline);
        let ran = project.run(&["run"]);
        (project, ran)
    };
    let (_, ran) = by_hand("Amount");
    ran.ends_with(1)
        .says("row 1: columns 4 and 5 are both called \"Amount\"")
        .says("\"Amount (1)\" is column 4, \"Amount (2)\" is column 5");
    // The hint holds as it is written.
    let (project, ran) = by_hand("\"Amount (2)\"");
    ran.ends_with(0);
    assert_eq!(documents(&project), ["shipment 1 12000.00 RUB"]);
    let list = Sheet::default()
        .row(
            0,
            &[
                "SD Document",
                "Document Date",
                "Sold-To Party",
                "Name 1",
                "Description",
                "Net Value",
                "Document Currency",
                "Description",
            ],
        )
        .row(0, &["6000001", "2026-06-01", "100", "Alpha", "Oil", "100", "EUR", "kg"])
        .row(0, &["6000002", "2026-06-02", "200", "Beta", "Gas", "50", "EUR", "kg"]);
    let (project, _) = taken("alv.xlsx", list.bytes());
    assert_eq!(clients(&project), ["6000001=100", "6000002=200"]);
}

#[test]
fn kinds_are_mapped_left_out_or_rejected_by_name() {
    let text = "Дата;Номер;Вид документа;Контрагент;Сумма\n01.06.2026;1;Реализация товаров;А;100,00\n\
                02.06.2026;2;Поступление на расчетный счет;А;70,00\n03.06.2026;3;Приходный кассовый ордер;А;30,00\n\
                04.06.2026;4;Поступление (акт, накладная);П;900,00\n05.06.2026;5;Списание с расчетного счета;П;900,00\n";
    let (project, told) = taken("journal.csv", text);
    assert_eq!(documents(&project), ["payment 2 100.00 RUB", "shipment 1 100.00 RUB"]);
    let notes = told["notes"].to_string();
    assert!(notes.contains("left out, as no business with clients"), "{notes}");
    let (_, ran) = inspected("barter.csv", format!("{text}06.06.2026;6;Бартер;А;1,00\n"), &[]);
    let ran = ran.ends_with(0);
    assert!(
        ran.stdout.contains("not known as kinds, their rows are rejected: \"Бартер\""),
        "{}",
        ran.stdout
    );
    let ran = ran.says("a run would refuse it").says("\"Бартер\" matches no pattern of \"map\"");
    assert!(!ran.stdout.contains("\"*\""), "{}", ran.stdout);
}

#[test]
fn guesses_are_told_by_inspect_and_by_the_first_run() {
    let text = "Number,Date,Customer,Amount\n1,10/06/2026,A,20.00\n2,10/08/2026,B,10.00\n";
    let (project, told) = taken("guess.csv", text);
    // Two days of October are likelier than two of June and August.
    let days = project.query("select min(date) as first, max(date) as last from lake.documents");
    assert_eq!((&days[0]["first"], &days[0]["last"]), (&json!("2026-10-06"), &json!("2026-10-08")));
    let guesses: Vec<&str> =
        told["guesses"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(guesses.len(), 3, "{guesses:?}");
    let project = Project::new().file("exports/guess.csv", text);
    let path = project.path("exports/guess.csv");
    project.run(&["inspect", path.to_str().unwrap(), "--init"]).ends_with(0);
    let mut first = project.run(&["run"]).ends_with(0);
    for guess in guesses {
        first = first.says(&format!("a guess of \"inspect\": {guess}"));
    }
    project.write("exports/guess.csv", format!("{text}3,10/09/2026,B,1.00\n"));
    assert!(!project.run(&["run"]).ends_with(0).stderr.contains("a guess"));
}

#[test]
fn a_total_that_lines_repeat_is_taken_once() {
    let text = "Invoice Number,Invoice Date,Customer Name,Item,Total\n1,2026-06-01,A,x,35.00\n\
                1,2026-06-01,A,y,35.00\n2,2026-06-02,B,z,10.00\n";
    let (project, told) = taken("repeated.csv", text);
    assert_eq!(documents(&project), ["shipment 2 45.00 RUB"]);
    assert!(told["pipeline"].as_str().unwrap().contains("once: true"), "{told}");
    assert!(told["guesses"].to_string().contains("it is taken once"), "{told}");
}

#[test]
fn titles_among_rows_and_a_line_without_an_amount_reject_nothing() {
    let text = "Type,Date,Num,Memo,Name,Amount\nParts,,,,,\nInvoice,2026-06-15,1,x,A,20.00\n\
                Invoice,2026-06-16,2,y,B,500.00\nInvoice,2026-06-16,2,remark,B,\nTOTAL,,,,,520.00\n";
    let (project, told) = taken("detail.csv", text);
    assert_eq!(told["rows"]["rejected"], 0, "{told}");
    assert_eq!(documents(&project), ["invoice 2 520.00 RUB"]);
    assert!(told["notes"].to_string().contains("1 lines of documents have no amount"), "{told}");
    let bare = text.replace("B,500.00", "B,").replace(",520.00", ",20.00");
    inspected("bare.csv", bare, &[])
        .1
        .ends_with(0)
        .says("2 of 3 rows rejected")
        .says("no line of the document has an amount");
}

#[test]
fn months_across_are_a_report_without_levels_too() {
    let sheet = Sheet::default()
        .row(0, &["Контрагент", "Январь 2026 г.", "", "Февраль 2026 г.", ""])
        .row(0, &["", "Количество", "Сумма", "Количество", "Сумма"])
        .row(0, &["А", "2", "200", "3", "300"])
        .row(0, &["Б", "3", "300", "", ""])
        .row(0, &["В", "", "", "1", "-90"]);
    let (project, told) = taken("months.xlsx", sheet.bytes());
    assert_eq!(told["preset"], "1c_sales_by_month");
    assert_eq!(documents(&project), ["return 1 90.00 RUB", "shipment 3 800.00 RUB"]);
}

#[test]
fn a_column_of_indicators_and_partners_are_known_in_reports() {
    let report = |client: &str| {
        Sheet::default()
            .row(0, &["Продажи"])
            .row(0, &[client, "Сумма"])
            .row(0, &["Документ", ""])
            .row(0, &["Альфа", "30"])
            .row(1, &["Реализация (акт, накладная) 00-001 от 05.03.2026 12:00:00", "10"])
            .row(1, &["Реализация (акт, накладная) 00-002 от 06.03.2026 12:00:00", "20"])
            .row(0, &["Итого", "30"])
            .bytes()
    };
    for client in ["Партнер", "Партнёр", "КЛИЕНТ"] {
        let (project, told) = taken("report.xlsx", report(client));
        assert_eq!(told["preset"], "1c_sales_report", "{client}");
        assert_eq!(documents(&project), ["shipment 2 30.00 RUB"], "{client}");
    }
    // Turnover without documents is no list of clients, and the hint is to be followed.
    let turnover = Sheet::default()
        .row(0, &["Субконто", "Показа-\nтели", "Оборот Дт"])
        .row(0, &["62.01", "БУ", "300"])
        .row(1, &["Альфа", "БУ", "200"])
        .row(2, &["Договор 1", "БУ", "200"])
        .row(1, &["Бета", "БУ", "100"])
        .row(2, &["Договор 2", "БУ", "100"])
        .row(0, &["Итого", "БУ", "300"]);
    inspected("turnover.xlsx", turnover.bytes(), &[])
        .1
        .ends_with(3)
        .says("report: { labels: [\"Субконто\", \"level 2\", \"level 3\"] }");
}

#[test]
fn spaces_before_names_are_levels_where_nothing_else_tells() {
    let text = [
        "Отгрузка за март 2026 г.;;;",
        "Сектор / Клиент;Адрес;Кол-во;Сумма",
        "Покупатели;;9;900",
        "   Отдел 1;;9;900",
        "      Сектор 1;;9;900",
        "Альфа;ул. 1;2;200",
        "Альфа;ул. 2;3;300",
        "Бета;ул. 3;4;400",
        "ИТОГО;;9;900",
    ]
    .join("\n");
    let project = Project::new().file("exports/levels.csv", text);
    let pipeline = |labels: &str| {
        format!(
            "version: 1\nname: hand\nsources:\n  - name: hand\n    fetch: {{ files: {{ url: exports, pattern: \"*.csv\" }} }}\n    \
             read: {{ csv: {{ encoding: utf-8, delimiter: \";\", decimal: \",\", date: \"%Y-%m-%d\", report: {{ labels: {labels} }} }} }}\n    \
             into: {{ clients: {{ columns: {{ client_id: \"level 4\", name: \"level 4\" }} }} }}\n    load: upsert\n"
        )
    };
    project.write("pipelines/hand.yaml", pipeline("[Сектор / Клиент]"));
    project
        .run(&["run"])
        .ends_with(1)
        .says("its rows stand on 4 levels, as the spaces before names tell")
        .says("[\"Сектор / Клиент\", \"level 2\", \"level 3\", \"level 4\"]");
    let labels = "[\"Сектор / Клиент\", \"level 2\", \"level 3\", \"level 4\"]";
    project.write("pipelines/hand.yaml", pipeline(labels));
    project.run(&["run"]).ends_with(0);
    let rows = project.query("select client_id as row from lake.clients order by 1");
    assert!(rows.iter().map(|row| &row["row"]).eq(["Альфа", "Бета"]), "{rows:?}");
}

#[test]
fn a_proposal_that_loads_nothing_says_why() {
    let text = "#FLAGGA 0\n#FORMAT PC8\n#SIETYP 1\n#FNAMN \"A\"\n#KONTO 1510 \"Kundfordringar\"\n#UB 0 1510 100.00\n";
    let (project, ran) = inspected("balances.se", text, &["--init"]);
    ran.ends_with(3).says("SIE type 1 has balances and no vouchers: ask for type 4");
    project.write(
        "pipelines/balances.yaml",
        "version: 1\nname: balances\nsources:\n  - name: balances\n    fetch: { files: { url: exports, pattern: \"*.se\" } }\n    preset: sie\n",
    );
    project.run(&["run"]).ends_with(1).says("ask for type 4");
}

#[test]
fn money_of_nobody_is_no_reject_by_rule() {
    let text =
        "Number;Date;Customer;Amount;Note\n1;2026-03-31;Acme;10.00;x\n2;2026-03-31;;5.00;y\n";
    let ran = inspected("hole.csv", text, &[]).1.ends_with(0);
    assert!(!ran.stdout.contains("no_client"), "{}", ran.stdout);
    ran.says("a run would refuse it").says("is empty, and \"client_id\" must have a value");
    let nothing = "Number;Date;Customer;Amount;Note\n1;2026-03-31;Acme;10.00;x\n2;2026-03-31;;;y\n";
    let ran = inspected("void.csv", nothing, &[]).1.ends_with(0);
    assert!(ran.stdout.contains("reason: no_client"), "{}", ran.stdout);
}

#[test]
fn values_decide_what_headers_leave_open() {
    // An amount of tax is no tax id, and a code that several names share is no client's.
    let text = "Invoice,Date,Customer,Account Code,Net,VAT,Total\n1,2026-06-01,Alpha,200,100.00,20.00,120.00\n\
                2,2026-06-02,Beta,200,200.00,40.00,240.00\n3,2026-06-15,Alpha,200,200.00,40.00,240.00\n";
    let (project, _) = taken("vat.csv", text);
    assert_eq!(clients(&project), ["1=Alpha", "2=Beta", "3=Alpha"]);
    inspected("goods.csv", "Code;Name;VAT;Stock\n1;Bolt;20;5\n2;Bread;10;7\n", &[]).1.ends_with(3);
    inspected("staff.csv", "Name,Position,Phone\nAnn,Head,1\nBob,Clerk,2\n", &[]).1.ends_with(3);
    // A column that holds kinds or currencies is one, whatever it is called.
    let text = "Номер;Дата;Контрагент;Сумма;Тип;Ccy\n1;01.06.2026;А;100,00;Реализация;EUR\n\
                2;02.06.2026;П;900,00;Поступление;EUR\n3;03.06.2026;А;40,00;Возврат;eur\n";
    let (project, _) = taken("kinds.csv", text);
    assert_eq!(documents(&project), ["return 1 40.00 EUR", "shipment 1 100.00 EUR"]);
    for (header, value) in [
        ("Отмена", "Да"),
        ("Invoice State", "voided"),
        ("Состояние документа", "Помечен на удаление"),
        ("Voided", "true"),
        ("Cancelled Date", "2026-06-05"),
    ] {
        let other = if header.ends_with("Date") { "" } else { "нет" };
        let text = format!(
            "Number,Date,Customer,Amount,{header}\n1,2026-06-01,A,100,{other}\n2,2026-06-02,A,900,{value}\n"
        );
        let (project, told) = taken("void.csv", text);
        assert_eq!(
            documents(&project),
            ["shipment 1 100.00 RUB"],
            "{header}: {}",
            told["pipeline"]
        );
    }
    // A preset that has no rule for it is given one, and how a document stands is no kind.
    let text =
        "Номер;Дата;Контрагент;Сумма;Отмена\n1;15.06.2026;А;100,00;\n2;16.06.2026;Б;900,00;Да\n";
    let (project, told) = taken("register.csv", text);
    assert_eq!(told["preset"], "1c_sales_register");
    assert_eq!(documents(&project), ["shipment 1 100.00 RUB"], "{told}");
    let text = "Number,Date,Customer,Amount,Status\n1,2026-06-15,A,100,Payment received\n2,2026-06-16,B,70,Order cancelled\n";
    let (project, told) = taken("status.csv", text);
    assert_eq!(documents(&project), ["shipment 2 170.00 RUB"]);
    assert!(told["notes"].to_string().contains("column \\\"Status\\\" may say"), "{told}");
    // Nobody writes money with three decimals.
    let text = "Rechnungsnr;Datum;Kunde;Betrag\n1;01.06.2026;A;1.200\n2;02.06.2026;A;3.450\n";
    let (project, told) = taken("thousands.csv", text);
    assert_eq!(documents(&project), ["shipment 2 4650.00 RUB"]);
    assert!(told["guesses"].to_string().contains("are thousands"), "{told}");
    // A quantity times a price is a line's own amount.
    let text = "Number,Date,Customer,Item,Quantity,Price,Amount\n1,2026-06-01,A,x,2,5,10\n1,2026-06-01,A,y,2,5,10\n";
    let (project, _) = taken("lines.csv", text);
    assert_eq!(documents(&project), ["shipment 1 20.00 RUB"]);
}

#[test]
fn what_a_preset_judges_by_is_left_to_it() {
    let text = "Name,Email,Financial Status,Currency,Subtotal,Shipping,Total,Created at,Lineitem quantity,Lineitem name,\
                Lineitem price,Billing Name,Billing Company,Cancelled at\n\
                #1,a@a.example,paid,EUR,30.00,5.00,35.00,2026-06-01 10:00:00 +0200,2,x,10.00,Ann,Alpha,\n\
                #1,a@a.example,,,,,,2026-06-01 10:00:00 +0200,2,y,5.00,,,\n\
                #2,b@b.example,voided,EUR,10.00,0.00,10.00,2026-06-15 11:30:00 +0200,1,x,10.00,Bob,Beta,2026-06-16 09:00:00 +0200\n";
    let (project, told) = taken("orders.csv", text);
    assert_eq!(told["preset"], "shopify_orders");
    assert_eq!(clients(&project), ["#1=Alpha", "#2=Beta"]);
    let cancelled = project.query("select document_id from lake.documents where cancelled");
    assert_eq!(cancelled, [json!({ "document_id": "#2" })]);
}
