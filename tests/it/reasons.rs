//! Words in which clients and managers give reasons: the code of each, and those that give none.
//!
//! `reasons.csv` holds phrases as they are written in CRMs, with the code of `sql/reference/reasons.csv`.

use std::collections::BTreeMap;

use crate::project::{Project, repository};

#[test]
fn each_phrase_has_its_code_and_what_gives_no_reason_has_none() {
    let table = repository().join("tests/it/reasons.csv");
    let mut reader = csv::Reader::from_path(table).unwrap();
    let phrases: Vec<(String, String)> = reader.deserialize().map(Result::unwrap).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, code) in &phrases {
        *counts.entry(code).or_default() += 1;
    }
    assert!(phrases.len() >= 160 && counts["unknown"] >= 40, "{counts:?}");
    let written = |rows: Vec<Vec<String>>, indent: &str| {
        let mut writer = csv::Writer::from_writer(Vec::new());
        rows.iter().for_each(|row| writer.write_record(row).unwrap());
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        text.lines().map(|line| format!("{indent}{line}\n")).collect::<String>()
    };
    let texts = |row: &[&str]| row.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let mut given = vec![texts(&["source", "refusal_id", "client_id", "date", "reason_client"])];
    let mut expected = vec![texts(&["reason", "code"])];
    for (number, (phrase, code)) in phrases.iter().enumerate() {
        given.push(texts(&["s", &number.to_string(), "a", "2026-09-01", phrase]));
        if code != "unknown" {
            expected.push(texts(&[phrase, code]));
        }
    }
    let project = Project::new();
    project.write(
        "sql/marts/told_reasons.sql",
        "-- Codes of reasons.\n-- grain: one row per reason\nselect reason, code from int_reasons\n",
    );
    let contract = format!(
        "description: Codes of reasons.\ngrain: [reason]\ncolumns:\n  \
         - {{ name: reason, type: text, description: Words. }}\n  \
         - {{ name: code, type: text, description: Code. }}\n\
         tests:\n  - name: phrases\n    as_of: 2026-09-30\n    given:\n      refusals: |\n{}    \
         expect: |\n{}",
        written(given, "        "),
        written(expected, "      ")
    );
    project.write("sql/marts/told_reasons.yaml", contract);
    project.run(&["test", "told_reasons"]).ends_with(0);
}
