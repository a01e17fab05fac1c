//! From a client's documents to his purchases and moves of money.
//!
//! Keeps true: one pass over sorted documents; what comes out ascends by distinct days.

use super::Day;
use super::calendar::{Fiscal, add_months};

/// A document of purchase kind, or a return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sale {
    /// The day of the purchase that it counts towards.
    pub purchase_date: Day,
    /// The day on which its money counts.
    pub date: Day,
    /// Whether it is of purchase kind.
    pub is_purchase: bool,
    /// The day of the newest order that it names.
    pub ordered_on: Option<Day>,
    /// Its amount in hundredths, of returns negative.
    pub net: i64,
}

impl Sale {
    /// Adds the money of `other` and gives true, where they differ in nothing else: purchases and
    /// moves of money are the same of both and of the one.
    pub fn fold(&mut self, other: &Self) -> bool {
        let sum = self.net.checked_add(other.net);
        let sum = sum.filter(|_| Self { net: self.net, ..*other } == *self);
        sum.inspect(|sum| self.net = *sum).is_some()
    }
}

/// A day on which a client bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purchase {
    /// The day.
    pub day: Day,
    /// The day of the newest order that its documents name; `None` where one of them names none.
    pub ordered_on: Option<Day>,
}

/// Puts into `purchases` the days on which documents, less what was sent back of them, sum to more
/// than 0. `sales` are sorted.
pub fn purchases(sales: &[Sale], purchases: &mut Vec<Purchase>) {
    purchases.clear();
    for day in sales.chunk_by(|one, other| one.purchase_date == other.purchase_date) {
        let net: i128 = day.iter().map(|sale| i128::from(sale.net)).sum();
        if net <= 0 {
            continue;
        }
        let bought = day.iter().filter(|sale| sale.is_purchase).count();
        let ordered = day.iter().filter_map(|sale| sale.ordered_on);
        let ordered_on = ordered.clone().max().filter(|_| ordered.count() == bought);
        purchases.push(Purchase { day: day[0].purchase_date, ordered_on });
    }
}

/// Puts into `moves` the money of each day, in hundredths. `sales` are sorted.
pub fn moves(sales: &[Sale], moves: &mut Vec<(Day, i64)>) {
    moves.clear();
    moves.extend(sales.iter().map(|sale| (sale.date, sale.net)));
    if !moves.is_sorted_by_key(|(day, _)| *day) {
        moves.sort_unstable_by_key(|(day, _)| *day);
    }
    moves.dedup_by(|later, first| {
        let sum = (later.0 == first.0).then(|| first.1.checked_add(later.1)).flatten();
        sum.inspect(|sum| first.1 = *sum).is_some()
    });
}

/// A client's rhythm as a quarter knows it: what he bought until it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The first day of the quarter.
    pub quarter_start: Day,
    /// Days from his first purchase to his last one before the quarter.
    pub days: i32,
    /// Gaps between them.
    pub gaps: u32,
}

/// Calls `each` for every quarter up to the one of `as_of` before which a client had bought at
/// least `min_purchases` times, and the last time within the 12 months before it. `days` are those
/// of his purchases, ascending and distinct.
pub fn known(
    days: &[Day],
    min_purchases: u32,
    fiscal: Fiscal,
    as_of: Day,
    mut each: impl FnMut(Known),
) {
    let first = days.first().copied().unwrap_or(as_of);
    let mut ended = None;
    for (gaps, &day) in (0..).zip(days) {
        let next = days.get(gaps as usize + 1).copied().unwrap_or(as_of);
        if gaps == 0 || gaps + 1 < min_purchases {
            continue;
        }
        let end = match ended {
            Some(end) if day <= end => end,
            _ => *ended.insert(fiscal.quarter_end(day)),
        };
        let mut quarter_start = end.saturating_add(1);
        while quarter_start <= next && day > add_months(quarter_start - 1, -12) {
            each(Known { quarter_start, days: day - first, gaps });
            quarter_start = add_months(quarter_start, 3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Known, Purchase, Sale, known, moves, purchases};
    use crate::domain::calendar::Fiscal;

    const SALE: Sale =
        Sale { purchase_date: 1, date: 1, net: 100, is_purchase: true, ordered_on: None };

    fn bought(sales: &[Sale]) -> Vec<(i32, Option<i32>)> {
        let mut bought = Vec::new();
        purchases(sales, &mut bought);
        bought.iter().map(|Purchase { day, ordered_on }| (*day, *ordered_on)).collect()
    }

    fn moved(sales: &[Sale]) -> Vec<(i32, i64)> {
        let mut moved = Vec::new();
        moves(sales, &mut moved);
        moved
    }

    #[test]
    fn a_day_whose_documents_sum_to_more_than_nothing_is_a_purchase() {
        let sent_back = Sale { date: 9, net: -100, is_purchase: false, ..SALE };
        let other = Sale { purchase_date: 2, date: 2, ..SALE };
        assert_eq!(bought(&[SALE, SALE, other]), [(1, None), (2, None)]);
        assert_eq!(bought(&[SALE, sent_back, other]), [(2, None)]);
        // Its money moves on the day on which it is sent back.
        assert_eq!(moved(&[SALE, sent_back, other]), [(1, 100), (2, 100), (9, -100)]);
        assert_eq!(moved(&[SALE, SALE]), [(1, 200)]);
    }

    #[test]
    fn sales_that_differ_in_nothing_but_money_are_as_good_as_one() {
        let folded = |other| {
            let mut sale = SALE;
            sale.fold(&other).then_some(sale.net)
        };
        assert_eq!(folded(Sale { net: 50, ..SALE }), Some(150));
        assert_eq!(folded(Sale { net: i64::MAX, ..SALE }), None);
        assert_eq!(folded(Sale { date: 2, ..SALE }), None);
        assert_eq!(folded(Sale { is_purchase: false, ..SALE }), None);
        assert_eq!(folded(Sale { ordered_on: Some(1), ..SALE }), None);
    }

    #[test]
    fn an_order_is_told_where_all_documents_of_the_day_name_one() {
        let ordered = |day| Sale { ordered_on: Some(day), ..SALE };
        assert_eq!(bought(&[ordered(-5), ordered(-3)]), [(1, Some(-3))]);
        assert_eq!(bought(&[SALE, ordered(-3)]), [(1, None)]);
    }

    #[test]
    fn a_quarter_knows_who_bought_within_the_year_before_it() {
        // 1970-01-02, 1970-01-12 and 1970-05-02, seen up to 1972-01-01.
        let mut told = Vec::new();
        known(&[1, 11, 121], 2, Fiscal::calendar_year(), 730, |known| told.push(known));
        let told: Vec<_> = told
            .iter()
            .map(|Known { quarter_start, days, gaps }| (*quarter_start, *days, *gaps))
            .collect();
        let (april, july, october) = (90, 181, 273);
        let later = [july, october, 365, 455];
        let mut expected = vec![(april, 10, 1)];
        expected.extend(later.map(|quarter| (quarter, 120, 2)));
        assert_eq!(told, expected);
    }
}
