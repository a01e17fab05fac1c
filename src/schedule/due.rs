//! What is due: a pure function of declarations, journals, live runs and the time.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::config::schedule::{CatchUp, Overlap, Schedule, Times, When};
use crate::error::{Error, Kind};
use crate::lake::{Journal, Slot};

/// With `catch_up: none`, a slot found later than this counts as missed.
const ON_TIME: TimeDelta = TimeDelta::hours(1);

/// How far a journal may be ahead of the clock: those of two runners differ a little.
const MAX_AHEAD: TimeDelta = TimeDelta::hours(1);

/// Why a slot was left out.
pub mod why {
    /// The first look at a pipeline: what lay before is not made up for.
    pub const BEFORE: &str = "before the schedule was first looked at";
    /// The pipeline was being run when it came due.
    pub const OVERLAP: &str = "came due while an earlier slot was being run; overlap: skip";
    /// Nobody was there, and a later one is due.
    pub const LATER: &str = "missed, and a later slot is due; catch_up: last";
    /// Nobody was there in time.
    pub const MISSED: &str = "missed; catch_up: none";
}

/// One thing to do for a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due<'a> {
    /// The pipeline.
    pub pipeline: &'a str,
    /// What to do.
    pub what: What,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Enter into the journal that slots are left out.
    LeaveOut(Slot),
    /// Claim the slot and run it.
    Run(Slot),
    /// Take the slot over from a run that was lost, and run it again.
    Again {
        /// When it was due.
        due: DateTime<Utc>,
        /// The lost run.
        lost: String,
    },
}

impl What {
    /// The slot's time.
    fn time(&self) -> DateTime<Utc> {
        match self {
            Self::LeaveOut(slot) | Self::Run(slot) => slot.due,
            Self::Again { due, .. } => *due,
        }
    }
}

/// The error of a journal that is ahead of the clock: nothing is due until the clock has come so
/// far, so somebody has to say which of the two is wrong.
#[must_use]
pub fn ahead(pipeline: &str, journal: &Journal, now: DateTime<Utc>) -> Option<Error> {
    let newest = journal.newest().filter(|newest| newest.due - now > MAX_AHEAD)?;
    let (due, now) = (newest.due.format("%FT%RZ"), now.format("%FT%RZ"));
    let message = format!(
        "the journal of pipeline \"{pipeline}\" is ahead of the clock: it has the slot {due}, and it is {now}"
    );
    Some(Error::new(Kind::Outdated, message).hint(
        "set this machine's clock right; if it is, \"pobudka repair --forget-ahead\" forgets the slots that lie ahead",
    ))
}

