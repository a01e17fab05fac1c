//! What people read is told in each language: headings, tables, coded values.

use std::collections::BTreeSet;

use pobudka::config::contract::Promise;
use pobudka::config::settings::{SIGNS, TIERS};
use pobudka::config::{Env, canonical, load};
use pobudka::language::Language;

use crate::project::repository;

#[test]
fn every_column_table_and_code_has_its_words() {
    let project = load(repository(), &Env::default()).unwrap();
    let [headings, values, _] = Language::Ru.keys();
    let headings: BTreeSet<&str> = headings.into_iter().collect();
    let values: BTreeSet<&str> = values.into_iter().collect();
    let mut missing = BTreeSet::new();
    let mut told = |known: &BTreeSet<&str>, word: &str| {
        if !known.contains(word) {
            missing.insert(word.to_owned());
        }
    };
    for (name, contract) in &project.contracts {
        if project.models[name].layer != "marts" {
            continue;
        }
        told(&headings, name);
        for column in &contract.columns {
            told(&headings, &column.name);
        }
        for check in &contract.checks {
            let Promise::AcceptedValues(name, codes) = &check.promise else { continue };
            let coded = contract.columns.iter().any(|column| column.name == *name && column.coded);
            for code in codes.iter().filter(|_| coded) {
                told(&values, code);
            }
        }
    }
    for code in [SIGNS, TIERS, canonical::SALES_TYPES, canonical::CONTACT_KINDS].concat() {
        told(&values, code);
    }
    let mut reasons =
        csv::Reader::from_path(repository().join("sql/reference/reasons.csv")).unwrap();
    let header = reasons.headers().unwrap().clone();
    let names = ["code", "reason_group", "survey_group", "hint"];
    let places = names.map(|name| header.iter().position(|one| one == name).unwrap());
    for row in reasons.records() {
        let row = row.unwrap();
        for place in places.iter().filter(|place| !row[**place].is_empty()) {
            told(&values, &row[*place]);
        }
    }
    assert!(missing.is_empty(), "add to src/language/*.yaml: {missing:?}");
}
