//! `clients duplicates`: clients that may be one buyer, and a person's decisions about them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, UInt32Array};
use datafusion::catalog::TableProvider;

use super::args::Duplicates as Arguments;
use super::print;
use crate::config::canonical;
use crate::domain::aliases::{Alias, faults, proposed};
use crate::domain::duplicates::{Client, Duplicates, Pair, duplicates};
use crate::error::{Error, Kind, Result, in_file};
use crate::names;
use crate::run::Workspace;
use crate::transform::{delimiter, graph, parse_csv, planned};

/// The model that says who is one client.
const KEYS: &str = "int_client_keys";

/// Where a person's decisions lie.
const FILE: &str = "sql/reference/client_aliases.csv";

const HEADER: [&str; 5] = ["source", "client_id", "client_key", "role", "note"];

/// The clients of the lake as the models see them, and the aliases so far.
struct Known {
    clients: Vec<Client>,
    aliases: Vec<Alias>,
    ids: BTreeSet<String>,
}

/// Does what the arguments say.
pub(super) async fn run(workspace: &Workspace, arguments: &Arguments, json: bool) -> Result<()> {
    let known = known(workspace).await?;
    match &arguments.accept {
        Some(file) => accept(workspace, &known, file),
        None => propose(&known, arguments, json),
    }
}

async fn known(workspace: &Workspace) -> Result<Known> {
    let project = &workspace.project;
    if !project.models.contains_key(KEYS) {
        return Err(Error::new(Kind::Declaration, format!("model \"{KEYS}\" does not exist"))
            .hint("it says who is one client; take it from a fresh `pobudka init`"));
    }
    let mut graph = graph(project)?;
    let needed = graph.needed(&[KEYS.to_owned()].into());
    let (engine, as_of) = (&workspace.engine, workspace.as_of(None));
    let mut models = planned(project, engine, as_of, &mut graph, &needed).await?;
    let manifest = workspace.lake.set().current().await?;
    let canonical: BTreeMap<&str, Arc<dyn TableProvider>> = canonical::TABLES
        .iter()
        .map(|table| (table.name, workspace.lake.provider(&manifest, table)))
        .collect();
    let scratch = workspace.run_scratch()?;
    models.begin(&canonical, scratch.path())?;
    for name in &needed {
        models.run(name).await?;
    }
    let clients = models
        .query(&format!(
            "select clients.source || ':' || clients.client_id, client_key, name, tax_id, phone, email \
             from clients inner join {KEYS} as keys \
             on clients.source = keys.source and clients.client_id = keys.client_id order by 1"
        ))
        .await?;
    let aliases = models.query("select from_id, to_id from stg_client_aliases").await?;
    let ids = models.query(&format!("select source || ':' || client_id from {KEYS}")).await?;
    if clients.iter().all(|batch| batch.num_rows() == 0) {
        return Err(Error::new(Kind::Nothing, "the lake has no clients")
            .hint("map an export into: clients, then run its pipeline"));
    }
    let text = |row: &mut Row<'_>| row.next().flatten().unwrap_or_default().to_owned();
    let own = |row: &mut Row<'_>| row.next().flatten().map(str::to_owned);
    let clients = rows(&clients, |row| Client {
        id: text(row),
        key: text(row),
        name: text(row),
        tax_id: own(row),
        phone: own(row),
        email: own(row),
    })?;
    let aliases = rows(&aliases, |row| Alias { from: text(row), to: text(row) })?;
    let ids = rows(&ids, text)?.into_iter().collect();
    Ok(Known { clients, aliases, ids })
}

/// The cells of a row, from left to right.
type Row<'a> = dyn Iterator<Item = Option<&'a str>> + 'a;

/// Each row of `batches`, whose columns are text.
fn rows<T>(batches: &[RecordBatch], mut each: impl FnMut(&mut Row<'_>) -> T) -> Result<Vec<T>> {
    let mut made = Vec::new();
    for batch in batches {
        let columns = batch.columns().iter();
        let columns: Vec<ArrayRef> = columns
            .map(|column| arrow::compute::cast(column, &arrow::datatypes::DataType::Utf8))
            .collect::<std::result::Result<_, _>>()?;
        let columns: Vec<&StringArray> = columns.iter().map(AsArray::as_string).collect();
        for row in 0..batch.num_rows() {
            let mut cells =
                columns.iter().map(|column| column.is_valid(row).then(|| column.value(row)));
            made.push(each(&mut cells));
        }
    }
    Ok(made)
}

fn propose(known: &Known, arguments: &Arguments, json: bool) -> Result<()> {
    let clients = &known.clients;
    let Duplicates { mut pairs, left_out } = duplicates(clients);
    if let Some(source) = &arguments.source {
        let of = |client: &Client| client.id.split(':').next() == Some(source.as_str());
        if !clients.iter().any(of) {
            let sources = clients.iter().filter_map(|client| client.id.split(':').next());
            return Err(Error::new(Kind::Nothing, format!("source \"{source}\" has no clients"))
                .hint(names::suggest(source, sources)));
        }
        pairs.retain(|pair| of(&clients[pair.left]) || of(&clients[pair.right]));
    }
    for group in left_out {
        let (shared, count) = (group.shared, group.clients);
        print::aside(format!("left out: {count} clients share {shared}, too many to pair"));
    }
    let all = pairs.len();
    pairs.truncate(arguments.limit);
    if let Some(file) = &arguments.write {
        write(known, &pairs, file)?;
    } else if !pairs.is_empty() {
        print::rows(&[table(clients, &pairs)?], json)?;
    }
    print::aside(match (all, pairs.len()) {
        (0, _) => "no two clients look like one buyer".to_owned(),
        (all, shown) if shown < all => format!("{shown} of {all} pairs; --limit shows more"),
        (all, _) => format!("{all} pairs"),
    });
    Ok(())
}

fn reasons(pair: &Pair) -> String {
    pair.reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn table(clients: &[Client], pairs: &[Pair]) -> Result<RecordBatch> {
    let column = |of: &dyn Fn(&Pair) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(pairs.iter().map(of)))
    };
    let scores = UInt32Array::from_iter_values(pairs.iter().map(|pair| pair.score));
    Ok(RecordBatch::try_from_iter([
        ("left", column(&|pair| clients[pair.left].id.clone())),
        ("left_name", column(&|pair| clients[pair.left].name.clone())),
        ("right", column(&|pair| clients[pair.right].id.clone())),
        ("right_name", column(&|pair| clients[pair.right].name.clone())),
        ("reasons", column(&reasons)),
        ("score", Arc::new(scores)),
    ])?)
}

