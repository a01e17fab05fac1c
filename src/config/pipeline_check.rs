//! The YAML of a pipeline → a checked pipeline, all its faults of meaning at once.

use chrono_tz::Tz;
use sha2::{Digest, Sha256};

use super::pipeline::{
    ControlTotal, Covers, Csv, Fetch, Format, Into, Load, Locale, Mapping, Origin, Pipeline,
    Publish, Read, Rule, Source, Test,
};
use super::schedule::{self, Calendar};
use super::text::Checker;
use super::yaml::{Spanned, at};
use super::{canonical, pipeline_mirror as mirror, stores};
use crate::names;

/// Rejected rows allowed where the declaration does not say, in percent.
const DEFAULT_MAX_PERCENT: u32 = 0;

/// The share of the lake's rows that a period must bring where the declaration does not say.
const DEFAULT_MIN_SHARE_PERCENT: u32 = 20;

/// Checks a pipeline; what is wrong goes to the checker's faults.
pub(super) fn pipeline(
    check: &mut Checker<'_>,
    mirror: &mirror::Pipeline,
    destinations: &[&str],
    calendar: Calendar,
) -> Pipeline {
    if mirror.version.value != 1 {
        let found = mirror.version.value;
        check.fault_hint(
            at(&mirror.version),
            format!("version {found} is not known"),
            "write version: 1",
        );
    }
    name(check, &mirror.name, "pipeline");
    let sources = mirror.sources.iter().map(|entry| source(check, entry, calendar)).collect();
    Pipeline {
        file: check.file.to_owned(),
        name: mirror.name.value.clone(),
        description: mirror.description.clone(),
        schedule: mirror
            .schedule
            .as_ref()
            .and_then(|entry| schedule::schedule(check, entry, calendar)),
        made_for: mirror.made_for,
        sources,
        publish: mirror.publish.iter().map(|entry| publish(check, entry, destinations)).collect(),
    }
}

fn name(check: &mut Checker<'_>, name: &Spanned<String>, what: &str) {
    if !names::is_name(&name.value) {
        check.fault_hint(
            at(name),
            format!("{what} \"{}\" is not a name", name.value),
            "use lower-case letters, digits and _, beginning with a letter",
        );
    }
}

fn publish(check: &mut Checker<'_>, entry: &mirror::Publish, destinations: &[&str]) -> Publish {
    if !destinations.contains(&entry.to.value.as_str()) {
        check.fault_hint(
            at(&entry.to),
            format!("destination \"{}\" is not declared in pipelines/project.yaml", entry.to.value),
            names::suggest(&entry.to.value, destinations.iter().copied()),
        );
    }
    if entry.formats.is_empty() {
        check.fault_hint(at(&entry.table), "\"as\" names no format", "write as: [parquet, csv]");
    }
    let mut formats: Vec<Format> = entry
        .formats
        .iter()
        .map(|format| match format {
            mirror::Format::Parquet => Format::Parquet,
            mirror::Format::Csv => Format::Csv,
        })
        .collect();
    formats.sort_unstable();
    formats.dedup();
    Publish { table: entry.table.value.clone(), to: entry.to.value.clone(), formats }
}

