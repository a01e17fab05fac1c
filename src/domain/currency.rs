//! Currencies as people and banks write them → their codes.
//!
//! Source: ISO 4217, list one of 2025 with those withdrawn since 2020; 810 is the rouble of before
//! 1998, which accounts in roubles keep.

/// Codes and numbers.
#[rustfmt::skip]
const CODES: [(&str, &str); 162] = [
    ("AED", "784"), ("AFN", "971"), ("ALL", "008"), ("AMD", "051"), ("ANG", "532"), ("AOA", "973"),
    ("ARS", "032"), ("AUD", "036"), ("AWG", "533"), ("AZN", "944"), ("BAM", "977"), ("BBD", "052"),
    ("BDT", "050"), ("BGN", "975"), ("BHD", "048"), ("BIF", "108"), ("BMD", "060"), ("BND", "096"),
    ("BOB", "068"), ("BRL", "986"), ("BSD", "044"), ("BTN", "064"), ("BWP", "072"), ("BYN", "933"),
    ("BZD", "084"), ("CAD", "124"), ("CDF", "976"), ("CHF", "756"), ("CLF", "990"), ("CLP", "152"),
    ("CNY", "156"), ("COP", "170"), ("CRC", "188"), ("CUP", "192"), ("CVE", "132"), ("CZK", "203"),
    ("DJF", "262"), ("DKK", "208"), ("DOP", "214"), ("DZD", "012"), ("EGP", "818"), ("ERN", "232"),
    ("ETB", "230"), ("EUR", "978"), ("FJD", "242"), ("FKP", "238"), ("GBP", "826"), ("GEL", "981"),
    ("GHS", "936"), ("GIP", "292"), ("GMD", "270"), ("GNF", "324"), ("GTQ", "320"), ("GYD", "328"),
    ("HKD", "344"), ("HNL", "340"), ("HRK", "191"), ("HTG", "332"), ("HUF", "348"), ("IDR", "360"),
    ("ILS", "376"), ("INR", "356"), ("IQD", "368"), ("IRR", "364"), ("ISK", "352"), ("JMD", "388"),
    ("JOD", "400"), ("JPY", "392"), ("KES", "404"), ("KGS", "417"), ("KHR", "116"), ("KMF", "174"),
    ("KPW", "408"), ("KRW", "410"), ("KWD", "414"), ("KYD", "136"), ("KZT", "398"), ("LAK", "418"),
    ("LBP", "422"), ("LKR", "144"), ("LRD", "430"), ("LSL", "426"), ("LYD", "434"), ("MAD", "504"),
    ("MDL", "498"), ("MGA", "969"), ("MKD", "807"), ("MMK", "104"), ("MNT", "496"), ("MOP", "446"),
    ("MRU", "929"), ("MUR", "480"), ("MVR", "462"), ("MWK", "454"), ("MXN", "484"), ("MYR", "458"),
    ("MZN", "943"), ("NAD", "516"), ("NGN", "566"), ("NIO", "558"), ("NOK", "578"), ("NPR", "524"),
    ("NZD", "554"), ("OMR", "512"), ("PAB", "590"), ("PEN", "604"), ("PGK", "598"), ("PHP", "608"),
    ("PKR", "586"), ("PLN", "985"), ("PYG", "600"), ("QAR", "634"), ("RON", "946"), ("RSD", "941"),
    ("RUB", "643"), ("RWF", "646"), ("SAR", "682"), ("SBD", "090"), ("SCR", "690"), ("SDG", "938"),
    ("SEK", "752"), ("SGD", "702"), ("SHP", "654"), ("SLE", "925"), ("SLL", "694"), ("SOS", "706"),
    ("SRD", "968"), ("SSP", "728"), ("STN", "930"), ("SVC", "222"), ("SYP", "760"), ("SZL", "748"),
    ("THB", "764"), ("TJS", "972"), ("TMT", "934"), ("TND", "788"), ("TOP", "776"), ("TRY", "949"),
    ("TTD", "780"), ("TWD", "901"), ("TZS", "834"), ("UAH", "980"), ("UGX", "800"), ("USD", "840"),
    ("UYU", "858"), ("UZS", "860"), ("VED", "926"), ("VES", "928"), ("VND", "704"), ("VUV", "548"),
    ("WST", "882"), ("XAF", "950"), ("XCD", "951"), ("XCG", "532"), ("XDR", "960"), ("XOF", "952"),
    ("XPF", "953"), ("YER", "886"), ("ZAR", "710"), ("ZMW", "967"), ("ZWG", "924"), ("ZWL", "932"),
];

