//! Declarations of exports: every preset stands, and every fault has its place.

use crate::exports::source;
use crate::project::{Project, repository};

#[test]
fn every_preset_is_valid_in_a_source_of_its_own() {
    let mut text = "version: 1\nname: all\nsources:\n".to_owned();
    let mut presets: Vec<String> = std::fs::read_dir(repository().join("src/config/presets"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    presets.sort();
    assert!(presets.len() > 15, "{presets:?}");
    for preset in &presets {
        let entry = format!(
            "  - {{ name: from_{preset}, fetch: {{ files: {{ url: {preset}, pattern: \"*\" }} }}, \
             preset: {preset} }}\n"
        );
        text += &entry;
    }
    Project::new().file("pipelines/all.yaml", text).run(&["validate"]).ends_with(0);
}

const KEYS: &str = "
read: { csv: { encoding: utf-8, delimiter: \",\", decimal: \".\", date: \"%Y-%m-%d\" } }
into:
  refusals:
    where: [{ column: stage, like: lost }]
    columns:
      refusal_id: id
      client_id: client
      date: { from: closed, match: '(\\d{4}-\\d\\d-\\d\\d)' }
load: upsert";

/// A declaration with `new` in place of `old` is refused, and each of `words` said.
#[track_caller]
fn invalid(old: &str, new: &str, words: &[&str]) {
    assert!(KEYS.contains(old), "{old}");
    let mut ran = source(&KEYS.replace(old, new)).run(&["validate"]).ends_with(78);
    for word in words {
        ran = ran.says(word);
    }
}

#[test]
fn a_declaration_without_these_faults_is_valid() {
    source(KEYS).run(&["validate"]).ends_with(0);
}

#[test]
fn an_unknown_preset_names_the_nearest_one() {
    let ran = source("preset: quickboks_sales_by_customer").run(&["validate"]).ends_with(78);
    ran.says("pipelines/sales.yaml:6:13: preset \"quickboks_sales_by_customer\" is not known")
        .says("did you mean \"quickbooks_sales_by_customer\"?");
}

#[test]
fn a_source_needs_a_reader_or_a_preset() {
    let ran = source("load: upsert").run(&["validate"]).ends_with(78);
    ran.says("pipelines/sales.yaml:4:11: source \"books\" has no \"read\"")
        .says("hint: add \"read:\" or a preset");
}

#[test]
fn text_without_a_charset_or_a_separator_is_refused_whatever_the_preset() {
    for (keys, lacks) in [
        ("preset: 1c_sales_report\nread: { csv: { delimiter: \";\" } }", "encoding"),
        ("preset: 1c_sales_report\nread: { csv: { encoding: detect } }", "delimiter"),
        (
            "read: { csv: { encoding: detect, delimiter: \";\", decimal: \",\" } }\nload: upsert",
            "date",
        ),
    ] {
        let ran = source(keys).run(&["validate"]).ends_with(78);
        ran.says(&format!("pipelines/sales.yaml:4:11: read: csv has no \"{lacks}\""));
    }
    let keys = "preset: 1c_sales_report\nread: { csv: { encoding: detect, delimiter: \";\" } }";
    source(keys).run(&["validate"]).ends_with(0);
}

#[test]
fn a_match_has_one_group() {
    for (pattern, groups) in [(r"(\d+)-(\d+)", 2), (r"\d+", 0), (r"(?:\d+)", 0)] {
        let expected = format!(
            "pipelines/sales.yaml:13:40: \"match\" has {groups} groups, expected one: the value"
        );
        invalid(r"(\d{4}-\d\d-\d\d)", pattern, &[&expected]);
    }
    invalid(
        r"(\d{4}-\d\d-\d\d)",
        "(",
        &["pipelines/sales.yaml:13:40: this is no regular expression"],
    );
}

#[test]
fn a_rule_has_one_test() {
    for rule in ["column: stage, like: lost, is: empty", "column: stage"] {
        invalid(
            "column: stage, like: lost",
            rule,
            &[
                "pipelines/sales.yaml:9:27: a rule needs exactly one of \"like\", \"not\", \"matches\"",
            ],
        );
    }
    invalid(
        "like: lost",
        "matches: \"[\"",
        &["pipelines/sales.yaml:9:43: this is no regular expression"],
    );
}

#[test]
fn a_column_comes_from_one_thing() {
    for column in ["{ from: id, join: [a, b] }", "{ join: [] }", "{ value: a, match: (a) }"] {
        invalid(
            "refusal_id: id",
            &format!("refusal_id: {column}"),
            &["pipelines/sales.yaml:11:23: a column needs exactly one of \"from\", \"value\""],
        );
    }
}

#[test]
fn keys_of_a_source_are_told_from_their_like() {
    for (key, right) in [("renamd: {}", "renamed"), ("optionl: []", "optional")] {
        let wrong = key.split(':').next().unwrap();
        let expected = format!("pipelines/sales.yaml:14:5: unknown key \"{wrong}\"");
        let hint = format!("did you mean \"{right}\"?");
        invalid("load: upsert", &format!("{key}\nload: upsert"), &[&expected, &hint]);
    }
    invalid(
        "column: stage, like: lost",
        "colum: stage, like: lost",
        &["pipelines/sales.yaml:9:19: unknown key \"colum\"", "did you mean \"column\"?"],
    );
    let readers = "{ csv: { encoding: utf-8, ";
    let reader = format!("{readers}report: {{ not_sumed: [a] }}, ");
    invalid(readers, &reader, &["unknown key \"not_sumed\"", "did you mean \"not_summed\"?"]);
}
