//! What a run's models went through.

use std::collections::BTreeMap;

use crate::project::Project;

/// Tables of which a row is a document or a purchase.
const PURCHASES: [&str; 9] = [
    "documents",
    "int_documents",
    "int_sales",
    "int_purchase_days",
    "int_histories",
    "int_rhythms",
    "int_cycles",
    "int_direction_sales",
    "int_direction_histories",
];

#[test]
fn no_model_reads_the_purchases_more_than_once() {
    let project = Project::empty();
    let out = project.path("");
    let demo = ["demo", "--documents", "2000", "--out", out.to_str().unwrap()];
    project.run(&demo).ends_with(0);
    let told = project.run(&["--json", "--quiet", "run", "--profile"]).ends_with(0);
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for line in told.stdout.lines().filter(|line| line.starts_with('{')) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let model = line["model"].as_str().unwrap();
        for (table, scans) in line["scans"].as_object().unwrap() {
            if PURCHASES.contains(&table.as_str()) {
                assert_eq!(scans, 1, "model {model} reads {table} more than once");
                *seen.entry(table.clone()).or_default() += 1;
            }
        }
        assert!(line["milliseconds"].is_u64() && line["rows_read"].is_u64(), "{line}");
    }
    assert_eq!(seen.len(), PURCHASES.len(), "each is read by some model: {seen:?}");
    // One that reads a table twice is told so.
    project.write(
        "sql/intermediate/int_claims.sql",
        "select keys.source, keys.client_id as answer_id, date '2026-01-01' as date, \
         'none' as person, 'none' as claim, 'none' as answer, keys.client_key from int_client_keys as keys \
         where keys.client_key = 'nobody' and keys.client_key in \
         (select a.client_key from int_sales as a inner join int_sales as b \
         on a.client_key = b.client_key)",
    );
    let text = project.run(&["--quiet", "run", "--profile"]).ends_with(0).stdout;
    let line = text.lines().find(|line| line.contains("int_claims")).unwrap();
    assert!(line.contains("int_sales ×2"), "{line}");
    assert!(text.contains("rows read  model"), "{text}");
}
