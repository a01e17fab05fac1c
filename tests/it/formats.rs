//! Formats beside CSV, exports of web servers, loads that add and loads that replace everything,
//! and rejects read again.

use std::io::{Read, Write};
use std::net::TcpListener;

use crate::project::Project;

/// A pipeline of documents; `{fetch}`, `{read}` and `{load}` are filled in.
const PIPELINE: &str = r"
version: 1
name: sales
sources:
  - name: books
    fetch: {fetch}
    read: {read}
    into:
      documents:
        columns:
          document_id: number
          kind: { value: shipment }
          date: date
          client_id: client
          amount: amount
          currency: { value: RUB }
    load: {load}
    rejects: { max_percent: 50 }
";

const CSV: &str =
    "{ csv: { encoding: utf-8, delimiter: \",\", decimal: \".\", date: \"%Y-%m-%d\" } }";

fn pipeline(fetch: &str, read: &str, load: &str) -> Project {
    let text = PIPELINE.replace("{fetch}", fetch).replace("{read}", read).replace("{load}", load);
    Project::new().file("pipelines/sales.yaml", text)
}

fn files(pattern: &str, read: &str, load: &str) -> Project {
    pipeline(&format!("{{ files: {{ url: exports, pattern: \"{pattern}\" }} }}"), read, load)
}

fn documents(project: &Project) -> Vec<String> {
    let rows = project.query(
        "select document_id || ' ' || cast(date as varchar) || ' ' || cast(amount as varchar) as row \
         from lake.documents order by document_id, date",
    );
    rows.iter().map(|row| row["row"].as_str().unwrap().to_owned()).collect()
}

fn csv(rows: &str) -> String {
    format!("number,date,client,amount\n{rows}")
}

#[test]
fn ndjson_is_read_with_the_digits_it_has() {
    let read = "{ ndjson: { date: \"%Y-%m-%d\" } }";
    let project = files("*.ndjson", read, "upsert").file(
        "exports/sales.ndjson",
        "{\"number\": 1, \"date\": \"2026-06-01\", \"client\": \"a\", \"amount\": 1200.50}\n\
         {\"number\": 2, \"date\": \"2026-06-31\", \"client\": \"a\", \"amount\": 3}\n\
         {\"number\": \"3\", \"date\": \"2026-06-03\", \"client\": \"b\", \"amount\": \"7.25\"}\n",
    );
    let ran = project.run(&["run"]).ends_with(0);
    assert!(ran.stdout.contains("3 rows read, 2 loaded, 1 rejected"), "{}", ran.stdout);
    assert_eq!(documents(&project), ["1 2026-06-01 1200.50", "3 2026-06-03 7.25"]);
    let rejects = project.query("select row, \"column\", value from lake.rejects");
    assert_eq!(
        rejects[0],
        serde_json::json!({ "row": 2, "column": "date", "value": "2026-06-31" })
    );
    let renamed = "{\"number\": 1, \"date\": \"2026-06-01\", \"customer\": \"a\", \"amount\": 1}\n";
    project.write("exports/sales_2.ndjson", renamed);
    let ran = project.run(&["run"]).ends_with(1);
    ran.says("export \"sales_2.ndjson\": column \"client\" not found");
    project.write("exports/sales_2.ndjson", "{\"number\": 1,\n");
    project.run(&["run"]).ends_with(1).says("row 1: is not one whole JSON object");
}

