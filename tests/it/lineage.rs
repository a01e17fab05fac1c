//! `lineage`: what becomes of what in the shipped project.

use std::process::Command;

use crate::project::{Ran, binary, repository};

fn lineage(arguments: &[&str]) -> Ran {
    let mut command = Command::new(binary());
    command.arg("--project").arg(repository()).arg("lineage").args(arguments);
    command.output().unwrap().into()
}

#[test]
fn the_way_of_rows_is_told_from_source_to_publication() {
    let whole = lineage(&[]).ends_with(0).stdout;
    for step in [
        "source:sales_1c -> documents",
        "documents -> stg_documents",
        "int_spells -> int_spell_facts",
        "sleeping_clients -> bi:sleeping_clients",
    ] {
        assert!(whole.lines().any(|line| line == step), "{step}\n{whole}");
    }
    let refusals = lineage(&["stg_refusals", "--dot"]).ends_with(0).stdout;
    assert!(refusals.starts_with("digraph lineage {") && refusals.ends_with("}\n"), "{refusals}");
    assert!(refusals.contains("\"refusals\" -> \"stg_refusals\";"), "{refusals}");
    assert!(refusals.contains("\"source:crm_refusals\" -> \"refusals\";"), "{refusals}");
    assert!(refusals.contains("-> \"bi:refusal_dynamics\";"), "{refusals}");
    assert!(!refusals.contains("source:sales_1c"), "{refusals}");
    lineage(&["int_spell"]).ends_with(3).says("hint: did you mean \"int_spells\"?");
}
