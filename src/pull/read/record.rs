//! What readers of fixed formats share: rows of named fields, and exact sums of their amounts.

use std::convert::Infallible;

use crate::pull::value::Rows;

/// Rows given at a time.
const BATCH_ROWS: usize = 1024;

/// Their text, beyond which no row is added.
const BATCH_BYTES: usize = 1 << 22;

/// Texts that stand at the beginning of a file, cut for a message.
const SHOWN_BYTES: usize = 40;

impl Rows {
    /// Whether they are enough to be given.
    pub(super) fn is_full(&self) -> bool {
        self.complete >= BATCH_ROWS || self.text.len() >= BATCH_BYTES
    }

    /// Adds a complete row of `fields`, numbered `row`.
    pub(super) fn add_record(&mut self, row: u64, fields: &[&str]) {
        let Ok(()) = self.add(row, fields.len(), |field, text| {
            text.push_str(fields[field]);
            Ok::<(), Infallible>(())
        });
    }
}

/// The names as a reader gives its columns.
pub(super) fn columns(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The beginning of `bytes` for a message.
pub(super) fn shown(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes[..bytes.len().min(SHOWN_BYTES)].escape_ascii())
}

/// An amount with up to two decimals, in hundredths; `None` where it is none.
pub(super) fn hundredths(text: &str) -> Option<i128> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 28 || fraction.len() > 2 {
        return None;
    }
    if !plain(whole) || !plain(fraction) {
        return None;
    }
    let digits = whole.bytes().chain(fraction.bytes()).chain([b'0', b'0']);
    let digits = digits.take(whole.len() + 2).map(|digit| i128::from(digit - b'0'));
    let sum = digits.fold(0, |sum, digit| sum * 10 + digit);
    Some(if negative { -sum } else { sum })
}

/// An amount in hundredths as text with two decimals.
pub(super) fn money(sum: i128) -> String {
    let sign = if sum < 0 { "-" } else { "" };
    let sum = sum.unsigned_abs();
    format!("{sign}{}.{:02}", sum / 100, sum % 100)
}

#[cfg(test)]
#[path = "record_tests.rs"]
pub(super) mod tests;
