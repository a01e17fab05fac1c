//! The hierarchy of a report's rows: leaves and their parents, held against totals.
//!
//! Keeps true: sums are exact; a total or a subtotal that its leaves do not make up refuses the
//! report.

use std::ops::Range;

use super::header::Header;
use super::{ReportOptions, Table, bad};
use crate::pull::read::BadBytes;

/// Places behind the point that sums keep; a workbook's double has 15 digits in all.
const SCALE: u32 = 15;

/// Words that name the kind of amount of a row below another one.
const MEASURES: [&str; 14] = [
    "бу",
    "ну",
    "пр",
    "вр",
    "кол",
    "кол-во",
    "количество",
    "в валюте",
    "вал",
    "валюта",
    "quantity",
    "qty",
    "amount",
    "сумма",
];

/// Words that name a total.
const TOTALS: [&str; 5] = ["итого", "всего", "total", "grand total", "totals"];

/// The leaves of a report.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) leaves: Vec<Leaf>,
    /// The rows whose labels name the levels of the leaves.
    pub(super) names: Vec<usize>,
    /// What the levels are called.
    pub(super) levels: Vec<String>,
}

/// A leaf, or an amount of another kind of the leaf above it.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    pub(super) row: usize,
    /// Its parents from the top, and itself, in [`Tree::names`].
    pub(super) names: Range<usize>,
    /// The row that names its measure; none for the amount itself.
    pub(super) measure: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Blank,
    Total,
    Subtotal,
    Measure,
    Node,
}

/// The label of a row: its first text in the columns of the label.
pub(super) fn label<'a>(table: &'a Table, header: &Header, row: usize) -> &'a str {
    let row = table.row(row);
    let mut fields = (0..header.label_columns).map(|index| row.field(index));
    fields.find(|text| !text.is_empty()).unwrap_or_default()
}

/// The kind of amount that a row without a label of its own states.
pub(super) fn measure<'a>(table: &'a Table, header: &Header, row: usize) -> Option<&'a str> {
    let own = label(table, header, row);
    let stated = header.indicator.map_or("", |column| table.row(row).field(column));
    let word = if own.is_empty() { stated } else { own };
    let plain = word.trim_end_matches(['.', ':']).to_lowercase();
    MEASURES.contains(&plain.as_str()).then_some(word)
}

/// Whether `label` names a total of everything.
pub(super) fn is_total(label: &str) -> bool {
    TOTALS.contains(&label.trim_end_matches([':', '.', ' ']).to_lowercase().as_str())
}

fn is_subtotal(label: &str) -> bool {
    let label = label.to_lowercase();
    let begins = |word: &str| {
        label.strip_prefix(word).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    };
    ["итого", "всего", "total", "в т.ч.", "в том числе"].into_iter().any(begins)
}

/// Exact sums of the amount columns.
struct Sums {
    /// The row whose own amounts these are held against.
    row: usize,
    depth: u8,
    sums: Vec<i128>,
}

struct Builder<'a> {
    table: &'a Table,
    header: &'a Header,
    kinds: Vec<Kind>,
    levelled: bool,
    summed: Vec<bool>,
    /// The first row that holds no number, by column.
    unread: Vec<Option<usize>>,
}

impl Tree {
    /// Builds the tree of the rows below `header`, and what to tell of it.
    pub(super) fn build(
        table: &Table,
        header: &Header,
        summary_below: bool,
        options: &ReportOptions,
    ) -> Result<(Self, Vec<String>), BadBytes> {
        let kinds = (0..table.len()).map(|row| kind(table, header, row)).collect();
        let summed = header
            .columns
            .iter()
            .map(|column| !column.name.contains('%') && !options.not_summed.contains(&column.name));
        let mut builder = Builder {
            table,
            header,
            kinds,
            levelled: false,
            summed: summed.collect(),
            unread: vec![None; header.columns.len()],
        };
        let (end, total) = builder.end();
        let mut nodes: Vec<usize> =
            (header.below..end).filter(|row| builder.kinds[*row] == Kind::Node).collect();
        builder.levelled = nodes.iter().any(|row| table.shapes[*row].level > 0);
        if summary_below && builder.levelled {
            nodes.reverse();
        }
        let mut tree = Self::default();
        let grand = builder.walk(&mut tree, &nodes)?;
        tree.leaves.sort_by_key(|leaf| leaf.row);
        builder.measures(&mut tree, end);
        tree.name_levels(header);
        let mut notes = Vec::new();
        match total {
            Some(row) => builder.hold(&Sums { row, ..grand }, "leaves")?,
            None => notes.push("no total row: sums were not compared".to_owned()),
        }
        Ok((tree, notes))
    }

    /// Names the levels: stacked headers name the lowest, numbers those above.
    fn name_levels(&mut self, header: &Header) {
        let depth = self.leaves.iter().map(|leaf| leaf.names.len()).max().unwrap_or(1);
        let depth = depth.max(header.levels.len()).max(1);
        let numbered = depth - header.levels.len();
        self.levels = (1..=numbered).map(|level| format!("level_{level}")).collect();
        self.levels.extend(header.levels.iter().cloned());
    }
}

