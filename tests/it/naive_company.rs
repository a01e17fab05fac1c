//! A company as the twin knows it: its papers, its people, and what is seen of them on a day.

use crate::naive::Day;

/// A document of any kind.
#[derive(Debug, Clone, Default)]
pub(crate) struct Paper {
    pub(crate) id: String,
    pub(crate) client: usize,
    pub(crate) kind: &'static str,
    pub(crate) day: Day,
    /// In hundredths.
    pub(crate) amount: i64,
    pub(crate) related: Option<String>,
    pub(crate) direction: Option<&'static str>,
    pub(crate) manager: Option<&'static str>,
    pub(crate) due: Option<Day>,
    pub(crate) paid_on: Option<Day>,
    pub(crate) cancelled: bool,
    /// Amount, cost and direction.
    pub(crate) lines: Vec<(i64, Option<i64>, Option<&'static str>)>,
}

/// A client's card.
#[derive(Debug, Clone, Default)]
pub(crate) struct Card {
    pub(crate) sales_type: &'static str,
    pub(crate) region: Option<&'static str>,
    pub(crate) industry: Option<&'static str>,
    pub(crate) manager: Option<&'static str>,
    pub(crate) phone: Option<String>,
    pub(crate) do_not_contact: bool,
    pub(crate) closed_on: Option<Day>,
    pub(crate) one_off: bool,
    pub(crate) important: bool,
    pub(crate) potential: Option<i64>,
}

/// A touch, in or out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Contact {
    pub(crate) id: String,
    pub(crate) client: usize,
    pub(crate) day: Day,
    pub(crate) kind: &'static str,
    pub(crate) initiated_by: Option<&'static str>,
    pub(crate) outcome: Option<&'static str>,
    pub(crate) person: Option<&'static str>,
    pub(crate) manager: Option<&'static str>,
}

/// A recorded refusal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Refusal {
    pub(crate) id: String,
    pub(crate) client: usize,
    pub(crate) day: Day,
    pub(crate) scope: &'static str,
    pub(crate) stage: Option<&'static str>,
    pub(crate) direction: Option<&'static str>,
    pub(crate) by_client: Option<&'static str>,
    pub(crate) by_manager: Option<&'static str>,
    pub(crate) verified: Option<&'static str>,
    pub(crate) competitor: Option<&'static str>,
    pub(crate) manager: Option<&'static str>,
    pub(crate) amount: Option<i64>,
}

/// One NPS answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Score {
    pub(crate) client: usize,
    pub(crate) day: Day,
    pub(crate) person: &'static str,
    pub(crate) score: i64,
}

/// One attempt to win a client back.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attempt {
    pub(crate) id: String,
    pub(crate) client: usize,
    pub(crate) started_on: Day,
    pub(crate) surveyed_on: Option<Day>,
    pub(crate) result: Option<&'static str>,
    pub(crate) letter_on: Option<Day>,
    pub(crate) woken_on: Option<Day>,
    pub(crate) offer: Option<&'static str>,
    pub(crate) channel: Option<&'static str>,
    pub(crate) manager: Option<&'static str>,
    pub(crate) cost: Option<i64>,
    pub(crate) closed_on: Option<Day>,
}

/// A made-up company.
#[derive(Debug, Clone, Default)]
pub(crate) struct Company {
    pub(crate) papers: Vec<Paper>,
    pub(crate) cards: Vec<Card>,
    pub(crate) contacts: Vec<Contact>,
    pub(crate) refusals: Vec<Refusal>,
    pub(crate) scores: Vec<Score>,
    pub(crate) attempts: Vec<Attempt>,
    /// Manager, role and superior.
    pub(crate) managers: Vec<(&'static str, &'static str, Option<&'static str>)>,
    /// Whether the export has a column of the day of waking.
    pub(crate) knows_waking: bool,
    /// `list.since`.
    pub(crate) list_since: Option<Day>,
}

/// The text of a reason, its code, group, survey group, and whether it lies with our people.
pub(crate) type Reason = (&'static str, &'static str, &'static str, Option<&'static str>, bool);

/// What people write, and what the reference makes of it.
pub(crate) const REASONS: [Reason; 9] = [
    ("too expensive", "price", "supplier", Some("offended"), false),
    ("better offer elsewhere", "better_offer", "competitor", Some("offended"), false),
    ("no need any more", "no_need", "independent", Some("forgotten"), false),
    ("Nobody called", "no_outreach", "supplier", Some("forgotten"), true),
    ("Bankrupt", "liquidated", "independent", None, false),
    ("by chance", "chance_purchase", "competitor", Some("forgotten"), false),
    ("conflict", "conflict", "supplier", Some("offended"), true),
    ("who knows", "unknown", "unknown", None, false),
    ("unknown", "unknown", "unknown", None, false),
];

/// Small annual value and small potential of the settings, in hundredths.
pub(crate) const SMALL: (i64, i64) = (80_000, 500_000);

pub(crate) fn reason(text: &str) -> &'static Reason {
    REASONS.iter().find(|one| one.0 == text).unwrap()
}

