//! `validate`: every mistake with its place and what to write instead, exit code 78.

use crate::project::{Project, Ran, copy, repository};

const PIPELINE: &str = r#"version: 1
name: sales
schedule: { cron: "0 5 30 2 *" }
sources:
  - name: books
    fetch: { files: { url: "${env:POBUDKA_NO_SUCH_VARIABLE}/x", pattern: "*.csv" } }
    read: { csv: { encoding: utf-8, delimiter: ",", decimal: ".", date: "%Y-%m-%d" } }
    into:
      documents:
        columns:
          document_id: number
          kind: { value: shipment }
          date: date
          client: client
          amount: amount
    load: upsert
publish:
  - { table: dim_client, to: b, as: [csv] }
"#;

#[track_caller]
fn invalid(project: &Project, expected: &[&str]) {
    let mut ran = project.run(&["validate"]).ends_with(78);
    for text in expected {
        ran = ran.says(text);
    }
}

#[test]
fn the_shipped_project_is_valid() {
    let ran: crate::project::Ran = std::process::Command::new(crate::project::binary())
        .arg("--project")
        .arg(repository())
        .arg("validate")
        .output()
        .unwrap()
        .into();
    ran.ends_with(0);
}

#[test]
fn all_faults_of_meaning_are_reported_together() {
    let project = Project::new().file("pipelines/sales.yaml", PIPELINE);
    invalid(
        &project,
        &[
            "pipelines/sales.yaml:3:19: cron line \"0 5 30 2 *\" never fires",
            "pipelines/sales.yaml:6:28: environment variable \"POBUDKA_NO_SUCH_VARIABLE\" is not set",
            "table \"documents\" has no column \"client\"",
            "did you mean \"client_id\"?",
            "column \"currency\" of table \"documents\" is not mapped",
            "pipelines/sales.yaml:18:30: destination \"b\" is not declared",
        ],
    );
}

#[test]
fn a_misspelt_key_names_the_nearest_one() {
    let project = Project::new()
        .file("pipelines/sales.yaml", PIPELINE.replace("delimiter", "delimeter"))
        .file("pipelines/other.yaml", "version: 1\nname: other\npublsh: []\n");
    invalid(
        &project,
        &[
            "pipelines/sales.yaml:7:37: unknown key \"delimeter\"",
            "did you mean \"delimiter\"?",
            "pipelines/other.yaml:3:1: unknown key \"publsh\"",
            " 3 | publsh: []",
        ],
    );
}

#[test]
fn models_that_read_each_other_are_named_in_full() {
    let project = Project::new()
        .file("sql/intermediate/int_a.sql", "select * from int_b")
        .file("sql/intermediate/int_b.sql", "select * from int_c")
        .file("sql/intermediate/int_c.sql", "select * from int_a");
    invalid(&project, &["\"int_a\" → \"int_b\" → \"int_c\" → \"int_a\""]);
}

#[test]
fn faults_of_sql_have_their_place() {
    for (sql, expected) in [
        ("select clientkey from int_clients", "sql/marts/x.sql:1:8"),
        (
            "select 1 as a\nfrom int_client",
            "sql/marts/x.sql:2:6: model \"x\": table \"int_client\"",
        ),
        ("select $asof as a", "parameter \"$asof\" is not known"),
        ("select 1 as a,, 2 as b", "sql/marts/x.sql:1:15"),
        ("select now() as a", "sql/marts/x.sql:1:8: model \"x\": function \"now\""),
        ("select random() as a", "function \"random\" does not give the same"),
        ("select first_value(name) as a from int_clients", "without \"order by\""),
        ("select name from int_clients limit 1", "\"limit\" without \"order by\""),
        ("create table t as select 1", "a model is one select"),
        ("select 1; select 2", "more than one statement"),
        ("select * from documents", "reads canonical table \"documents\""),
    ] {
        let project = Project::new().file("sql/marts/x.sql", sql);
        invalid(&project, &[expected]);
    }
}

#[test]
fn published_tables_need_a_contract_and_one_owner() {
    let publish = |name: &str, table: &str| {
        format!("version: 1\nname: {name}\npublish:\n  - {{ table: {table}, to: bi, as: [csv] }}\n")
    };
    let project = Project::new()
        .file("sql/marts/bare.sql", "-- x\nselect 1 as a")
        .file("pipelines/a.yaml", publish("a", "bare"))
        .file("pipelines/b.yaml", publish("b", "dim_clients"))
        .file("pipelines/c.yaml", publish("c", "dim_clients"))
        .file("pipelines/d.yaml", publish("b", "int_clients"));
    invalid(
        &project,
        &["is also published to \"bi\" by pipeline \"b\"", "pipeline \"b\" is also declared"],
    );
    let project = Project::new()
        .file("sql/marts/bare.sql", "-- x\nselect 1 as a")
        .file("pipelines/a.yaml", publish("a", "bare"))
        .file("pipelines/d.yaml", publish("d", "int_clients"));
    invalid(&project, &["published table \"bare\" has no contract", "is not a mart"]);
}

