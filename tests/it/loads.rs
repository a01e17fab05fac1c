//! What a load replaces, keeps and counts.

use crate::project::Project;

const PIPELINE: &str = r#"
version: 1
name: sales
sources:
  - name: books
    fetch: { files: { url: exports, pattern: "sales_*.csv" } }
    read: { csv: { encoding: utf-8, delimiter: ",", decimal: ".", date: "%Y-%m-%d" } }
    into:
      documents:
        columns:
          document_id: number
          kind: { from: kind, map: [{ "sale*": shipment }, { "back": return }] }
          date: date
          client_id: client
          amount: amount
          currency: { value: RUB }
    skip: [{ column: kind, like: "note*" }]
    load: { replace_period: { column: date, period: month, covers: { name: "sales_%Y-%m*{part}" } } }
    rejects: { max_percent: 40 }
"#;

fn project(files: &[(&str, &str)]) -> Project {
    let mut project = Project::new().file("pipelines/sales.yaml", PIPELINE);
    for (name, rows) in files {
        let text = format!("number,kind,date,client,amount\n{rows}");
        project = project.file(&format!("exports/{name}"), text);
    }
    project
}

fn documents(project: &Project) -> Vec<String> {
    let rows = project.query(
        "select document_id || ' ' || cast(date as varchar) || ' ' || cast(amount as varchar) as row \
         from lake.documents order by date, document_id",
    );
    rows.iter().map(|row| row["row"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn no_row_vanishes() {
    let project = project(&[(
        "sales_2026-06.csv",
        "1,sale,2026-06-01,a,10\n\n2,note,2026-06-01,a,10\n3,sale,2026-06-02,a,x\n\
         4,sale,2026-06-03,a,1\n4,sale,2026-06-03,a,1\n",
    )]);
    let ran = project.run(&["run"]).ends_with(0);
    assert!(
        ran.stdout
            .contains("6 rows read, 2 loaded, 1 rejected, 1 skipped, 2 totals, blanks and repeats"),
        "{}",
        ran.stdout
    );
    let entry = project.query("select * from lake.exports").remove(0);
    let count = |name: &str| entry[name].as_u64().unwrap();
    assert_eq!(count("recognised"), 2, "blank row, repeated key");
    assert_eq!(
        count("read"),
        count("loaded")
            + count("rejected")
            + count("skipped")
            + count("recognised")
            + count("replaced")
    );
}

#[test]
fn a_corrected_month_replaces_what_it_sent_before() {
    let project = project(&[
        ("sales_2026-05.csv", "9,sale,2026-05-31,a,5\n"),
        ("sales_2026-06.csv", "1,sale,2026-06-01,a,10\n2,sale,2026-06-02,a,20\n"),
    ]);
    project.run(&["run"]).ends_with(0);
    let corrected =
        "number,kind,date,client,amount\n1,sale,2026-06-01,a,11\n3,sale,2026-06-03,a,30\n";
    project.write("exports/sales_2026-06.csv", corrected);
    let plan = project.run(&["plan"]).ends_with(0);
    assert!(plan.stdout.contains("sales_2026-06.csv  77 bytes  changed"), "{}", plan.stdout);
    project.run(&["run"]).ends_with(0);
    let expected = ["9 2026-05-31 5.00", "1 2026-06-01 11.00", "3 2026-06-03 30.00"];
    assert_eq!(documents(&project), expected);
}

#[test]
fn a_moved_document_stands_where_it_came_last() {
    let project = project(&[
        ("sales_2026-05.csv", "1,sale,2026-05-31,a,10\n2,sale,2026-05-30,a,20\n"),
        ("sales_2026-06.csv", "5,sale,2026-06-05,a,50\n"),
    ]);
    project.run(&["run"]).ends_with(0);
    let moved = "number,kind,date,client,amount\n5,sale,2026-06-05,a,50\n1,sale,2026-06-01,a,10\n";
    project.write("exports/sales_2026-06.csv", moved);
    project.run(&["run"]).ends_with(0);
    let expected = ["2 2026-05-30 20.00", "1 2026-06-01 10.00", "5 2026-06-05 50.00"];
    assert_eq!(documents(&project), expected);
}

#[test]
fn numbers_begin_again_each_january() {
    let project = project(&[
        ("sales_2025-12.csv", "1,sale,2025-12-31,a,10\n"),
        ("sales_2026-01.csv", "1,sale,2026-01-01,a,20\n1,back,2026-01-02,a,5\n"),
    ]);
    project.run(&["run"]).ends_with(0);
    let expected = ["1 2025-12-31 10.00", "1 2026-01-01 20.00", "1 2026-01-02 5.00"];
    assert_eq!(documents(&project), expected);
}

#[test]
fn a_part_replaces_its_own_part_only() {
    let project = project(&[
        ("sales_2026-06_north.csv", "1,sale,2026-06-01,a,10\n"),
        ("sales_2026-06_south.csv", "2,sale,2026-06-01,b,20\n"),
    ]);
    let pipeline = PIPELINE.replace("sales_%Y-%m*{part}", "sales_%Y-%m_{part}");
    project.write("pipelines/sales.yaml", pipeline);
    project.run(&["run"]).ends_with(0);
    let north = "number,kind,date,client,amount\n3,sale,2026-06-03,a,30\n";
    project.write("exports/sales_2026-06_north.csv", north);
    project.run(&["run"]).ends_with(0);
    assert_eq!(documents(&project), ["2 2026-06-01 20.00", "3 2026-06-03 30.00"]);
}

#[test]
fn a_part_that_comes_for_one_month_leaves_those_of_the_others() {
    let project = project(&[
        ("sales_2026-06_north.csv", "1,sale,2026-06-01,a,10\n"),
        ("sales_2026-06_south.csv", "2,sale,2026-06-01,b,20\n"),
        ("sales_2026-07_north.csv", "3,sale,2026-07-01,a,30\n"),
        ("sales_2026-07_south.csv", "4,sale,2026-07-01,b,40\n"),
    ]);
    let pipeline = PIPELINE.replace("sales_%Y-%m*{part}", "sales_%Y-%m_{part}");
    project.write("pipelines/sales.yaml", pipeline);
    project.run(&["run"]).ends_with(0);
    let header = "number,kind,date,client,amount\n";
    let north = format!("{header}1,sale,2026-06-01,a,11.5\n");
    project.write("exports/sales_2026-06_north.csv", north);
    let south = format!("{header}4,sale,2026-07-01,b,44.5\n");
    project.write("exports/sales_2026-07_south.csv", south);
    project.run(&["run"]).ends_with(0);
    assert_eq!(
        documents(&project),
        ["1 2026-06-01 11.50", "2 2026-06-01 20.00", "3 2026-07-01 30.00", "4 2026-07-01 44.50"]
    );
}

#[test]
fn a_negative_shipment_is_a_return_and_planning_touches_nothing() {
    let project = project(&[("sales_2026-06.csv", "1,sale,2026-06-01,a,-10\n")]);
    let plan = project.run(&["plan"]).ends_with(0);
    assert!(plan.stdout.contains("sales_2026-06.csv  55 bytes  new"), "{}", plan.stdout);
    assert!(!project.path("lake").exists() && !project.path("published").exists());
    project.run(&["run"]).ends_with(0);
    let found = project.query("select kind, cast(amount as varchar) as amount from lake.documents");
    assert_eq!(found, [serde_json::json!({ "kind": "return", "amount": "10.00" })]);
}

#[test]
fn a_failed_check_publishes_nothing_and_its_offenders_are_on_record() {
    let project = project(&[("sales_2026-06.csv", "1,sale,2026-06-01,a,10\n")]);
    let pipeline =
        format!("{PIPELINE}publish:\n  - {{ table: dim_clients, to: bi, as: [parquet] }}\n");
    project.write("pipelines/sales.yaml", pipeline);
    let contract = project.read("sql/marts/dim_clients.yaml");
    let contract = contract.replace("checks:\n", "checks:\n  - row_count: { min: 2 }\n");
    project.write("sql/marts/dim_clients.yaml", contract);
    project.run(&["run"]).ends_with(2).says("row_count").says("nothing was published");
    assert!(!project.path("published/_head.json").exists());
    let id = project.run(&["runs"]).ends_with(0).stdout;
    let id = id.split_whitespace().next().unwrap();
    let shown = project.run(&["runs", "show", id]).ends_with(0).stdout;
    assert!(shown.contains("failed") && shown.contains("rows=1"), "{shown}");
}

#[test]
fn content_that_comes_back_under_its_name_is_loaded_again() {
    let first = "1,sale,2026-06-01,a,10\n";
    let project = project(&[("sales_2026-06.csv", first)]);
    project.run(&["run"]).ends_with(0);
    let text = |rows: &str| format!("number,kind,date,client,amount\n{rows}");
    project.write("exports/sales_2026-06.csv", text("1,sale,2026-06-01,a,999\n"));
    project.run(&["run"]).ends_with(0);
    assert_eq!(documents(&project), ["1 2026-06-01 999.00"]);
    project.write("exports/sales_2026-06.csv", text(first));
    project.run(&["run"]).ends_with(0);
    assert_eq!(documents(&project), ["1 2026-06-01 10.00"]);
    assert_eq!(project.run(&["run"]).ends_with(0).stdout, "up to date\n");
}

/// A project whose exports come in parts.
fn in_parts(files: &[(&str, &str)]) -> Project {
    let project = project(files);
    project.write(
        "pipelines/sales.yaml",
        PIPELINE.replace("sales_%Y-%m*{part}", "sales_%Y-%m_{part}"),
    );
    project
}

#[test]
fn a_part_may_not_shrink_in_silence() {
    let rows = |client: &str| -> String {
        (0..20).map(|n| format!("{client}{n},sale,2026-06-01,{client},10\n")).collect()
    };
    let project = in_parts(&[
        ("sales_2026-06_north.csv", &rows("n")),
        ("sales_2026-06_south.csv", &rows("s")),
    ]);
    project.run(&["run"]).ends_with(0);
    let north = "number,kind,date,client,amount\nn1,sale,2026-06-01,n,10\n";
    project.write("exports/sales_2026-06_north.csv", north);
    project.run(&["run"]).ends_with(1).says("brings 1 rows").says("the lake has 20");
}

#[test]
fn a_document_that_moves_between_parts_stands_once() {
    let project = in_parts(&[("sales_2026-05_south.csv", "7,sale,2026-05-31,a,70\n")]);
    project.run(&["run"]).ends_with(0);
    let text = |rows: &str| format!("number,kind,date,client,amount\n{rows}");
    project.write("exports/sales_2026-05_north.csv", text("8,sale,2026-05-30,b,80\n"));
    project.write("exports/sales_2026-06_north.csv", text("7,sale,2026-06-01,a,70\n"));
    project.run(&["run"]).ends_with(0);
    assert_eq!(documents(&project), ["8 2026-05-30 80.00", "7 2026-06-01 70.00"]);
}

#[test]
fn a_plan_says_what_each_export_takes_the_place_of() {
    let project = project(&[("sales_2026-06.csv", "1,sale,2026-06-01,a,10\n")]);
    project.run(&["run"]).ends_with(0);
    project.write(
        "exports/sales_2026-06.csv",
        "number,kind,date,client,amount\n1,sale,2026-06-01,a,12\n",
    );
    project.write(
        "exports/sales_2026-07.csv",
        "number,kind,date,client,amount\n2,sale,2026-07-01,a,12\n",
    );
    let said = project.run(&["plan"]).ends_with(0).stdout;
    let told: Vec<&str> =
        said.lines().filter(|line| line.starts_with("  ")).map(str::trim).collect();
    assert_eq!(told.len(), 3, "{said}");
    assert!(told[0].starts_with("sales_2026-06.csv") && told[0].ends_with("changed"), "{said}");
    assert_eq!(told[1], "takes the place of 2026-06 of sales_2026-06.csv, 1 rows");
    assert!(told[2].starts_with("sales_2026-07.csv") && told[2].ends_with("new"), "{said}");
}