impl Refusal {
    /// The reason, its source and its rank: the verified one first, then the client's.
    pub(crate) fn reason(&self) -> Option<(&'static Reason, &'static str, u8)> {
        let ranked = [(self.verified, "verified"), (self.by_client, "client")];
        let mut ranked = ranked.into_iter().chain([(self.by_manager, "manager")]).zip(0..);
        ranked.find_map(|((text, source), rank)| Some((reason(text?), source, rank)))
    }

    pub(crate) fn disagrees(&self) -> bool {
        let code = |text: Option<&str>| text.map(|text| reason(text).1).filter(|c| *c != "unknown");
        let (client, manager) = (code(self.by_client), code(self.by_manager));
        client.is_some() && manager.is_some() && client != manager
    }
}

impl Contact {
    pub(crate) fn ours(&self) -> bool {
        let theirs = matches!(self.kind, "request" | "complaint");
        self.initiated_by.unwrap_or(if theirs { "client" } else { "us" }) == "us"
    }
}

/// A day so many days later.
pub(crate) fn plus(day: Day, days: i64) -> Day {
    day + chrono::TimeDelta::days(days)
}

pub(crate) fn days_between(from: Day, to: Day) -> i64 {
    (to - from).num_days()
}

/// The key of a client.
pub(crate) fn key(client: usize) -> String {
    format!("books:c{client:05}")
}

/// Hundredths as text.
pub(crate) fn money(hundredths: i64) -> String {
    let sign = if hundredths < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", hundredths.abs() / 100, hundredths.abs() % 100)
}

/// The whole number nearest to a fraction of such, half away from zero.
pub(crate) fn rounded(numerator: i64, denominator: i64) -> i64 {
    let (numerator, denominator) = (i128::from(numerator), i128::from(denominator));
    let size = (2 * numerator.abs() + denominator) / (2 * denominator);
    i64::try_from(size * numerator.signum()).unwrap()
}

/// Ten-thousandths rounded up to whole ones.
pub(crate) fn up(numerator: i64, denominator: i64) -> i64 {
    (numerator + denominator - 1) / denominator
}

/// Twice the median.
pub(crate) fn twice_median(mut values: Vec<i64>) -> Option<i64> {
    values.sort_unstable();
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        length if length % 2 == 1 => Some(2 * values[middle]),
        _ => Some(values[middle - 1] + values[middle]),
    }
}

impl Company {
    /// What is seen at the end of the day.
    pub(crate) fn seen(&self, as_of: Day) -> Self {
        let mut seen = self.clone();
        let by_then = |day: Option<Day>| day.filter(|day| *day <= as_of);
        seen.papers.retain(|paper| paper.day <= as_of);
        for paper in &mut seen.papers {
            paper.paid_on = by_then(paper.paid_on);
        }
        for card in &mut seen.cards {
            card.closed_on = by_then(card.closed_on);
        }
        seen.contacts.retain(|contact| contact.day <= as_of);
        seen.refusals.retain(|refusal| refusal.day <= as_of);
        seen.scores.retain(|score| score.day <= as_of);
        seen.attempts.retain(|attempt| attempt.started_on <= as_of);
        for attempt in &mut seen.attempts {
            if attempt.surveyed_on.is_some_and(|day| day > as_of) {
                attempt.result = None;
            }
            attempt.surveyed_on = by_then(attempt.surveyed_on);
            attempt.letter_on = by_then(attempt.letter_on);
            attempt.closed_on = by_then(attempt.closed_on);
            attempt.woken_on = by_then(attempt.woken_on);
            if !self.knows_waking {
                attempt.woken_on = Some(attempt.started_on);
            }
        }
        seen
    }
}
