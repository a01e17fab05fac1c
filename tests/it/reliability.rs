//! A lake over the years: swept, damaged, filled up, spelt otherwise, disturbed while it works.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use crate::project::{Project, Ran};
use crate::sample::Sample;

const PIPELINE: &str = r#"
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

fn month(month: u32, amount: u32) -> String {
    format!(
        "number,date,client,amount\n{month}1,2026-0{month}-01,a,{amount}\n{month}2,2026-0{month}-02,b,1\n"
    )
}

/// A project with two months loaded, of which the first was corrected since: two versions.
fn project() -> Project {
    let project = Project::new().file("pipelines/sales.yaml", PIPELINE);
    project.write("exports/sales_2026-04.csv", month(4, 10));
    project.write("exports/sales_2026-05.csv", month(5, 10));
    project.run(&["run"]).ends_with(0);
    project.write("exports/sales_2026-04.csv", month(4, 20));
    project.run(&["run"]).ends_with(0);
    project
}

/// Every file below `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
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

/// Makes everything in the lake and the publication so many days older.
fn age(project: &Project, days: u64) {
    let then = SystemTime::now() - Duration::from_secs(days * 86_400);
    for folder in ["lake", "published"] {
        for path in files(&project.path(folder)) {
            File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
        }
    }
}

fn keep(project: &Project, keep: &str) {
    let yaml = project.read("pipelines/project.yaml");
    project.write("pipelines/project.yaml", format!("{yaml}keep: {keep}\n"));
}

fn sum(project: &Project) -> serde_json::Value {
    project.query("select sum(amount) as sum, count(*) as rows from lake.documents").remove(0)
}

#[test]
fn a_swept_lake_and_its_destination_are_carried_on() {
    let project = project();
    keep(&project, "{ versions: 1, days: 90, runs: 1 }");
    age(&project, 3);
    let before = files(&project.path("lake"));
    let plan = project.run(&["vacuum", "--plan"]).ends_with(0);
    assert_eq!(files(&project.path("lake")), before, "a plan removes nothing");
    let swept = project.run(&["vacuum"]).ends_with(0);
    assert_eq!(plan.stdout.replace("would be removed", "are removed"), swept.stdout);
    let manifests = files(&project.path("lake/_log"));
    assert_eq!(manifests.len(), 1, "{manifests:?}");
    assert_eq!(files(&project.path("lake/runs")).len(), 1);
    assert_eq!(files(&project.path("lake/data/documents")).len(), 2);
    assert_eq!(sum(&project), serde_json::json!({ "sum": 32.0, "rows": 4 }));
    project.run(&["doctor", "--deep"]).ends_with(0);
    project.write("exports/sales_2026-06.csv", month(6, 10));
    project.run(&["run"]).ends_with(0);
    project.run(&["run"]).ends_with(0).gives("up to date");
    assert_eq!(sum(&project), serde_json::json!({ "sum": 43.0, "rows": 6 }));
}

#[test]
fn what_a_load_brings_back_is_not_what_vacuum_takes() {
    let project = project();
    keep(&project, "{ versions: 1, days: 1, runs: 1 }");
    age(&project, 3);
    // The same bytes as the first version had, whose file is about to go.
    project.write("exports/sales_2026-04.csv", month(4, 10));
    project.run(&["run"]).ends_with(0);
    project.run(&["vacuum"]).ends_with(0);
    assert_eq!(sum(&project), serde_json::json!({ "sum": 22.0, "rows": 4 }));
    project.run(&["doctor", "--deep"]).ends_with(0);
}

#[test]
fn a_damaged_lake_is_told_and_repaired() {
    let project = project();
    let april = |path: &&PathBuf| path.to_string_lossy().contains("2026-04");
    let data = files(&project.path("lake/data/documents"));
    let current = project.read("lake/_head.json");
    let head: serde_json::Value = serde_json::from_str(&current).unwrap();
    let manifest = project.read(&format!("lake/{}", head["manifest"].as_str().unwrap()));
    let named = |path: &&PathBuf| manifest.contains(path.file_name().unwrap().to_str().unwrap());
    let broken = data.iter().filter(april).find(named).unwrap();
    project.run(&["doctor"]).ends_with(0);
    let bytes = fs::read(broken).unwrap();
    fs::write(broken, vec![0; bytes.len()]).unwrap();
    project.run(&["doctor"]).ends_with(0);
    project.run(&["doctor", "--deep"]).ends_with(1).gives("WRONG lake is whole: table");
    fs::remove_file(broken).unwrap();
    let told = project.run(&["doctor"]).ends_with(1);
    told.gives("is missing").gives("version 1 is whole: \"pobudka repair\" makes it current again");
    let repaired = project.run(&["repair"]).ends_with(0);
    repaired
        .gives("lake: version 1 is current again, as 3")
        .gives("lake: table \"documents\" goes back: 1 files with 2 rows are newer")
        .gives("destination bi: version 2 is whole");
    assert_eq!(sum(&project), serde_json::json!({ "sum": 22.0, "rows": 4 }));
    project.run(&["run"]).ends_with(0);
    assert_eq!(sum(&project), serde_json::json!({ "sum": 32.0, "rows": 4 }));
    project.run(&["repair"]).ends_with(0).gives("lake: version 4 is whole");
    // A head that is gone.
    fs::remove_file(project.path("published/_head.json")).unwrap();
    project.run(&["doctor"]).ends_with(1).gives("has no head");
    project.run(&["repair"]).ends_with(0).gives("is current again, as");
    project.run(&["doctor", "--deep"]).ends_with(0);
}

