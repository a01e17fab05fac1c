//! Documents alone, and each optional table missing in turn: runs succeed and say what is not
//! available, and why.

use std::fmt::Write as _;

use crate::project::{Project, copy, repository};
use crate::sample::Sample;

/// Canonical tables beside `documents`, each with an export of a row or two.
const OPTIONAL: [(&str, &str); 13] = [
    (
        "document_lines",
        "document_id,kind,date,line_no,amount,cost\n1,shipment,2026-01-10,1,100,60\n",
    ),
    ("clients", "client_id,name,manager\nA,Alfa,Ivan\n"),
    ("client_aliases", "client_id,client_key,role\nB,books:A,same\n"),
    (
        "contacts",
        "contact_id,client_id,date,kind,outcome,manager\nt1,A,2026-08-01,call,answered,Ivan\n",
    ),
    ("refusals", "refusal_id,client_id,date,scope,reason_client\nr1,A,2026-05-01,client,price\n"),
    ("scores", "client_id,date,person,score\nA,2026-08-01,buyer,9\n"),
    ("survey_answers", "answer_id,client_id,date,claim\ns1,A,2026-08-01,late delivery\n"),
    (
        "reactivations",
        "reactivation_id,client_id,started_on,woken_on,cost\na1,A,2026-08-20,2026-08-21,10\n",
    ),
    ("managers", "manager,role\nOlga,head\n"),
    ("exchange_rates", "currency,date,rate\nUSD,2026-01-01,90\n"),
    ("events", "date,event,kind\n2026-02-01,price rise,price\n"),
    ("improvements", "improvement_id,date,claim,what\n1,2026-08-02,late delivery,a second van\n"),
    ("offers", "offer_id,date,name\n1,2026-08-02,five per cent off\n"),
];

/// How many of them a sample leaves out.
const SAMPLED: u64 = 4;

const PUBLISHED: [&str; 12] = [
    "dim_clients",
    "sleeping_clients",
    "client_base",
    "refusal_dynamics",
    "return_conversion",
    "claims",
    "event_effects",
    "never_ordered",
    "untouched",
    "request_conversion",
    "data_coverage",
    "readiness",
];

/// A project that has the optional tables named.
fn project(tables: &[&str]) -> Project {
    let project = Project::new();
    copy(&repository().join("tests/worked/exports"), &project.path("exports"));
    let mut sources = String::new();
    for (table, export) in OPTIONAL.iter().filter(|(table, _)| tables.contains(table)) {
        project.write(&format!("exports/{table}.csv"), export);
        let header = export.lines().next().unwrap();
        let columns: Vec<String> =
            header.split(',').map(|column| format!("{column}: {column}")).collect();
        let _ = write!(
            sources,
            "  - name: {table}\n    system: books\n    fetch: {{ files: {{ url: exports, pattern: \
             {table}.csv }} }}\n    read: {{ csv: {{ encoding: utf-8, delimiter: \",\", decimal: \
             \".\", date: \"%Y-%m-%d\" }} }}\n    into: {{ {table}: {{ columns: {{ {} }} }} }}\n    \
             load: upsert\n",
            columns.join(", ")
        );
    }
    let publish: String = PUBLISHED
        .iter()
        .map(|table| format!("  - {{ table: {table}, to: bi, as: [csv] }}\n"))
        .collect();
    let pipeline = std::fs::read_to_string(repository().join("tests/worked/pipelines/all.yaml"));
    let pipeline = pipeline.unwrap();
    let books = &pipeline
        [pipeline.find("  - name: books").unwrap()..pipeline.find("  - name: crm").unwrap()];
    project.write(
        "pipelines/all.yaml",
        format!("version: 1\nname: all\nsources:\n{books}{sources}publish:\n{publish}"),
    );
    project
}

