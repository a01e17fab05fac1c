//! Years of simulated time against the rules of [`due`].

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::due::{Due, What, due, why};
use crate::config::schedule::{CatchUp, Overlap, Schedule, Times, When};
use crate::domain::calendar::Fiscal;
use crate::lake::{Journal, Slot, SlotState};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn times(line: &str, zone: Tz) -> Times {
    Times::parse(line, zone, Fiscal::calendar_year()).unwrap()
}

fn schedule(line: &str, zone: Tz, catch_up: CatchUp, overlap: Overlap) -> Schedule {
    Schedule { when: When::Cron(times(line, zone)), catch_up, overlap }
}

fn daily(catch_up: CatchUp, overlap: Overlap) -> Schedule {
    schedule("15 5 * * *", chrono_tz::UTC, catch_up, overlap)
}

/// One pipeline `p`, its journal, and who runs it.
struct World {
    schedules: Vec<(String, Schedule)>,
    journals: BTreeMap<String, Journal>,
    live: BTreeSet<String>,
    runs: u64,
}

impl World {
    fn new(schedules: Vec<(&str, Schedule)>) -> Self {
        let schedules = schedules.into_iter();
        Self {
            schedules: schedules.map(|(name, schedule)| (name.to_owned(), schedule)).collect(),
            journals: BTreeMap::new(),
            live: BTreeSet::new(),
            runs: 0,
        }
    }

    fn of(schedule: Schedule) -> Self {
        Self::new(vec![("p", schedule)])
    }

    fn due(&self, now: DateTime<Utc>) -> Vec<(String, What)> {
        let schedules: Vec<(&str, &Schedule)> =
            self.schedules.iter().map(|(name, schedule)| (name.as_str(), schedule)).collect();
        let found = due(&schedules, &self.journals, &self.live, now, now);
        found.into_iter().map(|Due { pipeline, what }| (pipeline.to_owned(), what)).collect()
    }

    /// Does the first thing that is due at `now`; gives whether there was one. A run takes
    /// `lasting`, or is lost where that is `None`.
    fn step(&mut self, now: DateTime<Utc>, lasting: Option<TimeDelta>) -> bool {
        let Some((pipeline, what)) = self.due(now).into_iter().next() else { return false };
        self.runs += 1;
        let run = format!("r{}", self.runs);
        let journal = self.journals.entry(pipeline).or_default();
        let due = match what {
            What::LeaveOut(slot) => {
                assert!(journal.leave_out(slot));
                return true;
            }
            What::Run(slot) => {
                let due = slot.due;
                assert!(due <= now, "{due} is run before it is due");
                assert!(journal.claim(slot, &run, now));
                due
            }
            What::Again { due, lost } => {
                assert!(journal.take_over(due, &lost, &run, now));
                due
            }
        };
        if let Some(lasting) = lasting {
            assert!(journal.settle(due, &run, now + lasting, None));
        }
        true
    }

    /// Everything that is due at `now`, each run taking no time.
    fn settle(&mut self, now: DateTime<Utc>) {
        while self.step(now, Some(TimeDelta::zero())) {}
    }

    /// The slots of `p` without the first, which marks the beginning.
    fn slots(&self) -> Vec<(String, SlotState, Option<&str>)> {
        let slots = self.journals["p"].slots[1..].iter();
        let told = slots.map(|slot| {
            let due = slot.due.format("%m-%dT%H:%MZ").to_string();
            (due, slot.state, slot.why.as_deref())
        });
        told.collect()
    }

    fn done(&self) -> Vec<String> {
        let slots = self.slots().into_iter();
        slots.filter(|(_, state, _)| *state == SlotState::Done).map(|(due, ..)| due).collect()
    }
}

#[test]
fn what_lay_before_the_first_look_is_not_made_up_for() {
    let mut world = World::of(daily(CatchUp::All, Overlap::Skip));
    world.settle(at("2026-03-10T12:00:00Z"));
    assert_eq!(world.journals["p"].slots.len(), 1);
    assert_eq!(world.journals["p"].slots[0].why.as_deref(), Some(why::BEFORE));
    assert!(world.due(at("2026-03-11T05:14:59.999Z")).is_empty());
    world.settle(at("2026-03-11T05:15:00Z"));
    assert_eq!(world.done(), ["03-11T05:15Z"]);
    let mut world = World::of(daily(CatchUp::Last, Overlap::Skip));
    world.settle(at("2026-03-10T05:15:00Z"));
    assert_eq!(world.done(), ["03-10T05:15Z"], "due in the moment of the first look");
}

