//! What a run meets that should not be: places in one another, links, secrets, locks, signals.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use crate::project::{Project, Ran};

pub(crate) const PIPELINE: &str = r#"
version: 1
name: sales
sources:
  - name: books
    fetch: { files: { url: exports, pattern: "sales_*.csv*" } }
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
    load: { replace_period: { column: date, period: month, covers: { name: "sales_%Y-%m" } } }
publish:
  - { table: dim_clients, to: bi, as: [parquet, csv] }
"#;

pub(crate) fn month(month: u32, amount: u32) -> String {
    format!(
        "number,date,client,amount\n{month}1,2026-0{month}-01,a,{amount}\n{month}2,2026-0{month}-02,b,1\n"
    )
}

/// A project with two months loaded, of which the first was corrected since: two versions.
pub(crate) fn project() -> Project {
    let project = Project::new().file("pipelines/sales.yaml", PIPELINE);
    project.write("exports/sales_2026-04.csv", month(4, 10));
    project.write("exports/sales_2026-05.csv", month(5, 10));
    project.run(&["run"]).ends_with(0);
    project.write("exports/sales_2026-04.csv", month(4, 20));
    project.run(&["run"]).ends_with(0);
    project
}

/// Every file below `folder`.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

pub(crate) fn sum(project: &Project) -> serde_json::Value {
    project.query("select sum(amount) as sum, count(*) as rows from lake.documents").remove(0)
}

#[test]
fn places_in_one_another_are_refused_however_they_are_spelt() {
    let project = Project::new().file("pipelines/sales.yaml", PIPELINE);
    symlink(project.path("lake"), project.path("link")).unwrap();
    fs::create_dir(project.path("lake")).unwrap();
    let absolute = project.path("lake/x").display().to_string();
    let yaml = project.read("pipelines/project.yaml");
    // The other spellings have a table of their own, beside the code.
    for url in ["link/x", "exports/out", absolute.as_str()] {
        let changed = yaml.replace("url: published", &format!("url: \"{url}\""));
        project.write("pipelines/project.yaml", changed);
        project.run(&["validate"]).ends_with(78).says("lie in one another");
    }
    let two = yaml.replace(
        "  bi: { url: published }",
        "  bi: { url: published }\n  hr: { url: \"./published/\" }",
    );
    project.write("pipelines/project.yaml", two);
    project.run(&["validate"]).ends_with(78).says(
        "destination \"hr\" (\"./published/\") and destination \"bi\" (\"published\") lie in one another",
    );
    project.write("pipelines/project.yaml", yaml);
    project.run(&["validate"]).ends_with(0);
}

#[test]
fn secrets_are_printed_by_no_verb() {
    let project = Project::new().file("pipelines/sales.yaml", PIPELINE);
    project.write("exports/sales_2026-04.csv", month(4, 10));
    let yaml = project.read("pipelines/project.yaml");
    let yaml = yaml.replace("url: published", "url: \"pub_${env:PLANTED}\"");
    let yaml = yaml.replace("lake: lake", "lake: \"lake_${env:PLANTED}\"");
    project.write("pipelines/project.yaml", yaml);
    let secret = "planted-4xyz+/";
    let run = |arguments: &[&str]| {
        let ran: Ran = project.command(arguments).env("PLANTED", secret).output().unwrap().into();
        for text in [&ran.stdout, &ran.stderr] {
            for planted in [secret, "planted-4xyz", "literal7", "signed8"] {
                assert!(!text.contains(planted), "{arguments:?}: {text}");
            }
        }
        ran
    };
    run(&["run"]).ends_with(0);
    for verb in ["status", "ls", "runs", "doctor", "vacuum", "repair", "plan", "validate"] {
        run(&[verb]).ends_with(0);
        run(&["--json", verb]).ends_with(0);
    }
    run(&["rollback", "lake"]).ends_with(0);
    let (port, _server) = refusing();
    let url = format!("http://u:literal7@127.0.0.1:{port}/x.csv?a=1&sig=signed8");
    let fetch = format!("fetch: {{ http: {{ urls: [\"{url}\"] }} }}");
    let old = "fetch: { files: { url: exports, pattern: \"sales_*.csv*\" } }";
    project.write("pipelines/sales.yaml", PIPELINE.replace(old, &fetch));
    assert_ne!(run(&["plan"]).code, 0);
    assert_ne!(run(&["doctor"]).code, 0);
    assert_ne!(run(&["inspect", &url]).code, 0);
    // A fault shows the line that it stands on.
    let wrong = fetch.replace("urls:", "urls: 1, url:");
    project.write("pipelines/sales.yaml", PIPELINE.replace(old, &wrong));
    run(&["validate"]).ends_with(78).says("urls: 1, url: [\"http://u:***@");
}

