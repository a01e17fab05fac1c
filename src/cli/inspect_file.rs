//! `inspect`: what an export is, what a load of it would bring, and a pipeline that reads it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Decimal128Type;
use chrono::{DateTime, Utc};
use object_store::path::Path as ObjectPath;

use super::args::Cli;
use super::{inspect_told, print};
use crate::clock::Clock;
use crate::columnar::Limits;
use crate::config::pipeline::Source;
use crate::config::{DEFAULT_MEMORY_MB, Env, Project};
use crate::error::{Error, Kind, Result, in_file};
use crate::names;
use crate::pull::export;
use crate::pull::fetch::{At, Export, by_name};
use crate::pull::inspect::{Found, Proposal, inspect, lacks, proposals};
use crate::pull::map::{Reject, Sink};
use crate::run::{Trial, trial};
use crate::scratch::Scratch;
use crate::store::{Patience, Stores};

/// What a packed export may unpack to outside of a project.
const MOST_UNPACKED_BYTES: u64 = 16 << 30;

/// An export that was named, as a file of this machine and as a pipeline fetches it.
pub(super) struct Target {
    /// The file that is looked into.
    pub(super) export: Export,
    /// All that a pipeline fetches, of an archive those that are alike.
    exports: Vec<Export>,
    path: PathBuf,
    stem: String,
    fetch: String,
}

/// `inspect FILE|URL`.
pub(super) async fn inspect_file(
    cli: &Cli,
    target: &str,
    init: bool,
    read_only: bool,
) -> Result<()> {
    let declared = cli.project.join("pipelines/project.yaml").is_file();
    let env = Env::of_process();
    let project = if declared { Some(super::verbs::loaded(&cli.project, &env)?) } else { None };
    let mut hidden = project.as_ref().map(|one| one.redactor.clone()).unwrap_or_default();
    hidden.hide_in_url(target);
    print::hide(&hidden);
    if init && project.is_none() {
        return Err(Error::new(Kind::Usage, "--init writes into a project, and here is none")
            .hint(
                "run inside a project, name one with --project, or make one with \"pobudka init\"",
            ));
    }
    let stores = match &project {
        Some(project) => Stores::new(&project.root, &project.stores, Patience::BRISK),
        None => Stores::new(&cli.project, &[], Patience::BRISK),
    };
    let folder = Scratch::new()?;
    let most = project.as_ref().map_or(MOST_UNPACKED_BYTES, |one| (one.unpacked_mb as u64) << 20);
    let target = bring(target, &stores, folder.path(), &cli.project, most).await?;
    let looking = Looking {
        target: &target,
        currency: project.as_ref().map_or("EUR", |project| project.currency.as_str()),
        zone: project.as_ref().map_or("UTC", |project| project.timezone.name()),
        limits: limits(cli, project.as_ref()),
        env: &env,
        now: cli.now.map_or(Clock::System, Clock::set_to).now(),
    };
    let mut found = inspect(&target.path, most)
        .map_err(|error| error.at(format!("export \"{}\"", target.export.name)))?;
    if read_only {
        let read = looking.best(&found)?.ok_or_else(|| Error::new(Kind::Nothing, lacks(&found)))?;
        print::json(read.seen.told(read.rejected).to_string());
        return Ok(());
    }
    let mut proposed = looking.propose(&found).await?;
    // Documents on several rows may come after the rows by which the table was understood.
    if proposed.as_ref().is_some_and(Proposed::contradicts)
        && let Some(table) = found.table.as_mut().filter(|table| !table.lines)
    {
        table.lines = true;
        let grouped = looking.propose(&found).await?;
        let more = |one: &Option<Proposed>| one.as_ref().map_or(0, Proposed::loads);
        if more(&grouped) > more(&proposed) {
            proposed = grouped;
        }
    }
    let tell = if cli.json { inspect_told::json } else { inspect_told::lines };
    let Some(Proposed { proposal, trial }) = proposed else {
        tell(&target, &found, None, None);
        let message = format!("{}: no source can be proposed", lacks(&found));
        return Err(Error::new(Kind::Nothing, message)
            .hint("map them by hand: see \"into:\" in the README"));
    };
    tell(&target, &found, Some(&proposal), trial.as_ref().ok());
    let yaml = proposal.yaml;
    let show = || {
        if !cli.json {
            print::text(format!("\n{}", yaml.trim_end()));
        }
    };
    let trial = trial.inspect_err(|_| show())?;
    if let Some(refused) = trial.refused {
        if trial.tables.is_empty() {
            show();
            return Err(Error::new(
                Kind::Nothing,
                format!("a run would load nothing: {}", refused.message),
            )
            .hint(refused.hint.unwrap_or_default()));
        }
        let hint = refused.hint.map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
        print::aside(format!("  a run would refuse it: {}{hint}", refused.message));
    } else if trial.tables.is_empty() {
        show();
        let skipped: u64 = trial.exports.iter().map(|export| export.tally.skipped).sum();
        let message = format!(
            "a run would load nothing: {} rows are left out by rule, and no other makes a row of a table",
            print::grouped(skipped)
        );
        return Err(Error::new(Kind::Nothing, message).hint("see the notes above, and its rules"));
    }
    let file = cli.project.join(format!("pipelines/{}.yaml", target.stem));
    if init {
        if file.exists() {
            let message = format!("{} is there already", file.display());
            return Err(Error::new(Kind::Usage, message).hint("remove it, or rename the export"));
        }
        std::fs::write(&file, yaml).map_err(in_file(&file))?;
        print::aside(format!("written to {}", file.display()));
    } else {
        show();
    }
    Ok(())
}

