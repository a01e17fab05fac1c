//! What a client's purchases up to each purchase tell of his own rhythm.
//!
//! Keeps true: the row of a purchase depends on that purchase and earlier ones alone, except
//! `next`. One pass over sorted days, a moving window, no allocation but the gaps of the window.

use super::{Day, calendar::add_months};

/// How the cycle of a client is taken from his own purchases in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Days from the first to the last of them ÷ (their number − 1).
    MeanGap,
    /// The median of the gaps.
    MedianGap,
    /// A quantile of the gaps in parts per million, linear interpolation.
    Quantile(u32),
    /// Months of the window × 30 (days since the first purchase + 1 if fewer) ÷ purchases in it.
    WindowRate,
    /// (Sum of all gaps + 2 × company cycle) ÷ (gaps + 2): SQL finishes it, since it needs the
    /// company's cycle; the history gives the sums.
    Shrunk,
}

/// The settings of `domain.cycle` that the history depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rules {
    /// How the cycle is taken.
    pub method: Method,
    /// Purchases so far from which a client has a cycle of his own.
    pub min_purchases: u32,
    /// Length of the window in months.
    pub window_months: u32,
}

/// One purchase and what was known of the client's rhythm at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purchase {
    /// The day.
    pub day: Day,
    /// The day of the next purchase.
    pub next: Option<Day>,
    /// The client's first purchase.
    pub first: Day,
    /// Purchases so far, this one included.
    pub number: u32,
    /// The client's own cycle as a fraction of days: numerator, denominator.
    pub cycle: Option<(i64, i64)>,
}

/// Calls `each` for every purchase. `days` are ascending and distinct.
pub fn history(days: &[Day], rules: Rules, mut each: impl FnMut(Purchase)) {
    let mut window_start = 0;
    let mut gaps: Vec<i64> = Vec::new();
    for (index, &day) in days.iter().enumerate() {
        let after = add_months(day, -i32::try_from(rules.window_months).unwrap_or(i32::MAX));
        while days[window_start] <= after {
            window_start += 1;
        }
        each(Purchase {
            day,
            next: days.get(index + 1).copied(),
            first: days[0],
            number: u32::try_from(index + 1).unwrap_or(u32::MAX),
            cycle: own_cycle(&days[..=index], window_start, rules, &mut gaps),
        });
    }
}

/// The cycle of who bought on `days`, those from `window_start` on lying in the window.
fn own_cycle(
    days: &[Day],
    window_start: usize,
    rules: Rules,
    gaps: &mut Vec<i64>,
) -> Option<(i64, i64)> {
    let min = (rules.min_purchases as usize).max(2);
    if days.len() < min || rules.method == Method::Shrunk {
        return None;
    }
    let considered = &days[window_start.min(days.len() - min)..];
    let (first, last) = (i64::from(considered[0]), i64::from(considered[considered.len() - 1]));
    let count = i64::try_from(considered.len()).unwrap_or(i64::MAX);
    match rules.method {
        Method::MeanGap => Some((last - first, count - 1)),
        Method::WindowRate => {
            let known = last - i64::from(days[0]) + 1;
            let in_window = i64::try_from(days.len() - window_start).unwrap_or(i64::MAX);
            Some(((i64::from(rules.window_months) * 30).min(known), in_window))
        }
        Method::MedianGap => {
            sorted_gaps(considered, gaps);
            let middle = gaps.len() / 2;
            Some(match gaps.len() % 2 {
                1 => (gaps[middle], 1),
                _ => (gaps[middle - 1] + gaps[middle], 2),
            })
        }
        Method::Quantile(millionths) => {
            sorted_gaps(considered, gaps);
            let position = i64::from(millionths) * (count - 2);
            let (below, part) = (position / 1_000_000, position % 1_000_000);
            let below = usize::try_from(below).unwrap_or(0).min(gaps.len() - 1);
            let above = gaps[(below + 1).min(gaps.len() - 1)];
            Some((gaps[below] * 1_000_000 + (above - gaps[below]) * part, 1_000_000))
        }
        Method::Shrunk => None,
    }
}

fn sorted_gaps(days: &[Day], gaps: &mut Vec<i64>) {
    gaps.clear();
    gaps.extend(days.windows(2).map(|pair| i64::from(pair[1]) - i64::from(pair[0])));
    gaps.sort_unstable();
}

/// `numerator ÷ denominator` in units of 10⁻⁴, rounded half up: how a cycle is kept.
#[must_use]
pub fn round_4(numerator: i64, denominator: i64) -> i64 {
    let (numerator, denominator) = (i128::from(numerator), i128::from(denominator));
    i64::try_from((2 * numerator * 10_000 + denominator).div_euclid(2 * denominator))
        .unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Method, Rules, history, round_4};
    use crate::domain::calendar::to_day;
    use chrono::NaiveDate;

    fn last_cycle(days: &[i32], method: Method, window_months: u32) -> Option<i64> {
        let mut last = None;
        let rules = Rules { method, min_purchases: 3, window_months };
        history(days, rules, |purchase| last = purchase.cycle);
        last.map(|(numerator, denominator)| round_4(numerator, denominator))
    }

    #[test]
    fn six_purchases_thirty_days_apart_give_thirty_days() {
        let days: Vec<i32> = (0..6).map(|step| 20_000 + 30 * step).collect();
        assert_eq!(last_cycle(&days, Method::MeanGap, 12), Some(300_000));
        assert_eq!(last_cycle(&days, Method::MedianGap, 12), Some(300_000));
        assert_eq!(last_cycle(&days, Method::Quantile(750_000), 12), Some(300_000));
    }

    #[test]
    fn window_rate_with_six_months_is_180_over_6() {
        // Known for longer than the window, six purchases within it.
        let mut days = vec![19_500];
        days.extend((0..6).map(|step| 20_000 + 30 * step));
        assert_eq!(last_cycle(&days, Method::WindowRate, 6), Some(300_000));
        // Known for fewer days than the window has.
        assert_eq!(last_cycle(&days[1..], Method::WindowRate, 6), Some(251_667));
    }

    #[test]
    fn who_buys_each_half_year_is_judged_by_it_from_the_third_purchase_on() {
        let days: Vec<i32> = ["2023-03-01", "2023-09-01", "2024-03-01", "2024-09-01", "2025-03-01"]
            .iter()
            .map(|date| to_day(date.parse::<NaiveDate>().unwrap()))
            .collect();
        assert_eq!(last_cycle(&days[..2], Method::MeanGap, 12), None);
        for until in 3..=days.len() {
            let cycle = last_cycle(&days[..until], Method::MeanGap, 12).unwrap();
            assert!((1_810_000..=1_840_000).contains(&cycle), "{until} purchases: {cycle}");
        }
    }

    #[test]
    fn a_quantile_lies_between_two_gaps() {
        let days = [0, 10, 30, 60, 100];
        assert_eq!(last_cycle(&days, Method::Quantile(750_000), 12), Some(325_000));
        assert_eq!(last_cycle(&days, Method::MedianGap, 12), Some(250_000));
    }

    #[test]
    fn halves_are_rounded_up() {
        assert_eq!(round_4(1, 20_000), 1);
        assert_eq!(round_4(61, 3), 203_333);
        assert_eq!(round_4(122, 3), 406_667);
    }
}
