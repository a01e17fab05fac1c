//! A project folder → one checked project, or all the faults of its declarations.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Tz;

use super::contract::Contract;
use super::fault::{Fault, Faults};
use super::pipeline::Pipeline;
use super::project_mirror::Mirror;
use super::schedule::{self, Calendar, Schedule, When};
use super::settings::Settings;
use super::stores::{self, StoreOptions};
use super::text::{Checker, Env};
use super::yaml::{self, at};
use super::{contract_mirror, pipeline_check, pipeline_mirror, places, settings, values};
use crate::domain::calendar::Fiscal;
use crate::language::Language;
use crate::names;
use crate::secret::Redactor;

/// Memory for queries where the declaration does not say, in MiB.
pub const DEFAULT_MEMORY_MB: usize = 768;

/// What a packed export may unpack to where the declaration does not say, in MiB.
const DEFAULT_UNPACKED_MB: usize = 16_384;

/// The largest file of declarations or SQL that is read.
const MAX_DECLARATION_BYTES: u64 = 16 << 20;

/// How long a lease lasts where the declaration does not say.
const DEFAULT_LEASE: TimeDelta = TimeDelta::seconds(60);

/// How long a store is waited for where the declaration does not say.
const DEFAULT_PATIENCE: Duration = Duration::from_mins(2);

/// The longest that a lease may last.
pub const LONGEST_LEASE: TimeDelta = TimeDelta::hours(1);

/// A checked project.
#[derive(Debug)]
pub struct Project {
    /// The folder that holds `pipelines/` and `sql/`.
    pub root: PathBuf,
    /// Its name.
    pub name: String,
    /// The zone of its calendar days.
    pub timezone: Tz,
    /// The base currency.
    pub currency: String,
    /// The language in which people are told.
    pub language: Language,
    /// The last day seen, where the declaration pins it.
    pub as_of: Option<NaiveDate>,
    /// Where the lake lies.
    pub lake: String,
    /// Where publications go.
    pub destinations: Vec<Destination>,
    /// What stores need beyond what the environment gives.
    pub stores: Vec<StoreOptions>,
    /// The settings of the domain.
    pub settings: Settings,
    /// Its pipelines, by file name.
    pub pipelines: Vec<Pipeline>,
    /// Its SQL models, by name.
    pub models: BTreeMap<String, Model>,
    /// Its check queries under `sql/checks`, by name.
    pub check_queries: BTreeMap<String, Model>,
    /// Its small tables under `sql/reference`, by name: CSV files.
    pub references: BTreeMap<String, PathBuf>,
    /// Its contracts, by model.
    pub contracts: BTreeMap<String, Contract>,
    /// Threads for queries, where the declaration says.
    pub threads: Option<usize>,
    /// Memory for queries, in MiB.
    pub memory_mb: usize,
    /// What a packed export may unpack to, in MiB.
    pub unpacked_mb: usize,
    /// How long a run that is no longer heard of keeps its pipelines.
    pub lease: TimeDelta,
    /// How long a request to a store is sent again while its server fails.
    pub retry: Duration,
    /// How long one request to a store may take.
    pub request: Duration,
    /// What `vacuum` leaves.
    pub keep: Keep,
    /// What must not be printed.
    pub redactor: Redactor,
}

/// What `vacuum` leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// So many of the newest run records.
    pub runs: usize,
    /// So many of the newest versions of a table set that are younger than [`Keep::days`].
    pub versions: usize,
    /// Days.
    pub days: i64,
}

impl Default for Keep {
    fn default() -> Self {
        Self { runs: 1_000, versions: 30, days: 90 }
    }
}

/// A place for publications.
#[derive(Debug, Clone)]
pub struct Destination {
    /// Its name.
    pub name: String,
    /// Where it lies.
    pub url: String,
}

/// A SQL file.
#[derive(Debug, Clone)]
pub struct Model {
    /// Its name: the file's stem.
    pub name: String,
    /// The file, relative to the project.
    pub file: String,
    /// The folder under `sql/`: `staging`, `intermediate`, `marts` or `checks`.
    pub layer: String,
    /// Its text.
    pub sql: String,
}

