//! A line of an SIE file → its label and fields.
//!
//! Keeps true: quotes are optional; `\"` is a quote; `{…}` is one field, whatever it holds.

/// Fields of one line that are read.
const MAX_FIELDS: usize = 64;

/// A field.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) text: String,
    /// Whether it stood in braces.
    pub(super) braces: bool,
}

/// The fields of `line`, which are separated by spaces or tabs.
pub(super) fn tokens(line: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() && tokens.len() < MAX_FIELDS {
        let (token, after) = match rest.chars().next() {
            Some('"') => quoted(&rest[1..]),
            Some('{') => braced(&rest[1..]),
            _ => {
                let end = rest.find([' ', '\t']).unwrap_or(rest.len());
                let (text, after) = rest.split_at(end);
                (Token { text: text.to_owned(), braces: false }, after)
            }
        };
        tokens.push(token);
        rest = after.trim_start();
    }
    tokens
}

/// The text up to the closing quote, and what follows it.
fn quoted(text: &str) -> (Token, &str) {
    let mut token = Token::default();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return (token, &text[at + 1..]),
            '\\' if text[at + 1..].starts_with(['"', '\\']) => {
                token.text.extend(chars.next().map(|(_, char)| char));
            }
            char => token.text.push(char),
        }
    }
    (token, "")
}

/// The text up to the closing brace, quotes in it taken off, and what follows it.
fn braced(text: &str) -> (Token, &str) {
    let mut quotes = false;
    let end = text.char_indices().find(|(_, char)| {
        quotes ^= *char == '"';
        *char == '}' && !quotes
    });
    let (inside, after) = match end {
        Some((end, _)) => (&text[..end], &text[end + 1..]),
        None => (text, ""),
    };
    (Token { text: inside.trim().replace('"', ""), braces: true }, after)
}

#[cfg(test)]
mod tests {
    use super::tokens;
    use proptest::prelude::*;

    fn texts(line: &str) -> Vec<String> {
        tokens(line).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn quotes_are_optional_and_may_be_escaped() {
        let line = "#TRANS\t1510 {1 \"N} ord\"} -80.00  \"\" \"Bo \\\"Bosse\\\" B\\C\"";
        assert_eq!(texts(line), ["#TRANS", "1510", "1 N} ord", "-80.00", "", "Bo \"Bosse\" B\\C"]);
    }

    #[test]
    fn a_field_that_never_ends_takes_the_line() {
        assert_eq!(texts("#KONTO 1510 \"Kund"), ["#KONTO", "1510", "Kund"]);
        assert_eq!(texts("#TRANS 1510 {1 2"), ["#TRANS", "1510", "1 2"]);
    }

    proptest! {
        #[test]
        fn any_bytes_of_a_line_have_fields(line in "[#a å\"\\\\{}\t]{0,40}") {
            prop_assert!(tokens(&line).len() <= 64);
        }
    }
}
