//! A quarter, once published, against what late documents make of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use crate::project::Project;

const PIPELINE: &str = r#"
version: 1
name: review
made_for: quarter
sources:
  - name: books
    fetch: { files: { url: exports, pattern: "sales_*.csv" } }
    read: { csv: { encoding: utf-8, delimiter: ",", decimal: ".", date: "%Y-%m-%d" } }
    into:
      documents:
        columns:
          document_id: number
          kind: { value: shipment }
          date: date
          client_id: client
          amount: amount
          currency: { value: RUB }
          manager: manager
    load: { replace_period: { column: date, period: month, covers: { name: "sales_%Y-%m" } } }
publish:
  - { table: client_base, to: bi, as: [parquet] }
  - { table: manager_book, to: bi, as: [parquet] }
  - { table: refusal_dynamics, to: bi, as: [parquet] }
  - { table: return_cohorts, to: bi, as: [parquet] }
  - { table: return_conversion, to: bi, as: [parquet] }
  - { table: restatements, to: bi, as: [parquet] }
"#;

/// The export of a month: each client buys for 100 on the given day.
fn export(project: &Project, month: u32, sales: &[(&str, u32, &str)]) {
    let mut lines = "number,date,client,amount,manager\n".to_owned();
    for (number, (client, day, manager)) in sales.iter().enumerate() {
        let _ =
            writeln!(lines, "{month}-{number},2026-{month:02}-{day:02},{client},100.00,{manager}");
    }
    project.write(&format!("exports/sales_2026-{month:02}.csv"), lines);
}

fn files(project: &Project, quarter: &str) -> BTreeMap<String, String> {
    let listed = project.run(&["--json", "ls"]).ends_with(0);
    let lines = listed.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let kept = lines.filter(|line| line["quarter"] == quarter);
    let mut digests = BTreeMap::new();
    for line in kept {
        for file in line["files"].as_array().unwrap() {
            let digest = file["sha256"].as_str().unwrap().to_owned();
            digests.insert(file["path"].as_str().unwrap().to_owned(), digest);
        }
    }
    digests
}

#[test]
fn a_corrected_june_leaves_the_kept_quarter_and_is_told_measure_by_measure() {
    let project = Project::new().file("pipelines/review.yaml", PIPELINE);
    for month in 1..=6 {
        export(&project, month, &[("A", 10, "Ivan"), ("B", 20, "Olga")]);
    }
    let run = |quarter: &str, now: &str| {
        project.run(&["--now", now, "run", "--quarter", quarter]).ends_with(0)
    };
    run("2026Q2", "2026-07-25T08:00:00Z");
    let restated = "select quarter, table_name, key, measure, cast(published as double) as \
                    published, cast(now as double) as now, cast(difference as double) as difference \
                    from restatements order by table_name, key, measure";
    assert!(project.query(restated).is_empty(), "nothing was kept before");
    let kept = files(&project, "2026Q2");
    assert_eq!(kept.len(), 6);

    // Late in July the books of June are corrected: B's sale was Ivan's, and C bought too.
    export(&project, 6, &[("A", 10, "Ivan"), ("B", 20, "Ivan"), ("C", 25, "Petr")]);
    for month in 7..=9 {
        export(&project, month, &[("A", 10, "Ivan"), ("B", 20, "Olga")]);
    }
    run("2026Q3", "2026-10-25T08:00:00Z");
    assert_eq!(files(&project, "2026Q2"), kept, "what was published stays");

    // What was not there when it was published has no `published`.
    let row = |table: &str, key: &str, measure: &str, published: Option<f64>, now: f64| {
        let mut row = serde_json::json!({
            "quarter": "2026Q2", "table_name": table, "key": key, "measure": measure,
            "now": now, "difference": now - published.unwrap_or(0.0),
        });
        if let Some(published) = published {
            row["published"] = published.into();
        }
        row
    };
    let manager = |name: &str| format!("{{\"manager\":\"{name}\"}}");
    assert_eq!(
        project.query(restated),
        [
            row("client_base", "{}", "closing", Some(2.0), 3.0),
            row("client_base", "{}", "net_growth", Some(0.0), 1.0),
            row("client_base", "{}", "new", Some(0.0), 1.0),
            row("manager_book", &manager("Ivan"), "net_purchases", Some(300.0), 400.0),
            row("manager_book", &manager("Olga"), "net_purchases", Some(300.0), 200.0),
            row("manager_book", &manager("Petr"), "net_purchases", None, 100.0),
            row("manager_book", &manager("unknown"), "awake", Some(2.0), 3.0),
        ]
    );
    // Published again without anything late, the quarters stand as they were told.
    run("2026Q3", "2026-10-26T08:00:00Z");
    assert_eq!(files(&project, "2026Q2"), kept);
}

