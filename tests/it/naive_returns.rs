//! Returns as the twin has them: attempts, what would have come back anyway, and who is lost again.

use std::collections::BTreeMap;

use crate::naive::{Day, quarter_name, quarter_start};
use crate::naive_company::{money, plus, rounded, twice_median};
use crate::naive_quarters::share;
use crate::naive_reports::{Tried, Twin};
use crate::naive_tables::{Row, days, places, text};

/// The spells that an attempt of a month is compared with.
struct Compared {
    spells: i64,
    cut_short: i64,
    share: f64,
}

impl Twin {
    fn dimensions(&self, one: &Tried) -> Vec<(&'static str, String)> {
        let attempt = &one.attempt;
        let or = |value: Option<&str>, other: &str| value.unwrap_or(other).to_owned();
        let sleep = one.sleep.map(|place| &self.sleeps[place]);
        let group = sleep.and_then(|sleep| sleep.reason().3);
        let letter = attempt.letter_on.is_some_and(|letter| letter <= one.s);
        let mut dimensions = vec![
            ("total", "all".to_owned()),
            ("offer", or(attempt.offer, "none")),
            ("channel", or(attempt.channel, "unknown")),
            ("manager", or(attempt.manager, "unknown")),
            ("survey_group", or(attempt.result.or(group), "unknown")),
            ("letter", if letter { "before waking" } else { "none" }.to_owned()),
            ("batch", "none".to_owned()),
        ];
        // What is said of the spell says nothing of an attempt without one.
        if let Some(sleep) = sleep {
            let card = self.card(sleep.client);
            let months = (days(sleep.fell, one.s) / 30).min(36);
            dimensions.extend([
                ("tier", self.tier_of(sleep).to_owned()),
                ("reason_group", sleep.reason().2.to_owned()),
                ("human_factor", sleep.reason().4.to_string()),
                ("competitor", or(sleep.refusal.as_ref().and_then(|one| one.competitor), "none")),
                ("attempt", one.number.to_string()),
                ("months_asleep", months.to_string()),
                ("sales_type", card.sales_type.to_owned()),
                ("region", or(card.region, "unknown")),
                ("direction", or(self.main_direction(sleep), "unknown")),
            ]);
        }
        dimensions
    }

    /// The attempts begun in each closed quarter, by dimension and value.
    fn by_dimension(&self) -> BTreeMap<(Day, &'static str, String), Vec<&Tried>> {
        let closed = self.quarters();
        let mut groups: BTreeMap<_, Vec<&Tried>> = BTreeMap::new();
        for one in &self.tried {
            let quarter = quarter_start(one.attempt.started_on);
            if closed.contains(&quarter) {
                for (dimension, value) in self.dimensions(one) {
                    groups.entry((quarter, dimension, value)).or_default().push(one);
                }
            }
        }
        groups
    }

    /// Purchases and net purchases from the return that an attempt claims up to the next spell.
    fn won(&self, one: &Tried) -> (i64, i64) {
        let place = one.sleep.unwrap();
        let sleep = &self.sleeps[place];
        let from = sleep.returned.unwrap();
        let next = self.sleeps.get(place + 1).filter(|next| next.client == sleep.client);
        let until = next.map_or(self.as_of, |next| plus(next.fell, -1));
        let bought = self.purchases(sleep.client).iter();
        let bought = bought.filter(|day| **day >= from && **day <= until).count() as i64;
        (bought, self.net(sleep.client, from, until))
    }

