//! The demo, small: two commands on a fresh machine.

use std::process::Command;

use crate::project::{Ran, binary, published};

fn demo(folder: &std::path::Path) -> Ran {
    let mut command = Command::new(binary());
    command.args(["demo", "--documents", "3000", "--out"]).arg(folder);
    command.output().unwrap().into()
}

#[test]
fn the_demo_publishes_every_table_and_is_then_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("demo");
    demo(&out).ends_with(0);
    let first = published(&out.join("published"));
    let tables = [
        "sleeping_clients",
        "client_base",
        "refusal_dynamics",
        "return_cohorts",
        "return_conversion",
        "fct_spells",
        "fct_refusals",
        "dim_clients",
        "dim_quarters",
    ];
    for table in tables {
        for ending in ["parquet", "csv", "excel.csv"] {
            let name = format!("{table}.{ending}");
            assert!(first.iter().any(|(file, _)| *file == name), "{name} is not published");
            let latest = std::fs::read(out.join("published/latest").join(&name)).unwrap();
            assert!(!latest.is_empty(), "{name} is empty");
        }
    }
    let again = demo(&out).ends_with(0);
    assert!(again.stdout.contains("up to date"), "{}", again.stdout);
    let run: Ran =
        Command::new(binary()).arg("--project").arg(&out).arg("run").output().unwrap().into();
    assert_eq!(run.ends_with(0).stdout, "up to date\n");
    assert_eq!(published(&out.join("published")), first);
    let test: Ran =
        Command::new(binary()).arg("--project").arg(&out).arg("test").output().unwrap().into();
    test.ends_with(0);
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (left, right) = (folder.path().join("left"), folder.path().join("right"));
    demo(&left).ends_with(0);
    demo(&right).ends_with(0);
    assert_eq!(published(&left.join("published")), published(&right.join("published")));
    for file in ["1c/sales_2026-09.csv", "crm/clients.csv", "crm/refusals.csv"] {
        let read = |root: &std::path::Path| std::fs::read(root.join("exports").join(file)).unwrap();
        assert_eq!(read(&left), read(&right), "{file}");
    }
}