fn source(check: &mut Checker<'_>, entry: &mirror::Source, calendar: Calendar) -> Source {
    name(check, &entry.name, "source");
    if let Some(system) = &entry.system {
        name(check, system, "system");
    }
    let fetch = fetch(check, &entry.fetch);
    let read = read(check, &entry.read, calendar.zone);
    if entry.into.is_empty() {
        check.fault_hint(
            at(&entry.name),
            format!("source \"{}\" maps onto no table", entry.name.value),
            "add a canonical table under \"into\", as documents",
        );
    }
    let into =
        entry.into.iter().filter_map(|(table, into)| self::into(check, table, into)).collect();
    let load = load(check, &entry.load, &entry.into);
    let rule_of =
        |check: &mut Checker<'_>, column: &Spanned<String>, like: &Option<String>, is: bool| {
            let test = match (like, is) {
                (Some(pattern), false) => Test::Like(pattern.clone()),
                (None, true) => Test::Empty,
                _ => {
                    check.fault_hint(
                        at(column),
                        "a rule needs exactly one of \"like\" and \"is\"",
                        "write { column: …, like: \"…*\" } or { column: …, is: empty }",
                    );
                    Test::Empty
                }
            };
            Rule { header: column.value.clone(), test }
        };
    let skip = entry
        .skip
        .iter()
        .map(|rule| rule_of(check, &rule.value.column, &rule.value.like, rule.value.is.is_some()))
        .collect();
    let reject = entry
        .reject
        .iter()
        .map(|rule| {
            name(check, &rule.value.reason, "reason");
            let parsed =
                rule_of(check, &rule.value.column, &rule.value.like, rule.value.is.is_some());
            (parsed, rule.value.reason.value.clone())
        })
        .collect();
    let max_percent = match &entry.rejects.max_percent {
        Some(percent) if percent.value > 100 => {
            check.fault(at(percent), "max_percent lies above 100");
            100
        }
        Some(percent) => percent.value,
        None => DEFAULT_MAX_PERCENT,
    };
    let mut source = Source {
        name: entry.name.value.clone(),
        system: entry.system.as_ref().unwrap_or(&entry.name).value.clone(),
        fetch,
        read,
        into,
        skip,
        reject,
        load,
        max_percent,
        control_total: entry.control_total.as_ref().map(|total| ControlTotal {
            row: total.row.value.clone(),
            header: total.column.value.clone(),
            optional: total.optional,
        }),
        allow_empty: entry.allow_empty,
        digest: String::new(),
    };
    source.digest = digest(&source);
    source
}

fn fetch(check: &mut Checker<'_>, mirror: &mirror::Fetch) -> Fetch {
    let scheme_of = |url: &str| names::foreign_scheme(url).unwrap_or("file").to_owned();
    match mirror {
        mirror::Fetch::Files(files) => {
            let url = check.string(&files.url);
            let scheme = scheme_of(&url);
            if stores::READABLE.contains(&scheme.as_str()) {
                check.fault_hint(
                    at(&files.url),
                    "a web server does not list its files",
                    "write fetch: { http: { urls: [\"https://…\"] } }",
                );
            } else if scheme != "file" && !stores::WRITABLE.contains(&scheme.as_str()) {
                check.fault_hint(
                    at(&files.url),
                    format!("scheme \"{scheme}\" is unknown"),
                    format!(
                        "give a folder, or a URL that begins with {}://",
                        stores::WRITABLE.join("://, ")
                    ),
                );
            }
            let pattern = check.string(&files.pattern);
            if let Err(error) = globset::Glob::new(&pattern) {
                let message = format!("pattern \"{pattern}\" is not a glob: {error}");
                check.fault(at(&files.pattern), message);
            }
            Fetch::Files { url, pattern }
        }
        mirror::Fetch::Http(http) => {
            if http.urls.value.is_empty() {
                let hint = "write urls: [\"https://…\"]";
                check.fault_hint(at(&http.urls), "\"urls\" names no export", hint);
            }
            let mut pages: Vec<(String, String)> = Vec::new();
            for written in &http.urls.value {
                let url = check.string(written);
                if !stores::READABLE.contains(&scheme_of(&url).as_str()) {
                    let message = format!("\"{url}\" is not the URL of a web server");
                    check.fault_hint(at(written), message, "begin it with https://");
                }
                let name = page_name(&written.value);
                if pages.iter().any(|(other, _)| *other == name) {
                    check.fault(at(written), format!("page \"{name}\" is given twice"));
                }
                pages.push((name, url));
            }
            Fetch::Http { pages }
        }
    }
}

/// What a page is called: its URL as written, so without the environment's values, and without
/// who is let in.
fn page_name(written: &str) -> String {
    let address = written.split_once("://").map_or(written, |(_, rest)| rest);
    let (host, path) = address.split_once('/').unwrap_or((address, ""));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{host}/{path}")
}

