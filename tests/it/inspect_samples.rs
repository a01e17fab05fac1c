//! What `inspect` says of exports that nobody of this project wrote: they lie beside the
//! repository, in `../shared/samples`, or are left out.

use serde_json::{Value, json};

use crate::project::{Project, Ran, repository};

/// What is expected of one: format, charset, header row, days, and by canonical table its rows.
struct Expected {
    file: &'static str,
    format: &'static str,
    charset: &'static str,
    separator: Option<&'static str>,
    header_row: Option<u64>,
    dates: &'static str,
    tables: Value,
    documents: Value,
    rejected: u64,
}

fn looked_into(project: &Project, file: &str) -> Option<Ran> {
    let path = repository().join("../shared/samples").join(file);
    if !path.is_file() {
        println!("left out: {file} is not there");
        return None;
    }
    Some(project.run(&["--json", "inspect", path.to_str().unwrap()]))
}

fn samples() -> Vec<Expected> {
    let iso = "year first: 2025-12-31";
    let plain = "year first: 20251231";
    let xml = |file, format, charset, tables, documents| Expected {
        file,
        format,
        charset,
        separator: None,
        header_row: None,
        dates: if format == "CII (EN 16931)" { plain } else { iso },
        tables,
        documents,
        rejected: 0,
    };
    let utf8 = "utf-8, sure: the file says so";
    vec![
        Expected {
            file: "1c_client_bank_exchange/dronm_clbnk_kl_to_1c.txt",
            format: "1CClientBankExchange",
            charset: "windows-1251, sure: the file says so",
            separator: None,
            header_row: None,
            dates: "day first: 31.12.2025",
            tables: json!({}),
            documents: json!({}),
            rejected: 0,
        },
        xml(
            "cii/en16931_CII_example1.xml",
            "CII (EN 16931)",
            utf8,
            json!({ "clients": 1, "documents": 1, "document_lines": 20 }),
            json!({ "invoice": { "rows": 1, "sum": "250.33" } }),
        ),
        xml(
            "ubl/en16931_ubl-tc434-example1.xml",
            "UBL invoice",
            utf8,
            json!({ "clients": 1, "documents": 1, "document_lines": 20 }),
            json!({ "invoice": { "rows": 1, "sum": "250.33" } }),
        ),
        xml(
            "ubl/en16931_ubl-tc434-creditnote1.xml",
            "UBL credit note",
            utf8,
            json!({ "clients": 1, "documents": 1, "document_lines": 1 }),
            json!({ "return": { "rows": 1, "sum": "100.11" } }),
        ),
        xml(
            "saft_pt/rebelo_saft_idemo599999999.xml",
            "SAF-T",
            "windows-1252, sure: the file says so",
            json!({ "clients": 11, "documents": 26, "document_lines": 31 }),
            json!({ "invoice": { "rows": 13, "sum": "17611.11" }, "payment": { "rows": 1, "sum": "7000.00" }, "return": { "rows": 5, "sum": "2642.14" } }),
        ),
        Expected {
            file: "datev/ledermann_EXTF_Buchungsstapel.csv",
            format: "DATEV",
            charset: "windows-1252, sure: the format's own",
            separator: Some(";"),
            header_row: Some(2),
            dates: "day first, without a year: 3112",
            tables: json!({ "documents": 1 }),
            documents: json!({ "invoice": { "rows": 1, "sum": "5950.00" } }),
            rejected: 0,
        },
        Expected {
            file: "datev/ledermann_EXTF_Stammdaten.csv",
            format: "DATEV",
            charset: "windows-1252, sure: the format's own",
            separator: Some(";"),
            header_row: Some(2),
            dates: "day first, without a year: 3112",
            tables: json!({ "clients": 1 }),
            documents: json!({}),
            rejected: 0,
        },
        Expected {
            file: "sie/FAKT.SI",
            format: "SIE",
            charset: "cp437, sure: #FORMAT PC8",
            separator: None,
            header_row: None,
            dates: plain,
            tables: json!({ "clients": 1, "documents": 1 }),
            documents: json!({ "invoice": { "rows": 1, "sum": "8000.00" } }),
            rejected: 0,
        },
        Expected {
            file: "sie/SIE_exempelfil.se",
            format: "SIE",
            charset: "cp437, sure: #FORMAT PC8",
            separator: None,
            header_row: None,
            dates: plain,
            tables: json!({}),
            documents: json!({}),
            rejected: 0,
        },
    ]
}

#[test]
fn samples_are_what_they_are() {
    let project = Project::empty();
    for one in samples() {
        let Some(ran) = looked_into(&project, one.file) else { continue };
        // What brings nothing is told to.
        let code = if one.tables == json!({}) { 3 } else { 0 };
        let told: Value = serde_json::from_str(&ran.ends_with(code).stdout).unwrap();
        println!("{}: {} {}", one.file, told["tables"], told["documents"]);
        assert_eq!(told["format"], one.format, "{}", one.file);
        assert_eq!(told["charset"], one.charset, "{}", one.file);
        assert_eq!(told["separator"], json!(one.separator), "{}", one.file);
        assert_eq!(told["header_row"], json!(one.header_row), "{}", one.file);
        assert_eq!(told["dates"], one.dates, "{}", one.file);
        assert_eq!(told["tables"], one.tables, "{}", one.file);
        let sums = told["documents"].as_array().unwrap().iter().map(|sum| {
            let kind = sum["kind"].as_str().unwrap().to_owned();
            (kind, json!({ "rows": sum["rows"], "sum": sum["sum"] }))
        });
        let sums: serde_json::Map<String, Value> = sums.collect();
        assert_eq!(Value::from(sums), one.documents, "{}", one.file);
        assert_eq!(told["rows"]["rejected"], one.rejected, "{}", one.file);
    }
}

#[test]
fn samples_without_a_table_say_so() {
    let project = Project::empty();
    for file in [
        "01-catalog-with-table.xml",
        "02-document-with-fi.xml",
        "03-information-register.xml",
        "04-accumulation-register.xml",
        "05-accounting-register.xml",
        "07-composite-ref.xml",
        "09-enum-and-complex.xml",
    ] {
        let Some(ran) = looked_into(&project, &format!("1c_odata/{file}")) else { continue };
        ran.ends_with(1).says("the description ($metadata) of a 1C service, which has no rows");
    }
    for (file, charset, columns) in [
        ("dbase-rs_cp850.dbf", "language byte 0x03", vec!["TEXT"]),
        (
            "dbase-rs_stations_with_deleted.dbf",
            "not said by the file",
            vec!["name", "marker-col", "marker-sym", "line"],
        ),
    ] {
        let Some(ran) = looked_into(&project, &format!("dbf/{file}")) else { continue };
        let ran = ran.ends_with(3).says("map them by hand");
        let told: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(told["format"], "dBase table");
        assert_eq!(told["charset"], charset);
        let headers = told["columns"].as_array().unwrap().iter().map(|one| &one["header"]);
        assert!(headers.eq(columns.iter()), "{}", told["columns"]);
    }
}
