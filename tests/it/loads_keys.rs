//! Keys that come again: in one export, in another month, and with fewer lines.

use crate::project::Project;

const PIPELINE: &str = r#"
version: 1
name: sales
sources:
  - name: books
    fetch: { files: { url: exports, pattern: "*.csv" } }
    read: { csv: { encoding: utf-8, delimiter: ",", decimal: ".", date: "%Y-%m-%d" } }
    into:
      documents:
        group_by: [kind, document_id]
        columns:
          document_id: number
          kind: { value: shipment }
          date: date
          client_id: client
          amount: amount
          currency: { value: RUB }
      document_lines:
        columns:
          document_id: number
          kind: { value: shipment }
          date: date
          line_no: line
          amount: amount
    load: upsert
    rejects: { max_percent: 80 }
"#;

const HEADER: &str = "number,line,date,client,amount\n";

fn project(pipeline: &str, rows: &str) -> Project {
    Project::new()
        .file("pipelines/sales.yaml", pipeline)
        .file("exports/1.csv", format!("{HEADER}{rows}"))
}

/// One more export, and a run.
fn then(project: &Project, name: &str, rows: &str) -> String {
    project.write(&format!("exports/{name}"), format!("{HEADER}{rows}"));
    project.run(&["run"]).ends_with(0).stdout
}

fn rows(project: &Project, sql: &str) -> Vec<String> {
    let rows = project.query(sql);
    rows.iter().map(|row| row["row"].as_str().unwrap().to_owned()).collect()
}

fn lines(project: &Project) -> Vec<String> {
    rows(
        project,
        "select document_id || '/' || cast(line_no as varchar) || ' ' || to_char(date, '%Y-%m') \
         || ' ' || cast(amount as varchar) as row \
         from lake.document_lines order by document_id, line_no, date",
    )
}

fn rejects(project: &Project) -> Vec<String> {
    rows(
        project,
        "select cast(row as varchar) || ' ' || reason || ' ' || value as row from lake.rejects order by row",
    )
}

/// The pipeline without its lines: rows are documents.
fn documents_only() -> String {
    let (head, tail) = PIPELINE.split_once("      document_lines:").unwrap();
    let (_, tail) = tail.split_once("    load: upsert").unwrap();
    format!("{head}    load: upsert{tail}").replace("        group_by: [kind, document_id]\n", "")
}

/// The pipeline without its documents: rows are lines.
fn lines_only() -> String {
    let (head, tail) = PIPELINE.split_once("      documents:").unwrap();
    let (_, tail) = tail.split_once("      document_lines:").unwrap();
    format!("{head}      document_lines:{tail}")
}

fn documents(project: &Project) -> Vec<String> {
    rows(
        project,
        "select document_id || ' ' || to_char(date, '%Y-%m') || ' ' || cast(amount as varchar) \
         as row from lake.documents order by document_id, date",
    )
}

#[test]
fn rows_of_one_export_that_contradict_each_other_are_all_rejected_and_what_is_stored_stays() {
    let project = project(&documents_only(), "1,,2026-05-01,a,10\n");
    project.run(&["run"]).ends_with(0);
    let said = then(
        &project,
        "2.csv",
        "1,,2026-05-01,a,20\n2,,2026-05-02,a,5\n1,,2026-05-01,a,30\n2,,2026-05-02,a,5\n\
         1,,2026-05-01,a,30\n",
    );
    assert!(
        said.contains("5 rows read, 1 loaded, 2 rejected, 0 skipped, 2 totals, blanks and repeats"),
        "{said}"
    );
    assert_eq!(documents(&project), ["1 2026-05 10.00", "2 2026-05 5.00"]);
    assert_eq!(rejects(&project), ["2 repeated_key shipment, 1", "6 repeated_key shipment, 1"]);
}

#[test]
fn a_key_in_two_months_of_one_export_is_rejected_in_both() {
    let project = project(&documents_only(), "1,,2026-04-01,a,10\n");
    project.run(&["run"]).ends_with(0);
    then(&project, "2.csv", "1,,2026-05-01,a,20\n2,,2026-05-02,a,5\n1,,2026-06-01,a,30\n");
    assert_eq!(documents(&project), ["1 2026-04 10.00", "2 2026-05 5.00"]);
    assert_eq!(rejects(&project), ["2 repeated_key shipment, 1", "4 repeated_key shipment, 1"]);
}

#[test]
fn of_two_exports_of_one_run_the_later_wins_and_the_other_row_is_counted() {
    let project = project(&documents_only(), "1,,2026-05-01,a,10\n2,,2026-05-01,a,1\n");
    let said = then(&project, "2.csv", "1,,2026-05-01,a,20\n2,,2026-06-01,a,2\n");
    assert_eq!(documents(&project), ["1 2026-05 20.00", "2 2026-06 2.00"]);
    assert!(
        said.contains("4 rows read, 2 loaded, 0 rejected, 0 skipped, 2 replaced by another"),
        "{said}"
    );
    assert!(rejects(&project).is_empty());
}

