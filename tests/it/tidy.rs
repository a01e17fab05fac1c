//! Rules of the house, as tests: layers look back only, one clock, files open with what they are.

use std::fs;
use std::path::{Path, PathBuf};

use crate::project::repository;

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The layers in the order of `lib.rs`.
fn layers() -> Vec<String> {
    let lib = fs::read_to_string(repository().join("src/lib.rs")).unwrap();
    lib.lines()
        .filter_map(|line| Some(line.strip_prefix("pub mod ")?.trim_end_matches(';').to_owned()))
        .collect()
}

#[test]
fn layers_look_back_only() {
    let layers = layers();
    assert!(layers.len() > 10, "{layers:?}");
    let src = repository().join("src");
    for file in sources(&src) {
        let relative = file.strip_prefix(&src).unwrap().to_string_lossy().into_owned();
        let own = relative.split(['/', '.']).next().unwrap();
        let Some(position) = layers.iter().position(|layer| layer == own) else {
            continue;
        };
        let text = fs::read_to_string(&file).unwrap();
        for later in &layers[position + 1..] {
            let path = format!("crate::{later}::");
            assert!(!text.contains(&path), "{relative} looks ahead to {later}");
        }
    }
}

#[test]
fn only_the_clock_knows_the_time_and_only_the_terminal_prints() {
    let src = repository().join("src");
    for file in sources(&src) {
        let relative = file.strip_prefix(&src).unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("//! "), "{relative} does not say what it is for");
        if relative != "clock.rs" {
            for ambient in ["Utc::now", "Local::now", "SystemTime::now"] {
                assert!(!text.contains(ambient), "{relative} asks the machine for the time");
            }
        }
        // Tests that are made up by chance tell their seed.
        if !relative.starts_with("cli/") && !relative.ends_with("tests.rs") {
            for printing in ["println!", "eprint!"] {
                assert!(!text.contains(printing), "{relative} prints");
            }
        }
        for stub in ["todo!", "unimplemented!", "dbg!"] {
            assert!(!text.contains(stub), "{relative} holds a {stub}");
        }
    }
}

#[test]
fn every_mart_has_its_contract_and_every_model_its_grain() {
    let sql = repository().join("sql");
    for layer in ["staging", "intermediate", "marts"] {
        for entry in fs::read_dir(sql.join(layer)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "sql") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.starts_with("-- "), "{} has no header", path.display());
            assert!(text.contains("\n-- grain: "), "{} has no grain", path.display());
            assert!(!text.to_lowercase().contains("try_cast"), "{}", path.display());
            if layer == "marts" {
                assert!(
                    path.with_extension("yaml").is_file(),
                    "{} has no contract",
                    path.display()
                );
            }
        }
    }
}

/// The floors of `pull` in the order of its `mod.rs`.
#[test]
fn floors_of_pull_know_only_those_above_them() {
    let pull = repository().join("src/pull");
    let text = fs::read_to_string(pull.join("mod.rs")).unwrap();
    let floors: Vec<&str> = text
        .lines()
        .filter_map(|line| {
            let line = line.strip_prefix("pub ").unwrap_or(line);
            Some(line.strip_prefix("mod ")?.trim_end_matches(';'))
        })
        .filter(|floor| *floor != "damage")
        .collect();
    assert!(floors.starts_with(&["value", "fetch", "read", "layout", "map"]), "{floors:?}");
    for file in sources(&pull) {
        let relative = file.strip_prefix(&pull).unwrap().to_string_lossy().into_owned();
        let own = relative.split(['/', '.']).next().unwrap();
        let Some(position) = floors.iter().position(|floor| *floor == own) else { continue };
        let text = fs::read_to_string(&file).unwrap();
        // A file of `pull` itself names its neighbours by `super`.
        let beside = !relative.contains('/');
        for later in &floors[position + 1..] {
            let mut ways = vec![format!("pull::{later}::"), format!("pull::{{{later}")];
            ways.extend(beside.then(|| format!("super::{later}::")));
            for way in ways {
                assert!(!text.contains(&way), "{relative} knows {later}: {way}");
            }
        }
    }
}
