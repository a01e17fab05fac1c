//! `inspect`: keys over the whole file, and rows counted as a run counts them.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::exports_workbook::zipped;
use crate::inspect::{documents, taken};
use crate::project::Project;

/// What `inspect --json` tells of a file that a run would not load.
fn told(name: &str, bytes: impl AsRef<[u8]>) -> Value {
    let project = Project::new().file(&format!("exports/{name}"), bytes);
    let path = project.path(&format!("exports/{name}"));
    let ran = project.run(&["inspect", path.to_str().unwrap(), "--json"]).ends_with(0);
    serde_json::from_str(&ran.stdout).unwrap()
}

/// Rows and sum of the shipments, the only documents.
fn shipments(told: &Value) -> Value {
    let [sum] = told["documents"].as_array().unwrap().as_slice() else { panic!("{told}") };
    assert_eq!(sum["kind"], "shipment");
    json!({ "rows": sum["rows"], "sum": sum["sum"] })
}

#[test]
fn lines_that_come_late_are_found_and_grouped() {
    let mut text = "Number;Date;Customer;Amount\n".to_owned();
    for number in 0..5_100 {
        let _ = writeln!(text, "{number};2026-03-31;Acme;1.00");
    }
    text += "5099;2026-03-31;Acme;2.00\n";
    let (_, told) = taken("late.csv", text);
    assert!(told["pipeline"].as_str().unwrap().contains("group_by: [document_id]"), "{told}");
    assert_eq!(told["contradictions"], json!([]));
    assert_eq!(told["tables"]["documents"], 5_100);
    assert_eq!(shipments(&told), json!({ "rows": 5_100, "sum": "5102.00" }));
}

#[test]
fn documents_with_one_number_that_are_not_one_are_told_before_a_run_rejects_them() {
    let text = "Number;Date;Customer;Amount\n1;2026-03-01;Acme;1.00\n2;2026-03-02;Acme;2.00\n\
                2;2026-03-03;Bolts;4.00\n3;2026-03-04;Bolts;8.00\n3;2026-03-04;Bolts;8.00\n";
    let told = told("twice.csv", text);
    assert_eq!(told["rows"]["read"], 5);
    assert_eq!((&told["rows"]["loaded"], &told["rows"]["rejected"]), (&json!(3), &json!(2)));
    assert_eq!(shipments(&told), json!({ "rows": 2, "sum": "17.00" }));
}

#[test]
fn a_line_that_is_rejected_takes_its_document_out_of_the_count() {
    let text = "InvoiceNo;Date;Customer;Amount\n7;2026-03-01;Acme;1.00\n7;2026-03-01;Acme;x\n\
                8;2026-03-02;Acme;5.00\n8;2026-03-02;Acme;-7.00\n";
    let told = told("lines.csv", text);
    assert_eq!((&told["rows"]["loaded"], &told["rows"]["rejected"]), (&json!(2), &json!(2)));
    let (sum, others) = told["documents"].as_array().unwrap().split_first().unwrap();
    assert_eq!((&sum["kind"], &sum["sum"], others.len()), (&json!("return"), &json!("2.00"), 0));
}

#[test]
fn of_an_archive_the_largest_file_is_looked_into_and_others_like_it_are_read() {
    let rows = |month: u32| {
        let rows = (0..20).map(|row| format!("{month}{row:02};2026-0{month}-15;Acme;1.00\n"));
        format!("Number;Date;Customer;Amount\n{}", rows.collect::<String>()).into_bytes()
    };
    let archive = zipped(&[
        ("about.txt", b"two files of sales".to_vec()),
        ("march.csv", rows(3)),
        ("april.csv", rows(4)),
    ]);
    let (project, told) = taken("q.zip", archive);
    assert_eq!(told["file"], "q.zip/march.csv");
    assert!(told["pipeline"].as_str().unwrap().contains("inside: \"**/*.csv\""), "{told}");
    assert_eq!(documents(&project), ["shipment 40 40.00 RUB"]);
}

#[test]
fn what_lies_beyond_the_keys_that_are_remembered_is_counted_and_summed_up() {
    let mut text = "Number;Date;Customer;Amount\n".to_owned();
    for number in 0..150_000 {
        let _ = writeln!(text, "{number};2026-03-31;Acme;1.00");
    }
    let told = told("many.csv", text);
    assert_eq!(told["tables"]["documents"], 150_000);
    assert_eq!(shipments(&told), json!({ "rows": 150_000, "sum": "150000.00" }));
}
