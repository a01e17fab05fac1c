//! The YAML of a pipeline, key by key.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};
use serde_yaml::Spanned;

use super::pipeline::MadeFor;
use super::schedule;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pipeline {
    pub(super) version: Spanned<u32>,
    pub(super) name: Spanned<String>,
    #[serde(default)]
    pub(super) description: String,
    pub(super) schedule: Option<Spanned<schedule::Mirror>>,
    #[serde(default)]
    pub(super) made_for: MadeFor,
    #[serde(default)]
    pub(super) sources: Vec<Source>,
    #[serde(default)]
    pub(super) publish: Vec<Publish>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    pub(super) name: Spanned<String>,
    pub(super) system: Option<Spanned<String>>,
    pub(super) fetch: Fetch,
    pub(super) read: Read,
    pub(super) into: BTreeMap<String, Spanned<Into>>,
    #[serde(default)]
    pub(super) skip: Vec<Spanned<Rule>>,
    #[serde(default)]
    pub(super) reject: Vec<Spanned<Reject>>,
    pub(super) load: Spanned<Load>,
    #[serde(default)]
    pub(super) rejects: Rejects,
    pub(super) control_total: Option<ControlTotal>,
    #[serde(default)]
    pub(super) allow_empty: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fetch {
    Files(Files),
    Http(Http),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Files {
    pub(super) url: Spanned<String>,
    pub(super) pattern: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Http {
    pub(super) urls: Spanned<Vec<Spanned<String>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Read {
    Csv(Csv),
    Ndjson(Ndjson),
    Parquet(Parquet),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ndjson {
    pub(super) date: Spanned<String>,
    pub(super) decimal: Option<Spanned<String>>,
    pub(super) thousands: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parquet {
    pub(super) timezone: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Csv {
    pub(super) encoding: Spanned<String>,
    pub(super) delimiter: Spanned<String>,
    pub(super) decimal: Spanned<String>,
    pub(super) thousands: Option<Spanned<String>>,
    pub(super) date: Spanned<String>,
    pub(super) header_row: Option<Spanned<u64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Into {
    pub(super) columns: BTreeMap<String, Spanned<Column>>,
    #[serde(default)]
    pub(super) group_by: Vec<Spanned<String>>,
}

/// A header, or a map of [`ColumnMap`].
pub(super) enum Column {
    Header(String),
    Map(ColumnMap),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ColumnMap {
    pub(super) from: Option<Spanned<String>>,
    pub(super) value: Option<Spanned<String>>,
    pub(super) product: Option<Vec<Spanned<String>>>,
    pub(super) split: Option<Split>,
    #[serde(default)]
    pub(super) map: Vec<Spanned<BTreeMap<String, String>>>,
    pub(super) default: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Split {
    pub(super) by: Spanned<String>,
    pub(super) part: Spanned<usize>,
}

impl<'de> Deserialize<'de> for Column {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ColumnVisitor;
        impl<'de> Visitor<'de> for ColumnVisitor {
            type Value = Column;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a header in quotes, or a map with from, value or product")
            }

            fn visit_str<E>(self, header: &str) -> Result<Column, E> {
                Ok(Column::Header(header.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Column, A::Error> {
                ColumnMap::deserialize(MapAccessDeserializer::new(map)).map(Column::Map)
            }
        }
        deserializer.deserialize_any(ColumnVisitor)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    pub(super) column: Spanned<String>,
    pub(super) like: Option<String>,
    pub(super) is: Option<Spanned<Is>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Is {
    Empty,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reject {
    pub(super) column: Spanned<String>,
    pub(super) like: Option<String>,
    pub(super) is: Option<Spanned<Is>>,
    pub(super) reason: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Load {
    ReplacePeriod(ReplacePeriod),
    Upsert,
    Append,
    Replace(Replace),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Replace {
    pub(super) min_share: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplacePeriod {
    pub(super) column: Spanned<String>,
    pub(super) period: Period,
    pub(super) covers: Option<Covers>,
    #[serde(default)]
    pub(super) allow_empty: bool,
    pub(super) min_share: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Period {
    Month,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Covers {
    Name(Spanned<String>),
    Title(Spanned<String>),
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Rejects {
    pub(super) max_percent: Option<Spanned<u32>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ControlTotal {
    pub(super) row: Spanned<String>,
    pub(super) column: Spanned<String>,
    #[serde(default)]
    pub(super) optional: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Publish {
    pub(super) table: Spanned<String>,
    pub(super) to: Spanned<String>,
    #[serde(rename = "as")]
    pub(super) formats: Vec<Format>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(super) enum Format {
    Parquet,
    Csv,
}