#[test]
fn a_corrected_document_loses_the_lines_that_it_no_longer_has() {
    let project = project(
        PIPELINE,
        "A,1,2026-05-01,a,10\nA,2,2026-05-01,a,20\nA,3,2026-05-01,a,30\nB,1,2026-05-01,b,1\n\
         C,1,2026-05-01,c,1\nC,2,2026-05-01,c,2\n",
    );
    project.run(&["run"]).ends_with(0);
    // A moves to another month and has a line less, C stays and has one less.
    then(&project, "2.csv", "A,1,2026-06-01,a,11\nA,2,2026-06-01,a,21\nC,1,2026-05-01,c,4\n");
    assert_eq!(
        lines(&project),
        ["A/1 2026-06 11.00", "A/2 2026-06 21.00", "B/1 2026-05 1.00", "C/1 2026-05 4.00"]
    );
    assert_eq!(documents(&project), ["A 2026-06 32.00", "B 2026-05 1.00", "C 2026-05 4.00"]);
}

#[test]
fn of_two_exports_of_one_run_the_later_has_the_lines() {
    let project = project(PIPELINE, "A,1,2026-05-01,a,10\nA,2,2026-05-01,a,20\n");
    then(&project, "2.csv", "A,1,2026-05-01,a,11\n");
    assert_eq!(lines(&project), ["A/1 2026-05 11.00"]);
}

#[test]
fn rows_that_are_rejected_take_the_place_of_no_lines() {
    let stored = "A,1,2026-05-01,a,10\nA,2,2026-05-01,a,20\n";
    let twice = "A,1,2026-05-01,a,11\nA,1,2026-05-01,a,12\nB,1,2026-05-01,b,1\n";
    let in_two_months = "A,1,2026-05-01,a,11\nA,1,2026-06-01,a,11\nB,1,2026-05-01,b,1\n";
    for contradicting in [twice, in_two_months] {
        let project = project(&lines_only(), stored);
        project.run(&["run"]).ends_with(0);
        then(&project, "2.csv", contradicting);
        let b = "B/1 2026-05 1.00";
        assert_eq!(lines(&project), ["A/1 2026-05 10.00", "A/2 2026-05 20.00", b]);
        // The lines that stand are the document's.
        then(&project, "3.csv", &format!("{contradicting}A,3,2026-05-01,a,30\n"));
        assert_eq!(lines(&project), ["A/3 2026-05 30.00", b]);
    }
}

#[test]
fn a_value_that_stands_in_another_column_contradicts() {
    let pipeline = lines_only().replace(
        "          amount: amount\n",
        "          amount: amount\n          item: item\n          direction: direction\n",
    );
    let header = HEADER.replace("amount", "amount,item,direction");
    let stored = format!("{header}A,1,2026-05-01,a,10,,\nA,2,2026-05-01,a,20,,\n");
    let twice = "A,1,2026-05-01,a,11,X,\nA,1,2026-05-01,a,11,,X\nB,1,2026-05-01,b,1,,\n";
    let project =
        Project::new().file("pipelines/sales.yaml", pipeline).file("exports/1.csv", stored);
    project.run(&["run"]).ends_with(0);
    project.write("exports/2.csv", format!("{header}{twice}"));
    project.run(&["run"]).ends_with(0);
    assert_eq!(lines(&project), ["A/1 2026-05 10.00", "A/2 2026-05 20.00", "B/1 2026-05 1.00"]);
}

#[test]
fn an_export_that_lost_a_document_wins_no_key_of_it() {
    let project = project(&lines_only(), "A,1,2026-05-01,a,10\nA,2,2026-07-01,a,20\n");
    then(&project, "2.csv", "A,1,2026-06-01,a,11\n");
    assert_eq!(lines(&project), ["A/1 2026-05 10.00", "A/2 2026-07 20.00"]);
}

#[test]
fn numbers_that_begin_again_in_january_have_lines_of_their_own() {
    let project = project(PIPELINE, "1,1,2025-12-31,a,10\n1,2,2025-12-31,a,20\n");
    project.run(&["run"]).ends_with(0);
    then(&project, "2.csv", "1,1,2026-01-01,a,11\n");
    assert_eq!(lines(&project), ["1/1 2025-12 10.00", "1/1 2026-01 11.00", "1/2 2025-12 20.00"]);
}

#[test]
fn an_id_that_never_comes_again_moves_over_new_year() {
    let pipeline =
        PIPELINE.replace("        columns:\n", "        permanent: true\n        columns:\n");
    let project = project(&pipeline, "1,1,2025-12-31,a,10\n1,2,2025-12-31,a,20\n");
    project.run(&["run"]).ends_with(0);
    then(&project, "2.csv", "1,1,2026-01-02,a,11\n");
    assert_eq!(lines(&project), ["1/1 2026-01 11.00"]);
    assert_eq!(documents(&project), ["1 2026-01 11.00"]);
}