#[test]
fn missed_slots_are_made_up_for_as_declared() {
    let after_a_week = |catch_up, at_hour| {
        let mut world = World::of(daily(catch_up, Overlap::Skip));
        world.settle(at("2026-03-01T12:00:00Z"));
        world.settle(at("2026-03-02T06:00:00Z"));
        world.settle(at(at_hour));
        let left_out = world.journals["p"].slots.iter().filter_map(|slot| {
            let why = slot.why.clone().filter(|why| why != why::BEFORE)?;
            Some((slot.since.unwrap_or(slot.due).to_string(), slot.due.to_string(), why))
        });
        (world.done().len(), left_out.collect::<Vec<_>>())
    };
    let late = "2026-03-07T09:00:00Z";
    assert_eq!(after_a_week(CatchUp::All, late), (6, Vec::new()));
    let earlier = |why: &str| {
        ("2026-03-03 05:15:00 UTC".to_owned(), "2026-03-06 05:15:00 UTC".to_owned(), why.to_owned())
    };
    assert_eq!(after_a_week(CatchUp::Last, late), (2, vec![earlier(why::LATER)]));
    let on_time = "2026-03-07T06:00:00Z";
    assert_eq!(after_a_week(CatchUp::None, on_time), (2, vec![earlier(why::MISSED)]));
    let (done, left_out) = after_a_week(CatchUp::None, late);
    assert_eq!((done, left_out[0].1.as_str()), (1, "2026-03-07 05:15:00 UTC"));
}

#[test]
fn what_comes_due_during_a_run_is_left_out_or_queued() {
    let hourly = |overlap| schedule("0 * * * *", chrono_tz::UTC, CatchUp::Last, overlap);
    let run_long = |overlap| {
        let mut world = World::of(hourly(overlap));
        world.settle(at("2026-03-01T00:30:00Z"));
        let began = at("2026-03-01T01:00:05Z");
        let journal = world.journals.get_mut("p").unwrap();
        assert!(journal.claim(Slot::at(at("2026-03-01T01:00:00Z")), "long", began));
        world.live.insert("long".to_owned());
        assert!(
            world.due(at("2026-03-01T03:30:00Z")).is_empty(),
            "one run of a pipeline at a time"
        );
        let ended = at("2026-03-01T04:10:00Z");
        let journal = world.journals.get_mut("p").unwrap();
        assert!(journal.settle(at("2026-03-01T01:00:00Z"), "long", ended, None));
        world.settle(at("2026-03-01T04:10:05Z"));
        world.settle(at("2026-03-01T05:00:00Z"));
        world
    };
    let world = run_long(Overlap::Skip);
    assert_eq!(world.done(), ["03-01T01:00Z", "03-01T05:00Z"]);
    assert_eq!(world.slots()[1].2, Some(why::OVERLAP));
    let world = run_long(Overlap::Queue);
    let all = ["03-01T01:00Z", "03-01T02:00Z", "03-01T03:00Z", "03-01T04:00Z", "03-01T05:00Z"];
    assert_eq!(world.done(), all);
}

#[test]
fn a_lost_run_is_taken_over_and_a_done_slot_never_run_again() {
    let mut world = World::of(daily(CatchUp::Last, Overlap::Skip));
    world.settle(at("2026-03-01T12:00:00Z"));
    assert!(world.step(at("2026-03-02T05:15:01Z"), None));
    let lost = world.journals["p"].open().unwrap().run.clone().unwrap();
    world.live.insert(lost.clone());
    assert!(world.due(at("2026-03-02T05:20:00Z")).is_empty(), "its lease has not run out");
    world.live.clear();
    world.settle(at("2026-03-02T05:21:00Z"));
    let slot = world.journals["p"].newest().unwrap().clone();
    assert_eq!((slot.state, slot.lost), (SlotState::Done, vec![lost.clone()]));
    let journal = world.journals.get_mut("p").unwrap();
    assert!(!journal.settle(slot.due, &lost, slot.due, Some("late")), "the lost run says nothing");
    assert!(!journal.claim(Slot::at(slot.due), "other", slot.due));
    assert!(!journal.take_over(slot.due, slot.run.as_deref().unwrap(), "other", slot.due));
}

