//! `inspect`: what an export is, what a load of it would bring, and a pipeline that reads it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Decimal128Type;
use object_store::path::Path as ObjectPath;

use super::args::Cli;
use super::print;
use crate::config::pipeline::Source;
use crate::config::{self, Env};
use crate::error::{Error, Kind, Result};
use crate::names;
use crate::pull::export::{self, Reading};
use crate::pull::fetch::{At, Export};
use crate::pull::inspect::{Found, Meaning, block, inspect};
use crate::pull::map::{Reject, Sink};
use crate::store::Stores;

/// What a packed export may unpack to outside of a project.
const MOST_UNPACKED_BYTES: u64 = 16 << 30;

/// Rejected rows that are shown.
const SHOWN_REJECTS: usize = 3;

/// Counts what a load would bring.
#[derive(Default)]
struct Count {
    tables: Vec<&'static str>,
    rows: BTreeMap<&'static str, u64>,
    /// Rows and hundredths by kind of document.
    kinds: BTreeMap<String, (u64, i128)>,
    rejects: Vec<Reject>,
}

impl Sink for Count {
    fn rows(&mut self, table: usize, batch: RecordBatch) -> Result<()> {
        *self.rows.entry(self.tables[table]).or_default() += batch.num_rows() as u64;
        if self.tables[table] != "documents" {
            return Ok(());
        }
        let (Some(kinds), Some(amounts)) =
            (batch.column_by_name("kind"), batch.column_by_name("amount"))
        else {
            return Ok(());
        };
        let Some(kinds) = kinds.as_string_opt::<i32>() else { return Ok(()) };
        for (kind, amount) in kinds.iter().zip(amounts.as_primitive::<Decimal128Type>()) {
            let (rows, sum) = self.kinds.entry(kind.unwrap_or_default().to_owned()).or_default();
            *rows += 1;
            *sum += amount.unwrap_or_default();
        }
        Ok(())
    }

    fn reject(&mut self, reject: Reject) -> Result<()> {
        if self.rejects.len() < SHOWN_REJECTS {
            self.rejects.push(reject);
        }
        Ok(())
    }
}

/// An export that was named, as a file of this machine and as a pipeline fetches it.
struct Target {
    export: Export,
    path: PathBuf,
    stem: String,
    fetch: String,
}

/// `inspect FILE|URL`.
pub(super) async fn inspect_file(cli: &Cli, target: &str, init: bool) -> Result<()> {
    let declared = cli.project.join("pipelines/project.yaml").is_file();
    let env = Env::of_process();
    let project = if declared { Some(super::verbs::loaded(&cli.project, &env)?) } else { None };
    if init && project.is_none() {
        return Err(Error::new(Kind::Usage, "--init writes into a project, and here is none")
            .hint(
                "run inside a project, name one with --project, or make one with \"pobudka init\"",
            ));
    }
    let stores = match &project {
        Some(project) => Stores::new(&project.root, &project.stores),
        None => Stores::new(&cli.project, &[]),
    };
    let folder = tempfile::tempdir()?;
    let most = project.as_ref().map_or(MOST_UNPACKED_BYTES, |one| (one.unpacked_mb as u64) << 20);
    let target = bring(target, &stores, folder.path(), &cli.project, most).await?;
    let found = inspect(&target.path, most)
        .map_err(|error| error.at(format!("export \"{}\"", target.export.name)))?;
    let currency = project.as_ref().map_or("EUR", |project| project.currency.as_str());
    let yaml = block(&found, &target.stem, &target.fetch, currency);
    let counted = yaml.as_ref().map(|yaml| count(yaml, &target, currency, &env)).transpose();
    if cli.json {
        json(&target, &found, yaml.as_deref(), &counted);
    } else {
        told(&target, &found, &counted);
    }
    let Some(yaml) = yaml else {
        return Err(Error::new(
            Kind::Nothing,
            "its columns do not say which table they are: no source can be proposed",
        )
        .hint("map them by hand: see \"into:\" in the README"));
    };
    let file = cli.project.join(format!("pipelines/{}.yaml", target.stem));
    if init {
        if file.exists() {
            let message = format!("{} is there already", file.display());
            return Err(Error::new(Kind::Usage, message).hint("remove it, or rename the export"));
        }
        std::fs::write(&file, yaml)?;
        print::aside(format!("written to {}", file.display()));
    } else if !cli.json {
        print::line(String::new());
        print::line(yaml.trim_end());
    }
    counted.map(|_| ())
}

