//! A run is a function of its inputs and its day: any threads, any names and times of exports.

use std::process::Command;

use crate::project::{Project, Ran, binary, copy, published};
use crate::sample::Sample;

fn run(folder: &std::path::Path, threads: &str) -> Ran {
    let mut command = Command::new(binary());
    command.arg("--project").arg(folder).args(["--threads", threads, "run"]);
    command.output().unwrap().into()
}

/// Gives the export at `path` a time of its own.
fn touch(path: &std::path::Path, number: usize) {
    let touched = std::time::UNIX_EPOCH + std::time::Duration::from_secs(number as u64 * 1_000);
    std::fs::File::options().append(true).open(path).unwrap().set_modified(touched).unwrap();
}

#[test]
fn threads_names_and_times_do_not_change_a_byte() {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("demo");
    let mut demo = Command::new(binary());
    demo.args(["demo", "--documents", "20000", "--out"]).arg(&made);
    Ran::from(demo.output().unwrap()).ends_with(0);
    let expected = published(&made.join("published"));
    let mut names: Vec<_> = std::fs::read_dir(made.join("exports/1c"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let mut sample = Sample::new();
    for number in sample.numbers(3, 1) {
        let threads = ["1", "2", "7"][usize::try_from(number).unwrap() - 1];
        let other = folder.path().join(format!("renamed-threads-{threads}"));
        for part in ["pipelines", "sql"] {
            copy(&made.join(part), &other.join(part));
        }
        copy(&made.join("exports/crm"), &other.join("exports/crm"));
        std::fs::create_dir_all(other.join("exports/1c")).unwrap();
        for (index, name) in names.iter().rev().enumerate() {
            let renamed = format!("{:02}-{name}", 99 - index % 50);
            let to = other.join("exports/1c").join(renamed);
            std::fs::copy(made.join("exports/1c").join(name), &to).unwrap();
            touch(&to, index);
        }
        run(&other, threads).ends_with(0);
        let found = published(&other.join("published"));
        assert_eq!(found, expected, "renamed and touched, {threads} threads");
    }
    // Little memory: rows between models go to disk, sorts spill.
    let other = folder.path().join("little-memory");
    for part in ["pipelines", "sql", "exports"] {
        copy(&made.join(part), &other.join(part));
    }
    let declared = other.join("pipelines/project.yaml");
    let yaml = std::fs::read_to_string(&declared).unwrap();
    for number in sample.numbers(2, 1) {
        let (threads, memory_mb) = [("1", 32), ("2", 64)][usize::try_from(number).unwrap() - 1];
        std::fs::write(&declared, format!("{yaml}\nlimits: {{ memory_mb: {memory_mb} }}\n"))
            .unwrap();
        run(&other, threads).ends_with(0);
        assert_eq!(published(&other.join("published")), expected, "{memory_mb} MB");
        std::fs::remove_dir_all(other.join("published")).unwrap();
    }
    std::fs::write(&declared, format!("{yaml}\nlimits: {{ memory_mb: 1 }}\n")).unwrap();
    let starved = run(&other, "2").ends_with(1);
    assert!(starved.stderr.contains("raise limits: memory_mb"), "{}", starved.stderr);
    // Renaming and touching exports that are loaded already loads nothing again.
    for (index, name) in names.iter().enumerate() {
        let renamed = made.join("exports/1c").join(format!("again-{name}"));
        std::fs::rename(made.join("exports/1c").join(name), &renamed).unwrap();
        touch(&renamed, index);
    }
    assert_eq!(run(&made, "2").ends_with(0).stdout, "up to date\n");
}

/// The models that the last run computed.
fn models(project: &Project) -> usize {
    let runs = project.run(&["--json", "runs"]).ends_with(0).stdout;
    let last: serde_json::Value = serde_json::from_str(runs.lines().next().unwrap()).unwrap();
    let id = last["id"].as_str().unwrap();
    let shown = project.run(&["--json", "runs", "show", id]).ends_with(0).stdout;
    shown.matches("\"kind\":\"model\"").count() + shown.matches("\"kind\": \"model\"").count()
}

#[test]
fn what_is_made_from_the_same_is_not_computed_again() {
    let project = Project::empty();
    let out = project.path("");
    project.run(&["demo", "--documents", "2000", "--out", out.to_str().unwrap()]).ends_with(0);
    assert!(models(&project) > 50);
    let published = project.published();
    let stands = |why: &str, computes: bool| {
        project.run(&["run"]).ends_with(0).gives("up to date");
        assert_eq!(models(&project) > 0, computes, "{why}");
        assert_eq!(project.published(), published, "{why}");
    };
    stands("nothing is new", false);
    // What readers find is put right also where nothing is computed.
    std::fs::remove_file(project.path("published/latest/client_base.csv")).unwrap();
    stands("a file was lost", false);
    assert!(project.path("published/latest/client_base.csv").exists());
    // A model that says the same in other words is computed once.
    let model = project.read("sql/intermediate/int_sales.sql");
    project.write("sql/intermediate/int_sales.sql", format!("{model}\n-- Said once more.\n"));
    stands("a model was written anew", true);
    stands("it is known by now", false);
    // What is remembered may be damaged, or lost.
    project.write("lake/made/bi.json", "{");
    stands("what is remembered cannot be read", true);
    std::fs::remove_dir_all(project.path("lake/made")).unwrap();
    stands("nothing is remembered", true);
    // Another day, another quarter: each is known for itself.
    project.run(&["run", "quarterly_review", "--quarter", "2026Q2"]).ends_with(0);
    assert!(models(&project) > 0);
    project.run(&["run", "quarterly_review", "--quarter", "2026Q2"]).ends_with(0);
    assert_eq!(models(&project), 0);
    let settings = project.read("pipelines/project.yaml");
    project.write(
        "pipelines/project.yaml",
        settings.replace("as_of: 2026-09-30", "as_of: 2026-09-29"),
    );
    project.run(&["run"]).ends_with(0);
    assert!(models(&project) > 0, "another day");
}
