//! What `inspect` is to look into: a file, or the URL of one, and how a pipeline fetches it.

use std::path::{Path, PathBuf};

use object_store::path::Path as ObjectPath;

use crate::error::{Error, Kind, Result, in_file};
use crate::names;
use crate::pull::fetch::{At, Export, by_name};
use crate::store::Stores;

/// An export that was named, as a file of this machine and as a pipeline fetches it.
pub(super) struct Target {
    /// The file that is looked into.
    pub(super) export: Export,
    /// All that a pipeline fetches, of an archive those that are alike.
    pub(super) exports: Vec<Export>,
    pub(super) path: PathBuf,
    pub(super) stem: String,
    pub(super) fetch: String,
}

/// Finds the export that `target` names: a file, or the URL of one.
pub(super) async fn bring(
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
