//! A small job on a store, killed at every request, and with every reply lost once.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::atomic::Ordering;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use crate::project::Project;
use crate::proxy::{Disturb, Proxy};
use crate::server::{Kind, Server};
use crate::stores::{digests, moved_to};

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

/// The job below `name`, run first with `disturb`, then, through no proxy, until it is done; gives
/// its state, whether the first run was disturbed, and its exit code where it was not killed.
fn disturbed(
    server: &Server,
    name: &str,
    disturb: Disturb,
) -> (BTreeMap<String, String>, bool, Option<i32>) {
    let proxy = Proxy::start(server.port, disturb);
    let place = format!("{}/{name}", server.bucket());
    let project = job(&place, &server.declared(proxy.port));
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
    let reached = match disturb {
        Disturb::Nothing => false,
        Disturb::Hold(_) => killed,
        Disturb::Lose(number) => proxy.requests.load(Ordering::SeqCst) >= number,
    };
    let yaml = project.read("pipelines/project.yaml");
    let direct = yaml.replace(&format!(":{}", proxy.port), &format!(":{}", server.port));
    project.write("pipelines/project.yaml", direct);
    project.run(&["run"]).ends_with(0);
    (digests(&project), reached, code)
}

pub(crate) fn killed(_: &Server) {
    let server = &Server::start(Kind::Moto);
    let (expected, ..) = disturbed(server, "undisturbed", Disturb::Nothing);
    let mut kills = 0;
    for number in 1.. {
        let (found, reached, _) =
            disturbed(server, &format!("killed{number}"), Disturb::Hold(number));
        assert_eq!(found, expected, "killed at request {number}");
        if !reached {
            break;
        }
        kills += 1;
    }
    println!("killed at {kills} requests");
    assert!(kills >= 80, "only {kills} requests were found");
}

pub(crate) fn replies_lost(_: &Server) {
    let server = &Server::start(Kind::Moto);
    let (expected, ..) = disturbed(server, "whole", Disturb::Nothing);
    let mut lost = 0;
    for number in 1.. {
        let (found, reached, code) =
            disturbed(server, &format!("lost{number}"), Disturb::Lose(number));
        assert_eq!(found, expected, "the reply to request {number} was lost");
        assert_eq!(code, Some(0), "the reply to request {number} was lost");
        if !reached {
            break;
        }
        lost += 1;
    }
    println!("{lost} replies were lost");
    assert!(lost >= 80, "only {lost} requests were found");
}
