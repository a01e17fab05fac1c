//! The text of elements and attributes: references resolved, white space tidied.

use std::borrow::Cow;

/// Appends what `&name;` stands for and says whether it stands for anything; a character that
/// XML forbids is dropped.
pub(super) fn entity(name: &str, into: &mut String) -> bool {
    if let Some(code) = name.strip_prefix('#') {
        let code = match code.strip_prefix(['x', 'X']) {
            Some(code) => u32::from_str_radix(code, 16),
            None => code.parse(),
        };
        let Ok(code) = code else { return false };
        into.extend(char::from_u32(code));
        return true;
    }
    into.push(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return false,
    });
    true
}

/// Appends `raw` with its references resolved; the name of one that stands for nothing is the
/// error. A lone `&` is itself.
pub(super) fn resolve(raw: &str, into: &mut String) -> Result<(), String> {
    let mut pieces = raw.split('&');
    into.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        match piece.split_once(';') {
            Some((name, rest)) if !name.is_empty() && !name.contains([' ', '<']) => {
                if !entity(name, into) {
                    return Err(name.to_owned());
                }
                into.push_str(rest);
            }
            _ => {
                into.push('&');
                into.push_str(piece);
            }
        }
    }
    Ok(())
}

/// `text` on one line, without control characters or white space around it.
pub(super) fn tidy(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut tidy = String::with_capacity(text.len());
    for (index, line) in
        text.split(['\n', '\r', '\t']).filter(|line| !line.trim().is_empty()).enumerate()
    {
        if index > 0 {
            tidy.push(' ');
        }
        tidy.extend(line.trim().chars().filter(|character| !character.is_control()));
    }
    Cow::Owned(tidy.trim().to_owned())
}

/// `20250308` as `2025-03-08`, and a day with a zone (`2025-03-08Z`, `2025-03-08+01:00`) as the day
/// written; any other text as it is.
pub(super) fn iso_date(text: &str) -> String {
    if let Some((day, zone)) = text.split_at_checked(10)
        && is_zone(zone)
    {
        return day.to_owned();
    }
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]);
    }
    text.to_owned()
}

fn is_zone(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes {
        b"Z" => true,
        [b'+' | b'-', hours @ .., b':', tens, ones] => {
            let digits = hours.iter().chain([tens, ones]);
            hours.len() == 2 && digits.into_iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{iso_date, resolve, tidy};

    #[test]
    fn references_are_resolved_and_control_characters_dropped() {
        let mut text = String::new();
        resolve("A &amp; B &#8364;&#x41;&#4; AT&T &", &mut text).unwrap();
        assert_eq!(tidy(&text), "A & B €A AT&T &");
        assert_eq!(resolve("&bomb;", &mut text), Err("bomb".to_owned()));
        assert_eq!(tidy(" one\n\t  two  words\u{5} "), "one two  words");
        for (text, date) in [
            ("20250308", "2025-03-08"),
            ("2025-03-08", "2025-03-08"),
            ("2025-03-08Z", "2025-03-08"),
            ("2025-03-08+01:00", "2025-03-08"),
            ("2025-03-08-11:30", "2025-03-08"),
            ("2025-03-08+1", "2025-03-08+1"),
            ("8 Mar", "8 Mar"),
        ] {
            assert_eq!(iso_date(text), date);
        }
    }
}