#[test]
fn parquet_is_read_by_its_types() {
    let supplier = files("*.csv", CSV, "upsert")
        .file("exports/sales.csv", csv("1,2026-06-01,a,1200.50\n2,2026-07-01,b,0.07\n"));
    supplier.run(&["run"]).ends_with(0);
    let lake: Vec<String> = supplier
        .run(&["--json", "ls"])
        .stdout
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|line| line["lake"] == "documents")
        .flat_map(|line| line["files"].as_array().unwrap().clone())
        .map(|file| file["path"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(lake.len(), 2);
    let project = files("*.parquet", "{ parquet: {} }", "upsert");
    let text = project.read("pipelines/sales.yaml");
    let text = text.replace("document_id: number", "document_id: document_id");
    project
        .write("pipelines/sales.yaml", text.replace("client_id: client", "client_id: client_id"));
    std::fs::create_dir_all(project.path("exports")).unwrap();
    for (number, path) in lake.iter().enumerate() {
        let to = project.path(&format!("exports/{number}.parquet"));
        std::fs::copy(supplier.path("lake").join(path), to).unwrap();
    }
    project.run(&["run"]).ends_with(0);
    assert_eq!(documents(&project), documents(&supplier));
    assert_eq!(project.run(&["run"]).ends_with(0).stdout, "up to date\n");
    project.write("exports/9.parquet", "no Parquet");
    project.run(&["run"]).ends_with(1).says("export \"9.parquet\": is no Parquet file");
}

/// Serves `body` on a free port to whoever carries `token`; gives the port.
fn web_server(body: String, token: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = vec![0; 8192];
            let read = stream.read(&mut request).unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..read]).into_owned();
            let allowed = request.to_lowercase().contains(&format!("bearer {token}"));
            let found = allowed && request.contains(" /exports/sales.csv?month=6 ");
            let status = if found { "200 OK" } else { "404 Not Found" };
            let length = if found { body.len() } else { 0 };
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
            );
            let _ = stream.write_all(head.as_bytes());
            if found && request.starts_with("GET") {
                let _ = stream.write_all(body.as_bytes());
            }
        }
    });
    port
}

#[test]
fn an_export_of_a_web_server_is_read_by_its_url() {
    let port = web_server(csv("1,2026-06-01,a,10\n"), "secret-token");
    let url = format!("http://127.0.0.1:{port}/exports/sales.csv");
    let project = pipeline(&format!("{{ http: {{ urls: [\"{url}?month=6\"] }} }}"), CSV, "upsert");
    let yaml = project.read("pipelines/project.yaml");
    let stores = format!(
        "stores:\n  - http: {{ url: \"http://127.0.0.1:{port}\", bearer_token: \"${{env:WEB_TOKEN}}\" }}\n"
    );
    project.write("pipelines/project.yaml", yaml + &stores);
    let run = |token: &str| -> crate::project::Ran {
        project.command(&["run"]).env("WEB_TOKEN", token).output().unwrap().into()
    };
    let refused = run("wrong-token").ends_with(3);
    assert!(!refused.stderr.contains("wrong-token"), "{}", refused.stderr);
    run("secret-token").ends_with(0);
    let count = project
        .command(&["--json", "sql", "select count(*) as n from lake.documents"])
        .env("WEB_TOKEN", "secret-token")
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&count.stdout), "{\"n\":1}\n");
    assert_eq!(run("secret-token").ends_with(0).stdout, "up to date\n");
}

#[test]
fn append_adds_and_takes_nothing_twice() {
    let project = files("*.csv", CSV, "append").file("exports/1.csv", csv("1,2026-06-01,a,10\n"));
    project.run(&["run"]).ends_with(0);
    project.write("exports/2.csv", csv("2,2026-06-02,a,20\n"));
    project.run(&["run"]).ends_with(0);
    assert_eq!(documents(&project), ["1 2026-06-01 10.00", "2 2026-06-02 20.00"]);
    for (name, rows, expected) in [
        ("3.csv", "1,2026-06-01,a,11\n", "of table \"documents\" is there already"),
        ("3.csv", "2,2026-07-02,a,20\n", "of table \"documents\" is there already"),
        (
            "3.csv",
            "2,2026-07-02,a,20\n2,2026-07-02,a,21\n",
            "of table \"documents\" is there already",
        ),
        ("2.csv", "2,2026-06-02,a,21\n", "export \"2.csv\" was loaded with other content"),
    ] {
        let before = std::fs::read(project.path(&format!("exports/{name}"))).ok();
        project.write(&format!("exports/{name}"), csv(rows));
        project.run(&["run"]).ends_with(1).says(expected);
        match before {
            Some(before) => project.write(&format!("exports/{name}"), before),
            None => std::fs::remove_file(project.path(&format!("exports/{name}"))).unwrap(),
        }
    }
    assert_eq!(documents(&project).len(), 2, "nothing was loaded");
    project.write("exports/3.csv", csv("3,2026-06-02,a,30\n"));
    project.run(&["run"]).ends_with(0);
    assert_eq!(documents(&project).len(), 3);
}