/// A web server that lets nobody in, and its port; it ends with the process.
fn refusing() -> (u16, std::thread::JoinHandle<()>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let _ = std::io::Read::read(&mut stream, &mut request);
            let reply = "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            let _ = stream.write_all(reply.as_bytes());
        }
    });
    (port, server)
}

#[test]
fn what_a_terminal_would_obey_is_written_out() {
    let project = Project::new().file(
        "pipelines/sales.yaml",
        PIPELINE
            .replace("sales_*.csv*", "*.csv")
            .replace("{ replace_period: { column: date, period: month, covers: { name: \"sales_%Y-%m\" } } }", "upsert\n    rejects: { max_percent: 100 }"),
    );
    let rows = "number,date,client,amount\n1,2026-04-01,\u{1b}[31mRed\u{7},1\n2,x\u{1b}[2J,b,1\n";
    project.write("exports/a\nb\u{1b}[31m.csv", rows);
    let ran = project.run(&["run"]).ends_with(0);
    let run = project.run(&["runs"]).ends_with(0).stdout;
    let run = run.split_whitespace().next().unwrap().to_owned();
    let mut printed = format!("{}{}", ran.stdout, ran.stderr);
    for arguments in [
        vec!["show", "dim_clients"],
        vec!["sql", "select * from lake.documents"],
        vec!["rejects", "show"],
        vec!["rejects", "ls"],
        vec!["runs", "show", &run],
        vec!["plan"],
    ] {
        let ran = project.run(&arguments).ends_with(0);
        printed.extend([ran.stdout, ran.stderr]);
    }
    let acts = |char: char| char.is_control() && char != '\n';
    assert!(!printed.contains(acts), "{printed}");
    assert!(printed.contains("\\u{1b}[31mRed\\u{7}") && printed.contains("a\\nb\\u{1b}[31m.csv"));
}

#[test]
fn chains_of_any_length_are_refused_not_overflowed() {
    let project = project();
    let chain = format!("select 1{}", " + 1".repeat(30_000));
    project
        .run(&["sql", &chain])
        .ends_with(64)
        .says("an expression has more than 2000 words and signs");
    project.write("sql/marts/dim_clients.sql", chain);
    let ran = project.run(&["validate"]).ends_with(78);
    ran.says("sql/marts/dim_clients.sql:1:4006: an expression has more than 2000 words and signs");
}

