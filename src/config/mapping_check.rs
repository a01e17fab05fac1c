//! `into:` and rules: YAML → checked mappings of canonical columns.

use std::collections::BTreeMap;

use super::pipeline::{Into, Mapping, Origin, Rule, Test};
use super::text::Checker;
use super::yaml::{Spanned, at};
use super::{canonical, pipeline_mirror as mirror};
use crate::names;

/// The tables of a preset, with what a source gives in place of its columns.
pub(super) fn merged(
    preset: Option<&mirror::Preset>,
    given: &BTreeMap<String, Spanned<mirror::Into>>,
) -> BTreeMap<String, Spanned<mirror::Into>> {
    let mut tables = preset.map(|preset| preset.into.clone()).unwrap_or_default();
    for (table, into) in given {
        let Some(base) = tables.get(table) else {
            tables.insert(table.clone(), into.clone());
            continue;
        };
        let mut whole = into.clone();
        let own = std::mem::take(&mut whole.value.columns);
        whole.value.columns.clone_from(&base.value.columns);
        whole.value.columns.extend(own);
        if whole.value.conditions.is_empty() {
            whole.value.conditions.clone_from(&base.value.conditions);
        }
        if whole.value.group_by.is_empty() {
            whole.value.group_by.clone_from(&base.value.group_by);
        }
        if whole.value.permanent.is_none() {
            whole.value.permanent.clone_from(&base.value.permanent);
        }
        tables.insert(table.clone(), whole);
    }
    tables
}

pub(super) fn rule(check: &mut Checker<'_>, entry: &mirror::Rule) -> Rule {
    let mirror::Rule { column, also, like, not, matches, is } = entry;
    let given = [like.is_some(), not.is_some(), matches.is_some(), is.is_some()];
    let test = match (like, not, matches, is) {
        _ if given.iter().filter(|given| **given).count() != 1 => {
            check.fault_hint(
                at(column),
                "a rule needs exactly one of \"like\", \"not\", \"matches\" and \"is\"",
                "write { column: …, like: \"…*\" } or { column: …, is: empty }",
            );
            Test::Empty
        }
        (Some(pattern), ..) => Test::Like(pattern.clone()),
        (_, Some(pattern), ..) => Test::Not(pattern.clone()),
        (.., Some(written), _) => expression(check, written).map_or(Test::Empty, Test::Matches),
        _ => Test::Empty,
    };
    let also = also.iter().map(|header| header.value.clone()).collect();
    Rule { header: column.value.clone(), also, test }
}

/// The regular expression that is written.
fn expression(check: &mut Checker<'_>, written: &Spanned<String>) -> Option<regex::Regex> {
    let found = regex::Regex::new(&written.value);
    if let Err(error) = &found {
        check.fault(at(written), format!("this is no regular expression: {error}"));
    }
    found.ok()
}

/// What is known of a source beside its tables.
#[derive(Clone, Copy)]
pub(super) struct Own<'a> {
    /// The currency of what says none of its own.
    pub(super) currency: Option<&'a str>,
    /// The headers that may be absent.
    pub(super) optional: &'a [String],
}

/// Checks what rows become of `table`.
pub(super) fn into(
    check: &mut Checker<'_>,
    table: &str,
    entry: &Spanned<mirror::Into>,
    own: Own<'_>,
) -> Option<Into> {
    let Some(table) = canonical::table(table) else {
        check.fault_hint(
            at(entry),
            format!("\"{table}\" is not a canonical table"),
            names::suggest(table, canonical::TABLES.iter().map(|table| table.name)),
        );
        return None;
    };
    let mut columns: Vec<Option<Mapping>> = table.columns.iter().map(|_| None).collect();
    for (name, column) in &entry.value.columns {
        match table.column(name) {
            Some((index, _)) => columns[index] = mapping(check, column),
            None => check.fault_hint(
                at(column),
                format!("table \"{}\" has no column \"{name}\"", table.name),
                names::suggest(name, table.columns.iter().map(|column| column.name)),
            ),
        }
    }
    if let (Some(currency), Some((index, _))) = (own.currency, table.column("currency")) {
        let absent = |header: &String| own.optional.contains(header);
        match &mut columns[index] {
            Some(Mapping { from: Origin::Header(header), default: default @ None, .. })
                if absent(header) =>
            {
                *default = Some(currency.to_owned());
            }
            None if !entry.value.columns.contains_key("currency") => {
                let from = Origin::Constant(currency.to_owned());
                columns[index] = Some(Mapping::of(from));
            }
            _ => {}
        }
    }
    for (index, column) in table.columns.iter().enumerate() {
        let flag = column.kind == canonical::Type::Flag;
        let given = columns[index].is_some() || entry.value.columns.contains_key(column.name);
        if !column.nullable && !flag && !given {
            check.fault_hint(
                at(entry),
                format!("column \"{}\" of table \"{}\" is not mapped", column.name, table.name),
                format!("add \"{}: <header>\" or \"{}: {{ value: … }}\"", column.name, column.name),
            );
        }
    }
    if let (Some(first), true) = (entry.value.group_by.first(), table.name != "documents") {
        check.fault_hint(
            at(first),
            format!("rows of table \"{}\" cannot be grouped", table.name),
            "only the lines of documents are summed: remove group_by",
        );
    }
    let mut group_by = Vec::new();
    for name in &entry.value.group_by {
        match table.column(&name.value) {
            Some((index, _)) => group_by.push(index),
            None => check.fault_hint(
                at(name),
                format!("table \"{}\" has no column \"{}\"", table.name, name.value),
                names::suggest(&name.value, table.columns.iter().map(|column| column.name)),
            ),
        }
    }
    for (name, column) in &entry.value.columns {
        let mirror::Column::Map(map) = &column.value else { continue };
        let money = table.column(name).is_some_and(|(_, one)| one.kind == canonical::Type::Money);
        if map.once && (!money || group_by.is_empty()) {
            check.fault_hint(
                at(column),
                format!("\"{name}\" is not summed: \"once\" says nothing"),
                "remove it: only amounts of documents with group_by are summed",
            );
        }
    }
    if let (Some(permanent), false) = (&entry.value.permanent, table.yearly) {
        check.fault_hint(
            at(permanent),
            format!("ids of table \"{}\" are permanent in any case", table.name),
            "remove permanent: only numbers of documents may begin again each January",
        );
    }
    let yearly = table.yearly && entry.value.permanent.as_ref().is_none_or(|given| !given.value);
    let conditions = entry.value.conditions.iter().map(|entry| rule(check, &entry.value)).collect();
    Some(Into { table, yearly, conditions, group_by, columns })
}

