//! The models of a run and the checks of their tables.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use futures::StreamExt;
use futures::stream::FuturesUnordered;

use super::execute::{Event, Running};
use super::missing::{INPUTS, Missing, missing_inputs};
use super::plan::Plan;
use super::record::{profile, record, told};
use crate::check::{self, Checked};
use crate::config::canonical;
use crate::error::{Error, Kind, Result};
use crate::lake::CheckRecord;
use crate::tableset::Manifest;
use crate::transform::{Materialised, Models, Ran};

/// Models that run side by side: while one plans or drains, another computes. Of those that go
/// through many rows, one runs at a time: two would share the memory of one.
const MODELS_AT_ONCE: usize = 2;

impl Running<'_> {
    /// Runs the models of `plan` on the lake's `manifest`, then the checks of their tables.
    pub(super) async fn model(
        &mut self,
        plan: &Plan,
        mut models: Models<'_>,
        manifest: &Manifest,
    ) -> Result<(BTreeMap<String, Materialised>, Vec<Checked>, Missing)> {
        let workspace = self.workspace;
        self.begin_models(plan, &mut models, manifest).await?;
        let tables = self.run_models(plan, &models).await?;
        let missing = missing_inputs(&models, &plan.models).await?;
        let since = self.begin(format!("check {} tables", plan.checked.len()));
        let mut checks = Vec::new();
        for name in &plan.checked {
            if let Some(contract) = workspace.project.contracts.get(name) {
                checks.extend(check::run(&workspace.project, &models, contract).await);
            }
        }
        self.end("check", "all", since, vec![("checks".to_owned(), checks.len() as u64)]);
        let records: Vec<CheckRecord> = checks.iter().map(record).collect();
        self.recording.edit(|run| run.checks = records);
        for check in checks.iter().filter(|check| check.outcome == check::Outcome::Warned) {
            (self.progress)(Event::Note(format!("warning: {}", told(check))));
        }
        Ok((tables, checks, missing))
    }

    /// Gives `models` the rows of the lake's `manifest`, and what was kept of earlier quarters.
    pub(super) async fn begin_models(
        &mut self,
        plan: &Plan,
        models: &mut Models<'_>,
        manifest: &Manifest,
    ) -> Result<()> {
        let lake = &self.workspace.lake;
        let providers: BTreeMap<&str, Arc<dyn TableProvider>> = canonical::TABLES
            .iter()
            .map(|table| (table.name, lake.provider(manifest, table)))
            .collect();
        models.begin(&providers, self.scratch.path())?;
        self.give_kept(plan, manifest, &providers, models).await
    }

    /// Runs the models, each once those that it reads are there.
    pub(super) async fn run_models(
        &mut self,
        plan: &Plan,
        models: &Models<'_>,
    ) -> Result<BTreeMap<String, Materialised>> {
        let project = &self.workspace.project;
        let at_once = MODELS_AT_ONCE.min(self.workspace.engine.limits().threads);
        let mut unfinished: BTreeSet<&str> = plan.models.iter().map(String::as_str).collect();
        let mut waiting: Vec<&str> = plan.models.iter().map(String::as_str).collect();
        let mut running = FuturesUnordered::new();
        let mut heavy_runs = false;
        // Models that found too little memory beside others: they run again alone, on one thread.
        let mut alone: BTreeSet<&str> = BTreeSet::new();
        let mut tables = BTreeMap::new();
        let contracts = plan.checked.iter().filter_map(|name| project.contracts.get(name));
        let mut kept = plan.checked.clone();
        kept.extend(contracts.flat_map(|contract| check::reads(project, contract)));
        kept.insert(INPUTS.to_owned());
        // Who reads a view reads the tables beneath it.
        let rows_of = |names: &mut dyn Iterator<Item = &str>| -> BTreeSet<String> {
            let rows = names.map(|name| plan.graph.rows_of(project, name));
            rows.flatten().map(str::to_owned).collect()
        };
        let mut kept = rows_of(&mut kept.iter().map(String::as_str));
        let mut gone_through: BTreeMap<&str, BTreeSet<String>> =
            unfinished.iter().map(|name| (*name, rows_of(&mut plan.graph.reads(name)))).collect();
        loop {
            while running.len() < at_once {
                let next_alone = waiting.iter().any(|name| alone.contains(name));
                let ready = |name: &&str| {
                    if next_alone {
                        return alone.contains(name) && running.is_empty();
                    }
                    plan.graph.reads(name).all(|read| !unfinished.contains(read))
                        && !(heavy_runs && models.is_heavy(plan.graph.reads(name)))
                };
                let Some(position) = waiting.iter().position(ready) else { break };
                let name = waiting.remove(position);
                let heavy = models.is_heavy(plan.graph.reads(name));
                heavy_runs |= heavy;
                let since = self.begin(format!("model {name}"));
                let by_itself = alone.contains(name);
                running.push(async move {
                    let ran = if by_itself {
                        models.run_alone(name).await
                    } else {
                        models.run(name).await
                    };
                    (name, since, heavy, ran)
                });
            }
            let Some((name, since, heavy, ran)) = running.next().await else {
                return match waiting.first() {
                    None => Ok(tables),
                    Some(name) => Err(Error::new(
                        Kind::Defect,
                        format!("model \"{name}\" waits for tables that are never made"),
                    )),
                };
            };
            heavy_runs &= !heavy;
            if ran.as_ref().is_err_and(Error::lacks_memory) && alone.insert(name) {
                let told = format!("model {name} found too little memory: it runs again, alone");
                (self.progress)(Event::Note(told));
                self.steps += 1;
                waiting.push(name);
                continue;
            }
            unfinished.remove(name);
            let (ran, reads) = ran?;
            let rows = match ran {
                Ran::View => {
                    // What it reads may be a view itself, of tables that it goes through too.
                    let mut beneath = gone_through[name].clone();
                    beneath.extend(reads.into_iter().map(|read| read.table));
                    for tables in gone_through.values_mut().chain([&mut kept]) {
                        if tables.contains(name) {
                            tables.extend(beneath.iter().cloned());
                        }
                    }
                    continue;
                }
                Ran::Scratch(rows) => rows,
                Ran::Table(made) => {
                    let rows = made.written.rows;
                    tables.insert(name.to_owned(), made);
                    rows
                }
            };
            self.end(self.kind, name, since, profile(rows, &reads));
            for read in &gone_through[name] {
                let needed = |name: &&str| gone_through[*name].contains(read);
                if !kept.contains(read) && !unfinished.iter().any(needed) {
                    models.forget(read);
                }
            }
        }
    }
}
