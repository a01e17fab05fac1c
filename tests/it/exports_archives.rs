//! Archives of exports, and files made to harm.

use std::io::Write;

use crate::exports::{documents, source};
use crate::exports_workbook::zipped;
use crate::project::Project;

const HEADER: &str = "number,date,client,amount\n";

/// A source of months whose names say which they are; `inside` is what of an archive is read.
fn months(inside: &str) -> Project {
    let text = format!(
        r#"version: 1
name: sales
sources:
  - name: books
    fetch: {{ files: {{ url: exports, pattern: "*.zip"{inside} }} }}
    read: {{ csv: {{ encoding: utf-8, delimiter: ",", decimal: ".", date: "%Y-%m-%d" }} }}
    into:
      documents:
        columns:
          document_id: number
          kind: {{ value: shipment }}
          date: date
          client_id: client
          amount: amount
          currency: {{ value: RUB }}
    load: {{ replace_period: {{ column: date, period: month, covers: {{ name: "*_%Y-%m" }} }} }}
"#
    );
    Project::new().file("pipelines/sales.yaml", text)
}

/// The same with a limit of 1 MiB.
fn limited(project: Project) -> Project {
    let yaml = project.read("pipelines/project.yaml");
    project.file("pipelines/project.yaml", yaml + "limits: { unpacked_mb: 1 }\n")
}

fn month(rows: &str) -> Vec<u8> {
    format!("{HEADER}{rows}").into_bytes()
}

const CSV_ONLY: &str = ", inside: \"**/*.csv\"";

#[test]
fn an_archive_of_two_months_is_two_exports_and_its_noise_none() {
    let archive = |april: &str| {
        zipped(&[
            ("sales_2026-03.csv", month("1,2026-03-05,a,10\n")),
            ("sub/sales_2026-04.csv", month(april)),
            ("readme.txt", b"hello".to_vec()),
            (".DS_Store", vec![0]),
            ("__MACOSX/._sales_2026-03.csv", vec![0, 5, 22, 7]),
        ])
    };
    let project = months(CSV_ONLY).file("exports/q.zip", archive("2,2026-04-05,a,20\n"));
    let ran = project.run(&["run"]).ends_with(0);
    assert!(ran.stdout.contains("loaded 2 exports"), "{}", ran.stdout);
    assert_eq!(
        documents(&project),
        ["1|shipment|2026-03-05|a|10.00", "2|shipment|2026-04-05|a|20.00"]
    );
    // The archive comes again, and one of its files is another.
    project.write("exports/q.zip", archive("2,2026-04-05,a,21\n3,2026-04-06,b,30\n"));
    let ran = project.run(&["run"]).ends_with(0);
    assert!(ran.stdout.contains("loaded 1 exports: 2 rows read, 2 loaded"), "{}", ran.stdout);
    assert_eq!(
        documents(&project),
        [
            "1|shipment|2026-03-05|a|10.00",
            "2|shipment|2026-04-05|a|21.00",
            "3|shipment|2026-04-06|b|30.00"
        ]
    );
    assert_eq!(project.run(&["run"]).ends_with(0).stdout, "up to date\n");
}

#[test]
fn names_of_russian_windows_are_read() {
    // An archiver of Windows writes names in cp866 and no word of it.
    let (placeholder, name) = ("xxxxxxx_2026-03.csv", "Продажи_2026-03.csv");
    let russian = encoding_rs::IBM866;
    let cp866 = oem(name);
    assert_eq!(russian.decode(&cp866).0, name);
    let mut bytes = zipped(&[(placeholder, month("1,2026-03-05,a,10\n"))]);
    let places: Vec<usize> =
        (0..bytes.len()).filter(|at| bytes[*at..].starts_with(placeholder.as_bytes())).collect();
    assert_eq!(places.len(), 2, "beside the file, and in the directory");
    for at in places {
        bytes[at..at + cp866.len()].copy_from_slice(&cp866);
    }
    let project = months("").file("exports/q.zip", bytes);
    let ran = project.run(&["run"]).ends_with(0);
    assert!(ran.stdout.contains("loaded 1 exports"), "{}", ran.stdout);
    project.write("exports/q.zip", zipped(&[(name, month("1,2026-03-05,a,x\n"))]));
    // In UTF-8 it is the same export.
    project.run(&["run"]).ends_with(1).says("export \"q.zip/Продажи_2026-03.csv\"");
}

/// `text` in cp866.
fn oem(text: &str) -> Vec<u8> {
    let table = &oem_cp::code_table::ENCODING_TABLE_CP_MAP[&866];
    oem_cp::encode_string_lossy(text, table)
}

