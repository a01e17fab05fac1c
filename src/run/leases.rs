//! The leases of the pipelines that a run works for, renewed while it goes on.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use super::workspace::Workspace;
use crate::clock::Clock;
use crate::error::{Error, Kind, Result};
use crate::lake::{Asked, Held, Lake, Lease, ask};

/// A lease is renewed so many times while it lasts.
const RENEWALS: i32 = 3;

/// The leases of one run; dropped, they are no longer renewed and run out.
pub(super) struct Leases {
    lake: Lake,
    lost: watch::Receiver<Option<String>>,
    stop: Option<oneshot::Sender<()>>,
    heart: Option<JoinHandle<Vec<Held>>>,
}

impl Drop for Leases {
    fn drop(&mut self) {
        if let Some(heart) = &self.heart {
            heart.abort();
        }
    }
}

impl Leases {
    /// Takes the leases of `pipelines` for `run`; runs that lost one of them are fenced first.
    pub(super) async fn take(
        workspace: &Workspace,
        pipelines: &BTreeSet<&str>,
        run: &str,
    ) -> Result<Self> {
        let (lake, lasting) = (&workspace.lake, workspace.project.lease);
        let mut held = Vec::new();
        if let Err(error) = take_all(workspace, pipelines, run, &mut held).await {
            for ours in held {
                // It runs out by itself, only later.
                let _ = ours.give_back(lake).await;
            }
            return Err(error);
        }
        let (lost_to, lost) = watch::channel(None);
        let (stop, stopped) = oneshot::channel();
        let heart = beat(lake.clone(), held, workspace.lease_clock, lasting, lost_to, stopped);
        let heart = Some(tokio::spawn(heart));
        Ok(Self { lake: lake.clone(), lost, stop: Some(stop), heart })
    }

    /// Waits until one is lost, and gives the error that says so.
    pub(super) async fn lost(&self) -> Error {
        let mut lost = self.lost.clone();
        let pipeline = match lost.wait_for(Option::is_some).await {
            Ok(pipeline) => pipeline.clone().unwrap_or_default(),
            Err(_) => return std::future::pending().await,
        };
        Error::new(
            Kind::Superseded,
            format!("the lease of pipeline \"{pipeline}\" ran out and was lost"),
        )
        .hint("another run has taken its place, or the lake could not be reached: see \"pobudka runs\"")
    }

    /// Gives them back.
    pub(super) async fn give_back(mut self) -> Result<()> {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let Some(heart) = self.heart.take() else { return Ok(()) };
        for held in heart.await.unwrap_or_default() {
            held.give_back(&self.lake).await?;
        }
        Ok(())
    }
}

async fn take_all(
    workspace: &Workspace,
    pipelines: &BTreeSet<&str>,
    run: &str,
    held: &mut Vec<Held>,
) -> Result<()> {
    let (lake, lasting) = (&workspace.lake, workspace.project.lease);
    for pipeline in pipelines {
        match ask(lake, pipeline, run, workspace.lease_clock.now(), lasting).await? {
            Asked::Ours(ours) => held.push(ours),
            Asked::Others(other) => return Err(taken(&other)),
        }
    }
    for ours in held {
        fence(workspace, ours).await?;
    }
    Ok(())
}

/// The error of a pipeline that another run holds.
fn taken(lease: &Lease) -> Error {
    Error::new(
        Kind::Superseded,
        format!(
            "pipeline \"{}\" is being run by {} on {} (process {})",
            lease.pipeline, lease.run, lease.holder.host, lease.holder.pid
        ),
    )
    .hint(format!("wait for it; if that machine is gone, its lease ends at {}", lease.until_text()))
}

/// Takes from the runs that lost `held` the right to swap any head of the project.
async fn fence(workspace: &Workspace, held: &mut Held) -> Result<()> {
    if held.lease.to_fence.is_empty() {
        return Ok(());
    }
    let mut sets = vec![workspace.lake.set().clone()];
    for destination in &workspace.project.destinations {
        sets.push(workspace.destination(&destination.name)?);
    }
    for set in sets {
        for run in &held.lease.to_fence {
            set.fence(run).await?;
        }
    }
    if held.fenced(&workspace.lake).await? { Ok(()) } else { Err(taken(&held.lease)) }
}

/// Renews until stopped, then gives the leases that are still ours.
async fn beat(
    lake: Lake,
    mut held: Vec<Held>,
    clock: Clock,
    lasting: TimeDelta,
    lost: watch::Sender<Option<String>>,
    mut stopped: oneshot::Receiver<()>,
) -> Vec<Held> {
    let pause = (lasting / RENEWALS).to_std().unwrap_or(Duration::from_secs(1));
    loop {
        tokio::select! {
            _ = &mut stopped => return held,
            () = tokio::time::sleep(pause) => {}
        }
        let mut kept = Vec::new();
        for mut ours in held {
            let ours_still = match ours.renew(&lake, clock.now(), lasting).await {
                Ok(renewed) => renewed,
                // Out of reach: it is ours until it runs out.
                Err(_) => ours.lease.until > clock.now(),
            };
            if ours_still {
                kept.push(ours);
            } else {
                lost.send_replace(Some(ours.lease.pipeline.clone()));
            }
        }
        held = kept;
    }
}
