//! Pipelines that read an export as it was found to be, the likeliest first.

use std::fmt::Write;

use super::Found;
use super::format::Kind;
use super::kinds::Kinds;
use super::meaning::{Meaning, normalised, of_documents};
use super::table::Table;
use super::void::Void;
use crate::config::presets::{self, Text};
use crate::names::spelling;

/// A pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The preset that it names.
    pub preset: Option<&'static str>,
    /// Its YAML.
    pub yaml: String,
    /// Things to tell of it.
    pub notes: Vec<String>,
    /// What it takes for so without knowing.
    pub guesses: Vec<String>,
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
    let kind = found.table.as_ref().is_some_and(|table| table.header(Meaning::Kind).is_some());
    // Kinds that the preset does not look at are no sales for that.
    let fits = |preset: &&str| {
        let blind = kind && absent(preset, found.table.as_ref(), "kind");
        (!lines || presets::takes_lines(preset)) && !blind
    };
    if let Some(preset) = found.preset.filter(fits) {
        let begin = format!("{begin}    preset: {preset}\n");
        let as_found = presets::of_text(preset).map(|text| locally(found, &text));
        let readings = match &as_found {
            Some((as_is, local)) => vec![as_is.as_str(), local.as_str()],
            None => vec![""],
        };
        let ruled = presets::ruled(preset);
        let voids = || found.table.iter().flat_map(|table| &table.voids);
        let own = |void: &&Void| !ruled.contains(&spelling(&void.header));
        let notes: Vec<String> = voids().filter_map(|void| void.told(true)).collect();
        // What the preset has no rule for is left out by one of the source's own.
        let rules: Vec<String> = voids().filter(own).filter_map(Void::rule).collect();
        let skip = match rules.as_slice() {
            [] => String::new(),
            rules => format!("    skip: [{}]\n", rules.join(", ")),
        };
        let by_default = by_default(preset, found.table.as_ref(), currency);
        proposals.extend(readings.iter().map(|read| {
            let mut guesses = if read.is_empty() { Vec::new() } else { of_text(found) };
            guesses.extend(by_default.iter().cloned());
            let yaml = format!("{begin}{read}{skip}{}", guessed(&guesses));
            Proposal { preset: Some(preset), yaml, notes: notes.clone(), guesses }
        }));
        proposals.dedup();
    }
    if let Some(table) = &found.table {
        let mut yaml = begin;
        read(&mut yaml, found, table);
        let mut guesses = of_text(found);
        if into(&mut yaml, found, table, currency, &mut guesses).is_some() {
            let voids = table.voids.iter().filter(|_| has_documents(table));
            let mut notes: Vec<String> = voids.filter_map(|void| void.told(true)).collect();
            let kinds = kind_header(table).map(|header| (header, Kinds::of(&table.kinds)));
            notes.extend(kinds.iter().flat_map(|(header, kinds)| kinds.notes(header)));
            yaml += &guessed(&guesses);
            let own = Proposal { preset: None, yaml, notes, guesses };
            // Presets for sales know no others.
            let beyond = kinds.is_some_and(|(_, kinds)| kinds.beyond_sales());
            let place = if beyond { 0 } else { proposals.len() };
            proposals.insert(place, own);
        }
    }
    proposals
}

/// Whether `preset` takes `column` of documents from a header that `table` has not.
fn absent(preset: &str, table: Option<&Table>, column: &str) -> bool {
    let headers = presets::headers_of_preset(preset, "documents", column);
    let has = |header: &String| {
        let columns = table.iter().flat_map(|table| &table.columns);
        columns.into_iter().any(|column| spelling(column) == spelling(header))
    };
    table.is_some() && !headers.is_empty() && !headers.iter().any(has)
}

/// What a preset takes the documents of `table` for where its columns do not say it.
fn by_default(preset: &str, table: Option<&Table>, currency: &str) -> Vec<String> {
    let mut guesses = Vec::new();
    if absent(preset, table, "kind") {
        guesses.push("every document is taken for a sale, for no column says its kind".to_owned());
    }
    if absent(preset, table, "currency") {
        guesses.push(format!("amounts are in {currency}, for no column says the currency"));
    }
    guesses
}

/// What the texts of `found` are taken for without knowing: its charset, the order of its days.
fn of_text(found: &Found) -> Vec<String> {
    let mut guesses = Vec::new();
    if found.charset.contains("a guess") {
        let charset = found.charset.split(',').next().unwrap_or_default();
        guesses.push(format!("its letters are {charset}, by few of them"));
    }
    let days = found.table.as_ref().and_then(|table| table.days.as_ref());
    if let Some(days) = days.filter(|days| days.guessed) {
        guesses.push(format!("its days are {}, for none is above 12", days.format));
    }
    let numbers = found.table.as_ref().and_then(|table| table.numbers.as_ref());
    if numbers.is_some_and(|numbers| numbers.guessed) {
        guesses.push(
            "its numbers as 1.200 or 1,200 are thousands, for all have three digits behind"
                .to_owned(),
        );
    }
    guesses
}

/// The `guessed:` of a source.
fn guessed(guesses: &[String]) -> String {
    if guesses.is_empty() {
        return String::new();
    }
    let lines: String = guesses.iter().map(|one| format!("      - {}\n", quoted(one))).collect();
    format!("    guessed:\n{lines}")
}

