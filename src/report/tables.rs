//! The published tables: what each means, promises, and comes from.

use super::dictionary::{Scope, single};
use super::models::header;
use super::page::{Block, Line, Section, Span, code, codes, joined, listed, marked, plain};
use crate::config::canonical;
use crate::config::contract::{Check, Column, Comparison, Condition, Contract, Limits, Promise};
use crate::config::pipeline::Format;

/// The anchor of a table's section.
pub(super) fn anchor(table: &str) -> String {
    format!("table-{table}")
}

/// One section for each mart with a contract.
pub(super) fn section(scope: Scope<'_>) -> Section {
    let parts = scope.marts().map(|contract| table(scope, contract)).collect();
    Section { parts, ..single("tables", "Published tables", Vec::new()) }
}

fn table(scope: Scope<'_>, contract: &Contract) -> Section {
    let mut grain = plain("one row per ");
    grain.extend(listed(codes(&contract.grain), "table"));
    let mut facts = vec![("Grain", grain), ("Published", published(scope, &contract.model))];
    if !contract.needs.is_empty() {
        facts.push(("Needs", listed(codes(&contract.needs), "")));
    }
    if !contract.additive_over.is_empty() {
        let mut line = plain("only within one value each of ");
        line.extend(listed(codes(&contract.additive_over), ""));
        facts.push(("Adds up", line));
    }
    facts.extend(lineage(scope, &contract.model));
    let blocks = vec![
        Block::Paragraph(marked(&contract.description)),
        Block::Facts(facts),
        columns(&contract.columns),
        checks(scope, contract),
    ];
    single(&anchor(&contract.model), &contract.model, blocks)
}

/// Which pipelines publish `table`, where, as what.
fn published(scope: Scope<'_>, table: &str) -> Line {
    let entries = scope.project.pipelines.iter().flat_map(|pipeline| {
        let entries = pipeline.publish.iter().filter(|publish| publish.table == table);
        entries.map(move |publish| (pipeline, publish))
    });
    let lines = entries.map(|(pipeline, publish)| {
        let mut line = plain("by pipeline ");
        line.push(Span::Code(pipeline.name.clone()));
        line.push(Span::Text(" to ".to_owned()));
        line.push(Span::Code(publish.to.clone()));
        let known = scope.project.destinations.iter();
        if let Some(place) = known.into_iter().find(|place| place.name == publish.to) {
            line.push(Span::Text(" in ".to_owned()));
            line.push(Span::Code(place.url.clone()));
        }
        let formats: Vec<&str> = publish.formats.iter().map(|format| word(*format)).collect();
        line.push(Span::Text(format!(", as {}", formats.join(", "))));
        line
    });
    joined(lines, "; ", "by no pipeline")
}

fn word(format: Format) -> &'static str {
    match format {
        Format::Parquet => "Parquet",
        Format::Csv => "CSV",
        Format::Xlsx => "XLSX",
    }
}

/// What `table` reads, and where its rows come from in the end.
fn lineage(scope: Scope<'_>, table: &str) -> Vec<(&'static str, Line)> {
    let origins = scope.origins(table);
    let name = |name: &&str| Span::Code((*name).to_owned());
    let (canonical, own): (Vec<&str>, Vec<&str>) =
        origins.into_iter().partition(|origin| canonical::table(origin).is_some());
    let sources = scope.project.pipelines.iter().flat_map(|pipeline| &pipeline.sources);
    let sources = sources
        .filter(|source| source.into.iter().any(|into| canonical.contains(&into.table.name)))
        .map(|source| Span::Code(source.name.clone()));
    let reads = scope.graph.reads(table).map(|read| scope.link(read));
    let mut facts = vec![
        ("Reads", listed(reads, "nothing")),
        ("Canonical tables", listed(canonical.iter().map(name), "none")),
        ("Sources", listed(sources, "none")),
    ];
    if !own.is_empty() {
        facts.push(("Reference and settings", listed(own.iter().map(name), "none")));
    }
    facts
}