fn kind(table: &Table, header: &Header, row: usize) -> Kind {
    let text = label(table, header, row);
    if table.row(row).is_blank() {
        Kind::Blank
    } else if is_total(text) {
        Kind::Total
    } else if is_subtotal(text) {
        Kind::Subtotal
    } else if measure(table, header, row).is_some() {
        Kind::Measure
    } else {
        Kind::Node
    }
}

impl Builder<'_> {
    /// The row behind the last one of the hierarchy, and the total row.
    fn end(&self) -> (usize, Option<usize>) {
        let numbered = |row: &usize| {
            let row = self.table.row(*row);
            let columns = &self.header.columns;
            columns.iter().any(|column| self.table.number(row.field(column.index)).is_some())
        };
        let below = self.header.below..self.table.len();
        let total = below.clone().rev().find(|row| self.kinds[*row] == Kind::Total);
        let last = below.rev().find(|row| self.kinds[*row] == Kind::Node && numbered(row));
        match (total, last) {
            (Some(total), Some(last)) if last > total => (self.with_measures(last), Some(total)),
            (Some(total), _) => (total, Some(total)),
            (None, Some(last)) => (self.with_measures(last), None),
            (None, None) => (self.header.below, None),
        }
    }

    /// The row behind `row` and its amounts of other kinds.
    fn with_measures(&self, row: usize) -> usize {
        let rows = row + 1..self.table.len();
        row + 1 + rows.take_while(|row| self.kinds[*row] == Kind::Measure).count()
    }

    fn depth(&self, row: usize) -> u8 {
        let shape = self.table.shapes[row];
        if self.levelled { shape.level } else { shape.indent }
    }

    /// Walks `nodes`, parents before children, and gives the sums of all leaves.
    fn walk(&mut self, tree: &mut Tree, nodes: &[usize]) -> Result<Sums, BadBytes> {
        let width = self.header.columns.len();
        let mut grand = Sums { row: 0, depth: 0, sums: vec![0; width] };
        let mut parents: Vec<Sums> = Vec::new();
        for (at, row) in nodes.iter().copied().enumerate() {
            let depth = self.depth(row);
            while let Some(parent) = parents.pop_if(|parent| parent.depth >= depth) {
                self.hold(&parent, "rows under it")?;
            }
            let parent = nodes.get(at + 1).is_some_and(|next| self.depth(*next) > depth);
            if parent {
                parents.push(Sums { row, depth, sums: vec![0; width] });
            } else if !self.table.shapes[row].italic {
                let start = tree.names.len();
                tree.names.extend(parents.iter().map(|parent| parent.row));
                tree.names.push(row);
                tree.leaves.push(Leaf { row, names: start..tree.names.len(), measure: None });
                for sums in parents.iter_mut().chain([&mut grand]) {
                    self.add(row, sums)?;
                }
            }
        }
        while let Some(parent) = parents.pop() {
            self.hold(&parent, "rows under it")?;
        }
        Ok(grand)
    }

    fn add(&mut self, row: usize, sums: &mut Sums) -> Result<(), BadBytes> {
        let fields = self.table.row(row);
        for (index, column) in self.header.columns.iter().enumerate() {
            let text = fields.field(column.index);
            if text.is_empty() {
                continue;
            }
            let number = self.table.number(text).and_then(|number| number.at_scale(SCALE));
            let Some(number) = number else {
                self.unread[index].get_or_insert(row);
                continue;
            };
            sums.sums[index] = sums.sums[index].checked_add(number).ok_or_else(|| {
                bad(
                    Some(fields.number),
                    format!("column \"{}\": the sum is too large", column.name),
                )
            })?;
        }
        Ok(())
    }

    /// Holds the amounts of a row against the sums of what it sums up.
    fn hold(&self, sums: &Sums, of: &str) -> Result<(), BadBytes> {
        let row = self.table.row(sums.row);
        let label = label(self.table, self.header, sums.row);
        for (index, column) in self.header.columns.iter().enumerate() {
            let stated = self.table.number(row.field(column.index));
            let Some(stated) = stated.and_then(|stated| stated.at_scale(SCALE)) else { continue };
            if !self.summed[index] {
                continue;
            }
            if let Some(unread) = self.unread[index] {
                let fields = self.table.row(unread);
                let text = fields.field(column.index);
                let message = format!("column \"{}\" holds \"{text}\", no number", column.name);
                return Err(bad(Some(fields.number), message));
            }
            if stated != sums.sums[index] {
                let message = format!(
                    "column \"{}\": \"{label}\" says {}, the {of} sum up to {}",
                    column.name,
                    written(stated),
                    written(sums.sums[index])
                );
                return Err(bad(Some(row.number), message));
            }
        }
        Ok(())
    }

    /// Adds to each leaf the rows below it with its amounts of other kinds.
    fn measures(&self, tree: &mut Tree, end: usize) {
        let leaves = std::mem::take(&mut tree.leaves);
        for leaf in leaves {
            let rows = leaf.row + 1..end;
            let names = leaf.names.clone();
            tree.leaves.push(leaf);
            for row in rows.take_while(|row| self.kinds[*row] == Kind::Measure) {
                tree.leaves.push(Leaf { row, names: names.clone(), measure: Some(row) });
            }
        }
    }
}

fn written(number: i128) -> String {
    let digits = format!("{:0>16}", number.unsigned_abs());
    let (whole, fraction) = digits.split_at(digits.len() - SCALE as usize);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{whole}{point}{fraction}")
}
