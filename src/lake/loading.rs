//! What a load works with, and how its errors are told together.

use std::path::Path as FsPath;

use chrono::{DateTime, Utc};

use super::rejects::RejectCount;
use super::tables::Lake;
use crate::columnar::Engine;
use crate::error::Error;
use crate::tableset::Manifest;

/// What a load works with.
pub struct Loading<'a> {
    /// The lake.
    pub lake: &'a Lake,
    /// The version to load onto.
    pub base: &'a Manifest,
    /// The queries' engine.
    pub engine: &'a Engine,
    /// A folder for rows on their way.
    pub scratch: &'a FsPath,
    /// The run.
    pub run: &'a str,
    /// When.
    pub now: DateTime<Utc>,
    /// Whether months may shrink.
    pub accept: bool,
    /// Takes the counts of what was rejected, where for that nothing is loaded.
    pub refused: &'a (dyn Fn(Vec<RejectCount>) + Send + Sync),
    /// Whether it is tried out: exports that a run would refuse are loaded all the same, and told.
    pub trial: bool,
}

/// One error of many: all messages, the hint with each.
pub(super) fn together(mut errors: Vec<Error>) -> Option<Error> {
    if errors.len() <= 1 {
        return errors.pop();
    }
    let kind = errors[0].kind;
    let count = errors.len();
    let mut message = format!("{count} exports cannot be loaded");
    for error in errors {
        let hint = error.hint.map(|hint| format!("\n    hint: {hint}")).unwrap_or_default();
        message = format!("{message}\n  {}{hint}", error.message);
    }
    Some(Error::new(kind, message))
}