#[test]
fn replace_makes_the_last_export_everything() {
    let project = files("*.csv", CSV, "{ replace: { min_share: 0.5 } }").file(
        "exports/2026-06.csv",
        csv("1,2026-05-01,a,10\n2,2026-06-01,a,20\n3,2026-06-02,b,30\n"),
    );
    project.run(&["run"]).ends_with(0);
    project.write("exports/2026-07.csv", csv("2,2026-06-01,a,21\n4,2026-07-02,b,40\n"));
    project.write("exports/2026-01.csv", csv("9,2026-01-01,z,1\n"));
    project.run(&["run"]).ends_with(0);
    assert_eq!(documents(&project), ["2 2026-06-01 21.00", "4 2026-07-02 40.00"]);
    assert_eq!(project.run(&["run"]).ends_with(0).stdout, "up to date\n");
    project.write("exports/2026-08.csv", csv("1,2026-05-01,a,10\n"));
    project.run(&["run"]).ends_with(0);
    project.write(
        "exports/2026-08.csv",
        csv("1,2026-05-01,a,10\n2,2026-05-01,a,10\n5,2026-05-01,a,1\n"),
    );
    project.run(&["run"]).ends_with(0);
    project.write("exports/2026-09.csv", csv("1,2026-05-01,a,10\n"));
    let refused = project.run(&["run"]).ends_with(1);
    refused.says("export \"2026-09.csv\": brings 1 rows of \"documents\", the lake has 3");
    project.run(&["run", "--accept"]).ends_with(0);
    assert_eq!(documents(&project), ["1 2026-05-01 10.00"]);
}

#[test]
fn rejects_are_read_again_though_the_export_is_gone() {
    let load =
        "{ replace_period: { column: date, period: month, covers: { name: \"sales_%Y-%m\" } } }";
    let rows = "1,2026-06-01,a,10\n2,03.06.2026,b,20\n3,2026-06-04,,5\n";
    let project = files("*.csv", CSV, load).file("exports/sales_2026-06.csv", csv(rows));
    let text = project.read("pipelines/sales.yaml").replace("max_percent: 50", "max_percent: 90");
    project.write("pipelines/sales.yaml", &text);
    project.run(&["run"]).ends_with(0);
    assert_eq!(documents(&project), ["1 2026-06-01 10.00"]);
    std::fs::remove_file(project.path("exports/sales_2026-06.csv")).unwrap();
    let again = project.run(&["rejects", "replay"]).ends_with(0);
    assert_eq!(again.stdout, "books/sales_2026-06.csv: 0 rows loaded, 2 stay rejected\n");
    project.write("pipelines/sales.yaml", text.replace("%Y-%m-%d", "%d.%m.%Y"));
    let again = project.run(&["rejects", "replay", "--source", "books"]).ends_with(0);
    assert_eq!(again.stdout, "books/sales_2026-06.csv: 1 rows loaded, 1 stay rejected\n");
    assert_eq!(documents(&project), ["1 2026-06-01 10.00", "2 2026-06-03 20.00"]);
    let given_up = project.run(&["rejects", "discard", "--source", "books"]).ends_with(0);
    assert_eq!(given_up.stdout, "books/sales_2026-06.csv: 1 rows given up\n");
    assert_eq!(project.query("select count(*) as n from lake.rejects")[0]["n"], 0);
    project
        .run(&["rejects", "replay", "--source", "bookz"])
        .ends_with(3)
        .says("did you mean \"books\"?");
    let runs = project.run(&["runs"]).ends_with(0);
    assert_eq!(runs.stdout.lines().count(), 4, "{}", runs.stdout);
}

