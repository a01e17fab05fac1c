//! What an XML format looks like: its records, their columns and the full path of each.
//!
//! Keeps true: an element is known by its whole path of local names from the root, never by its
//! name alone; a path that no column asks for is not held.

use super::bundle::Bundle;

/// A column and the paths of its text, relative to its record and parted by ` | `: elements parted
/// by `/`, `@name` for an attribute, `.` for the record's own text, `ID[@schemeID=VA]` for an
/// element by its attribute. The first in the file that is not empty counts; a column without a
/// path is filled in by the format's rules.
pub(super) type Field = (&'static str, &'static str);

/// An element that becomes a row.
pub(super) struct Record {
    /// What the column `record` says.
    pub(super) name: &'static str,
    /// The record it lies in, whose columns it carries too; empty for none.
    pub(super) within: &'static str,
    /// Its paths, relative to the record it lies in or to the file, parted by ` | `.
    pub(super) paths: &'static str,
    /// Whether it is a row, or only material for the format's rules.
    pub(super) shown: bool,
    /// Its columns.
    pub(super) fields: &'static [Field],
}

/// A format.
pub(super) struct Format {
    /// Its name in messages.
    pub(super) name: &'static str,
    /// Local names of its root elements, each with how its namespace may begin.
    pub(super) roots: &'static [(&'static str, &'static [&'static str])],
    /// Whether its roots may lie in other elements: envelopes, lists.
    pub(super) wrapped: bool,
    /// The columns between `record` and `within_row`.
    pub(super) columns: &'static [&'static str],
    /// Its records; the first is the file itself, whose columns all others carry.
    pub(super) records: &'static [Record],
    /// Completes an outermost record with all that lies in it.
    pub(super) finish: fn(&mut Bundle),
    /// Compares totals once the file was read: what to tell, or why it cannot be used.
    pub(super) verify: fn(&Bundle) -> Result<Vec<String>, String>,
}

/// The record that stands for the file itself.
pub(super) const fn file(fields: &'static [Field]) -> Record {
    Record { name: "file", within: "", paths: "", shown: false, fields }
}

/// Where a text belongs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    pub(super) record: usize,
    pub(super) field: usize,
}

/// An element that something is wanted of.
#[derive(Debug, Default)]
pub(super) struct Node {
    children: Vec<Child>,
    /// The record that it begins.
    pub(super) opens: Option<usize>,
    /// Where its text belongs.
    pub(super) text: Vec<Target>,
    /// Where its attributes belong.
    pub(super) attributes: Vec<(&'static str, Target)>,
}

#[derive(Debug)]
struct Child {
    name: &'static str,
    only: Option<(&'static str, &'static str)>,
    node: usize,
}

/// All wanted paths of a format as a tree; node 0 is above the root element.
#[derive(Debug)]
pub(super) struct Paths {
    nodes: Vec<Node>,
}

impl Paths {
    pub(super) fn of(records: &'static [Record]) -> Self {
        let mut paths = Self { nodes: vec![Node::default()] };
        let mut begins: Vec<Vec<usize>> = Vec::new();
        for (index, record) in records.iter().enumerate() {
            let outer = records.iter().zip(&begins).filter(|(one, _)| one.name == record.within);
            let mut starts: Vec<usize> = outer.flat_map(|(_, begins)| begins.clone()).collect();
            if starts.is_empty() {
                starts.push(0);
            }
            let mut own = Vec::new();
            for path in record.paths.split(" | ") {
                own.extend(starts.iter().map(|start| paths.reach(*start, path)));
            }
            for node in &own {
                if *node > 0 {
                    paths.nodes[*node].opens = Some(index);
                }
                for (field, (_, path)) in record.fields.iter().enumerate() {
                    let target = Target { record: index, field };
                    path.split(" | ").for_each(|path| paths.want(*node, path, target));
                }
            }
            begins.push(own);
        }
        paths
    }

    pub(super) fn node(&self, node: usize) -> &Node {
        &self.nodes[node]
    }

    /// The wanted element `name` below `node`; `has` says whether an attribute has a value.
    pub(super) fn child(
        &self,
        node: usize,
        name: &str,
        has: impl Fn(&str, &str) -> bool,
    ) -> Option<usize> {
        let fits = |child: &&Child| {
            child.name == name && child.only.is_none_or(|(key, value)| has(key, value))
        };
        self.nodes[node].children.iter().find(fits).map(|child| child.node)
    }

    fn want(&mut self, node: usize, path: &'static str, target: Target) {
        let (elements, last) = path.rsplit_once('/').unwrap_or(("", path));
        match last.strip_prefix('@') {
            _ if path.is_empty() => {}
            Some(attribute) => {
                let node = self.reach(node, elements);
                self.nodes[node].attributes.push((attribute, target));
            }
            None if path == "." => self.nodes[node].text.push(target),
            None => {
                let node = self.reach(node, path);
                self.nodes[node].text.push(target);
            }
        }
    }

    fn reach(&mut self, mut node: usize, path: &'static str) -> usize {
        for segment in path.split('/').filter(|segment| !segment.is_empty()) {
            let (name, only) = match segment.split_once("[@") {
                Some((name, only)) => (name, only.trim_end_matches(']').split_once('=')),
                None => (segment, None),
            };
            let mut known = self.nodes[node].children.iter();
            let known = known.find(|child| child.name == name && child.only == only);
            node = match known {
                Some(child) => child.node,
                None => self.add(node, Child { name, only, node: self.nodes.len() }),
            };
        }
        node
    }
    fn add(&mut self, above: usize, child: Child) -> usize {
        let node = child.node;
        self.nodes.push(Node::default());
        let children = &mut self.nodes[above].children;
        children.push(child);
        // An element asked for by its attribute is looked at before one by its name alone.
        children.sort_by_key(|child| child.only.is_none());
        node
    }
}
