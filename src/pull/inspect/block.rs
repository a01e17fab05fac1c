//! Pipelines that read an export as it was found to be, the likeliest first.

use std::fmt::Write;

use super::Found;
use super::format::Kind;
use super::meaning::Meaning;
use super::table::Table;
use super::void::Void;
use crate::config::presets::{self, Text};

/// Words that kinds of documents begin with, and the canonical kind.
const KINDS: &[(&str, &str)] = &[
    ("возврат", "return"),
    ("реализация", "shipment"),
    ("отгрузка", "shipment"),
    ("заказ", "order"),
    ("счет-фактура", "invoice"),
    ("счет", "order"),
    ("оплата", "payment"),
    ("поступление", "payment"),
    ("credit", "return"),
    ("refund", "return"),
    ("return", "return"),
    ("gutschrift", "return"),
    ("invoice", "invoice"),
    ("rechnung", "invoice"),
    ("order", "order"),
    ("quote", "quote"),
    ("payment", "payment"),
    ("shipment", "shipment"),
    ("sale", "shipment"),
];

/// A pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The preset that it names.
    pub preset: Option<&'static str>,
    /// Its YAML.
    pub yaml: String,
    /// Things to tell of it.
    pub notes: Vec<String>,
}

/// A text as YAML has it.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// Pipelines called `name` whose source reads `found` from `fetch`, a line of YAML, the likeliest
/// first; amounts without a currency are in `currency`. None where no canonical table can be made.
#[must_use]
pub fn proposals(found: &Found, name: &str, fetch: &str, currency: &str) -> Vec<Proposal> {
    let begin =
        format!("version: 1\nname: {name}\nsources:\n  - name: {name}\n    fetch: {fetch}\n");
    let mut proposals = Vec::new();
    let lines = found.table.as_ref().is_some_and(|table| table.lines);
    if let Some(preset) = found.preset.filter(|preset| !lines || presets::takes_lines(preset)) {
        let begin = format!("{begin}    preset: {preset}\n");
        let as_found = presets::of_text(preset).map(|text| locally(found, &text));
        let readings = match &as_found {
            Some((as_is, local)) => vec![as_is.as_str(), local.as_str()],
            None => vec![""],
        };
        let known = presets::text(preset).unwrap_or_default();
        let voids = found.table.iter().flat_map(|table| &table.voids);
        let own = voids.filter(|void| !known.contains(&void.header));
        let notes: Vec<String> = own.filter_map(|void| void.told(false)).collect();
        proposals.extend(readings.iter().map(|read| {
            let yaml = format!("{begin}{read}");
            Proposal { preset: Some(preset), yaml, notes: notes.clone() }
        }));
        proposals.dedup();
    }
    if let Some(table) = &found.table {
        let mut yaml = begin;
        read(&mut yaml, found, table);
        if into(&mut yaml, found, table, currency).is_some() {
            let voids = table.voids.iter().filter(|_| has_documents(table));
            let notes = voids.filter_map(|void| void.told(true)).collect();
            let own = Proposal { preset: None, yaml, notes };
            // Presets for sales take everything that is no return for one.
            let place = if beyond_sales(table) { 0 } else { proposals.len() };
            proposals.insert(place, own);
        }
    }
    proposals
}

/// Whether `table` has what documents need.
fn has_documents(table: &Table) -> bool {
    let has = |meaning| table.header(meaning).is_some();
    let priced = has(Meaning::Quantity) && has(Meaning::Price);
    has(Meaning::DocumentId) && has(Meaning::Date) && (has(Meaning::Amount) || priced)
}

/// Whether some of the documents of `table` are neither sales nor returns.
fn beyond_sales(table: &Table) -> bool {
    let kinds = table.kinds.iter().filter_map(|value| kind_of(value));
    kinds.map(|(_, kind)| kind).any(|kind| matches!(kind, "order" | "quote" | "payment"))
}

/// The word that `value` begins with, and its canonical kind.
fn kind_of(value: &str) -> Option<(&'static str, &'static str)> {
    let lower = value.to_lowercase().replace('ё', "е");
    KINDS.iter().copied().find(|(word, _)| lower.starts_with(word))
}

/// What the columns of `found` lack for a table of documents, in the words of that table.
#[must_use]
pub fn missing(found: &Found) -> Vec<&'static str> {
    let lacks =
        |meaning: Meaning| found.table.as_ref().is_none_or(|table| table.header(meaning).is_none());
    let mut missing = Vec::new();
    let client = [Meaning::ClientId, Meaning::TaxId, Meaning::ClientName];
    if client.into_iter().all(lacks) {
        missing.push("client_id");
    }
    let needed = [Meaning::DocumentId, Meaning::Date, Meaning::Amount];
    missing.extend(needed.into_iter().filter(|one| lacks(*one)).map(Meaning::word));
    missing
}

