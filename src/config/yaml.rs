//! Strict YAML: text → mirror, or the first fault of shape with its place.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_yaml::{Error, Location, MessageFormatter, UserMessageFormatter};

use super::fault::Fault;
use crate::names;

/// A value with its place in the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub(super) struct Spanned<T>(serde_yaml::Spanned<T>);

impl<T> std::ops::Deref for Spanned<T> {
    type Target = serde_yaml::Spanned<T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<T> std::ops::DerefMut for Spanned<T> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

/// In JSON Schema the value alone; a plain text may be written without quotes where it looks like
/// a number, as `cycles: 1.5`.
impl<T: JsonSchema> JsonSchema for Spanned<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = generator.subschema_for::<T>();
        if schema.get("type").is_some_and(|kind| kind == "string") && schema.get("enum").is_none() {
            schema.insert("type".to_owned(), serde_json::json!(["string", "number", "boolean"]));
        }
        schema
    }
}

/// Parses `text` of `file` into its mirror.
pub(super) fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Fault> {
    let options = serde_yaml::options! {
        with_snippet: false,
        strict_booleans: true,
        merge_keys: serde_yaml::MergeKeyPolicy::Error,
    };
    serde_yaml::from_str_with_options(text, options).map_err(|error| fault(file, text, &error))
}

fn fault(file: &str, text: &str, error: &Error) -> Fault {
    let place = error.location().map_or((0, 0), |location| place(&location));
    let root = root(error);
    let fault = match root {
        Error::SerdeUnknownField { field, expected, .. } => {
            Fault::new(file, place, format!("unknown key \"{field}\""))
                .hint(names::suggest(field, expected.iter().copied()))
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            Fault::new(file, place, format!("unknown choice \"{variant}\""))
                .hint(names::suggest(variant, expected.iter().copied()))
        }
        Error::SerdeMissingField { field, .. } => {
            Fault::new(file, place, format!("key \"{field}\" is missing"))
                .hint(format!("add \"{field}:\" here"))
        }
        Error::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().unwrap_or("?");
            Fault::new(file, place, format!("key \"{key}\" is given twice"))
                .hint("keep one of the two")
        }
        other => Fault::new(file, place, UserMessageFormatter.format_message(other).into_owned()),
    };
    fault.in_text(text)
}

fn root(mut error: &Error) -> &Error {
    while let Error::WithSnippet { error: inner, .. } | Error::AliasError { error: inner, .. } =
        error
    {
        error = inner;
    }
    error
}

/// Line and column of a location, 0 where it is unknown.
pub(super) fn place(location: &Location) -> (usize, usize) {
    let number = |value: u64| usize::try_from(value).unwrap_or(0);
    (number(location.line()), number(location.column()))
}

/// Line and column of a value.
pub(super) fn at<T>(spanned: &Spanned<T>) -> (usize, usize) {
    place(&spanned.referenced)
}
