//! Bad exports: a clear message with the address, the right exit code, nothing published.

use std::io::Write;

use crate::project::Project;

const PIPELINE: &str = r#"
version: 1
name: sales
sources:
  - name: books
    fetch: { files: { url: exports, pattern: "sales_*.csv*" } }
    read: { csv: { encoding: windows-1251, delimiter: ";", decimal: ".", date: "%d.%m.%Y" } }
    into:
      documents:
        columns:
          document_id: Номер
          kind: { value: shipment }
          date: Дата
          client_id: Клиент
          amount: Сумма
          currency: { value: RUB }
    load: { replace_period: { column: date, period: month, covers: { name: "sales_%Y-%m*" } } }
    control_total: { row: "Итого*", column: Сумма, optional: true }
publish:
  - { table: dim_clients, to: bi, as: [parquet, csv] }
"#;

const HEADER: &str = "Номер;Дата;Клиент;Сумма\n";

fn cp1251(text: &str) -> Vec<u8> {
    encoding_rs::WINDOWS_1251.encode(text).0.into_owned()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A project that has published April and May.
fn published() -> Project {
    let april: String =
        (1..=20).map(|n| format!("{n};0{}.04.2026;К1;100.00\n", n % 9 + 1)).collect();
    let project = Project::new()
        .file("pipelines/sales.yaml", PIPELINE)
        .file("exports/sales_2026-04.csv", cp1251(&format!("{HEADER}{april}")))
        .file("exports/sales_2026-05.csv", cp1251(&format!("{HEADER}91;05.05.2026;К1;100.00\n")));
    project.run(&["run"]).ends_with(0);
    project
}

/// Sends `bytes` as `name` and expects the run to end with `code`, saying each of `words`, and the
/// publication and the lake to stay as they were.
#[track_caller]
fn refused(name: &str, bytes: &[u8], code: i32, words: &[&str]) {
    let project = published();
    let before = (project.published(), project.read("lake/_head.json"));
    project.write(&format!("exports/{name}"), bytes);
    let mut ran = project.run(&["run"]).ends_with(code);
    for word in words {
        ran = ran.says(word);
    }
    ran.says("hint: ");
    assert_eq!((project.published(), project.read("lake/_head.json")), before);
}

#[test]
fn a_wrong_charset_is_named() {
    let utf8 = format!("{HEADER}1;01.06.2026;К1;100.00\n");
    refused("sales_2026-06.csv", utf8.as_bytes(), 1, &["sales_2026-06.csv", "Номер", "encoding"]);
}

#[test]
fn a_missing_column_is_named_with_what_was_found() {
    let text = cp1251("Номер;Дата;Клиент;Сумма руб\n1;01.06.2026;К1;100.00\n");
    refused("sales_2026-06.csv", &text, 1, &["column \"Сумма\" not found", "\"Сумма руб\""]);
}

#[test]
fn a_total_that_does_not_match_is_named_with_both_sums() {
    let text =
        cp1251(&format!("{HEADER}1;01.06.2026;К1;100.00\n2;01.06.2026;К1;50.00\nИтого;;;160.00\n"));
    refused("sales_2026-06.csv", &text, 1, &["row 4", "160.00", "150.00"]);
}

#[test]
fn a_truncated_gzip_is_named() {
    let rows: String = (0..5_000).map(|n| format!("{n};01.06.2026;К{n};{n}.37\n")).collect();
    let whole = gzip(&cp1251(&format!("{HEADER}{rows}")));
    refused("sales_2026-06.csv.gz", &whole[..whole.len() / 2], 1, &["packed", "cut off", "row "]);
}

#[test]
fn a_truncated_zstandard_file_is_named() {
    let rows: String = (0..200_000).map(|n| format!("{n};01.06.2026;К{n};{n}.37\n")).collect();
    let whole = zstd::encode_all(cp1251(&format!("{HEADER}{rows}")).as_slice(), 1).unwrap();
    refused("sales_2026-06.csv.zst", &whole[..whole.len() / 2], 1, &["packed", "cut off", "row "]);
}

#[test]
fn a_day_that_does_not_exist_is_named_with_its_row_and_column() {
    let text = cp1251(&format!("{HEADER}1;01.06.2026;К1;100.00\n2;31.02.2026;К1;1.00\n"));
    let words = ["row 3 column \"Дата\": \"31.02.2026\" is not a day written %d.%m.%Y"];
    refused("sales_2026-06.csv", &text, 1, &words);
}

#[test]
fn a_comma_decimal_is_named_with_its_row() {
    let text = cp1251(&format!("{HEADER}1;01.06.2026;К1;1.234,56\n"));
    let words = ["row 2 column \"Сумма\": \"1.234,56\" holds \",\": expected decimal \".\""];
    refused("sales_2026-06.csv", &text, 1, &words);
}

#[test]
fn a_stray_row_of_another_month_is_rejected_with_its_address() {
    let text = cp1251(&format!("{HEADER}1;01.06.2026;К1;100.00\n2;01.07.2026;К1;1.00\n"));
    let words = ["row 3", "2026-07-01 lies outside 2026-06-01 to 2026-06-30"];
    refused("sales_2026-06.csv", &text, 1, &words);
}

#[test]
fn two_files_for_one_month_are_both_named() {
    let project = published();
    let before = project.published();
    let text = |n: u8| cp1251(&format!("{HEADER}{n};01.06.2026;К1;{n}.00\n"));
    project.write("exports/sales_2026-06.csv", text(1));
    project.write("exports/sales_2026-06-new.csv", text(2));
    let words = "exports \"sales_2026-06-new.csv\" and \"sales_2026-06.csv\" both cover 2026-06";
    project.run(&["run"]).ends_with(1).says(words);
    assert_eq!(project.published(), before);
}

#[test]
fn a_month_that_shrank_stops_until_it_is_accepted() {
    let text = cp1251(&format!("{HEADER}1;01.04.2026;К1;100.00\n"));
    refused(
        "sales_2026-04.csv",
        &text,
        1,
        &["brings 1 rows", "2026-04", "the lake has 20", "--accept"],
    );
    let project = published();
    project.write("exports/sales_2026-04.csv", &text);
    project.run(&["run", "--accept"]).ends_with(0);
    let rows = project.query("select count(*) as rows from lake.documents");
    assert_eq!(rows, [serde_json::json!({ "rows": 2 })]);
}

#[test]
fn an_empty_file_is_named() {
    refused("sales_2026-06.csv", b"", 1, &["sales_2026-06.csv", "is empty"]);
    refused("sales_2026-06.csv", &cp1251(HEADER), 1, &["has no rows to load"]);
}

#[test]
fn ten_megabytes_in_one_field_are_refused() {
    let mut text = cp1251(&format!("{HEADER}1;01.06.2026;\""));
    text.extend(std::iter::repeat_n(b'x', 10 << 20));
    text.extend(cp1251("\";100.00\n"));
    refused("sales_2026-06.csv", &text, 1, &["row 2", "field 3 is longer than 1048576 bytes"]);
}

#[test]
fn nul_bytes_are_named_with_their_row() {
    let text = cp1251(&format!("{HEADER}1;01.06.2026;К1;100.00\n2;01.06.2026;К\01;1.00\n"));
    refused("sales_2026-06.csv", &text, 1, &["row 3", "NUL"]);
}

#[test]
fn an_open_quote_is_named_with_its_row() {
    let text = cp1251(&format!("{HEADER}1;01.06.2026;\"К1;100.00\n2;01.06.2026;К1;1.00\n"));
    refused("sales_2026-06.csv", &text, 1, &["a quote opened in row 2 is never closed"]);
}

#[test]
fn lines_of_documents_without_group_by_are_not_lost_in_silence() {
    let text = cp1251(&format!("{HEADER}1;01.06.2026;К1;100.00\n1;01.06.2026;К1;50.00\n"));
    refused("sales_2026-06.csv", &text, 1, &["same key with other values", "group_by"]);
}

#[test]
fn no_export_at_all_is_exit_code_3() {
    let project =
        Project::new().file("pipelines/sales.yaml", PIPELINE).file("exports/readme.txt", "");
    project.run(&["run"]).ends_with(3).says("no file in \"exports\" matches \"sales_*.csv*\"");
    project.run(&["run", "salse"]).ends_with(3).says("did you mean \"sales\"?");
}