/// The name of a separator.
fn separator(found: &Found) -> String {
    match found.separator {
        Some('\t') => "tab".to_owned(),
        other => other.unwrap_or(',').to_string(),
    }
}

fn encoding(found: &Found) -> String {
    found.encoding.unwrap_or("utf-8").to_lowercase()
}

/// The `read:` under a preset that reads text as `text` says: with the preset's numbers and days,
/// empty where nothing differs, and with those that were found.
fn locally(found: &Found, text: &Text) -> (String, String) {
    let mut own = text.clone();
    own.delimiter = separator(found);
    if text.encoding != "detect" {
        own.encoding = encoding(found);
    }
    let same = own.delimiter == text.delimiter && own.encoding.eq_ignore_ascii_case(&text.encoding);
    let as_is = if same && found.kind == Kind::Csv { String::new() } else { keys(found, &own) };
    if let Some(numbers) = found.table.as_ref().and_then(|table| table.numbers.as_ref()) {
        own.decimal = numbers.decimal.to_string();
        own.thousands = numbers.thousands.map(String::from);
        own.currency_sign.clone_from(&numbers.sign);
    }
    if let Some(days) = found.table.as_ref().and_then(|table| table.days.as_ref()) {
        own.date.clone_from(&days.format);
    }
    (as_is, keys(found, &own))
}

/// The `read:` of text or a sheet.
fn keys(found: &Found, text: &Text) -> String {
    let mut yaml = format!("    read:\n      {}:\n", found.kind.reader());
    let mut key = |name: &str, value: &str| {
        let _ = writeln!(yaml, "        {name}: {value}");
    };
    if found.kind == Kind::Csv {
        key("encoding", &text.encoding);
        key("delimiter", &quoted(&text.delimiter));
    }
    key("decimal", &quoted(&text.decimal));
    if let Some(thousands) = &text.thousands {
        key("thousands", &quoted(thousands));
    }
    if let Some(sign) = &text.currency_sign {
        key("currency_sign", &quoted(sign));
    }
    key("date", &quoted(&text.date));
    if !text.footer.is_empty() {
        let footer: Vec<String> = text.footer.iter().map(|one| quoted(one)).collect();
        key("footer", &format!("[{}]", footer.join(", ")));
    }
    if let Some(groups) = text.groups.as_ref().filter(|_| found.kind == Kind::Csv) {
        key("groups", &quoted(groups));
    }
    if found.report {
        key("report", "{}");
    }
    yaml
}

fn read(yaml: &mut String, found: &Found, table: &Table) {
    let date = table.days.as_ref().map_or("%Y-%m-%d", |days| &days.format);
    match found.kind {
        Kind::Ndjson => {
            let _ = writeln!(yaml, "    read: {{ ndjson: {{ date: {} }} }}", quoted(date));
            return;
        }
        Kind::Dbf | Kind::Parquet => {
            let _ = writeln!(yaml, "    read: {{ {}: {{}} }}", found.kind.reader());
            return;
        }
        _ => {}
    }
    let mut footer = Vec::new();
    if let Some(total) = &table.total {
        if !controlled(found, table) {
            footer.push(format!("{}*", total.word));
        } else if let Some(below) = &total.below {
            footer.push(below.clone());
        }
    }
    let numbers = table.numbers.as_ref();
    let text = Text {
        encoding: encoding(found),
        delimiter: separator(found),
        decimal: numbers.map_or('.', |numbers| numbers.decimal).to_string(),
        thousands: numbers.and_then(|numbers| numbers.thousands).map(String::from),
        currency_sign: numbers.and_then(|numbers| numbers.sign.clone()),
        date: date.to_owned(),
        footer,
        groups: None,
    };
    *yaml += &keys(found, &text);
}

/// Whether the row of the total can be held against the rows.
fn controlled(found: &Found, table: &Table) -> bool {
    !found.report && table.total.as_ref().is_some_and(|total| total.stated)
}

