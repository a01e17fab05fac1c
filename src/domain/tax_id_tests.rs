//! Tax ids that are out in the open, right and wrong by their check digits.

use proptest::prelude::*;

use super::tax_id::{Validity, examine, is_nobody, normalise};

/// Public ids, one or more of each scheme that has a check digit.
#[rustfmt::skip]
const VALID: &[&str] = &[
    "7707083893", "7736050003", "500100732259", "940140000385", "941240000193",
    "200988541", "100582333", "27AAPFU0939F1ZV", "923609016", "NO923609016MVA",
    "974760673", "556012-5790", "501964843", "5260001246", "ATU13585627",
    "BE0428759497", "CZ25123891", "DE136695976", "DK13585628", "EE100931558",
    "EL094259216", "ESB58378431", "ES54362315K", "ESX2482300W", "ESJ99216582",
    "ESA28015865", "FI20774740", "FR40303265045", "FR23334175221", "HR33392005961",
    "HU12892312", "IT00743110157", "LU15027442", "MT11679112", "NL004495445B01",
    "NL123456789B13", "PL8567346215", "PT501964843", "SE556012579001", "SI50223054",
    "SK2022749619",
];

#[test]
fn public_ids_are_valid_and_a_changed_digit_is_noticed() {
    for id in VALID {
        let found = examine(id);
        assert_eq!(found.validity, Validity::Valid, "{id}: {found:?}");
        let digits = id.char_indices().filter(|(_, char)| char.is_ascii_digit());
        let noticed = digits.flat_map(|(at, char)| (1..10).map(move |more| (at, char, more))).any(
            |(at, char, more)| {
                let mut changed = (*id).to_owned();
                changed.replace_range(
                    at..=at,
                    &((char.to_digit(10).unwrap() + more) % 10).to_string(),
                );
                examine(&changed).validity == Validity::WrongCheckDigit
            },
        );
        assert!(noticed, "{id}");
    }
}

#[test]
fn wrong_check_digits_are_named_with_their_scheme() {
    for (id, kind) in [
        ("7707083894", "RU ИНН of a firm"),
        ("500100732258", "RU ИНН of a person"),
        ("DE136695975", "DE VAT"),
        ("FR41303265045", "FR VAT"),
        ("ITO0743110158", ""),
        ("IT00743110158", "IT VAT"),
        ("ESB58378432", "ES VAT"),
        ("PL5260001247", "PL VAT"),
        ("NL004495446B01", "NL VAT"),
        ("BE0428759498", "BE VAT"),
        ("ATU13585628", "AT VAT"),
        ("PT501964844", "PT VAT"),
        ("SE556012579101", "SE VAT"),
        ("DK13585629", "DK VAT"),
        ("FI20774741", "FI VAT"),
        ("EL094259217", "EL VAT"),
        ("CZ25123892", "CZ VAT"),
        ("27AAPFU0939F1ZW", "IN GSTIN"),
        ("NO923609017", "NO organisasjonsnummer"),
    ] {
        let found = examine(id);
        let expected =
            if kind.is_empty() { Validity::UnknownFormat } else { Validity::WrongCheckDigit };
        assert_eq!((found.kind.unwrap_or(""), found.validity), (kind, expected), "{id}");
    }
}

#[test]
fn shapes_without_a_check_digit_are_valid_by_shape() {
    for id in ["BG123456789", "CY12345678X", "IE1234567AB", "LT123456789012", "LV12345678901"] {
        assert_eq!(examine(id).validity, Validity::Valid, "{id}");
    }
    for id in ["BG12345678", "CY123456789", "IEABCDEFGH", "Vasya", "", "123", "DE13669597X"] {
        assert_eq!(examine(id).validity, Validity::UnknownFormat, "{id}");
    }
}

#[test]
fn a_zero_that_a_spreadsheet_took_is_put_back() {
    assert_eq!(examine("0274051582").validity, Validity::Valid);
    let lost = examine("274051582");
    assert_eq!(lost.validity, Validity::LostZero("0274051582".to_owned()));
    assert_eq!(lost.normalised, "274051582");
    // 12 digits: made by the rule for 02780100732 and its two check digits.
    let person = (0..100).map(|check| format!("0278010073{check:02}"));
    let person = person
        .filter(|id| examine(id).kind == Some("RU ИНН of a person"))
        .find(|id| examine(id).validity == Validity::Valid);
    let person = person.unwrap();
    assert_eq!(examine(&person[1..]).validity, Validity::LostZero(person));
}

#[test]
fn a_branch_is_cut_off() {
    for text in [
        "7701234567",
        "7701234567/770101001",
        "7701234567 / 7701AB001",
        "7701234567\\770101001",
        "7701234567 770101001",
        "ИНН 7701234567 КПП 770101001",
        "ИНН/КПП: 7701234567/770101001",
        "инн7701234567кпп770101001",
        "ИНН 7701234567, КПП ",
        "77-01 234567",
    ] {
        assert_eq!(normalise(text), "7701234567", "{text}");
    }
    assert_eq!(normalise("de 136.695.976"), "DE136695976");
    assert_eq!(normalise("7701234567/12"), "770123456712");
}

#[test]
fn numbers_for_nobody_are_known() {
    for id in ["", "0000000000", "999999990", "PT999999990"] {
        assert!(is_nobody(id), "{id}");
        assert_eq!(examine(id).validity, Validity::UnknownFormat, "{id}");
    }
    assert!(!is_nobody("7707083893"));
}

proptest! {
    #[test]
    fn normalising_twice_is_normalising_once(
        text in "(ИНН|инн|КПП|INN|VAT|[0-9A-Za-zА-Яё/ .-]|[0-9]{9,12}){0,6}",
        any in ".*",
    ) {
        for text in [text, any] {
            let once = normalise(&text);
            prop_assert_eq!(&normalise(&once), &once);
            let _ = examine(&text);
        }
    }

    #[test]
    fn an_id_of_any_shape_is_judged(id in "(AT|BE|CZ|DE|DK|EL|ES|FI|FR|IT|NL|PL|PT|SE|SI)?[0-9A-Z]{0,15}") {
        let _ = examine(&id);
    }
}
