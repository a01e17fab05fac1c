//! What every verb works with: the project, the engine, the lake.

use std::path::PathBuf;

use chrono::NaiveDate;

use crate::clock::Clock;
use crate::columnar::{Engine, Limits};
use crate::config::{Destination, Project};
use crate::error::{Error, Kind, Result};
use crate::lake::Lake;
use crate::names;
use crate::store;
use crate::tableset::TableSet;

/// A project opened for work.
pub struct Workspace {
    /// The declarations.
    pub project: Project,
    /// The queries' engine.
    pub engine: Engine,
    /// The lake.
    pub lake: Lake,
    /// The clock.
    pub clock: Clock,
    scratch: tempfile::TempDir,
}

impl Workspace {
    /// Opens `project` with `threads` (else as declared, else the machine's cores).
    ///
    /// # Errors
    /// When scratch or the lake cannot be used.
    pub fn open(project: Project, threads: Option<usize>, clock: Clock) -> Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = threads.or(project.threads).unwrap_or(cores).max(1);
        let scratch = tempfile::Builder::new().prefix("pobudka-").tempdir()?;
        let limits = Limits { threads, memory_mb: project.memory_mb };
        let engine = Engine::new(limits, scratch.path())?;
        let lake = Lake::open(&project.lake, &project.root, &engine)?;
        Ok(Self { project, engine, lake, clock, scratch })
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
        let place = store::open(&found.url, &self.project.root)?;
        Ok(TableSet::new(place.store, place.url))
    }
}
