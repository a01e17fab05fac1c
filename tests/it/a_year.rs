//! A year of the pipelines that are shipped, or a sample of its days, in simulated time, with daemons
//! killed at random. It takes longest: by its name it starts first, and the others run beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use pobudka::clock::Clock;
use pobudka::config::schedule::When;
use pobudka::config::{Env, load};
use pobudka::lake::{RunState, SlotState, read_journal, read_records};
use pobudka::run::Workspace;
use pobudka::schedule::{look, why};
use pobudka::stop::Stop;

use crate::project::{Project, copy, repository};
use crate::sample::Sample;

static RUNS: AtomicU64 = AtomicU64::new(0);

fn run_id() -> String {
    format!("run-{:06}", RUNS.fetch_add(1, Ordering::Relaxed))
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The made-up company's exports in the shipped project, without a pinned day.
fn shipped() -> Project {
    let project = Project::empty();
    let out = project.path("");
    let demo = ["demo", "--documents", "2000", "--out", out.to_str().unwrap()];
    project.run(&demo).ends_with(0);
    for made in ["lake", "published", "pipelines"] {
        std::fs::remove_dir_all(project.path(made)).unwrap();
    }
    copy(&repository().join("pipelines"), &project.path("pipelines"));
    // What is due and who runs it does not depend on how many tables a run makes: one each will do.
    let kept = ["follow_ups", "sleeping_clients", "dim_quarters", "odds_fit"];
    for name in ["sales_daily", "sleeping_weekly", "quarterly_review", "backtest"] {
        let file = format!("pipelines/{name}.yaml");
        let text = project.read(&file);
        let lines = text.lines().filter(|line| {
            !line.starts_with("  - { table: ") || kept.iter().any(|table| line.contains(table))
        });
        project.write(&file, lines.map(|line| format!("{line}\n")).collect::<String>());
    }
    project
}

fn open(project: &Project, now: &'static AtomicI64) -> Workspace {
    let declared = load(&project.path(""), &Env::of_process()).unwrap();
    Workspace::open(declared, Some(1), Clock::Simulated(now), Stop::default()).unwrap()
}

/// Days of a year, and of a sample of it.
const DAYS: (u64, u64) = (365, 4);

#[test]
fn in_a_year_every_slot_has_one_finished_run_or_the_reason_why_not() {
    let project = shipped();
    let mut chance = Sample::new();
    let days = chance.of(DAYS.0, DAYS.1);
    let start = at("2025-10-01T00:00:00Z") + days_of(chance.below(DAYS.0 - days + 1));
    let end = start + days_of(days);
    println!("from {start} to {end}");
    let now: &'static AtomicI64 = Box::leak(Box::new(AtomicI64::new(start.timestamp_millis())));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (mut killed, mut outages, mut usual) = (0, 0, Duration::from_millis(150));
    runtime.block_on(async {
        let mut time = start;
        while time < end {
            now.store(time.timestamp_millis(), Ordering::Relaxed);
            let workspace = open(&project, now);
            let watch = |_| {};
            let began = Instant::now();
            let daemon = look(&workspace, &run_id, &watch);
            match chance.below(12) {
                0 => {
                    let usual = u64::try_from(usual.as_micros()).unwrap();
                    let patience = Duration::from_micros(chance.below(usual));
                    killed += usize::from(tokio::time::timeout(patience, daemon).await.is_err());
                }
                1 => {
                    let other = open(&project, now);
                    let both = tokio::join!(daemon, look(&other, &run_id, &watch));
                    both.0.unwrap();
                    both.1.unwrap();
                }
                _ => {
                    let done = daemon.await.unwrap();
                    if !done.is_empty() {
                        usual = began.elapsed();
                    }
                    for did in done {
                        if let Some(Err(error)) = did.run {
                            panic!("{} {}: {error:?}", did.pipeline, did.due);
                        }
                    }
                }
            }
            let pause = if chance.below(40) == 0 {
                outages += 1;
                minutes_of(chance.below(6 * 1440))
            } else {
                minutes_of(5 + chance.below(900))
            };
            time += pause;
        }
        now.store(end.timestamp_millis(), Ordering::Relaxed);
        let workspace = open(&project, now);
        look(&workspace, &run_id, &|_| {}).await.unwrap();
        settled(&workspace, start, end, chance.is_whole()).await;
    });
    println!("{killed} daemons were killed, {outages} outages");
    assert!(!chance.is_whole() || (killed >= 10 && outages >= 3), "{killed} {outages}");
}

fn days_of(days: u64) -> TimeDelta {
    TimeDelta::days(i64::try_from(days).unwrap())
}

fn minutes_of(minutes: u64) -> TimeDelta {
    TimeDelta::minutes(i64::try_from(minutes).unwrap())
}

async fn settled(workspace: &Workspace, start: DateTime<Utc>, end: DateTime<Utc>, whole: bool) {
    let mut finished: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for record in read_records(&workspace.lake).await.unwrap() {
        if matches!(record.state, RunState::Done | RunState::UpToDate) {
            finished.entry(record.slot.unwrap()).or_default().push(record.id);
        }
    }
    let reasons = BTreeSet::from([why::BEFORE, why::LATER, why::OVERLAP, why::MISSED]);
    let mut done = 0;
    for pipeline in &workspace.project.pipelines {
        let Some(When::Cron(times)) = pipeline.schedule.as_ref().map(|schedule| &schedule.when)
        else {
            panic!("{} is not due by the clock", pipeline.name);
        };
        let journal = read_journal(&workspace.lake, &pipeline.name).await.unwrap();
        let mut slots = journal.slots.iter();
        assert_eq!(slots.next().unwrap().why.as_deref(), Some(why::BEFORE));
        let mut due = times.until(start).unwrap();
        for slot in slots {
            due = times.after(due).unwrap();
            assert_eq!(slot.since.unwrap_or(slot.due), due, "{}", pipeline.name);
            while due < slot.due {
                due = times.after(due).unwrap();
            }
            assert_eq!(due, slot.due, "{}", pipeline.name);
            let name = format!("{}/{}", pipeline.name, due.format("%FT%RZ"));
            let runs = finished.remove(&name).unwrap_or_default();
            match slot.state {
                SlotState::Done => {
                    assert_eq!(runs, [slot.run.clone().unwrap()], "{name}");
                    done += 1;
                }
                SlotState::LeftOut => {
                    assert!(runs.is_empty(), "{name}");
                    assert!(reasons.contains(slot.why.as_deref().unwrap()), "{slot:?}");
                }
                state => panic!("{name} is {state:?}: {:?}", slot.why),
            }
        }
        assert!(times.after(due).unwrap() > end, "{} stops at {due}", pipeline.name);
    }
    assert!(finished.is_empty(), "runs without a slot: {finished:?}");
    println!("{done} slots were done");
    let fewest = if whole { 500 } else { 1 };
    assert!(done >= fewest, "only {done} slots were done");
    let manifest = workspace.destination("bi").unwrap().current().await.unwrap();
    let kept: Vec<&String> = manifest.kept.keys().collect();
    let quarters = ["2025Q3", "2025Q4", "2026Q1", "2026Q2"];
    assert!(kept.iter().all(|quarter| quarters.contains(&quarter.as_str())), "{kept:?}");
    assert!(!whole || kept.len() == quarters.len(), "{kept:?}");
}
