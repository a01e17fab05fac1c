//! What a run would do, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use chrono::NaiveDate;

use super::made;
use super::missing::INPUTS;
use super::workspace::Workspace;
use crate::check;
use crate::config::pipeline::{Fetch, Pipeline, Publish, Source};
use crate::domain::calendar::to_date;
use crate::error::{Error, Kind, Result};
use crate::lake::{Found, Ledger, discover};
use crate::names;
use crate::pull::fetch;
use crate::tableset::Manifest;
use crate::transform::{Graph, Models, graph, planned};

/// Files that no source reads which are named.
const SHOWN_FILES: usize = 5;

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Pipelines by name; all of them where empty.
    pub pipelines: Vec<String>,
    /// The tables to make, of those that they publish; all where empty. As dbt selects models: `name`,
    /// `+name` also with what it is made from, `name+` also with what is made from it. A run of
    /// selected tables pulls nothing.
    pub select: Vec<String>,
    /// The last day seen.
    pub as_of: Option<NaiveDate>,
    /// The quarter that `as_of` ends, where the run is made for it: its tables are kept as they
    /// are first published.
    pub keep: Option<String>,
    /// Whether months may shrink.
    pub accept: bool,
    /// Whether tables are computed though what is published was made from the same.
    pub anyway: bool,
}

impl Request {
    /// The same for `quarter`, as of its last day, its tables to be kept as first published.
    ///
    /// # Errors
    /// When it is no quarter, or one whose books are not closed, unless `early`.
    pub fn for_quarter(self, workspace: &Workspace, quarter: &str, early: bool) -> Result<Self> {
        let settings = &workspace.project.settings;
        let (_, last) = settings.fiscal.parse_quarter(quarter).ok_or_else(|| {
            Error::new(Kind::Usage, format!("\"{quarter}\" is not a quarter"))
                .hint("write as 2026Q3")
        })?;
        let as_of = to_date(last);
        let settled = to_date(last + settings.settle_days);
        if workspace.yesterday().succ_opt() < Some(settled) && !early {
            return Err(Error::new(
                Kind::Usage,
                format!(
                    "quarter {quarter} ends on {as_of}, and its books are closed {} days later",
                    settings.settle_days
                ),
            )
            .hint(format!("wait until {settled}, or make it now with --early")));
        }
        Ok(Self { as_of: Some(as_of), keep: Some(settings.fiscal.quarter(last)), ..self })
    }
}

/// What a run would do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The last day seen.
    pub as_of: NaiveDate,
    /// The lake as it is.
    pub lake: Manifest,
    /// The pipelines, those that pull first.
    pub pipelines: Vec<PipelinePlan>,
    /// Models in the order to run them.
    pub models: Vec<String>,
    /// What each model reads.
    pub graph: Graph,
    /// Tables whose checks run.
    pub checked: BTreeSet<String>,
    /// Tables to publish.
    pub publish: Vec<Publish>,
    /// How they were selected, where not all were asked for.
    pub select: Vec<String>,
    /// The quarter whose tables are kept, where the run is made for one.
    pub keep: Option<String>,
    /// Whether months may shrink.
    pub accept: bool,
    /// Whether nothing is to be pulled, and all that is to be published stands, made from the same.
    pub stands: bool,
}

/// What a run would pull for one pipeline.
#[derive(Debug, Clone)]
pub struct PipelinePlan {
    /// The pipeline.
    pub name: String,
    /// Its sources with the exports to read and the number of known ones.
    pub sources: Vec<(String, Vec<Found>, usize)>,
}

/// Plans `request`; touches nothing. The models are planned, and may run once the lake has its rows.
///
/// # Errors
/// Faults of SQL, pipelines that do not exist, sources without exports.
pub async fn plan<'a>(workspace: &'a Workspace, request: &Request) -> Result<(Plan, Models<'a>)> {
    let chosen = choose(&workspace.project.pipelines, &request.pipelines)?;
    let (plan, models) = plan_models(workspace, request).await?;
    let pipelines = pull(workspace, request, &chosen, &plan.lake).await?;
    let stands = stands(workspace, request, &plan.publish, &pipelines, &plan.lake).await?;
    Ok((Plan { pipelines, stands, ..plan }, models))
}

/// The same for a run, which needs no models where all stands.
pub(super) async fn plan_run<'a>(
    workspace: &'a Workspace,
    request: &Request,
) -> Result<(Plan, Models<'a>)> {
    let chosen = choose(&workspace.project.pipelines, &request.pipelines)?;
    let lake = workspace.lake.set().current().await?;
    let pipelines = pull(workspace, request, &chosen, &lake).await?;
    let publish = published(workspace, request, &chosen)?;
    if !stands(workspace, request, &publish, &pipelines, &lake).await? {
        let (plan, models) = plan_models(workspace, request).await?;
        return Ok((Plan { lake, pipelines, ..plan }, models));
    }
    let (project, as_of) = (&workspace.project, workspace.as_of(request.as_of));
    let models = Models::new(project, &project.settings, &workspace.engine, as_of)?;
    let (keep, accept) = (request.keep.clone(), request.accept);
    let (graph, checked) = (Graph::default(), BTreeSet::new());
    let plan = Plan {
        as_of,
        lake,
        pipelines,
        models: Vec::new(),
        graph,
        checked,
        publish,
        select: request.select.clone(),
        keep,
        accept,
        stands: true,
    };
    Ok((plan, models))
}