/// Whether the process has computed for a second; `false` where it ended.
fn has_computed(id: u32) -> bool {
    loop {
        let Ok(stat) = fs::read_to_string(format!("/proc/{id}/stat")) else { return false };
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        if fields[0] == "Z" {
            return false;
        }
        if ticks > 150 {
            return true;
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_query_that_never_pauses_is_interrupted() {
    let project = Project::new().file("pipelines/sales.yaml", PIPELINE);
    let rows: String = (0..400).map(|row| format!("{row},2026-04-01,a,{row}.5\n")).collect();
    project.write("exports/sales_2026-04.csv", format!("number,date,client,amount\n{rows}"));
    project.run(&["run"]).ends_with(0);
    let query = "select count(*) from lake.documents a, lake.documents b, lake.documents c, \
                 lake.documents d where a.amount + b.amount + c.amount = d.amount + 1";
    for signal in ["INT", "TERM"] {
        let mut command = project.command(&["sql", query]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let id = child.id();
        assert!(has_computed(id), "it ended by itself");
        let kill =
            std::process::Command::new("kill").args(["-s", signal, &id.to_string()]).status();
        assert!(kill.unwrap().success());
        let told = SystemTime::now();
        let ran: Ran = child.wait_with_output().unwrap().into();
        ran.ends_with(if signal == "INT" { 130 } else { 143 }).says("interrupted");
        assert!(told.elapsed().unwrap() < Duration::from_secs(4));
    }
}

/// Whether the process has `file` open; `false` where it ended.
fn has_open(id: u32, file: &Path) -> bool {
    let open = format!("/proc/{id}/fd");
    loop {
        let Ok(descriptors) = fs::read_dir(&open) else { return false };
        let mut files = descriptors.flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
        if files.any(|open| open == file) {
            return true;
        }
        if !fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| !stat.contains(") Z")) {
            return false;
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_lock_that_another_process_holds_gives_way_to_a_signal() {
    let project = project();
    let lock = project.path("lake/_lock");
    let held = File::options().write(true).open(&lock).unwrap();
    held.lock().unwrap();
    project.write("exports/sales_2026-06.csv", month(6, 1));
    let mut command = project.command(&["run"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    assert!(has_open(child.id(), &lock), "it ended without the lock");
    let id = child.id().to_string();
    let kill = std::process::Command::new("kill").args(["-s", "INT", &id]).status();
    assert!(kill.unwrap().success());
    let told = SystemTime::now();
    let ran: Ran = child.wait_with_output().unwrap().into();
    ran.ends_with(130).says("interrupted");
    assert!(told.elapsed().unwrap() < Duration::from_secs(4));
    drop(held);
    project.run(&["run"]).ends_with(0);
}

#[test]
fn a_run_that_takes_too_long_is_ended() {
    let project = project();
    project.write("exports/sales_2026-06.csv", month(6, 1));
    let yaml = PIPELINE.replace("name: sales\n", "name: sales\ntimeout: 1ms\n");
    project.write("pipelines/sales.yaml", yaml);
    project.run(&["run"]).ends_with(1).says("took longer than its timeout of 0.001 s");
}

#[test]
fn links_pipes_and_devices_are_told() {
    let project = project();
    let outside = tempfile::tempdir().unwrap();
    let file = outside.path().join("sales_2026-06.csv");
    fs::write(&file, month(6, 10)).unwrap();
    let link = project.path("exports/sales_2026-06.csv");
    symlink(&file, &link).unwrap();
    project.run(&["run"]).ends_with(1).says("out of the folder").says("follow_links: true");
    let follow = PIPELINE.replace("pattern:", "follow_links: true, pattern:");
    project.write("pipelines/sales.yaml", follow);
    project.run(&["run"]).ends_with(0);
    project.write("pipelines/sales.yaml", PIPELINE);
    fs::remove_file(&file).unwrap();
    project.run(&["run"]).ends_with(1).says("sales_2026-06.csv\" is a link that leads nowhere");
    fs::remove_file(&link).unwrap();
    // A link within the folder, and one that leads round.
    symlink(project.path("exports/sales_2026-04.csv"), project.path("exports/copy.txt")).unwrap();
    symlink(project.path("exports"), project.path("exports/again")).unwrap();
    project.run(&["run"]).ends_with(0);
    let pipe = std::process::Command::new("mkfifo").arg(&link).status();
    assert!(pipe.unwrap().success());
    project.run(&["run"]).ends_with(1).says("is a pipe or a device");
    fs::remove_file(&link).unwrap();
    symlink("/dev/zero", project.path("pipelines/zero.yaml")).unwrap();
    project
        .run(&["validate"])
        .ends_with(78)
        .says("pipelines/zero.yaml: cannot be read: it is no file");
}

#[test]
fn an_archive_of_which_nothing_is_read_is_told() {
    let project = project();
    let mut zip =
        zip::ZipWriter::new(File::create(project.path("exports/sales_2026-06.csv.zip")).unwrap());
    zip.start_file(".hidden", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(b"x").unwrap();
    zip.finish().unwrap();
    let ran = project.run(&["run"]).ends_with(1);
    ran.says("archive \"sales_2026-06.csv.zip\": no file inside matches \"**\"");
}

#[test]
fn what_lies_in_the_way_is_named() {
    let project = Project::new().file("pipelines/sales.yaml", PIPELINE);
    project.write("exports/sales_2026-04.csv", month(4, 10));
    fs::create_dir_all(project.path("published/_head.json")).unwrap();
    let ran = project.run(&["run"]).ends_with(1);
    ran.says("\"_head.json\" of \"published\": the name is taken").says("a folder of that name");
    fs::remove_dir(project.path("published/_head.json")).unwrap();
    project.run(&["run"]).ends_with(0);
}

#[test]
fn a_killed_run_leaves_nothing_for_long() {
    let project = Project::new().file("pipelines/sales.yaml", PIPELINE);
    project.write("exports/sales_2026-04.csv", month(4, 10));
    let scratch = tempfile::tempdir().unwrap();
    let left = || {
        let names = fs::read_dir(scratch.path()).unwrap();
        names.filter(|entry| entry.as_ref().unwrap().file_name() != "others").count()
    };
    let mut command = project.command(&["run"]);
    let child = command.env("TMPDIR", scratch.path()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap();
    // It has its scratch once it says what it does.
    let mut first = [0];
    std::io::Read::read_exact(child.stderr.as_mut().unwrap(), &mut first).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(left(), 1);
    let ran = project.command(&["run"]).env("TMPDIR", scratch.path()).output().unwrap();
    Ran::from(ran).ends_with(0);
    assert_eq!(left(), 0);
}
