//! Numbers of currencies, as accounts of banks have them → their codes.
//!
//! Source: ISO 4217, and 810, the rouble of before 1998, which accounts in roubles keep.

/// Numbers and codes of the currencies in which accounts are held.
#[rustfmt::skip]
const CODES: [(&str, &str); 45] = [
    ("036", "AUD"), ("051", "AMD"), ("124", "CAD"), ("156", "CNY"), ("203", "CZK"),
    ("208", "DKK"), ("344", "HKD"), ("348", "HUF"), ("356", "INR"), ("360", "IDR"),
    ("364", "IRR"), ("376", "ILS"), ("392", "JPY"), ("398", "KZT"), ("410", "KRW"),
    ("417", "KGS"), ("458", "MYR"), ("496", "MNT"), ("498", "MDL"), ("578", "NOK"),
    ("634", "QAR"), ("643", "RUB"), ("682", "SAR"), ("702", "SGD"), ("704", "VND"),
    ("710", "ZAR"), ("752", "SEK"), ("756", "CHF"), ("764", "THB"), ("784", "AED"),
    ("810", "RUB"), ("818", "EGP"), ("826", "GBP"), ("840", "USD"), ("860", "UZS"),
    ("933", "BYN"), ("934", "TMT"), ("941", "RSD"), ("944", "AZN"), ("946", "RON"),
    ("949", "TRY"), ("972", "TJS"), ("978", "EUR"), ("981", "GEL"), ("985", "PLN"),
];

/// The currency of a Russian account, which its digits 6 to 8 name: `None` where it has no 20
/// digits; else its code, or the digits where they name none that is known.
pub(super) fn of_account(account: &str) -> Option<Result<&'static str, &str>> {
    let whole = account.len() == 20 && account.bytes().all(|byte| byte.is_ascii_digit());
    let number = account.get(5..8).filter(|_| whole)?;
    let code = CODES.iter().find(|(known, _)| *known == number);
    Some(code.map(|(_, code)| *code).ok_or(number))
}

#[cfg(test)]
mod tests {
    use super::{CODES, of_account};

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
    fn numbers_are_sorted_and_stand_once() {
        assert!(CODES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
