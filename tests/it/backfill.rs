//! Quarters made afterwards against the same quarters made at the time; some of them unless the test
//! runs whole.

use std::collections::BTreeMap;

use crate::project::Project;
use crate::sample::Sample;

const QUARTERS: [&str; 11] = [
    "2024Q1", "2024Q2", "2024Q3", "2024Q4", "2025Q1", "2025Q2", "2025Q3", "2025Q4", "2026Q1",
    "2026Q2", "2026Q3",
];

/// How many of them one after the other a sample makes.
const SAMPLED: u64 = 2;

/// Files of a quarter: its tables thrice, and two of them as workbooks.
const FILES: usize = 26 * 3 + 2;

/// The SHA-256 of every file of every kept quarter.
fn kept(project: &Project) -> BTreeMap<String, String> {
    let listed = project.run(&["--json", "ls"]).ends_with(0);
    let mut digests = BTreeMap::new();
    for line in listed.stdout.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let Some(quarter) = line["quarter"].as_str() else { continue };
        for file in line["files"].as_array().unwrap() {
            let name = file["path"].as_str().unwrap().rsplit('/').next().unwrap();
            digests
                .insert(format!("{quarter}/{name}"), file["sha256"].as_str().unwrap().to_owned());
        }
    }
    digests
}

fn demo() -> Project {
    let project = Project::empty();
    let out = project.path("");
    let demo = ["demo", "--documents", "2000", "--out", out.to_str().unwrap()];
    project.run(&demo).ends_with(0);
    project
}

#[test]
fn a_backfill_of_eleven_quarters_is_eleven_runs_made_at_the_time() {
    let mut sample = Sample::new();
    let some = usize::try_from(sample.of(QUARTERS.len() as u64, SAMPLED)).unwrap();
    let first = sample.below((QUARTERS.len() - some + 1) as u64);
    let chosen = &QUARTERS[usize::try_from(first).unwrap()..][..some];
    let (at_the_time, afterwards) = (demo(), demo());
    std::fs::remove_dir_all(at_the_time.path("published")).unwrap();
    for quarter in chosen {
        at_the_time.run(&["run", "quarterly_review", "--quarter", quarter]).ends_with(0);
    }
    // Afterwards the newest day is published; the quarters leave it as it is.
    let before = afterwards.published();
    let (from, to) = (chosen[0], chosen[some - 1]);
    let ran = afterwards.run(&["backfill", "--from", from, "--to", to]).ends_with(0);
    let quarters: Vec<&str> = ran.stdout.lines().map(|line| &line[..6]).collect();
    assert_eq!(quarters, chosen);
    assert_eq!(afterwards.published(), before);
    let (expected, found) = (kept(&at_the_time), kept(&afterwards));
    assert_eq!(found, expected);
    assert_eq!(found.len(), some * FILES, "the same files for each quarter");
    let fct_spells = |quarter: &str| found[&format!("{quarter}/fct_spells.parquet")].clone();
    assert_ne!(fct_spells(from), fct_spells(to), "quarters differ");
}

#[test]
fn a_backfill_that_was_stopped_is_carried_on() {
    let project = demo();
    let span = ["backfill", "--from", "2026Q1", "--to", "2026Q3"];
    // The second quarter cannot be made: its table is not what its contract says.
    let contract = project.read("sql/checks/client_base_chain.sql");
    project.write(
        "sql/checks/client_base_chain.sql",
        "select 1 as wrong from client_base where quarter = '2026Q2' and $as_of < date '2026-09-01'",
    );
    let stopped = project.run(&span).ends_with(2);
    assert!(stopped.stderr.contains("quarter 2026Q2"), "{}", stopped.stderr);
    assert!(stopped.stderr.contains("pobudka backfill --resume"), "{}", stopped.stderr);
    project.write("sql/checks/client_base_chain.sql", contract);
    let again = project.run(&span).ends_with(64);
    assert!(again.stderr.contains("stopped with 1 of its quarters made"), "{}", again.stderr);
    let ran = project.run(&["backfill", "--resume"]).ends_with(0);
    assert_eq!(ran.stdout.lines().count(), 3);
    assert_eq!(kept(&project).len(), 3 * FILES);
    project.run(&["backfill", "--resume"]).ends_with(3);
    let young = ["--now", "2026-10-19T12:00:00Z", "run", "quarterly_review", "--quarter", "2026Q3"];
    let refused = project.run(&young).ends_with(64);
    assert!(refused.stderr.contains("its books are closed 20 days later"), "{}", refused.stderr);
}
