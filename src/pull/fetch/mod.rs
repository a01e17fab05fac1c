//! Bringing bytes: which exports there are, and their content.

mod archive;
mod bytes;
mod files;
mod objects;

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::config::pipeline::{Fetch, Source};
use crate::error::{Error, Kind, Result, in_file};
use crate::scratch::Scratch;
use crate::store::{Place, Stores, file_sha256, get_file, sha256_of};

pub use bytes::ExportBytes;

/// A file that a supplier sent.
#[derive(Debug, Clone)]
pub struct Export {
    /// Its path below the source's folder, with `/`; of a web page its address as declared.
    pub name: String,
    /// Where it is.
    pub at: At,
    /// Its size.
    pub bytes: u64,
    /// When it was last written, in milliseconds since 1970: decides only whether to look again.
    pub modified_ms: u64,
    /// The version that its store gives it, where it does.
    pub etag: Option<String>,
}

/// Where an export is.
#[derive(Debug, Clone)]
pub enum At {
    /// In a file of this machine.
    File(PathBuf),
    /// In a store.
    Object(Place, object_store::path::Path),
    /// In a zip archive, as the file of that number.
    Inside(Box<Export>, usize),
}

/// The exports of `source`, sorted by name, numbers in them by their value.
///
/// # Errors
/// `Nothing` when the folder or page is missing; else when it cannot be listed.
pub async fn list(source: &Source, stores: &Stores) -> Result<Vec<Export>> {
    let mut found = match &source.fetch {
        Fetch::Files { url, pattern, inside, links } => {
            let listed = match stores.folder(url) {
                Some(folder) => files::list(&folder, pattern, *links)?,
                None => objects::list(&stores.open(url)?, pattern).await?,
            };
            opened(listed, inside, source.allow_empty).await?
        }
        Fetch::Http { pages } => {
            let mut found = Vec::new();
            for (name, url) in pages {
                found.push(objects::page(name, stores.open(url)?).await?);
            }
            found
        }
    };
    found.sort_by(|left, right| by_name(&left.name, &right.name));
    Ok(found)
}

/// The files of `folder` itself that match none of `patterns`, sorted by name, but for hidden ones;
/// none where it cannot be looked into.
#[must_use]
pub fn unread(folder: &Path, patterns: &[&str]) -> Vec<String> {
    let globs: Vec<_> = patterns.iter().filter_map(|pattern| matcher(pattern).ok()).collect();
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let mut names: Vec<String> = files
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.') && !globs.iter().any(|glob| glob.is_match(name)))
        .collect();
    names.sort_by(|one, other| by_name(one, other));
    names
}

/// Names by their letters and numbers: `sales_9.csv` before `sales_10.csv`.
#[must_use]
pub fn by_name(left: &str, right: &str) -> std::cmp::Ordering {
    let (mut one, mut other) = (left, right);
    while let (Some(first), Some(second)) = (one.chars().next(), other.chars().next()) {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let (here, there) =
            (digits(one).max(first.len_utf8()), digits(other).max(second.len_utf8()));
        let (head, tail) =
            (one[..here].trim_start_matches('0'), other[..there].trim_start_matches('0'));
        let order = if first.is_ascii_digit() && second.is_ascii_digit() {
            head.len().cmp(&tail.len()).then_with(|| head.cmp(tail))
        } else {
            first.cmp(&second)
        };
        if order.is_ne() {
            return order;
        }
        (one, other) = (&one[here..], &other[there..]);
    }
    one.len().cmp(&other.len()).then_with(|| left.cmp(right))
}

/// The exports of `listed`, with the files inside of archives in their place.
async fn opened(listed: Vec<Export>, inside: &str, allow_empty: bool) -> Result<Vec<Export>> {
    let mut found = Vec::with_capacity(listed.len());
    for export in listed {
        if archive::is_archive(&export.name) {
            let folder = Scratch::new()?;
            let path = export.whole(folder.path()).await?;
            let within = archive::list(&export, &path, inside)?;
            if within.is_empty() && !allow_empty {
                let name = &export.name;
                let message = format!("archive \"{name}\": no file inside matches \"{inside}\"");
                return Err(Error::new(Kind::Supplier, message).hint(
                    "correct inside: of files:, or ask for the archive again; names that begin with \
                     a dot, or lead out of it, are left out",
                ));
            }
            found.extend(within);
        } else {
            found.push(export);
        }
    }
    Ok(found)
}

