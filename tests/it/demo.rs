//! The demo, small: two commands on a fresh machine.

use std::collections::BTreeSet;
use std::process::Command;

use crate::project::{Ran, binary, published, repository};

fn demo(folder: &std::path::Path) -> Ran {
    let mut command = Command::new(binary());
    command.args(["demo", "--documents", "3000", "--out"]).arg(folder);
    command.output().unwrap().into()
}

#[test]
fn the_demo_publishes_every_table_the_same_bytes_each_time_and_is_then_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("demo");
    demo(&out).ends_with(0);
    let first = published(&out.join("published"));
    let marts = std::fs::read_dir(repository().join("sql/marts")).unwrap();
    let tables: BTreeSet<String> = marts
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    assert!(tables.len() >= 32, "{tables:?}");
    for table in tables {
        for ending in ["parquet", "csv", "excel.csv"] {
            let name = format!("{table}.{ending}");
            assert!(first.iter().any(|(file, _)| *file == name), "{name} is not published");
            let latest = std::fs::read(out.join("published/latest").join(&name)).unwrap();
            assert!(!latest.is_empty(), "{name} is empty");
        }
    }
    let run: Ran =
        Command::new(binary()).arg("--project").arg(&out).arg("run").output().unwrap().into();
    assert_eq!(run.ends_with(0).stdout, "up to date\n");
    assert_eq!(published(&out.join("published")), first);
    let test: Ran =
        Command::new(binary()).arg("--project").arg(&out).arg("test").output().unwrap().into();
    test.ends_with(0);
    let judged: Ran = Command::new(binary())
        .args(["--quiet", "--json", "--project"])
        .arg(&out)
        .arg("backtest")
        .output()
        .unwrap()
        .into();
    let judged = judged.ends_with(0).stdout;
    // 8 quarters, 3 horizons, 3 populations; 5 rules, 3 rankings and 10 tenths.
    assert_eq!(judged.lines().count(), 8 * 3 * 3 * (5 + 3 + 10), "{judged}");
    let other = folder.path().join("other");
    demo(&other).ends_with(0);
    assert_eq!(published(&other.join("published")), first);
    for file in ["1c/sales_2026-09.csv", "crm/clients.csv", "crm/refusals.csv"] {
        let read = |root: &std::path::Path| std::fs::read(root.join("exports").join(file)).unwrap();
        assert_eq!(read(&out), read(&other), "{file}");
    }
}
