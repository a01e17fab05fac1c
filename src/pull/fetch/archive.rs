//! Exports inside zip archives: each file of an archive is one export, named `<archive>/<file>`.
//!
//! Keeps true: a file unpacks to no more than the limit, whatever its archive says of its size;
//! no file is lost behind another of its name.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use globset::GlobMatcher;
use zip::ZipArchive;
use zip::unstable::read::ZipIterable;

use super::{At, Export, matcher};
use crate::error::{Error, Kind, Result, in_file};

/// Files of one archive.
const MAX_FILES: usize = 10_000;

/// Whether `name` is that of an archive; workbooks are zip files too and have names of their own.
pub(super) fn is_archive(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| ending.eq_ignore_ascii_case("zip"))
}

/// The files inside of `archive`, whose bytes lie at `path`, that match the glob `inside`.
pub(super) fn list(archive: &Export, path: &Path, inside: &str) -> Result<Vec<Export>> {
    let glob = matcher(inside)?;
    let mut zip = open(&archive.name, path)?;
    if zip.len() > MAX_FILES {
        let files = zip.len();
        let message = format!("archive \"{}\" holds {files} files", archive.name);
        return Err(Error::new(Kind::Supplier, message)
            .hint(format!("at most {MAX_FILES} are read: ask for a smaller one")));
    }
    if zip.has_duplicate_names() {
        no_name_twice(&archive.name, path, &glob)?;
    }
    let mut found = Vec::new();
    for index in 0..zip.len() {
        let file = zip.by_index_raw(index).map_err(|error| damaged(&archive.name, &error))?;
        let name = file_name(file.name_raw());
        if file.is_dir() || is_noise(&name) || !glob.is_match(&name) {
            continue;
        }
        if is_archive(&name) {
            return Err(nested(&format!("{}/{name}", archive.name)));
        }
        found.push(Export {
            name: format!("{}/{name}", archive.name),
            at: At::Inside(Box::new(archive.clone()), index),
            bytes: file.size(),
            modified_ms: archive.modified_ms,
            etag: archive.etag.clone(),
        });
    }
    Ok(found)
}

/// Refuses the archive where two files that `glob` matches have one name, of which only the last
/// could be opened.
fn no_name_twice(archive: &str, path: &Path, glob: &GlobMatcher) -> Result<()> {
    let bytes = BufReader::new(File::open(path).map_err(in_file(path))?);
    let mut zip = ZipIterable::try_new(bytes, zip::read::Config::default())
        .map_err(|error| damaged(archive, &error))?;
    let files = zip.files().map_err(|error| damaged(archive, &error))?;
    let mut places = HashMap::new();
    for (place, file) in (1_usize..).zip(files) {
        let file = file.map_err(|error| damaged(archive, &error))?;
        let name = file_name(file.name_raw());
        if file.is_dir() || is_noise(&name) || !glob.is_match(&name) {
            continue;
        }
        if let Some(first) = places.insert(name.clone(), place) {
            let message = format!(
                "archive \"{archive}\": two files have one name: number {first} \"{name}\" and \
                 number {place} \"{name}\""
            );
            return Err(Error::new(Kind::Supplier, message)
                .hint("ask for the archive with a name for each file, or with one of the two"));
        }
    }
    Ok(())
}

/// Unpacks file number `index` of the archive at `path` to `to`.
pub(super) fn unpack(
    export: &str,
    path: &Path,
    index: usize,
    most_bytes: u64,
    to: &Path,
) -> Result<()> {
    let mut zip = open(export, path)?;
    let file = zip.by_index(index).map_err(|error| damaged(export, &error))?;
    let mut out = File::create(to).map_err(in_file(to))?;
    let copied = io::copy(&mut file.take(most_bytes + 1), &mut out).map_err(|error| {
        Error::new(Kind::Supplier, format!("export \"{export}\": unpacking failed: {error}"))
            .hint("ask for the archive again")
    })?;
    if copied > most_bytes {
        let message = format!("export \"{export}\": {}", super::bytes::too_large(most_bytes));
        return Err(Error::new(Kind::Supplier, message).hint(super::bytes::LIMIT_HINT));
    }
    Ok(())
}

/// What is said of the archive `name` that lies in another one.
pub(super) fn nested(name: &str) -> Error {
    let message = format!("export \"{name}\": an archive in an archive");
    Error::new(Kind::Supplier, message)
        .hint("unpack the outer one, or leave the inner one out, as inside: \"*.csv\"")
}

fn open(name: &str, path: &Path) -> Result<ZipArchive<BufReader<File>>> {
    ZipArchive::new(BufReader::new(File::open(path).map_err(in_file(path))?))
        .map_err(|error| damaged(name, &error))
}