    /// Attempts by the quarter in which they were begun.
    pub(crate) fn reactivation(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for ((quarter, dimension, value), all) in self.by_dimension() {
            let base: Vec<&&Tried> = all.iter().filter(|one| one.sleep.is_some()).collect();
            let count = |is: &dyn Fn(&Tried) -> bool| base.iter().filter(|one| is(one)).count();
            let surveyed = |result| count(&|one| one.attempt.result == Some(result));
            let returned: Vec<&&&Tried> = base.iter().filter(|one| one.returned).collect();
            let woken = count(&|one| one.matured && one.woken);
            let conversion = share(count(&|one| one.matured && one.woken && one.returned), woken);
            let matured = count(&|one| one.matured);
            let reference = conversion.map(|conversion| match () {
                () if matured < 10 => "too few",
                () if conversion < 0.05 => "below calls alone",
                () if conversion < 0.30 => "above calls alone",
                () if conversion < 0.61 => "above the average of the method",
                () => "above the best its authors recorded",
            });
            let until_return = returned
                .iter()
                .map(|one| days(one.s, self.sleeps[one.sleep.unwrap()].returned.unwrap()));
            let median = twice_median(until_return.collect());
            let won: Vec<(i64, i64)> = returned.iter().map(|one| self.won(one)).collect();
            let any = !won.is_empty();
            let costs: Vec<i64> = base.iter().filter_map(|one| one.attempt.cost).collect();
            let cost = (!costs.is_empty()).then(|| costs.iter().sum::<i64>());
            let each = cost.filter(|_| any).map(|cost| rounded(cost, returned.len() as i64));
            let kept = all.iter().filter(|one| one.kept).count();
            rows.push(vec![
                ("quarter", quarter_name(quarter)),
                ("kind", "reactivation".to_owned()),
                ("dimension", dimension.to_owned()),
                ("value", value),
                ("base", base.len().to_string()),
                ("surveyed", count(&|one| one.attempt.result.is_some()).to_string()),
                ("offended", surveyed("offended").to_string()),
                ("forgotten", surveyed("forgotten").to_string()),
                ("hopeless", surveyed("hopeless").to_string()),
                ("no_answer", surveyed("no_answer").to_string()),
                ("woken", count(&|one| one.woken).to_string()),
                ("returned", returned.len().to_string()),
                ("matured", count(&|one| one.matured).to_string()),
                ("immature", count(&|one| !one.matured).to_string()),
                ("matured_woken", woken.to_string()),
                ("matured_returned", count(&|one| one.matured && one.returned).to_string()),
                ("conversion", text(conversion)),
                (
                    "conversion_of_base",
                    text(share(
                        count(&|one| one.matured && one.returned),
                        count(&|one| one.matured),
                    )),
                ),
                ("reference", text(reference)),
                ("preventive", (all.len() - base.len()).to_string()),
                ("kept", kept.to_string()),
                ("median_days_to_return", text(median.map(|twice| places(twice, 2, 1)))),
                ("purchases_after", text(any.then(|| won.iter().map(|won| won.0).sum::<i64>()))),
                ("net_sales_after", text(any.then(|| money(won.iter().map(|won| won.1).sum())))),
                ("cost", text(cost.map(money))),
                ("cost_per_returned", text(each.map(money))),
            ]);
        }
        rows
    }

    /// What came back of the spells that were open in the middle of a month and not yet tried.
    fn compared(&self, month: i64) -> Compared {
        // When each was seen last, in halves of a day of a window of so many days.
        let mut seen: Vec<(i64, i64, bool)> = Vec::new();
        for (place, sleep) in self.sleeps.iter().enumerate() {
            let x = plus(sleep.fell, 30 * month + 15);
            let own = self.tried.iter().filter(|one| self.of_sleep(one, place));
            let tried = own.map(|one| one.attempt.started_on).min();
            let window = sleep.window();
            let over = plus(x, window) <= self.as_of;
            if sleep.returned.is_some_and(|day| day <= x) || tried.is_some_and(|day| day <= x) {
                continue;
            }
            if over {
                let cut = tried.filter(|day| sleep.returned.is_none_or(|back| *day < back));
                seen.push(match (cut, sleep.returned) {
                    (Some(cut), _) => (2 * days(x, cut) - 1, window, false),
                    (None, Some(back)) => (2 * days(x, back), window, true),
                    (None, None) => (3 * window, window, false),
                });
            }
        }
        let inside = |one: &&(i64, i64, bool)| one.0 <= 2 * one.1;
        let earlier = |left: &(i64, i64, bool), right: &(i64, i64, bool)| {
            (left.0 * right.1).cmp(&(right.0 * left.1))
        };
        // Kaplan and Meier: at each return, those that had lasted as long.
        let mut open = 1.0;
        for one in seen.iter().filter(inside).filter(|one| one.2) {
            let same = seen.iter().filter(|other| other.2 && earlier(other, one).is_eq()).count();
            let lasted = seen.iter().filter(|other| earlier(other, one).is_ge()).count();
            // Each of them takes its part of the step that they make together.
            open *= (1.0 - same as f64 / lasted as f64).powf(1.0 / same as f64);
        }
        Compared {
            spells: seen.len() as i64,
            cut_short: seen.iter().filter(inside).filter(|one| !one.2).count() as i64,
            share: 1.0 - open,
        }
    }