/// A digest of what decides how an export is read: neither its place nor its limits.
fn digest(source: &Source) -> String {
    let mut digest = Sha256::new();
    let parts = (&source.read, &source.into, &source.skip, &source.reject, &source.control_total);
    digest.update(format!("{} {} {parts:?} {:?}", source.name, source.system, source.load));
    crate::digest::hex(&digest.finalize()[..8])
}

fn single(check: &mut Checker<'_>, written: &Spanned<String>, what: &str) -> Option<char> {
    let text = match written.value.as_str() {
        "tab" => "\t",
        text => text,
    };
    let mut chars = text.chars();
    if let (Some(char), None) = (chars.next(), chars.next()) {
        Some(char)
    } else {
        check.fault_hint(
            at(written),
            format!("{what} \"{}\" is not one character", written.value),
            "write one character in quotes",
        );
        None
    }
}

fn csv(check: &mut Checker<'_>, read: &mirror::Csv) -> Csv {
    let encoding = match read.encoding.value.as_str() {
        "detect" => None,
        label => {
            let found = encoding_rs::Encoding::for_label(label.as_bytes());
            if found.is_none() {
                check.fault_hint(
                    at(&read.encoding),
                    format!("encoding \"{label}\" is not known"),
                    "use a name as utf-8, windows-1251, windows-1252, or detect",
                );
            }
            found
        }
    };
    let locale = locale(check, Some(&read.decimal), read.thousands.as_ref(), &read.date);
    Csv {
        encoding,
        delimiter: single(check, &read.delimiter, "delimiter").unwrap_or(','),
        locale,
        header_row: read.header_row.as_ref().map(|row| row.value.max(1)),
    }
}

/// How numbers and dates are written; a decimal separator that is not given is that of JSON.
fn locale(
    check: &mut Checker<'_>,
    decimal: Option<&Spanned<String>>,
    thousands: Option<&Spanned<String>>,
    date: &Spanned<String>,
) -> Locale {
    let decimal = decimal.and_then(|text| single(check, text, "decimal")).unwrap_or('.');
    let separator = thousands.and_then(|text| single(check, text, "thousands"));
    if let Some(written) = thousands.filter(|_| separator == Some(decimal)) {
        check.fault(at(written), "decimal and thousands are the same character");
    }
    let unknown = chrono::format::StrftimeItems::new(&date.value)
        .any(|item| matches!(item, chrono::format::Item::Error));
    let complete = ["%d", "%m"].iter().all(|part| date.value.contains(part))
        && (date.value.contains("%Y") || date.value.contains("%y"));
    if unknown || !(complete || date.value.contains("%F")) {
        check.fault_hint(
            at(date),
            format!("date format \"{}\" does not give day, month and year", date.value),
            "write as \"%d.%m.%Y\", \"%Y-%m-%d\" or \"%d/%m/%Y %H:%M\"",
        );
    }
    Locale { decimal, thousands: separator, date: date.value.clone() }
}

fn read(check: &mut Checker<'_>, mirror: &mirror::Read, zone: Tz) -> Read {
    match mirror {
        mirror::Read::Csv(read) => Read::Csv(csv(check, read)),
        mirror::Read::Ndjson(read) => {
            Read::Ndjson(locale(check, read.decimal.as_ref(), read.thousands.as_ref(), &read.date))
        }
        mirror::Read::Parquet(read) => {
            let written = read.timezone.as_ref();
            let zone = written.map_or(zone, |written| schedule::zone(check, written, zone));
            // What values with types become on their way.
            let (decimal, thousands, date) = ('.', None, "%Y-%m-%d".to_owned());
            Read::Parquet(zone, Locale { decimal, thousands, date })
        }
    }
}