/// What a load works with: as in the project, or as in none.
fn limits(cli: &Cli, project: Option<&Project>) -> Limits {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = cli.threads.or(project.and_then(|project| project.threads)).unwrap_or(cores);
    let memory_mb = project.map_or(DEFAULT_MEMORY_MB, |project| project.memory_mb);
    Limits { threads: threads.max(1), memory_mb }
}

/// A pipeline that is proposed, and what a load by it brings.
struct Proposed {
    proposal: Proposal,
    trial: Result<Trial>,
}

impl Proposed {
    /// The rows that are loaded.
    fn loads(&self) -> u64 {
        let trial = self.trial.as_ref().ok();
        trial.map_or(0, |trial| trial.exports.iter().map(|export| export.tally.loaded).sum())
    }

    /// Whether rows with one key have different values.
    fn contradicts(&self) -> bool {
        self.trial.as_ref().is_ok_and(|trial| trial.contradicting > 0)
    }
}

/// What proposals are made and tried with.
struct Looking<'a> {
    target: &'a Target,
    currency: &'a str,
    zone: &'a str,
    limits: Limits,
    env: &'a Env,
    now: DateTime<Utc>,
}

impl Looking<'_> {
    /// The pipeline that is proposed, tried out.
    async fn propose(&self, found: &Found) -> Result<Option<Proposed>> {
        let Some(Best { proposal, source, .. }) = self.best(found)? else { return Ok(None) };
        let folder = Scratch::new()?;
        let exports = self.target.exports.clone();
        let trial = trial(&source, exports, self.limits, folder.path(), self.now).await;
        Ok(Some(Proposed { proposal, trial }))
    }

    /// The first of the pipelines proposed that takes all rows of the export, else the one that
    /// takes most.
    fn best(&self, found: &Found) -> Result<Option<Best>> {
        let Target { stem, fetch, export, path, .. } = self.target;
        let mut best: Option<Best> = None;
        for proposal in proposals(found, stem, fetch, self.currency) {
            let source = self.source(&proposal.yaml)?;
            let mut seen = Seen::of(&source);
            let read = export::read(&source, export, path, &mut seen);
            let (loaded, rejected) =
                read.map_or((0, 1), |read| (read.tally.loaded, read.tally.rejected));
            let good = rejected == 0 && loaded > 0;
            if good || best.as_ref().is_none_or(|best| loaded > best.loaded) {
                best = Some(Best { proposal, source, seen, loaded, rejected });
            }
            if good {
                break;
            }
        }
        Ok(best)
    }

    /// The source that the pipeline in `yaml` declares.
    fn source(&self, yaml: &str) -> Result<Source> {
        let folder = Scratch::new()?;
        let pipelines = folder.path().join("pipelines");
        std::fs::create_dir_all(&pipelines).map_err(in_file(&pipelines))?;
        let project = format!(
            "version: 1\nname: inspected\ntimezone: {}\ncurrency: {}\nlake: lake\n",
            self.zone, self.currency
        );
        for (name, text) in [("project.yaml", project.as_str()), ("inspected.yaml", yaml)] {
            let file = pipelines.join(name);
            std::fs::write(&file, text).map_err(in_file(&file))?;
        }
        let project = super::verbs::loaded(folder.path(), self.env)?;
        let sources = project.pipelines.into_iter().flat_map(|pipeline| pipeline.sources).next();
        // Told as guesses already.
        let told = sources.map(|source| Source { guessed: Vec::new(), ..source });
        told.ok_or_else(|| Error::new(Kind::Defect, "the proposed pipeline has no source"))
    }
}

