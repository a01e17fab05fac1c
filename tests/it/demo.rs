//! The demo, small: two commands on a fresh machine.

use std::collections::BTreeSet;
use std::process::Command;

use crate::project::{Ran, binary, published, repository};

fn demo(folder: &std::path::Path) -> Ran {
    let mut command = Command::new(binary());
    command.args(["demo", "--documents", "9000", "--out"]).arg(folder);
    command.output().unwrap().into()
}

fn published_rows(out: &std::path::Path, query: &str) -> Vec<serde_json::Value> {
    let mut command = Command::new(binary());
    command.args(["--quiet", "--json", "--project"]).arg(out).args(["sql", query]);
    let ran: Ran = command.output().unwrap().into();
    ran.ends_with(0).stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What people hold in their hands.
fn people(out: &std::path::Path) {
    let one = |query: &str| published_rows(out, query)[0].clone();
    // The words that the generator means nothing by.
    let reasons = one(
        "select count(*) as refusals, count(*) filter (where reason = 'unknown') as unknown, \
         count(*) filter (where reason = 'unknown' and reason_words is not null) as not_understood, \
         count(*) filter (where reason_words in ('причина неизвестна', 'другое', 'не сказали')) \
         as made_unknown from fct_refusals",
    );
    let number = |name: &str| reasons[name].as_u64().unwrap();
    assert!(3 * number("unknown") < number("refusals"), "{reasons}");
    assert_eq!(number("not_understood"), number("made_unknown"), "{reasons}");
    assert!(number("made_unknown") > 0, "{reasons}");
    let calls = one("select count(*) as rows, count(distinct client_key) as clients, \
         count(*) filter (where caller = lost_by) as by_loser, \
         count(*) filter (where in_attempt_by is not null) as in_attempt, \
         count(*) filter (where last_items is null) as without_items from call_list");
    assert_eq!(calls["rows"], calls["clients"]);
    assert_eq!(calls["by_loser"], 0);
    assert_eq!(calls["without_items"], 0);
    assert!(calls["in_attempt"].as_u64().unwrap() > 0, "{calls}");
    for list in ["call_list", "fading_clients", "watchlist", "follow_ups", "untouched"] {
        let query = format!(
            "select count(*) as rows from {list} as list inner join dim_clients as clients \
             on list.client_key = clients.client_key \
             where clients.do_not_contact or clients.closed_on is not null"
        );
        assert_eq!(one(&query)["rows"], 0, "{list}");
    }
    let callers = one("select count(distinct coalesce(caller, '-')) as callers from call_list");
    let files = std::fs::read_dir(out.join("published/latest")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned());
    let books = names.filter(|name| {
        name.strip_prefix("call_list.").is_some_and(|rest| rest.strip_suffix(".xlsx").is_some())
    });
    assert_eq!(books.count() as u64, callers["callers"].as_u64().unwrap(), "one file a caller");
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
        // Nothing that was kept has changed yet.
        let rows = published_rows(&out, &format!("select * from {table} limit 1")).len();
        assert_eq!(rows, usize::from(table != "restatements"), "rows of {table}");
    }
    people(&out);
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
    let earlier = folder.path().join("earlier");
    let mut command = Command::new(binary());
    command.args(["demo", "--documents", "2000", "--as-of", "2025-02-11", "--out"]).arg(&earlier);
    Ran::from(command.output().unwrap()).ends_with(0);
    let other = folder.path().join("other");
    demo(&other).ends_with(0);
    assert_eq!(published(&other.join("published")), first);
    for file in ["1c/sales_2026-09.csv", "crm/clients.csv", "crm/refusals.csv"] {
        let read = |root: &std::path::Path| std::fs::read(root.join("exports").join(file)).unwrap();
        assert_eq!(read(&out), read(&other), "{file}");
    }
}