/// A project whose second quarter is kept, with the books of the third.
fn kept_quarter() -> Project {
    let cards = "  - name: cards\n    system: books\n    fetch: { files: { url: exports, pattern: \
                 cards.csv } }\n    read: { csv: { encoding: utf-8, delimiter: \",\", decimal: \".\", \
                 date: \"%Y-%m-%d\" } }\n    into: { clients: { columns: { client_id: client, name: \
                 client, region: region } } }\n    load: upsert\npublish:\n";
    let pipeline = PIPELINE.replacen("publish:\n", cards, 1);
    let project = Project::new().file("pipelines/review.yaml", pipeline);
    project.write("exports/cards.csv", "client,region\nA,North\nB,South\n");
    for month in 1..=6 {
        let late = if month < 5 { vec![("A", 10, "Ivan")] } else { vec![] };
        export(&project, month, &[late, vec![("B", 20, "Olga")]].concat());
    }
    project.run(&["--now", "2026-07-25T08:00:00Z", "run", "--quarter", "2026Q2"]).ends_with(0);
    for month in 7..=9 {
        export(&project, month, &[("B", 20, "Olga")]);
    }
    project
}

/// The causes of what is restated of the kept quarter, each with its number of rows.
fn causes(project: &Project) -> BTreeMap<String, u64> {
    project.run(&["--now", "2026-10-25T08:00:00Z", "run", "--quarter", "2026Q3"]).ends_with(0);
    let rows = project.query(
        "select cause, count(*) as rows from restatements where quarter = '2026Q2' group by cause",
    );
    let cause = |row: &Value| row["cause"].as_str().unwrap().to_owned();
    rows.iter().map(|row| (cause(row), row["rows"].as_u64().unwrap())).collect()
}

#[test]
fn a_client_who_moved_restates_by_attributes_alone() {
    let project = kept_quarter();
    project.write("exports/cards.csv", "client,region\nA,East\nB,South\n");
    let causes = causes(&project);
    assert_eq!(causes.keys().collect::<Vec<_>>(), ["attributes"], "{causes:?}");
}

#[test]
fn a_changed_document_restates_by_documents() {
    let project = kept_quarter();
    export(&project, 6, &[("B", 20, "Olga"), ("C", 21, "Olga")]);
    let causes = causes(&project);
    assert_eq!(causes.keys().collect::<Vec<_>>(), ["documents"], "{causes:?}");
}

#[test]
fn a_changed_threshold_restates_by_settings_and_a_changed_model_by_models() {
    let project = kept_quarter();
    let yaml = project.read("pipelines/project.yaml");
    let rule = "domain: { sleep: { rules: { transactional: { days: 400 } } } }\n";
    project.write("pipelines/project.yaml", yaml + rule);
    let found = causes(&project);
    assert_eq!(found.keys().collect::<Vec<_>>(), ["settings"], "{found:?}");
    let project = kept_quarter();
    let model = project.read("sql/marts/refusal_dynamics.sql");
    let doubled = model.replacen(
        "        refusals,\n        cast(",
        "        2 * refusals as refusals,\n        cast(",
        1,
    );
    assert_ne!(doubled, model);
    project.write("sql/marts/refusal_dynamics.sql", doubled);
    let found = causes(&project);
    assert_eq!(found.keys().collect::<Vec<_>>(), ["models"], "{found:?}");
}

