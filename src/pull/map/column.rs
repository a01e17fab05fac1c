//! The value of a canonical column, from where its mapping says.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::cell::{Aside, BadValue, Cell, Reading};
use super::plan::{ColumnPlan, From, TablePlan};
use crate::config::canonical::{Column, Type};
use crate::config::pipeline::Origin;
use crate::names::like;
use crate::pull::value::{Row, Rows, clean, is_nothing, is_shortened};

/// A row that cannot be mapped: the column's name, the kind of fault, message and value.
pub(super) struct BadRow {
    pub(super) column: String,
    pub(super) reason: String,
    pub(super) message: String,
    pub(super) value: String,
}

/// A row without fields.
static NO_ROW: LazyLock<Rows> = LazyLock::new(|| Rows::of([(0, &[][..])]));

impl Reading {
    /// Finds the value of each column that takes none from its row.
    pub(super) fn find_constants(&self, plan: &mut TablePlan<'_>) {
        for column in &mut plan.columns {
            let mut aside = Aside::default();
            if matches!(column.from, From::Constant(_))
                && let Ok(cell) = self.column(column, &NO_ROW.row(0), plan.lines, &mut aside)
                && aside == Aside::default()
            {
                column.constant = Some(cell);
            }
        }
    }

    /// The value of a column; `line` tells whether the row is one line of a document.
    pub(super) fn column<'s, 'r>(
        &self,
        plan: &ColumnPlan<'s>,
        row: &Row<'r>,
        line: bool,
        aside: &mut Aside,
    ) -> Result<Cell<'r>, Box<BadRow>>
    where
        's: 'r,
    {
        if let Some(constant) = &plan.constant {
            return Ok(constant.clone());
        }
        let (mut mapping, mut from) = (plan.mapping, &plan.from);
        while let From::First(several) = from
            && let Some((one, given)) = several.iter().find(|(_, from)| from.is_given(row))
        {
            (mapping, from) = (one, given);
        }
        let bad = |error: BadValue, value: String| {
            let column = named(&mapping.from, plan.column.name);
            let BadValue { reason, message } = error;
            Box::new(BadRow { column, reason: reason.to_owned(), message, value })
        };
        if let From::Product { factors, less_percent } = from {
            let texts: Vec<&str> = factors.iter().map(|field| row.field(*field)).collect();
            let less = less_percent.map_or("", |field| row.field(field));
            return self
                .product(&texts, less, plan.column.kind, aside)
                .map_err(|error| bad(error, texts.join(" × ")));
        }
        if let From::Join(fields) = from {
            let texts: Vec<&str> = fields.iter().map(|field| row.field(*field)).collect();
            let text = cleaned(Cow::Owned(texts.join("/")), plan.column)
                .map_err(|(error, text)| bad(error, text))?;
            return self
                .cell(text, plan.column.kind, aside)
                .map_err(|(error, text)| bad(error, text));
        }
        let read = |text: &'r str| {
            cleaned(Cow::Borrowed(text), plan.column).map_err(|(error, text)| bad(error, text))
        };
        let text: Cow<'r, str> = match from {
            From::Field(field) => read(row.field(*field))?,
            From::Constant(constant) => Cow::Borrowed(constant),
            From::Split { field, by, part } => {
                read(row.field(*field).split(by).nth(part - 1).unwrap_or("").trim())?
            }
            From::Match(field, pattern) => {
                let text = read(row.field(*field))?;
                match pattern.captures(&text).and_then(|found| found.get(1)) {
                    Some(found) => Cow::Owned(found.as_str().trim().to_owned()),
                    None if text.is_empty() => text,
                    None => {
                        let message = format!("does not match {:?}", pattern.as_str());
                        let text = text.into_owned();
                        return Err(bad(BadValue { reason: "no_match", message }, text));
                    }
                }
            }
            From::Join(_) | From::Product { .. } | From::First(_) => Cow::Borrowed(""),
        };
        let (kind, name) = (plan.column.kind, plan.column.name);
        let (text, void) = if mapping.map.is_empty() {
            let void = kind.is_text() && is_nothing(&text)
                || kind == Type::TaxId && is_shortened(&text)
                || kind == Type::Id && plan.column.nullable && is_shortened(&text);
            (text, void)
        } else if let Some((_, value)) =
            mapping.map.iter().find(|(pattern, _)| like(pattern, &text))
        {
            (Cow::Borrowed(value.as_str()), false)
        } else {
            let message = "matches no pattern of \"map\"".to_owned();
            return Err(bad(BadValue { reason: "no_match", message }, text.into_owned()));
        };
        let empty = text.is_empty() || void || kind == Type::Date && self.date.is_none(&text);
        let text = match &mapping.default {
            Some(default) if empty => Cow::Borrowed(default.as_str()),
            _ if empty && (plan.column.nullable || kind == Type::Flag) => {
                if void {
                    aside.emptied.push((name, text.into_owned()));
                }
                return Ok(Cell::Null);
            }
            // What a document's other lines say counts.
            _ if empty && line && kind == Type::Money => {
                aside.without_amount = true;
                return Ok(Cell::Null);
            }
            _ if void => {
                let message = format!("stands for no value, and \"{name}\" must have one");
                return Err(bad(BadValue { reason: "missing", message }, text.into_owned()));
            }
            _ if empty => {
                let message = format!("is empty, and \"{name}\" must have a value");
                return Err(bad(BadValue { reason: "missing", message }, String::new()));
            }
            _ => text,
        };
        self.cell(text, kind, aside).map_err(|(error, text)| bad(error, text))
    }
}

/// `text` as a column of texts holds it; other values are as they stand.
fn cleaned<'t>(
    text: Cow<'t, str>,
    column: &Column,
) -> std::result::Result<Cow<'t, str>, (BadValue, String)> {
    if !column.kind.is_text() {
        return Ok(text);
    }
    let fault = |message, text: &str| (BadValue { reason: "malformed", message }, text.to_owned());
    match text {
        Cow::Borrowed(text) => clean(text).map_err(|message| fault(message, text)),
        Cow::Owned(text) => match clean(&text) {
            Ok(clean) => Ok(Cow::Owned(clean.into_owned())),
            Err(message) => Err(fault(message, &text)),
        },
    }
}

/// The header that a value comes from, else its canonical column.
fn named(origin: &Origin, column: &str) -> String {
    match origin {
        Origin::Header(header) | Origin::Split { header, .. } | Origin::Match { header, .. } => {
            header.clone()
        }
        Origin::Product { factors, .. } => factors.join(" × "),
        Origin::Join(headers) => headers.join("/"),
        Origin::First(mappings) => {
            let names = mappings.iter().map(|mapping| named(&mapping.from, column));
            names.collect::<Vec<_>>().join(" or ")
        }
        Origin::Constant(_) => column.to_owned(),
    }
}
