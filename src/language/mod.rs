//! How people are told: texts, numbers and days in the language of the project.
//!
//! Keeps true: a language is one file of texts, and all such files have the same keys; a text without a
//! translation stays as it is; numbers and plurals are what ICU has for the language.
//! Does not know: what is told.

mod phrase;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::NaiveDate;
use icu_decimal::DecimalFormatter;
use icu_decimal::input::Decimal;
use icu_locale_core::{Locale, locale};
use icu_plurals::{PluralCategory, PluralRules};
use serde::Deserialize;

pub use phrase::{Argument, Phrase};

/// A language of the product.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Russian.
    Ru,
}

/// The file of a language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    /// Column → what stands above it.
    headings: BTreeMap<String, String>,
    /// A coded value → what it means.
    values: BTreeMap<String, String>,
    /// What is said of a client, with places for what is said in it.
    phrases: BTreeMap<String, String>,
}

/// What is read of a language once.
struct Spoken {
    texts: Texts,
    numbers: Option<DecimalFormatter>,
    plurals: Option<PluralRules>,
}

impl Spoken {
    fn of(file: &str, locale: &Locale) -> Self {
        // The files are part of the program; a test reads them.
        let texts = serde_yaml::from_str(file).unwrap_or_else(|_| Texts {
            headings: BTreeMap::new(),
            values: BTreeMap::new(),
            phrases: BTreeMap::new(),
        });
        let numbers = DecimalFormatter::try_new(
            locale.into(),
            icu_decimal::options::DecimalFormatterOptions::default(),
        );
        let plurals = PluralRules::try_new_cardinal(locale.into());
        Self { texts, numbers: numbers.ok(), plurals: plurals.ok() }
    }
}

static EN: LazyLock<Spoken> = LazyLock::new(|| Spoken::of(include_str!("en.yaml"), &locale!("en")));
static RU: LazyLock<Spoken> = LazyLock::new(|| Spoken::of(include_str!("ru.yaml"), &locale!("ru")));

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::En, Self::Ru];

    /// Its code of ISO 639.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ru => "ru",
        }
    }

    /// The language with the code `code`.
    #[must_use]
    pub fn named(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// The language that is spoken where `currency` is paid, as far as that is one of these.
    #[must_use]
    pub fn where_money_is(currency: &str) -> Self {
        match currency {
            "RUB" | "BYN" => Self::Ru,
            _ => Self::En,
        }
    }

    fn spoken(self) -> &'static Spoken {
        match self {
            Self::En => &EN,
            Self::Ru => &RU,
        }
    }

    /// What stands above the column `name`.
    #[must_use]
    pub fn heading(self, name: &str) -> &str {
        self.spoken().texts.headings.get(name).map_or(name, String::as_str)
    }

    /// What the coded `value` means.
    #[must_use]
    pub fn value(self, value: &str) -> &str {
        self.spoken().texts.values.get(value).map_or(value, String::as_str)
    }

    /// The text of the phrase called `name`.
    #[must_use]
    pub fn phrase(self, name: &str) -> Option<&'static str> {
        self.spoken().texts.phrases.get(name).map(String::as_str)
    }

    /// A plain decimal, as `-1234.50`, as people write it.
    #[must_use]
    pub fn number(self, plain: &str) -> String {
        match (&self.spoken().numbers, Decimal::try_from_str(plain)) {
            (Some(numbers), Ok(decimal)) => numbers.format(&decimal).to_string(),
            _ => plain.to_owned(),
        }
    }

    /// A day as people write it.
    #[must_use]
    pub fn day(self, day: NaiveDate) -> String {
        match self {
            Self::En => day.format("%Y-%m-%d").to_string(),
            Self::Ru => day.format("%d.%m.%Y").to_string(),
        }
    }

    /// The same as spreadsheets write the format of a day.
    #[must_use]
    pub fn day_format(self) -> &'static str {
        match self {
            Self::En => "yyyy-mm-dd",
            Self::Ru => "dd.mm.yyyy",
        }
    }

    /// What separates the fields of a CSV file that a spreadsheet of this language opens, and the sign
    /// of its decimals.
    #[must_use]
    pub fn csv_signs(self) -> (u8, char) {
        match self {
            Self::En => (b',', '.'),
            Self::Ru => (b';', ','),
        }
    }

    /// Which of `forms` goes with `number`: in English one, many; in Russian one, few, many.
    fn form<'a>(self, number: i64, forms: &[&'a str]) -> &'a str {
        let plurals = self.spoken().plurals.as_ref();
        let category = plurals
            .map_or(PluralCategory::Other, |rules| rules.category_for(number.unsigned_abs()));
        let place = match category {
            PluralCategory::One => 0,
            PluralCategory::Few => 1,
            _ => forms.len().saturating_sub(1),
        };
        forms.get(place).or_else(|| forms.last()).copied().unwrap_or_default()
    }

    /// The names of all headings, values and phrases.
    #[must_use]
    pub fn keys(self) -> [Vec<&'static str>; 3] {
        let texts = &self.spoken().texts;
        [&texts.headings, &texts.values, &texts.phrases]
            .map(|map| map.keys().map(String::as_str).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Language::{En, Ru};
    use super::{Language, Texts};

    #[test]
    fn all_languages_have_the_same_texts() {
        for file in [include_str!("en.yaml"), include_str!("ru.yaml")] {
            serde_yaml::from_str::<Texts>(file).unwrap();
        }
        assert_eq!(En.keys(), Ru.keys());
        assert!(En.keys().iter().all(|keys| !keys.is_empty()));
    }

    #[test]
    fn numbers_and_plurals_are_those_of_the_language() {
        assert_eq!(Ru.number("-1234567.89"), "-1\u{a0}234\u{a0}567,89");
        assert_eq!(En.number("1234567.89"), "1,234,567.89");
        let days = |number| Ru.form(number, &["день", "дня", "дней"]);
        let told = [1, 2, 5, 11, 21, 22, 111].map(days);
        assert_eq!(told, ["день", "дня", "дней", "дней", "день", "дня", "дней"]);
        assert_eq!([1, 2].map(|number| En.form(number, &["day", "days"])), ["day", "days"]);
    }

    #[test]
    fn a_language_is_known_by_its_code() {
        for language in Language::ALL {
            assert_eq!(Language::named(language.code()), Some(language));
        }
        assert_eq!(Language::named("xx"), None);
        assert_eq!(["RUB", "EUR"].map(Language::where_money_is), [Ru, En]);
    }
}
