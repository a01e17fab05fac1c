//! `inspect`: exports that presets know, workbooks, names and addresses; and what is said of what is
//! no export.

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::project::{Project, Ran};
use crate::sheet::Sheet;

/// Looks into `file` of the project.
fn inspect(project: &Project, file: &str, more: &[&str]) -> Ran {
    let path = project.path(file);
    let mut arguments = vec!["inspect", path.to_str().unwrap()];
    arguments.extend(more);
    project.run(&arguments)
}

/// What `inspect --json` tells of the export `name` with `bytes`, once its pipeline was written,
/// found valid and run.
#[track_caller]
pub(crate) fn taken(name: &str, bytes: impl AsRef<[u8]>) -> (Project, Value) {
    let project = Project::new().file(&format!("exports/{name}"), bytes);
    let ran = inspect(&project, &format!("exports/{name}"), &["--init", "--json"]).ends_with(0);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    project.run(&["validate"]).ends_with(0);
    project.run(&["run"]).ends_with(0);
    assert_eq!(counted(&told), loaded(&project), "{name}: {}", told["pipeline"]);
    (project, told)
}

/// Documents by kind, currency and whether they are cancelled, with their sum, as `inspect` told.
fn counted(told: &Value) -> Vec<String> {
    let mut counted = Vec::new();
    for sum in told["documents"].as_array().unwrap() {
        for (cancelled, part) in [(false, sum), (true, &sum["cancelled"])] {
            if part["rows"] != 0 {
                let word = |key: &str| sum[key].as_str().unwrap().to_owned();
                let (kind, currency) = (word("kind"), word("currency"));
                let (rows, amount) = (&part["rows"], part["sum"].as_str().unwrap());
                counted.push(format!("{kind} {currency} {cancelled} {rows} {amount}"));
            }
        }
    }
    counted.sort();
    counted
}

/// The same of the lake after a run.
fn loaded(project: &Project) -> Vec<String> {
    let rows = project.query(
        "select kind || ' ' || currency || ' ' || cast(cancelled as varchar) || ' ' \
         || cast(count(*) as varchar) || ' ' || cast(sum(amount) as varchar) as row \
         from lake.documents group by kind, currency, cancelled order by 1",
    );
    rows.iter().map(|row| row["row"].as_str().unwrap().to_owned()).collect()
}

/// The documents of the lake: kind, rows, sum, in the order of kinds.
pub(crate) fn documents(project: &Project) -> Vec<String> {
    let rows = project.query(
        "select kind || ' ' || cast(count(*) as varchar) || ' ' || cast(sum(amount) as varchar) \
         || ' ' || max(currency) as row from lake.documents group by kind order by kind",
    );
    rows.iter().map(|row| row["row"].as_str().unwrap().to_owned()).collect()
}