    /// Attempts against what would have come back anyway.
    pub(crate) fn expected(&self) -> Vec<Row> {
        let mut months: BTreeMap<i64, Compared> = BTreeMap::new();
        let mut rows = Vec::new();
        for ((quarter, dimension, value), all) in self.by_dimension() {
            let matured: Vec<&&Tried> = all.iter().filter(|one| one.matured).collect();
            if matured.is_empty() {
                continue;
            }
            let of: Vec<i64> = matured
                .iter()
                .map(|one| (days(self.sleeps[one.sleep.unwrap()].fell, one.s) / 30).min(36))
                .collect();
            for month in &of {
                months.entry(*month).or_insert_with(|| self.compared(*month));
            }
            let compared: Vec<&Compared> = of.iter().map(|month| &months[month]).collect();
            let comparable = compared.iter().all(|one| one.spells >= 30);
            let expected = compared.iter().map(|one| one.share).sum::<f64>() / of.len() as f64;
            let expected = comparable.then_some(expected);
            let woken = matured.iter().filter(|one| one.woken).count();
            let returned = matured.iter().filter(|one| one.woken && one.returned).count();
            let conversion = share(returned, woken);
            // Wilson's interval.
            let (z, n) = (1.959_964, woken as f64);
            let bound = |side: f64| {
                let p = conversion?;
                let spread = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
                let bound = (p + z * z / (2.0 * n) + side * spread) / (1.0 + z * z / n);
                Some(bound - expected?)
            };
            let evidence =
                if comparable { "observed, not proved" } else { "too few spells to compare with" };
            rows.push(vec![
                ("quarter", quarter_name(quarter)),
                ("kind", "expected".to_owned()),
                ("dimension", dimension.to_owned()),
                ("value", value),
                ("base", matured.len().to_string()),
                ("woken", woken.to_string()),
                ("returned", returned.to_string()),
                ("matured", matured.len().to_string()),
                ("conversion", text(conversion)),
                ("compared_spells", text(compared.iter().map(|one| one.spells).min())),
                ("left_out", text(compared.iter().map(|one| one.cut_short).max())),
                ("expected", text(expected)),
                ("uplift", text(conversion.zip(expected).map(|(own, other)| own - other))),
                ("uplift_low", text(bound(-1.0))),
                ("uplift_high", text(bound(1.0))),
                ("evidence", evidence.to_owned()),
            ]);
        }
        rows
    }

    /// Returns that did not last a year.
    pub(crate) fn lost_again(&self) -> Vec<Row> {
        let closed = self.quarters();
        let mut groups: BTreeMap<(Day, &str, String), (i64, i64)> = BTreeMap::new();
        for (place, sleep) in self.sleeps.iter().enumerate() {
            let Some(returned) = sleep.returned.filter(|day| plus(*day, 365) <= self.as_of) else {
                continue;
            };
            let next = self.sleeps.get(place + 1).filter(|next| next.client == sleep.client);
            let again = next.is_some_and(|next| next.fell <= plus(returned, 365));
            let offer = self.claimed(sleep).and_then(|one| one.attempt.offer);
            let counted_by = [
                ("total", "all".to_owned()),
                ("reason", sleep.reason().1.to_owned()),
                ("offer", offer.unwrap_or("none").to_owned()),
                ("attempt", self.tried_of(sleep).len().to_string()),
            ];
            let quarter = quarter_start(returned);
            if closed.contains(&quarter) {
                for (dimension, value) in counted_by {
                    let group = groups.entry((quarter, dimension, value)).or_default();
                    group.0 += 1;
                    group.1 += i64::from(again);
                }
            }
        }
        let row = |((quarter, dimension, value), (returned, again)): (_, (i64, i64))| {
            let dimension: &str = dimension;
            vec![
                ("quarter", quarter_name(quarter)),
                ("dimension", dimension.to_owned()),
                ("value", value),
                ("returned", returned.to_string()),
                ("lost_again", again.to_string()),
                ("share", text(share(again, returned))),
            ]
        };
        groups.into_iter().map(row).collect()
    }
}