#[test]
fn what_happens_after_a_quarter_restates_nothing_of_it() {
    let tables = [
        "client_base",
        "invoice_losses",
        "loss_cost",
        "lost_again",
        "manager_book",
        "pareto",
        "refusal_dynamics",
        "request_conversion",
        "return_cohorts",
        "return_conversion",
        "restatements",
    ];
    let source = |name: &str, into: &str| {
        format!(
            "  - name: {name}\n    system: books\n    fetch: {{ files: {{ url: exports, pattern: \
             {name}.csv }} }}\n    read: {{ csv: {{ encoding: utf-8, delimiter: \",\", decimal: \".\", \
             date: \"%Y-%m-%d\" }} }}\n    into: {{ {into} }}\n    load: upsert\n"
        )
    };
    let sources = [
        source(
            "papers",
            "documents: { columns: { document_id: id, kind: kind, date: date, client_id: client, \
             amount: amount, currency: { value: RUB }, direction: direction, paid_on: paid } }",
        ),
        source("cards", "clients: { columns: { client_id: client, name: name } }"),
        source(
            "refused",
            "refusals: { columns: { refusal_id: id, client_id: client, date: date, scope: { value: \
             client }, reason_client: reason } }",
        ),
        source(
            "calls",
            "contacts: { columns: { contact_id: id, client_id: client, date: date, kind: kind } }",
        ),
    ];
    let publish: String = tables
        .iter()
        .map(|table| format!("  - {{ table: {table}, to: bi, as: [parquet] }}\n"))
        .collect();
    let pipeline =
        format!("version: 1\nname: review\nsources:\n{}publish:\n{publish}", sources.concat());
    let project = Project::new().file("pipelines/review.yaml", pipeline);
    // By the end of June: A buys bolts twice and sleeps, C only asks, an invoice is open.
    let papers = "id,kind,date,client,amount,direction,paid\n\
                  1,shipment,2026-01-05,A,100,bolts,\n2,shipment,2026-01-15,A,100,bolts,\n\
                  3,shipment,2026-01-20,A,100,nuts,\n4,invoice,2026-04-10,A,70,,\n";
    project.write("exports/papers.csv", papers);
    project.write("exports/cards.csv", "client,name\nA,Alfa\nC,Gamma\n");
    project.write("exports/refused.csv", "id,client,date,reason\n");
    project.write("exports/calls.csv", "id,client,date,kind\nt1,C,2026-05-20,request\n");
    let allowed = project
        .read("pipelines/review.yaml")
        .replace("load: upsert", "load: upsert\n    allow_empty: true");
    project.write("pipelines/review.yaml", allowed);
    let run = |quarter: &str, now: &str| {
        project.run(&["--now", now, "run", "--quarter", quarter]).ends_with(0)
    };
    run("2026Q2", "2026-07-25T08:00:00Z");
    // Later: A says why, pays, comes back with a third purchase of bolts; C buys for the first time.
    let later = format!(
        "{}5,shipment,2026-08-10,A,100,bolts,\n6,shipment,2026-07-10,C,50,bolts,\n",
        papers.replace("A,70,,", "A,70,,2026-08-01")
    );
    project.write("exports/papers.csv", later);
    project.write("exports/cards.csv", "client,name\nA,Alfa Ltd\nC,Gamma\n");
    project.write("exports/refused.csv", "id,client,date,reason\nr1,A,2026-07-15,price\n");
    run("2026Q3", "2026-10-25T08:00:00Z");
    let runs = project.run(&["--json", "runs"]).ends_with(0).stdout;
    assert!(runs.lines().count() >= 2, "{runs}");
    assert!(project.query("select * from restatements").is_empty());
}
