//! Lake, destination and exports in a store; stores that are refused.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::project::{Project, copy, repository};
use crate::server::Server;

/// Documents of the made-up company.
const DOCUMENTS: &str = "20000";

/// The demo as it is made on disk.
fn on_disk() -> &'static Project {
    static DEMO: OnceLock<Project> = OnceLock::new();
    DEMO.get_or_init(|| {
        let project = Project::empty();
        let out = project.path("");
        let out = out.to_str().unwrap();
        project.run(&["demo", "--documents", DOCUMENTS, "--out", out]).ends_with(0);
        project
    })
}

/// `files` of `project.yaml` with lake and destination below `place`.
pub(crate) fn moved_to(yaml: &str, place: &str, stores: &str) -> String {
    let lines = yaml.lines().map(|line| match line.trim_start() {
        lake if lake.starts_with("lake:") => format!("lake: {place}/lake\n"),
        bi if bi.starts_with("bi:") => format!("  bi: {{ url: {place}/published }}\n"),
        _ => format!("{line}\n"),
    });
    lines.chain([stores.to_owned()]).collect()
}

/// The demo's declarations and exports, lake and destination on `server` below `name`.
fn demo_on(server: &Server, name: &str) -> Project {
    let (disk, project) = (on_disk(), Project::empty());
    for folder in ["exports", "pipelines", "sql"] {
        copy(&disk.path(folder), &project.path(folder));
    }
    let place = format!("{}/{name}", server.bucket());
    let yaml = disk.read("pipelines/project.yaml");
    project.write("pipelines/project.yaml", moved_to(&yaml, &place, &server.declared(server.port)));
    project
}

/// The SHA-256 of every file of the lake (by table and part; but of the ledger, which holds times),
/// and of every published and kept one (by name).
pub(crate) fn digests(project: &Project) -> BTreeMap<String, String> {
    let listed = project.run(&["--json", "ls"]).ends_with(0);
    let mut digests = BTreeMap::new();
    for line in listed.stdout.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        for file in line["files"].as_array().into_iter().flatten() {
            let path = file["path"].as_str().unwrap();
            let name = match (line["lake"].as_str(), line["quarter"].as_str()) {
                (Some("exports"), _) => continue,
                (Some(table), _) => format!("{table}/{}", file["part"].as_str().unwrap()),
                (None, quarter) => {
                    let name = path.rsplit('/').next().unwrap();
                    format!("{}/{name}", quarter.unwrap_or("published"))
                }
            };
            digests.insert(name, file["sha256"].as_str().unwrap().to_owned());
        }
    }
    digests
}

pub(crate) fn demo(server: &Server) {
    let project = demo_on(server, "demo");
    project.run(&["run"]).ends_with(0);
    let (expected, found) = (digests(on_disk()), digests(&project));
    assert_eq!(found, expected);
    let published = found.keys().filter(|name| name.starts_with("published/"));
    // Some are workbooks for people too.
    let published = published.filter(|name| name.strip_suffix(".xlsx").is_none());
    let marts = std::fs::read_dir(repository().join("sql/marts")).unwrap();
    let marts = marts.filter(|file| {
        file.as_ref().unwrap().path().extension().is_some_and(|ending| ending == "sql")
    });
    assert_eq!(published.count(), 3 * marts.count(), "every mart in three files");
    let again = project.run(&["run"]).ends_with(0);
    assert_eq!(again.stdout, "up to date\n");
    let count = "select count(*) as clients from dim_clients";
    assert_eq!(project.query(count), on_disk().query(count));
    let lake = "select count(*) as documents, sum(amount) as amount from lake.documents";
    assert_eq!(project.query(lake), on_disk().query(lake));
    let runs = project.run(&["runs"]).ends_with(0);
    assert_eq!(runs.stdout.lines().count(), 2);
    project.run(&["vacuum"]).ends_with(0);
    assert_eq!(digests(&project), expected);
}

const SALES: &str = r#"
version: 1
name: sales
sources:
  - name: books
    fetch: { files: { url: "{place}/published/latest", pattern: "dim_clients.csv" } }
    read: { csv: { encoding: utf-8, delimiter: ",", decimal: ".", date: "%Y-%m-%d" } }
    into:
      clients:
        columns: { client_id: client_key, name: name }
    load: upsert
"#;

/// What one project publishes is the export of another.
pub(crate) fn exports(server: &Server) {
    let first = demo_on(server, "supplier");
    first.run(&["run"]).ends_with(0);
    let place = format!("{}/supplier", server.bucket());
    let second = Project::new().file("pipelines/sales.yaml", SALES.replace("{place}", &place));
    let yaml = second.read("pipelines/project.yaml") + &server.declared(server.port);
    second.write("pipelines/project.yaml", yaml);
    let plan = second.run(&["plan"]).ends_with(0);
    assert!(
        plan.stdout.contains("pull sales/books: 1 exports to read, 0 known"),
        "{}",
        plan.stdout
    );
    second.run(&["run"]).ends_with(0);
    let rows = "select count(*) as clients from lake.clients";
    let clients = "select count(*) as clients from dim_clients";
    assert_eq!(second.query(rows), first.query(clients));
    assert_eq!(second.run(&["run"]).ends_with(0).stdout, "up to date\n");
}

pub(crate) fn doctor(server: &Server) {
    let project = demo_on(server, "doctor");
    let found = project.run(&["doctor"]).ends_with(0);
    assert!(found.stdout.contains("conditions are honoured"), "{}", found.stdout);
}

/// A store that ignores conditions holds no head: a run says so and writes nothing.
pub(crate) fn refused(server: &Server) {
    let project = demo_on(server, "refused");
    let place = format!("store \"s3://bucket/refused/lake\" at http://127.0.0.1:{}", server.port);
    let ignored = "ignores the condition If-None-Match: * (create only if absent)";
    project.run(&["run"]).ends_with(78).says(&format!("{place} {ignored}"));
    let head = project.run(&["--json", "status"]);
    assert!(head.stdout.contains("\"lake_version\":0"), "{} {}", head.stdout, head.stderr);
}

/// A store that checks and writes in two steps is found out when writers meet. One round of 16
/// can miss it by luck, as a run's first use has it; the ten of `doctor` do not.
pub(crate) fn found_out(server: &Server) {
    let project = demo_on(server, "refused");
    let ran = project.run(&["doctor"]).ends_with(1);
    let found = ran.stdout.lines().find(|line| {
        line.starts_with("WRONG")
            && line.contains("ignores the condition If-Match when writers meet")
    });
    assert!(found.is_some(), "{} {}", ran.stdout, ran.stderr);
}
