//! Two runners on one lake, one of them stopped in the middle of its run beyond its lease.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use crate::kill::job;
use crate::project::{Project, Ran};
use crate::sample::Sample;
use crate::server::{Kind, Server};
use crate::stores::digests;

/// Rounds, and those of a sample.
const ROUNDS: (u64, u64) = (200, 6);

/// How long a lease lasts at least in this test.
const LEASE: Duration = Duration::from_millis(400);

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status();
    assert!(sent.unwrap().success());
}

/// The project as it is in round `round`: one document more, one day later, a slot each minute.
fn step(project: &Project, round: u64) {
    let day = chrono::NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + chrono::Days::new(round);
    let month = day.format("%Y-%m").to_string();
    let path = format!("exports/sales_{month}.csv");
    let before = std::fs::read_to_string(project.path(&path))
        .unwrap_or_else(|_| "number,date,client,amount\n".to_owned());
    let client = ["a", "b", "c", "d", "e"][usize::try_from(round % 5).unwrap()];
    project.write(&path, format!("{before}n{round},{day},{client},{round}.25\n"));
}

/// When round `round` takes place: just after its slot is due.
fn time(round: u64) -> DateTime<Utc> {
    let first: DateTime<Utc> = "2026-01-02T05:15:01Z".parse().unwrap();
    first + TimeDelta::days(i64::try_from(round).unwrap())
}

/// A runner that looks once, at a time so long after that of the round.
fn tick(project: &Project, round: u64, after: Duration) -> Command {
    let now = time(round) + TimeDelta::from_std(after).unwrap();
    let now = now.to_rfc3339_opts(SecondsFormat::Millis, true);
    project.command(&["--threads", "1", "--now", &now, "--now-writes", "tick"])
}

/// The job without its exports, due each day.
fn daily_job(place: &str, stores: &str) -> Project {
    let project = job(place, stores);
    for month in 6..=8 {
        std::fs::remove_file(project.path(&format!("exports/sales_2026-0{month}.csv"))).unwrap();
    }
    let yaml = project.read("pipelines/project.yaml").replace("as_of: 2026-09-30\n", "");
    project.write("pipelines/project.yaml", yaml);
    let schedule = "name: sales\nschedule: { cron: \"15 5 * * *\", timezone: UTC }\n";
    let pipeline = project.read("pipelines/sales.yaml").replace("name: sales\n", schedule);
    project.write("pipelines/sales.yaml", pipeline);
    project
}

pub(crate) fn paused(_: &Server) {
    let server = &Server::start(Kind::Moto);
    let place = format!("{}/runners", server.bucket());
    let project = daily_job(&place, &server.declared(server.port));
    let mut sample = Sample::new();
    let rounds = sample.of(ROUNDS.0, ROUNDS.1);
    step(&project, 0);
    // The first look marks where the schedule begins; the second one runs, undisturbed.
    assert!(tick(&project, 0, Duration::ZERO).output().unwrap().status.success());
    step(&project, 1);
    let began = Instant::now();
    assert!(tick(&project, 1, Duration::ZERO).output().unwrap().status.success());
    let takes = began.elapsed();
    assert_eq!(journal(&project).len(), 1, "the second look ran nothing");
    // A run renews its lease; a busy thread may be late by less than the lease.
    let lease = LEASE.max(takes / 2);
    let yaml = project.read("pipelines/project.yaml");
    let limit = format!("limits: {{ lease: {}ms }}\n", lease.as_millis());
    project.write("pipelines/project.yaml", yaml + &limit);
    let (mut held_off, mut ended_well) = (0, 0);
    for round in 2..=rounds {
        step(&project, round);
        let began = Instant::now();
        let mut first = tick(&project, round, Duration::ZERO);
        let first = first.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        // Anywhere in a run.
        let longest = u64::try_from(takes.as_micros()).unwrap();
        std::thread::sleep(Duration::from_micros(sample.below(longest)));
        signal(&first, "STOP");
        std::thread::sleep(lease);
        // The other looks until it has found the lease run out and done the slot.
        for look in 0.. {
            let ran: Ran = tick(&project, round, began.elapsed()).output().unwrap().into();
            let ran = ran.ends_with(0);
            if journal(&project).last().is_some_and(|slot| slot["state"] == "done") {
                break;
            }
            assert!(look < 100, "round {round}: {} {}", ran.stdout, ran.stderr);
        }
        signal(&first, "CONT");
        let output = first.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        let lost =
            ["lost its lease", "ran out and was lost", "was taken by another run", "run again"];
        if lost.iter().any(|text| told.contains(text)) {
            held_off += 1;
        } else {
            assert!(output.status.success(), "round {round}: {told}");
            ended_well += 1;
        }
    }
    println!("{held_off} runs were held off, {ended_well} were done or had not begun");
    assert!(held_off >= (rounds / 10).max(1), "only {held_off} runs lost their slot");
    let slots = journal(&project);
    assert_eq!(slots.len() as u64, rounds);
    let runs = project.run(&["--json", "runs"]).ends_with(0);
    let records: Vec<serde_json::Value> =
        runs.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for slot in &slots {
        assert_eq!(slot["state"], "done", "{slot}");
        let due = slot["due"].as_str().unwrap().replace(":00Z", "Z");
        let ended_well: Vec<&serde_json::Value> = records
            .iter()
            .filter(|record| record["slot"] == format!("sales/{due}"))
            .filter(|record| record["state"] == "done" || record["state"] == "up_to_date")
            .map(|record| &record["id"])
            .collect();
        assert_eq!(ended_well, [&slot["run"]], "{slot}");
    }
    // All exports at once, in one run on a disk, give the same bytes.
    let alone = daily_job("alone", "");
    (0..=rounds).for_each(|round| step(&alone, round));
    let as_of = time(rounds).date_naive().pred_opt().unwrap().to_string();
    alone.run(&["run", "--as-of", &as_of]).ends_with(0);
    assert_eq!(digests(&project), digests(&alone));
}

/// The slots of the pipeline without the one that marks the beginning.
fn journal(project: &Project) -> Vec<serde_json::Value> {
    let status = project.run(&["--json", "status"]).ends_with(0);
    let status: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
    let slots = status["schedule"][0]["slots"].as_array().unwrap();
    slots.iter().filter(|slot| slot["state"] != "left_out").cloned().collect()
}