/// What is due at `now`, in the order to do it, for who has been here, though busy, `here_since`.
/// `journals` are by pipeline, `live` are the runs whose lease has not run out. Of a pipeline, one
/// slot at a time is run.
#[must_use]
pub fn due<'a>(
    pipelines: &[(&'a str, &Schedule)],
    journals: &BTreeMap<String, Journal>,
    live: &BTreeSet<String>,
    here_since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Vec<Due<'a>> {
    let unknown = Journal::default();
    let mut found = Vec::new();
    for (pipeline, schedule) in pipelines {
        let journal = journals.get(*pipeline).unwrap_or(&unknown);
        let what = match (journal.open(), &schedule.when) {
            (Some(open), _) => match &open.run {
                Some(run) if !live.contains(run) => {
                    vec![What::Again { due: open.due, lost: run.clone() }]
                }
                _ => Vec::new(),
            },
            (None, When::Cron(times)) => by_clock(schedule, times, journal, here_since, now),
            (None, When::After(others)) => by_others(others, journal, journals),
        };
        found.extend(what.into_iter().map(|what| Due { pipeline, what }));
    }
    found.sort_by_key(|due| due.what.time());
    found
}

fn by_clock(
    schedule: &Schedule,
    times: &Times,
    journal: &Journal,
    here_since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Vec<What> {
    let Some(newest) = journal.newest() else {
        // Strictly before now: a slot that is due this very moment is run.
        let before = times.until(now - TimeDelta::milliseconds(1));
        let due = before.unwrap_or(DateTime::UNIX_EPOCH);
        let mut what = vec![What::LeaveOut(Slot::left_out(due, why::BEFORE))];
        if let Some(last) = times.until(now).filter(|last| *last > due) {
            what.push(What::Run(Slot::at(last)));
        }
        return what;
    };
    let mut what = Vec::new();
    let Some(last) = times.until(now).filter(|last| *last > newest.due) else {
        return what;
    };
    let mut from = newest.due;
    let run = |due| What::Run(Slot::at(due));
    // What came due while the newest slot was being run, or waited for an earlier one.
    let began = newest.queued_since.or(newest.began_at);
    if let (Some(began), Some(ended)) = (began, newest.ended_at)
        && let Some(last_during) = times.until(ended.min(now)).filter(|due| *due > from)
        && let Some(first_during) = times.after(from.max(began - TimeDelta::milliseconds(1)))
        && first_during <= last_during
    {
        if schedule.overlap == Overlap::Queue {
            let first = times.after(from).filter(|due| *due <= now).unwrap_or(last);
            return vec![What::Run(Slot { queued_since: Some(began), ..Slot::at(first) })];
        }
        // Those missed before it began are judged by catch_up together with them.
        let missed = times.after(from).is_some_and(|first| first < first_during);
        if !(missed && schedule.catch_up == CatchUp::All) {
            what.extend(left_out(times, from, last_during, why::OVERLAP));
            from = last_during;
        }
    }
    if from == last {
        return what;
    }
    match schedule.catch_up {
        CatchUp::All => what.push(run(times.after(from).unwrap_or(last))),
        CatchUp::Last => {
            what.extend(earlier(times, from, last, why::LATER));
            what.push(run(last));
        }
        CatchUp::None if now - last <= ON_TIME || last >= here_since => {
            what.extend(earlier(times, from, last, why::MISSED));
            what.push(run(last));
        }
        CatchUp::None => what.extend(left_out(times, from, last, why::MISSED)),
    }
    what
}

/// The slots after `from` up to `last`, left out together.
fn left_out(times: &Times, from: DateTime<Utc>, last: DateTime<Utc>, why: &str) -> Option<What> {
    let first = times.after(from).filter(|first| *first <= last)?;
    let since = (first < last).then_some(first);
    Some(What::LeaveOut(Slot { since, ..Slot::left_out(last, why) }))
}

/// The slots after `from` and before `last`, left out together.
fn earlier(times: &Times, from: DateTime<Utc>, last: DateTime<Utc>, why: &str) -> Option<What> {
    let before = times.until(last - TimeDelta::milliseconds(1))?;
    left_out(times, from, before, why)
}

/// Due when each of `others` has done a slot since it last made this pipeline due.
fn by_others(
    others: &[String],
    journal: &Journal,
    journals: &BTreeMap<String, Journal>,
) -> Vec<What> {
    let done = |name: &String| {
        let slot = journals.get(name)?.newest_done()?;
        Some((name.clone(), slot.due))
    };
    let done: BTreeMap<String, DateTime<Utc>> = others.iter().filter_map(done).collect();
    let due = done.values().max().copied().unwrap_or(DateTime::UNIX_EPOCH);
    let Some(newest) = journal.newest() else {
        return vec![What::LeaveOut(Slot { after: done, ..Slot::left_out(due, why::BEFORE) })];
    };
    let news = |name: &String| match (done.get(name), newest.after.get(name)) {
        (Some(now), Some(then)) => now > then,
        (Some(_), None) => true,
        (None, _) => false,
    };
    if others.iter().all(news) && due > newest.due {
        return vec![What::Run(Slot { after: done, ..Slot::at(due) })];
    }
    Vec::new()
}
