//! Presets: kinds of exports that are known, each a YAML file of this folder.
//!
//! Keeps true: a preset says nothing of where exports lie; what a source gives itself wins.

use std::collections::{BTreeSet, HashSet};

use include_dir::{Dir, include_dir};

use super::pipeline_mirror::Preset;
use super::read_mirror::Read;
use super::text::Checker;
use super::yaml::{self, Spanned, at};
use crate::names::{self as suggestions, spelling};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/config/presets");

/// The names of all presets, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    let mut names: Vec<&str> = FILES
        .files()
        .filter_map(|file| file.path().file_name()?.to_str()?.strip_suffix(".yaml"))
        .collect();
    names.sort_unstable();
    names.into_iter()
}

/// The YAML of the preset called `name`.
#[must_use]
pub fn text(name: &str) -> Option<&'static str> {
    FILES.get_file(format!("{name}.yaml"))?.contents_utf8()
}

/// What the preset called `name` reads.
#[must_use]
pub fn description(name: &str) -> Option<String> {
    let preset = yaml::parse::<Preset>(name, text(name)?).ok()?;
    Some(preset.description.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Whether the preset called `name` takes rows that are lines of documents.
#[must_use]
pub fn takes_lines(name: &str) -> bool {
    let preset = text(name).and_then(|text| yaml::parse::<Preset>(name, text).ok());
    let documents = preset.and_then(|mut preset| preset.into.remove("documents"));
    documents.is_none_or(|documents| !documents.value.group_by.is_empty())
}

/// The headers that presets name, each in one spelling.
#[must_use]
pub fn headers() -> HashSet<String> {
    let presets = names().filter_map(|name| yaml::parse::<Preset>(name, text(name)?).ok());
    let mut headers = HashSet::new();
    for preset in presets {
        headers.extend(preset.headers().map(spelling));
        headers.extend(preset.renamed.values().flatten().map(|header| spelling(header)));
    }
    headers
}

/// The headers by which the preset called `name` judges documents, by its rules, as cancelled or by
/// their kind, each in one spelling.
#[must_use]
pub fn ruled(name: &str) -> HashSet<String> {
    let preset = text(name).and_then(|text| yaml::parse::<Preset>(name, text).ok());
    let Some(preset) = preset else { return HashSet::new() };
    let rules = preset.skip.iter().flat_map(|rule| {
        std::iter::once(&rule.value.column)
            .chain(&rule.value.also)
            .map(|header| header.value.clone())
    });
    let documents = preset.into.get("documents").into_iter();
    let judged = documents.flat_map(|into| {
        let columns = &into.value.columns;
        ["cancelled", "kind"].into_iter().filter_map(|column| columns.get(column))
    });
    let judged = judged.flat_map(|column| column.value.headers()).map(str::to_owned);
    let own: Vec<String> = rules.chain(judged).collect();
    let others = own.iter().flat_map(|header| preset.renamed.get(header).into_iter().flatten());
    own.iter().chain(others).map(|header| spelling(header)).collect()
}

/// The headers that the preset called `name` takes as they are for `column` of the canonical `table`.
#[must_use]
pub fn headers_of_preset(name: &str, table: &str, column: &str) -> Vec<String> {
    let preset = text(name).and_then(|text| yaml::parse::<Preset>(name, text).ok());
    let Some(preset) = preset else { return Vec::new() };
    let columns = preset.into.get(table).map(|into| &into.value.columns);
    let header = columns.and_then(|columns| columns.get(column)?.value.plain());
    let others = header.into_iter().filter_map(|header| preset.renamed.get(header)).flatten();
    header.into_iter().map(str::to_owned).chain(others.cloned()).collect()
}

/// The headers that presets for text and sheets take as they are for `column` of the canonical
/// `table`, in all their spellings.
#[must_use]
pub fn headers_of(table: &str, column: &str) -> Vec<String> {
    let presets = names().filter_map(|name| yaml::parse::<Preset>(name, text(name)?).ok());
    let mut headers = Vec::new();
    for preset in presets.filter(|it| matches!(it.read, Read::Csv(_) | Read::Xlsx(_))) {
        let columns = preset.into.get(table).map(|into| &into.value.columns);
        if let Some(header) = columns.and_then(|columns| columns.get(column)?.value.plain()) {
            headers.push(header.to_owned());
            headers.extend(preset.renamed.get(header).into_iter().flatten().cloned());
        }
    }
    headers
}

/// What a table stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Text with separators.
    Text,
    /// A sheet of a workbook.
    Sheet,
    /// A sheet whose rows stand in a hierarchy.
    Report,
}

/// How a preset reads text with separators.
#[derive(Debug, Clone)]
pub struct Text {
    /// The charset, or `detect`.
    pub encoding: String,
    /// The separator of fields, or `tab`.
    pub delimiter: String,
    /// The decimal separator.
    pub decimal: String,
    /// The separator of thousands.
    pub thousands: Option<String>,
    /// The currency sign beside amounts.
    pub currency_sign: Option<String>,
    /// The format of dates.
    pub date: String,
    /// Patterns of rows from which on nothing is read.
    pub footer: Vec<String>,
    /// The name of a column in front.
    pub groups: Option<String>,
}

/// How the preset called `name` reads text; `None` where it reads another format.
#[must_use]
pub fn of_text(name: &str) -> Option<Text> {
    let preset = yaml::parse::<Preset>(name, text(name)?).ok()?;
    let Read::Csv(csv) = preset.read else { return None };
    Some(Text {
        encoding: csv.encoding?.value.clone(),
        delimiter: csv.delimiter?.value.clone(),
        decimal: csv.decimal?.value.clone(),
        thousands: csv.thousands.map(|text| text.value.clone()),
        currency_sign: csv.currency_sign,
        date: csv.date?.value.clone(),
        footer: csv.footer.unwrap_or_default(),
        groups: csv.groups,
    })
}

/// The preset for tables in `form` that have all of its columns among `columns`, of several the
/// one that asks for most.
#[must_use]
pub fn of_columns(columns: &[&str], form: Form) -> Option<&'static str> {
    let spelled: Vec<String> = columns.iter().map(|column| spelling(column)).collect();
    let mut best: Option<(usize, &'static str)> = None;
    for name in names() {
        let Some(preset) = text(name).and_then(|text| yaml::parse::<Preset>(name, text).ok())
        else {
            continue;
        };
        let groups = match (&preset.read, form) {
            (Read::Csv(csv), Form::Text) => csv.groups.as_deref(),
            (Read::Csv(csv), Form::Sheet) if csv.groups.is_none() => None,
            (Read::Xlsx(sheet), Form::Report) if sheet.report.is_some() => None,
            _ => continue,
        };
        let needed: BTreeSet<&str> = preset.headers().collect();
        let there = |header: &str| {
            let others = preset.renamed.get(header).into_iter().flatten();
            let mut names = std::iter::once(header).chain(others.map(String::as_str));
            let in_front = groups == Some(header) && columns.first() == Some(&"");
            in_front || names.any(|name| spelled.contains(&spelling(name)))
        };
        let optional = |header: &str| preset.optional.iter().any(|one| one == header);
        let fits = needed.iter().all(|header| there(header) || optional(header));
        let asked = needed.iter().filter(|header| there(header)).count();
        if fits && best.is_none_or(|(most, _)| asked > most) {
            best = Some((asked, name));
        }
    }
    best.map(|(_, name)| name)
}

/// The preset that `written` names; an unknown one is a fault.
pub(super) fn preset(check: &mut Checker<'_>, written: &Spanned<String>) -> Option<Preset> {
    let name = &written.value;
    let Some(text) = text(name) else {
        let hint = suggestions::suggest(name, names());
        check.fault_hint(at(written), format!("preset \"{name}\" is not known"), hint);
        return None;
    };
    match yaml::parse(&format!("preset {name}"), text) {
        Ok(preset) => Some(preset),
        Err(fault) => {
            check.faults.push(fault);
            None
        }
    }
}
