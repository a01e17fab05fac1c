//! The daemon as a process: woken, working, stopped; and what is declared of schedules.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::project::Project;

const PIPELINE: &str = r#"
version: 1
name: sales
schedule: { cron: "15 5 * * *", timezone: UTC }
sources:
  - name: books
    fetch: { files: { url: exports, pattern: "*.csv" } }
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
    load: upsert
publish:
  - { table: dim_clients, to: bi, as: [parquet] }
"#;

fn project() -> Project {
    let project = Project::new()
        .file("pipelines/sales.yaml", PIPELINE)
        .file("exports/1.csv", "number,date,client,amount\n1,2026-03-01,a,10\n");
    let yaml = project.read("pipelines/project.yaml").replace("as_of: 2026-09-30\n", "");
    project.write("pipelines/project.yaml", yaml);
    project
}

fn slots(project: &Project) -> Vec<serde_json::Value> {
    let status = project.run(&["--json", "status"]).ends_with(0);
    let status: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
    status["schedule"][0]["slots"].as_array().unwrap().clone()
}

#[test]
fn the_daemon_runs_a_slot_when_it_is_due_and_ends_when_told() {
    let project = project();
    let mut command =
        project.command(&["--now", "2026-03-02T05:14:58Z", "--now-writes", "schedule"]);
    let mut daemon = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(daemon.stderr.take().unwrap()).lines();
    let mut told = String::new();
    for line in lines {
        let line = line.unwrap();
        told = format!("{told}{line}\n");
        if line.contains("sales 2026-03-02T05:15Z: done by") {
            break;
        }
    }
    assert!(told.contains("left out: before the schedule was first looked at"), "{told}");
    let pid = daemon.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(daemon.wait().unwrap().code(), Some(143), "{told}");
    let slots = slots(&project);
    assert_eq!((slots.len(), &slots[1]["state"]), (2, &serde_json::json!("done")));
    let published = project.query("select client_key from dim_clients");
    assert_eq!(published.len(), 1, "as of the day before the slot");
    // Another runner finds the lease given back, and nothing due.
    let tick = project.run(&["--now", "2026-03-02T05:20:00Z", "--now-writes", "tick"]).ends_with(0);
    assert_eq!(tick.stdout, "nothing is due\n");
}

#[test]
fn a_slot_that_failed_is_made_good_by_retry() {
    let project = project();
    project.run(&["--now", "2026-03-01T12:00:00Z", "--now-writes", "tick"]).ends_with(0);
    project.write("exports/2.csv", "number,date,client,amount\n2,2026-02-31,a,10\n");
    let failed =
        project.run(&["--now", "2026-03-02T05:16:00Z", "--now-writes", "tick"]).ends_with(1);
    assert!(failed.stderr.contains("when the cause is gone: pobudka retry"), "{}", failed.stderr);
    assert_eq!(slots(&project)[1]["state"], "failed");
    let again =
        project.run(&["--now", "2026-03-02T05:17:00Z", "--now-writes", "tick"]).ends_with(0);
    assert_eq!(again.stdout, "nothing is due\n", "a slot that failed is not run over and over");
    project.write("exports/2.csv", "number,date,client,amount\n2,2026-02-28,b,10\n");
    project.run(&["--now", "2026-03-02T09:00:00Z", "--now-writes", "retry"]).ends_with(0);
    let slot = &slots(&project)[1];
    assert_eq!(slot["state"], "done");
    assert_eq!(slot["lost"].as_array().unwrap().len(), 1);
    let runs = project.run(&["--json", "runs"]).ends_with(0);
    let newest: serde_json::Value =
        serde_json::from_str(runs.stdout.lines().next().unwrap()).unwrap();
    assert_eq!(newest["as_of"], "2026-03-01", "as of the same day");
    assert_eq!(project.query("select client_key from dim_clients").len(), 2);
    project.run(&["retry"]).ends_with(3);
}

#[test]
fn a_pipeline_that_is_being_run_is_not_run_by_another() {
    let project = project();
    let lease = |until: chrono::DateTime<chrono::Utc>| {
        let holder =
            serde_json::json!({ "host": "far", "machine": "another", "pid": 1, "began": 1 });
        let lease = serde_json::json!({
            "pipeline": "sales",
            "run": format!("elsewhere-{}", until.format("%Y")),
            "holder": holder,
            "until": until,
        });
        project.write("lake/leases/sales.json", lease.to_string());
    };
    let now = chrono::Utc::now();
    lease(now + chrono::TimeDelta::minutes(50));
    let held = project.run(&["run"]).ends_with(1);
    held.says(&format!(
        "pipeline \"sales\" is being run by elsewhere-{} on far (process 1)",
        now.format("%Y")
    ));
    project.run(&["vacuum"]).ends_with(1).says("is being run by elsewhere");
    // One that has run out, and one by a clock that was wrong.
    for until in ["2001-01-01T00:00:00Z", "2999-01-01T00:00:00Z"] {
        lease(until.parse().unwrap());
        project.run(&["run"]).ends_with(0);
    }
    let head: serde_json::Value = serde_json::from_str(&project.read("lake/_head.json")).unwrap();
    assert_eq!(head["fenced"], serde_json::json!(["elsewhere-2001", "elsewhere-2999"]));
}

#[test]
fn a_time_that_is_only_supposed_is_not_written_down() {
    let project = project();
    let tick = project.run(&["--now", "2026-03-02T05:20:00Z", "tick"]).ends_with(0);
    assert_eq!(
        tick.stdout,
        "sales 2026-03-02T05:15:00Z  would be left out: before the schedule was first looked at\n\
         nothing was run: write --now-writes for that\n"
    );
    assert!(!project.path("lake").exists());
    let daemon = ["--now", "2026-03-02T05:20:00Z", "schedule"];
    project.run(&daemon).ends_with(64).says("--now-writes");
}

