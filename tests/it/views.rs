//! Staging views over models: who reads a view reads the tables beneath it.

use crate::project::Project;

#[test]
fn a_table_is_kept_as_long_as_a_view_of_it_is_read() {
    let project = Project::without_models(&["report"]);
    for (file, sql) in [
        ("staging/stg_documents", "select document_id, amount from documents"),
        ("intermediate/int_amounts", "select document_id, amount from stg_documents"),
        ("staging/stg_amounts", "select document_id, amount from int_amounts"),
        ("intermediate/z_count", "select count(*) as n from int_amounts"),
        (
            "marts/report",
            "select stg_amounts.document_id, z_count.n from stg_amounts cross join z_count",
        ),
    ] {
        project.write(&format!("sql/{file}.sql"), sql);
    }
    let contract = "description: Amounts.\ngrain: [document_id]\ncolumns:\n  \
        - { name: document_id, type: text, description: A document. }\n  \
        - { name: n, type: bigint, description: How many there are. }\n";
    let checked = format!("{contract}checks:\n  - query: {{ name: no_large }}\n");
    project.write("sql/marts/report.yaml", contract);
    let rows: String = (1..=4).map(|row| format!("{row},2026-04-0{row},a,{row}\n")).collect();
    project.write("exports/1.csv", format!("number,date,client,amount\n{rows}"));
    for threads in ["1", "4"] {
        project.run(&["--threads", threads, "run"]).ends_with(0);
        let found = project.query("select count(*) as rows, max(n) as n from report");
        assert_eq!(found, [serde_json::json!({ "rows": 4, "n": 4 })], "{threads} threads");
    }
    // A check that reads the view finds what is there.
    let check = "select document_id from stg_amounts where amount > 3";
    project.write("sql/checks/no_large.sql", check);
    project.write("sql/marts/report.yaml", checked);
    project.run(&["run"]).ends_with(2).says("document_id=4");
}
