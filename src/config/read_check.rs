//! How the bytes of an export are read: YAML → checked.

use chrono_tz::Tz;

use super::pipeline::{Csv, Frame, Locale, Named, Read, Report, Workbook};
use super::read_mirror::{self as mirror, Habits};
use super::schedule;
use super::text::Checker;
use super::yaml::{Spanned, at};

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

fn csv(check: &mut Checker<'_>, habits: Habits<'_>, place: (usize, usize), zone: Tz) -> Csv {
    let needed = [
        ("encoding", habits.encoding, "detect"),
        ("delimiter", habits.delimiter, "\";\""),
        ("decimal", habits.decimal, "\",\""),
        ("date", habits.date, "\"%d.%m.%Y\""),
    ];
    for (key, _, example) in needed.iter().filter(|(_, given, _)| given.is_none()) {
        let message = format!("read: csv has no \"{key}\"");
        check.fault_hint(place, message, format!("add \"{key}:\", as {key}: {example}"));
    }
    let encoding = habits.encoding.filter(|label| label.value != "detect").and_then(|label| {
        let found = encoding_rs::Encoding::for_label(label.value.as_bytes());
        if found.is_none() {
            check.fault_hint(
                at(label),
                format!("encoding \"{}\" is not known", label.value),
                "use a name as utf-8, windows-1251, windows-1252, or detect",
            );
        }
        found
    });
    let delimiter = habits.delimiter.and_then(|text| single(check, text, "delimiter"));
    Csv {
        encoding,
        delimiter: delimiter.unwrap_or(','),
        locale: locale(check, habits, zone),
        frame: frame(habits),
        report: habits.report.map(report),
    }
}

/// How numbers and dates are written; what is not given is as in JSON.
fn locale(check: &mut Checker<'_>, habits: Habits<'_>, zone: Tz) -> Locale {
    let decimal = habits.decimal.and_then(|text| single(check, text, "decimal")).unwrap_or('.');
    let thousands = habits.thousands;
    let separator = thousands.and_then(|text| single(check, text, "thousands"));
    if let Some(written) = thousands.filter(|_| separator == Some(decimal)) {
        check.fault(at(written), "decimal and thousands are the same character");
    }
    if let Some(date) = habits.date {
        let unknown = chrono::format::StrftimeItems::new(&date.value)
            .any(|item| matches!(item, chrono::format::Item::Error));
        let has = |parts: &[&str]| parts.iter().any(|part| date.value.contains(part));
        let complete =
            has(&["%d", "%e", "%-d"]) && has(&["%m", "%-m", "%b", "%B"]) && has(&["%Y", "%y"]);
        if unknown || !(complete || has(&["%F", "%+", "%s"])) {
            check.fault_hint(
                at(date),
                format!("date format \"{}\" does not give day, month and year", date.value),
                "write as \"%d.%m.%Y\", \"%Y-%m-%d\" or \"%d/%m/%Y %H:%M\"",
            );
        }
    }
    let date = habits.date.map_or(ISO, |date| date.value.as_str()).to_owned();
    Locale { decimal, thousands: separator, sign: habits.currency_sign.cloned(), date, zone }
}

fn frame(habits: Habits<'_>) -> Frame {
    Frame {
        header_row: habits.header_row.map(|row| row.value.max(1)),
        footer: habits.footer.cloned().unwrap_or_default(),
        subtotals: habits.subtotals.cloned().unwrap_or_default(),
        groups: habits.groups.cloned(),
    }
}

fn report(read: &mirror::Report) -> Report {
    let mirror::Report { labels, not_summed, summary, year } = read.clone();
    Report { labels, not_summed, summary, year }
}

fn workbook(
    check: &mut Checker<'_>,
    read: &mirror::Workbook,
    habits: Habits<'_>,
    zone: Tz,
) -> Workbook {
    Workbook {
        sheet: read.sheet.as_ref().map(|sheet| sheet.value.clone()),
        encoding: read.encoding.as_ref().map(|label| label.value.clone()),
        locale: locale(check, habits, zone),
        frame: frame(habits),
        report: habits.report.map(report),
    }
}

/// The pattern of the texts of postings.
fn sie_texts(check: &mut Checker<'_>, written: &Spanned<String>) -> Option<regex::Regex> {
    let pattern = match regex::Regex::new(&written.value) {
        Ok(pattern) => pattern,
        Err(error) => {
            check.fault(at(written), format!("\"texts\" is no regular expression: {error}"));
            return None;
        }
    };
    let has = |name| pattern.capture_names().flatten().any(|group| group == name);
    if !has("invoice") || !has("client") {
        check.fault_hint(
            at(written),
            "\"texts\" lacks a group called invoice or client",
            r"write as '(?<invoice>\d+), (?<client>.+)'",
        );
    }
    Some(pattern)
}

/// How values that are written one way only become values.
fn plain(date: &str, zone: Tz) -> Locale {
    Locale { decimal: '.', thousands: None, sign: None, date: date.to_owned(), zone }
}

const ISO: &str = "%Y-%m-%d";

/// Checks `read:` of what stands at `place`; what it leaves out is as `preset` has it, whatever its
/// container; days of instants are those of `zone`.
pub(super) fn read(
    check: &mut Checker<'_>,
    mirror: &mirror::Read,
    preset: Option<&mirror::Read>,
    place: (usize, usize),
    zone: Tz,
) -> Read {
    let habits = Habits::of(mirror).or(preset.map(Habits::of).unwrap_or_default());
    let named = |named: Named| Read::Named(named, plain(ISO, zone));
    match mirror {
        mirror::Read::Csv(_) => Read::Csv(csv(check, habits, place, zone)),
        mirror::Read::Ndjson(read) => {
            let (decimal, thousands) = (read.decimal.as_ref(), read.thousands.as_ref());
            let date = Some(&read.date);
            let habits = Habits { date, decimal, thousands, ..Habits::default() };
            Read::Ndjson(locale(check, habits, zone))
        }
        mirror::Read::Parquet(read) => {
            let written = read.timezone.as_ref();
            let zone = written.map_or(zone, |written| schedule::zone(check, written, zone));
            Read::Parquet(zone, plain(ISO, zone))
        }
        mirror::Read::Xlsx(read) | mirror::Read::Xls(read) | mirror::Read::Ods(read) => {
            Read::Workbook(workbook(check, read, habits, zone))
        }
        mirror::Read::ClientBankExchange(_) => {
            Read::Named(Named::ClientBankExchange, plain("%d.%m.%Y", zone))
        }
        mirror::Read::Commerceml(_) => named(Named::CommerceMl),
        mirror::Read::Ubl(_) => named(Named::Ubl),
        mirror::Read::Cii(_) => named(Named::Cii),
        mirror::Read::Saft(_) => named(Named::Saft),
        mirror::Read::Datev(read) => named(Named::Datev(read.chart)),
        mirror::Read::Sie(read) => {
            named(Named::Sie(read.texts.as_ref().and_then(|written| sie_texts(check, written))))
        }
        mirror::Read::Tally(_) => named(Named::Tally),
        mirror::Read::Dbf(read) => {
            named(Named::Dbf(read.encoding.as_ref().map(|label| label.value.clone())))
        }
    }
}
