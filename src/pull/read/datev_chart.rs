//! What a posting of a debtor moves, by its contra account in DATEV's standard charts of accounts.
//!
//! Source: DATEV's charts SKR03 and SKR04. Keeps true: which of them a file follows is declared, said
//! by its header or seen from the accounts that it posts debtors to; where none of these tells, an
//! account that means different things in both means nothing.

use std::ops::RangeInclusive;

use crate::config::pipeline::Chart;

/// Neither a sale nor a payment.
pub(super) const OTHER: &str = "other";

/// Accounts by their first four digits, and what moves; all others are [`OTHER`].
type Accounts = &'static [(RangeInclusive<u64>, &'static str)];

const SKR03: Accounts = &[
    (1000..=1329, "payment"),      // cash, bank, bills
    (1330..=1339, "payment"),      // cheques
    (1360..=1379, "payment"),      // money on its way
    (1570..=1589, "tax"),          // input tax
    (1593..=1593, "down_payment"), // clearing of down payments
    (1710..=1729, "down_payment"),
    (1760..=1799, "tax"),
    (8000..=8699, "sale"),
    (8700..=8799, "discount"),
];

const SKR04: Accounts = &[
    (1400..=1459, "tax"), // input tax
    (1460..=1489, "payment"),
    (1495..=1495, "down_payment"),
    (1550..=1559, "payment"),
    (1600..=1899, "payment"), // cash, bank
    (3250..=3299, "down_payment"),
    (3800..=3869, "tax"),
    (4000..=4599, "sale"),
    (4700..=4799, "discount"),
];

fn accounts(chart: Chart) -> Accounts {
    match chart {
        Chart::Skr03 => SKR03,
        Chart::Skr04 => SKR04,
    }
}

/// What a posting of a debtor to `account` moves; without a chart both words where they differ.
pub(super) fn movement(
    chart: Option<Chart>,
    account: u64,
) -> Result<&'static str, [&'static str; 2]> {
    let of = |chart| {
        let found = accounts(chart).iter().find(|(range, _)| range.contains(&account));
        found.map_or(OTHER, |(_, movement)| *movement)
    };
    match (chart, of(Chart::Skr03), of(Chart::Skr04)) {
        (Some(Chart::Skr03), movement, _) | (Some(Chart::Skr04), _, movement) => Ok(movement),
        (None, one, other) if one == other => Ok(one),
        (None, one, other) => Err([one, other]),
    }
}

/// How many postings of debtors are to accounts that only SKR03, and only SKR04, has them for:
/// income first, since money tells only where there is no income.
#[derive(Debug, Default)]
pub(super) struct Votes {
    income: [u64; 2],
    money: [u64; 2],
}

impl Votes {
    pub(super) fn add(&mut self, account: u64) {
        match account {
            8000..=8999 => self.income[0] += 1,
            4000..=4899 => self.income[1] += 1,
            1000..=1299 => self.money[0] += 1,
            1800..=1899 => self.money[1] += 1,
            _ => {}
        }
    }

    /// The chart that most of them are of, and how many are of it and of the other.
    pub(super) fn chart(&self) -> Option<(Chart, u64, u64)> {
        let most = |[one, other]: [u64; 2]| match one.cmp(&other) {
            std::cmp::Ordering::Greater => Some((Chart::Skr03, one, other)),
            std::cmp::Ordering::Less => Some((Chart::Skr04, other, one)),
            std::cmp::Ordering::Equal => None,
        };
        most(self.income).or_else(|| most(self.money))
    }
}

#[cfg(test)]
mod tests {
    use super::{Chart, SKR03, SKR04, Votes, movement};

    #[test]
    fn an_account_means_what_its_chart_says() {
        for (account, skr03, skr04) in [
            (1200, "payment", "other"),
            (1800, "other", "payment"),
            (1718, "down_payment", "payment"),
            (1776, "tax", "payment"),
            (3272, "other", "down_payment"),
            (3806, "other", "tax"),
            (4400, "other", "sale"),
            (8400, "sale", "other"),
            (8736, "discount", "other"),
        ] {
            assert_eq!(movement(Some(Chart::Skr03), account), Ok(skr03), "{account}");
            assert_eq!(movement(Some(Chart::Skr04), account), Ok(skr04), "{account}");
            assert_eq!(movement(None, account), Err([skr03, skr04]), "{account}");
        }
        assert_eq!(movement(None, 9000), Ok("other"));
    }

    #[test]
    fn no_account_stands_in_two_ranges() {
        for chart in [SKR03, SKR04] {
            assert!(chart.windows(2).all(|pair| pair[0].0.end() < pair[1].0.start()));
        }
    }

    #[test]
    fn income_tells_the_chart_before_money_does() {
        let chart = |accounts: &[u64]| {
            let mut votes = Votes::default();
            accounts.iter().for_each(|account| votes.add(*account));
            votes.chart()
        };
        assert_eq!(chart(&[1200, 1200, 4400]), Some((Chart::Skr04, 1, 0)));
        assert_eq!(chart(&[8400, 8300, 4400]), Some((Chart::Skr03, 2, 1)));
        assert_eq!(chart(&[1810]), Some((Chart::Skr04, 1, 0)));
        assert_eq!(chart(&[1210, 1776]), Some((Chart::Skr03, 1, 0)));
        assert_eq!(chart(&[8400, 4400, 1776]), None);
    }
}