fn into(check: &mut Checker<'_>, table: &str, entry: &Spanned<mirror::Into>) -> Option<Into> {
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
    for column in table.columns {
        let flag = column.kind == canonical::Type::Flag;
        if !column.nullable && !flag && !entry.value.columns.contains_key(column.name) {
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
    Some(Into { table, group_by, columns })
}

fn mapping(check: &mut Checker<'_>, column: &Spanned<mirror::Column>) -> Option<Mapping> {
    let map = match &column.value {
        mirror::Column::Header(header) => {
            let from = Origin::Header(header.clone());
            return Some(Mapping { from, map: Vec::new(), default: None });
        }
        mirror::Column::Map(map) => map,
    };
    let from = match (&map.from, &map.value, &map.product, &map.split) {
        (Some(header), None, None, None) => Origin::Header(header.value.clone()),
        (Some(header), None, None, Some(split)) => Origin::Split {
            header: header.value.clone(),
            by: split.by.value.clone(),
            part: split.part.value.max(1),
        },
        (None, Some(value), None, None) => Origin::Constant(check.string(value)),
        (None, None, Some(factors), None) if !factors.is_empty() => {
            Origin::Product(factors.iter().map(|factor| factor.value.clone()).collect())
        }
        _ => {
            check.fault_hint(
                at(column),
                "a column needs exactly one of \"from\", \"value\" and \"product\"",
                "write a header, { from: <header> }, { value: <text> } or { product: [a, b] }",
            );
            return None;
        }
    };
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
    Some(Mapping { from, map: pairs, default })
}

fn load(
    check: &mut Checker<'_>,
    entry: &Spanned<mirror::Load>,
    into: &std::collections::BTreeMap<String, Spanned<mirror::Into>>,
) -> Load {
    let replace = match &entry.value {
        mirror::Load::Upsert => return Load::Upsert,
        mirror::Load::Append => return Load::Append,
        mirror::Load::Replace(replace) => {
            let min_share_percent = min_share(check, replace.min_share.as_ref());
            return Load::Replace { min_share_percent };
        }
        mirror::Load::ReplacePeriod(replace) => replace,
    };
    let mirror::Period::Month = replace.period;
    let dated =
        into.keys().filter_map(|table| canonical::table(table)).filter_map(|table| table.date);
    let dated: Vec<&str> = dated.collect();
    if !dated.contains(&replace.column.value.as_str()) {
        check.fault_hint(
            at(&replace.column),
            format!("no table of this source has its periods by \"{}\"", replace.column.value),
            names::suggest(&replace.column.value, dated),
        );
    }
    let covers = replace.covers.as_ref().map(|covers| {
        let (mirror::Covers::Name(text) | mirror::Covers::Title(text)) = covers;
        if !(text.value.contains("%Y") && text.value.contains("%m")) {
            check.fault_hint(
                at(text),
                format!("\"{}\" does not say which month", text.value),
                "write %Y for the year and %m for the month, as \"sales_%Y-%m\"",
            );
        }
        match covers {
            mirror::Covers::Name(text) => Covers::Name(text.value.clone()),
            mirror::Covers::Title(text) => Covers::Title(text.value.clone()),
        }
    });
    let min_share_percent = min_share(check, replace.min_share.as_ref());
    Load::ReplacePeriod {
        column: replace.column.value.clone(),
        covers,
        allow_empty: replace.allow_empty,
        min_share_percent,
    }
}

/// The share, in percent, of the lake's rows that must come again.
fn min_share(check: &mut Checker<'_>, written: Option<&Spanned<String>>) -> u32 {
    let Some(written) = written else { return DEFAULT_MIN_SHARE_PERCENT };
    match super::values::parse_decimal(&written.value, 2) {
        Some(hundredths) if (0..=100).contains(&hundredths) => {
            u32::try_from(hundredths).unwrap_or(DEFAULT_MIN_SHARE_PERCENT)
        }
        _ => {
            check.fault_hint(
                at(written),
                format!("min_share \"{}\" is not a share", written.value),
                "write a number from 0 to 1 with at most two decimals, as 0.2",
            );
            DEFAULT_MIN_SHARE_PERCENT
        }
    }
}
