//! Names of firms as they compare: without legal form, quotes, punctuation and case.
//!
//! Keeps true: what it gave, given again, comes back; a name that is nothing but a form stays.

/// Legal forms, in full and in short, lower case, without dots.
#[rustfmt::skip]
const FORMS: &[&str] = &[
    // Russia, Belarus, Kazakhstan, Ukraine
    "общество с ограниченной ответственностью", "товарищество с ограниченной ответственностью",
    "непубличное акционерное общество", "публичное акционерное общество",
    "закрытое акционерное общество", "открытое акционерное общество", "акционерное общество",
    "индивидуальный предприниматель",
    "ооо", "оао", "зао", "пао", "нао", "ао", "одо", "чуп", "чтуп", "ип", "тоо", "чп", "фоп", "тов",
    "фгуп", "муп", "гуп", "ooo", "oao", "zao", "pao", "too",
    // German, Dutch, English
    "gmbh", "mbh", "ag", "kg", "kgaa", "ohg", "ug", "ek", "eg", "se", "co", "und co", "and co",
    "bv", "nv", "vof", "limited", "ltd", "llc", "llp", "lp", "inc", "incorporated", "corp",
    "corporation", "plc", "company", "pvt ltd", "private limited",
    // Romance
    "sa", "sas", "sasu", "sarl", "eurl", "snc", "scs", "sl", "slu", "sau", "sc", "sca", "spa", "srl",
    "sapa", "lda", "unipessoal lda",
    // Nordic, Baltic
    "ab", "hb", "oy", "oyj", "as", "asa", "aps", "ans", "ou", "oü", "sia", "uab",
    // Central Europe
    "sp z oo", "spółka z oo", "spolka z oo", "sp k", "sp j", "sro", "kft", "zrt", "nyrt", "doo",
    "dd", "ad", "ood", "eood",
];

/// The name in lower case, its words one space apart, without the legal form before or behind it.
#[must_use]
pub fn normalise(name: &str) -> String {
    let words = words(name);
    let mut rest: &[String] = &words;
    while let Some(shorter) = FORMS.iter().find_map(|form| without(rest, form)) {
        rest = shorter;
    }
    rest.join(" ")
}

/// `words` without `form` at one of their ends, where something is left.
fn without<'a>(words: &'a [String], form: &str) -> Option<&'a [String]> {
    let length = form.split(' ').count();
    let rest = words.len().checked_sub(length).filter(|rest| *rest > 0)?;
    let is = |part: &[String]| part.iter().map(String::as_str).eq(form.split(' '));
    if is(&words[..length]) {
        Some(&words[length..])
    } else if is(&words[rest..]) {
        Some(&words[..rest])
    } else {
        None
    }
}

/// The words of a name; letters parted by dots alone are one ("S. r. o." is three, "s.r.o." one).
fn words(name: &str) -> Vec<String> {
    let lower = name.to_lowercase().replace('ё', "е");
    let mut words = Vec::new();
    let parts = lower.split(|char: char| !char.is_alphanumeric() && char != '.');
    for part in parts {
        let mut initials = String::new();
        for piece in part.split('.') {
            if piece.chars().count() == 1 {
                initials.push_str(piece);
                continue;
            }
            words.extend(
                (!initials.is_empty() && !piece.is_empty()).then(|| std::mem::take(&mut initials)),
            );
            words.extend((!piece.is_empty()).then(|| piece.to_owned()));
        }
        words.extend((!initials.is_empty()).then_some(initials));
    }
    words
}

/// By what names that are nearly equal are brought together: the first 4 letters of the longest word.
#[must_use]
pub fn block(normalised: &str) -> String {
    let longest = normalised.split(' ').rev().max_by_key(|word| word.chars().count());
    longest.unwrap_or_default().chars().take(4).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{block, normalise};

    #[test]
    fn forms_quotes_and_case_make_no_difference() {
        for (name, expected) in [
            ("ООО «Ромашка»", "ромашка"),
            ("Ромашка, ООО", "ромашка"),
            ("Общество с ограниченной ответственностью \"РОМАШКА\"", "ромашка"),
            ("ООО \"ТД \"Зелёный-Дом\"\"", "тд зеленый дом"),
            ("ИП Иванов И.И.", "иванов ии"),
            ("Müller GmbH & Co. KG", "müller"),
            ("Acme Holdings, Inc.", "acme holdings"),
            ("Fabryka Mebli Sp. z o.o.", "fabryka mebli"),
            ("Fabryka Mebli Sp.z o.o.", "fabryka mebli"),
            ("Telefónica S.A.", "telefónica"),
            ("Kovář s.r.o.", "kovář"),
            ("AB Volvo", "volvo"),
            ("Nokia Oyj", "nokia"),
            ("АО", "ао"),
            ("", ""),
        ] {
            assert_eq!(normalise(name), expected, "{name}");
        }
        assert_eq!(block("тд ромашка"), "рома");
        assert_eq!(block("alfa beta"), "alfa");
    }

    proptest! {
        #[test]
        fn twice_is_once(name in "(ООО|АО|Sp\\. z o\\.o\\.|s\\.r\\.o\\.| |[а-яёa-z.«»,]){0,8}", any in ".*") {
            for name in [name, any] {
                let once = normalise(&name);
                prop_assert_eq!(normalise(&once), once);
            }
        }
    }
}
