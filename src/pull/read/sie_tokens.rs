//! A line of an SIE file → its label and fields.
//!
//! Keeps true: quotes are optional; `\"` is a quote; `{…}` is one field, whatever it holds; a field
//! is copied only where it is written otherwise than it reads.

use std::borrow::Cow;

/// A field.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Token<'l> {
    pub(super) text: Cow<'l, str>,
    /// Whether it stood in braces.
    pub(super) braces: bool,
}

/// The fields of a line, which are separated by spaces or tabs.
#[derive(Debug, Clone)]
pub(super) struct Tokens<'l> {
    rest: &'l str,
}

impl<'l> Tokens<'l> {
    pub(super) fn new(line: &'l str) -> Self {
        Self { rest: line }
    }

    /// The text of the next field; empty after the last.
    pub(super) fn text(&mut self) -> Cow<'l, str> {
        self.next().unwrap_or_default().text
    }
}

impl<'l> Iterator for Tokens<'l> {
    type Item = Token<'l>;

    fn next(&mut self) -> Option<Token<'l>> {
        let rest = self.rest.trim_start();
        let (token, after) = match rest.as_bytes().first()? {
            b'"' => quoted(&rest[1..]),
            b'{' => braced(&rest[1..]),
            _ => {
                let (text, after) = rest.split_at(rest.find([' ', '\t']).unwrap_or(rest.len()));
                (Token { text: Cow::Borrowed(text), braces: false }, after)
            }
        };
        self.rest = after;
        Some(token)
    }
}

/// The text up to the closing quote, and what follows it.
fn quoted(text: &str) -> (Token<'_>, &str) {
    let mut escaped = false;
    let end = text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    let (inside, after) = match end {
        Some(end) => (&text[..end], &text[end + 1..]),
        None => (text, ""),
    };
    (Token { text: unescaped(inside), braces: false }, after)
}

/// The text with `\"` and `\\` as what they stand for.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let escapes = char == '\\' && matches!(chars.peek(), Some('"' | '\\'));
        plain.push(if escapes { chars.next().unwrap_or(char) } else { char });
    }
    Cow::Owned(plain)
}

/// The text up to the closing brace, quotes in it taken off, and what follows it.
fn braced(text: &str) -> (Token<'_>, &str) {
    let mut quotes = false;
    let end = text.bytes().position(|byte| {
        quotes ^= byte == b'"';
        byte == b'}' && !quotes
    });
    let (inside, after) = match end {
        Some(end) => (&text[..end], &text[end + 1..]),
        None => (text, ""),
    };
    let inside = inside.trim();
    let text = if inside.contains('"') {
        Cow::Owned(inside.replace('"', ""))
    } else {
        Cow::Borrowed(inside)
    };
    (Token { text, braces: true }, after)
}

#[cfg(test)]
mod tests {
    use super::Tokens;
    use proptest::prelude::*;

    fn texts(line: &str) -> Vec<String> {
        Tokens::new(line).map(|token| token.text.into_owned()).collect()
    }

    #[test]
    fn quotes_are_optional_and_may_be_escaped() {
        let line = "#TRANS\t1510 {1 \"N} ord\"} -80.00  \"\" \"Bo \\\"Bosse\\\" B\\C\"";
        assert_eq!(texts(line), ["#TRANS", "1510", "1 N} ord", "-80.00", "", "Bo \"Bosse\" B\\C"]);
        assert_eq!(texts(r#""C:\\" "å\\\"" x"#), [r"C:\", r#"å\""#, "x"]);
    }

    #[test]
    fn a_field_that_never_ends_takes_the_line() {
        assert_eq!(texts("#KONTO 1510 \"Kund"), ["#KONTO", "1510", "Kund"]);
        assert_eq!(texts("#TRANS 1510 {1 2"), ["#TRANS", "1510", "1 2"]);
    }

    proptest! {
        #[test]
        fn any_bytes_of_a_line_have_fields(line in "[#a å\"\\\\{}\t]{0,40}") {
            prop_assert!(texts(&line).len() <= 40);
        }
    }
}
