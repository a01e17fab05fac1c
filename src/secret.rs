//! Secrets: values from the environment that must not be printed.
//!
//! Keeps true: no text that leaves through [`Redactor::clean`] holds a value that was read from
//! the environment.

use std::collections::BTreeSet;

/// Values shorter than this are not worth hiding: they would blot out ordinary words.
const MIN_SECRET_BYTES: usize = 4;

/// Knows every value that came from the environment and blots it out of what is printed.
#[derive(Default, Clone)]
pub struct Redactor {
    values: BTreeSet<String>,
}

impl Redactor {
    /// Remembers `value` as one that must not be printed.
    pub fn hide(&mut self, value: &str) {
        if value.len() >= MIN_SECRET_BYTES {
            self.values.insert(value.to_owned());
        }
    }

    /// `text` with every hidden value replaced by `***`.
    #[must_use]
    pub fn clean(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        let mut longest_first: Vec<&String> = self.values.iter().collect();
        longest_first.sort_by_key(|value| std::cmp::Reverse(value.len()));
        for value in longest_first {
            if clean.contains(value.as_str()) {
                clean = clean.replace(value.as_str(), "***");
            }
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
        assert!(!format!("{:?}", Secret::new("hunter2".to_owned())).contains("hunter2"));
    }
}