/// Whether `table` has what documents need.
pub(super) fn has_documents(table: &Table) -> bool {
    let has = |meaning| table.header(meaning).is_some();
    let priced = has(Meaning::Quantity) && has(Meaning::Price);
    has(Meaning::DocumentId) && has(Meaning::Date) && (has(Meaning::Amount) || priced)
}

/// Why no source can be proposed for `found`: what its columns lack for a table of documents.
#[must_use]
pub fn lacks(found: &Found) -> String {
    if let Some(why) = &found.no_report {
        return format!("its rows stand in levels or under months, and it is no report: {why}");
    }
    let none =
        |meaning: Meaning| found.table.as_ref().is_none_or(|table| table.header(meaning).is_none());
    let mut missing = Vec::new();
    let client = [Meaning::ClientId, Meaning::TaxId, Meaning::ClientName];
    if client.into_iter().all(none) {
        missing.push("client_id");
    }
    let needed = [Meaning::DocumentId, Meaning::Date, Meaning::Amount];
    missing.extend(needed.into_iter().filter(|one| none(*one)).map(Meaning::word));
    let part = found.table.as_ref().filter(|table| of_documents(&table.meanings));
    let mut told = match (part, missing.join(", ")) {
        (Some(_), missing) if !missing.is_empty() => {
            format!("it has no documents: no column is known as {missing}")
        }
        (_, missing) if missing.is_empty() => {
            "its columns do not say which table they are".to_owned()
        }
        (_, missing) => {
            format!("its columns do not say which table they are: none is known as {missing}")
        }
    };
    for header in found.table.iter().flat_map(|table| &table.doubled) {
        let _ = write!(
            told,
            "; several columns are called {header}: the first is {}, the second {}",
            quoted(&format!("{header} (1)")),
            quoted(&format!("{header} (2)")),
            header = quoted(header)
        );
    }
    told
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

fn into(
    yaml: &mut String,
    found: &Found,
    table: &Table,
    currency: &str,
    guesses: &mut Vec<String>,
) -> Option<()> {
    // What has a part of a document is no list of clients.
    if of_documents(&table.meanings) && !has_documents(table) {
        return None;
    }
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
        let less = discount(table).map(|header| format!(", less_percent: {}", quoted(header)));
        Some(format!("{{ product: [{quantity}, {price}]{} }}", less.unwrap_or_default()))
    });
    let condition = "        where: [{ column: measure, is: empty }]\n";
    let condition = if found.report { condition } else { "" };
    let amount = match amount {
        Some(amount) if table.once => {
            guesses.push(format!(
                "{amount} is the same on all lines of each document: it is taken once"
            ));
            Some(format!("{{ from: {amount}, once: true }}"))
        }
        amount => amount,
    };
    let documents = header(Meaning::Date).zip(amount);
    *yaml += "    into:\n";
    if let Some((date, amount)) = &documents {
        let number = header(Meaning::DocumentId)?;
        *yaml += "      documents:\n";
        *yaml += condition;
        if table.lines {
            let kind = if kind_header(table).is_some() { "kind, " } else { "" };
            let _ = writeln!(yaml, "        group_by: [{kind}document_id]");
        }
        *yaml += "        columns:\n";
        let mut column = |name: &str, value: &str| {
            let _ = writeln!(yaml, "          {name}: {value}");
        };
        column("document_id", &number);
        column("kind", &kind(table, guesses));
        column("date", date);
        column("client_id", &client);
        column("amount", amount);
        let sign = table.numbers.as_ref().and_then(|numbers| numbers.sign.as_deref());
        let currency = header(Meaning::Currency).unwrap_or_else(|| {
            let currency = signed(sign, currency);
            guesses.push(format!("amounts are in {currency}, for no column says the currency"));
            format!("{{ value: {} }}", quoted(currency))
        });
        column("currency", &currency);
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
    // Money of nobody is for people to look at: such a row is a fault.
    let faults = documents.is_some() && table.nobodys_money;
    if !table.is_full(identified_by) && !faults {
        let _ =
            writeln!(yaml, "    reject: [{{ column: {client}, is: empty, reason: no_client }}]");
    }
    let mut rules: Vec<String> = table.voids.iter().filter_map(Void::rule).collect();
    let kinds = kind_header(table).map(|header| Kinds::of(&table.kinds).rules(header));
    rules.extend(kinds.into_iter().flatten());
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

/// The mapping of the kind of document, and the guess that it is.
fn kind(table: &Table, guesses: &mut Vec<String>) -> String {
    let Some(header) = kind_header(table) else {
        guesses
            .push("every document is taken for a shipment, for no column says its kind".to_owned());
        return "{ value: shipment }".to_owned();
    };
    Kinds::of(&table.kinds).mapping(header)
}

/// The header of the kinds of documents: one that is called so, unless it has one value that says none.
fn kind_header(table: &Table) -> Option<&str> {
    let header = table.header(Meaning::Kind)?;
    let vague = ["type", "kind"].contains(&normalised(header).as_str());
    let one = table.kinds.len() < 2;
    (!(vague && one) || Kinds::of(&table.kinds).tell()).then_some(header)
}

/// The header of a discount in percent.
fn discount(table: &Table) -> Option<&str> {
    let is = |header: &&String| {
        let named = spelling(header);
        named.contains('%')
            && ["discount", "скидк", "rabatt"].iter().any(|word| named.contains(word))
    };
    table.columns.iter().find(is).map(String::as_str)
}
