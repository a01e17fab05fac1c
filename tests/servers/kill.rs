//! A small job on a store, killed at every request, with every reply lost once, or late for ever; at a
//! sample of them unless the test runs whole.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::atomic::Ordering;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use crate::project::Project;
use crate::proxy::{Disturb, Proxy};
use crate::sample::Sample;
use crate::server::{Kind, Server};
use crate::stores::{digests, moved_to};

/// Requests that a sample disturbs.
const SAMPLED: u64 = 4;

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
  - { table: client_base, to: bi, as: [parquet] }
"#;

/// A job of three exports, one with rejects, whose lake and destination lie below `place`.
pub(crate) fn job(place: &str, stores: &str) -> Project {
    let project = Project::new().file("pipelines/sales.yaml", PIPELINE);
    for month in 6..=8 {
        let bad = if month == 6 { "x,2026-06-31,a,1\n" } else { "" };
        let rows: String = (1..=6)
            .map(|n| format!("{month}{n},2026-0{month}-0{n},{},1{n}.50\n", ["a", "b", "c"][n % 3]))
            .collect();
        let text = format!("number,date,client,amount\n{rows}{bad}");
        project.write(&format!("exports/sales_2026-0{month}.csv"), text);
    }
    let yaml = project.read("pipelines/project.yaml");
    project.write("pipelines/project.yaml", moved_to(&yaml, place, stores));
    project
}

/// A disturbed job, carried on until it was done.
struct Ended {
    state: BTreeMap<String, String>,
    /// Whether the first run was disturbed at all.
    reached: bool,
    /// Its exit code, where it was not killed.
    code: Option<i32>,
    /// The requests that it made.
    requests: u64,
}

/// The job below `name`, run first with `disturb`, then, through no proxy, until it is done.
fn disturbed(server: &Server, name: &str, disturb: Disturb) -> Ended {
    let proxy = Proxy::start(server.port, disturb);
    let place = format!("{}/{name}", server.bucket());
    // No request takes so long, but those whose reply never comes.
    let limits = "limits: { request: 3s }\n";
    let project = job(&place, &format!("{}{limits}", server.declared(proxy.port)));
    let mut command = project.command(&["--threads", "1", "run"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut killed = false;
    let code = loop {
        match proxy.held.recv_timeout(Duration::from_millis(5)) {
            Ok(()) => {
                child.kill().unwrap();
                child.wait().unwrap();
                killed = true;
                break None;
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
    };
    let requests = proxy.requests.load(Ordering::SeqCst);
    let reached = match disturb {
        Disturb::Nothing => false,
        Disturb::Hold(_) => killed,
        Disturb::Lose(number) | Disturb::Hang(number) | Disturb::Away(number) => requests >= number,
    };
    let yaml = project.read("pipelines/project.yaml");
    let direct = yaml.replace(&format!(":{}", proxy.port), &format!(":{}", server.port));
    project.write("pipelines/project.yaml", direct);
    project.run(&["run"]).ends_with(0);
    Ended { state: digests(&project), reached, code, requests }
}

impl Ended {
    /// Asserts that the run made request `number`; two runs may differ by a few requests at the end.
    fn assert_reached(&self, number: u64, undisturbed: &Self) {
        let last = number + 5 > undisturbed.requests;
        assert!(self.reached || last, "request {number} was never made");
    }
}

/// The requests of a run to disturb: all of them, or a sample.
fn chosen(undisturbed: &Ended) -> Vec<u64> {
    assert!(undisturbed.requests >= 80, "only {} requests were found", undisturbed.requests);
    Sample::new().numbers(undisturbed.requests, SAMPLED)
}

pub(crate) fn killed(_: &Server) {
    let server = &Server::start(Kind::Moto);
    let undisturbed = disturbed(server, "undisturbed", Disturb::Nothing);
    let numbers = chosen(&undisturbed);
    for number in &numbers {
        let name = format!("killed{number}");
        let ended = disturbed(server, &name, Disturb::Hold(*number));
        ended.assert_reached(*number, &undisturbed);
        assert_eq!(ended.state, undisturbed.state, "killed at request {number}");
    }
    println!("killed at {} of {} requests", numbers.len(), undisturbed.requests);
}

pub(crate) fn replies_lost(_: &Server) {
    let server = &Server::start(Kind::Moto);
    let undisturbed = disturbed(server, "whole", Disturb::Nothing);
    let numbers = chosen(&undisturbed);
    for number in &numbers {
        let name = format!("lost{number}");
        let ended = disturbed(server, &name, Disturb::Lose(*number));
        ended.assert_reached(*number, &undisturbed);
        assert_eq!(ended.state, undisturbed.state, "the reply to request {number} was lost");
        assert_eq!(ended.code, Some(0), "the reply to request {number} was lost");
    }
    println!("{} of {} replies were lost", numbers.len(), undisturbed.requests);
}

pub(crate) fn replies_late(_: &Server) {
    let server = &Server::start(Kind::Moto);
    let undisturbed = disturbed(server, "in-time", Disturb::Nothing);
    let number = chosen(&undisturbed)[0];
    let ended = disturbed(server, "late", Disturb::Hang(number));
    ended.assert_reached(number, &undisturbed);
    assert_eq!(ended.state, undisturbed.state, "the reply to request {number} never came");
    assert_eq!(ended.code, Some(0), "the reply to request {number} never came");
}

/// More tries than a conditional write has.
const AWAY: u64 = 10;

pub(crate) fn away(_: &Server) {
    let server = &Server::start(Kind::Moto);
    let ended = disturbed(server, "away", Disturb::Away(AWAY));
    assert_eq!(ended.code, Some(0), "{} requests", ended.requests);
    // For whoever waits, or has declared so, it ends soon, and says where and for how long.
    let proxy = Proxy::start(server.port, Disturb::Away(u64::MAX));
    let place = format!("{}/away", server.bucket());
    let declared = server.declared(proxy.port);
    let project = job(&place, &format!("{declared}limits: {{ retry: 1s }}\n"));
    for verb in ["run", "status"] {
        let ran = project.run(&[verb]).ends_with(1);
        let (said, of) = (&ran.stderr, format!("of \"{place}/lake\""));
        assert!(said.contains(&of) && said.contains("503"), "{verb}: {said}");
        assert!(said.contains("hint: "), "{verb}: {said}");
    }
}