#[test]
fn replay_takes_each_row_once_and_brings_nothing_back_that_was_replaced() {
    let load = "{ replace_period: { column: date, period: month } }";
    let project = files("*.csv", CSV, load)
        .file("exports/cur.csv", csv("1,2026-01-05,a,1\n8,06.01.2026,b,2\n"));
    let text = project.read("pipelines/sales.yaml");
    project.run(&["run"]).ends_with(0);
    // Two exports of one name, each standing for its own month, each with a reject in row 3.
    project.write("exports/cur.csv", csv("2,2026-03-05,a,1\n9,06.03.2026,b,2\n"));
    project.run(&["run"]).ends_with(0);
    // A later export takes May over, where the earlier one has a reject.
    project.write(
        "exports/spring.csv",
        csv("3,2026-04-05,a,1\n4,2026-05-05,a,1\n7,06.05.2026,b,7000\n"),
    );
    project.run(&["run"]).ends_with(0);
    project.write("exports/spring_may.csv", csv("4,2026-05-05,a,4\n"));
    project.run(&["run"]).ends_with(0);
    project.write("pipelines/sales.yaml", text.replace("%Y-%m-%d", "%d.%m.%Y"));
    let again = project.run(&["rejects", "replay"]).ends_with(0);
    assert_eq!(
        again.stdout,
        "books/cur.csv: 1 rows loaded, 0 stay rejected\n\
         books/cur.csv: 1 rows loaded, 0 stay rejected\n\
         books/spring.csv: 0 rows loaded, 0 stay rejected\n"
    );
    assert_eq!(
        documents(&project),
        [
            "1 2026-01-05 1.00",
            "2 2026-03-05 1.00",
            "3 2026-04-05 1.00",
            "4 2026-05-05 4.00",
            "8 2026-01-06 2.00",
            "9 2026-03-06 2.00",
        ]
    );
    assert_eq!(project.query("select count(*) as n from lake.rejects")[0]["n"], 0);
}

#[test]
fn an_archived_export_does_not_make_an_older_one_everything() {
    let project = files("*.csv", CSV, "{ replace: {} }")
        .file("exports/2026-06.csv", csv("1,2026-06-01,a,1\n"))
        .file("exports/2026-07.csv", csv("1,2026-06-01,a,100\n"));
    project.run(&["run"]).ends_with(0);
    std::fs::remove_file(project.path("exports/2026-07.csv")).unwrap();
    assert_eq!(project.run(&["run"]).ends_with(0).stdout, "up to date\n");
    assert_eq!(documents(&project), ["1 2026-06-01 100.00"]);
}

#[test]
fn append_stands_a_change_of_the_declaration() {
    let project = files("*.csv", CSV, "append").file("exports/1.csv", csv("1,2026-06-01,a,10\n"));
    project.run(&["run"]).ends_with(0);
    let text = project.read("pipelines/sales.yaml");
    let more = text.replace("amount: amount\n", "amount: amount\n          manager: client\n");
    assert_ne!(more, text);
    project.write("pipelines/sales.yaml", more);
    assert_eq!(project.run(&["run"]).ends_with(0).stdout, "up to date\n");
    project.write("exports/2.csv", csv("2,2026-06-02,b,20\n"));
    project.run(&["run"]).ends_with(0);
    assert_eq!(documents(&project).len(), 2);
}

#[test]
fn latest_holds_no_format_that_is_no_longer_published() {
    let project = files("*.csv", CSV, "upsert").file("exports/1.csv", csv("1,2026-06-01,a,10\n"));
    let text = project.read("pipelines/sales.yaml");
    let publish = |formats: &str| {
        let publish = format!("publish:\n  - {{ table: dim_clients, to: bi, as: [{formats}] }}\n");
        project.write("pipelines/sales.yaml", text.clone() + &publish);
        project.run(&["run"]).ends_with(0);
        let latest = std::fs::read_dir(project.path("published/latest")).unwrap();
        let mut names: Vec<String> =
            latest.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let all = ["dim_clients.csv", "dim_clients.excel.csv", "dim_clients.parquet"];
    assert_eq!(publish("parquet, csv"), all);
    assert_eq!(publish("parquet"), ["dim_clients.parquet"]);
}