fn columns(columns: &[Column]) -> Block {
    let needy = columns.iter().any(|column| !column.needs.is_empty());
    let mut head = vec!["Column", "Type", "Meaning"];
    if needy {
        head.push("Needs");
    }
    let rows = columns.iter().map(|column| {
        let mut row = vec![code(&column.name), plain(&column.kind), marked(&column.description)];
        if needy {
            row.push(listed(codes(&column.needs), ""));
        }
        row
    });
    Block::Table(head, rows.collect())
}

/// The promises of `contract`; its grain is always one of them.
fn checks(scope: Scope<'_>, contract: &Contract) -> Block {
    let declared = contract.checks.iter().any(|check| matches!(check.promise, Promise::Grain));
    let limits = Limits { warn_if: None, error_if: Some(Condition::ANY) };
    let grain = Check { place: (0, 0), promise: Promise::Grain, limits };
    let grain = (!declared && !contract.grain.is_empty()).then_some(grain);
    let rows = grain.iter().chain(&contract.checks).map(|check| {
        let mut meaning = promised(scope, contract, &check.promise);
        meaning.extend(severity(check.limits).map(Span::Text));
        vec![code(check.promise.name()), meaning]
    });
    Block::Table(vec!["Check", "What must hold"], rows.collect())
}

fn promised(scope: Scope<'_>, contract: &Contract, promise: &Promise) -> Line {
    match promise {
        Promise::NotNull(_) => plain("no value is missing"),
        Promise::Unique(columns) => {
            let mut line = plain("no two rows share ");
            line.extend(listed(codes(columns), ""));
            line
        }
        Promise::Grain => {
            let mut line = plain("one row per ");
            line.extend(listed(codes(&contract.grain), "table"));
            line
        }
        Promise::AcceptedValues(_, values) => {
            let mut line = plain("no value but ");
            line.extend(listed(codes(values), "NULL"));
            line
        }
        Promise::Relationships { to, field, .. } => {
            let field = Span::Code(field.clone());
            let text = |text: &str| Span::Text(text.to_owned());
            vec![text("every value occurs in "), field, text(" of "), scope.link(to)]
        }
        Promise::RowCount(min, max) => {
            let min = min.map(|min| format!("at least {min}"));
            let max = max.map(|max| format!("at most {max}"));
            let bounds: Vec<String> = min.into_iter().chain(max).collect();
            plain(format!("rows: {}", bounds.join(" and ")))
        }
        Promise::Query(name) => {
            // The head of a check query says what its rows are: the offenders.
            let query = scope.project.check_queries.get(name);
            let mut line = plain("there are no ");
            line.extend(marked(
                &query.map(|query| begun(&header(&query.sql).0)).unwrap_or_default(),
            ));
            line
        }
    }
}

/// A sentence within another: without its capital, where that is not a name's, and its full stop.
fn begun(sentence: &str) -> String {
    let sentence = sentence.strip_suffix('.').unwrap_or(sentence);
    let mut chars = sentence.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => sentence.to_owned(),
    }
}

/// What offenders lead to, where that is not that the first stops the publication.
fn severity(limits: Limits) -> Option<String> {
    let told = |condition: Condition| match condition.comparison {
        Comparison::Above => format!("more than {} offenders", condition.number),
        Comparison::AtLeast => format!("{} offenders or more", condition.number),
    };
    match (limits.warn_if, limits.error_if) {
        (None, None) => Some(" (never fails)".to_owned()),
        (Some(Condition::ANY), None) => Some(" (only warns)".to_owned()),
        (Some(warn), None) => Some(format!(" (only warns, of {})", told(warn))),
        (None, Some(Condition::ANY)) => None,
        (None, Some(fail)) => Some(format!(" (fails with {})", told(fail))),
        (Some(warn), Some(fail)) => {
            Some(format!(" (warns of {}, fails with {})", told(warn), told(fail)))
        }
    }
}
