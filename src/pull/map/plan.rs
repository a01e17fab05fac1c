//! What each canonical table takes from a row: conditions, and where each column's text is.

use std::collections::HashSet;

use super::builder::TableBuilder;
use super::cell::Cell;
use super::header::Header;
use crate::config::canonical::{Column, Table};
use crate::config::pipeline::{Into, Load, Mapping, Origin, Rule, Source, Test};
use crate::names::like;
use crate::pull::value::{Row, is_nothing};

/// The position of a column that the header lacks: no row reaches it.
pub(super) const ABSENT: usize = usize::MAX / 2;

/// Where a text comes from, with positions instead of headers.
pub(super) enum From<'s> {
    Field(usize),
    Constant(&'s str),
    Join(Vec<usize>),
    Product { factors: Vec<usize>, less_percent: Option<usize> },
    First(Vec<(&'s Mapping, From<'s>)>),
    Split { field: usize, by: &'s str, part: usize },
    Match(usize, &'s regex::Regex),
}

impl<'s> From<'s> {
    fn of(mapping: &'s Mapping, at: &dyn Fn(&str) -> usize) -> Self {
        let all = |names: &[String]| names.iter().map(|name| at(name)).collect();
        match &mapping.from {
            Origin::Header(name) => Self::Field(at(name)),
            Origin::Constant(text) => Self::Constant(text),
            Origin::Join(names) => Self::Join(all(names)),
            Origin::Product { factors, less_percent } => Self::Product {
                factors: all(factors),
                less_percent: less_percent.as_deref().map(at),
            },
            Origin::Split { header, by, part } => {
                Self::Split { field: at(header), by, part: *part }
            }
            Origin::Match { header, pattern } => Self::Match(at(header), pattern),
            Origin::First(mappings) => {
                Self::First(mappings.iter().map(|one| (one, Self::of(one, at))).collect())
            }
        }
    }

    /// Whether the row has a value there; what says that there is none is none.
    pub(super) fn is_given(&self, row: &Row<'_>) -> bool {
        let filled = |field: &usize| {
            let text = row.field(*field);
            !text.is_empty() && !is_nothing(text)
        };
        match self {
            Self::Field(field) | Self::Split { field, .. } | Self::Match(field, _) => filled(field),
            Self::Constant(_) => true,
            Self::Join(fields) => fields.iter().any(filled),
            Self::Product { factors, .. } => factors.iter().all(filled),
            Self::First(several) => several.iter().any(|(_, from)| from.is_given(row)),
        }
    }
}

/// What a column of a table takes.
pub(super) struct ColumnPlan<'s> {
    /// Its place among the columns of the table.
    pub(super) place: usize,
    pub(super) column: &'static Column,
    pub(super) mapping: &'s Mapping,
    pub(super) from: From<'s>,
    /// Its value, where every row has the same.
    pub(super) constant: Option<Cell<'s>>,
}

impl TablePlan<'_> {
    /// Whether the row is one of this table.
    pub(super) fn takes(&self, row: &Row<'_>) -> bool {
        self.conditions.iter().all(|(rule, fields)| applies(rule, fields, row))
    }
}

pub(super) struct TablePlan<'s> {
    pub(super) table: &'static Table,
    pub(super) conditions: Vec<(&'s Rule, Vec<usize>)>,
    /// The columns that are mapped; the places of others are those among these.
    pub(super) columns: Vec<ColumnPlan<'s>>,
    pub(super) builder: TableBuilder,
    /// Hashes of rows already given, for tables whose rows repeat on every line.
    pub(super) seen: Option<HashSet<u64, foldhash::fast::FixedState>>,
    /// Columns of which a row has at least one, unless it is a title.
    pub(super) tells: Vec<usize>,
    /// The position of the date that the declared cover is held against.
    pub(super) covered: Option<usize>,
    /// Positions of kind and amount, where signs are made one way here.
    pub(super) document: Option<(usize, usize)>,
    pub(super) lines: bool,
}

pub(super) fn plan<'s>(source: &'s Source, into: &'s Into, header: &Header) -> TablePlan<'s> {
    let at = |name: &str| header.position(name).unwrap_or(ABSENT);
    let mapped = into.table.columns.iter().zip(&into.columns).enumerate();
    let columns: Vec<ColumnPlan<'s>> = mapped
        .filter_map(|(place, (column, mapping))| {
            let mapping = mapping.as_ref()?;
            let from = From::of(mapping, &at);
            Some(ColumnPlan { place, column, mapping, from, constant: None })
        })
        .collect();
    let lines = !into.group_by.is_empty();
    let tells = |at: &usize| {
        let ColumnPlan { column, mapping, .. } = &columns[*at];
        let known = ["document_id", "client_id", "amount"].contains(&column.name);
        !mapping.headers().is_empty() && (into.table.name != "documents" || known)
    };
    let tells = (0..columns.len()).filter(tells).collect();
    let position = |name: &str| columns.iter().position(|plan| plan.column.name == name);
    let covered = match &source.load {
        Load::ReplacePeriod { column, .. } if into.table.date == Some(column.as_str()) => {
            position(column)
        }
        _ => None,
    };
    let document = (into.table.name == "documents" && !lines)
        .then(|| position("kind").zip(position("amount")))
        .flatten();
    let conditions = into.conditions.iter().map(|rule| (rule, places(rule, header))).collect();
    let places = columns.iter().map(|plan| plan.place);
    TablePlan {
        table: into.table,
        conditions,
        tells,
        builder: TableBuilder::new(into.table, places, &source.system, lines),
        seen: (into.table.date.is_none() && source.into.len() > 1).then(HashSet::default),
        covered,
        document,
        lines,
        columns,
    }
}

/// Where the columns of a rule stand.
pub(super) fn places(rule: &Rule, header: &Header) -> Vec<usize> {
    rule.headers().map(|name| header.position(name).unwrap_or(ABSENT)).collect()
}

pub(super) fn applies(rule: &Rule, fields: &[usize], row: &Row<'_>) -> bool {
    fields.iter().map(|field| row.field(*field)).all(|text| match &rule.test {
        Test::Like(pattern) => like(pattern, text),
        Test::Not(pattern) => !like(pattern, text),
        Test::Matches(pattern) => pattern.is_match(text),
        Test::Empty => text.is_empty(),
    })
}
