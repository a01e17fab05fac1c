//! Query sessions: one memory limit and one scratch folder for a whole run.

use std::path::Path;
use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::prelude::{SessionConfig, SessionContext};
use object_store::ObjectStore;

use super::build_sides::BuildSides;
use super::in_place::InPlace;
use super::memory::Memory;
use super::parquet_file::BATCH_ROWS;
use crate::error::Result;

/// The side of a join that is smaller is built once for all threads; the other stays as it lies.
const BROADCAST_BYTES: usize = 16 << 20;

/// The most that a sort reserves for its merge.
const SORT_RESERVATION_BYTES: usize = 10 << 20;

/// What queries may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Threads.
    pub threads: usize,
    /// Memory, in MiB; beyond it sorts and aggregations spill.
    pub memory_mb: usize,
}

/// Makes the sessions of one run; they share memory, scratch and stores.
#[derive(Debug, Clone)]
pub struct Engine {
    runtime: Arc<RuntimeEnv>,
    limits: Limits,
}

impl Engine {
    /// An engine that spills to `scratch`.
    ///
    /// # Errors
    /// When the scratch folder cannot be used.
    pub fn new(limits: Limits, scratch: &Path) -> Result<Self> {
        let disk = DiskManagerBuilder::default()
            .with_mode(DiskManagerMode::Directories(vec![scratch.to_owned()]));
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(Memory::new(limits.memory_mb << 20)))
            .with_disk_manager_builder(disk)
            .build_arc()?;
        Ok(Self { runtime, limits })
    }

    /// What queries may use.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Room in the memory of the queries for something else, to be grown before it is filled.
    #[must_use]
    pub fn reservation(&self, name: &str) -> MemoryReservation {
        MemoryConsumer::new(name).register(&self.runtime.memory_pool)
    }

    /// The memory of the queries, and how much of it may be reserved before scratch rows go to
    /// disk: what is left is for sorts, joins and aggregations.
    pub(super) fn scratch_room(&self) -> (Arc<dyn MemoryPool>, usize) {
        (Arc::clone(&self.runtime.memory_pool), (self.limits.memory_mb << 20) / 3)
    }

    /// Lets queries read `store` under the URL `pobudka://<name>/`.
    ///
    /// # Errors
    /// When `name` cannot stand in a URL.
    pub fn register(&self, name: &str, store: Arc<dyn ObjectStore>) -> Result<ObjectStoreUrl> {
        let url = ObjectStoreUrl::parse(format!("pobudka://{}/", name.replace('_', "-")))?;
        self.runtime.register_object_store(url.as_ref(), store);
        Ok(url)
    }

    /// Lets queries go through `partitions`.
    pub fn lay(&self, options: &mut ConfigOptions, partitions: usize) {
        options.execution.target_partitions = partitions.max(1);
        // Each sorted partition reserves memory for its merge: one needs but one sort, however
        // many files its rows come from, and many may not use it up.
        options.optimizer.repartition_sorts = partitions > 1;
        let share = (self.limits.memory_mb << 20) / (32 * partitions.max(1));
        options.execution.sort_spill_reservation_bytes = share.min(SORT_RESERVATION_BYTES);
    }

    /// A session with `threads` partitions: SQL as pobudka speaks it.
    #[must_use]
    pub fn session(&self, threads: usize) -> SessionContext {
        let mut config = SessionConfig::new()
            .with_batch_size(BATCH_ROWS)
            .with_collect_statistics(false)
            .with_information_schema(false);
        let options = config.options_mut();
        options.sql_parser.collect_spans = true;
        options.sql_parser.parse_float_as_decimal = true;
        options.sql_parser.map_string_types_to_utf8view = false;
        options.execution.parquet.schema_force_view_types = false;
        // Such a filter waits for the rows of all partitions, which are not there at once.
        options.optimizer.enable_join_dynamic_filter_pushdown = false;
        self.lay(options, threads);
        // Rows lie by client (see `by_key`): grouping by client and day needs no other order.
        options.optimizer.subset_repartition_threshold = 1;
        options.optimizer.hash_join_single_partition_threshold = BROADCAST_BYTES;
        let mut rules = PhysicalOptimizer::new().rules;
        let chosen = rules.iter().position(|rule| rule.name() == "join_selection");
        rules.insert(chosen.map_or(0, |place| place + 1), Arc::new(BuildSides));
        rules.push(Arc::new(InPlace));
        let state = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(Arc::clone(&self.runtime))
            .with_default_features()
            .with_physical_optimizer_rules(rules)
            .build();
        SessionContext::new_with_state(state)
    }
}