/// One text of the lake.
fn text(project: &Project, sql: &str) -> String {
    project.query(sql)[0]["text"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn tables_with_the_columns_of_a_preset_are_read_by_it() {
    let refusals = "select cast(count(*) as varchar) || ' ' || max(client_id) || ' ' \
        || cast(sum(amount) as varchar) as text from lake.refusals";
    let documents = "select cast(count(*) as varchar) || ' ' || max(client_id) || ' ' \
        || cast(sum(amount) as varchar) as text from lake.documents";
    for (name, preset, sql, expected, bytes) in [
        (
            "quickbooks.csv",
            "quickbooks_sales_by_customer",
            documents,
            "2 Bolts 150.00",
            "Acme Ltd,,,,,,,,\nSales by Customer Detail,,,,,,,,\n\n\
             ,Date,Transaction Type,Num,Product/Service,Memo/Description,Qty,Sales Price,Amount,Balance\n\
             Acme,,,,,,,,,\n,03/31/2026,Invoice,1001,Bolts,,1,100.00,\"$100.00\",100.00\n\
             Total for Acme,,,,,,,,\"$100.00\",\n\
             Bolts,,,,,,,,,\n,04/01/2026,Invoice,1002,Nuts,,1,50.00,50.00,50.00\n\
             Total for Bolts,,,,,,,,$50.00,\nTOTAL,,,,,,,,$150.00,\n",
        ),
        (
            "xero.csv",
            "xero_invoices",
            documents,
            "1 Acme 30.00",
            "*ContactName,EmailAddress,*InvoiceNumber,*InvoiceDate,*DueDate,*Description,*Quantity,*UnitAmount\n\
             Acme,a@acme.example,INV-1,31/03/2026,30/04/2026,Bolts,2,10.00\n\
             Acme,a@acme.example,INV-1,31/03/2026,30/04/2026,Nuts,1,10.00\n",
        ),
        (
            "amo.csv",
            "amocrm_deals",
            refusals,
            "1 Ромашка 5000.00",
            "ID,Название сделки,Бюджет,Ответственный,Дата создания сделки,Дата закрытия,Этап сделки,Воронка,Компания контакта,Причина отказа\n\
             1,Сделка,5000,Иванов,01.03.2026,31.03.2026,Закрыто и не реализовано,Продажи,Ромашка,Дорого\n\
             2,Сделка 2,700,Иванов,01.03.2026,не закрыта,Переговоры,Продажи,Ромашка,\n",
        ),
        (
            "hubspot.csv",
            "hubspot_deals",
            refusals,
            "1 Acme 500.00",
            "Record ID,Deal Name,Deal Stage,Close Date,Amount,Deal owner,Closed Lost Reason,Associated Company\n\
             1,Bolts,Closed Lost,2026-03-31 10:00,500,Ann,Price,Acme\n",
        ),
        (
            "pipedrive.csv",
            "pipedrive_deals",
            refusals,
            "1 Acme 500.00",
            "Deal - ID,Deal - Title,Deal - Status,Deal - Value,Deal - Lost time,Deal - Lost reason,Deal - Organization\n\
             1,Bolts,Lost,500,2026-03-31 10:00:00,Price,Acme\n",
        ),
        (
            "salesforce.csv",
            "salesforce_opportunities",
            refusals,
            "1 Acme 500.00",
            "\"Opportunity ID\",\"Opportunity Name\",\"Account Name\",\"Stage\",\"Close Date\",\"Amount\",\"Loss Reason\"\n\
             \"1\",\"Bolts\",\"Acme\",\"Closed Lost\",\"3/31/2026\",\"$500.00\",\"Price\"\n\
             \"Grand Totals (1 record)\"\n",
        ),
        (
            "register.csv",
            "1c_sales_register",
            documents,
            "2 Бета 1300.00",
            "Дата,Номер,Контрагент,ИНН,Сумма\n31.03.2026 12:00:00,1,Альфа,7701234567,\"1 200,00\"\n\
             31.03.2026 12:30:00,2,Бета,7701234568,\"100,00\"\nИтого,,,,\"1 300,00\"\n",
        ),
    ] {
        let (project, told) = taken(name, bytes);
        assert_eq!(told["preset"], preset, "{name}");
        assert_eq!(text(&project, sql), expected, "{name}: {}", told["pipeline"]);
    }
}

#[test]
fn a_list_of_clients_is_loaded_without_documents() {
    let (project, told) = taken(
        "clients.csv",
        "Код;Наименование;ИНН;Телефон\n001;ООО Ромашка;7701234567;+7 900\n002;ИП Иванов;;\n",
    );
    assert_eq!(told["tables"], json!({ "clients": 2 }));
    let sql = "select client_id || ' ' || name || ' ' || tax_id as text from lake.clients \
               order by client_id";
    assert_eq!(text(&project, sql), "001 ООО Ромашка 7701234567");
}

#[test]
fn a_tax_id_on_every_row_is_the_clients_key() {
    let (project, _) = taken(
        "taxed.csv",
        "Number;Date;Customer;VAT ID;Amount\n1;2026-03-31;Acme;DE123456789;10.00\n2;2026-03-31;Acme Ltd;DE123456789;5.00\n",
    );
    let sql = "select string_agg(distinct client_id, ' ') as text from lake.documents";
    assert_eq!(text(&project, sql), "DE123456789");
}

#[test]
fn workbooks_are_loaded_as_they_are() {
    let rows = Sheet::default()
        .row(0, &["Реестр документов"])
        .row(0, &["Период: март 2026 г."])
        .row(0, &[])
        .row(0, &["Номер", "Дата", "Клиент", "Цена", "Количество"])
        .row(0, &["1", "31.03.2026", "Альфа", "10.50", "2"])
        .row(0, &["2", "31.03.2026", "Бета", "1", "4"])
        .row(0, &["Итого", "", "", "", "6"])
        .merge("A1:E1");
    let (project, told) = taken("Реестр [март].xlsx", rows.bytes());
    assert_eq!((&told["format"], &told["header_row"]), (&json!("XLSX"), &json!(4)));
    assert_eq!(documents(&project), ["shipment 2 25.00 RUB"], "{}", told["pipeline"]);

    let register = Sheet::default()
        .row(0, &["Дата", "Номер", "Контрагент", "Сумма"])
        .row(0, &["31.03.2026 0:00:00", "1", "Альфа", "10.50"])
        .row(0, &["31.03.2026 0:00:00", "2", "Бета", "1"])
        .row(0, &["Итого", "", "", "11.50"]);
    let (project, told) = taken("register.xlsx", register.bytes());
    assert_eq!(told["preset"], "1c_sales_register");
    assert_eq!(
        text(&project, "select cast(sum(amount) as varchar) as text from lake.documents"),
        "11.50"
    );

    let report = Sheet::default()
        .row(0, &["Продажи"])
        .row(0, &["Период: март 2026 г."])
        .row(0, &["Контрагент", "Сумма"])
        .row(0, &["Документ", ""])
        .row(0, &["Альфа", "30.25"])
        .row(1, &["Реализация (акт, накладная) 00-001 от 05.03.2026 12:00:00", "10.25"])
        .row(1, &["Реализация (акт, накладная) 00-002 от 06.03.2026 12:00:00", "20"])
        .row(0, &["Бета", "5"])
        .row(1, &["Реализация (акт, накладная) 00-003 от 07.03.2026 12:00:00", "5"])
        .row(0, &["Итого", "35.25"]);
    let (project, told) = taken("Продажи.xlsx", report.bytes());
    assert_eq!(told["preset"], "1c_sales_report");
    let sql = "select cast(count(*) as varchar) || ' ' || cast(sum(amount) as varchar) as text \
               from lake.documents";
    assert_eq!(text(&project, sql), "3 35.25");

    let turnover = Sheet::default()
        .row(0, &["Контрагент", "Выручка"])
        .row(0, &["Договор", ""])
        .row(0, &["Альфа", "10.25"])
        .row(1, &["Основной", "10.25"])
        .row(0, &["Бета", "20"])
        .row(1, &["Основной", "20"])
        .row(0, &["Итого", "30.25"]);
    // Amounts without days are no documents, and their clients alone are not what it says.
    let project = Project::new().file("exports/Оборот.xlsx", turnover.bytes());
    inspect(&project, "exports/Оборот.xlsx", &[])
        .ends_with(3)
        .says("it has no documents: no column is known as document_id, date");
}

/// Serves `body` on a free port; gives the port.
fn web_server(body: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = vec![0; 8192];
            let read = stream.read(&mut request).unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..read]).into_owned();
            let found = request.contains(" /exports/sales.csv ");
            let (status, body) = if found { ("200 OK", body) } else { ("404 Not Found", "") };
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
            );
            if request.starts_with("GET") {
                let _ = stream.write_all(body.as_bytes());
            }
        }
    });
    port
}

