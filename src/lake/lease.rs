//! Leases: who runs a pipeline now.
//!
//! A lease is one object of the lake changed by compare-and-swap, renewed while its run goes on.
//! Whoever finds it run out, or its process gone from this same machine, takes it over and must
//! fence the lost run before doing anything else: a lease alone stops nobody who was paused
//! between looking at it and writing.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::tables::Lake;
use crate::config::LONGEST_LEASE;
use crate::error::Result;
use crate::layout;
use crate::store::{Edit, Register};

/// The longest that a lease may seem to last: clocks differ.
const BELIEVED: TimeDelta = TimeDelta::seconds(LONGEST_LEASE.num_seconds() * 2);

/// The process that holds a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// The machine's name, for people.
    pub host: String,
    /// The machine since it was started, and its space of process numbers.
    pub machine: String,
    /// The process's number there.
    pub pid: u32,
    /// When that process began, in the machine's ticks: numbers are given again.
    pub began: u64,
}

impl Holder {
    /// This process.
    #[must_use]
    pub fn this() -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default().trim().to_owned();
        let space = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        let pid = std::process::id();
        Self {
            host: read("/proc/sys/kernel/hostname"),
            machine: format!("{} {}", read("/proc/sys/kernel/random/boot_id"), space.display()),
            pid,
            began: began(pid).unwrap_or(0),
        }
    }

    /// Whether it is certain that the process is no more: only its own machine can know.
    fn is_gone(&self) -> bool {
        let this = Self::this();
        this.machine.len() > 1
            && self.machine == this.machine
            && began(self.pid) != Some(self.began)
    }
}

/// When the process `pid` of this machine began, in ticks; `None` where there is none.
fn began(pid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold spaces; state follows it, the 22nd field is the start.
    let mut fields = text.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?;
    (state != "Z" && state != "X").then(|| fields.nth(18)?.parse().ok()).flatten()
}

/// A lease as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    /// The pipeline.
    pub pipeline: String,
    /// The run that holds it.
    pub run: String,
    /// Its process.
    pub holder: Holder,
    /// When it runs out; in the past where it was given back.
    pub until: DateTime<Utc>,
    /// Runs that lost it and are not yet fenced everywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to_fence: Vec<String>,
}

impl Lease {
    /// Whether a run holds it at `now`. One that lasts longer than any lease, and than clocks
    /// differ, was written by a clock that was wrong, and is not believed.
    #[must_use]
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.until > now && self.until - now <= BELIEVED && !self.holder.is_gone()
    }

    /// When it runs out, for people.
    #[must_use]
    pub fn until_text(&self) -> String {
        self.until.to_rfc3339_opts(SecondsFormat::Secs, true)
    }
}

/// A lease that is ours, as we wrote it.
#[derive(Debug, Clone)]
pub struct Held {
    /// What it says.
    pub lease: Lease,
}

/// What came of asking for a lease.
#[derive(Debug, Clone)]
pub enum Asked {
    /// It is ours.
    Ours(Held),
    /// Another run holds it.
    Others(Lease),
}

fn register(lake: &Lake, pipeline: &str) -> Register<Lease> {
    Register::new(lake.set().place(), layout::lease(pipeline))
}

/// The lease of `pipeline` as it stands; `None` where it was never run.
///
/// # Errors
/// When the store fails.
pub async fn read_lease(lake: &Lake, pipeline: &str) -> Result<Option<Lease>> {
    register(lake, pipeline).read().await
}

/// Asks for the lease of `pipeline` for `run`, from `now` for `lasting`.
///
/// # Errors
/// When the store fails.
pub async fn ask(
    lake: &Lake,
    pipeline: &str,
    run: &str,
    now: DateTime<Utc>,
    lasting: TimeDelta,
) -> Result<Asked> {
    let asked = |found: Option<Lease>| match found {
        // An earlier answer may have been lost: what stands in our name is ours.
        Some(found) if found.run == run && found.is_live(now) => {
            Edit::Leave(Asked::Ours(Held { lease: found }))
        }
        Some(found) if found.is_live(now) => Edit::Leave(Asked::Others(found)),
        found => {
            let mut lease = Lease {
                pipeline: pipeline.to_owned(),
                run: run.to_owned(),
                holder: Holder::this(),
                until: now + lasting,
                to_fence: Vec::new(),
            };
            if let Some(found) = found {
                lease.to_fence = found.to_fence;
                if found.until > DateTime::UNIX_EPOCH {
                    lease.to_fence.push(found.run);
                }
            }
            Edit::Write(lease.clone(), Asked::Ours(Held { lease }))
        }
    };
    register(lake, pipeline).update(|found| std::future::ready(Ok(asked(found)))).await
}

impl Held {
    /// Writes the lease as `lease`; gives whether it still was ours.
    async fn change(&mut self, lake: &Lake, lease: Lease) -> Result<bool> {
        let (before, after) = (&self.lease, &lease);
        let changed = |found: Option<Lease>| match found {
            Some(found) if found == *before => Edit::Write(after.clone(), true),
            found => Edit::Leave(found.as_ref() == Some(after)),
        };
        let register = register(lake, &before.pipeline);
        let ours = register.update(|found| std::future::ready(Ok(changed(found)))).await?;
        if ours {
            self.lease = lease;
        }
        Ok(ours)
    }

    /// Says that the runs that lost it are fenced; gives whether it still is ours.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn fenced(&mut self, lake: &Lake) -> Result<bool> {
        let lease = Lease { to_fence: Vec::new(), ..self.lease.clone() };
        self.change(lake, lease).await
    }

    /// Prolongs it; gives whether it still is ours.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn renew(
        &mut self,
        lake: &Lake,
        now: DateTime<Utc>,
        lasting: TimeDelta,
    ) -> Result<bool> {
        let lease = Lease { until: now + lasting, ..self.lease.clone() };
        self.change(lake, lease).await
    }

    /// Gives it back.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn give_back(mut self, lake: &Lake) -> Result<()> {
        let lease = Lease { until: DateTime::UNIX_EPOCH, ..self.lease.clone() };
        self.change(lake, lease).await.map(|_| ())
    }
}