/// The likeliest pipeline, and what reading by it gave.
struct Best {
    proposal: Proposal,
    source: Source,
    seen: Seen,
    loaded: u64,
    rejected: u64,
}

/// Counts rows that are read and not kept.
struct Seen {
    /// The tables, and their rows.
    tables: Vec<(&'static str, u64)>,
    /// The amounts of documents, in hundredths.
    amount: i128,
}

impl Seen {
    fn of(source: &Source) -> Self {
        let tables = source.into.iter().map(|into| (into.table.name, 0));
        Self { tables: tables.collect(), amount: 0 }
    }

    fn told(&self, rejected: u64) -> serde_json::Value {
        let tables: BTreeMap<&str, u64> = self.tables.iter().copied().collect();
        serde_json::json!({ "tables": tables, "amount": self.amount.to_string(), "rejected": rejected })
    }
}

impl Sink for Seen {
    fn rows(&mut self, table: usize, batch: RecordBatch) -> Result<()> {
        let (name, rows) = &mut self.tables[table];
        *rows += batch.num_rows() as u64;
        if let ("documents", Some(amounts)) = (*name, batch.column_by_name("amount")) {
            let amounts = amounts.as_primitive::<Decimal128Type>();
            self.amount += amounts.iter().flatten().sum::<i128>();
        }
        Ok(())
    }