#[test]
fn settings_and_sources_that_contradict_themselves_are_named() {
    let source = |name: &str| {
        format!(
            "  - name: {name}\n    system: books\n    fetch: {{ files: {{ url: x, pattern: y }} }}\n    \
             read: {{ csv: {{ encoding: utf-8, delimiter: \",\", decimal: \".\", date: \"%F\" }} }}\n    \
             into: {{ clients: {{ group_by: [name], columns: {{ client_id: id, name: id }} }} }}\n    \
             load: upsert\n"
        )
    };
    let project = Project::new().file(
        "pipelines/a.yaml",
        format!("version: 1\nname: a\nsources:\n{}{}", source("p"), source("q")),
    );
    let text = project.read("pipelines/project.yaml");
    let domain = "domain:\n  tax_id_ignore: \"(\"\n  cycle: { quantile: 7 }\n  norms: { fine: 0.5, alarm: 0.1 }\n  \
                  sleep: { min_days: 900, max_days: 10 }\n  value: { tiers: { gold: 1.5, silver: 0.2 } }\n  \
                  overdue: { grace_days: 4000000000 }\n";
    project.write("pipelines/project.yaml", format!("{text}{domain}"));
    invalid(
        &project,
        &[
            "\"(\" is not a regular expression",
            "cycle.quantile lies above 1",
            "norms.fine lies above norms.alarm",
            "sleep.min_days lies above sleep.max_days",
            "value.tiers.gold lies above value.tiers.silver",
            "4000000000 is out of bounds",
            "rows of table \"clients\" cannot be grouped",
            "table \"clients\" of system \"books\" is also loaded by source \"p\"",
        ],
    );
}

#[test]
fn wrong_usage_is_64_and_a_folder_without_project_is_78() {
    let project = Project::new();
    project.run(&["nonsense"]).ends_with(64);
    project.run(&["run", "--as-of", "yesterday"]).ends_with(64);
    let empty = tempfile::tempdir().unwrap();
    let ran: crate::project::Ran = std::process::Command::new(crate::project::binary())
        .arg("--project")
        .arg(empty.path())
        .arg("run")
        .output()
        .unwrap()
        .into();
    ran.ends_with(78).says("pobudka init");
}

#[test]
fn the_shipped_schemas_are_those_of_the_mirrors() {
    for (name, path) in [
        ("project", "pipelines/schema/project.json"),
        ("pipeline", "pipelines/schema/pipeline.json"),
        ("contract", "sql/schema/contract.json"),
    ] {
        let project = Project::empty();
        let printed = project.run(&["schema", name]).ends_with(0).stdout;
        let shipped = std::fs::read_to_string(repository().join(path)).unwrap();
        assert_eq!(printed, shipped, "write them anew: cargo run -- schema --write");
    }
    let written = std::fs::read_dir(repository().join("pipelines")).unwrap();
    for file in written.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("# yaml-language-server: $schema=schema/"), "{}", file.display());
    }
}

#[test]
fn stores_that_cannot_be_are_named_and_keys_do_not_print() {
    let with = |lake: &str, stores: &str| {
        let project = Project::new();
        let yaml = project.read("pipelines/project.yaml");
        let yaml = yaml.replace("lake: lake", &format!("lake: {lake}")) + stores;
        project.write("pipelines/project.yaml", yaml);
        let pipeline =
            "version: 1\nname: p\npublish:\n  - { table: client_base, to: bi, as: [csv] }\n";
        let project = project.file("pipelines/p.yaml", pipeline);
        let mut command = project.command(&["run"]);
        command.env("STORE_KEY", "a-key-nobody-sees").env("AWS_EC2_METADATA_DISABLED", "true");
        Ran::from(command.output().unwrap())
    };
    for (lake, stores, code, expected) in [
        ("ftp://x/lake", "", 78, "scheme \"ftp\" is unknown"),
        ("https://x/lake", "", 78, "scheme \"https\" can only be read"),
        ("lake", "stores:\n  - s3: { url: gs://x }\n", 78, "begin it with s3://"),
        ("lake", "stores:\n  - s3: { url: s3://x, access_key_id: a }\n", 78, "belong together"),
        (
            "lake",
            "stores:\n  - s3: { url: s3://x, endpont: a }\n",
            78,
            "did you mean \"endpoint\"?",
        ),
        ("lake", "limits: { lease: 60 }\n", 78, "\"60\" is not a time"),
        (
            "gs://x/lake",
            "stores:\n  - gs: { url: gs://x, service_account_key: \"${env:STORE_KEY}\" }\n",
            78,
            "store \"gs://x/lake\" cannot be used",
        ),
    ] {
        let ran = with(lake, stores).ends_with(code).says(expected);
        assert!(!ran.stderr.contains("a-key-nobody-sees"), "{}", ran.stderr);
    }
}

#[test]
fn a_model_that_a_run_does_not_need_is_for_validate_to_find() {
    let project = Project::new();
    copy(&repository().join("tests/worked/exports"), &project.path("exports"));
    copy(&repository().join("tests/worked/pipelines"), &project.path("pipelines"));
    let pulled = project.read("pipelines/all.yaml");
    let pulled = &pulled[..pulled.find("publish:\n").unwrap()];
    let publishing =
        |table| format!("{pulled}publish:\n  - {{ table: {table}, to: bi, as: [csv] }}\n");
    project.write(
        "sql/marts/loss_cost.sql",
        "-- Broken.\n-- grain: none\nselect nothing from dim_quarters\n",
    );
    invalid(&project, &["sql/marts/loss_cost.sql:3:8: model \"loss_cost\""]);
    project.write("pipelines/all.yaml", publishing("dim_clients"));
    project.run(&["run"]).ends_with(0);
    project.write("pipelines/all.yaml", publishing("loss_cost"));
    project.run(&["run"]).ends_with(78).says("sql/marts/loss_cost.sql:3:8: model \"loss_cost\"");
}