/// Writes the pairs as rows of the aliases file, for a person to take out what is wrong.
fn write(known: &Known, pairs: &[Pair], file: &Path) -> Result<()> {
    let clients = &known.clients;
    let mut text = HEADER.join(",") + "\n";
    let mut count = 0;
    let proposed = proposed(clients, pairs, &known.aliases);
    for (pair, (from, to)) in
        pairs.iter().zip(proposed).filter_map(|(pair, row)| Some((pair, row?)))
    {
        let (from, to) = (&clients[from], &clients[to]);
        let (source, id) = from.id.split_once(':').unwrap_or_default();
        let note = format!("{} = {}: {} ({})", from.name, to.name, reasons(pair), pair.score);
        let cells = [source, id, &to.id, "same", &note].map(quoted);
        let _ = writeln!(text, "{}", cells.join(","));
        count += 1;
    }
    let mut made = std::fs::File::create_new(file).map_err(|error| {
        let message = format!("\"{}\" cannot be made", file.display());
        Error::new(Kind::Usage, message).because(error).hint("name a file that is not there yet")
    })?;
    made.write_all(text.as_bytes())?;
    let name = file.display();
    print::line(format!("wrote {count} aliases to {name}; take out what is wrong"));
    print::line(format!("then: pobudka clients duplicates --accept {name}"));
    Ok(())
}

/// A cell of comma-separated text.
fn quoted(cell: &str) -> String {
    if cell.contains([',', ';', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

/// Adds the rows of `file` to the project's aliases, all or none.
fn accept(workspace: &Workspace, known: &Known, file: &Path) -> Result<()> {
    let name = file.display();
    let hint = format!("write comma-separated text with the header {}", HEADER.join(","));
    let broken = |message: String| {
        Error::new(Kind::Usage, format!("\"{name}\" {message}")).hint(hint.clone())
    };
    let text = std::fs::read_to_string(file).map_err(|error| broken(error.to_string()))?;
    let (header, rows) = parse_csv(&text).map_err(broken)?;
    if header != HEADER {
        return Err(broken(format!("has the header {}", header.join(","))));
    }
    if rows.is_empty() {
        return Err(Error::new(Kind::Nothing, format!("\"{name}\" has no rows"))
            .hint("`clients duplicates --write FILE` proposes some"));
    }
    let added: Vec<Alias> = rows
        .iter()
        .map(|row| Alias { from: format!("{}:{}", row[0], row[1]), to: row[2].clone() })
        .collect();
    let mut wrong: Vec<String> = faults(&added, &known.aliases, &known.ids)
        .into_iter()
        .map(|(place, message)| format!("{name}: row {}: {message}", place + 2))
        .collect();
    let roles = (2..).zip(&rows).filter(|(_, row)| !["same", "payer"].contains(&row[3].as_str()));
    wrong.extend(roles.map(|(row, cells)| format!("{name}: row {row}: role \"{}\"", cells[3])));
    if !wrong.is_empty() {
        return Err(Error::new(Kind::Usage, wrong.join("\n  "))
            .hint("take these rows out or correct them; nothing was added"));
    }
    append(&workspace.project.root.join(FILE), &rows)?;
    print::line(format!("added {} aliases to {FILE}; they count from the next run on", rows.len()));
    Ok(())
}

/// Adds rows to the aliases file in the order of its own header; it changes in one step.
fn append(file: &Path, rows: &[Vec<String>]) -> Result<()> {
    let mut text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error.into()),
    };
    if text.trim().is_empty() {
        text = HEADER.join(",") + "\n";
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let (header, _) =
        parse_csv(&text).map_err(|message| Error::new(Kind::Declaration, message).at(FILE))?;
    let separator = char::from(delimiter(&text)).to_string();
    for row in rows {
        let cell = |name: &String| {
            let place = HEADER.iter().position(|known| known == name);
            quoted(place.map_or("", |place| row[place].as_str()))
        };
        let line = header.iter().map(cell).collect::<Vec<_>>();
        let _ = writeln!(text, "{}", line.join(&separator));
    }
    let folder = file.parent().unwrap_or(Path::new("."));
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let mut made = tempfile::NamedTempFile::new_in(folder)?;
        made.write_all(text.as_bytes())?;
        made.as_file().sync_all()?;
        made.persist(file).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(in_file(file))
}
