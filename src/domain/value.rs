//! The annual value of a client on given days.
//!
//! Keeps true: 52 whole weeks up to the last purchase, less what was sent back since; below 0 it
//! counts as 0.

use super::Day;

/// A client's annual value on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Valued {
    /// The day asked for.
    pub day: Day,
    /// The last purchase on or before it.
    pub last_purchase: Day,
    /// Net purchases dated from `last_purchase` − 363 days to `day`, in hundredths, not below 0.
    pub annual_value: i128,
}

/// Calls `each` for every asked day that has a purchase on or before it.
///
/// All days ascend; `moves` are days and their net amounts in hundredths, one for each, `purchases`
/// the days of purchases, `asked` the days to value.
pub fn annual_values(
    (moved_on, amounts): (&[Day], &[i128]),
    purchases: &[Day],
    asked: &[Day],
    mut each: impl FnMut(Valued),
) {
    let (mut from, mut until, mut bought) = (0, 0, 0);
    let mut sum: i128 = 0;
    for &day in asked {
        while purchases.get(bought).is_some_and(|purchase| *purchase <= day) {
            bought += 1;
        }
        let Some(&last_purchase) = bought.checked_sub(1).and_then(|index| purchases.get(index))
        else {
            continue;
        };
        while moved_on.get(until).is_some_and(|moved| *moved <= day) {
            sum += amounts[until];
            until += 1;
        }
        while from < until && moved_on[from] < last_purchase - 363 {
            sum -= amounts[from];
            from += 1;
        }
        each(Valued { day, last_purchase, annual_value: sum.max(0) });
    }
}

/// What `moves`, ascending days and their net amounts, come to on the days from `first` to `last`;
/// `None` where there are none.
#[must_use]
pub fn moved((moved_on, amounts): (&[Day], &[i128]), first: Day, last: Day) -> Option<i128> {
    let from = moved_on.partition_point(|moved| *moved < first);
    let until = moved_on.partition_point(|moved| *moved <= last);
    amounts.get(from..until).filter(|amounts| !amounts.is_empty()).map(|it| it.iter().sum())
}

/// A share of all value, as parts of a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Share {
    /// Parts.
    pub parts: i128,
    /// Of so many.
    pub of: i128,
}

/// The place of the last of `values`, descending and not below 0, that is worth something and
/// before which those above it sum to less than `share` of all.
#[must_use]
pub fn last_within(values: impl Iterator<Item = i128> + Clone, share: Share) -> Option<usize> {
    let total: i128 = values.clone().sum();
    let mut before: i128 = 0;
    let within = values.take_while(|value| {
        let within = *value > 0 && before * share.of < total * share.parts;
        before += value;
        within
    });
    within.count().checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::{Share, annual_values, last_within};

    #[test]
    fn a_class_ends_with_who_begins_below_its_share() {
        let last =
            |values: &[i128], parts| last_within(values.iter().copied(), Share { parts, of: 100 });
        assert_eq!(last(&[50, 30, 20], 75), Some(1));
        // 80 of 100 are reached before the third.
        assert_eq!(last(&[50, 30, 20], 80), Some(1));
        assert_eq!(last(&[50, 30, 20], 81), Some(2));
        assert_eq!(last(&[50, 30, 20, 0, 0], 100), Some(2));
        assert_eq!((last(&[0, 0], 75), last(&[], 75)), (None, None));
    }

    fn value(moves: &[(i32, i128)], day: i32) -> i128 {
        let (moved_on, amounts): (Vec<i32>, Vec<i128>) = moves.iter().copied().unzip();
        let purchases: Vec<i32> =
            moves.iter().filter(|(_, amount)| *amount > 0).map(|(day, _)| *day).collect();
        let mut value = 0;
        annual_values((&moved_on, &amounts), &purchases, &[day], |valued| {
            value = valued.annual_value;
        });
        value
    }

    #[test]
    fn thirty_thousand_every_thirteen_weeks_is_120_000_a_year() {
        let moves: Vec<(i32, i128)> = (0..12).map(|n| (20_000 + 91 * n, 3_000_000)).collect();
        assert_eq!(value(&moves, 20_000 + 91 * 11), 12_000_000);
        assert_eq!(value(&moves, 20_000 + 91 * 11 + 300), 12_000_000);
        assert_eq!(value(&moves, 20_000 + 91 * 11) * 100, 1_200_000_000);
    }

    #[test]
    fn once_in_each_calendar_quarter_is_120_000_a_year() {
        let year: Vec<(i32, i128)> =
            [31, 91 + 14, 182 + 60, 274 + 20].iter().map(|day| (*day, 3_000_000)).collect();
        assert_eq!(value(&year, 300), 12_000_000);
    }

    #[test]
    fn what_was_sent_back_since_is_taken_off_and_never_below_nothing() {
        assert_eq!(value(&[(0, 100), (500, -30)], 600), 70);
        assert_eq!(value(&[(0, 100), (500, -300)], 600), 0);
    }
}
