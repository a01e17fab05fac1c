//! The hierarchy of a report's rows: leaves and their parents, held against totals.
//!
//! Keeps true: of the ways to read the rows, the one that holds is taken, and of two none; a level
//! has the name that the header or the declaration gives it.

use std::ops::Range;

use super::header::Header;
use super::sums::Amounts;
use super::walk::{Reading, Walk, Way};
use super::words::{Kind, is_document, kind, label};
use super::{ReportOptions, Table, bad};
use crate::config::pipeline::Summary;
use crate::pull::read::BadBytes;

/// The level of rows that are documents where the header does not name it.
const DOCUMENT: &str = "Документ";

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

impl Tree {
    /// Builds the tree of the rows below `header`, and what to tell of it; `above` says that the
    /// file has sums above their rows.
    pub(super) fn build(
        table: &Table,
        header: &Header,
        above: bool,
        options: &ReportOptions,
    ) -> Result<(Self, Vec<String>), BadBytes> {
        let kinds: Vec<Kind> = (0..table.len()).map(|row| kind(table, header, row)).collect();
        let amounts = Amounts::new(table, header, options);
        let (end, total) = end(table, header, &kinds, &amounts);
        let is_node = |row: &usize| {
            matches!(kinds[*row], Kind::Node | Kind::Claim | Kind::Total) && Some(*row) != total
        };
        let nodes: Vec<usize> = (header.below..end).filter(is_node).collect();
        let levelled = nodes.iter().any(|row| table.rows.shapes[*row].level > 0);
        let walk = Walk {
            table,
            header,
            kinds: &kinds,
            amounts: &amounts,
            levelled,
            nodes: &nodes,
            total,
        };
        let Reading { mut tree, mut notes, .. } = match options.summary {
            Some(summary) => read(&walk, summary == Summary::Below)?,
            None if above || !levelled => read(&walk, false)?,
            None => choose(read(&walk, false), read(&walk, true))?,
        };
        let parts: Vec<usize> =
            (header.below..end).filter(|row| kinds[*row] == Kind::Part).collect();
        walk.tell(&parts, "left out, as parts of the rows above", &mut notes);
        tree.measures(&kinds, end);
        tree.name_levels(table, header, options)?;
        Ok((tree, notes))
    }

    /// Whether both have the same leaves under the same parents.
    fn same(&self, other: &Self) -> bool {
        let names = |tree: &Self, leaf: &Leaf| tree.names[leaf.names.clone()].to_vec();
        self.leaves.len() == other.leaves.len()
            && self.leaves.iter().zip(&other.leaves).all(|(own, others)| {
                own.row == others.row && names(self, own) == names(other, others)
            })
    }

    /// Adds to each leaf the rows below it with its amounts of other kinds.
    fn measures(&mut self, kinds: &[Kind], end: usize) {
        let leaves = std::mem::take(&mut self.leaves);
        for leaf in leaves {
            let rows = leaf.row + 1..end;
            let names = leaf.names.clone();
            self.leaves.push(leaf);
            for row in rows.take_while(|row| kinds[*row] == Kind::Measure) {
                self.leaves.push(Leaf { row, names: names.clone(), measure: Some(row) });
            }
        }
    }

    /// Names the levels from the top: by the header, or by labels that are one for each level.
    fn name_levels(
        &mut self,
        table: &Table,
        header: &Header,
        options: &ReportOptions,
    ) -> Result<(), BadBytes> {
        let depth = self.leaves.iter().map(|leaf| leaf.names.len()).max().unwrap_or(1).max(1);
        self.levels.clone_from(&header.levels);
        if depth <= self.levels.len() {
            return Ok(());
        }
        if options.labels.len() == depth {
            self.levels.clone_from(&options.labels);
            return Ok(());
        }
        let mut lowest = self.leaves.iter().filter(|leaf| leaf.names.len() == depth);
        let documents =
            lowest.all(|leaf| is_document(label(table, header, self.names[leaf.names.end - 1])));
        if documents
            && depth == self.levels.len() + 1
            && !self.levels.iter().any(|it| it == DOCUMENT)
        {
            self.levels.push(DOCUMENT.to_owned());
            return Ok(());
        }
        let named = match self.levels.as_slice() {
            [] => "none of them".to_owned(),
            levels => format!("\"{}\"", levels.join("\", \"")),
        };
        let told = if table.spaced { ", as the spaces before names tell" } else { "" };
        let labels = (1..=depth).map(|level| match self.levels.get(level - 1) {
            Some(label) => format!("\"{label}\""),
            None => format!("\"level {level}\""),
        });
        let labels: Vec<String> = labels.collect();
        Err(BadBytes {
            row: None,
            message: format!(
                "its rows stand on {depth} levels{told}, and its header names {named}"
            ),
            hint: format!(
                "name all {depth} from the top, as report: {{ labels: [{}] }}",
                labels.join(", ")
            ),
        })
    }
}

/// Reads the rows with subtotals of one row alone, and without them where that does not hold.
fn read(walk: &Walk<'_>, below: bool) -> Result<Reading, BadBytes> {
    let read = |lone| walk.read(Way { below, lone });
    let whole = read(true);
    if whole.is_err() && walk.any_claims() { read(false).or(whole) } else { whole }
}

/// The reading that holds; of two that do, the one in which every row has its place.
fn choose(
    above: Result<Reading, BadBytes>,
    below: Result<Reading, BadBytes>,
) -> Result<Reading, BadBytes> {
    let told = |mut reading: Reading, place: &str| {
        reading.notes.push(format!("sums taken to stand {place} their rows"));
        Ok(reading)
    };
    match (above, below) {
        (Ok(above), Ok(below)) if above.tree.same(&below.tree) => Ok(above),
        (Ok(above), Ok(below)) if below.odd && !above.odd => told(above, "above"),
        (Ok(above), Ok(below)) if above.odd && !below.odd => told(below, "below"),
        (Ok(above), Err(_)) => told(above, "above"),
        (Err(_), Ok(below)) => told(below, "below"),
        (Ok(_), Ok(_)) => Err(BadBytes {
            row: None,
            message: "its sums hold whether they stand above their rows or below them, and the \
                      rows belong to others each time"
                .to_owned(),
            hint: "declare which: report: { summary: above } or report: { summary: below }"
                .to_owned(),
        }),
        (Err(above), Err(below)) if above.message == below.message => Err(above),
        (Err(above), Err(below)) => {
            let row = below.row.map(|row| format!("row {row}: ")).unwrap_or_default();
            let message = format!(
                "{} (with sums above their rows; with sums below them, {row}{})",
                above.message, below.message
            );
            Err(bad(above.row, message))
        }
    }
}

/// The row behind the last one of the hierarchy, and the total row.
fn end(
    table: &Table,
    header: &Header,
    kinds: &[Kind],
    amounts: &Amounts<'_>,
) -> (usize, Option<usize>) {
    let below = header.below..table.len();
    let total = below.clone().rev().find(|row| kinds[*row] == Kind::Total);
    let is_last =
        |row: &usize| matches!(kinds[*row], Kind::Node | Kind::Claim) && amounts.any(*row);
    let last = below.rev().find(is_last);
    // Behind a row stand its amounts of other kinds.
    let behind = |row: usize| {
        let rows = row + 1..table.len();
        row + 1 + rows.take_while(|row| kinds[*row] == Kind::Measure).count()
    };
    match (total, last) {
        (Some(total), Some(last)) if last > total => (behind(last), Some(total)),
        (Some(total), _) => (total, Some(total)),
        (None, Some(last)) => (behind(last), None),
        (None, None) => (header.below, None),
    }
}
