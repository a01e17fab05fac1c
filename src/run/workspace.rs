//! What every verb works with: the project, the engine, the lake.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::clock::Clock;
use crate::columnar::{Engine, Limits};
use crate::config::{Destination, Project};
use crate::error::{Error, Kind, Result};
use crate::lake::Lake;
use crate::names;
use crate::scratch::Scratch;
use crate::stop::Stop;
use crate::store::{Patience, Stores};
use crate::tableset::TableSet;

/// A project opened for work.
pub struct Workspace {
    /// The declarations.
    pub project: Arc<Project>,
    /// The queries' engine.
    pub engine: Engine,
    /// The stores.
    pub stores: Stores,
    /// The lake.
    pub lake: Lake,
    /// The clock.
    pub clock: Clock,
    /// The clock by which leases run out.
    pub lease_clock: Clock,
    /// The wish to stop.
    pub stop: Stop,
    scratch: Scratch,
}

impl Workspace {
    /// Opens `project` with `threads` (else as declared, else the machine's cores).
    ///
    /// # Errors
    /// When scratch or the lake cannot be used.
    pub fn open(
        project: Project,
        threads: Option<usize>,
        clock: Clock,
        stop: Stop,
    ) -> Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = threads.or(project.threads).unwrap_or(cores).max(1);
        let scratch = Scratch::new()?;
        let limits = Limits { threads, memory_mb: project.memory_mb };
        let engine = Engine::new(limits, scratch.path())?;
        let patience = Patience { retry: project.retry, request: project.request };
        let stores = Stores::new(&project.root, &project.stores, patience);
        let lake = Lake::open(stores.open(&project.lake)?, &engine)?;
        let project = Arc::new(project);
        Ok(Self { project, engine, stores, lake, clock, lease_clock: clock, stop, scratch })
    }

    /// A folder that is gone when the workspace is.
    #[must_use]
    pub fn scratch(&self) -> PathBuf {
        self.scratch.path().to_owned()
    }

    /// The day a run is as of: `given`, else the declaration's, else yesterday.
    #[must_use]
    pub fn as_of(&self, given: Option<NaiveDate>) -> NaiveDate {
        given.or(self.project.as_of).unwrap_or_else(|| self.clock.yesterday(self.project.timezone))
    }

    /// The day before today in the project's time zone.
    #[must_use]
    pub fn yesterday(&self) -> NaiveDate {
        self.clock.yesterday(self.project.timezone)
    }

    /// A scratch folder for one run. Runs share none: readers remember files by their path.
    ///
    /// # Errors
    /// When scratch is full or cannot be written.
    pub fn run_scratch(&self) -> Result<tempfile::TempDir> {
        Ok(tempfile::Builder::new().prefix("run-").tempdir_in(self.scratch.path())?)
    }

    /// The table set of a destination.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn destination(&self, name: &str) -> Result<TableSet> {
        let known: &[Destination] = &self.project.destinations;
        let found = known.iter().find(|destination| destination.name == name).ok_or_else(|| {
            Error::new(Kind::Nothing, format!("destination \"{name}\" is not declared"))
                .hint(names::suggest(name, known.iter().map(|entry| entry.name.as_str())))
        })?;
        Ok(TableSet::new(self.stores.open(&found.url)?))
    }
}