/// Says what is wrong with `export`.
pub(super) fn supplier(
    export: &Export,
    message: impl std::fmt::Display,
    hint: impl Into<String>,
) -> Error {
    Error::new(Kind::Supplier, format!("export \"{}\": {message}", export.name)).hint(hint)
}

/// Paths that match the glob `pattern`, in upper or lower case.
fn matcher(pattern: &str) -> Result<globset::GlobMatcher> {
    let glob =
        globset::GlobBuilder::new(pattern).literal_separator(true).case_insensitive(true).build();
    let glob = glob.map_err(|error| {
        Error::new(Kind::Declaration, format!("pattern \"{pattern}\" is not a glob")).because(error)
    })?;
    Ok(glob.compile_matcher())
}

impl Export {
    /// The page that `place` is, called `name`.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn page(name: &str, place: Place) -> Result<Self> {
        objects::page(name, place).await
    }

    /// The files inside, where it is a zip archive.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn inside(&self, folder: &Path) -> Result<Vec<Self>> {
        if !archive::is_archive(&self.name) {
            return Ok(Vec::new());
        }
        archive::list(self, &self.whole(folder).await?, "**")
    }

    /// The SHA-256 of its bytes, of which there are at most `most_bytes` inside of an archive.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn sha256(&self, most_bytes: u64) -> Result<String> {
        match &self.at {
            At::File(path) => sha256_of_file(path),
            At::Object(place, path) => Ok(sha256_of(place.store.as_ref(), path).await?.0),
            At::Inside(..) => {
                let folder = Scratch::new()?;
                sha256_of_file(&self.bring(folder.path(), most_bytes).await?)
            }
        }
    }

    /// The file of this machine that holds its bytes; what lies in a store is brought to
    /// `folder` first, in the version that was listed, and what lies in an archive is unpacked
    /// there, if to no more than `most_bytes`.
    ///
    /// # Errors
    /// When it cannot be read, or has changed since it was listed.
    pub async fn bring(&self, folder: &Path, most_bytes: u64) -> Result<PathBuf> {
        let At::Inside(archive, index) = &self.at else { return self.whole(folder).await };
        let path = archive.whole(folder).await?;
        let to = folder.join("unpacked");
        archive::unpack(&self.name, &path, *index, most_bytes, &to)?;
        Ok(to)
    }

    /// The same for what does not lie in an archive.
    async fn whole(&self, folder: &Path) -> Result<PathBuf> {
        match &self.at {
            At::File(path) => Ok(path.clone()),
            At::Object(place, path) => {
                let to = folder.join("fetched");
                get_file(place.store.as_ref(), path, self.etag.clone(), &to).await.map_err(
                    |error| {
                        let error = error.at(format!("export \"{}\" of {place}", self.name));
                        error.hint("if it was replaced while it was read, run again")
                    },
                )?;
                Ok(to)
            }
            At::Inside(..) => Err(archive::nested(&self.name)),
        }
    }
}

fn sha256_of_file(path: &Path) -> Result<String> {
    File::open(path).and_then(file_sha256).map_err(in_file(path))
}

#[cfg(test)]
mod tests {
    use super::by_name;

    #[test]
    fn names_are_in_order_of_their_numbers() {
        let names = ["a", "a_1_b", "a_02", "a_9.csv", "a_10.csv", "a_010.csv2", "b", "ы_2", "ы_11"];
        for (place, left) in names.iter().enumerate() {
            for (other, right) in names.iter().enumerate() {
                assert_eq!(by_name(left, right), place.cmp(&other), "{left} {right}");
            }
        }
    }
}