fn mapping(check: &mut Checker<'_>, column: &Spanned<mirror::Column>) -> Option<Mapping> {
    let map = match &column.value {
        mirror::Column::Header(header) => {
            return Some(Mapping::of(Origin::Header(header.clone())));
        }
        mirror::Column::Map(map) => map,
    };
    let texts = |headers: &[Spanned<String>]| headers.iter().map(|one| one.value.clone()).collect();
    let (parts, several) = ((&map.split, &map.pattern), (&map.product, &map.join));
    if let Some(first) = &map.first {
        return first_of(check, column, map, first);
    }
    let from = match (&map.from, &map.value, several, parts) {
        (Some(header), None, (None, None), (None, None)) => Origin::Header(header.value.clone()),
        (Some(header), None, (None, None), (None, Some(written))) => {
            let pattern = one_group(check, written)?;
            Origin::Match { header: header.value.clone(), pattern }
        }
        (Some(header), None, (None, None), (Some(split), None)) => Origin::Split {
            header: header.value.clone(),
            by: split.by.value.clone(),
            part: split.part.value.max(1),
        },
        (None, Some(value), (None, None), (None, None)) => Origin::Constant(check.string(value)),
        (None, None, (Some(factors), None), (None, None)) if !factors.is_empty() => {
            let less_percent = map.less_percent.as_ref().map(|header| header.value.clone());
            Origin::Product { factors: texts(factors), less_percent }
        }
        (None, None, (None, Some(texts_of)), (None, None)) if !texts_of.is_empty() => {
            Origin::Join(texts(texts_of))
        }
        _ => {
            check.fault_hint(
                at(column),
                "a column needs exactly one of \"from\", \"value\", \"product\", \"join\" and \"first\"",
                "write a header, { from: <header> }, { value: <text> } or { product: [a, b] }",
            );
            return None;
        }
    };
    if let (Some(percent), false) = (&map.less_percent, matches!(from, Origin::Product { .. })) {
        check.fault_hint(
            at(percent),
            "\"less_percent\" stands without \"product\"",
            "write { product: [<header>], less_percent: <header> }",
        );
    }
    let mut pairs = Vec::new();
    for entry in &map.map {
        let mut entries = entry.value.iter();
        match (entries.next(), entries.next()) {
            (Some((pattern, value)), None) => pairs.push((pattern.clone(), value.clone())),
            _ => check.fault_hint(
                at(entry),
                "an entry of \"map\" has exactly one pattern",
                "write map: [{ \"C*\": return }, { \"*\": shipment }]",
            ),
        }
    }
    let default = map.default.as_ref().map(|default| check.string(default));
    Some(Mapping { from, map: pairs, default, once: map.once })
}

/// The first of several mappings that has a value.
fn first_of(
    check: &mut Checker<'_>,
    column: &Spanned<mirror::Column>,
    map: &mirror::ColumnMap,
    first: &[Spanned<mirror::Column>],
) -> Option<Mapping> {
    let origins = map.from.is_some() || map.value.is_some() || map.less_percent.is_some();
    let several = map.join.is_some() || map.product.is_some();
    let parts = map.split.is_some() || map.pattern.is_some() || !map.map.is_empty();
    if origins || several || parts || first.is_empty() {
        check.fault_hint(
            at(column),
            "\"first\" stands with \"default\" and \"once\" alone",
            "write { first: [<header>, { from: <header>, map: […] }] }",
        );
        return None;
    }
    let mappings: Vec<Option<Mapping>> = first.iter().map(|one| mapping(check, one)).collect();
    let from = Origin::First(mappings.into_iter().collect::<Option<_>>()?);
    let default = map.default.as_ref().map(|default| check.string(default));
    Some(Mapping { default, once: map.once, ..Mapping::of(from) })
}

/// The regular expression that is written, which has one group.
fn one_group(check: &mut Checker<'_>, written: &Spanned<String>) -> Option<regex::Regex> {
    let pattern = expression(check, written)?;
    let groups = pattern.captures_len() - 1;
    if groups != 1 {
        let message = format!("\"match\" has {groups} groups, expected one: the value");
        check.fault_hint(at(written), message, "write as \"№ (\\\\d+)\"; (?:…) is no group");
        return None;
    }
    Some(pattern)
}