fn damaged(name: &str, error: &zip::result::ZipError) -> Error {
    Error::new(Kind::Supplier, format!("archive \"{name}\" cannot be read: {error}"))
        .hint("ask for the archive again, whole and without a password")
}

/// The name of a file in an archive: UTF-8 where it is that, else as Russian Windows writes it.
fn file_name(raw: &[u8]) -> String {
    let name = match std::str::from_utf8(raw) {
        Ok(name) => name.to_owned(),
        Err(_) => encoding_rs::IBM866.decode_without_bom_handling(raw).0.into_owned(),
    };
    name.replace('\\', "/")
}

/// What archivers add of their own.
fn is_noise(name: &str) -> bool {
    name.starts_with("__MACOSX/")
        || name.rsplit('/').next().is_some_and(|last| last.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;
    use zip::write::SimpleFileOptions;

    use super::{list, unpack};
    use crate::pull::damage::{cases, damage};
    use crate::pull::fetch::{At, Export};

    fn archive(files: &[(&str, &[u8])]) -> (tempfile::TempDir, Export) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("march.zip");
        let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
        for (name, bytes) in files {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap();
        let at = At::File(path);
        let export = Export { name: "march.zip".into(), at, bytes: 0, modified_ms: 7, etag: None };
        (folder, export)
    }

    #[test]
    fn each_file_that_matches_is_an_export() {
        let files: [(&str, &[u8]); 4] = [
            ("sales_2026-03.csv", b"a;b\n1;2\n"),
            ("sub/returns.csv", b"x"),
            ("__MACOSX/._sales_2026-03.csv", b"?"),
            ("readme.txt", b"hello"),
        ];
        let (folder, export) = archive(&files);
        let path = folder.path().join("march.zip");
        let found = list(&export, &path, "**/*.csv").unwrap();
        let told: Vec<_> = found.iter().map(|one| (one.name.as_str(), one.bytes)).collect();
        assert_eq!(told, [("march.zip/sales_2026-03.csv", 8), ("march.zip/sub/returns.csv", 1)]);
        let to = folder.path().join("out");
        let At::Inside(_, index) = &found[0].at else { panic!("{found:?}") };
        unpack("sales", &path, *index, 100, &to).unwrap();
        assert_eq!(std::fs::read(&to).unwrap(), b"a;b\n1;2\n");
    }

    #[test]
    fn a_bomb_is_refused_by_the_limit() {
        let zeros = vec![0; 4 << 20];
        let (folder, export) = archive(&[("zeros.csv", &zeros)]);
        let path = folder.path().join("march.zip");
        assert!(std::fs::metadata(&path).unwrap().len() < 10_000);
        let found = list(&export, &path, "**").unwrap();
        let At::Inside(_, index) = &found[0].at else { panic!("{found:?}") };
        let error =
            unpack("zeros", &path, *index, 1 << 20, &folder.path().join("out")).unwrap_err();
        assert!(error.message.contains("unpacks to more than 1 MiB"), "{}", error.message);
    }

    #[test]
    fn two_files_of_one_name_refuse_the_archive() {
        let files: [(&str, &[u8]); 3] =
            [("notes.txt", b"?"), ("sales.csv", b"a;b\n1;2\n"), ("salez.csv", b"a;b\n3;4\n")];
        let (folder, export) = archive(&files);
        let path = folder.path().join("march.zip");
        let mut bytes = std::fs::read(&path).unwrap();
        while let Some(at) = bytes.windows(5).position(|five| five == b"salez") {
            bytes[at + 4] = b's';
        }
        std::fs::write(&path, bytes).unwrap();
        let error = list(&export, &path, "**/*.csv").unwrap_err();
        assert_eq!(
            error.message,
            "archive \"march.zip\": two files have one name: number 2 \"sales.csv\" and number 3 \
             \"sales.csv\""
        );
        assert_eq!(list(&export, &path, "*.txt").unwrap().len(), 1);
    }

    proptest! {
        #![proptest_config(cases(128))]

        #[test]
        fn any_bytes_in_an_archive_are_files_or_an_error(damage in damage()) {
            const MOST: u64 = 100;
            let (folder, export) = archive(&[("a.csv", &[b'x'; 90]), ("b/c.csv", b"1;2\n")]);
            let path = folder.path().join("march.zip");
            let bytes = damage.of(&std::fs::read(&path).unwrap());
            std::fs::write(&path, &bytes).unwrap();
            let found = list(&export, &path, "**").unwrap_or_default();
            prop_assert!(found.len() <= bytes.len() / 22);
            for file in found {
                let At::Inside(_, index) = &file.at else { panic!("{file:?}") };
                let to = folder.path().join("out");
                if unpack("march", &path, *index, MOST, &to).is_ok() {
                    prop_assert!(std::fs::metadata(&to).unwrap().len() <= MOST);
                }
            }
        }
    }
}