/// What `chosen` pipelines would pull into `lake`.
async fn pull(
    workspace: &Workspace,
    request: &Request,
    chosen: &[&Pipeline],
    lake: &Manifest,
) -> Result<Vec<PipelinePlan>> {
    if !request.select.is_empty() {
        let planned = |pipeline: &&Pipeline| PipelinePlan {
            name: pipeline.name.clone(),
            sources: Vec::new(),
        };
        return Ok(chosen.iter().map(planned).collect());
    }
    let sources = || chosen.iter().flat_map(|pipeline| &pipeline.sources);
    let wanted = |name: &str| sources().any(|source| source.name == name);
    let ledger = Ledger::read(workspace.lake.set(), lake, wanted).await?;
    let mut pipelines = Vec::new();
    for pipeline in chosen {
        let mut sources = Vec::new();
        for source in &pipeline.sources {
            let discovery = discover(source, &workspace.stores, &ledger).await?;
            sources.push((source.name.clone(), discovery.new, discovery.known));
        }
        pipelines.push(PipelinePlan { name: pipeline.name.clone(), sources });
    }
    Ok(pipelines)
}

/// What to tell of files that lie among the exports of `pipelines` and that no source of the project
/// reads.
#[must_use]
pub fn unread(workspace: &Workspace, pipelines: &[PipelinePlan]) -> Vec<String> {
    let project = &workspace.project;
    let folder = |source: &Source| match &source.fetch {
        Fetch::Files { url, pattern, .. } => {
            Some((url.clone(), workspace.stores.folder(url)?, pattern.clone()))
        }
        Fetch::Http { .. } => None,
    };
    let sources = || project.pipelines.iter().flat_map(|pipeline| &pipeline.sources);
    let all: Vec<_> = sources().filter_map(folder).collect();
    let asked = pipelines.iter().flat_map(|pipeline| &pipeline.sources);
    let asked: BTreeSet<&str> = asked.map(|(name, ..)| name.as_str()).collect();
    let asked = sources().filter(|source| asked.contains(source.name.as_str()));
    let folders: BTreeMap<PathBuf, String> =
        asked.filter_map(folder).map(|(url, path, _)| (path, url)).collect();
    let mut told = Vec::new();
    for (path, url) in folders {
        // A pattern of a folder above may reach into it.
        let patterns = all.iter().filter_map(|(_, other, pattern)| {
            let below = path.strip_prefix(other).ok()?;
            Some(if below.as_os_str().is_empty() {
                pattern.clone()
            } else {
                pattern.strip_prefix(&format!("{}/", below.display())).unwrap_or("**").to_owned()
            })
        });
        let patterns: Vec<String> = patterns.collect();
        let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
        let names = fetch::unread(&path, &patterns);
        if !names.is_empty() {
            let shown: Vec<String> =
                names.iter().take(SHOWN_FILES).map(|name| format!("\"{name}\"")).collect();
            let more = names.len().saturating_sub(SHOWN_FILES);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            told.push(format!(
                "no source reads these files of \"{url}\": {}{more}",
                shown.join(", ")
            ));
        }
    }
    told
}

/// Whether `pipelines` have nothing to pull into `lake`, and all of `publish` stands.
async fn stands(
    workspace: &Workspace,
    request: &Request,
    publish: &[Publish],
    pipelines: &[PipelinePlan],
    lake: &Manifest,
) -> Result<bool> {
    let mut sources = pipelines.iter().flat_map(|pipeline| &pipeline.sources);
    if request.anyway || publish.is_empty() || !sources.all(|(_, new, _)| new.is_empty()) {
        return Ok(false);
    }
    let (as_of, keep) = (workspace.as_of(request.as_of), request.keep.as_deref());
    made::stands(workspace, publish, as_of, keep, lake).await
}

/// What of the tables that `chosen` pipelines publish is asked for.
fn published(
    workspace: &Workspace,
    request: &Request,
    chosen: &[&Pipeline],
) -> Result<Vec<Publish>> {
    let mut all: Vec<Publish> =
        chosen.iter().flat_map(|pipeline| pipeline.publish.iter().cloned()).collect();
    if request.select.is_empty() {
        return Ok(all);
    }
    let graph = graph(&workspace.project)?;
    let mut wanted = BTreeSet::new();
    for select in &request.select {
        let (before, name) = select.strip_prefix('+').map_or((false, &**select), |it| (true, it));
        let (after, name) = name.strip_suffix('+').map_or((false, name), |it| (true, it));
        if !workspace.project.models.contains_key(name) {
            let known = workspace.project.models.keys().map(String::as_str);
            return Err(Error::new(Kind::Nothing, format!("model \"{name}\" does not exist"))
                .hint(names::suggest(name, known)));
        }
        let made_from = |table: &str| graph.needed(&BTreeSet::from([table.to_owned()]));
        let upstream = if before { made_from(name) } else { Vec::new() };
        let selected = all.iter().map(|entry| &entry.table).filter(|table| {
            *table == name
                || upstream.contains(table)
                || after && made_from(table).iter().any(|model| model == name)
        });
        let found: Vec<String> = selected.cloned().collect();
        if found.is_empty() {
            return Err(Error::new(Kind::Nothing, format!("nothing of \"{select}\" is published"))
                .hint(
                    "\"NAME+\" selects the tables made from NAME; see \"pobudka lineage NAME\"",
                ));
        }
        wanted.extend(found);
    }
    all.retain(|entry| wanted.contains(&entry.table));
    Ok(all)
}

