//! What goes wrong in silence elsewhere: ids that look alike, shortened numbers, capitals, shrunk months.

use crate::exports::{documents, source, sources, table};

const KEYS: &str = "read: { csv: { encoding: detect, delimiter: \",\", decimal: \".\", date: \"%Y-%m-%d\" } }
into:
  documents:
    columns: { document_id: Number, kind: { value: shipment }, date: Date, client_id: Client, amount: Amount, currency: { value: RUB } }
  clients:
    columns: { client_id: Client, name: Client, tax_id: Tax ID, phone: Phone }
optional: [Tax ID, Phone]
load: { replace_period: { column: date, period: month } }";

const HEADER: &str = "Number,Date,Client,Amount,Tax ID,Phone\n";

#[test]
fn ids_that_no_eye_tells_apart_are_one() {
    let names = [
        "ООО Ромашка",
        "ООО\u{a0}Ромашка",
        "ООО  Ромашка",
        "ООО Ромаш\u{ad}ка",
        "ООО Ромашка\u{200b}",
    ];
    let guarded = ["=\"\"00123\"\"", "'00123", "00123"];
    let composed = ["Caf\u{e9}", "Cafe\u{301}"];
    let rows: String = (1..)
        .zip(names.iter().chain(&guarded).chain(&composed))
        .map(|(number, name)| format!("{number},2026-06-01,\"{name}\",1,,\n"))
        .collect();
    let project = source(KEYS).file("exports/june.csv", format!("{HEADER}{rows}"));
    project.run(&["run"]).ends_with(0);
    let clients = table(&project, "clients", &["client_id"]);
    assert_eq!(clients, ["00123", "Caf\u{e9}", "ООО Ромашка"]);
}

#[test]
fn what_stands_for_no_value_is_no_client_and_is_told_elsewhere() {
    for nobody in ["#N/A", "#Н/Д", "NULL", "nan", "7.70123E+11"] {
        let rows = format!("1,2026-06-01,{nobody},1,,\n2,2026-06-01,A,2,,\n");
        let project = source(KEYS).file("exports/june.csv", format!("{HEADER}{rows}"));
        project.run(&["run"]).ends_with(1).says("1 of 2 rows rejected").says(nobody);
    }
    let rows = "1,2026-06-01,A,1,7.70123E+11,#N/A\n2,2026-06-01,B,2,7.70123E+11,NULL\n";
    let project = source(KEYS).file("exports/june.csv", format!("{HEADER}{rows}"));
    let ran = project.run(&["run"]).ends_with(0);
    ran.says("\"7.70123E+11\" stands for no value: \"tax_id\" is empty in 2 rows")
        .says("\"#N/A\" stands for no value: \"phone\" is empty in 1 rows");
    let clients = table(&project, "clients", &["client_id", "tax_id"]);
    assert_eq!(clients, ["A|", "B|"]);
}

#[test]
fn names_in_capitals_are_read_and_files_that_nobody_reads_are_told() {
    let row = |number: u32| format!("{HEADER}{number},2026-0{number}-01,A,1,,\n");
    let project = sources(&[("books", "*.csv", KEYS)])
        .file("exports/june.csv", row(6))
        .file("exports/JULY.CSV", row(7))
        .file("exports/notes.txt", "nothing")
        .file("exports/.hidden", "nothing");
    let ran = project.run(&["run"]).ends_with(0);
    ran.says("no source reads these files of \"exports\": \"notes.txt\"");
    assert_eq!(documents(&project).len(), 2);
}

