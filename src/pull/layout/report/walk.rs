//! One way to read a report's rows as a hierarchy: sums above what they sum, or below it.
//!
//! Keeps true: a total, a parent or a subtotal that its leaves do not make up fails the reading; a
//! row that only a word makes a subtotal is a leaf as others.

use std::collections::VecDeque;

use super::Table;
use super::header::Header;
use super::sums::{Amounts, Ledger, Sums, proves};
use super::tree::{Leaf, Tree};
use super::words::{Kind, label};
use crate::pull::read::BadBytes;

/// Rows behind which what a subtotal closes may begin.
const MAX_STARTS: usize = 1 << 12;
/// Rows that are told of one kind.
const TOLD_ROWS: usize = 3;

/// How rows are taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    /// Whether sums stand below what they sum.
    pub(super) below: bool,
    /// Whether a subtotal may close one row alone.
    pub(super) lone: bool,
}

/// The rows of a report that stand in its hierarchy.
pub(super) struct Walk<'a> {
    pub(super) table: &'a Table,
    pub(super) header: &'a Header,
    pub(super) kinds: &'a [Kind],
    pub(super) amounts: &'a Amounts<'a>,
    /// Whether outline levels tell the depth, else indents do.
    pub(super) levelled: bool,
    /// From the first to the last, without the total row.
    pub(super) nodes: &'a [usize],
    pub(super) total: Option<usize>,
}

/// A reading that holds.
pub(super) struct Reading {
    pub(super) tree: Tree,
    pub(super) notes: Vec<String>,
    /// Whether rows stand deeper without a row that sums them up, or one without amounts beside
    /// rows of its own.
    pub(super) odd: bool,
}

struct Parent {
    row: usize,
    depth: u8,
    sums: Sums,
}

