//! Secrets: values from the environment that must not be printed.
//!
//! Keeps true: no text that leaves through [`Redactor::clean`] holds a value that was read from
//! the environment.

use std::collections::BTreeSet;

/// Values shorter than this are not worth hiding: they would blot out ordinary words.
const MIN_SECRET_BYTES: usize = 4;

/// Values from this length on are hidden wherever they stand.
const SURE_SECRET_BYTES: usize = 8;

/// What the names of those parameters of a URL hold whose values are secret.
const SECRET_PARAMETERS: &[&str] =
    &["sig", "token", "key", "password", "passwd", "pwd", "secret", "credential", "auth"];

/// Digits of bytes in URLs.
const DIGITS: [char; 16] =
    ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];

/// `value` as a URL writes it: all but letters, digits, `-._~` and `plain` as `%` and two digits.
fn escaped(value: &str, plain: &[u8]) -> String {
    let mut text = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || plain.contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.extend(['%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
    }
    text
}

/// Knows every value that came from the environment and blots it out of what is printed.
#[derive(Default, Clone)]
pub struct Redactor {
    values: BTreeSet<String>,
}

impl Redactor {
    /// Remembers `value` as one that must not be printed, as it is or as URLs write it.
    pub fn hide(&mut self, value: &str) {
        if value.len() >= MIN_SECRET_BYTES {
            self.values.insert(value.to_owned());
            self.values.insert(escaped(value, b""));
            self.values.insert(escaped(value, b"/:@!$&'()*+,;="));
        }
    }

    /// Remembers what of `url` must not be printed: a password, a signature, a token.
    pub fn hide_in_url(&mut self, url: &str) {
        let Some((_, rest)) = url.split_once("://") else { return };
        let (authority, query) = (rest.split(['/', '?']).next(), rest.split_once('?'));
        if let Some((user, _)) = authority.and_then(|authority| authority.rsplit_once('@')) {
            // Who stands alone is let in by being known.
            let password = user.split_once(':').map_or(user, |(_, password)| password);
            // A short one would blot out ordinary words, but not as it stands here.
            if password.len() < MIN_SECRET_BYTES {
                self.hide(&format!(":{password}@"));
            }
            self.hide(password);
        }
        for (name, value) in query
            .iter()
            .flat_map(|(_, query)| query.split('&'))
            .filter_map(|pair| pair.split_once('='))
        {
            let name = name.to_ascii_lowercase();
            if SECRET_PARAMETERS.iter().any(|word| name.contains(word)) {
                self.hide(value.split('#').next().unwrap_or(value));
            }
        }
    }

    /// `text` with every hidden value replaced by `***`; a short one, which may be an ordinary word,
    /// only where it does not stand within another.
    #[must_use]
    pub fn clean(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        let mut longest_first: Vec<&String> = self.values.iter().collect();
        longest_first.sort_by_key(|value| std::cmp::Reverse(value.len()));
        for value in longest_first {
            if !clean.contains(value.as_str()) {
                continue;
            }
            if value.len() >= SURE_SECRET_BYTES {
                clean = clean.replace(value.as_str(), "***");
                continue;
            }
            let (mut cleaned, mut rest) = (String::new(), clean.as_str());
            while let Some((before, after)) = rest.split_once(value.as_str()) {
                cleaned.push_str(before);
                let within = cleaned.ends_with(char::is_alphanumeric)
                    || after.starts_with(char::is_alphanumeric);
                cleaned.push_str(if within { value } else { "***" });
                rest = after;
            }
            clean = cleaned + rest;
        }
        clean
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Redactor({} values)", self.values.len())
    }
}

/// A text that does not print: a key, a token, a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text`.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for whoever must send it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::{Redactor, Secret};

    #[test]
    fn a_secret_does_not_print() {
        let mut redactor = Redactor::default();
        redactor.hide("hunter2-long");
        redactor.hide("hunter2");
        assert_eq!(redactor.clean("url with hunter2-long in it"), "url with *** in it");
        assert!(!format!("{redactor:?}").contains("hunter2"));
        redactor.hide("test");
        let told = redactor.clean("table backtest in pub_test/x, tests, \"test\" test");
        assert_eq!(told, "table backtest in pub_***/x, tests, \"***\" ***");
        assert!(!format!("{:?}", Secret::new("hunter2".to_owned())).contains("hunter2"));
    }
}