const PLAIN: &str = "Number,Date,Customer,Amount\n1,2026-03-31,Acme,12.50\n";

#[test]
fn names_addresses_and_archives_are_declared_so_that_a_run_finds_them() {
    for name in ["2026-03.csv", "Продажи за март (1).csv", "a [b] {c}!.csv", "null.csv"]
    {
        let (project, _) = taken(name, PLAIN);
        assert_eq!(documents(&project), ["shipment 1 12.50 RUB"], "{name}");
    }
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    zip.start_file("in/sales.csv", options).unwrap();
    zip.write_all(PLAIN.as_bytes()).unwrap();
    let (project, told) = taken("march.zip", zip.finish().unwrap().into_inner());
    assert_eq!(told["file"], "march.zip/in/sales.csv");
    assert_eq!(documents(&project), ["shipment 1 12.50 RUB"]);

    let project = Project::new();
    let url = format!("http://127.0.0.1:{}/exports/sales.csv", web_server(PLAIN));
    project.run(&["inspect", &url, "--init"]).ends_with(0);
    project.run(&["validate"]).ends_with(0);
    project.run(&["run"]).ends_with(0);
    assert_eq!(documents(&project), ["shipment 1 12.50 RUB"]);
    project.run(&["inspect", &format!("{url}x")]).ends_with(3);
}

