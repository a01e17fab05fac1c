//! What each verb does.

use std::path::Path;

use clap::CommandFactory;

use super::args::{Cli, Clients, Demo, Rejects, Runs, Verb, Which};
use super::inspect_file::inspect_file;
use super::{backtest, docs, doctor, duplicates, inspect, operate, print, profile, query, upkeep};
use crate::clock::Clock;
use crate::config::{Env, Project, load, schemas};
use crate::demo;
use crate::error::{Error, Kind, Result, in_file};
use crate::names;
use crate::run::Rejects as Settle;
use crate::run::{Event, Outcome, Plan, Request, Run, Workspace, perform, plan};
use crate::stop::Stop;
use crate::store::Patience;
use crate::transform::{FUNCTIONS, Lineage, TestOutcome, graph, run_tests, validated};

/// Does what the arguments say.
pub(super) async fn dispatch(cli: Cli, stop: &Stop) -> Result<()> {
    match &cli.verb {
        Verb::Init { folder, empty } => {
            demo::init(folder, *empty)?;
            print::line(format!("a project is in {}; see its pipelines/", folder.display()));
            Ok(())
        }
        Verb::Demo(arguments) => run_demo(&cli, arguments, stop).await,
        Verb::Schema { which, write } => schema(&cli, which.as_deref(), *write),
        Verb::Completions { shell } => {
            let mut command = Cli::command();
            clap_complete::generate(*shell, &mut command, "pobudka", &mut std::io::stdout());
            Ok(())
        }
        Verb::Inspect { export, init, read_by } => {
            inspect_file(&cli, export, *init, read_by.as_deref()).await
        }
        Verb::Functions => {
            for function in FUNCTIONS {
                print::line(format!("{}\n    {}", function.call, function.gives));
            }
            Ok(())
        }
        _ => in_project(&cli, stop).await,
    }
}

/// `schema`.
fn schema(cli: &Cli, which: Option<&str>, write: bool) -> Result<()> {
    let schemas = schemas();
    let name = |path: &'static str| {
        let file = path.rsplit('/').next().unwrap_or(path);
        file.strip_suffix(".json").unwrap_or(file)
    };
    if let Some(which) = which.filter(|which| schemas.iter().all(|(path, _)| name(path) != *which))
    {
        return Err(Error::new(Kind::Usage, format!("schema \"{which}\" does not exist"))
            .hint(names::suggest(which, schemas.iter().map(|(path, _)| name(path)))));
    }
    for (path, schema) in schemas {
        let text = serde_json::to_string_pretty(&schema)? + "\n";
        if write {
            let file = cli.project.join(path);
            file.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(in_file(&file))?;
            std::fs::write(&file, text).map_err(in_file(&file))?;
            print::line(file.display().to_string());
        } else if which.is_none_or(|which| which == name(path)) {
            print::text(text.trim_end());
        }
    }
    Ok(())
}

async fn in_project(cli: &Cli, stop: &Stop) -> Result<()> {
    let mut workspace = open(&cli.project, cli, stop)?;
    if let Verb::Backtest { at: Some(day), .. } = &cli.verb {
        backtest::judge_on(&mut workspace, *day)?;
    }
    let result = verb(cli, &workspace).await;
    result.map_err(|mut error| {
        let redactor = &workspace.project.redactor;
        error.message = redactor.clean(&error.message);
        error.hint = error.hint.map(|hint| redactor.clean(&hint));
        error.source = error.source.map(|source| {
            let mut chain = source.to_string();
            let mut beneath = source.source();
            while let Some(inner) = beneath {
                let text = inner.to_string();
                if !chain.contains(&text) {
                    chain = format!("{chain}: {text}");
                }
                beneath = inner.source();
            }
            redactor.clean(&chain).into()
        });
        error
    })
}