#[test]
fn an_older_version_can_be_made_current_again() {
    let project = project();
    let versions = project.run(&["rollback", "lake"]).ends_with(0).stdout;
    let first: Vec<&str> = versions.lines().map(|line| line.split("  ").next().unwrap()).collect();
    assert_eq!(first, ["2", "1"]);
    project.run(&["rollback", "lake", "--to", "7"]).ends_with(3).says("version 7 of \"lake\"");
    project.run(&["rollback", "nowhere", "--to", "1"]).ends_with(3);
    project.run(&["rollback", "lake", "--to", "1"]).ends_with(0).gives("as version 3");
    assert_eq!(sum(&project), serde_json::json!({ "sum": 22.0, "rows": 4 }));
    project.run(&["rollback", "bi", "--to", "1"]).ends_with(0);
    let published = |path: &str| fs::read(project.path(&format!("published/{path}"))).unwrap();
    let first = files(&project.path("published/data")).remove(0);
    let name = first.file_name().unwrap().to_str().unwrap();
    assert_eq!(published(&format!("latest/{name}")), fs::read(&first).unwrap());
    project.run(&["run"]).ends_with(0);
    assert_eq!(sum(&project), serde_json::json!({ "sum": 32.0, "rows": 4 }));
    // One that is not whole is none to go back to.
    for path in files(&project.path("lake/data/documents")) {
        if path.to_string_lossy().contains("2026-04") {
            fs::remove_file(path).unwrap();
        }
    }
    let broken = project.run(&["rollback", "lake", "--to", "1"]).ends_with(3);
    broken.says("version 1 of \"lake\" is not whole");
}

