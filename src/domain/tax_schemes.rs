//! The numbering schemes of tax ids: shapes and check digits, as data.
//!
//! Sources: the check digits of EU VAT ids as the Commission gives them to who checks ids before
//! asking VIES ("VIES VAT number validation: algorithms", TAXUD), with the formats of its FAQ
//! (question 11); Russia: order of the Federal Tax Service ММВ-7-6/435@ of 29.06.2012; Norway:
//! Brønnøysundregistrene, "Organisasjonsnummeret"; Sweden: Skatteverket SKV 709; Portugal: Decreto-Lei
//! 14/2013; India: GSTN, format of GSTIN; Kazakhstan: government decree 853 of 22.12.2004 (БИН, ИИН);
//! Belarus: Ministry of Taxes, decree 96 of 31.12.2010 (УНП). Schemes without a `check` are held to
//! their shape alone.

/// A scheme of tax ids.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scheme {
    /// Country and name.
    pub(super) kind: &'static str,
    /// What the id begins with, before `shape`.
    pub(super) prefix: &'static str,
    /// `9` a digit, `a` a Latin letter, `x` either, all else itself.
    pub(super) shape: &'static str,
    /// Whether the check digit of an id of this shape, without its prefix, holds.
    pub(super) check: Option<Check>,
}

type Check = fn(&[u8]) -> bool;

const fn scheme(
    kind: &'static str,
    prefix: &'static str,
    shape: &'static str,
    check: Option<Check>,
) -> Scheme {
    Scheme { kind, prefix, shape, check }
}

/// Every scheme. Those without a prefix are ids as a country's own books write them.
#[rustfmt::skip]
pub(super) const SCHEMES: &[Scheme] = &[
    scheme("RU ИНН of a firm", "", "9999999999", Some(inn_10)),
    scheme("RU ИНН of a person", "", "999999999999", Some(inn_12)),
    scheme("KZ БИН or ИИН", "", "999999999999", Some(kazakh)),
    scheme("BY УНП", "", "999999999", Some(belarusian)),
    scheme("IN GSTIN", "", "99aaaaa9999axZx", Some(gstin)),
    scheme("NO organisasjonsnummer", "", "999999999", Some(norwegian)),
    scheme("NO organisasjonsnummer", "", "999999999MVA", Some(norwegian)),
    scheme("NO organisasjonsnummer", "NO", "999999999", Some(norwegian)),
    scheme("NO organisasjonsnummer", "NO", "999999999MVA", Some(norwegian)),
    scheme("SE organisationsnummer", "", "9999999999", Some(swedish_firm)),
    scheme("PT NIF", "", "999999999", Some(portuguese)),
    scheme("PL NIP", "", "9999999999", Some(polish)),
    scheme("AT VAT", "ATU", "99999999", Some(austrian)),
    scheme("BE VAT", "BE", "9999999999", Some(belgian)),
    scheme("BG VAT", "BG", "999999999", None),
    scheme("BG VAT", "BG", "9999999999", None),
    scheme("CY VAT", "CY", "99999999a", None),
    scheme("CZ VAT", "CZ", "99999999", Some(czech)),
    scheme("CZ VAT", "CZ", "999999999", None),
    scheme("CZ VAT", "CZ", "9999999999", None),
    scheme("DE VAT", "DE", "999999999", Some(iso_7064)),
    scheme("DK VAT", "DK", "99999999", Some(danish)),
    scheme("EE VAT", "EE", "999999999", Some(estonian)),
    scheme("EL VAT", "EL", "999999999", Some(greek)),
    scheme("EL VAT", "GR", "999999999", Some(greek)),
    scheme("ES VAT", "ES", "a9999999x", Some(spanish)),
    scheme("ES VAT", "ES", "99999999a", Some(spanish)),
    scheme("FI VAT", "FI", "99999999", Some(finnish)),
    scheme("FR VAT", "FR", "xx999999999", Some(french)),
    scheme("HR VAT", "HR", "99999999999", Some(iso_7064)),
    scheme("HU VAT", "HU", "99999999", Some(hungarian)),
    scheme("IE VAT", "IE", "9999999a", None),
    scheme("IE VAT", "IE", "9999999aa", None),
    scheme("IE VAT", "IE", "9a99999a", None),
    scheme("IT VAT", "IT", "99999999999", Some(luhn)),
    scheme("LT VAT", "LT", "999999999", None),
    scheme("LT VAT", "LT", "999999999999", None),
    scheme("LU VAT", "LU", "99999999", Some(luxembourgish)),
    scheme("LV VAT", "LV", "99999999999", None),
    scheme("MT VAT", "MT", "99999999", Some(maltese)),
    scheme("NL VAT", "NL", "999999999B99", Some(dutch)),
    scheme("PL VAT", "PL", "9999999999", Some(polish)),
    scheme("PT VAT", "PT", "999999999", Some(portuguese)),
    scheme("RO VAT", "RO", "99", None),
    scheme("RO VAT", "RO", "999", None),
    scheme("RO VAT", "RO", "9999", None),
    scheme("RO VAT", "RO", "99999", None),
    scheme("RO VAT", "RO", "999999", None),
    scheme("RO VAT", "RO", "9999999", None),
    scheme("RO VAT", "RO", "99999999", None),
    scheme("RO VAT", "RO", "999999999", None),
    scheme("RO VAT", "RO", "9999999999", None),
    scheme("SE VAT", "SE", "999999999901", Some(swedish)),
    scheme("SI VAT", "SI", "99999999", Some(slovenian)),
    scheme("SK VAT", "SK", "9999999999", Some(slovak)),
    scheme("XI VAT", "XI", "999999999", None),
    scheme("XI VAT", "XI", "999999999999", None),
    scheme("XI VAT", "XI", "GD999", None),
    scheme("XI VAT", "XI", "HA999", None),
];

