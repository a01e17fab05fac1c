//! docs/exports.md: its tables are what the presets and `inspect` say.

use std::fmt::Write;

use pobudka::config::presets;
use serde_json::Value;

use crate::project::{Project, repository};

/// The presets as rows of the table.
fn of_presets() -> String {
    let mut table =
        "| `preset:` | `read:` | tables | what it reads |\n|---|---|---|---|\n".to_owned();
    for name in presets::names() {
        let preset: Value = serde_yaml::from_str(presets::text(name).unwrap()).unwrap();
        let keys = |of: &Value| {
            let keys = of.as_object().unwrap().keys().map(|key| format!("`{key}`"));
            keys.collect::<Vec<_>>().join(", ")
        };
        let description = presets::description(name).unwrap();
        let _ = writeln!(
            table,
            "| `{name}` | {} | {} | {} |",
            keys(&preset["read"]),
            keys(&preset["into"]),
            description.trim_end_matches('.')
        );
    }
    table
}

/// Public samples, by what they are called and their place in `../shared/samples`.
const SAMPLES: [(&str, &str); 8] = [
    (
        "SAF-T, the Portuguese tax authority's demonstration",
        "saft_pt/rebelo_saft_idemo599999999.xml",
    ),
    ("UBL, EN 16931 example 1", "ubl/en16931_ubl-tc434-example1.xml"),
    ("UBL, EN 16931 credit note 1", "ubl/en16931_ubl-tc434-creditnote1.xml"),
    ("CII, EN 16931 example 1", "cii/en16931_CII_example1.xml"),
    ("DATEV, `ledermann/datev`: postings", "datev/ledermann_EXTF_Buchungsstapel.csv"),
    ("DATEV, `ledermann/datev`: master data", "datev/ledermann_EXTF_Stammdaten.csv"),
    ("SIE, `FAKT.SI` of sie.se", "sie/FAKT.SI"),
    (
        "1CClientBankExchange, `dronm/clbnk`: only money paid out",
        "1c_client_bank_exchange/dronm_clbnk_kl_to_1c.txt",
    ),
];

/// The samples as rows of the table; `None` where they are not beside the repository.
fn of_samples() -> Option<String> {
    let folder = repository().join("../shared/samples");
    if !folder.is_dir() {
        println!("skipped: {} is not there", folder.display());
        return None;
    }
    let project = Project::empty();
    let mut table = "| sample | tables | documents | rejects |\n|---|---|---|---|\n".to_owned();
    for (name, file) in SAMPLES {
        let path = folder.join(file);
        let ran = project.run(&["inspect", "--json", path.to_str().unwrap()]);
        let told: Value = serde_json::from_str(&ran.stdout).unwrap();
        let tables = told["tables"].as_object().unwrap().iter();
        let tables: Vec<String> = tables.map(|(table, rows)| format!("{rows} `{table}`")).collect();
        let documents = told["documents"].as_array().unwrap().iter().map(|sum| {
            let of = |sum: &Value| format!("{} in {}", sum["sum"].as_str().unwrap(), sum["rows"]);
            let cancelled = match sum["cancelled"]["rows"].as_u64() {
                Some(0) | None => String::new(),
                Some(_) => format!(", cancelled {}", of(&sum["cancelled"])),
            };
            format!("{} {}{cancelled}", sum["kind"].as_str().unwrap(), of(sum))
        });
        let documents: Vec<String> = documents.collect();
        let _ = writeln!(
            table,
            "| {name} | {} | {} | {} |",
            if tables.is_empty() { "none".to_owned() } else { tables.join(", ") },
            documents.join("; "),
            told["rows"]["rejected"]
        );
    }
    Some(table)
}

#[test]
fn the_tables_of_exports_are_those_of_presets_and_samples() {
    let page = std::fs::read_to_string(repository().join("docs/exports.md")).unwrap();
    for table in [Some(of_presets()), of_samples()].into_iter().flatten() {
        assert!(page.contains(&table), "docs/exports.md lacks this table:\n{table}");
    }
}