/// What else they are called, in lower case without a full stop behind. A sign that several
/// countries have, as $ and kr, is none.
const WORDS: [(&str, &str); 32] = [
    ("руб", "RUB"),
    ("рубль", "RUB"),
    ("рубли", "RUB"),
    ("рублей", "RUB"),
    ("российский рубль", "RUB"),
    ("р", "RUB"),
    ("₽", "RUB"),
    ("rur", "RUB"),
    ("810", "RUB"),
    ("грн", "UAH"),
    ("гривна", "UAH"),
    ("₴", "UAH"),
    ("тенге", "KZT"),
    ("тг", "KZT"),
    ("₸", "KZT"),
    ("бел. руб", "BYN"),
    ("бел.руб", "BYN"),
    ("белорусский рубль", "BYN"),
    ("евро", "EUR"),
    ("euro", "EUR"),
    ("€", "EUR"),
    ("доллар сша", "USD"),
    ("долл. сша", "USD"),
    ("us$", "USD"),
    ("£", "GBP"),
    ("юань", "CNY"),
    ("rmb", "CNY"),
    ("zł", "PLN"),
    ("kč", "CZK"),
    ("₹", "INR"),
    ("₺", "TRY"),
    ("tl", "TRY"),
];

/// The code of the currency that `text` names: by its code in any case, its number, or a word for
/// it; `None` where it names none.
#[must_use]
pub fn code(text: &str) -> Option<&'static str> {
    let word = text.trim();
    if let [first, second, third] = word.as_bytes() {
        let upper = [*first, *second, *third].map(|byte| byte.to_ascii_uppercase());
        let by_code = CODES.binary_search_by(|(code, _)| code.as_bytes().cmp(&upper)).ok();
        let by_number = || CODES.iter().position(|(_, number)| *number == word);
        if let Some(at) = by_code.or_else(by_number) {
            return Some(CODES[at].0);
        }
    }
    let lower = word.trim_end_matches('.').to_lowercase();
    WORDS.iter().find(|(known, _)| *known == lower).map(|(_, code)| *code)
}

/// The currency of a Russian account, which its digits 6 to 8 name: `None` where it has no 20
/// digits; else its code, or the digits where they name none.
#[must_use]
pub fn of_account(account: &str) -> Option<Result<&'static str, &str>> {
    let whole = account.len() == 20 && account.bytes().all(|byte| byte.is_ascii_digit());
    let number = account.get(5..8).filter(|_| whole)?;
    Some(code(number).ok_or(number))
}

#[cfg(test)]
mod tests {
    use super::{CODES, WORDS, code, of_account};

    #[test]
    fn a_currency_is_known_by_code_number_and_word() {
        for (text, expected) in [
            ("usd", Some("USD")),
            (" Eur ", Some("EUR")),
            ("руб.", Some("RUB")),
            ("РУБ", Some("RUB")),
            ("RUR", Some("RUB")),
            ("643", Some("RUB")),
            ("810", Some("RUB")),
            ("€", Some("EUR")),
            ("$", None),
            ("USDT", None),
            ("", None),
        ] {
            assert_eq!(code(text), expected, "{text}");
        }
    }

    #[test]
    fn an_account_names_its_currency() {
        assert_eq!(of_account("40702810000000000001"), Some(Ok("RUB")));
        assert_eq!(of_account("40702643000000000001"), Some(Ok("RUB")));
        assert_eq!(of_account("40702978000000000001"), Some(Ok("EUR")));
        assert_eq!(of_account("40702999000000000001"), Some(Err("999")));
        assert_eq!(of_account("4070281000000000000"), None);
        assert_eq!(of_account("KZ702810000000000001"), None);
        assert_eq!(of_account("4070281000000000000ё"), None);
    }

    #[test]
    fn codes_are_sorted_and_words_name_codes() {
        assert!(CODES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(WORDS.iter().all(|(_, code)| CODES.iter().any(|(known, _)| known == code)));
    }
}