/// The digit at `index`; the shape has seen to it that there is one.
fn digit(id: &[u8], index: usize) -> u32 {
    id.get(index).map_or(0, |byte| u32::from(byte.wrapping_sub(b'0')))
}

/// The sum of the first digits, each times its weight.
fn weighted(id: &[u8], weights: &[u32]) -> u32 {
    weights.iter().enumerate().map(|(index, weight)| weight * digit(id, index)).sum()
}

/// The number that the digits make.
fn number(digits: &[u8]) -> u64 {
    (0..digits.len()).fold(0, |number, index| number * 10 + u64::from(digit(digits, index)))
}

/// 11 − sum mod 11 with 11 as 0: what many schemes want the last digit to be; 10 is none.
fn to_eleven(sum: u32) -> u32 {
    (11 - sum % 11) % 11
}

/// A digit doubled, its own digits summed.
fn doubled(digit: u32) -> u32 {
    digit * 2 / 10 + digit * 2 % 10
}

/// Luhn (ISO/IEC 7812-1, annex B) over all digits.
fn luhn(id: &[u8]) -> bool {
    let sum: u32 = (0..id.len())
        .map(|from_end| {
            let digit = digit(id, id.len() - 1 - from_end);
            if from_end % 2 == 1 { doubled(digit) } else { digit }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// ISO/IEC 7064, MOD 11,10.
fn iso_7064(id: &[u8]) -> bool {
    let mut product = 10;
    for index in 0..id.len() - 1 {
        let sum = (digit(id, index) + product) % 10;
        product = 2 * if sum == 0 { 10 } else { sum } % 11;
    }
    (product + digit(id, id.len() - 1)) % 10 == 1
}

pub(super) fn inn_10(id: &[u8]) -> bool {
    weighted(id, &[2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10 == digit(id, 9)
}

pub(super) fn inn_12(id: &[u8]) -> bool {
    weighted(id, &[7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10 == digit(id, 10)
        && weighted(id, &[3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10 == digit(id, 11)
}

fn kazakh(id: &[u8]) -> bool {
    let first = weighted(id, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) % 11;
    let second = || weighted(id, &[3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]) % 11;
    digit(id, 11) == if first == 10 { second() } else { first }
}

fn belarusian(id: &[u8]) -> bool {
    weighted(id, &[29, 23, 19, 17, 13, 7, 5, 3]) % 11 == digit(id, 8)
}

/// Base 36, weights 1 and 2 in turn, the digits of each product summed.
fn gstin(id: &[u8]) -> bool {
    let value = |byte: u8| char::from(byte).to_digit(36).unwrap_or(0);
    let sum: u32 = id[..id.len() - 1]
        .iter()
        .zip([1, 2].iter().cycle())
        .map(|(byte, weight)| value(*byte) * weight)
        .map(|product| product / 36 + product % 36)
        .sum();
    (36 - sum % 36) % 36 == value(id[id.len() - 1])
}

fn norwegian(id: &[u8]) -> bool {
    matches!(id[0], b'8' | b'9')
        && to_eleven(weighted(id, &[3, 2, 7, 6, 5, 4, 3, 2])) == digit(id, 8)
}

/// Of a legal person: its third digit is 2 or more, where a person has the month.
fn swedish_firm(id: &[u8]) -> bool {
    digit(id, 2) >= 2 && luhn(id)
}

fn swedish(id: &[u8]) -> bool {
    luhn(&id[..10])
}

fn portuguese(id: &[u8]) -> bool {
    to_eleven(weighted(id, &[9, 8, 7, 6, 5, 4, 3, 2])) % 10 == digit(id, 8)
}

fn polish(id: &[u8]) -> bool {
    weighted(id, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == digit(id, 9)
}

fn austrian(id: &[u8]) -> bool {
    let sum: u32 = (0..7)
        .map(|index| if index % 2 == 1 { doubled(digit(id, index)) } else { digit(id, index) })
        .sum();
    (10 - (sum + 4) % 10) % 10 == digit(id, 7)
}

fn belgian(id: &[u8]) -> bool {
    matches!(id[0], b'0' | b'1') && 97 - number(&id[..8]) % 97 == number(&id[8..])
}

/// Of a legal person, 8 digits; those of 9 and 10 are of persons.
fn czech(id: &[u8]) -> bool {
    let check = match to_eleven(weighted(id, &[8, 7, 6, 5, 4, 3, 2])) {
        0 => 1,
        check => check % 10,
    };
    id[0] != b'9' && check == digit(id, 7)
}

fn danish(id: &[u8]) -> bool {
    id[0] != b'0' && weighted(id, &[2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
}

fn estonian(id: &[u8]) -> bool {
    weighted(id, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10)
}

fn greek(id: &[u8]) -> bool {
    weighted(id, &[256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10 == digit(id, 8)
}

/// NIF of persons (modulo 23) and of legal persons (the former CIF).
fn spanish(id: &[u8]) -> bool {
    let last = id[8];
    let letter = |number: u64| {
        b"TRWAGMYFPDXBNJZSQVHLCKE".get(usize::try_from(number % 23).unwrap_or(0)) == Some(&last)
    };
    match id[0] {
        b'0'..=b'9' => letter(number(&id[..8])),
        b'K' | b'L' | b'M' | b'X' => letter(number(&id[1..8])),
        b'Y' => letter(10_000_000 + number(&id[1..8])),
        b'Z' => letter(20_000_000 + number(&id[1..8])),
        first => {
            let sum: u32 = (1..8)
                .map(
                    |index| {
                        if index % 2 == 1 { doubled(digit(id, index)) } else { digit(id, index) }
                    },
                )
                .sum();
            let check = (10 - sum % 10) % 10;
            let as_digit = last.is_ascii_digit() && check == digit(id, 8);
            let as_letter = b"JABCDEFGHI".get(check as usize) == Some(&last);
            match first {
                b'A' | b'B' | b'E' | b'H' => as_digit,
                b'N' | b'P' | b'Q' | b'R' | b'S' | b'W' => as_letter,
                b'C' | b'D' | b'F' | b'G' | b'J' | b'U' | b'V' => as_digit || as_letter,
                _ => false,
            }
        }
    }
}

fn finnish(id: &[u8]) -> bool {
    to_eleven(weighted(id, &[7, 9, 10, 5, 8, 4, 2])) == digit(id, 7)
}

/// The SIREN by Luhn (Monaco's, which begin with 000, have none), and the key before it where it is
/// of digits.
fn french(id: &[u8]) -> bool {
    let siren = &id[2..];
    let key = id[..2].iter().all(u8::is_ascii_digit);
    (siren.starts_with(b"000") || luhn(siren))
        && (!key || (number(siren) * 100 + 12) % 97 == number(&id[..2]))
}

fn hungarian(id: &[u8]) -> bool {
    weighted(id, &[9, 7, 3, 1, 9, 7, 3, 1]).is_multiple_of(10)
}

fn luxembourgish(id: &[u8]) -> bool {
    number(&id[..6]) % 89 == number(&id[6..])
}

fn maltese(id: &[u8]) -> bool {
    (weighted(id, &[3, 4, 6, 7, 8, 9]) + digit(id, 6) * 10 + digit(id, 7)).is_multiple_of(37)
}

/// The number of a legal person modulo 11, or, as sole traders have it since 2020, the whole id
/// modulo 97 with its letters as numbers from A = 10.
fn dutch(id: &[u8]) -> bool {
    let eleven = weighted(id, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11 == digit(id, 8);
    let whole = b"NL".iter().chain(id).fold(0, |sum: u64, byte| {
        let value = u64::from(char::from(*byte).to_digit(36).unwrap_or(0));
        (if value < 10 { sum * 10 } else { sum * 100 } + value) % 97
    });
    eleven || whole == 1
}

fn slovenian(id: &[u8]) -> bool {
    let check = 11 - weighted(id, &[8, 7, 6, 5, 4, 3, 2]) % 11;
    id[0] != b'0' && check != 11 && check % 10 == digit(id, 7)
}

fn slovak(id: &[u8]) -> bool {
    number(id).is_multiple_of(11)
}
