//! What becomes of what: sources → canonical tables → models → published tables.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::graph::Graph;
use crate::config::Project;

/// One step on the way of rows: from, to.
type Step = (String, String);

/// Every step on the way of a project's rows, in order of names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    steps: BTreeSet<Step>,
}

impl Lineage {
    /// The steps of `project`, whose models `graph` knows. Sources are written `source:name`,
    /// published tables `destination:table`.
    #[must_use]
    pub fn new(project: &Project, graph: &Graph) -> Self {
        let mut steps = BTreeSet::new();
        for source in project.pipelines.iter().flat_map(|pipeline| &pipeline.sources) {
            let tables = source.into.iter().map(|into| into.table.name.to_owned());
            steps.extend(tables.map(|table| (format!("source:{}", source.name), table)));
        }
        for model in graph.order() {
            steps.extend(graph.reads(model).map(|read| (read.to_owned(), model.clone())));
        }
        for publish in project.pipelines.iter().flat_map(|pipeline| &pipeline.publish) {
            let published = format!("{}:{}", publish.to, publish.table);
            steps.insert((publish.table.clone(), published));
        }
        Self { steps }
    }

    /// Only the steps that lead to `table` or come from it; `None` where it has none.
    #[must_use]
    pub fn of(&self, table: &str) -> Option<Self> {
        let mut steps = BTreeSet::new();
        for towards in [true, false] {
            let mut open = vec![table];
            let mut seen = BTreeSet::from([table]);
            while let Some(name) = open.pop() {
                for step in &self.steps {
                    let (here, next) =
                        if towards { (&step.1, &step.0) } else { (&step.0, &step.1) };
                    if here == name {
                        steps.insert(step.clone());
                        if seen.insert(next) {
                            open.push(next);
                        }
                    }
                }
            }
        }
        (!steps.is_empty()).then_some(Self { steps })
    }

    /// The names on the way.
    #[must_use]
    pub fn names(&self) -> BTreeSet<&str> {
        self.steps.iter().flat_map(|(from, to)| [from.as_str(), to.as_str()]).collect()
    }

    /// One step a line, as `documents -> stg_documents`.
    #[must_use]
    pub fn text(&self) -> String {
        let lines: Vec<String> =
            self.steps.iter().map(|(from, to)| format!("{from} -> {to}")).collect();
        lines.join("\n")
    }

    /// The steps in the language of Graphviz.
    #[must_use]
    pub fn dot(&self) -> String {
        let mut dot = "digraph lineage {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
        for (from, to) in &self.steps {
            let _ = writeln!(dot, "  \"{from}\" -> \"{to}\";");
        }
        dot.push('}');
        dot
    }
}