    fn reject(&mut self, _: Reject) -> Result<()> {
        Ok(())
    }
}

/// Finds the export that `target` names: a file, or the URL of one.
async fn bring(
    target: &str,
    stores: &Stores,
    folder: &Path,
    project: &Path,
    most_unpacked_bytes: u64,
) -> Result<Target> {
    let target = target.strip_prefix("file://").unwrap_or(target);
    let (base, name) = match target.rsplit_once('/') {
        Some(("", name)) => ("/", name),
        Some((base, name)) => (base, name),
        None => (".", target),
    };
    let missing = || {
        Error::new(Kind::Nothing, format!("export \"{target}\" does not exist")).hint(
            "give the path of a file, or a URL that begins with https://, s3://, gs:// or az://",
        )
    };
    let export = match names::foreign_scheme(target) {
        None => {
            let path = PathBuf::from(target);
            let metadata = std::fs::metadata(&path).map_err(|_| missing())?;
            if !metadata.is_file() {
                return Err(missing());
            }
            let (bytes, modified_ms) = (metadata.len(), 0);
            Export { name: name.to_owned(), at: At::File(path), bytes, modified_ms, etag: None }
        }
        Some("http" | "https") => Export::page(name, stores.open(target)?).await?,
        Some(_) => {
            let place = stores.open(base)?;
            let at = At::Object(place, ObjectPath::from(name));
            Export { name: name.to_owned(), at, bytes: 0, modified_ms: 0, etag: None }
        }
    };
    let fetch = match names::foreign_scheme(target) {
        Some("http" | "https") => format!("{{ http: {{ urls: [{}] }} }}", yaml_text(target)),
        Some(_) => files(base, name),
        None => {
            let whole = std::fs::canonicalize(base)?;
            let root = std::fs::canonicalize(project).unwrap_or_else(|_| project.to_owned());
            let inside = whole.strip_prefix(&root).map(Path::to_owned);
            let folder = inside.unwrap_or(whole);
            let folder = folder.to_string_lossy();
            files(if folder.is_empty() { "." } else { &folder }, name)
        }
    };
    let inside = export.inside(folder).await?;
    let largest = inside.iter().min_by_key(|one| std::cmp::Reverse(one.bytes));
    let fetch = match largest.and_then(|largest| of_archive(&inside, largest)) {
        Some(glob) => fetch.replacen(" } }", &format!(", inside: {} }} }}", yaml_text(&glob)), 1),
        None => fetch,
    };
    let glob = largest.and_then(|largest| of_archive(&inside, largest));
    let ending = glob.as_deref().map(|glob| glob.trim_start_matches("**/*"));
    let export = largest.cloned().unwrap_or(export);
    let path = export.bring(folder, most_unpacked_bytes).await?;
    let others = inside.iter().filter(|other| other.name != export.name);
    let mut exports = vec![Export { at: At::File(path.clone()), ..export.clone() }];
    for other in others.filter(|other| ending.is_none_or(|ending| other.name.ends_with(ending))) {
        // Each member of an archive is unpacked to a file of one name.
        let own = folder.join(format!("member-{}", exports.len()));
        std::fs::create_dir_all(&own).map_err(in_file(&own))?;
        let path = other.bring(&own, most_unpacked_bytes).await?;
        exports.push(Export { at: At::File(path), ..other.clone() });
    }
    exports.sort_by(|one, other| by_name(&one.name, &other.name));
    Ok(Target { path, stem: stem(name), fetch, export, exports })
}

/// The pattern of the files of an archive that end like `own`, where others are in it.
fn of_archive(inside: &[Export], own: &Export) -> Option<String> {
    let ending = |export: &Export| export.name.rsplit_once('.').map(|(_, end)| end.to_owned());
    let own = ending(own)?;
    let differs = inside.iter().any(|other| ending(other).as_ref() != Some(&own));
    differs.then(|| format!("**/*.{own}"))
}

fn files(folder: &str, name: &str) -> String {
    let literal = globset::escape(name);
    format!("{{ files: {{ url: {}, pattern: {} }} }}", yaml_text(folder), yaml_text(&literal))
}

fn yaml_text(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// The letters of Russian in their order, as names have them.
const LATIN: [&str; 32] = [
    "a", "b", "v", "g", "d", "e", "zh", "z", "i", "y", "k", "l", "m", "n", "o", "p", "r", "s", "t",
    "u", "f", "kh", "ts", "ch", "sh", "shch", "", "y", "", "e", "yu", "ya",
];

/// The name of a pipeline for the file called `name`.
fn stem(name: &str) -> String {
    let name = name.split('?').next().unwrap_or(name);
    let mut stem = String::new();
    for char in name.split('.').next().unwrap_or(name).to_lowercase().chars() {
        match u32::from(char).checked_sub(u32::from('а')).and_then(|at| LATIN.get(at as usize)) {
            Some(latin) => stem.push_str(latin),
            None => stem.push(if char == 'ё' { 'e' } else { char }),
        }
    }
    let letters = stem.chars().map(|char| if char.is_ascii_alphanumeric() { char } else { '_' });
    let mut clean = String::new();
    for letter in letters {
        if letter != '_' || !clean.ends_with('_') {
            clean.push(letter);
        }
    }
    let clean = clean.trim_start_matches(|char: char| !char.is_ascii_alphabetic());
    let clean: String = clean.chars().take(names::MAX_NAME_BYTES).collect();
    match clean.trim_end_matches('_') {
        "" => "export".to_owned(),
        // YAML takes these for something else than a name, and project.yaml is none.
        word
        @ ("null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n" | "project") => {
            format!("{word}_export")
        }
        clean => clean.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::stem;

    #[test]
    fn a_pipeline_is_named_for_its_export() {
        for (name, expected) in [
            ("sales_2026-06.csv.gz", "sales_2026_06"),
            ("2026-06.csv", "export"),
            ("Реализация за март (1).xlsx", "realizatsiya_za_mart_1"),
            ("Счёт [2].csv", "schet_2"),
            ("null.csv", "null_export"),
            ("project.csv", "project_export"),
            ("sales.csv?month=6", "sales"),
            (".csv", "export"),
        ] {
            assert_eq!(stem(name), expected, "{name}");
        }
        assert!(crate::names::is_name(&stem(&"x".repeat(100))));
    }
}
