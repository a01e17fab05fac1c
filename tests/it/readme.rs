//! The README's commands and blocks, run as they stand.

use std::process::Command;

use pobudka::config::{Env, load};

use crate::project::{Ran, binary, repository};

/// A fenced block: its language, the word after it, its text.
fn blocks() -> Vec<(String, String, String)> {
    let text = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let mut blocks = Vec::new();
    let mut open: Option<(String, String, String)> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), open.as_mut()) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(info), None) => {
                let (language, word) = info.split_once(' ').unwrap_or((info, ""));
                open = Some((language.to_owned(), word.to_owned(), String::new()));
            }
            (None, Some((_, _, body))) => {
                body.push_str(line);
                body.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

#[test]
fn every_block_does_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let bin = folder.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(binary(), bin.join("pobudka")).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let mut run = 0;
    for (language, word, body) in blocks() {
        match language.as_str() {
            "yaml" | "csv" => {
                let file = folder.path().join(&word);
                std::fs::create_dir_all(file.parent().unwrap()).unwrap();
                std::fs::write(file, body).unwrap();
            }
            "sh" if word != "cargo" => {
                let mut command = Command::new("sh");
                command.args(["-euc", &body]).current_dir(folder.path()).env("PATH", &path);
                Ran::from(command.output().unwrap()).ends_with(0);
                run += 1;
            }
            _ => {}
        }
    }
    assert_eq!(run, 2, "blocks of commands");
    let latest = folder.path().join("first/published/latest/sleeping_clients.csv");
    assert!(latest.is_file());
    let reference = folder.path().join("reference");
    crate::project::copy(&repository().join("sql"), &reference.join("sql"));
    let mut validate = Command::new(binary());
    validate.arg("--project").arg(&reference).arg("validate");
    Ran::from(validate.output().unwrap()).ends_with(0);
}

#[test]
fn every_published_table_and_every_verb_is_named() {
    let text = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let tables = std::fs::read_to_string(repository().join("docs/tables.md")).unwrap();
    let project = load(repository(), &Env::default()).unwrap();
    let marts = project.models.values().filter(|model| model.layer == "marts");
    for name in marts.map(|model| &model.name) {
        let line = format!("| `{name}` | {} |\n", project.contracts[name].description);
        assert_eq!(tables.matches(&line).count(), 1, "docs/tables.md lacks {line}");
    }
    let help = Ran::from(Command::new(binary()).arg("--help").output().unwrap()).ends_with(0);
    let verbs = help.stdout.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    for verb in verbs.lines().filter_map(|line| line.split_whitespace().next()) {
        let named = verb == "help" || text.contains(&format!("`{verb}"));
        assert!(named, "verb {verb} is not in the README");
    }
}
