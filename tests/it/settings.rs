//! Settings that no unit test of a model reaches.

use crate::project::{Project, copy, repository};

fn worked(domain: &str) -> Project {
    let project = Project::new();
    copy(&repository().join("tests/worked/pipelines"), &project.path("pipelines"));
    copy(&repository().join("tests/worked/exports"), &project.path("exports"));
    let text = project.read("pipelines/project.yaml");
    let text: String = text
        .lines()
        .filter(|line| !line.starts_with("as_of"))
        .fold(String::new(), |text, line| text + line + "\n");
    project.write("pipelines/project.yaml", format!("{text}domain: {domain}\n"));
    project
}

#[test]
fn the_days_until_the_books_are_closed_are_a_setting() {
    let run = ["--now", "2026-10-08T08:00:00Z", "run", "--quarter", "2026Q3"];
    let refused = worked("{ sales_type: transactional }").run(&run).ends_with(64);
    refused.says("its books are closed 20 days later");
    worked("{ quarters: { settle_days: 5 } }").run(&run).ends_with(0);
}

#[test]
fn how_many_clients_may_share_a_tax_id_is_a_setting() {
    let shared = |most: u32| {
        let project = worked(&format!("{{ tax_id_max_clients: {most} }}"));
        project.write("exports/clients.csv", "client,inn\nA,7701234567\nB,7701234567\n");
        let pipeline = project.read("pipelines/all.yaml");
        let source = "  - name: cards\n    system: books\n    fetch: { files: { url: exports, pattern: \
                      clients.csv } }\n    read: { csv: { encoding: utf-8, delimiter: \",\", decimal: \
                      \".\", date: \"%Y-%m-%d\" } }\n    into: { clients: { columns: { client_id: \
                      client, name: client, tax_id: inn } } }\n    load: upsert\npublish:\n";
        project.write("pipelines/all.yaml", pipeline.replacen("publish:\n", source, 1));
        project.run(&["--now", "2026-10-01T08:00:00Z", "run"])
    };
    shared(2).ends_with(0);
    shared(1).ends_with(2).says("tax_id_of_too_many_clients");
}
