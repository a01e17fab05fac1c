//! Leases: who runs a pipeline now.
//!
//! A lease is one object of the lake changed by compare-and-swap, renewed while its run goes on.
//! Whoever finds it run out, or its process gone from this same machine, takes it over and must
//! fence the lost run before doing anything else: a lease alone stops nobody who was paused
//! between looking at it and writing.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use object_store::path::Path;
use object_store::{PutMode, UpdateVersion};
use serde::{Deserialize, Serialize};

use super::tables::Lake;
use crate::error::{Error, Kind, Result};
use crate::store::{Swap, read, swap};

/// Attempts at changing a lease while others change it too.
const MAX_TRIES: usize = 16;

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
    /// Whether a run holds it at `now`.
    #[must_use]
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.until > now && !self.holder.is_gone()
    }

    /// When it runs out, for people.
    #[must_use]
    pub fn until_text(&self) -> String {
        self.until.to_rfc3339_opts(SecondsFormat::Secs, true)
    }
}

/// A lease that is ours, in the version that we wrote.
#[derive(Debug, Clone)]
pub struct Held {
    /// What it says.
    pub lease: Lease,
    version: UpdateVersion,
}

/// What came of asking for a lease.
#[derive(Debug, Clone)]
pub enum Asked {
    /// It is ours.
    Ours(Held),
    /// Another run holds it.
    Others(Lease),
}

fn path(pipeline: &str) -> Path {
    Path::from(format!("leases/{pipeline}.json"))
}

/// The lease of `pipeline` and its version.
async fn read_version(lake: &Lake, pipeline: &str) -> Result<Option<(Lease, UpdateVersion)>> {
    let found = read(lake.set().store().as_ref(), &path(pipeline)).await?;
    found.map(|(bytes, version)| Ok((serde_json::from_slice(&bytes)?, version))).transpose()
}

/// The lease of `pipeline` as it stands; `None` where it was never run.
///
/// # Errors
/// When the store fails.
pub async fn read_lease(lake: &Lake, pipeline: &str) -> Result<Option<Lease>> {
    Ok(read_version(lake, pipeline).await?.map(|(lease, _)| lease))
}

async fn write(lake: &Lake, lease: &Lease, mode: PutMode) -> Result<Swap> {
    let bytes = serde_json::to_vec(lease)?;
    Ok(swap(lake.set().store().as_ref(), &path(&lease.pipeline), bytes, mode).await)
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
    let mut last = None;
    for _ in 0..MAX_TRIES {
        let found = read_version(lake, pipeline).await?;
        let mut lease = Lease {
            pipeline: pipeline.to_owned(),
            run: run.to_owned(),
            holder: Holder::this(),
            until: now + lasting,
            to_fence: Vec::new(),
        };
        let mode = match found {
            // An earlier answer may have been lost: what stands in our name is ours.
            Some((found, version)) if found.run == run && found.is_live(now) => {
                return Ok(Asked::Ours(Held { lease: found, version }));
            }
            Some((found, _)) if found.is_live(now) => return Ok(Asked::Others(found)),
            Some((found, version)) => {
                lease.to_fence = found.to_fence;
                if found.until > DateTime::UNIX_EPOCH {
                    lease.to_fence.push(found.run);
                }
                PutMode::Update(version)
            }
            None => PutMode::Create,
        };
        match write(lake, &lease, mode).await? {
            Swap::Done(version) => return Ok(Asked::Ours(Held { lease, version })),
            Swap::Refused => {}
            Swap::Unknown(error) => last = Some(error),
        }
    }
    if let Some(error) = last {
        return Err(Error::from(error).at(format!("the lease of pipeline \"{pipeline}\"")));
    }
    Err(Error::new(
        Kind::Transient,
        format!(
            "the lease of pipeline \"{pipeline}\" changed {MAX_TRIES} times while it was asked"
        ),
    )
    .hint("run again when fewer runs ask for it"))
}

impl Held {
    /// Writes the lease as `lease`; gives whether it still was ours.
    async fn change(&mut self, lake: &Lake, lease: Lease) -> Result<bool> {
        let mut last = None;
        for _ in 0..MAX_TRIES {
            match write(lake, &lease, PutMode::Update(self.version.clone())).await? {
                Swap::Done(version) => {
                    (self.lease, self.version) = (lease, version);
                    return Ok(true);
                }
                Swap::Refused => {}
                Swap::Unknown(error) => last = Some(error),
            }
            match read_version(lake, &self.lease.pipeline).await? {
                Some((found, version)) if found == lease => {
                    (self.lease, self.version) = (lease, version);
                    return Ok(true);
                }
                Some((found, version)) if found == self.lease => self.version = version,
                _ => return Ok(false),
            }
        }
        last.map_or(Ok(false), |error| Err(error.into()))
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
