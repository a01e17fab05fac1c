//! Places that must not lie in one another: the lake, destinations, exports, the declarations.
//!
//! Keeps true: two places are told apart by where they are, not by how their URL is spelt. One
//! within another would be published over, read as an export, or removed by `vacuum`.

use std::path::{Component, Path, PathBuf};

use super::pipeline::{Fetch, Pipeline};
use super::project::Destination;
use super::text::Checker;
use crate::names::foreign_scheme;

/// A place as it is: the kind of store, then each part of the path.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Spot(Vec<String>);

impl Spot {
    /// The place that `url` names in the project at `root`.
    fn new(root: &Path, url: &str) -> Self {
        let Some(scheme) = foreign_scheme(url) else {
            let path = root.join(url.strip_prefix("file://").unwrap_or(url));
            let mut parts = vec!["file".to_owned()];
            parts.extend(real(&path).iter().map(|part| part.to_string_lossy().into_owned()));
            return Self(parts);
        };
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "s3a" => "s3".to_owned(),
            "azure" | "abfs" | "abfss" => "az".to_owned(),
            other => other.to_owned(),
        };
        let mut parts = vec![scheme];
        let rest = url.split_once("://").map_or("", |(_, rest)| rest);
        let rest = rest.split(['?', '#']).next().unwrap_or(rest);
        for part in rest.split('/') {
            match part {
                "" | "." => {}
                ".." if parts.len() > 2 => drop(parts.pop()),
                // A bucket's name, or a server's, is the same in capitals.
                part if parts.len() == 1 => parts.push(part.to_ascii_lowercase()),
                part => parts.push(part.to_owned()),
            }
        }
        Self(parts)
    }

    /// Whether the other lies in it, or is the same.
    fn holds(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// Whether one of the two lies in the other, or both are the same.
    fn meets(&self, other: &Self) -> bool {
        self.holds(other) || other.holds(self)
    }
}

/// `path` without links and steps back, as far as it exists.
fn real(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut real = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(real.pop()),
            component => real.push(component),
        }
        if let Ok(found) = real.canonicalize() {
            real = found;
        }
    }
    real
}

/// Reports every place that is written to and lies in another, or holds one; `lake` and
/// `destinations` come with where they are declared.
pub(super) fn check(
    check: &mut Checker<'_>,
    root: &Path,
    lake: (&str, (usize, usize)),
    destinations: &[(Destination, (usize, usize))],
    pipelines: &[Pipeline],
) {
    let spot = |url: &str| Spot::new(root, url);
    let mut written = vec![("the lake".to_owned(), lake.0, lake.1)];
    for (destination, at) in destinations {
        written.push((format!("destination \"{}\"", destination.name), &destination.url, *at));
    }
    let mut read: Vec<(String, &str)> = ["pipelines", "sql"]
        .into_iter()
        .map(|folder| (format!("the folder \"{folder}\""), folder))
        .collect();
    for source in pipelines.iter().flat_map(|pipeline| &pipeline.sources) {
        if let Fetch::Files { url, pattern, .. } = &source.fetch {
            // A folder that holds the whole project may do so, where it is not searched below.
            let shallow = !pattern.contains('/') && !pattern.contains("**");
            if !(shallow && spot(url).holds(&spot("."))) {
                read.push((format!("the exports of source \"{}\"", source.name), url));
            }
        }
    }
    for (number, (what, url, at)) in written.iter().enumerate() {
        let own = spot(url);
        let earlier = written[..number].iter().map(|(what, url, _)| (what, *url));
        let others = earlier.chain(read.iter().map(|(what, url)| (what, *url)));
        for (other, place) in others.filter(|(_, place)| own.meets(&spot(place))) {
            check.fault_hint(
                *at,
                format!("{what} (\"{url}\") and {other} (\"{place}\") lie in one another"),
                "give each a folder of its own: one would write over the other",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Spot;

    #[test]
    fn places_are_told_apart_however_they_are_spelt() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("lake")).unwrap();
        std::os::unix::fs::symlink(folder.path().join("lake"), folder.path().join("link")).unwrap();
        let absolute = folder.path().join("lake").display().to_string();
        for (one, other, meet) in [
            ("lake", "lake/", true),
            ("lake", "./pipelines/../lake", true),
            ("lake", "file://lake", true),
            ("lake", absolute.as_str(), true),
            ("lake", "link/published", true),
            ("lake", "lake/data", true),
            (".", "lake", true),
            ("lake", "lakes", false),
            ("lake", "published", false),
            ("s3://b/lake", "s3a://B//lake/./x", true),
            ("s3://b/lake", "s3://b", true),
            ("s3://b/lake", "s3://b/x/../lake", true),
            ("s3://b/lake", "s3://b/Lake", false),
            ("s3://b/lake", "gs://b/lake", false),
            ("az://c/lake", "abfss://c/lake", true),
        ] {
            let spots = (Spot::new(folder.path(), one), Spot::new(folder.path(), other));
            assert_eq!(spots.0.meets(&spots.1), meet, "{one} {other}");
            assert_eq!(spots.1.meets(&spots.0), meet, "{other} {one}");
        }
    }
}