/// Plans the models and checks of `request` on the lake as it is, without looking for exports.
pub(super) async fn plan_models<'a>(
    workspace: &'a Workspace,
    request: &Request,
) -> Result<(Plan, Models<'a>)> {
    let chosen = choose(&workspace.project.pipelines, &request.pipelines)?;
    plan_publication(workspace, request, published(workspace, request, &chosen)?).await
}

/// Plans what `table` needs on the lake as it is.
pub(super) async fn plan_table<'a>(
    workspace: &'a Workspace,
    request: &Request,
    table: &str,
) -> Result<(Plan, Models<'a>)> {
    let publish =
        Publish { table: table.to_owned(), to: String::new(), formats: Vec::new(), split: None };
    plan_publication(workspace, request, vec![publish]).await
}

/// Plans the models `names` and those that they read, whose rows are all that is wanted.
pub(super) async fn plan_rows<'a>(
    workspace: &'a Workspace,
    request: &Request,
    names: &BTreeSet<String>,
) -> Result<(Plan, Models<'a>)> {
    let chosen = |graph: &Graph, _: &[Publish]| (graph.needed(names), names.clone());
    prepared(workspace, request, Vec::new(), chosen).await
}

async fn plan_publication<'a>(
    workspace: &'a Workspace,
    request: &Request,
    publish: Vec<Publish>,
) -> Result<(Plan, Models<'a>)> {
    let chosen = |graph: &Graph, publish: &[Publish]| needed(workspace, graph, publish);
    prepared(workspace, request, publish, chosen).await
}

/// Plans the models that `chosen` names for `publish`, with the tables to be checked.
async fn prepared<'a>(
    workspace: &'a Workspace,
    request: &Request,
    publish: Vec<Publish>,
    chosen: impl FnOnce(&Graph, &[Publish]) -> (Vec<String>, BTreeSet<String>),
) -> Result<(Plan, Models<'a>)> {
    let project = &workspace.project;
    let mut graph = graph(project)?;
    let (models, checked) = chosen(&graph, &publish);
    let as_of = workspace.as_of(request.as_of);
    // Only `validate` looks for wrong columns and types in models that this run does not need.
    let prepared = planned(project, &workspace.engine, as_of, &mut graph, &models).await?;
    let lake = workspace.lake.set().current().await?;
    let plan = Plan {
        as_of,
        lake,
        pipelines: Vec::new(),
        models,
        graph,
        checked,
        publish,
        select: request.select.clone(),
        keep: request.keep.clone(),
        accept: request.accept,
        stands: false,
    };
    Ok((plan, prepared))
}

/// The pipelines named, those that pull first.
pub(super) fn choose<'a>(all: &'a [Pipeline], named: &[String]) -> Result<Vec<&'a Pipeline>> {
    for name in named {
        if !all.iter().any(|pipeline| pipeline.name == *name) {
            let known = all.iter().map(|pipeline| pipeline.name.as_str());
            return Err(Error::new(Kind::Nothing, format!("pipeline \"{name}\" does not exist"))
                .hint(names::suggest(name, known)));
        }
    }
    let mut chosen: Vec<&Pipeline> =
        all.iter().filter(|pipeline| named.is_empty() || named.contains(&pipeline.name)).collect();
    if chosen.is_empty() {
        return Err(Error::new(Kind::Nothing, "the project has no pipelines")
            .hint("add one under pipelines/"));
    }
    chosen.sort_by_key(|pipeline| (pipeline.sources.is_empty(), pipeline.name.clone()));
    Ok(chosen)
}

/// The models to run for `publish` and its checks, and the tables whose checks run.
fn needed(
    workspace: &Workspace,
    graph: &Graph,
    publish: &[Publish],
) -> (Vec<String>, BTreeSet<String>) {
    let contracts = &workspace.project.contracts;
    let mut wanted: BTreeSet<String> = publish.iter().map(|entry| entry.table.clone()).collect();
    let mut models = graph.needed(&wanted);
    let checked: BTreeSet<String> =
        models.iter().filter(|name| contracts.contains_key(*name)).cloned().collect();
    for name in &checked {
        if let Some(contract) = contracts.get(name) {
            wanted.extend(check::reads(&workspace.project, contract));
        }
    }
    if !wanted.is_empty() && workspace.project.models.contains_key(INPUTS) {
        wanted.insert(INPUTS.to_owned());
    }
    models = graph.needed(&wanted);
    (models, checked)
}
