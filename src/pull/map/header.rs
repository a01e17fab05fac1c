//! Which columns of an export a declaration needs, and where they stand.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::canonical::{Column, Type};
use crate::config::pipeline::{Mapping, Origin, Rule, Source};
use crate::names::{self, spelling};
use crate::pull::value::Row;

/// The position of each column of an export by its header.
#[derive(Debug, Clone, Default)]
pub struct Header {
    names: Vec<String>,
    /// Where columns stand by their names, and by one spelling of these.
    positions: BTreeMap<String, Vec<usize>>,
    spelled: BTreeMap<String, Vec<usize>>,
    row: u64,
}

impl Header {
    /// The header that stands in `row`.
    #[must_use]
    pub fn of(row: &Row<'_>) -> Self {
        let header = Self::named((0..row.len()).map(|index| row.field(index)));
        Self { row: row.number, ..header }
    }

    /// The header of an export whose columns have names without a row of their own.
    #[must_use]
    pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut header = Self::default();
        for (place, name) in names.into_iter().enumerate() {
            header.names.push(name.to_owned());
            header.positions.entry(name.to_owned()).or_default().push(place);
            header.spelled.entry(spelling(name)).or_default().push(place);
        }
        header
    }

    /// The same header, its columns also known by the names that `source` gives them.
    #[must_use]
    pub fn renamed(mut self, source: &Source) -> Self {
        for (name, others) in &source.renamed {
            if self.positions_of(name).is_empty() {
                let others = others.iter().map(|other| self.positions_of(other).to_vec());
                if let Some(places) = others.into_iter().find(|places| !places.is_empty()) {
                    self.positions.insert(name.clone(), places);
                }
            }
        }
        self
    }

    /// The names of its columns, in their order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.names.clone()
    }

    /// Where the columns stand that are called `header`: as it is written, else by its number among
    /// those of one name, else in whatever spelling.
    fn positions_of(&self, header: &str) -> &[usize] {
        if let Some(places) = self.positions.get(header) {
            return places;
        }
        let numbered = header.strip_suffix(')').and_then(|text| text.rsplit_once(" ("));
        let numbered = numbered.and_then(|(name, number)| {
            let places = self.positions.get(name).filter(|places| places.len() > 1)?;
            let place = number.parse::<usize>().ok()?.checked_sub(1)?;
            places.get(place..=place)
        });
        let spelled = || self.spelled.get(&spelling(header)).map(Vec::as_slice);
        numbered.or_else(spelled).unwrap_or_default()
    }

    /// The position of the column called `header`, of several the first.
    #[must_use]
    pub fn position(&self, header: &str) -> Option<usize> {
        self.positions_of(header).first().copied()
    }

    /// What to say where several columns are called `header`: message and hint.
    #[must_use]
    pub fn doubled(&self, header: &str) -> Option<(String, String)> {
        let (last, others) =
            self.positions_of(header).split_last().filter(|(_, it)| !it.is_empty())?;
        let places: Vec<String> = others.iter().map(|place| (place + 1).to_string()).collect();
        let message = format!(
            "columns {} and {} are both called \"{}\"",
            places.join(", "),
            last + 1,
            self.names[*last]
        );
        let name = &self.names[*last];
        let hint = format!(
            "say which is meant: \"{name} (1)\" is column {}, \"{name} ({})\" is column {}",
            others[0] + 1,
            others.len() + 1,
            last + 1
        );
        Some((message, hint))
    }

    /// The row that it stands in, from 1; 0 where it has none.
    #[must_use]
    pub fn row(&self) -> u64 {
        self.row
    }

    /// The number of its columns.
    #[must_use]
    pub fn width(&self) -> usize {
        self.names.len()
    }

    /// How many of `needed` it has.
    #[must_use]
    pub fn count(&self, needed: &[&str]) -> usize {
        needed.iter().filter(|header| self.position(header).is_some()).count()
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
    headers_of(source, |column| matches!(column.name, "amount" | "quantity"))
}

/// The headers whose texts become ids and names, in all their spellings.
#[must_use]
pub fn text_headers(source: &Source) -> Vec<String> {
    headers_of(source, |column| matches!(column.kind, Type::Id | Type::Text))
}

/// The headers that become `wanted` columns as they are, in all their spellings.
fn headers_of(source: &Source, wanted: impl Fn(&Column) -> bool) -> Vec<String> {
    let mut headers: Vec<String> = Vec::new();
    for into in &source.into {
        let columns = into.table.columns.iter().zip(&into.columns);
        for (_, mapping) in columns.filter(|(column, _)| wanted(column)) {
            if let Some(Origin::Header(header)) = mapping.as_ref().map(|mapping| &mapping.from) {
                let others = source.renamed.iter().filter(|(name, _)| name == header);
                headers.extend(others.flat_map(|(_, others)| others).cloned());
                headers.push(header.clone());
            }
        }
    }
    headers
}

/// What to say of a header that lacks columns: message and hint.
#[must_use]
pub fn missing_columns(source: &Source, found: &Header) -> (String, String) {
    let needed = needed(source);
    let missing: Vec<&str> =
        needed.iter().copied().filter(|header| found.position(header).is_none()).collect();
    let names = found.names.iter().chain(found.positions.keys()).map(String::as_str);
    let columns: BTreeSet<&str> = names.filter(|name| !name.is_empty()).collect();
    let columns: Vec<&str> = columns.into_iter().collect();
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
