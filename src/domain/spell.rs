//! A client's spells of sleep from his purchases and what was said in between.
//!
//! Keeps true: a spell begins on a day without a purchase, after a purchase; at most one spell is
//! open at a time; nothing later undoes a beginning.

use super::Day;

/// Why a spell began; on one day the earlier variant wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trigger {
    /// The firm was closed.
    Closed,
    /// The client refused as a whole.
    Refusal,
    /// A deal lost to a competitor, for the sales types that are judged so.
    LostDeal,
    /// More days without a purchase than his threshold allows.
    Silence,
}

impl Trigger {
    /// All, by their number.
    pub const ALL: [Self; 4] = [Self::Closed, Self::Refusal, Self::LostDeal, Self::Silence];

    /// The word used in published tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Refusal => "refusal",
            Self::LostDeal => "lost_deal",
            Self::Silence => "silence",
        }
    }

    /// The trigger called `name`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trigger| trigger.name() == name)
    }
}

/// One purchase as the spells see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purchase {
    /// The day.
    pub day: Day,
    /// Silent days allowed after it; `None` where silence never counts as sleep.
    pub threshold: Option<i32>,
    /// The day of the newest order that its shipments name; `None` where one of them names none.
    pub ordered_on: Option<Day>,
}

/// A refusal or a closing, dated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// The day.
    pub day: Day,
    /// What it would begin; never [`Trigger::Silence`].
    pub trigger: Trigger,
}

/// One sleep of one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spell {
    /// 1, 2, 3, … for each client.
    pub number: u32,
    /// The purchase after which he fell silent.
    pub last_purchase: Day,
    /// The spell's first day.
    pub fell_asleep_on: Day,
    /// Why it began.
    pub trigger: Trigger,
    /// The first refusal or closing dated within it.
    pub spoken_on: Option<Day>,
    /// The purchase that ended it.
    pub returned_on: Option<Day>,
}

/// Calls `each` for every spell up to the end of `as_of`.
///
/// `purchases` ascend by distinct days, `events` and `spoken` ascend; `spoken` are the days of
/// refusals that begin nothing but are told of the spell they lie in. A purchase that fulfils an order from
/// before a refusal, or one that names none within `tail_days` after it, does not end a spell.
pub fn spells(
    purchases: &[Purchase],
    events: &[Event],
    spoken: &[Day],
    as_of: Day,
    tail_days: i32,
    mut each: impl FnMut(Spell),
) {
    let mut number = 0;
    let mut at = 0;
    let mut next_event = 0;
    while let Some(purchase) = purchases.get(at) {
        while events.get(next_event).is_some_and(|event| event.day <= purchase.day) {
            next_event += 1;
        }
        let silence = purchase
            .threshold
            .and_then(|threshold| purchase.day.checked_add(threshold)?.checked_add(1))
            .map(|day| Event { day, trigger: Trigger::Silence });
        let begin = events.get(next_event).copied().into_iter().chain(silence).min();
        let until = purchases.get(at + 1).map_or(as_of.saturating_add(1), |next| next.day);
        let Some(begin) = begin.filter(|begin| begin.day < until && begin.day <= as_of) else {
            at += 1;
            continue;
        };
        let end = (at + 1..purchases.len())
            .find(|&index| ends(purchases[index], &events[next_event..], tail_days));
        let returned_on = end.map(|index| purchases[index].day);
        let within = |day: &Day| {
            *day >= begin.day && *day <= as_of && returned_on.is_none_or(|returned| *day < returned)
        };
        let said = events[next_event..].iter().map(|event| event.day);
        let spoken_on = said.chain(spoken.iter().copied()).filter(within).min();
        number += 1;
        each(Spell {
            number,
            last_purchase: purchase.day,
            fell_asleep_on: begin.day,
            trigger: begin.trigger,
            spoken_on,
            returned_on,
        });
        match end {
            Some(index) => at = index,
            None => return,
        }
    }
}