#[test]
fn a_journal_ahead_of_the_clock_is_told_and_can_be_mended() {
    let project = project();
    let at = |now: &str, verb: &str| project.run(&["--now", now, "--now-writes", verb]);
    at("2026-12-01T05:16:00Z", "tick").ends_with(0);
    at("2026-12-02T05:16:00Z", "tick").ends_with(0);
    at("2027-03-01T05:16:00Z", "tick").ends_with(0);
    let ahead = "the journal of pipeline \"sales\" is ahead of the clock: it has the slot \
                 2027-03-01T05:15Z, and it is 2026-12-03T05:16Z";
    let tick = at("2026-12-03T05:16:00Z", "tick").ends_with(1);
    tick.says(ahead).says("pobudka repair");
    at("2026-12-03T05:16:00Z", "status").ends_with(0).gives(ahead);
    at("2026-12-03T05:16:00Z", "doctor").ends_with(1).gives(ahead);
    project
        .run(&["--now", "2026-12-03T05:16:00Z", "--now-writes", "repair", "--forget-ahead"])
        .ends_with(0)
        .gives("slots ahead of the clock are forgotten");
    // What was published as of a day to come stands, until somebody takes it back.
    at("2026-12-03T05:16:00Z", "tick").ends_with(1).says("was already published by run");
    project.run(&["rollback", "bi", "--to", "1"]).ends_with(0);
    let tick = at("2026-12-04T05:16:00Z", "tick").ends_with(0);
    tick.gives("sales 2026-12-04T05:15Z  done by");
}

#[test]
fn checks_run_alone_and_publish_nothing() {
    let project = project();
    project.run(&["run", "--as-of", "2026-03-01"]).ends_with(0);
    let before = project.published();
    let checked = project.run(&["check", "--as-of", "2026-03-01"]).ends_with(0);
    assert!(checked.stdout.contains("checks passed"), "{}", checked.stdout);
    let contract = project.read("sql/marts/dim_clients.yaml");
    let wrong = "\nchecks:\n  - row_count: { min: 5 }\n";
    project.write("sql/marts/dim_clients.yaml", contract.replace("\nchecks:\n", wrong));
    let failed = project.run(&["check", "--as-of", "2026-03-01"]).ends_with(2);
    assert!(failed.stdout.contains("FAIL dim_clients: row_count"), "{}", failed.stdout);
    assert_eq!(project.published(), before);
    assert_eq!(project.run(&["runs"]).stdout.lines().count(), 1);
}

#[test]
fn schedules_that_cannot_be_are_named() {
    let with = |schedule: &str| {
        let project = project();
        let text = PIPELINE.replace("{ cron: \"15 5 * * *\", timezone: UTC }", schedule);
        project.write("pipelines/sales.yaml", text);
        project.write(
            "pipelines/list.yaml",
            "version: 1\nname: list\nschedule: { after: [sales] }\n\
             publish:\n  - { table: client_base, to: bi, as: [csv] }\n",
        );
        project.run(&["validate"])
    };
    with("{ cron: \"@daily\" }").ends_with(0);
    for (schedule, expected) in [
        ("{ cron: \"@yearly\" }", "presets are @hourly, @daily, @weekly, @monthly, @quarterly"),
        ("{ cron: \"0 0 30 2 *\" }", "never fires"),
        ("{ after: [list] }", "pipeline \"sales\" waits for itself by way of \"list\""),
        ("{ after: [lists] }", "did you mean \"list\"?"),
        ("{ after: [list], cron: \"@daily\" }", "exactly one of \"cron\" and \"after\""),
        ("{ after: [list], catch_up: all }", "\"catch_up\" does nothing beside \"after\""),
        ("{ cron: \"@daily\", timezone: Mars }", "time zone \"Mars\" is not known"),
    ] {
        with(schedule).ends_with(78).says(expected);
    }
}

#[test]
fn a_slot_that_is_made_good_late_does_not_go_back_behind_newer_tables() {
    let project = project();
    project.run(&["--now", "2026-03-01T12:00:00Z", "--now-writes", "tick"]).ends_with(0);
    // The folder is away: the slot fails before it has a plan, and is on record all the same.
    std::fs::rename(project.path("exports"), project.path("away")).unwrap();
    let failed =
        project.run(&["--now", "2026-03-02T05:16:00Z", "--now-writes", "tick"]).ends_with(3);
    assert!(failed.stderr.contains("pobudka retry"), "{}", failed.stderr);
    let runs = project.run(&["--json", "runs"]).ends_with(0);
    let record: serde_json::Value = serde_json::from_str(runs.stdout.trim()).unwrap();
    assert_eq!(
        (&record["state"], &record["slot"]),
        (&"failed".into(), &"sales/2026-03-02T05:15Z".into())
    );
    std::fs::rename(project.path("away"), project.path("exports")).unwrap();
    project.run(&["--now", "2026-03-28T05:16:00Z", "--now-writes", "tick"]).ends_with(0);
    project.write("exports/2.csv", "number,date,client,amount\n2,2026-02-28,b,10\n");
    let late =
        project.run(&["--now", "2026-03-28T09:00:00Z", "--now-writes", "retry"]).ends_with(1);
    late.says("table \"dim_clients\" was already published by run");
    let day = || {
        let listed = project.run(&["--json", "ls"]).stdout;
        let lines =
            listed.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines.into_iter().find(|line| line["table"] == "dim_clients").unwrap()["as_of"].clone()
    };
    assert_eq!(day(), "2026-03-27");
    // Who names a day goes back.
    project.run(&["run", "--as-of", "2026-03-01"]).ends_with(0);
    assert_eq!(day(), "2026-03-01");
}