#[test]
fn a_line_that_comes_late_joins_its_own_export_and_no_newer_one() {
    let pipeline = lines_only();
    let project = project(
        &pipeline,
        "A,1,2026-05-01,a,10\nA,2,01.05.2026,a,20\nB,1,2026-05-01,b,1\nB,2,01.05.2026,b,2\n",
    );
    project.run(&["run"]).ends_with(0);
    then(&project, "2.csv", "B,1,2026-05-01,b,3\n");
    project.write("pipelines/sales.yaml", pipeline.replace("%Y-%m-%d", "%d.%m.%Y"));
    project.run(&["rejects", "replay"]).ends_with(0);
    assert_eq!(lines(&project), ["A/1 2026-05 10.00", "A/2 2026-05 20.00", "B/1 2026-05 3.00"]);
}

/// What became of the rows of all exports: read, loaded, rejected, skipped, recognised, replaced.
fn counts(project: &Project) -> [u64; 6] {
    let names = ["read", "loaded", "rejected", "skipped", "recognised", "replaced"];
    let sums = names.map(|name| format!("sum({name}) as {name}")).join(", ");
    let row = project.query(&format!("select {sums} from lake.exports")).remove(0);
    let counts = names.map(|name| row[name].as_u64().unwrap());
    assert_eq!(counts[0], counts[1..].iter().sum::<u64>(), "a row vanished: {row}");
    counts
}

#[test]
fn a_row_that_makes_a_document_and_a_line_is_counted_once() {
    let project = project(PIPELINE, "1,1,2026-05-01,a,10\n2,1,2026-05-02,a,20\n");
    project.write(
        "exports/2.csv",
        format!("{HEADER}1,1,2026-06-01,a,11\n1,2,2026-06-01,a,12\n2,1,2026-06-02,a,21\n"),
    );
    project.run(&["run"]).ends_with(0);
    assert_eq!(counts(&project), [5, 3, 0, 0, 0, 2]);
    // Twice with other values, as a document and as a line: two rows, each rejected once.
    then(&project, "3.csv", "7,1,2026-05-01,a,10\n7,1,2026-06-01,a,11\n8,1,2026-06-02,a,1\n");
    assert_eq!(counts(&project), [8, 4, 2, 0, 0, 2]);
    assert_eq!(rejects(&project).len(), 2);
}

#[test]
fn rows_that_give_way_do_not_make_the_share_of_rejects_larger() {
    let pipeline = documents_only().replace("max_percent: 80", "max_percent: 30");
    let good = "1,,2026-05-01,a,1\n2,,2026-05-01,a,1\n3,,2026-05-01,a,1\n";
    let project = project(&pipeline, &format!("{good}4,,2026-05-01,a,x\n"));
    project.write("exports/2.csv", format!("{HEADER}{good}4,,2026-05-01,a,1\n"));
    project.run(&["run"]).ends_with(0);
    assert_eq!(counts(&project), [8, 4, 1, 0, 0, 3]);
}

#[test]
fn rejects_go_when_the_same_bytes_are_read_again_without_any() {
    let pipeline = documents_only();
    let project = project(&pipeline, "1,,2026-05-01,a,1\n2,,2026-05-01,a,\"1,5\"\n");
    project.run(&["run"]).ends_with(0);
    assert_eq!(rejects(&project).len(), 1);
    project.write("pipelines/sales.yaml", pipeline.replace("decimal: \".\"", "decimal: \",\""));
    project.run(&["run"]).ends_with(0);
    assert!(rejects(&project).is_empty());
    assert_eq!(documents(&project).len(), 2);
}

#[test]
fn exports_of_the_same_bytes_have_rejects_of_their_own() {
    let months = "{ replace_period: { column: date, period: month, covers: { name: \"%Y-%m\" } } }";
    let pipeline = documents_only().replace("load: upsert", &format!("load: {months}"));
    let project = Project::new().file("pipelines/sales.yaml", pipeline);
    for month in ["2026-05", "2026-06"] {
        let rows = "1,,2026-05-01,a,1\n2,,2026-06-01,a,1\n";
        project.write(&format!("exports/{month}.csv"), format!("{HEADER}{rows}"));
    }
    project.run(&["run"]).ends_with(0);
    assert_eq!(counts(&project), [4, 2, 2, 0, 0, 0]);
    assert_eq!(rejects(&project).len(), 2);
    // One of them is corrected: the rejects of the other stay.
    then(&project, "2026-05.csv", "1,,2026-05-01,a,1\n");
    assert_eq!(rejects(&project).len(), 1);
}
