//! The data dictionary of a project.

use std::collections::BTreeSet;

use super::page::{Block, Page, Section, Span, plain};
use super::{html, last_run, markdown, models, settings, tables};
use crate::config::contract::Contract;
use crate::config::{Model, Project};
use crate::error::Result;
use crate::lake::RunRecord;
use crate::transform::Graph;

/// A project's data dictionary, to be written as Markdown or HTML.
#[derive(Debug)]
pub struct Dictionary(Page);

/// What a dictionary is made of.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) project: &'a Project,
    pub(super) graph: &'a Graph,
}

/// Makes the data dictionary of `project`, whose models `graph` knows: its tables, the settings in
/// force, its models, and what `last_run` did.
///
/// # Errors
/// A defect: the schema of the settings lacks what their descriptions come from.
pub fn dictionary(
    project: &Project,
    graph: &Graph,
    last_run: Option<&RunRecord>,
) -> Result<Dictionary> {
    let scope = Scope { project, graph };
    let page = Page {
        title: format!("Data dictionary of {}", project.name),
        intro: vec![Block::Paragraph(intro(project, last_run))],
        sections: vec![
            tables::section(scope),
            settings::section(&project.settings)?,
            models::section(scope),
            last_run::section(scope, last_run),
        ],
    };
    Ok(Dictionary(page.cleaned(&project.redactor)))
}

impl Dictionary {
    /// The dictionary as Markdown (GitHub's, with tables), ending with a line feed.
    #[must_use]
    pub fn markdown(&self) -> String {
        markdown::page(&self.0)
    }

    /// The dictionary as one HTML file that needs no other, and no scripts.
    #[must_use]
    pub fn html(&self) -> String {
        html::page(&self.0)
    }
}

fn intro(project: &Project, last_run: Option<&RunRecord>) -> Vec<Span> {
    let mut line = plain(
        "What each published table and column means, where its rows come from, what is checked \
         before it is published, and under which settings it is made. Amounts are in ",
    );
    line.push(Span::Code(project.currency.clone()));
    line.push(Span::Text(", days are those of ".to_owned()));
    line.push(Span::Code(project.timezone.name().to_owned()));
    match last_run {
        None => line.push(Span::Text("; no run yet.".to_owned())),
        Some(record) => {
            line.push(Span::Text(format!("; the last run is as of {}: ", record.as_of)));
            line.push(Span::Link { to: last_run::ANCHOR.to_owned(), name: record.id.clone() });
            line.push(Span::Text(".".to_owned()));
        }
    }
    line
}

impl<'a> Scope<'a> {
    /// The contracts of marts, by name.
    pub(super) fn marts(self) -> impl Iterator<Item = &'a Contract> {
        let contracts = self.project.contracts.values();
        contracts.filter(move |contract| self.is_mart(&contract.model))
    }

    /// Whether `name` is a mart with a contract, and so has a section of its own.
    pub(super) fn is_mart(self, name: &str) -> bool {
        self.project.contracts.contains_key(name)
            && self.project.models.get(name).is_some_and(|model| model.layer == "marts")
    }

    /// A table's name, leading to where the page tells of it.
    pub(super) fn link(self, name: &str) -> Span {
        let to = match self.project.models.get(name) {
            _ if self.is_mart(name) => tables::anchor(name),
            Some(Model { name, .. }) => models::anchor(name),
            None => return Span::Code(name.to_owned()),
        };
        Span::Link { to, name: name.to_owned() }
    }

    /// The tables that are no models and that rows of `table` come from, however far back.
    pub(super) fn origins(self, table: &str) -> BTreeSet<&'a str> {
        let models = self.graph.needed(&BTreeSet::from([table.to_owned()]));
        let reads = models.iter().flat_map(|model| self.graph.reads(model));
        reads.filter(|read| !self.project.models.contains_key(*read)).collect()
    }
}

/// A section without sections within it.
pub(super) fn single(anchor: &str, title: &str, blocks: Vec<Block>) -> Section {
    let (anchor, title) = (anchor.to_owned(), title.to_owned());
    Section { anchor, title, blocks, parts: Vec::new() }
}
