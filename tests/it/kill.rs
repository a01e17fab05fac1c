//! A small job killed at every store-changing system call, and at seeded times, then repeated; at a
//! sample of them unless the test runs whole.
//!
//! Needs `strace`; without it the tests that trace say so and pass, the others run all the same.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest, Sha256};

use crate::project::{Project, Ran, copy};
use crate::sample::Sample;

/// The system calls by which a store changes. strace counts each for itself, so each is killed at
/// in turn: together they are every change, in the order of a run on one thread.
const CALLS: [&str; 5] = ["rename", "renameat2", "link", "linkat", "unlink"];

/// Kills at seeded times, and those of a sample.
const TIMES: (u64, u64) = (20, 2);

const PIPELINE: &str = r#"
version: 1
name: sales
sources:
  - name: books
    fetch: { files: { url: exports, pattern: "sales_*.csv" } }
    read: { csv: { encoding: utf-8, delimiter: ",", decimal: ".", date: "%Y-%m-%d" } }
    into:
      documents:
        columns:
          document_id: number
          kind: { value: shipment }
          date: date
          client_id: client
          amount: amount
          currency: { value: RUB }
      clients:
        columns: { client_id: client, name: client }
    load: { replace_period: { column: date, period: month, covers: { name: "sales_%Y-%m" } } }
    rejects: { max_percent: 50 }
publish:
  - { table: dim_quarters, to: bi, as: [parquet, csv] }
  - { table: fct_spells, to: bi, as: [parquet] }
  - { table: client_base, to: bi, as: [parquet, csv] }
"#;

/// A job of five exports, one with rejects, that has never run.
fn fresh_job() -> Project {
    let project = job();
    for folder in ["lake", "published"] {
        std::fs::remove_dir_all(project.path(folder)).unwrap();
    }
    project
}

/// The same after its first run with four of them, one of which is corrected then.
fn job() -> Project {
    let project = Project::new().file("pipelines/sales.yaml", PIPELINE);
    for month in 4..=8 {
        let bad = if month == 6 { "x,2026-06-31,a,1\n" } else { "" };
        let rows: String = (1..=6)
            .map(|n| format!("{month}{n},2026-0{month}-0{n},{},1{n}.50\n", ["a", "b", "c"][n % 3]))
            .collect();
        let text = format!("number,date,client,amount\n{rows}{bad}");
        if month < 8 {
            project.write(&format!("exports/sales_2026-0{month}.csv"), &text);
        } else {
            project.write("late/sales_2026-08.csv", &text);
        }
    }
    project.run(&["run"]).ends_with(0);
    let text = project.read("exports/sales_2026-05.csv").replace("11.50", "99.00");
    project.write("exports/sales_2026-05.csv", text);
    std::fs::copy(
        project.path("late/sales_2026-08.csv"),
        project.path("exports/sales_2026-08.csv"),
    )
    .unwrap();
    project
}

/// Everything that must be equal: published digests, lake rows, rejects, ledger without times.
fn state(project: &Project) -> serde_json::Value {
    let rows = |table: &str, order: &str| {
        let order = format!("select * from lake.{table} order by {order}");
        serde_json::Value::from(project.query(&order))
    };
    let mut ledger = rows("exports", "source, number");
    for entry in ledger.as_array_mut().unwrap() {
        entry.as_object_mut().unwrap().remove("modified_ms");
    }
    serde_json::json!({
        "published": project.published(),
        "documents": rows("documents", "document_id, date"),
        "clients": rows("clients", "client_id"),
        "rejects": rows("rejects", "export, row"),
        "ledger": ledger,
    })
}