#[test]
fn an_archive_in_an_archive_is_refused() {
    let inner = zipped(&[("sales_2026-03.csv", month("1,2026-03-05,a,10\n"))]);
    let project = months("").file("exports/q.zip", zipped(&[("march.zip", inner)]));
    let ran = project.run(&["run"]).ends_with(1);
    ran.says("export \"q.zip/march.zip\": an archive in an archive").says("hint: unpack the outer");
}

#[test]
fn an_archive_that_unpacks_to_too_much_is_refused() {
    let mut zeros = month("1,2026-03-05,a,10\n");
    zeros.resize(3 << 20, b'0');
    let bytes = zipped(&[("sales_2026-03.csv", zeros)]);
    assert!(bytes.len() < 10_000);
    let project = limited(months("")).file("exports/q.zip", bytes);
    let ran = project.run(&["run"]).ends_with(1);
    ran.says("export \"q.zip/sales_2026-03.csv\": unpacks to more than 1 MiB")
        .says("hint: ask for smaller files, or raise limits: unpacked_mb");
    assert!(!project.path("lake/_head.json").exists(), "nothing was loaded");
}

#[test]
fn what_is_no_archive_is_named() {
    let project = months("").file("exports/q.zip", "no archive");
    project.run(&["run"]).ends_with(1).says("archive \"q.zip\" cannot be read");
}

#[test]
fn a_gzip_that_unpacks_to_too_much_is_refused() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let row = "31,Racks,10,USD,Acme,Sales,Ann Lee,won,,,\n";
    let header = "Deal - ID,Deal - Title,Deal - Value,Deal - Currency,Deal - Organization,\
                  Deal - Pipeline,Deal - Owner,Deal - Status,Deal - Lost reason,Deal - Lost time,x\n";
    gzip.write_all(header.as_bytes()).unwrap();
    gzip.write_all(row.repeat((3 << 20) / row.len()).as_bytes()).unwrap();
    let bytes = gzip.finish().unwrap();
    assert!(bytes.len() < 20_000);
    let project = limited(source("preset: pipedrive_deals")).file("exports/deals.csv.gz", bytes);
    let ran = project.run(&["run"]).ends_with(1);
    ran.says("export \"deals.csv.gz\"").says("unpacks to more than 1 MiB");
}

#[test]
fn a_workbook_that_unpacks_to_too_much_is_refused() {
    let rows = format!("<row>{}</row>", "<c><v>1</v></c>".repeat(100)).repeat(2_000);
    let sheet = format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
    let relation = "<Relationships><Relationship Id=\"r1\" \
                    Type=\"http://s/relationships/worksheet\" Target=\"sheet1.xml\"/></Relationships>";
    let root = relation.replace("worksheet", "officeDocument").replace("sheet1", "xl/workbook");
    let bytes = zipped(&[
        ("[Content_Types].xml", "<Types/>"),
        ("_rels/.rels", root.as_str()),
        (
            "xl/workbook.xml",
            "<workbook><sheets><sheet name=\"a\" r:id=\"r1\"/></sheets></workbook>",
        ),
        ("xl/_rels/workbook.xml.rels", relation),
        ("xl/sheet1.xml", &sheet),
    ]);
    let project = limited(source("preset: hubspot_deals\nread: { xlsx: {} }"))
        .file("exports/deals.xlsx", bytes);
    let ran = project.run(&["run"]).ends_with(1);
    ran.says("export \"deals.xlsx\"").says("1 MiB");
}

#[test]
fn xml_that_grows_by_its_own_entities_is_refused() {
    let mut bomb = "<?xml version=\"1.0\"?>\n<!DOCTYPE lolz [\n<!ENTITY a0 \"lol\">\n".to_owned();
    for level in 1..10 {
        let part = format!("&a{};", level - 1).repeat(10);
        bomb.push_str(&["<!ENTITY a", &level.to_string(), " \"", &part, "\">\n"].concat());
    }
    bomb += "]>\n<Invoice xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2\">&a9;</Invoice>";
    let project = source("preset: ubl").file("exports/invoice.xml", bomb);
    let ran = project.run(&["run"]).ends_with(1);
    ran.says("export \"invoice.xml\"").says("declares entities of its own").says("hint: ");
}

#[test]
fn xml_deeper_than_any_invoice_is_refused_with_the_limit() {
    let head = "<Invoice xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2\">";
    let project = source("preset: ubl")
        .file("exports/invoice.xml", format!("{head}{}", "<a>".repeat(100_000)));
    project.run(&["run"]).ends_with(1).says("export \"invoice.xml\"").says("more than 64 deep");
}