#[test]
fn a_charset_seen_late_is_read_and_a_month_that_becomes_smaller_is_told() {
    let rows: String =
        (1..=12_000).map(|number| format!("{number},2026-06-01,Client,1,,\n")).collect();
    let late = format!("{HEADER}{rows}12001,2026-06-02,ООО Ромашка,1,,\n");
    let project = source(KEYS).file("exports/june.csv", crate::exports::cp1251(&late));
    project.run(&["run"]).ends_with(0).says("charset detected: windows-1251");
    assert_eq!(table(&project, "clients", &["client_id"]), ["Client", "ООО Ромашка"]);
    let fewer: String =
        (1..=8_000).map(|number| format!("{number},2026-06-01,Client,1,,\n")).collect();
    project.write("exports/june.csv", format!("{HEADER}{fewer}"));
    project
        .run(&["run"])
        .ends_with(0)
        .says("2026-06 had 12001 rows of \"documents\" and has 8000 now");
}

#[test]
fn another_guess_at_a_charset_than_before_is_told() {
    let row = |month: u8, name: &str| format!("{HEADER}{month}-1,2026-0{month}-01,{name},1,,\n");
    let project = source(KEYS).file("exports/june.csv", row(6, "ООО Ромашка"));
    project.run(&["run"]).ends_with(0).says("charset detected: UTF-8");
    // ASCII alone leaves no choice.
    project.write("exports/july.csv", row(7, "Client"));
    let ran = project.run(&["run"]).ends_with(0);
    assert!(!ran.stderr.contains("charset"), "{}", ran.stderr);
    let cyrillic = row(8, "Общество с ограниченной ответственностью «Ромашка и партнёры»");
    project.write("exports/august.csv", crate::exports::cp1251(&cyrillic));
    let ran = project.run(&["run"]).ends_with(0);
    ran.says("earlier exports of the source were UTF-8: look at its names, and declare");
}

#[test]
fn a_total_says_how_much_of_it_was_rejected() {
    let keys = format!(
        "{KEYS}\ncontrol_total: {{ row: Total, column: Amount }}\nrejects: {{ max_percent: 50 }}"
    );
    let rows = |money: u32| {
        format!(
            "{HEADER}1,2026-06-01,A,100,,\n2,2026-06-01,B,100,,\n3,2026-06-01,,{money},,\nTotal,,,{},,\n",
            200 + money
        )
    };
    let project = source(&keys).file("exports/june.csv", rows(50));
    project
        .run(&["run"])
        .ends_with(0)
        .says("rows were rejected, 50.00 of 250.00 of the control total");
    // A third of the rows, and more than half of the money.
    let project = source(&keys).file("exports/june.csv", rows(900));
    let ran = project.run(&["run"]).ends_with(1);
    let ran = ran.says("1 of 3 rows rejected, 900.00 of 1100.00 of the control total among them");
    assert!(!ran.stderr.contains("raise rejects"), "{}", ran.stderr);
}

#[test]
fn rejects_of_a_run_that_failed_are_listed_until_one_succeeds() {
    let bad = format!("{HEADER}1,2026-06-01,A,100,,\n2,2026-06-31,B,100,,\n3,2026-06-02,,50,,\n");
    let project = source(KEYS).file("exports/june.csv", bad);
    project.run(&["run"]).ends_with(1);
    // Another pipeline's run makes nothing good.
    let other = project.read("pipelines/sales.yaml").replace("name: sales", "name: others");
    let other = other.replace("books", "others").replace("\"*\"", "\"others/*\"");
    project.write("pipelines/others.yaml", other);
    project.write("exports/others/june.csv", format!("{HEADER}9,2026-06-01,B,100,,\n"));
    project.run(&["run", "others"]).ends_with(0);
    let listed = project.run(&["rejects", "ls"]).ends_with(0);
    for reason in ["not_a_date", "missing"] {
        let line = listed.stdout.lines().find(|line| line.contains(reason)).unwrap_or_default();
        assert!(line.contains("june.csv") && line.contains("2026"), "{}", listed.stdout);
    }
    project.write("exports/june.csv", format!("{HEADER}1,2026-06-01,A,100,,\n"));
    project.run(&["run", "sales"]).ends_with(0);
    let listed = project.run(&["rejects", "ls"]).ends_with(0);
    assert!(!listed.stdout.contains("june.csv"), "{}", listed.stdout);
}