#[test]
fn a_lost_run_of_days_ago_does_not_swallow_the_slots_since() {
    let mut world = World::of(daily(CatchUp::Last, Overlap::Skip));
    world.settle(at("2026-03-01T12:00:00Z"));
    assert!(world.step(at("2026-03-02T05:15:01Z"), None));
    let back = at("2026-03-05T09:00:00Z");
    while world.step(back, Some(TimeDelta::minutes(5))) {}
    assert_eq!(world.done(), ["03-02T05:15Z", "03-05T05:15Z"]);
    assert_eq!(world.slots()[1].2, Some(why::LATER));
}

#[test]
fn a_clock_that_jumps_runs_no_slot_twice_and_loses_none() {
    let mut world = World::of(daily(CatchUp::All, Overlap::Skip));
    world.settle(at("2026-03-01T12:00:00Z"));
    world.settle(at("2026-03-05T06:00:00Z"));
    let before = world.done();
    assert_eq!(before.len(), 4);
    world.settle(at("2026-03-03T06:00:00Z"));
    assert_eq!(world.done(), before, "set back two days: nothing is run again");
    world.settle(at("2026-03-06T06:00:00Z"));
    assert_eq!(world.done().len(), 5);
}

#[test]
fn both_nights_of_summer_time_have_every_slot_once() {
    let berlin = chrono_tz::Europe::Berlin;
    let nights = |line: &str, first: &str, last: &str| {
        let schedule = schedule(line, berlin, CatchUp::All, Overlap::Queue);
        let mut world = World::of(schedule);
        let (mut now, last) = (at(first), at(last));
        while now <= last {
            world.settle(now);
            now += TimeDelta::minutes(1);
        }
        world.done()
    };
    // 29 March 2026: 02:00 becomes 03:00 at 01:00Z. 25 October: 03:00 becomes 02:00 at 01:00Z.
    let spring = ("2026-03-28T12:01:00Z", "2026-03-29T12:00:00Z");
    let autumn = ("2026-10-24T12:01:00Z", "2026-10-25T12:00:00Z");
    assert_eq!(nights("30 2 * * *", spring.0, spring.1), ["03-29T01:00Z"]);
    assert_eq!(nights("30 2 * * *", autumn.0, autumn.1), ["10-25T00:30Z"]);
    assert_eq!(nights("15 3 * * *", spring.0, spring.1), ["03-29T01:15Z"]);
    assert_eq!(nights("15 3 * * *", autumn.0, autumn.1), ["10-25T02:15Z"]);
    assert_eq!(nights("*/30 * * * *", spring.0, spring.1).len(), 48);
    assert_eq!(nights("*/30 * * * *", autumn.0, autumn.1).len(), 48);
    // The zone decides, not the offset of the day on which the schedule was first looked at.
    let mut world = World::of(schedule("15 22 * * *", berlin, CatchUp::Last, Overlap::Skip));
    world.settle(at("2026-11-20T12:00:00Z"));
    world.settle(at("2026-11-20T21:15:00Z"));
    world.settle(at("2027-07-20T20:15:00Z"));
    assert_eq!(world.done(), ["11-20T21:15Z", "07-20T20:15Z"]);
}

/// A generator of repeatable chance (Knuth's constants).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 33).unwrap() % bound
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(u32::try_from(all.len()).unwrap()) as usize]
    }

    fn minutes(&mut self, bound: u32) -> TimeDelta {
        TimeDelta::minutes(i64::from(self.below(bound)))
    }
}

