//! What a report's title says its amounts are counted in.
//!
//! Keeps true: amounts in thousands or millions are never taken for whole units.

use crate::pull::read::BadBytes;

/// Words of which one says that amounts are in thousands or more, where no number stands before it.
const MULTIPLES: [&str; 11] = [
    "тыс",
    "тысяч",
    "тысячах",
    "млн",
    "миллионах",
    "млрд",
    "миллиардах",
    "thousands",
    "millions",
    "mln",
    "billions",
];

/// Words that begin what names a currency, up to a colon.
const CURRENCIES: [&str; 4] = ["валюта", "currency", "report currency", "reporting currency"];

/// What to tell of a `line` of a title at `row` that names a currency.
///
/// # Errors
/// When the line says that amounts are in thousands or more.
pub(super) fn unit(line: &str, row: u64) -> Result<Option<String>, BadBytes> {
    let lower = line.to_lowercase();
    if let Some(word) = MULTIPLES.iter().find(|word| states(&lower, word)) {
        return Err(BadBytes {
            row: Some(row),
            message: format!(
                "the title \"{line}\" says that amounts are in \"{word}\", expected whole units, \
                 as roubles"
            ),
            hint: "ask for the report in roubles, not in thousands or millions".to_owned(),
        });
    }
    let named = lower.split_once(':').is_some_and(|(name, currency)| {
        let is = |word: &&str| name.trim().strip_prefix(*word).is_some_and(ends);
        !currency.trim().is_empty() && CURRENCIES.iter().any(is)
    });
    Ok(named.then(|| {
        format!("row {row} names a currency, \"{line}\": amounts are not converted from it")
    }))
}

/// Whether `line` has `word` as a whole word that no number stands before.
fn states(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let (before, behind) = (&line[..at], &line[at + word.len()..]);
        !before.ends_with(char::is_alphanumeric)
            && !before.trim_end().ends_with(|char: char| char.is_ascii_digit())
            && ends(behind)
    })
}

/// Whether a word ends where `behind` begins.
fn ends(behind: &str) -> bool {
    !behind.starts_with(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::unit;

    #[test]
    fn amounts_in_thousands_are_refused() {
        for line in [
            "Продажи, тыс. руб.",
            "Единица измерения: тыс.руб.",
            "Продажи за 2026, млн ₽",
            "Суммы в тысячах рублей",
            "Sales (in thousands)",
        ] {
            let error = unit(line, 2).unwrap_err();
            assert_eq!(error.row, Some(2));
            assert!(error.message.starts_with(&format!("the title \"{line}\" says")), "{line}");
        }
        for line in ["Сумма больше 100 тыс. руб.", "ООО «Тысяча»", "Отчёт в руб.", "Млнис"]
        {
            assert_eq!(unit(line, 2).unwrap(), None, "{line}");
        }
    }

    #[test]
    fn a_currency_that_the_title_names_is_told() {
        let told = unit("Валюта отчета: USD", 1).unwrap().unwrap();
        let expected =
            "row 1 names a currency, \"Валюта отчета: USD\": amounts are not converted from it";
        assert_eq!(told, expected);
        assert_eq!(unit("Валютный отдел: продажи", 1).unwrap(), None);
    }
}