/// Reads and checks the declarations under `root`; all faults are reported together.
///
/// # Errors
/// Every fault of shape and meaning, with its place. SQL is checked later, by the models' layer.
pub fn load(root: &Path, env: &Env) -> Result<Project, Faults> {
    let mut loader = Loader { root, env, redactor: Redactor::default(), faults: Faults::default() };
    let project = loader.project();
    match project {
        Some(project) if loader.faults.is_empty() => {
            Ok(Project { redactor: loader.redactor, ..project })
        }
        _ => {
            let Loader { mut redactor, faults, .. } = loader;
            Err(faults.without_secrets(&mut redactor))
        }
    }
}

struct Loader<'a> {
    root: &'a Path,
    env: &'a Env,
    redactor: Redactor,
    faults: Faults,
}

impl Loader<'_> {
    fn project(&mut self) -> Option<Project> {
        let file = "pipelines/project.yaml";
        if !self.root.join(file).is_file() {
            let fault = Fault::new(file, (0, 0), "the file is missing").hint(
                "run inside a project, name one with --project, or make one with \"pobudka init\"",
            );
            self.faults.push(fault);
            return None;
        }
        let text = self.read(file)?;
        let mirror: Option<Mirror> = self.parse(file, &text);
        let names: Vec<String> = mirror
            .as_ref()
            .map_or_else(Vec::new, |mirror| mirror.destinations.keys().cloned().collect());
        let zone = mirror.as_ref().and_then(|mirror| mirror.timezone.value.parse().ok());
        let fiscal = mirror.as_ref().and_then(|mirror| mirror.domain.fiscal());
        let calendar = Calendar {
            zone: zone.unwrap_or(chrono_tz::UTC),
            fiscal: fiscal.unwrap_or(Fiscal::calendar_year()),
        };
        let currency = mirror.as_ref().map_or("", |mirror| &mirror.currency.value);
        let mut pipelines = self.pipelines(&names, calendar, currency);
        let (models, contracts) = self.models();
        let check_queries = self.sql_files(&["checks"]);
        let references = self.references();
        let mirror = mirror?;
        let root = self.root.to_owned();
        let mut check = self.checker(file, &text);
        if mirror.version.value != 1 {
            check.fault_hint(at(&mirror.version), "this version is not known", "write version: 1");
        }
        if zone.is_none() {
            check.fault_hint(
                at(&mirror.timezone),
                format!("time zone \"{}\" is not known", mirror.timezone.value),
                "use an IANA name, as Europe/Moscow",
            );
        }
        let currency = values::currency(&mut check, &mirror.currency);
        let spoken = Language::where_money_is(&currency);
        let language = values::language(&mut check, mirror.language.as_ref(), spoken);
        let lake = stores::writable(&mut check, &mirror.lake);
        let stores = stores::stores(&mut check, &mirror.stores);
        let declared: Vec<(Destination, (usize, usize))> = mirror
            .destinations
            .iter()
            .map(|(name, destination)| {
                if !names::is_name(name) {
                    check.fault(at(&destination.url), format!("\"{name}\" is not a name"));
                }
                let url = stores::writable(&mut check, &destination.url);
                (Destination { name: name.clone(), url }, at(&destination.url))
            })
            .collect();
        places::check(&mut check, &root, (&lake, at(&mirror.lake)), &declared, &pipelines);
        let destinations = declared.into_iter().map(|(destination, _)| destination).collect();
        let as_of = mirror.as_of.as_ref().and_then(|written| values::date(&mut check, written));
        let settings = settings::settings(&mut check, &mirror.domain);
        let limits = &mirror.limits;
        let unpacked_mb =
            limits.unpacked_mb.as_ref().map_or(DEFAULT_UNPACKED_MB, |most| most.value);
        for source in pipelines.iter_mut().flat_map(|pipeline| &mut pipeline.sources) {
            source.most_unpacked_bytes = (unpacked_mb as u64) << 20;
        }
        let given = [&limits.threads, &limits.memory_mb, &limits.unpacked_mb];
        for limit in given.into_iter().flatten() {
            if limit.value == 0 {
                check.fault_hint(at(limit), "a limit of 0 lets nothing run", "write 1 or more");
            }
        }
        let (keep, kept) = (&mirror.keep, Keep::default());
        let given = [&keep.runs, &keep.versions];
        for limit in given.into_iter().flatten().filter(|limit| limit.value == 0) {
            check.fault_hint(at(limit), "at least one is kept", "write 1 or more");
        }
        let keep = Keep {
            runs: keep.runs.as_ref().map_or(kept.runs, |runs| runs.value),
            versions: keep.versions.as_ref().map_or(kept.versions, |versions| versions.value),
            days: keep.days.as_ref().map_or(kept.days, |days| i64::from(days.value)),
        };
        let lease = mirror.limits.lease.as_ref().and_then(|written| {
            let lease = values::duration(&mut check, written)?;
            if lease > LONGEST_LEASE {
                let found = format!("a lease of \"{}\" is longer than an hour", written.value);
                check.fault_hint(at(written), found, "write 1h or less: leases are renewed");
            }
            Some(lease)
        });
        let mut waits = |written: &Option<yaml::Spanned<String>>| {
            let declared =
                written.as_ref().and_then(|written| values::duration(&mut check, written));
            declared.and_then(|time| time.to_std().ok()).unwrap_or(DEFAULT_PATIENCE)
        };
        let (retry, request) = (waits(&mirror.limits.retry), waits(&mirror.limits.request));
        Some(Project {
            root: self.root.to_owned(),
            name: mirror.name.value.clone(),
            timezone: zone.unwrap_or(chrono_tz::UTC),
            currency,
            language,
            as_of,
            lake,
            destinations,
            stores,
            settings,
            pipelines,
            models,
            check_queries,
            references,
            contracts,
            threads: mirror.limits.threads.map(|threads| threads.value),
            memory_mb: mirror.limits.memory_mb.map_or(DEFAULT_MEMORY_MB, |memory| memory.value),
            unpacked_mb,
            lease: lease.unwrap_or(DEFAULT_LEASE),
            retry,
            request,
            keep,
            redactor: Redactor::default(),
        })
    }

    fn checker<'a>(&'a mut self, file: &'a str, text: &'a str) -> Checker<'a> {
        Checker {
            file,
            text,
            env: self.env,
            redactor: &mut self.redactor,
            faults: &mut self.faults,
        }
    }

    fn read(&mut self, file: &str) -> Option<String> {
        let path = self.root.join(file);
        let read = fs::metadata(&path).and_then(|metadata| {
            let wrong = if !metadata.is_file() {
                "it is no file".to_owned()
            } else if metadata.len() > MAX_DECLARATION_BYTES {
                format!("it has more than {} MiB", MAX_DECLARATION_BYTES >> 20)
            } else {
                return fs::read_to_string(&path);
            };
            Err(std::io::Error::other(wrong))
        });
        match read {
            Ok(text) => Some(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)),
            Err(error) => {
                self.faults.push(Fault::new(file, (0, 0), format!("cannot be read: {error}")));
                None
            }
        }
    }

    fn parse<T: serde::de::DeserializeOwned>(&mut self, file: &str, text: &str) -> Option<T> {
        yaml::parse(file, text).map_err(|fault| self.faults.push(fault)).ok()
    }

    /// Files of `folder` with one of the endings, sorted, relative to the project.
    fn files(&mut self, folder: &str, endings: &[&str]) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.root.join(folder)) else {
            return Vec::new();
        };
        let mut files: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| endings.iter().any(|ending| name.ends_with(ending)))
            .map(|name| format!("{folder}/{name}"))
            .collect();
        files.sort();
        files
    }

    fn pipelines(
        &mut self,
        destinations: &[String],
        calendar: Calendar,
        currency: &str,
    ) -> Vec<Pipeline> {
        let destinations: Vec<&str> = destinations.iter().map(String::as_str).collect();
        let mut pipelines: Vec<Pipeline> = Vec::new();
        let known = pipeline_check::Known { destinations: &destinations, calendar, currency };
        let mut waiting = Vec::new();
        for file in self.files("pipelines", &[".yaml", ".yml"]) {
            if file == "pipelines/project.yaml" {
                continue;
            }
            let Some(text) = self.read(&file) else {
                continue;
            };
            let Some(mirror) = self.parse::<pipeline_mirror::Pipeline>(&file, &text) else {
                continue;
            };
            let mut check = self.checker(&file, &text);
            let pipeline = pipeline_check::pipeline(&mut check, &mirror, known);
            if let Some(other) = pipelines.iter().find(|other| other.name == pipeline.name) {
                check.fault_hint(
                    at(&mirror.name),
                    format!("pipeline \"{}\" is also declared in {}", other.name, other.file),
                    "give one of the two another name",
                );
            }
            for source in &mirror.sources {
                let mut others = pipelines.iter().chain(std::iter::once(&pipeline));
                let count = others
                    .by_ref()
                    .flat_map(|pipeline| &pipeline.sources)
                    .filter(|other| other.name == source.name.value)
                    .count();
                if count > 1 {
                    check.fault_hint(
                        at(&source.name),
                        format!("source \"{}\" is declared twice", source.name.value),
                        "a source's rows replace its earlier ones: give each its own name",
                    );
                }
            }
            for source in &mirror.sources {
                let system = |source: &pipeline_mirror::Source| {
                    source.system.as_ref().unwrap_or(&source.name).value.clone()
                };
                for table in source.into.keys() {
                    let others = pipelines.iter().chain(std::iter::once(&pipeline));
                    let others = others.flat_map(|pipeline| &pipeline.sources).filter(|other| {
                        other.name != source.name.value
                            && other.system == system(source)
                            && other.into.iter().any(|into| into.table.name == table)
                    });
                    if let Some(other) = others.into_iter().next() {
                        check.fault_hint(
                            at(&source.name),
                            format!(
                                "table \"{table}\" of system \"{}\" is also loaded by source \"{}\"",
                                other.system, other.name
                            ),
                            "its keys would stand twice: give one of them another system, or one \
                             source both files",
                        );
                    }
                }
            }
            for publish in &mirror.publish {
                let claimed = pipelines.iter().find(|other| {
                    other.publish.iter().any(|entry| {
                        entry.table == publish.table.value && entry.to == publish.to.value
                    })
                });
                if let Some(other) = claimed {
                    check.fault_hint(
                        at(&publish.table),
                        format!(
                            "table \"{}\" is also published to \"{}\" by pipeline \"{}\"",
                            publish.table.value, publish.to.value, other.name
                        ),
                        "let one pipeline publish it",
                    );
                }
                let twice = mirror.publish.iter().filter(|other| {
                    other.table.value == publish.table.value && other.to.value == publish.to.value
                });
                if twice.count() > 1 {
                    check.fault(
                        at(&publish.table),
                        format!("table \"{}\" is published twice", publish.table.value),
                    );
                }
            }
            if let Some(schedule) = &mirror.schedule {
                let names = schedule::waits_for(schedule).iter();
                let names = names.map(|name| (at(name), name.value.clone())).collect::<Vec<_>>();
                waiting.push((file.clone(), text.clone(), pipeline.name.clone(), names));
            }
            pipelines.push(pipeline);
        }
        for (file, text, name, waits_for) in waiting {
            self.waits(&pipelines, &file, &text, &name, &waits_for);
        }
        pipelines
    }

    /// Whether the pipelines that `name` waits for are there, scheduled, and do not wait for it.
    fn waits(
        &mut self,
        pipelines: &[Pipeline],
        file: &str,
        text: &str,
        name: &str,
        waits_for: &[((usize, usize), String)],
    ) {
        let find = |name: &str| pipelines.iter().find(|pipeline| pipeline.name == name);
        let mut check = self.checker(file, text);
        for (place, other) in waits_for {
            match find(other) {
                None => {
                    let known = pipelines.iter().map(|pipeline| pipeline.name.as_str());
                    let hint = names::suggest(other, known);
                    check.fault_hint(*place, format!("pipeline \"{other}\" does not exist"), hint);
                }
                Some(found) if found.schedule.is_none() => check.fault_hint(
                    *place,
                    format!("pipeline \"{other}\" has no schedule, so it never does a slot"),
                    "give it one",
                ),
                Some(_) => {}
            }
            let (mut seen, mut open) = (Vec::new(), vec![other.as_str()]);
            while let Some(next) = open.pop() {
                if next == name {
                    let message =
                        format!("pipeline \"{name}\" waits for itself by way of \"{other}\"");
                    check.fault_hint(*place, message, "let one of them be due by the clock");
                    break;
                }
                if seen.contains(&next) {
                    continue;
                }
                seen.push(next);
                let schedule = find(next).and_then(|pipeline| pipeline.schedule.as_ref());
                if let Some(Schedule { when: When::After(names), .. }) = schedule {
                    open.extend(names.iter().map(String::as_str));
                }
            }
        }
    }

    fn sql_files(&mut self, layers: &[&str]) -> BTreeMap<String, Model> {
        let mut models: BTreeMap<String, Model> = BTreeMap::new();
        for layer in layers {
            for file in self.files(&format!("sql/{layer}"), &[".sql"]) {
                let name = stem(&file);
                let Some(sql) = self.read(&file) else {
                    continue;
                };
                if !names::is_name(&name) {
                    let fault = Fault::new(&file, (0, 0), format!("\"{name}\" is not a name"))
                        .hint("name the file in lower-case letters, digits and _");
                    self.faults.push(fault);
                }
                if let Some(other) = models.get(&name) {
                    let message = format!("model \"{name}\" is also declared in {}", other.file);
                    self.faults.push(
                        Fault::new(&file, (0, 0), message).hint("give one of the two another name"),
                    );
                }
                let model = Model { name: name.clone(), file, layer: (*layer).to_owned(), sql };
                models.insert(name, model);
            }
        }
        models
    }

    fn models(&mut self) -> (BTreeMap<String, Model>, BTreeMap<String, Contract>) {
        let layers = ["staging", "intermediate", "marts"];
        let models = self.sql_files(&layers);
        for (name, model) in &models {
            if super::canonical::table(name).is_some()
                || name.starts_with("set_")
                || ["kept_measures", "measures_now"].contains(&name.as_str())
            {
                let message = format!("model \"{name}\" has the name of a built-in table");
                self.faults.push(
                    Fault::new(&model.file, (0, 0), message).hint("give the model another name"),
                );
            }
        }
        let mut contracts = BTreeMap::new();
        for layer in layers {
            for file in self.files(&format!("sql/{layer}"), &[".yaml", ".yml"]) {
                let name = stem(&file);
                let Some(text) = self.read(&file) else {
                    continue;
                };
                let Some(mirror) = self.parse::<contract_mirror::Mirror>(&file, &text) else {
                    continue;
                };
                let mut check = self.checker(&file, &text);
                let contract = contract_mirror::contract(&mut check, &name, &mirror);
                if !models.contains_key(&name) {
                    check.fault_hint(
                        (0, 0),
                        format!("contract \"{name}\" has no model beside it"),
                        format!("add sql/{layer}/{name}.sql, or remove the contract"),
                    );
                }
                contracts.insert(name, contract);
            }
        }
        (models, contracts)
    }

    fn references(&mut self) -> BTreeMap<String, PathBuf> {
        let files = self.files("sql/reference", &[".csv"]);
        files.iter().map(|file| (stem(file), self.root.join(file))).collect()
    }
}

fn stem(file: &str) -> String {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.split('.').next().unwrap_or(name).to_owned()
}