#[test]
fn over_years_with_outages_and_lost_runs_every_slot_is_settled_once() {
    let lines = ["15 5 * * *", "0 7 * * 1", "0 8 20 1,4,7,10 *", "*/20 8-18 * * 1-5", "@monthly"];
    for seed in [1, 2, 3] {
        let mut chance = Chance(seed);
        for (number, line) in lines.into_iter().enumerate() {
            let zone = [chrono_tz::Europe::Moscow, chrono_tz::America::New_York][number % 2];
            let catch_up = chance.of(&[CatchUp::None, CatchUp::Last, CatchUp::All]);
            let overlap = chance.of(&[Overlap::Skip, Overlap::Queue]);
            let mut world = World::of(schedule(line, zone, catch_up, overlap));
            let (start, end) = (at("2024-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
            world.settle(start);
            let mut now = start;
            let mut entered: Vec<(DateTime<Utc>, DateTime<Utc>)> = Vec::new();
            let mut last_seen = world.journals["p"].newest().unwrap().due;
            while now < end {
                let mut spent = TimeDelta::zero();
                for _ in 0..500 {
                    let lost = chance.below(20) == 0;
                    let lasting = chance.minutes(90);
                    if !world.step(now + spent, (!lost).then_some(lasting)) {
                        break;
                    }
                    spent += lasting;
                    let journal = &world.journals["p"];
                    for slot in journal.slots.iter().filter(|slot| slot.due > last_seen) {
                        entered.push((slot.since.unwrap_or(slot.due), slot.due));
                    }
                    last_seen = last_seen.max(journal.newest().unwrap().due);
                }
                let outage = chance.below(30) == 0;
                let pause = chance.minutes(if outage { 20 * 1440 } else { 600 });
                now += spent + TimeDelta::minutes(1) + pause;
            }
            let times = times(line, zone);
            let mut expected = times.until(start).unwrap();
            for (first, last) in &entered {
                let mut due = times.after(expected).unwrap();
                assert_eq!(
                    due, *first,
                    "seed {seed}, {line}: a slot was passed over or came twice"
                );
                while due < *last {
                    due = times.after(due).unwrap();
                }
                assert_eq!(due, *last, "seed {seed}, {line}: {last} is no slot");
                expected = due;
            }
            assert!(entered.len() > 5, "seed {seed}, {line} {catch_up:?}");
            assert!(times.after(expected).unwrap() > now - TimeDelta::days(100));
        }
    }
}

#[test]
fn ten_thousand_jobs_of_one_second_are_all_due_at_once() {
    let names: Vec<String> = (0..10_000).map(|number| format!("p{number:05}")).collect();
    let one = daily(CatchUp::Last, Overlap::Skip);
    let schedules: Vec<(&str, Schedule)> =
        names.iter().map(|name| (name.as_str(), one.clone())).collect();
    let mut world = World::new(schedules);
    for name in &names {
        let journal = world.journals.entry(name.clone()).or_default();
        journal.leave_out(Slot::left_out(at("2026-03-01T05:15:00Z"), why::BEFORE));
    }
    let now = at("2026-03-02T05:15:00Z");
    let found = world.due(now);
    assert_eq!(found.len(), 10_000);
    assert!(found.iter().all(|(_, what)| matches!(what, What::Run(slot) if slot.due == now)));
    let distinct: BTreeSet<&String> = found.iter().map(|(name, _)| name).collect();
    assert_eq!(distinct.len(), 10_000);
}

#[test]
fn a_pipeline_after_others_is_due_once_each_has_done_a_slot() {
    let after = |names: &[&str]| Schedule {
        when: When::After(names.iter().map(|name| (*name).to_owned()).collect()),
        catch_up: CatchUp::Last,
        overlap: Overlap::Skip,
    };
    let mut world = World::new(vec![
        ("a", daily(CatchUp::Last, Overlap::Skip)),
        ("b", schedule("45 5 * * *", chrono_tz::UTC, CatchUp::Last, Overlap::Skip)),
        ("p", after(&["a", "b"])),
    ]);
    world.settle(at("2026-03-01T12:00:00Z"));
    world.settle(at("2026-03-02T05:15:00Z"));
    assert!(world.slots().is_empty(), "b has done nothing yet");
    world.settle(at("2026-03-02T05:45:00Z"));
    world.settle(at("2026-03-02T06:00:00Z"));
    assert_eq!(world.done(), ["03-02T05:45Z"]);
    world.settle(at("2026-03-03T05:15:00Z"));
    assert_eq!(world.done().len(), 1);
    world.settle(at("2026-03-03T05:45:00Z"));
    assert_eq!(world.done(), ["03-02T05:45Z", "03-03T05:45Z"]);
}

#[test]
fn presets_follow_the_fiscal_year() {
    let quarterly = Times::parse("@quarterly", chrono_tz::UTC, Fiscal::new(2).unwrap()).unwrap();
    assert_eq!(quarterly.after(at("2026-01-15T00:00:00Z")), Some(at("2026-02-01T00:00:00Z")));
    assert_eq!(quarterly.after(at("2026-02-01T00:00:00Z")), Some(at("2026-05-01T00:00:00Z")));
    assert!(Times::parse("@yearly", chrono_tz::UTC, Fiscal::calendar_year()).is_err());
}