/// Reads the export by the pipeline that is proposed.
fn count(yaml: &str, target: &Target, currency: &str, env: &Env) -> Result<(Reading, Count)> {
    let folder = tempfile::tempdir()?;
    let pipelines = folder.path().join("pipelines");
    std::fs::create_dir_all(&pipelines)?;
    let project =
        format!("version: 1\nname: inspected\ntimezone: UTC\ncurrency: {currency}\nlake: lake\n");
    std::fs::write(pipelines.join("project.yaml"), project)?;
    std::fs::write(pipelines.join("inspected.yaml"), yaml)?;
    let project = super::verbs::loaded(folder.path(), env)?;
    let source: Arc<Source> = project
        .pipelines
        .into_iter()
        .flat_map(|pipeline| pipeline.sources)
        .next()
        .map(Arc::new)
        .ok_or_else(|| Error::new(Kind::Defect, "the proposed pipeline has no source"))?;
    let tables = source.into.iter().map(|into| into.table.name).collect();
    let mut count = Count { tables, ..Count::default() };
    let reading = export::read(&source, &target.export, &target.path, &mut count)?;
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
    let (base, name) = match target.rsplit_once('/') {
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
    let export = inside.into_iter().next().unwrap_or(export);
    let path = export.bring(folder, most_unpacked_bytes).await?;
    Ok(Target { path, stem: stem(name), fetch, export })
}

fn files(folder: &str, name: &str) -> String {
    let literal = globset::escape(name);
    format!("{{ files: {{ url: {}, pattern: {} }} }}", yaml_text(folder), yaml_text(&literal))
}

fn yaml_text(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// The name of a pipeline for the file called `name`.
fn stem(name: &str) -> String {
    let stem = name.split('.').next().unwrap_or(name).to_lowercase();
    let letters = stem.chars().map(|char| if char.is_ascii_alphanumeric() { char } else { '_' });
    let mut clean = String::new();
    for letter in letters {
        if letter != '_' || !clean.ends_with('_') {
            clean.push(letter);
        }
    }
    let clean = clean.trim_matches('_').trim_start_matches(|char: char| char.is_ascii_digit());
    let clean = clean.trim_start_matches('_');
    if clean.is_empty() { "export".to_owned() } else { clean.to_owned() }
}

fn money(hundredths: i128) -> String {
    let sign = if hundredths < 0 { "-" } else { "" };
    let whole = u64::try_from(hundredths.unsigned_abs() / 100).unwrap_or(u64::MAX);
    format!("{sign}{}.{:02}", print::grouped(whole), hundredths.unsigned_abs() % 100)
}

type Counted = Result<Option<(Reading, Count)>>;

fn told(target: &Target, found: &Found, counted: &Counted) {
    let line = |what: &str, text: &str| print::line(format!("{what:<11} {text}"));
    line("file", &target.export.name);
    line("format", found.kind.name());
    if let Some(preset) = &found.preset {
        let description = config::presets::description(preset).unwrap_or_default();
        line("preset", &format!("{preset}: {}", description.trim()));
    }
    if !found.charset.is_empty() {
        line("charset", &found.charset);
    }
    match found.separator {
        Some('\t') => line("separator", "tab"),
        Some(separator) => line("separator", &format!("\"{separator}\"")),
        None => {}
    }
    if let Some(row) = found.header_row() {
        line("header", &format!("row {row}"));
    }
    if let Some(order) = found.dates() {
        line("dates", &order);
    }
    if let Some(table) = &found.table {
        for (header, meaning) in table.columns.iter().zip(&table.meanings) {
            if !header.is_empty() {
                let meaning = meaning.map_or("", |meaning| meaning.word());
                line("column", format!("{header:<28} {meaning}").trim_end());
            }
        }
        if let Some((row, text)) = &table.total {
            line("total row", &format!("row {row}, \"{text}\""));
        }
    }
    let Ok(Some((reading, count))) = counted else { return };
    for note in &reading.notes {
        line("note", note);
    }
    let tally = &reading.tally;
    line(
        "rows",
        &format!(
            "{} read: {} loaded, {} rejected, {} left out by rule, {} titles, totals and blanks",
            tally.read,
            tally.loaded,
            tally.rejected + tally.rejected_by_rule,
            tally.skipped,
            tally.recognised
        ),
    );
    for (table, rows) in &count.rows {
        line("table", &format!("{table}, {} rows", print::grouped(*rows)));
    }
    for (kind, (rows, sum)) in &count.kinds {
        line("sum", &format!("{kind}: {} in {} rows", money(*sum), print::grouped(*rows)));
    }
    for reject in &count.rejects {
        let column = if reject.column.is_empty() { "" } else { &reject.column };
        line(
            "reject",
            &format!("row {} {column}: \"{}\" {}", reject.row, reject.value, reject.message),
        );
    }
}

fn json(target: &Target, found: &Found, yaml: Option<&str>, counted: &Counted) {
    let columns = found.table.as_ref().map(|table| {
        let named = table.columns.iter().zip(&table.meanings);
        named
            .map(|(header, meaning)| {
                serde_json::json!({ "header": header, "meaning": meaning.map(Meaning::word) })
            })
            .collect::<Vec<_>>()
    });
    let counted = counted.as_ref().ok().and_then(Option::as_ref);
    let tally = counted.map(|(reading, _)| &reading.tally);
    let sums = counted.map(|(_, count)| {
        let named = count.kinds.iter().map(|(kind, (rows, sum))| {
            (kind.clone(), serde_json::json!({ "rows": rows, "sum": money(*sum).replace(' ', "") }))
        });
        named.collect::<serde_json::Map<_, _>>()
    });
    let line = serde_json::json!({
        "file": target.export.name,
        "format": found.kind.name(),
        "preset": found.preset,
        "charset": found.charset,
        "separator": found.separator,
        "header_row": found.header_row(),
        "dates": found.dates(),
        "columns": columns,
        "total_row": found.table.as_ref().and_then(|table| table.total.as_ref().map(|(row, _)| row)),
        "rows": tally.map(|tally| serde_json::json!({
            "read": tally.read,
            "loaded": tally.loaded,
            "rejected": tally.rejected + tally.rejected_by_rule,
            "skipped": tally.skipped,
            "recognised": tally.recognised,
        })),
        "tables": counted.map(|(_, count)| &count.rows),
        "documents": sums,
        "notes": counted.map(|(reading, _)| &reading.notes),
        "pipeline": yaml,
    });
    print::line(line.to_string());
}
