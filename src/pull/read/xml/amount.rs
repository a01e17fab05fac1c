//! Exact decimals for the sums that a file is compared by.

use std::fmt;

/// Places kept.
const PLACES: u32 = 8;

const ONE: i128 = 10_i128.pow(PLACES);

/// The largest whole part: sums of many and products by a percentage still fit.
const MAX_WHOLE: i128 = 10_i128.pow(18);

/// A decimal with eight places.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Amount(i128);

impl Amount {
    /// A hundredth.
    pub(super) const CENT: Self = Self(ONE / 100);

    /// Reads `-1234.50`; `None` where it is no such number. Empty is nought.
    pub(super) fn of(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::default());
        }
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if !plain(whole) || !plain(fraction) || (whole.is_empty() && fraction.is_empty()) {
            return None;
        }
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let mut value = Some(whole).filter(|whole| *whole <= MAX_WHOLE)? * ONE;
        let mut unit = ONE;
        for digit in fraction.bytes().take(PLACES as usize) {
            unit /= 10;
            value += i128::from(digit - b'0') * unit;
        }
        Some(Self(if text.starts_with('-') { -value } else { value }))
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    pub(super) fn negative(self) -> Self {
        Self(self.0.saturating_neg())
    }

    pub(super) fn times(self, count: usize) -> Self {
        Self(self.0.saturating_mul(i128::try_from(count).unwrap_or(i128::MAX)))
    }

    /// Whether it is within `margin` of `other`.
    pub(super) fn is_near(self, other: Self, margin: Self) -> bool {
        self.0.abs_diff(other.0) <= margin.0.unsigned_abs()
    }

    /// With `percent` added, rounded to hundredths half away from nought.
    pub(super) fn with_percent(self, percent: Self) -> Option<Self> {
        let hundredths = self.0.checked_mul((100 * ONE).checked_add(percent.0)?)? / ONE;
        let rounded = (hundredths + ONE / 2 * hundredths.signum()) / ONE;
        Some(Self(rounded * (ONE / 100)))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (one, sign) = (ONE.unsigned_abs(), if self.0 < 0 { "-" } else { "" });
        let size = self.0.unsigned_abs();
        let fraction = format!("{:08}", size % one);
        let shown = fraction.trim_end_matches('0').len().max(2);
        write!(formatter, "{sign}{}.{}", size / one, &fraction[..shown])
    }
}

#[cfg(test)]
mod tests {
    use super::Amount;

    #[test]
    fn amounts_keep_their_digits() {
        for (text, shown) in [
            ("1200", "1200.00"),
            ("-0.5", "-0.50"),
            ("23.3938", "23.3938"),
            (".5", "0.50"),
            ("+7.", "7.00"),
            ("", "0.00"),
        ] {
            assert_eq!(Amount::of(text).unwrap().to_string(), shown, "{text}");
        }
        for text in ["-", ".", "1,5", "1 000", "1e3", "--1", "99999999999999999999"] {
            assert_eq!(Amount::of(text), None, "{text}");
        }
    }

    #[test]
    fn tax_is_added_and_rounded() {
        for (net, percent, gross) in [
            ("19.90", "6", "21.09"),
            ("-109.98", "6", "-116.58"),
            ("0.25", "10", "0.28"),
            ("-0.25", "10", "-0.28"),
            ("100", "0", "100.00"),
        ] {
            let (net, percent) = (Amount::of(net).unwrap(), Amount::of(percent).unwrap());
            assert_eq!(net.with_percent(percent).unwrap().to_string(), gross);
        }
    }
}
