//! A lake over the years: swept, damaged, rolled back, filled up.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::project::Project;
use crate::reliability::{PIPELINE, files, month, project, sum};
use crate::sample::Sample;

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
    project.run(&["run"]).ends_with(78).says("format 99, this program knows 3 at most");
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