/// Whether `purchase` ends a spell in which `events` (those after its last purchase) are dated.
fn ends(purchase: Purchase, events: &[Event], tail_days: i32) -> bool {
    let refused_on = events
        .iter()
        .take_while(|event| event.day < purchase.day)
        .filter(|event| event.trigger != Trigger::Closed)
        .map(|event| event.day)
        .last();
    match (refused_on, purchase.ordered_on) {
        (None, _) => true,
        (Some(refused), Some(ordered)) => ordered > refused,
        (Some(refused), None) => purchase.day > refused.saturating_add(tail_days),
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, Purchase, Spell, Trigger, spells};

    fn bought(day: i32, threshold: i32) -> Purchase {
        Purchase { day, threshold: Some(threshold), ordered_on: None }
    }

    fn found(purchases: &[Purchase], events: &[Event], as_of: i32) -> Vec<Spell> {
        let mut found = Vec::new();
        spells(purchases, events, &[], as_of, 0, |spell| found.push(spell));
        found
    }

    #[test]
    fn a_30_day_client_of_two_cycles_sleeps_from_day_61() {
        for (next, spell_days) in [(59, None), (60, None), (61, None), (62, Some(1)), (70, Some(9))]
        {
            let spell = found(&[bought(0, 60), bought(next, 60)], &[], next).first().copied();
            let days = spell.map(|spell| spell.returned_on.unwrap() - spell.fell_asleep_on);
            assert_eq!(days, spell_days, "purchase on day {next}");
        }
        assert!(found(&[bought(0, 60)], &[], 60).is_empty());
        let open = found(&[bought(0, 60)], &[], 61)[0];
        assert_eq!((open.fell_asleep_on, open.returned_on), (61, None));
    }

    #[test]
    fn one_and_a_half_cycles_sleep_from_day_46_and_one_from_day_31() {
        assert_eq!(found(&[bought(0, 45)], &[], 400)[0].fell_asleep_on, 46);
        assert_eq!(found(&[bought(0, 30)], &[], 400)[0].fell_asleep_on, 31);
        assert_eq!(found(&[bought(0, 730)], &[], 730), []);
    }

    #[test]
    fn a_purchase_day_begins_no_spell() {
        let refusal = Event { day: 10, trigger: Trigger::Refusal };
        assert_eq!(found(&[bought(0, 60), bought(10, 60)], &[refusal], 40), []);
        assert_eq!(found(&[bought(10, 60)], &[refusal], 40), []);
    }

    #[test]
    fn the_order_on_one_day_is_closed_refusal_lost_deal_silence() {
        let on = |trigger| Event { day: 61, trigger };
        let mut events = vec![on(Trigger::Closed), on(Trigger::Refusal), on(Trigger::LostDeal)];
        for expected in Trigger::ALL {
            assert_eq!(found(&[bought(0, 60)], &events, 100)[0].trigger, expected);
            events = events.split_off(1.min(events.len()));
        }
    }

    #[test]
    fn a_refusal_inside_a_spell_gives_it_its_spoken_day_only() {
        let refusal = Event { day: 80, trigger: Trigger::Refusal };
        let spells = found(&[bought(0, 60), bought(100, 60)], &[refusal], 120);
        assert_eq!(spells.len(), 1);
        assert_eq!(spells[0].trigger, Trigger::Silence);
        assert_eq!((spells[0].spoken_on, spells[0].returned_on), (Some(80), Some(100)));
    }

    #[test]
    fn a_lost_deal_inside_a_spell_is_told_of_it_and_begins_none() {
        let mut found = Vec::new();
        spells(&[bought(0, 60)], &[], &[30, 80], 100, 0, |spell| found.push(spell));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].fell_asleep_on, found[0].spoken_on), (61, Some(80)));
    }

    #[test]
    fn goods_ordered_before_the_refusal_do_not_end_its_spell() {
        let refusal = Event { day: 20, trigger: Trigger::Refusal };
        let late = Purchase { day: 25, threshold: Some(60), ordered_on: Some(15) };
        let fresh = Purchase { day: 50, threshold: Some(60), ordered_on: Some(40) };
        let spells = found(&[bought(0, 60), late, fresh], &[refusal], 60);
        assert_eq!(spells.len(), 1);
        assert_eq!((spells[0].fell_asleep_on, spells[0].returned_on), (20, Some(50)));
    }
}