impl Walk<'_> {
    fn depth(&self, row: usize) -> u8 {
        let shape = self.table.rows.shapes[row];
        if self.levelled { shape.level } else { shape.indent }
    }

    fn claims(&self, row: usize) -> bool {
        matches!(self.kinds[row], Kind::Claim | Kind::Total)
    }

    /// Whether a word says of any row that it is a subtotal.
    pub(super) fn any_claims(&self) -> bool {
        self.nodes.iter().any(|row| self.claims(*row))
    }

    /// Reads the rows in this `way`.
    pub(super) fn read(&self, way: Way) -> Result<Reading, BadBytes> {
        let subtotals = self.subtotals(way)?;
        let mut nodes: Vec<usize> = self.nodes.to_vec();
        nodes.retain(|row| subtotals.binary_search(row).is_err());
        if way.below {
            nodes.reverse();
        }
        let mut ledger = self.amounts.ledger();
        let mut reading = Reading { tree: Tree::default(), notes: Vec::new(), odd: false };
        let grand = self.walk(&nodes, &mut reading, &mut ledger)?;
        reading.tree.leaves.sort_by_key(|leaf| leaf.row);
        match self.total {
            Some(row) => self.amounts.hold(row, "leaves", &grand, &mut ledger)?,
            None => reading.notes.push("no total row: sums were not compared".to_owned()),
        }
        reading.notes.extend(ledger.close()?);
        self.tell(&subtotals, "taken for subtotals, as their sums prove", &mut reading.notes);
        let unproven = |leaf: &Leaf| Some(leaf.row).filter(|row| self.claims(*row));
        let records: Vec<usize> = reading.tree.leaves.iter().filter_map(unproven).collect();
        self.tell(&records, "taken for rows of their own, as no sum proves", &mut reading.notes);
        Ok(reading)
    }

    /// Tells what `rows` were taken for.
    pub(super) fn tell(&self, rows: &[usize], what: &str, notes: &mut Vec<String>) {
        if rows.is_empty() {
            return;
        }
        let named = rows.iter().take(TOLD_ROWS).map(|row| {
            format!(
                "row {} \"{}\"",
                self.table.row(*row).number,
                label(self.table, self.header, *row)
            )
        });
        let named: Vec<String> = named.collect();
        let more = if rows.len() > TOLD_ROWS { ", …" } else { "" };
        notes.push(format!("{} rows {what}: {}{more}", rows.len(), named.join(", ")));
    }

    /// The rows that a word calls subtotals and whose amounts are those of rows before them.
    fn subtotals(&self, way: Way) -> Result<Vec<usize>, BadBytes> {
        let mut found = Vec::new();
        if !self.any_claims() {
            return Ok(found);
        }
        let (mut sums, mut leaves) = (self.amounts.zero(), 0_usize);
        let mut starts: VecDeque<(usize, Sums)> = VecDeque::from([(0, sums.clone())]);
        for (at, row) in self.nodes.iter().copied().enumerate() {
            let beside = if way.below { at.checked_sub(1) } else { Some(at + 1) };
            let beside = beside.and_then(|at| self.nodes.get(at));
            let parent = beside.is_some_and(|beside| self.depth(*beside) > self.depth(row));
            // Read once, not for each start: there may be thousands.
            let claims = !parent && self.claims(row);
            let claim = if claims { self.amounts.claim(row) } else { Vec::new() };
            let proven = !claim.is_empty()
                && starts.iter().rev().any(|(before, start)| {
                    leaves - before > usize::from(!way.lone) && proves(&claim, start, &sums)
                });
            if proven {
                found.push(row);
            }
            if parent || proven {
                if starts.len() == MAX_STARTS {
                    starts.remove(1);
                }
                starts.push_back((leaves, sums.clone()));
            } else if !self.table.rows.shapes[row].italic {
                self.amounts.add(row, &mut sums)?;
                leaves += 1;
            }
        }
        Ok(found)
    }

    /// Walks `nodes`, parents before children, and gives the sums of all leaves.
    fn walk(
        &self,
        nodes: &[usize],
        reading: &mut Reading,
        ledger: &mut Ledger,
    ) -> Result<Sums, BadBytes> {
        let tree = &mut reading.tree;
        let top = nodes.iter().map(|row| self.depth(*row)).min().unwrap_or(0);
        let mut grand = self.amounts.zero();
        let mut parents: Vec<Parent> = Vec::new();
        let mut italics: Vec<usize> = Vec::new();
        for (at, row) in nodes.iter().copied().enumerate() {
            let depth = self.depth(row);
            while let Some(parent) = parents.pop_if(|parent| parent.depth >= depth) {
                self.amounts.hold(parent.row, "rows under it", &parent.sums, ledger)?;
            }
            let deeper = |at: Option<usize>| {
                at.and_then(|at| nodes.get(at)).is_some_and(|row| self.depth(*row) > depth)
            };
            if deeper(Some(at + 1)) {
                parents.push(Parent { row, depth, sums: self.amounts.zero() });
            } else if !self.table.rows.shapes[row].italic {
                let orphan = parents.is_empty() && depth > top;
                let heading = deeper(at.checked_sub(1)) && !self.amounts.any(row);
                reading.odd |= orphan || heading;
                let start = tree.names.len();
                tree.names.extend(parents.iter().map(|parent| parent.row));
                tree.names.push(row);
                tree.leaves.push(Leaf { row, names: start..tree.names.len(), measure: None });
                self.amounts.look(row, ledger);
                for sums in parents.iter_mut().map(|parent| &mut parent.sums).chain([&mut grand]) {
                    self.amounts.add(row, sums)?;
                }
            } else if self.total.is_none() && self.amounts.any(row) {
                italics.push(row);
            }
        }
        italics.sort_unstable();
        let what = "left out, for they are italic, as subtotals are; no total row proves it";
        self.tell(&italics, what, &mut reading.notes);
        while let Some(parent) = parents.pop() {
            self.amounts.hold(parent.row, "rows under it", &parent.sums, ledger)?;
        }
        Ok(grand)
    }
}