async fn verb(cli: &Cli, workspace: &Workspace) -> Result<()> {
    match &cli.verb {
        Verb::Validate => {
            let graph = validated(&workspace.project, &workspace.engine).await?;
            let pipelines = workspace.project.pipelines.len();
            print::line(format!(
                "{pipelines} pipelines and {} models are valid",
                graph.order().len()
            ));
            Ok(())
        }
        Verb::Plan(which) => {
            let (plan, _) = plan(workspace, &request(workspace, which)?).await?;
            print_plan(workspace, &plan);
            Ok(())
        }
        Verb::Run { which, profile } => {
            let request = Request { anyway: *profile, ..request(workspace, which)? };
            let outcome = run(cli, workspace, &request).await?;
            print_outcome(workspace, &outcome);
            if *profile { profile::print(workspace, &outcome.run, cli.json).await } else { Ok(()) }
        }
        Verb::Backtest { at, as_of } => backtest::backtest(cli, workspace, *at, *as_of).await,
        Verb::Check(which) => operate::check(cli, workspace, which).await,
        Verb::Backfill(arguments) => operate::backfill(cli, workspace, arguments).await,
        Verb::Retry { run } => {
            let outcome = operate::retry(cli, workspace, run.as_deref()).await?;
            print_outcome(workspace, &outcome);
            Ok(())
        }
        Verb::Schedule => operate::daemon(cli, workspace).await,
        Verb::Tick => operate::tick(cli, workspace).await,
        Verb::Docs { out } => docs::docs(workspace, out).await,
        Verb::Doctor { deep } => doctor::doctor(workspace, *deep, cli.json).await,
        Verb::Repair(arguments) => upkeep::repair(cli, workspace, *arguments).await,
        Verb::Rollback(arguments) => upkeep::rollback(cli, workspace, arguments).await,
        Verb::Test { models } => test(workspace, models).await,
        Verb::Runs { what: None } => inspect::runs(workspace, cli.json).await,
        Verb::Runs { what: Some(Runs::Show { id }) } => inspect::run(workspace, id, cli.json).await,
        Verb::Status => inspect::status(workspace, cli.json).await,
        Verb::Ls => inspect::ls(workspace, cli.json).await,
        Verb::Show { table, limit, as_of } => {
            query::show(cli, workspace, (table, *limit), *as_of).await
        }
        Verb::Sql { query, as_of } => query::sql(cli, workspace, query, *as_of).await,
        Verb::Rejects { what: Rejects::Ls } => inspect::rejects(workspace, cli.json).await,
        Verb::Rejects { what: Rejects::Show { source, limit } } => {
            inspect::rejected(workspace, source.as_deref(), *limit, cli.json).await
        }
        Verb::Rejects { what: Rejects::Replay { source } } => {
            operate::rejects(workspace, source.as_deref(), Settle::Replay).await
        }
        Verb::Rejects { what: Rejects::Discard { source } } => {
            operate::rejects(workspace, Some(source), Settle::Discard).await
        }
        Verb::Clients { what: Clients::Duplicates(arguments) } => {
            duplicates::run(workspace, arguments, cli.json).await
        }
        Verb::Vacuum { plan } => upkeep::vacuum(cli, workspace, *plan).await,
        Verb::Lineage { table, dot } => lineage(workspace, table.as_deref(), *dot),
        Verb::Init { .. }
        | Verb::Demo(_)
        | Verb::Functions
        | Verb::Inspect { .. }
        | Verb::Completions { .. }
        | Verb::Schema { .. } => Ok(()),
    }
}

fn lineage(workspace: &Workspace, table: Option<&str>, dot: bool) -> Result<()> {
    let graph = graph(&workspace.project)?;
    let whole = Lineage::new(&workspace.project, &graph);
    let lineage = match table {
        None => whole,
        Some(table) => whole.of(table).ok_or_else(|| {
            Error::new(Kind::Nothing, format!("nothing leads to \"{table}\" or comes from it"))
                .hint(names::suggest(table, whole.names()))
        })?,
    };
    print::text(if dot { lineage.dot() } else { lineage.text() });
    Ok(())
}

/// The checked project in the folder `project`.
pub(super) fn loaded(project: &Path, env: &Env) -> Result<Project> {
    load(project, env).map_err(|faults| {
        let faults: Vec<String> = faults.sorted().iter().map(ToString::to_string).collect();
        Error::new(Kind::Declaration, faults.join("\n"))
    })
}