#[test]
fn a_lake_whose_head_is_lost_is_not_swept() {
    let project = project();
    keep(&project, "{ versions: 1, days: 90, runs: 1 }");
    age(&project, 3);
    let head = project.read("lake/_head.json");
    fs::remove_file(project.path("lake/_head.json")).unwrap();
    let before = files(&project.path("lake/data"));
    project.run(&["vacuum"]).ends_with(1).says("has manifests, but no head");
    assert_eq!(files(&project.path("lake/data")), before);
    project.write("lake/_head.json", head);
    for verb in ["vacuum", "repair"] {
        let supposed = ["--now", "2036-01-01T00:00:00Z", verb];
        project.run(&supposed).ends_with(64).says("--now-writes");
    }
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

/// The current manifest of the lake, and its path.
fn manifest(project: &Project) -> (String, serde_json::Value) {
    let head: serde_json::Value = serde_json::from_str(&project.read("lake/_head.json")).unwrap();
    let path = format!("lake/{}", head["manifest"].as_str().unwrap());
    let manifest = serde_json::from_str(&project.read(&path)).unwrap();
    (path, manifest)
}

#[test]
fn a_lake_of_the_first_format_is_carried_on_and_one_of_a_newer_is_refused() {
    let project = project();
    let entries = project.query("select * from lake.exports order by number");
    assert_eq!(entries.len(), 3);
    let old: Vec<serde_json::Value> = entries
        .into_iter()
        .map(|mut entry| {
            let fields = entry.as_object_mut().unwrap();
            fields.remove("number");
            let text = |fields: &serde_json::Map<String, serde_json::Value>, name: &str| {
                fields[name].as_str().unwrap().to_owned()
            };
            let header: serde_json::Value = serde_json::from_str(&text(fields, "header")).unwrap();
            let periods: Vec<String> =
                text(fields, "periods").split(' ').map(str::to_owned).collect();
            fields.insert("header".to_owned(), header);
            fields.insert("periods".to_owned(), periods.into());
            let status = match fields.remove("replaced_by") {
                Some(sha256) => serde_json::json!({ "replaced_by": sha256 }),
                None => "live".into(),
            };
            fields.insert("status".to_owned(), status);
            fields.insert("declaration".to_owned(), "of an older form".into());
            entry
        })
        .collect();
    let (path, mut first) = manifest(&project);
    let now = first.clone();
    first["format"] = 1.into();
    first["extra"] = serde_json::json!({ "exports": old });
    first["tables"].as_object_mut().unwrap().remove("exports");
    project.write(&path, first.to_string());
    project.run(&["run"]).ends_with(0).gives("up to date");
    project.run(&["doctor"]).ends_with(0).gives("source sales/books: 0 exports to read, 2 known");
    project.write("exports/sales_2026-06.csv", month(6, 10));
    project.run(&["run"]).ends_with(0).gives("loaded 1 exports");
    let (path, second) = manifest(&project);
    assert_eq!((&second["format"], second.get("extra")), (&now["format"], None));
    assert_eq!(project.query("select name from lake.exports").len(), 4);
    assert_eq!(sum(&project), serde_json::json!({ "sum": 43.0, "rows": 6 }));
    project.run(&["run"]).ends_with(0).gives("up to date");
    let mut newer = second;
    newer["format"] = 99.into();
    newer["unheard"] = "of".into();
    project.write(&path, newer.to_string());
    project.run(&["run"]).ends_with(78).says("format 99, this program knows 2 at most");
}

#[test]
fn many_exports_load_together_and_one_more_writes_little() {
    let project = Project::new().file("pipelines/sales.yaml", PIPELINE);
    let yaml = PIPELINE
        .replace("covers: { name: \"sales_%Y-%m\" }", "covers: { name: \"sales_%Y-%m_{part}\" }");
    project.write("pipelines/sales.yaml", yaml.split("publish:").next().unwrap());
    let export = |part: u32| {
        let rows: String =
            (0..5).map(|row| format!("{part}-{row},2026-04-0{},c{row},1\n", row + 1)).collect();
        project.write(
            &format!("exports/sales_2026-04_p{part}.csv"),
            format!("number,date,client,amount\n{rows}"),
        );
    };
    (0..600).for_each(export);
    project.run(&["run"]).ends_with(0).gives("loaded 600 exports: 3 000 rows read, 3 000 loaded");
    assert_eq!(sum(&project), serde_json::json!({ "sum": 3000.0, "rows": 3000 }));
    let before = files(&project.path("lake"));
    export(600);
    project.run(&["run"]).ends_with(0).gives("loaded 1 exports");
    let new = files(&project.path("lake")).into_iter().filter(|path| !before.contains(path));
    let ledger: Vec<PathBuf> =
        new.filter(|path| path.to_string_lossy().contains("data/exports/")).collect();
    assert_eq!(ledger.len(), 1, "{ledger:?}");
    assert_eq!(sum(&project), serde_json::json!({ "sum": 3005.0, "rows": 3005 }));
    project.run(&["run"]).ends_with(0).gives("up to date");
}

/// Bytes of all files below `folder`, by path.
fn sizes(folder: &Path) -> BTreeMap<PathBuf, u64> {
    files(folder).into_iter().map(|path| (path.clone(), path.metadata().unwrap().len())).collect()
}

#[test]
fn each_of_many_nights_writes_as_much_and_vacuum_returns_to_what_is_kept() {
    let nights = Sample::new().of(1_000, 24);
    let yaml = PIPELINE.split("publish:").next().unwrap().replace(
        "{ replace_period: { column: date, period: month, covers: { name: \"sales_%Y-%m\" } } }",
        "upsert",
    );
    let project = Project::new().file("pipelines/sales.yaml", yaml.replace("sales_*", "day_*"));
    keep(&project, "{ versions: 3, days: 90, runs: 5 }");
    let first = chrono::NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
    let mut written = Vec::new();
    let mut before = BTreeMap::new();
    for (night, day) in (0..nights).zip(first.iter_days()) {
        let rows: String = (0..20).map(|row| format!("{night}-{row},{day},c{row},1\n")).collect();
        let export = format!("exports/day_{day}.csv");
        project.write(&export, format!("number,date,client,amount\n{rows}"));
        project.run(&["run"]).ends_with(0);
        // What is known need not lie there any more.
        fs::remove_file(project.path(&export)).unwrap();
        let after = sizes(&project.path("lake"));
        let new = after.iter().filter(|(path, _)| !before.contains_key(*path));
        written.push(new.map(|(_, bytes)| bytes).sum::<u64>());
        before = after;
    }
    println!("bytes of new files: night 1 {}, last {:?}", written[0], written.last());
    // A file of the month and one of the ledger are written anew: both end and begin again.
    let most = written.iter().max().unwrap();
    assert!(*most < 100_000, "{written:?}");
    age(&project, 3);
    project.run(&["vacuum"]).ends_with(0);
    let left = sizes(&project.path("lake"));
    let of =
        |folder: &str| left.keys().filter(|path| path.starts_with(project.path(folder))).count();
    let months = usize::try_from(nights).unwrap().div_ceil(28) + 1;
    assert_eq!((of("lake/_log"), of("lake/runs")), (3, 5));
    assert!(of("lake/data") <= months + nights as usize / 128 + 8, "{left:?}");
    assert_eq!(sum(&project)["rows"], nights * 20);
}