/// What must be told where `table` is missing.
fn told(table: &str) -> &'static [&'static str] {
    match table {
        "document_lines" => &["margin not available: no document_lines.cost"],
        "contacts" => &[
            "requests not available: no contacts",
            "untouched  not available: no contacts",
            "request_conversion  not available: no contacts",
            "last_contact not available: no contacts",
        ],
        "refusals" => &["disagreements not available: no refusals"],
        "survey_answers" => &["claims  not available: no survey_answers"],
        "reactivations" => &[
            "expected not available: no reactivations",
            "cost not available: no reactivations.cost",
        ],
        "events" => &["event_effects  not available: no events"],
        "improvements" => &["decided not available: no improvements"],
        _ => &[],
    }
}

#[test]
fn documents_alone_tell_of_sleepers_and_say_what_is_not_available() {
    let project = project(&[]);
    let ran = project.run(&["run"]).ends_with(0);
    // Of claims there is no table at all, so nothing is said of what was done about them.
    for (table, _) in OPTIONAL.iter().filter(|(table, _)| *table != "improvements") {
        for line in told(table) {
            assert!(ran.stdout.contains(line), "{table}: \"{line}\" in\n{}", ran.stdout);
        }
    }
    assert!(ran.stdout.contains("  sleeping_clients  3 rows"), "{}", ran.stdout);
    let readiness = project.query("select report, because from readiness where not available");
    let claims = readiness.iter().find(|row| row["report"] == "claims").unwrap();
    assert_eq!(claims["because"], "not available: no survey_answers");
    let head: serde_json::Value =
        serde_json::from_str(&project.read("published/_head.json")).unwrap();
    let manifest = project.read(&format!("published/{}", head["manifest"].as_str().unwrap()));
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(
        manifest["tables"]["claims"]["not_available"],
        serde_json::json!(["not available: no survey_answers"])
    );
}

#[test]
fn with_everything_there_nothing_is_missing() {
    let all: Vec<&str> = OPTIONAL.iter().map(|(table, _)| *table).collect();
    let ran = project(&all).run(&["run"]).ends_with(0);
    assert!(!ran.stdout.contains("not available"), "{}", ran.stdout);
}

#[test]
fn with_each_table_missing_in_turn_a_run_succeeds_and_says_what_it_lacks() {
    for number in Sample::new().numbers(OPTIONAL.len() as u64, SAMPLED) {
        let (missing, _) = OPTIONAL[usize::try_from(number).unwrap() - 1];
        let others: Vec<&str> =
            OPTIONAL.iter().map(|(table, _)| *table).filter(|table| *table != missing).collect();
        let ran = project(&others).run(&["run"]).ends_with(0);
        let found: Vec<&str> =
            ran.stdout.lines().filter(|line| line.contains("not available")).collect();
        let expected = told(missing);
        assert_eq!(found.is_empty(), expected.is_empty(), "without {missing}: {found:?}");
        for line in expected {
            assert!(
                found.iter().any(|found| found.contains(line)),
                "{missing}: {line} in {found:?}"
            );
        }
    }
}

/// The same project, publishing every table that there is.
fn of_all(tables: &[&str]) -> Project {
    let project = project(tables);
    let pipeline = project.read("pipelines/all.yaml");
    let (sources, _) = pipeline.split_once("publish:\n").unwrap();
    let marts = std::fs::read_dir(repository().join("sql/marts")).unwrap();
    let mut marts: Vec<String> = marts
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    marts.sort();
    marts.dedup();
    let entries =
        marts.iter().map(|table| format!("  - {{ table: {table}, to: bi, as: [csv] }}\n"));
    project
        .write("pipelines/all.yaml", format!("{sources}publish:\n{}", entries.collect::<String>()));
    project
}

#[test]
fn every_table_passes_its_checks_with_documents_alone_and_with_each_other_missing_in_turn() {
    of_all(&[]).run(&["run"]).ends_with(0);
    for number in Sample::new().numbers(OPTIONAL.len() as u64, 2) {
        let (missing, _) = OPTIONAL[usize::try_from(number).unwrap() - 1];
        let tables = OPTIONAL.iter().map(|(table, _)| *table).filter(|table| *table != missing);
        of_all(&tables.collect::<Vec<_>>()).run(&["run"]).ends_with(0);
    }
}
