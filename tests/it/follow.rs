//! Following a number down: models as tables, and runs of selected tables.

use serde_json::json;

use crate::project::Project;

/// Sales of two clients, a model of kept sums, one that only picks of it, and two tables.
fn project() -> Project {
    let project = Project::without_models(&["large", "counted"]);
    for (file, sql) in [
        (
            "staging/stg_documents",
            "select client_id, date, amount from documents where date <= $as_of",
        ),
        (
            "intermediate/int_sums",
            "select client_id, sum(amount) as amount from stg_documents group by client_id",
        ),
        ("intermediate/int_large", "select client_id, amount from int_sums where amount > 5"),
        (
            "marts/large",
            "select client_id, cast(amount as decimal(18, 2)) as amount from int_large",
        ),
        ("marts/counted", "select count(*) as documents from stg_documents"),
    ] {
        project.write(&format!("sql/{file}.sql"), sql);
    }
    project.write(
        "sql/marts/large.yaml",
        "description: Large clients.\ngrain: [client_id]\ncolumns:\n  \
         - { name: client_id, type: text, description: A client. }\n  \
         - { name: amount, type: \"decimal(18, 2)\", description: What he bought. }\n",
    );
    project.write(
        "sql/marts/counted.yaml",
        "description: Documents.\ngrain: [documents]\ncolumns:\n  \
         - { name: documents, type: bigint, description: How many there are. }\n",
    );
    project.write(
        "exports/1.csv",
        "number,date,client,amount\n1,2026-04-01,a,3\n2,2026-04-02,a,4\n3,2026-09-03,b,2\n",
    );
    project
}

#[test]
fn models_are_queried_beside_what_is_published() {
    let project = project();
    project.run(&["run", "--as-of", "2026-06-30"]).ends_with(0);
    // As of the day of the last run, where no other is named.
    let sums = "select client_id, amount from models.int_sums order by client_id";
    assert_eq!(project.query(sums), [json!({ "client_id": "a", "amount": 7.0 })]);
    let ran = project.run(&["--json", "sql", sums, "--as-of", "2026-09-30"]).ends_with(0);
    assert_eq!(ran.stdout.lines().count(), 2, "{}", ran.stdout);
    // A model that only picks rows of another, beside the published table and the lake's.
    let joined = "select large.amount - picked.amount as difference, \
                  (select count(*) from lake.documents) as documents from large \
                  inner join models.int_large as picked on large.client_id = picked.client_id";
    assert_eq!(project.query(joined), [json!({ "difference": 0.0, "documents": 3 })]);
    project.run(&["show", "int_large"]).ends_with(0).gives("7.00");
    project.run(&["show", "models.stg_documents", "--limit", "1"]).ends_with(0).gives("2026-04-0");
    // What is no query computes nothing.
    let refused = project.run(&["sql", "create table models.int_sums as select 1"]);
    assert!(!refused.ends_with(64).stderr.contains("model int_sums"));
    project.run(&["sql", "select * from models.int_sum"]).ends_with(3).says("\"int_sums\"");
    project.run(&["show", "int_sum"]).ends_with(3).says("did you mean \"int_sums\"");
}

#[test]
fn selected_tables_are_made_alone_on_the_lake_as_it_is() {
    let project = project();
    project.run(&["run"]).ends_with(0);
    let version = |table: &str| {
        let lines = project.run(&["--json", "ls"]).ends_with(0).stdout;
        let lines = lines.lines().map(|line| serde_json::from_str(line).unwrap());
        let mut lines = lines.filter(|line: &serde_json::Value| line["table"] == table);
        lines.next().unwrap()["run"].clone()
    };
    let (large, counted) = (version("large"), version("counted"));
    project.write("exports/2.csv", "number,date,client,amount\n4,2026-09-04,b,9\n");
    project.write("sql/intermediate/int_large.sql", "select client_id, amount from int_sums");
    project.run(&["run", "--select", "int_large+"]).ends_with(0);
    assert_ne!(version("large"), large);
    assert_eq!(version("counted"), counted);
    // Nothing was pulled.
    assert_eq!(project.query("select count(*) as n from large"), [json!({ "n": 2 })]);
    assert_eq!(project.query("select max(amount) as most from large")[0]["most"], 7.0);
    project.run(&["plan", "--select", "counted"]).ends_with(0);
    let refused = project.run(&["run", "--select", "int_large"]).ends_with(3);
    refused.says("nothing of \"int_large\" is published").says("NAME+");
    // Each selection has to find something.
    let refused = project.run(&["run", "--select", "large", "--select", "int_sums"]);
    refused.ends_with(3).says("nothing of \"int_sums\" is published");
    project.run(&["run", "--select", "int_lage+"]).ends_with(3).says("\"int_large\"");
}

#[test]
fn a_table_is_kept_as_long_as_a_view_of_a_view_of_it_is_read() {
    let project = project();
    // Views of int_sums, one of the other, and a model that waits for what reads int_sums last.
    for (file, sql) in [
        ("intermediate/int_large", "select client_id, amount from int_sums where amount > 1"),
        ("intermediate/int_larger", "select client_id, amount from int_large where amount > 2"),
        ("intermediate/z_most", "select max(amount) as most from int_sums"),
        (
            "marts/large",
            "select larger.client_id, cast(larger.amount as decimal(18, 2)) as amount \
             from int_larger as larger cross join z_most where larger.amount <= z_most.most",
        ),
    ] {
        project.write(&format!("sql/{file}.sql"), sql);
    }
    for threads in ["1", "2"] {
        project.run(&["--threads", threads, "run"]).ends_with(0);
        let found = project.query("select count(*) as rows from large");
        assert_eq!(found, [json!({ "rows": 1 })], "{threads} threads");
        let both = "select count(*) as rows from models.int_larger cross join models.z_most";
        assert_eq!(project.query(both), [json!({ "rows": 1 })]);
        std::fs::remove_dir_all(project.path("published")).unwrap();
    }
}