fn open(project: &Path, cli: &Cli, stop: &Stop) -> Result<Workspace> {
    let mut project = loaded(project, &Env::of_process())?;
    print::hide(&project.redactor);
    if !cli.verb.writes() {
        // Somebody waits for the answer: that a store is away is told soon.
        project.retry = project.retry.min(Patience::BRISK.retry);
    }
    let clock = cli.now.map_or(Clock::System, Clock::set_to);
    let mut workspace = Workspace::open(project, cli.threads, clock, stop.clone())?;
    if !cli.now_writes {
        // Whatever time is supposed, leases run out by the machine's.
        workspace.lease_clock = Clock::System;
    }
    Ok(workspace)
}

pub(super) fn request(workspace: &Workspace, which: &Which) -> Result<Request> {
    let asked = Request {
        pipelines: which.pipelines.clone(),
        select: which.select.clone(),
        as_of: which.as_of,
        keep: None,
        accept: which.accept,
        anyway: false,
    };
    match &which.quarter {
        None => Ok(asked),
        Some(quarter) => asked.for_quarter(workspace, quarter, which.early),
    }
}

/// The id of a run: when it began, and letters that no other process has.
pub(super) fn run_id(clock: Clock) -> String {
    use std::hash::{BuildHasher, RandomState};
    let chance = RandomState::new().hash_one(std::process::id()) & 0xffff_ffff;
    format!("{}-{chance:08x}", clock.now().format("%Y%m%dT%H%M%S%3fZ"))
}

/// What watches a run for the terminal.
pub(super) fn progress(cli: &Cli) -> impl Fn(Event) + Send + Sync + use<> {
    let quiet = cli.quiet;
    move |event: Event| {
        if !quiet {
            print::event(event);
        }
    }
}

pub(super) async fn run(cli: &Cli, workspace: &Workspace, request: &Request) -> Result<Outcome> {
    let id = run_id(workspace.clock);
    let run = Run { id: &id, claim: None, retries: None };
    perform(workspace, request, &run, &progress(cli)).await
}

fn print_plan(workspace: &Workspace, plan: &Plan) {
    print::line(format!("as of {}", plan.as_of));
    if plan.stands {
        print::line(
            "up to date: what is published was made from the same, a run would compute nothing",
        );
    }
    for pipeline in &plan.pipelines {
        for (source, new, known) in &pipeline.sources {
            print::line(format!(
                "pull {}/{source}: {} exports to read, {known} known",
                pipeline.name,
                new.len()
            ));
            for found in new {
                let (name, bytes) = (&found.export.name, print::grouped(found.export.bytes));
                print::line(format!("  {name}  {bytes} bytes  {}", found.why.word()));
                for replaced in &found.replaces {
                    let (other, rows) = (&replaced.export, print::grouped(replaced.rows));
                    let of = replaced.period.as_ref().map(|period| format!("{period} of "));
                    let of = of.unwrap_or_default();
                    print::line(format!("    takes the place of {of}{other}, {rows} rows"));
                }
            }
        }
    }
    for model in &plan.models {
        let file = workspace.project.models.get(model).map_or("", |model| model.file.as_str());
        print::line(format!("model {model}  {file}"));
    }
    for table in &plan.checked {
        let checks = workspace.project.contracts.get(table).map_or(0, |table| table.checks.len());
        print::line(format!("check {table}: its grain and {checks} checks"));
    }
    for publish in &plan.publish {
        print::line(format!("publish {} to {}", publish.table, publish.to));
    }
}