#[test]
fn what_is_no_export_is_named() {
    let noise: Vec<u8> =
        (0..4000_u32).map(|one| (one.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for (name, bytes, code, message) in [
        ("empty.csv", b"".as_slice(), 1, "the file is empty"),
        ("invoice.pdf", b"%PDF-1.7\n%\xe2\xe3", 1, "this is a PDF"),
        ("noise.bin", &noise, 1, "bytes of a kind that is not known"),
        ("page.csv", b"<!doctype html><html></html>", 1, "this is a web page (HTML)"),
        ("odd.xml", b"<?xml version=\"1.0\"?><Odd/>", 1, "XML of a kind that is not known"),
        ("one.json", b"{\n  \"a\": 1\n}\n", 1, "JSON that is not one object a line"),
        ("empty.zip", b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 1, "holds no files"),
        ("stock.csv", b"Item,Left\nBolt,5\nNut,7\n", 3, "none is known as client_id, document_id"),
    ] {
        let project = Project::new().file(&format!("exports/{name}"), bytes);
        let ran = inspect(&project, &format!("exports/{name}"), &["--init"]).ends_with(code);
        ran.says(message);
        assert_eq!(std::fs::read_dir(project.path("pipelines")).unwrap().count(), 1, "{name}");
    }
    let project = Project::new().file("exports/sales.csv", PLAIN);
    inspect(&project, "exports/gone.csv", &[]).ends_with(3).says("does not exist");
    inspect(&project, "exports", &[]).ends_with(3).says("does not exist");
    inspect(&project, "exports/sales.csv", &["--init"]).ends_with(0);
    inspect(&project, "exports/sales.csv", &["--init"]).ends_with(64).says("is there already");
    let nowhere = Project::empty().file("sales.csv", PLAIN);
    inspect(&nowhere, "sales.csv", &["--init"]).ends_with(64).says("writes into a project");
    let doubtful = PLAIN.to_owned() + "2,2026-02-30,Acme,1\n3,2026-03-31,Acme,2\n";
    let doubtful = Project::new().file("sales.csv", doubtful);
    let doubted = inspect(&doubtful, "sales.csv", &[]).ends_with(0);
    let doubted = doubted.says("a run would refuse it").says("1 of 3 rows rejected");
    assert!(!doubted.stderr.contains("max_percent"), "{}", doubted.stderr);
    let told = inspect(&nowhere, "sales.csv", &[]).ends_with(0).stdout;
    assert!(told.contains("sum         shipment: 12.50 in 1 rows"), "{told}");
}

#[test]
fn a_large_register_has_its_total_found_at_its_end() {
    use std::fmt::Write;
    let mut rows = "Номер;Дата;Заказчик;Сумма\n".to_owned();
    for number in 1..=20_000 {
        writeln!(rows, "{number};31.03.2026;К{};1,01", number % 100).unwrap();
    }
    rows += "Итого;;;20 200,00\n";
    let (project, told) = taken("large.csv", &rows);
    assert_eq!(told["total_row"], 20_002);
    assert_eq!(told["rows"]["rejected"], 0);
    assert_eq!(documents(&project), ["shipment 20000 20200.00 RUB"]);
    project.write(
        "exports/large.csv",
        rows.replace("\n7;31.03.2026", "\n7;31.03.2026;К;1,00\n7b;31.03.2026"),
    );
    project.run(&["run"]).ends_with(1).says("control total");
}
