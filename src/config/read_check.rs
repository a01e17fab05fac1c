//! How the bytes of an export are read: YAML → checked.

use chrono_tz::Tz;

use super::pipeline::{Csv, Frame, Locale, Named, Read, Report, Workbook};
use super::read_mirror as mirror;
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
        locale: Locale { sign: read.currency_sign.clone(), ..locale },
        frame: frame(read.header_row.as_ref(), &read.footer),
        groups: read.groups.clone(),
        report: read.report.as_ref().map(report),
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
    Locale { decimal, thousands: separator, sign: None, date: date.value.clone() }
}

fn frame(header_row: Option<&Spanned<u64>>, footer: &[String]) -> Frame {
    Frame { header_row: header_row.map(|row| row.value.max(1)), footer: footer.to_vec() }
}

fn report(read: &mirror::Report) -> Report {
    Report { labels: read.labels.clone(), not_summed: read.not_summed.clone() }
}

fn workbook(check: &mut Checker<'_>, read: &mirror::Workbook) -> Workbook {
    let locale = match &read.date {
        Some(date) => locale(check, read.decimal.as_ref(), read.thousands.as_ref(), date),
        None => Locale {
            decimal: read
                .decimal
                .as_ref()
                .and_then(|text| single(check, text, "decimal"))
                .unwrap_or('.'),
            thousands: read.thousands.as_ref().and_then(|text| single(check, text, "thousands")),
            ..plain(ISO)
        },
    };
    Workbook {
        sheet: read.sheet.as_ref().map(|sheet| sheet.value.clone()),
        locale: Locale { sign: read.currency_sign.clone(), ..locale },
        frame: frame(read.header_row.as_ref(), &read.footer),
        report: read.report.as_ref().map(report),
    }
}

/// How values that are written one way only become values.
fn plain(date: &str) -> Locale {
    Locale { decimal: '.', thousands: None, sign: None, date: date.to_owned() }
}

const ISO: &str = "%Y-%m-%d";

/// Checks `read:`; days of instants are those of `zone`.
pub(super) fn read(check: &mut Checker<'_>, mirror: &mirror::Read, zone: Tz) -> Read {
    let named = |named: Named| Read::Named(named, plain(ISO));
    match mirror {
        mirror::Read::Csv(read) => Read::Csv(csv(check, read)),
        mirror::Read::Ndjson(read) => {
            Read::Ndjson(locale(check, read.decimal.as_ref(), read.thousands.as_ref(), &read.date))
        }
        mirror::Read::Parquet(read) => {
            let written = read.timezone.as_ref();
            let zone = written.map_or(zone, |written| schedule::zone(check, written, zone));
            Read::Parquet(zone, plain(ISO))
        }
        mirror::Read::Xlsx(read) | mirror::Read::Xls(read) | mirror::Read::Ods(read) => {
            Read::Workbook(workbook(check, read))
        }
        mirror::Read::ClientBankExchange(_) => {
            Read::Named(Named::ClientBankExchange, plain("%d.%m.%Y"))
        }
        mirror::Read::Commerceml(_) => named(Named::CommerceMl),
        mirror::Read::Ubl(_) => named(Named::Ubl),
        mirror::Read::Cii(_) => named(Named::Cii),
        mirror::Read::Saft(_) => named(Named::Saft),
        mirror::Read::Datev(read) => named(Named::Datev(read.chart)),
        mirror::Read::Sie(_) => named(Named::Sie),
        mirror::Read::Tally(_) => named(Named::Tally),
        mirror::Read::Dbf(read) => {
            named(Named::Dbf(read.encoding.as_ref().map(|label| label.value.clone())))
        }
    }
}