pub(super) fn print_outcome(workspace: &Workspace, outcome: &Outcome) {
    if outcome.up_to_date {
        print::line("up to date");
        return;
    }
    let sum = |get: &dyn Fn(&crate::pull::map::Tally) -> u64| {
        print::grouped(outcome.exports.iter().map(|export| get(&export.tally)).sum())
    };
    if !outcome.exports.is_empty() {
        let mut told = format!(
            "loaded {} exports: {} rows read, {} loaded, {} rejected, {} skipped",
            outcome.exports.len(),
            sum(&|tally| tally.read),
            sum(&|tally| tally.loaded),
            sum(&|tally| tally.rejected + tally.rejected_by_rule),
            sum(&|tally| tally.skipped)
        );
        let others = [
            (sum(&|tally| tally.recognised), "totals, blanks and repeats"),
            (sum(&|tally| tally.replaced), "replaced by another month or export"),
        ];
        for (count, what) in others.iter().filter(|(count, _)| count != "0") {
            told = format!("{told}, {count} {what}");
        }
        print::line(told);
    }
    for (name, version, new) in &outcome.destinations {
        let set = workspace.destination(name).map(|set| set.url().to_owned()).unwrap_or_default();
        let word = if *new { "published" } else { "unchanged" };
        print::line(format!("{word} {name} version {version} in {set}"));
    }
    for made in &outcome.tables {
        let rows = print::grouped(made.rows);
        match made.not_available.iter().find(|why| why.starts_with("not available")) {
            Some(why) => print::line(format!("  {}  {why}", made.table)),
            None => print::line(format!("  {}  {rows} rows", made.table)),
        }
        for why in made.not_available.iter().filter(|why| !why.starts_with("not available")) {
            print::line(format!("    {why}"));
        }
    }
}

async fn test(workspace: &Workspace, named: &[String]) -> Result<()> {
    let contracts = &workspace.project.contracts;
    for name in named {
        if contracts.get(name).is_none_or(|contract| contract.tests.is_empty()) {
            let tested = contracts.values().filter(|contract| !contract.tests.is_empty());
            let hint = names::suggest(name, tested.map(|contract| contract.model.as_str()));
            let message = format!("no contract of a model \"{name}\" declares a unit test");
            return Err(Error::new(Kind::Nothing, message).hint(hint));
        }
    }
    let graph = validated(&workspace.project, &workspace.engine).await?;
    let named = named.iter().cloned().collect();
    let (mut all, mut failed) = (0, 0);
    let mut report = |outcome: TestOutcome| {
        let word = if outcome.differences.is_empty() { "ok  " } else { "FAIL" };
        print::line(format!("{word} {}: {}", outcome.model, outcome.name));
        outcome.differences.iter().for_each(|difference| print::line(format!("     {difference}")));
        all += 1;
        failed += usize::from(!outcome.differences.is_empty());
    };
    run_tests(&workspace.project, &workspace.engine, graph, &named, &mut report).await?;
    match (all, failed) {
        (0, _) => Err(Error::new(Kind::Nothing, "no contract declares a unit test")
            .hint("add one under tests: of a contract")),
        (all, 0) => {
            print::line(format!("{all} tests passed"));
            Ok(())
        }
        (all, failed) => Err(Error::new(Kind::Check, format!("{failed} of {all} tests failed"))),
    }
}

async fn run_demo(cli: &Cli, arguments: &Demo, stop: &Stop) -> Result<()> {
    let size =
        demo::Size { documents: arguments.documents, seed: arguments.seed, as_of: arguments.as_of };
    let made = demo::make(&arguments.out, size)?;
    let folder = arguments.out.display();
    if !cli.quiet && made.files > 0 {
        print::aside(format!("made {} files of exports in {folder}/exports", made.files));
    }
    let workspace = open(&arguments.out, cli, stop)?;
    let outcome = run(cli, &workspace, &Request::default()).await?;
    print_outcome(&workspace, &outcome);
    for line in demo_figures(&workspace).await? {
        print::line(line);
    }
    print::line(format!("results: {folder}/published/latest; look around with:"));
    print::line(format!("  pobudka --project {folder} show sleeping_clients"));
    Ok(())
}

/// The main figures of the demo, from what was published.
async fn demo_figures(workspace: &Workspace) -> Result<Vec<String>> {
    let manifest = inspect::published(workspace, "bi").await?;
    let rows = |table: &str| {
        let files = manifest.tables.get(table).map_or(&[][..], |table| &table.files);
        print::grouped(files.first().map_or(0, |file| file.rows))
    };
    Ok(vec![
        format!(
            "{} clients, {} asleep on {}",
            rows("dim_clients"),
            rows("sleeping_clients"),
            workspace.as_of(None)
        ),
        format!(
            "{} spells of sleep, of clients and in their directions, over {} quarters",
            rows("fct_spells"),
            rows("dim_quarters")
        ),
    ])
}