/// Reads head → manifest → every file's digest until told to stop; gives the number of rounds.
fn read_along(folder: &Path, stop: &AtomicBool) -> u64 {
    let mut rounds = 0;
    while !stop.load(Ordering::Relaxed) {
        if !folder.join("_head.json").exists() {
            rounds += 1;
            continue;
        }
        let json = |path: &str| -> serde_json::Value {
            serde_json::from_slice(&std::fs::read(folder.join(path)).unwrap()).unwrap()
        };
        let manifest = json(json("_head.json")["manifest"].as_str().unwrap());
        for table in manifest["tables"].as_object().unwrap().values() {
            for file in table["files"].as_array().unwrap() {
                let bytes = std::fs::read(folder.join(file["path"].as_str().unwrap())).unwrap();
                let digest = Sha256::digest(&bytes);
                let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
                assert_eq!(hex, file["sha256"].as_str().unwrap(), "{}", file["path"]);
            }
        }
        rounds += 1;
        // The run that is read along with needs the cores too.
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    rounds
}

/// Copies the job, disturbs its run by `disturb`, repeats until done, compares with `expected`;
/// gives whether the disturbed run was disturbed at all.
fn disturbed(
    job: &Project,
    expected: &serde_json::Value,
    disturb: impl Fn(&Project) -> bool,
) -> bool {
    let project = Project::new();
    copy(&job.path(""), &project.path(""));
    let stop = Arc::new(AtomicBool::new(false));
    let reader = {
        let (folder, stop) = (project.path("published"), Arc::clone(&stop));
        std::thread::spawn(move || read_along(&folder, &stop))
    };
    let was_disturbed = disturb(&project);
    project.run(&["run"]).ends_with(0);
    stop.store(true, Ordering::Relaxed);
    assert!(reader.join().unwrap() > 0, "the reader never read");
    assert_eq!(state(&project), *expected);
    was_disturbed
}

fn undisturbed(job: &Project) -> serde_json::Value {
    let project = Project::new();
    copy(&job.path(""), &project.path(""));
    project.run(&["run"]).ends_with(0);
    state(&project)
}

/// Runs the job on one thread with `calls` traced.
fn traced(project: &Project, calls: &str, more: &[&str]) -> std::process::Output {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o"]).arg(project.path("trace"));
    command.args(["-e", &format!("trace={calls}")]).args(more);
    command.arg(crate::project::binary()).arg("--project").arg(project.path(""));
    command.args(["--threads", "1", "run"]).output().unwrap()
}

/// How often a thread of an undisturbed run makes each of the calls, at most: strace counts by thread.
fn calls(job: &Project) -> [u64; CALLS.len()] {
    let project = Project::new();
    copy(&job.path(""), &project.path(""));
    Ran::from(traced(&project, &CALLS.join(","), &[])).ends_with(0);
    let trace = project.read("trace");
    CALLS.map(|call| {
        let mut made: BTreeMap<&str, u64> = BTreeMap::new();
        for line in trace.lines() {
            let mut words = line.split_whitespace();
            let (thread, what) = (words.next().unwrap(), words.next().unwrap_or_default());
            if what.strip_prefix(call).is_some_and(|arguments| arguments.starts_with('(')) {
                *made.entry(thread).or_default() += 1;
            }
        }
        made.into_values().max().unwrap_or(0)
    })
}

/// Whether strace is installed; says so where it is not.
fn strace_is_there() -> bool {
    let there = Command::new("strace").arg("-V").stdout(Stdio::null()).status().is_ok();
    if !there {
        println!("passed over: strace is not installed");
    }
    there
}

#[test]
fn killed_at_every_change_of_a_store_and_repeated_it_ends_as_if_undisturbed() {
    if !strace_is_there() {
        return;
    }
    let jobs = [job(), fresh_job()];
    let expected = jobs.each_ref().map(undisturbed);
    let mut sample = Sample::new();
    let (mut kills, mut chosen, mut all) = (0, 0, 0);
    for (which, job) in jobs.iter().enumerate() {
        let calls = calls(job);
        for (call, made) in CALLS.into_iter().zip(calls) {
            all += made;
            for number in sample.numbers(made, 1) {
                chosen += 1;
                kills += u64::from(disturbed(job, &expected[which], |project| {
                    let inject = format!("inject={call}:signal=KILL:when={number}");
                    let ran: Ran = traced(project, call, &["-e", &inject]).into();
                    ran.code != 0
                }));
            }
        }
    }
    println!("killed at {kills} of {all} system calls");
    assert!(all >= 40, "only {all} changes were found");
    // Runs differ in which thread makes a call, so a few of the numbers are never reached.
    let fewest = if sample.is_whole() { chosen * 9 / 10 } else { 1 };
    assert!(kills >= fewest, "killed {kills} times of {chosen}");
}

#[test]
fn on_a_full_disk_it_names_the_file_leaves_nothing_unfinished_and_is_carried_on() {
    if !strace_is_there() {
        return;
    }
    let job = job();
    let expected = undisturbed(&job);
    let mut sample = Sample::new();
    let mut failed = 0;
    for number in sample.numbers(12, 2) {
        failed += u64::from(disturbed(&job, &expected, |project| {
            // From this one on, in each thread, no file can be written to the disk.
            let inject = format!("inject=fsync:error=ENOSPC:when={number}+");
            let ran: Ran = traced(project, "fsync", &["-e", &inject]).into();
            if ran.code == 0 {
                return false;
            }
            let said = ran.ends_with(1).stderr;
            assert!(
                said.contains("the disk is full") && said.contains("hint: free space"),
                "{said}"
            );
            assert!(said.contains("\"lake\"") || said.contains("\"published\""), "{said}");
            for folder in ["lake/_tmp", "published/_tmp"] {
                let left = std::fs::read_dir(project.path(folder)).map_or(0, Iterator::count);
                assert_eq!(left, 0, "unfinished files in {folder}");
            }
            true
        }));
    }
    assert!(failed > 0, "no disk was full");
}

#[test]
fn killed_at_seeded_times_and_repeated_it_ends_as_if_undisturbed() {
    let job = job();
    let expected = undisturbed(&job);
    let began = std::time::Instant::now();
    disturbed(&job, &expected, |project| project.run(&["run"]).code != 0);
    // `disturbed` runs twice.
    let longest = u64::try_from(began.elapsed().as_micros()).unwrap() / 2;
    let mut sample = Sample::new();
    for _ in 0..sample.of(TIMES.0, TIMES.1) {
        let after = std::time::Duration::from_micros(sample.below(longest));
        disturbed(&job, &expected, |project| {
            let mut command = project.command(&["run"]);
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(after);
            child.kill().unwrap();
            !child.wait().unwrap().success()
        });
    }
}
