//! The journal of the schedule: what became of every slot, a slot being a pipeline and a due time.
//!
//! One object for each pipeline, changed by compare-and-swap: a slot is claimed by whoever enters
//! it first, and what is done stays done. The changes are pure; only [`change`] writes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::tables::Lake;
use crate::error::Result;
use crate::layout;
use crate::store::{Edit, Register};

/// Slots that a journal remembers; what was run is on record for good among the runs.
const MAX_SLOTS: usize = 1_000;

/// What is known of the slots of one pipeline, in order of time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journal {
    /// The slots.
    pub slots: Vec<Slot>,
}

/// A slot and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// When it was due. Of slots left out together, the last.
    pub due: DateTime<Utc>,
    /// What became of it.
    pub state: SlotState,
    /// Of slots left out together, the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
    /// The run that it was claimed for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Runs that claimed it before and were lost, or failed and were retried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<String>,
    /// Why it was left out, or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// When its run began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began_at: Option<DateTime<Utc>>,
    /// When its run ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
    /// When the run began that it waited for, with `overlap: queue`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued_since: Option<DateTime<Utc>>,
    /// The slots of other pipelines that made it due.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub after: BTreeMap<String, DateTime<Utc>>,
}

/// What became of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotState {
    /// A run is under way for it, or was lost.
    Claimed,
    /// Its run is done.
    Done,
    /// Its run failed.
    Failed,
    /// It was left out, and the journal says why.
    LeftOut,
}

impl Slot {
    /// A slot that nobody has claimed yet.
    #[must_use]
    pub fn at(due: DateTime<Utc>) -> Self {
        Self {
            due,
            state: SlotState::Claimed,
            since: None,
            run: None,
            lost: Vec::new(),
            why: None,
            began_at: None,
            ended_at: None,
            queued_since: None,
            after: BTreeMap::new(),
        }
    }

    /// A slot left out for a reason.
    #[must_use]
    pub fn left_out(due: DateTime<Utc>, why: &str) -> Self {
        Self { state: SlotState::LeftOut, why: Some(why.to_owned()), ..Self::at(due) }
    }
}

impl Journal {
    /// The newest slot.
    #[must_use]
    pub fn newest(&self) -> Option<&Slot> {
        self.slots.last()
    }

    /// The slot that is claimed: of a pipeline there is one at most.
    #[must_use]
    pub fn open(&self) -> Option<&Slot> {
        self.slots.iter().rev().find(|slot| slot.state == SlotState::Claimed)
    }

    /// The newest slot that was done.
    #[must_use]
    pub fn newest_done(&self) -> Option<&Slot> {
        self.slots.iter().rev().find(|slot| slot.state == SlotState::Done)
    }

    /// Enters a slot that is left out; gives whether the journal changed.
    pub fn leave_out(&mut self, slot: Slot) -> bool {
        let newer = self.newest().is_none_or(|newest| newest.due < slot.due);
        if newer {
            self.enter(slot);
        }
        newer
    }

    /// Claims `slot` for `run`; gives whether it is that run's.
    pub fn claim(&mut self, slot: Slot, run: &str, now: DateTime<Utc>) -> bool {
        if self.newest().is_some_and(|newest| newest.due >= slot.due) {
            return self
                .open()
                .is_some_and(|open| open.due == slot.due && open.run.as_deref() == Some(run));
        }
        if self.open().is_some() {
            return false;
        }
        let (run, began_at) = (Some(run.to_owned()), Some(now));
        self.enter(Slot { run, began_at, ..slot });
        true
    }

    /// Takes the slot due at `due` over for `run` from `lost`, whose run was lost or failed; gives
    /// whether it is that run's.
    pub fn take_over(
        &mut self,
        due: DateTime<Utc>,
        lost: &str,
        run: &str,
        now: DateTime<Utc>,
    ) -> bool {
        let busy = self.open().is_some_and(|open| open.due != due);
        let Some(slot) = self.slots.iter_mut().find(|slot| slot.due == due) else {
            return false;
        };
        if slot.state == SlotState::Claimed && slot.run.as_deref() == Some(run) {
            return true;
        }
        let over = matches!(slot.state, SlotState::Claimed | SlotState::Failed);
        if busy || !over || slot.run.as_deref() != Some(lost) {
            return false;
        }
        slot.lost.push(lost.to_owned());
        slot.state = SlotState::Claimed;
        slot.run = Some(run.to_owned());
        (slot.began_at, slot.ended_at, slot.why) = (Some(now), None, None);
        true
    }

    /// Says what became of the run that claimed the slot due at `due`; gives whether it still
    /// held it.
    pub fn settle(
        &mut self,
        due: DateTime<Utc>,
        run: &str,
        now: DateTime<Utc>,
        failure: Option<&str>,
    ) -> bool {
        let Some(slot) = self.slots.iter_mut().find(|slot| slot.due == due) else {
            return false;
        };
        if slot.run.as_deref() != Some(run) {
            return false;
        }
        if slot.state == SlotState::Claimed {
            slot.state = if failure.is_some() { SlotState::Failed } else { SlotState::Done };
            slot.ended_at = Some(now);
            slot.why = failure.map(str::to_owned);
        }
        true
    }

    /// Forgets slots that are due after `now`; gives whether there were any.
    pub fn forget_after(&mut self, now: DateTime<Utc>) -> bool {
        let before = self.slots.len();
        self.slots.retain(|slot| slot.due <= now);
        self.slots.len() < before
    }

    fn enter(&mut self, slot: Slot) {
        self.slots.push(slot);
        let mut surplus = self.slots.len().saturating_sub(MAX_SLOTS);
        let done = self.newest_done().map(|slot| slot.due);
        self.slots.retain(|slot| {
            let needed = slot.state == SlotState::Claimed || Some(slot.due) == done;
            let goes = surplus > 0 && !needed;
            surplus -= usize::from(goes);
            !goes
        });
    }
}

fn register(lake: &Lake, pipeline: &str) -> Register<Journal> {
    Register::new(lake.set().place(), layout::journal(pipeline))
}

/// The journal of `pipeline`; empty where it was never scheduled.
///
/// # Errors
/// When the store fails.
pub async fn read_journal(lake: &Lake, pipeline: &str) -> Result<Journal> {
    Ok(register(lake, pipeline).read().await?.unwrap_or_default())
}

/// Changes the journal of `pipeline` by `edit`, which says whether it took; gives the journal as it
/// then stands, and whether it took.
///
/// `edit` is asked again each time that another runner was faster, so it must know its own work:
/// what it wrote before the reply was lost must take again.
///
/// # Errors
/// When the store fails.
pub async fn change(
    lake: &Lake,
    pipeline: &str,
    edit: impl Fn(&mut Journal) -> bool,
) -> Result<(Journal, bool)> {
    let edited = |found: Option<Journal>| {
        let mut journal = found.clone().unwrap_or_default();
        let took = edit(&mut journal);
        if journal == found.unwrap_or_default() {
            Edit::Leave((journal, took))
        } else {
            Edit::Write(journal.clone(), (journal, took))
        }
    };
    register(lake, pipeline).update(|found| std::future::ready(Ok(edited(found)))).await
}
