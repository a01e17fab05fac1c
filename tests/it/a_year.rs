//! A year of the pipelines that are shipped, in simulated time, with daemons killed at random. It takes
//! longest: by its name it starts first, and the others run beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use pobudka::clock::Clock;
use pobudka::config::schedule::When;
use pobudka::config::{Env, load};
use pobudka::lake::{RunState, SlotState, read_journal, read_records};
use pobudka::run::Workspace;
use pobudka::schedule::{look, why};
use pobudka::stop::Stop;

use crate::project::{Project, copy, repository};

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

/// Chance that repeats (Knuth's constants).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 33).unwrap() % bound
    }
}

#[test]
fn in_a_year_every_slot_has_one_finished_run_or_the_reason_why_not() {
    let project = shipped();
    let (start, end) = (at("2025-10-01T00:00:00Z"), at("2026-10-01T00:00:00Z"));
    let now: &'static AtomicI64 = Box::leak(Box::new(AtomicI64::new(start.timestamp_millis())));
    let seed = 20_260_930;
    println!("seed {seed}");
    let mut chance = Chance(seed);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (mut killed, mut outages) = (0, 0);
    runtime.block_on(async {
        let mut time = start;
        while time < end {
            now.store(time.timestamp_millis(), Ordering::Relaxed);
            let workspace = open(&project, now);
            let watch = |_| {};
            let daemon = look(&workspace, &run_id, &watch);
            match chance.below(12) {
                0 => {
                    let patience = Duration::from_millis(u64::from(chance.below(150)));
                    killed += usize::from(tokio::time::timeout(patience, daemon).await.is_err());
                }
                1 => {
                    let other = open(&project, now);
                    let both = tokio::join!(daemon, look(&other, &run_id, &watch));
                    both.0.unwrap();
                    both.1.unwrap();
                }
                _ => {
                    for did in daemon.await.unwrap() {
                        if let Some(Err(error)) = did.run {
                            panic!("{} {}: {error:?}", did.pipeline, did.due);
                        }
                    }
                }
            }
            let pause = if chance.below(40) == 0 {
                outages += 1;
                TimeDelta::minutes(i64::from(chance.below(6 * 1440)))
            } else {
                TimeDelta::minutes(5 + i64::from(chance.below(900)))
            };
            time += pause;
        }
        now.store(end.timestamp_millis(), Ordering::Relaxed);
        let workspace = open(&project, now);
        look(&workspace, &run_id, &|_| {}).await.unwrap();
        settled(&workspace, start, end).await;
    });
    println!("{killed} daemons were killed, {outages} outages");
    assert!(killed >= 10 && outages >= 3, "{killed} {outages}");
}

async fn settled(workspace: &Workspace, start: DateTime<Utc>, end: DateTime<Utc>) {
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
    assert!(done > 500, "only {done} slots were done");
    let manifest = workspace.destination("bi").unwrap().current().await.unwrap();
    let kept: Vec<&String> = manifest.kept.keys().collect();
    assert_eq!(kept, ["2025Q3", "2025Q4", "2026Q1", "2026Q2"]);
}