fn into(yaml: &mut String, found: &Found, table: &Table, currency: &str) -> Option<()> {
    let header = |wanted: Meaning| table.header(wanted).map(quoted);
    let client = match (header(Meaning::ClientId), header(Meaning::TaxId)) {
        (Some(code), _) if table.is_full(Meaning::ClientId) => (Meaning::ClientId, code),
        (_, Some(tax_id)) if table.is_full(Meaning::TaxId) => (Meaning::TaxId, tax_id),
        (code, _) => match (header(Meaning::ClientName), code) {
            (Some(name), _) => (Meaning::ClientName, name),
            (None, code) => (Meaning::ClientId, code?),
        },
    };
    let (identified_by, client) = client;
    let amount = header(Meaning::Amount).or_else(|| {
        let (quantity, price) = (header(Meaning::Quantity)?, header(Meaning::Price)?);
        Some(format!("{{ product: [{quantity}, {price}] }}"))
    });
    let condition = "        where: [{ column: measure, is: empty }]\n";
    let condition = if found.report { condition } else { "" };
    let documents = header(Meaning::Date).zip(amount);
    *yaml += "    into:\n";
    if let Some((date, amount)) = &documents {
        let number = header(Meaning::DocumentId)?;
        *yaml += "      documents:\n";
        *yaml += condition;
        if table.lines {
            let kind = if table.header(Meaning::Kind).is_some() { "kind, " } else { "" };
            let _ = writeln!(yaml, "        group_by: [{kind}document_id]");
        }
        *yaml += "        columns:\n";
        let mut column = |name: &str, value: &str| {
            let _ = writeln!(yaml, "          {name}: {value}");
        };
        column("document_id", &number);
        column("kind", &kind(table));
        column("date", date);
        column("client_id", &client);
        column("amount", amount);
        let sign = table.numbers.as_ref().and_then(|numbers| numbers.sign.as_deref());
        let constant = format!("{{ value: {} }}", quoted(signed(sign, currency)));
        column("currency", &header(Meaning::Currency).unwrap_or(constant));
        for meaning in [Meaning::Manager, Meaning::Region, Meaning::DueDate] {
            if let Some(header) = header(meaning) {
                column(meaning.word(), &header);
            }
        }
        if let Some(header) = header(Meaning::Cancelled) {
            column(Meaning::Cancelled.word(), &format!("{{ from: {header}, default: \"false\" }}"));
        }
    }
    let _ = write!(yaml, "      clients:\n{condition}        columns:\n");
    let name = header(Meaning::ClientName).unwrap_or_else(|| client.clone());
    let _ = writeln!(yaml, "          client_id: {client}\n          name: {name}");
    for meaning in [Meaning::TaxId, Meaning::Phone, Meaning::Email] {
        if let Some(header) = header(meaning) {
            let _ = writeln!(yaml, "          {}: {header}", meaning.word());
        }
    }
    if !table.is_full(identified_by) {
        let _ =
            writeln!(yaml, "    reject: [{{ column: {client}, is: empty, reason: no_client }}]");
    }
    let rules: Vec<String> = table.voids.iter().filter_map(Void::rule).collect();
    if documents.is_some() && !rules.is_empty() {
        let _ = writeln!(yaml, "    skip: [{}]", rules.join(", "));
    }
    if documents.is_some() {
        *yaml += "    load: { replace_period: { column: date, period: month } }\n";
    } else {
        *yaml += "    load: upsert\n";
    }
    if let (true, Some(total), Some(amount)) =
        (controlled(found, table), &table.total, header(Meaning::Amount))
    {
        let pattern = quoted(&format!("{}*", total.word));
        let _ = writeln!(yaml, "    control_total: {{ row: {pattern}, column: {amount} }}");
    }
    Some(())
}

/// The currency that a sign beside amounts says, else `currency`.
fn signed<'c>(sign: Option<&str>, currency: &'c str) -> &'c str {
    match sign {
        // Dollars are of many countries: the project says whose.
        Some("$") if !currency.ends_with('D') => "USD",
        Some("€") => "EUR",
        Some("£") => "GBP",
        Some("₽" | "руб.") => "RUB",
        _ => currency,
    }
}

/// The mapping of the kind of document: by the beginnings of its values, as they are written.
fn kind(table: &Table) -> String {
    let Some(header) = table.header(Meaning::Kind) else {
        return "{ value: shipment }".to_owned();
    };
    let mut entries: Vec<String> = Vec::new();
    for (word, kind) in KINDS {
        for value in &table.kinds {
            if kind_of(value).is_none_or(|(first, _)| first != *word) {
                continue;
            }
            let begin: String = value.chars().take(word.chars().count()).collect();
            let entry = format!("{{ {}: {kind} }}", quoted(&format!("{begin}*")));
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
    }
    entries.push("{ \"*\": shipment }".to_owned());
    format!("{{ from: {}, map: [{}] }}", quoted(header), entries.join(", "))
}
