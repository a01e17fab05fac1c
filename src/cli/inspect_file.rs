//! `inspect`: what an export is, what a load of it would bring, and a pipeline that reads it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::path::Path as ObjectPath;

use super::args::Cli;
use super::inspect_count::Count;
use super::{inspect_told, print};
use crate::config::Env;
use crate::config::pipeline::Source;
use crate::error::{Error, Kind, Result, in_file};
use crate::names;
use crate::pull::export::{self, Reading};
use crate::pull::fetch::{At, Export};
use crate::pull::inspect::{Found, Proposal, inspect, missing, proposals};
use crate::scratch::Scratch;
use crate::store::{Patience, Stores};

/// What a packed export may unpack to outside of a project.
const MOST_UNPACKED_BYTES: u64 = 16 << 30;

/// An export that was named, as a file of this machine and as a pipeline fetches it.
pub(super) struct Target {
    pub(super) export: Export,
    path: PathBuf,
    stem: String,
    fetch: String,
}

/// `inspect FILE|URL`.
pub(super) async fn inspect_file(cli: &Cli, target: &str, init: bool) -> Result<()> {
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
    let tell = if cli.json { inspect_told::json } else { inspect_told::lines };
    let target = bring(target, &stores, folder.path(), &cli.project, most).await?;
    let mut found = inspect(&target.path, most)
        .map_err(|error| error.at(format!("export \"{}\"", target.export.name)))?;
    let currency = project.as_ref().map_or("EUR", |project| project.currency.as_str());
    let propose = |found: &Found| {
        best(proposals(found, &target.stem, &target.fetch, currency), &target, currency, &env)
    };
    let mut proposed = propose(&found);
    // Documents on several rows may come after the rows by which the table was understood.
    if proposed.as_ref().is_some_and(contradicts)
        && let Some(table) = found.table.as_mut().filter(|table| !table.lines)
    {
        table.lines = true;
        let grouped = propose(&found);
        let more = |one: &Option<Proposed>| one.as_ref().map_or(0, |(_, counted)| loads(counted));
        if more(&grouped) > more(&proposed) {
            proposed = grouped;
        }
    }
    let Some((proposal, counted)) = proposed else {
        tell(&target, &found, None, None);
        let lacks = match missing(&found).join(", ") {
            lacks if lacks.is_empty() => String::new(),
            lacks => format!("; none is known as {lacks}"),
        };
        return Err(Error::new(
            Kind::Nothing,
            format!(
                "its columns do not say which table they are: no source can be proposed{lacks}"
            ),
        )
        .hint("map them by hand: see \"into:\" in the README"));
    };
    tell(&target, &found, Some(&proposal), counted.as_ref().ok());
    let yaml = proposal.yaml;
    let (reading, _) = match counted {
        Ok(counted) => counted,
        Err(error) => {
            if !cli.json {
                print::text(format!("\n{}", yaml.trim_end()));
            }
            return Err(error);
        }
    };
    let tally = &reading.tally;
    if tally.rejected > 0 {
        let percent = (tally.rejected * 100).div_ceil(tally.loaded + tally.rejected);
        print::aside(format!(
            "  a run would not load this for its rejects: correct what they say, or allow them with \
             \"rejects: {{ max_percent: {percent} }}\""
        ));
    } else if tally.loaded == 0 {
        print::aside("  nothing in it is a row of a table: a run would load nothing");
    }
    let file = cli.project.join(format!("pipelines/{}.yaml", target.stem));
    if init {
        if file.exists() {
            let message = format!("{} is there already", file.display());
            return Err(Error::new(Kind::Usage, message).hint("remove it, or rename the export"));
        }
        std::fs::write(&file, yaml).map_err(in_file(&file))?;
        print::aside(format!("written to {}", file.display()));
    } else if !cli.json {
        print::text(format!("\n{}", yaml.trim_end()));
    }
    Ok(())
}

/// A pipeline that is proposed, and what it brings.
type Proposed = (Proposal, Result<(Reading, Count)>);

/// The rows that are loaded.
fn loads(counted: &Result<(Reading, Count)>) -> u64 {
    counted.as_ref().map_or(0, |(reading, _)| reading.tally.loaded)
}

/// Whether rows with one key have different values.
fn contradicts((_, counted): &Proposed) -> bool {
    counted.as_ref().is_ok_and(|(_, count)| !count.contradicting.is_empty())
}

/// The first of `proposals` by which a run would load the export, else the one that loads most;
/// with what it brings.
fn best(proposals: Vec<Proposal>, target: &Target, currency: &str, env: &Env) -> Option<Proposed> {
    let mut best: Option<Proposed> = None;
    for proposal in proposals {
        let counted = count(&proposal.yaml, target, currency, env);
        let whole = counted.as_ref().is_ok_and(|(reading, _)| reading.tally.rejected == 0);
        let good = whole && loads(&counted) > 0;
        if good || best.as_ref().is_none_or(|(_, most)| loads(&counted) > loads(most)) {
            best = Some((proposal, counted));
        }
        if good {
            break;
        }
    }
    best
}

/// Reads the export by the pipeline that is proposed.
fn count(yaml: &str, target: &Target, currency: &str, env: &Env) -> Result<(Reading, Count)> {
    let folder = Scratch::new()?;
    let pipelines = folder.path().join("pipelines");
    std::fs::create_dir_all(&pipelines).map_err(in_file(&pipelines))?;
    let project =
        format!("version: 1\nname: inspected\ntimezone: UTC\ncurrency: {currency}\nlake: lake\n");
    for (name, text) in [("project.yaml", project.as_str()), ("inspected.yaml", yaml)] {
        let file = pipelines.join(name);
        std::fs::write(&file, text).map_err(in_file(&file))?;
    }
    let project = super::verbs::loaded(folder.path(), env)?;
    let source: Arc<Source> = project
        .pipelines
        .into_iter()
        .flat_map(|pipeline| pipeline.sources)
        .next()
        .map(Arc::new)
        .ok_or_else(|| Error::new(Kind::Defect, "the proposed pipeline has no source"))?;
    let mut count = Count::of(&source);
    let mut reading = export::read(&source, &target.export, &target.path, &mut count)?;
    count.finish(&mut reading.tally);
    Ok((reading, count))
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
    let export = largest.cloned().unwrap_or(export);
    let path = export.bring(folder, most_unpacked_bytes).await?;
    Ok(Target { path, stem: stem(name), fetch, export })
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
