//! Phrases: texts with places for what is said in them.
//!
//! `{1}` is the first argument: a number or a day as the language writes it, a text as it is.
//! `{1:value}` is what a coded value means, and `{1:день|дня|дней}` the form that goes with a number.

use chrono::NaiveDate;

use super::Language;

/// What is said in a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// A plain decimal, as `1234.50`.
    Number(String),
    /// A calendar day.
    Day(NaiveDate),
    /// A text.
    Text(String),
}

/// A piece of a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// Said as it stands.
    Plain(&'static str),
    /// An argument, by its place.
    Argument(usize),
    /// What the coded value of an argument means.
    Value(usize),
    /// One of these, by the number that an argument is.
    Form(usize, Vec<&'static str>),
}

/// A phrase in its language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    language: Language,
    pieces: Vec<Piece>,
}

impl Phrase {
    /// The phrase called `name`; `None` where there is none.
    #[must_use]
    pub fn named(language: Language, name: &str) -> Option<Self> {
        let mut rest = language.phrase(name)?;
        let mut pieces = Vec::new();
        while let Some((before, after)) = rest.split_once('{') {
            let (place, tail) = after.split_once('}')?;
            pieces.push(Piece::Plain(before));
            pieces.push(piece(place)?);
            rest = tail;
        }
        pieces.push(Piece::Plain(rest));
        Some(Self { language, pieces })
    }

    /// How many arguments it has.
    #[must_use]
    pub fn arguments(&self) -> usize {
        let places = self.pieces.iter().map(|piece| match piece {
            Piece::Plain(_) => 0,
            Piece::Argument(place) | Piece::Value(place) | Piece::Form(place, _) => place + 1,
        });
        places.max().unwrap_or(0)
    }

    /// What it says of `arguments`; of those it lacks it says nothing.
    #[must_use]
    pub fn say(&self, arguments: &[Argument]) -> String {
        let mut told = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Plain(text) => told.push_str(text),
                Piece::Argument(place) => {
                    let text = arguments.get(*place).map(|argument| match argument {
                        Argument::Number(plain) => self.language.number(plain),
                        Argument::Day(day) => self.language.day(*day),
                        Argument::Text(text) => text.clone(),
                    });
                    told.push_str(&text.unwrap_or_default());
                }
                Piece::Value(place) => {
                    if let Some(Argument::Text(code)) = arguments.get(*place) {
                        told.push_str(self.language.value(code));
                    }
                }
                Piece::Form(place, forms) => {
                    if let Some(Argument::Number(plain)) = arguments.get(*place) {
                        let whole = plain.split('.').next().and_then(|whole| whole.parse().ok());
                        told.push_str(self.language.form(whole.unwrap_or(0), forms));
                    }
                }
            }
        }
        told
    }
}

/// What stands between braces, as `1`, `1:value` or `1:day|days`.
fn piece(text: &'static str) -> Option<Piece> {
    let (place, kind) = text.split_once(':').unwrap_or((text, ""));
    let place = place.parse::<usize>().ok()?.checked_sub(1)?;
    Some(match kind {
        "" => Piece::Argument(place),
        "value" => Piece::Value(place),
        forms => Piece::Form(place, forms.split('|').collect()),
    })
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::super::Language;
    use super::{Argument, Phrase};

    #[test]
    fn a_phrase_says_numbers_days_and_values_in_its_language() {
        let day = NaiveDate::from_ymd_opt(2026, 9, 1).unwrap();
        let bought =
            [Argument::Day(day), Argument::Number("1234.50".into()), Argument::Text("RUB".into())];
        let say = |language, name, arguments: &[Argument]| {
            Phrase::named(language, name).unwrap().say(arguments)
        };
        assert_eq!(
            say(Language::Ru, "bought", &bought),
            "Последняя покупка 01.09.2026 на 1\u{a0}234,50 RUB."
        );
        assert_eq!(
            say(Language::En, "bought", &bought),
            "Last purchase on 2026-09-01 for 1,234.50 RUB."
        );
        let silent = [Argument::Number("21".into())];
        assert_eq!(say(Language::Ru, "silent", &silent), "Молчит 21 день.");
        assert_eq!(say(Language::En, "silent", &silent), "Silent for 21 days.");
        let price = [Argument::Text("price".into())];
        assert_eq!(say(Language::Ru, "because", &price), "Причина: цена.");
    }

    #[test]
    fn every_phrase_can_be_read_and_has_as_many_arguments_in_each_language() {
        for name in Language::En.keys()[2].iter().copied() {
            let [english, russian] = [Language::En, Language::Ru]
                .map(|language| Phrase::named(language, name).unwrap_or_else(|| panic!("{name}")));
            assert_eq!(english.arguments(), russian.arguments(), "{name}");
        }
    }
}
