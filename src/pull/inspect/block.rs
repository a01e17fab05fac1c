//! A pipeline that reads an export as it was found to be.

use std::fmt::Write;

use super::Found;
use super::format::Kind;
use super::meaning::Meaning;
use super::table::Table;

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

/// A text as YAML has it.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// The YAML of a pipeline called `name` whose source reads `found` from `fetch`, a line of YAML;
/// amounts without a currency are in `currency`. `None` where no canonical table can be made.
#[must_use]
pub fn block(found: &Found, name: &str, fetch: &str, currency: &str) -> Option<String> {
    let mut yaml =
        format!("version: 1\nname: {name}\nsources:\n  - name: {name}\n    fetch: {fetch}\n");
    if let Some(preset) = &found.preset {
        let _ = writeln!(yaml, "    preset: {preset}");
        if found.kind == Kind::Workbook {
            yaml += "    read: { xlsx: {} }\n";
        }
        return Some(yaml);
    }
    let table = found.table.as_ref()?;
    read(&mut yaml, found, table);
    into(&mut yaml, table, currency)?;
    Some(yaml)
}

fn read(yaml: &mut String, found: &Found, table: &Table) {
    let mut keys = Vec::new();
    if found.kind == Kind::Csv {
        let encoding = found.encoding.unwrap_or("utf-8").to_lowercase();
        keys.push(format!("encoding: {encoding}"));
        let separator = match found.separator {
            Some('\t') => "tab".to_owned(),
            other => other.unwrap_or(',').to_string(),
        };
        keys.push(format!("delimiter: {}", quoted(&separator)));
    }
    if let Some(numbers) = &table.numbers {
        keys.push(format!("decimal: {}", quoted(&numbers.decimal.to_string())));
        if let Some(thousands) = numbers.thousands {
            keys.push(format!("thousands: {}", quoted(&thousands.to_string())));
        }
        if let Some(sign) = &numbers.sign {
            keys.push(format!("currency_sign: {}", quoted(sign)));
        }
    } else if found.kind == Kind::Csv {
        keys.push("decimal: \".\"".to_owned());
    }
    let date = table.days.as_ref().map_or("%Y-%m-%d", |days| &days.format);
    keys.push(format!("date: {}", quoted(date)));
    keys.push(format!("header_row: {}", table.header_row));
    let reader = if found.kind == Kind::Csv { "csv" } else { "xlsx" };
    let _ = writeln!(yaml, "    read:\n      {reader}:");
    for key in keys {
        let _ = writeln!(yaml, "        {key}");
    }
}

fn into(yaml: &mut String, table: &Table, currency: &str) -> Option<()> {
    let header = |wanted: Meaning| table.header(wanted).map(quoted);
    let client = match (header(Meaning::ClientId), header(Meaning::TaxId)) {
        (Some(code), _) if table.is_full(Meaning::ClientId) => Some(code),
        (_, Some(tax_id)) if table.is_full(Meaning::TaxId) => Some(tax_id),
        (code, _) => header(Meaning::ClientName).or(code),
    }?;
    let amount = header(Meaning::Amount).or_else(|| {
        let (quantity, price) = (header(Meaning::Quantity)?, header(Meaning::Price)?);
        Some(format!("{{ product: [{quantity}, {price}] }}"))
    });
    let documents = header(Meaning::Date).zip(amount);
    *yaml += "    into:\n";
    if let Some((date, amount)) = &documents {
        let number = header(Meaning::DocumentId);
        *yaml += "      documents:\n";
        if table.lines && number.is_some() {
            *yaml += "        group_by: [document_id]\n";
        }
        *yaml += "        columns:\n";
        let mut column = |name: &str, value: &str| {
            let _ = writeln!(yaml, "          {name}: {value}");
        };
        column("document_id", &number?);
        column("kind", &kind(table));
        column("date", date);
        column("client_id", &client);
        column("amount", amount);
        let constant = format!("{{ value: {} }}", quoted(currency));
        column("currency", &header(Meaning::Currency).unwrap_or(constant));
        for meaning in [Meaning::Manager, Meaning::Region, Meaning::DueDate, Meaning::Cancelled] {
            if let Some(header) = header(meaning) {
                column(meaning.word(), &header);
            }
        }
    }
    *yaml += "      clients:\n        columns:\n";
    let name = header(Meaning::ClientName).unwrap_or_else(|| client.clone());
    let _ = writeln!(yaml, "          client_id: {client}\n          name: {name}");
    for meaning in [Meaning::TaxId, Meaning::Phone, Meaning::Email] {
        if let Some(header) = header(meaning) {
            let _ = writeln!(yaml, "          {}: {header}", meaning.word());
        }
    }
    if documents.is_some() {
        *yaml += "    load: { replace_period: { column: date, period: month } }\n";
    } else {
        *yaml += "    load: upsert\n";
    }
    if let (Some((_, total)), Some(amount)) = (&table.total, header(Meaning::Amount)) {
        let pattern = quoted(&format!("{total}*"));
        let _ = writeln!(yaml, "    control_total: {{ row: {pattern}, column: {amount} }}");
    }
    Some(())
}

/// The mapping of the kind of document.
fn kind(table: &Table) -> String {
    let Some(header) = table.header(Meaning::Kind) else {
        return "{ value: shipment }".to_owned();
    };
    let mut entries = Vec::new();
    for value in &table.kinds {
        let lower = value.to_lowercase().replace('ё', "е");
        let found = KINDS.iter().find(|(word, _)| lower.starts_with(word));
        if let Some((_, kind)) = found {
            entries.push(format!("{{ {}: {kind} }}", quoted(value)));
        }
    }
    entries.push("{ \"*\": shipment }".to_owned());
    format!("{{ from: {}, map: [{}] }}", quoted(header), entries.join(", "))
}
