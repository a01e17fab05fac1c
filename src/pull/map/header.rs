//! Which columns of an export a declaration needs, and where they stand.

use std::collections::BTreeMap;

use crate::config::pipeline::{Mapping, Origin, Rule, Source};
use crate::names;
use crate::pull::read::Row;

/// The position of each column of an export by its header.
#[derive(Debug, Clone, Default)]
pub struct Header {
    positions: BTreeMap<String, usize>,
    width: usize,
    row: u64,
}

impl Header {
    /// The header that stands in `row`.
    #[must_use]
    pub fn of(row: &Row<'_>) -> Self {
        let mut positions = BTreeMap::new();
        for index in 0..row.len() {
            positions.entry(row.field(index).to_owned()).or_insert(index);
        }
        Self { positions, width: row.len(), row: row.number }
    }

    /// The header of an export whose columns have names without a row of their own.
    #[must_use]
    pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut header = Self::default();
        for name in names {
            header.positions.entry(name.to_owned()).or_insert(header.width);
            header.width += 1;
        }
        header
    }

    /// The same header, its columns also known by the names that `source` gives them.
    #[must_use]
    pub fn renamed(mut self, source: &Source) -> Self {
        for (name, others) in &source.renamed {
            let other = others.iter().find_map(|other| self.position(other));
            if let (None, Some(position)) = (self.position(name), other) {
                self.positions.insert(name.clone(), position);
            }
        }
        self
    }

    /// The names of its columns, in their order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut names = vec![String::new(); self.width];
        for (name, position) in &self.positions {
            names[*position].clone_from(name);
        }
        names
    }

    /// The position of the column called `header`.
    #[must_use]
    pub fn position(&self, header: &str) -> Option<usize> {
        self.positions.get(header).copied()
    }

    /// The number of its columns.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many of `needed` it has.
    #[must_use]
    pub fn count(&self, needed: &[&str]) -> usize {
        needed.iter().filter(|header| self.positions.contains_key(**header)).count()
    }
}

/// The headers that `source` names and cannot do without, sorted.
#[must_use]
pub fn needed(source: &Source) -> Vec<&str> {
    let mut needed = named_headers(source);
    needed.retain(|header| !source.optional.iter().any(|optional| optional == header));
    needed
}

/// The headers that `source` names, sorted.
#[must_use]
pub fn named_headers(source: &Source) -> Vec<&str> {
    let mut needed: Vec<&str> = Vec::new();
    let mappings = source.into.iter().flat_map(|into| into.columns.iter().flatten());
    needed.extend(mappings.flat_map(Mapping::headers));
    let conditions = source.into.iter().flat_map(|into| &into.conditions);
    let rules = conditions.chain(&source.skip).chain(source.reject.iter().map(|(rule, _)| rule));
    needed.extend(rules.flat_map(Rule::headers));
    needed.extend(source.control_total.iter().map(|total| total.header.as_str()));
    needed.sort_unstable();
    needed.dedup();
    needed
}

/// The headers whose numbers become amounts and quantities, in all their spellings.
#[must_use]
pub fn summed_headers(source: &Source) -> Vec<String> {
    let mut summed: Vec<String> = Vec::new();
    for into in &source.into {
        for (column, mapping) in into.table.columns.iter().zip(&into.columns) {
            if let ("amount" | "quantity", Some(Origin::Header(header))) =
                (column.name, mapping.as_ref().map(|mapping| &mapping.from))
            {
                let others = source.renamed.iter().filter(|(name, _)| name == header);
                summed.extend(others.flat_map(|(_, others)| others).cloned());
                summed.push(header.clone());
            }
        }
    }
    summed
}

/// What to say of a header that lacks columns: message and hint.
#[must_use]
pub fn missing_columns(source: &Source, found: &Header) -> (String, String) {
    let needed = needed(source);
    let missing: Vec<&str> =
        needed.iter().copied().filter(|header| found.position(header).is_none()).collect();
    let columns: Vec<&str> =
        found.positions.keys().map(String::as_str).filter(|name| !name.is_empty()).collect();
    let message = format!(
        "column{} \"{}\" not found; {} has \"{}\"",
        if missing.len() == 1 { "" } else { "s" },
        missing.join("\", \""),
        if found.row > 0 { format!("row {}", found.row) } else { "the export".to_owned() },
        columns.join("\", \"")
    );
    let near = missing
        .iter()
        .find_map(|name| names::nearest(name, columns.iter().copied()).map(|near| (*name, near)));
    let hint = match near {
        Some((name, near)) => {
            format!("did the supplier rename it? \"{near}\" is near: {}", renaming(name, near))
        }
        None if columns.iter().any(|name| looks_misread(name)) => {
            "the header looks misread: correct \"encoding\" (utf-8?) or \"delimiter\"".to_owned()
        }
        None => format!(
            "where a column is called otherwise, {}; else correct the mapping, \"delimiter\" or \
             \"encoding\", or ask for the file again",
            renaming(missing.first().unwrap_or(&""), "<its header>")
        ),
    };
    (message, hint)
}

/// How a source says that the column `name` may be called `other`.
fn renaming(name: &str, other: &str) -> String {
    let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
    format!("write renamed: {{ {}: [{}] }}", quoted(name), quoted(other))
}

/// Whether a header looks like UTF-8 read in a one-byte charset: `РќРѕРјРµСЂ`, `Ð�Ð¾`.
fn looks_misread(name: &str) -> bool {
    let marks = name.chars().filter(|char| matches!(char, 'Р' | 'С' | 'Ð' | 'Ñ' | 'Ã')).count();
    marks * 3 >= name.chars().count() && marks >= 2
}
