//! Texts of postings to receivables → the invoice's number and the client.
//!
//! Sources: exports of Fortnox and Visma ("Faktnr: 891, Namn: Karl Svensson"), and those of others
//! that put both into words without labels.

use std::sync::LazyLock;

use regex::Regex;

/// How programs write an invoice and its client without labels, the strictest first.
static SHAPES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let shapes = [
        r"^\[(?<invoice>\d+)\]\s*(?<client>.+)$",
        r"(?i)\b(?:kund|kredit)?fakt(?:ura)?\.?\s*(?:nr\.?)?\s*:?\s*(?<invoice>\d+)\s*,\s*(?<client>[^,]+)$",
        r"(?i)^(?:kund|kredit)?fakt(?:ura)?\.?\s*(?:nr\.?)?\s*:?\s*(?<invoice>\d+)\s+(?<client>\D.*)$",
    ];
    shapes.iter().filter_map(|shape| Regex::new(shape).ok()).collect()
});

/// What a text names, empty where it does not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Named<'t> {
    pub(super) invoice: &'t str,
    pub(super) client: &'t str,
    /// Whether that is known by the shape of the text alone.
    pub(super) guessed: bool,
}

/// What `text` names: as `declared` says, else by its labels, else by its shape.
pub(super) fn named<'t>(text: &'t str, declared: Option<&Regex>) -> Named<'t> {
    let by = |pattern: &Regex| {
        let found = pattern.captures(text)?;
        let part = |name| found.name(name).map_or("", |part| part.as_str().trim());
        Some((part("invoice"), part("client")))
    };
    if let Some(pattern) = declared {
        let (invoice, client) = by(pattern).unwrap_or_default();
        return Named { invoice, client, guessed: false };
    }
    let (invoice, client) = (labelled(text, "Faktnr:"), labelled(text, "Namn:"));
    if !invoice.is_empty() || !client.is_empty() {
        return Named { invoice, client, guessed: false };
    }
    let found = SHAPES.iter().find_map(by);
    let found = found.map(|(invoice, client)| Named { invoice, client, guessed: true });
    found.unwrap_or_default()
}

/// What stands behind `label` in texts such as `Faktnr: 891, Namn: Karl Svensson`; a name may hold
/// commas, a number does not.
fn labelled<'t>(text: &'t str, label: &str) -> &'t str {
    let Some((_, value)) = text.split_once(label) else { return "" };
    let end = if label == "Namn:" { ", Faktnr:" } else { "," };
    value.split(end).next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn invoices_and_clients_are_named_by_labels_or_by_their_shape() {
        for (text, invoice, client, guessed) in [
            ("Faktnr: 891, Namn: Karl Svensson", "891", "Karl Svensson", false),
            ("Kundfakt. 0333, Alfa AB", "0333", "Alfa AB", true),
            ("Bet. 1, fakt. 0333, Alfa AB", "0333", "Alfa AB", true),
            ("[2449] Beta AB", "2449", "Beta AB", true),
            ("Faktura 17 Gamma AB", "17", "Gamma AB", true),
            ("Kundfaktura nr 18, Delta AB", "18", "Delta AB", true),
            ("Kreditfaktura 102 Alfa AB", "102", "Alfa AB", true),
            ("Hyra juni 2026", "", "", false),
            ("Rättelse 12, fel konto", "", "", false),
        ] {
            let found = named(text, None);
            assert_eq!((found.invoice, found.client, found.guessed), (invoice, client, guessed));
        }
        let own = regex::Regex::new(r"^(?<client>\D+) (?<invoice>\d+)$").unwrap();
        let found = named("Alfa AB 12", Some(&own));
        assert_eq!((found.invoice, found.client, found.guessed), ("12", "Alfa AB", false));
        assert_eq!(named("Faktnr: 1, Namn: A", Some(&own)).invoice, "");
    }
}
