//! Tax ids: one spelling for each, and whether its check digit holds.
//!
//! Keeps true: `normalise` of what it gave gives the same; an id that fails is named, never dropped;
//! an id that several countries' schemes could have issued is valid where one of them accepts it.

use super::tax_schemes::{SCHEMES, Scheme, inn_10, inn_12};

/// What to think of a tax id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Validity {
    /// A scheme accepts it; where that scheme has no check digit known here, by its shape alone.
    Valid,
    /// It has the shape of a scheme, and no scheme of that shape accepts its check digit.
    WrongCheckDigit,
    /// A Russian ИНН once the leading zero is put back that a spreadsheet took away.
    LostZero(String),
    /// It has the shape of no scheme, or stands for nobody.
    UnknownFormat,
}

impl Validity {
    /// The word for it in SQL.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::WrongCheckDigit => "wrong_check_digit",
            Self::LostZero(_) => "lost_zero",
            Self::UnknownFormat => "unknown_format",
        }
    }
}

/// A tax id as it was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxId {
    /// Digits and letters, upper case.
    pub normalised: String,
    /// The scheme that accepts it, else the first of its shape.
    pub kind: Option<&'static str>,
    /// What to think of it.
    pub validity: Validity,
}

/// Words that stand before an id and are no part of it.
const LABELS: [&str; 8] = ["ИНН", "INN", "УНП", "UNP", "БИН", "ИИН", "GSTIN", "VAT"];

/// Words that stand before the КПП of a Russian branch.
const BRANCH_LABELS: [&str; 2] = ["КПП", "KPP"];

/// The Portuguese "consumidor final": whoever gave no number.
const NOBODY: [&str; 2] = ["999999990", "PT999999990"];

/// The one spelling of a tax id: digits and letters, upper case, without a label before it and
/// without the КПП behind it ("ИНН 7701234567 / КПП 770101001" → "7701234567").
#[must_use]
pub fn normalise(text: &str) -> String {
    let upper = text.to_uppercase();
    let pieces: Vec<&str> = upper
        .split(|char: char| !char.is_alphanumeric())
        .filter(|piece| !piece.is_empty() && !LABELS.contains(piece))
        .collect();
    let unlabelled = pieces.iter().copied().filter(|piece| !BRANCH_LABELS.contains(piece));
    if let [id, branch] = unlabelled.collect::<Vec<_>>()[..]
        && is_firm(id)
        && is_branch(branch)
    {
        return id.to_owned();
    }
    let whole = pieces.concat();
    let id = without_labels(&whole);
    let head = BRANCH_LABELS.iter().find_map(|label| {
        let (head, branch) = id.split_once(label)?;
        (is_firm(head) && (branch.is_empty() || is_branch(branch))).then_some(head)
    });
    head.unwrap_or(id).to_owned()
}

fn without_labels(mut id: &str) -> &str {
    let before_digits = |rest: &&str| rest.bytes().next().is_none_or(|byte| byte.is_ascii_digit());
    while let Some(rest) =
        LABELS.iter().find_map(|label| id.strip_prefix(label).filter(before_digits))
    {
        id = rest;
    }
    id
}

/// Whether it may be a firm's ИНН: 10 digits, 9 where a zero was lost, 12 of a person.
fn is_firm(id: &str) -> bool {
    matches!(id.len(), 9 | 10 | 12) && id.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether it has the shape of a КПП: 4 digits, 2 digits or letters, 3 digits (order of the Federal
/// Tax Service ММВ-7-6/435@ of 29.06.2012); it has no check digit.
fn is_branch(id: &str) -> bool {
    matches(id, "9999xx999")
}

/// Whether the normalised `id` stands for nobody: one repeated character, or a country's number for
/// who gave none.
#[must_use]
pub fn is_nobody(id: &str) -> bool {
    let mut chars = id.chars();
    let first = chars.next();
    chars.all(|char| Some(char) == first) || NOBODY.contains(&id)
}

/// Normalises `text` and holds it against the schemes.
#[must_use]
pub fn examine(text: &str) -> TaxId {
    let normalised = normalise(text);
    let (kind, validity) = judge(&normalised);
    TaxId { normalised, kind, validity }
}

fn judge(id: &str) -> (Option<&'static str>, Validity) {
    if is_nobody(id) {
        return (None, Validity::UnknownFormat);
    }
    let mut shaped: Option<&Scheme> = None;
    for scheme in SCHEMES {
        let Some(body) = id.strip_prefix(scheme.prefix).filter(|body| matches(body, scheme.shape))
        else {
            continue;
        };
        if scheme.check.is_none_or(|check| check(body.as_bytes())) {
            return (Some(scheme.kind), Validity::Valid);
        }
        shaped = shaped.or(Some(scheme));
    }
    if let Some((kind, restored)) = with_zero(id) {
        return (Some(kind), Validity::LostZero(restored));
    }
    match shaped {
        Some(scheme) => (Some(scheme.kind), Validity::WrongCheckDigit),
        None => (None, Validity::UnknownFormat),
    }
}

/// The ИНН that lost its leading zero.
fn with_zero(id: &str) -> Option<(&'static str, String)> {
    let restored = format!("0{id}");
    if !restored.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (kind, holds) = match restored.len() {
        10 => ("RU ИНН of a firm", inn_10(restored.as_bytes())),
        12 => ("RU ИНН of a person", inn_12(restored.as_bytes())),
        _ => return None,
    };
    holds.then_some((kind, restored))
}

/// Whether `id` has the shape: `9` a digit, `a` a Latin letter, `x` either, all else itself.
fn matches(id: &str, shape: &str) -> bool {
    id.len() == shape.len()
        && id.bytes().zip(shape.bytes()).all(|(byte, class)| match class {
            b'9' => byte.is_ascii_digit(),
            b'a' => byte.is_ascii_uppercase(),
            b'x' => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
            literal => byte == literal,
        })
}
