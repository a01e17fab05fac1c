//! The YAML of a pipeline → a checked pipeline, all its faults of meaning at once.

use std::collections::BTreeMap;

use super::declared;
use super::mapping_check::{self, Own, merged, rule};
use super::pipeline::{
    ControlTotal, Covers, Fetch, Format, Links, Load, Pipeline, Publish, Source,
};
use super::presets::preset;
use super::schedule::{self, Calendar};
use super::text::Checker;
use super::yaml::{Spanned, at};
use super::{canonical, pipeline_mirror as mirror, read_check, stores, values};
use crate::names;

/// Rejected rows allowed where the declaration does not say, in percent.
const DEFAULT_MAX_PERCENT: u32 = 0;

/// The share of the lake's rows that a period must bring where the declaration does not say.
const DEFAULT_MIN_SHARE_PERCENT: u32 = 20;

/// What a pipeline is checked against.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// The destinations.
    pub(super) destinations: &'a [&'a str],
    /// The project's calendar.
    pub(super) calendar: Calendar,
    /// The project's currency.
    pub(super) currency: &'a str,
}

/// Checks a pipeline; what is wrong goes to the checker's faults.
pub(super) fn pipeline(
    check: &mut Checker<'_>,
    mirror: &mirror::Pipeline,
    known: Known<'_>,
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
    let digests = declared::digests(check.file, check.text, known.calendar.zone.name());
    let sources = mirror.sources.iter().zip(digests);
    let sources = sources
        .filter_map(|(entry, digest)| Some(Source { digest, ..source(check, entry, known)? }));
    let sources = sources.collect();
    Pipeline {
        file: check.file.to_owned(),
        name: mirror.name.value.clone(),
        description: mirror.description.clone(),
        schedule: mirror
            .schedule
            .as_ref()
            .and_then(|entry| schedule::schedule(check, entry, known.calendar)),
        made_for: mirror.made_for,
        timeout: mirror.timeout.as_ref().and_then(|written| values::duration(check, written)),
        sources,
        publish: mirror
            .publish
            .iter()
            .map(|entry| publish(check, entry, known.destinations))
            .collect(),
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
            mirror::Format::Xlsx => Format::Xlsx,
        })
        .collect();
    formats.sort_unstable();
    formats.dedup();
    if let Some(split) = entry.split.as_ref().filter(|_| !formats.contains(&Format::Xlsx)) {
        check.fault_hint(
            at(split),
            "\"split\" cuts workbooks, and none is made",
            "add xlsx to \"as\"",
        );
    }
    Publish {
        table: entry.table.value.clone(),
        to: entry.to.value.clone(),
        formats,
        split: entry.split.as_ref().map(|split| split.value.clone()),
    }
}

fn source(check: &mut Checker<'_>, entry: &mirror::Source, known: Known<'_>) -> Option<Source> {
    name(check, &entry.name, "source");
    if let Some(system) = &entry.system {
        name(check, system, "system");
    }
    let fetch = fetch(check, &entry.fetch);
    let preset = entry.preset.as_ref().and_then(|name| preset(check, name));
    let preset = preset.as_ref();
    let (read, load) = (
        entry.read.as_ref().or(preset.map(|preset| &preset.read)),
        entry.load.as_ref().or(preset.map(|preset| &preset.load)),
    );
    if entry.preset.is_none() {
        for (key, given) in [("read", read.is_some()), ("load", load.is_some())] {
            if !given {
                let message = format!("source \"{}\" has no \"{key}\"", entry.name.value);
                let hint = format!("add \"{key}:\" or a preset, as \"preset: ubl\"");
                check.fault_hint(at(&entry.name), message, hint);
            }
        }
    }
    let (read, load) = read.zip(load)?;
    let read = {
        let base = preset.map(|preset| &preset.read);
        read_check::read(check, read, base, at(&entry.name), known.calendar.zone)
    };
    let tables = merged(preset, &entry.into);
    if tables.is_empty() {
        check.fault_hint(
            at(&entry.name),
            format!("source \"{}\" maps onto no table", entry.name.value),
            "add a canonical table under \"into\", as documents",
        );
    }
    // What says no currency of its own is in the project's, where a preset knows what it is.
    let currency = entry.preset.as_ref().map(|_| known.currency);
    let given_names: Vec<&String> = entry.renamed.keys().collect();
    if let (super::pipeline::Read::Ndjson(_), Some(name)) = (&read, given_names.first()) {
        check.fault_hint(
            at(&entry.name),
            format!(
                "\"renamed\" does nothing for JSON lines, whose keys are not listed: \"{name}\""
            ),
            "name the key as it is, under \"into\"",
        );
    }
    let optional = preset.iter().flat_map(|preset| &preset.optional).chain(&entry.optional);
    let optional: Vec<String> = optional.cloned().collect();
    let own = Own { currency, optional: &optional };
    let into = tables
        .iter()
        .filter_map(|(table, rows)| mapping_check::into(check, table, rows, own))
        .collect();
    let mut renamed = entry.renamed.clone();
    for (name, others) in preset.iter().flat_map(|preset| &preset.renamed) {
        renamed.entry(name.clone()).or_default().extend_from_slice(others);
    }
    let load = self::load(check, load, &tables);
    let skip = preset.iter().flat_map(|preset| &preset.skip).chain(&entry.skip);
    let skip = skip.map(|entry| rule(check, &entry.value)).collect();
    let reject = preset.iter().flat_map(|preset| &preset.reject).chain(&entry.reject);
    let reject = reject
        .map(|entry| {
            let reason = &entry.value.reason;
            name(check, reason, "reason");
            (rule(check, &entry.value.rule()), reason.value.clone())
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
    let total = entry.control_total.as_ref();
    let total = total.or(preset.and_then(|preset| preset.control_total.as_ref()));
    Some(Source {
        name: entry.name.value.clone(),
        system: entry.system.as_ref().unwrap_or(&entry.name).value.clone(),
        fetch,
        read,
        into,
        renamed: renamed.into_iter().collect(),
        optional,
        skip,
        reject,
        load,
        max_percent,
        control_total: total.map(|total| ControlTotal {
            rows: total.row.0.clone(),
            header: total.column.value.clone(),
            optional: total.optional,
        }),
        allow_empty: entry.allow_empty,
        guessed: entry.guessed.clone(),
        most_unpacked_bytes: u64::MAX,
        digest: String::new(),
    })
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
            let inside = files.inside.as_ref().map_or("**".to_owned(), |text| check.string(text));
            if let (Err(error), Some(written)) = (globset::Glob::new(&inside), &files.inside) {
                check.fault(at(written), format!("inside \"{inside}\" is not a glob: {error}"));
            }
            let links = if files.follow_links { Links::All } else { Links::Within };
            Fetch::Files { url, pattern, inside, links }
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

fn load(
    check: &mut Checker<'_>,
    entry: &Spanned<mirror::Load>,
    into: &BTreeMap<String, Spanned<mirror::Into>>,
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
