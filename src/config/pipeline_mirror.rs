//! The YAML of a pipeline, key by key.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::canonical;
use super::pipeline::MadeFor;
use super::presets;
use super::read_mirror::Read;
use super::schedule;
use super::yaml::Spanned;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Pipeline {
    /// The version of this format: 1.
    pub(super) version: Spanned<u32>,
    /// The name, in lower-case letters, digits and `_`.
    pub(super) name: Spanned<String>,
    /// What it is for.
    #[serde(default)]
    pub(super) description: String,
    /// When it is due.
    pub(super) schedule: Option<Spanned<schedule::Mirror>>,
    /// What its scheduled runs are made for: the day before the slot, or the last quarter whose books are closed.
    #[serde(default)]
    pub(super) made_for: MadeFor,
    /// How long a run of it may take, as 2h.
    pub(super) timeout: Option<Spanned<String>>,
    /// Where its rows come from.
    #[serde(default)]
    pub(super) sources: Vec<Source>,
    /// The tables it publishes.
    #[serde(default)]
    pub(super) publish: Vec<Publish>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    /// The name; rows of one source replace its earlier ones.
    pub(super) name: Spanned<String>,
    /// The system whose ids its rows carry; the source's name by default.
    pub(super) system: Option<Spanned<String>>,
    /// Where its exports are.
    pub(super) fetch: Fetch,
    /// A known kind of export: what is not given here is as the preset has it.
    #[schemars(schema_with = "preset_names")]
    pub(super) preset: Option<Spanned<String>>,
    /// How their bytes are read; needed without a preset.
    pub(super) read: Option<Read>,
    /// The canonical tables that its rows become; given columns replace those of the preset.
    #[serde(default)]
    #[schemars(schema_with = "canonical_tables")]
    pub(super) into: BTreeMap<String, Spanned<Into>>,
    /// Other headers that a column may have, as `Customer: [Customer full name]`.
    #[serde(default)]
    pub(super) renamed: BTreeMap<String, Vec<String>>,
    /// Headers that may be absent; their values are empty then.
    #[serde(default)]
    pub(super) optional: Vec<String>,
    /// Rows left out by rule, and counted.
    #[serde(default)]
    pub(super) skip: Vec<Spanned<Rule>>,
    /// Rows rejected by rule, outside the limit.
    #[serde(default)]
    pub(super) reject: Vec<Spanned<Reject>>,
    /// What an export replaces; needed without a preset.
    pub(super) load: Option<Spanned<Load>>,
    /// How many rows may be rejected.
    #[serde(default)]
    pub(super) rejects: Rejects,
    /// The row that sums a column up.
    pub(super) control_total: Option<ControlTotal>,
    /// Whether no export and no row at all are in order.
    #[serde(default)]
    pub(super) allow_empty: bool,
    /// What `inspect` guessed when it wrote this: the first load tells it again. Remove what you have checked.
    #[serde(default)]
    pub(super) guessed: Vec<String>,
}

/// A known kind of export: what a source that names it need not say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Preset {
    /// What it reads.
    pub(super) description: String,
    /// How its bytes are read.
    pub(super) read: Read,
    /// The canonical tables that its rows become.
    pub(super) into: BTreeMap<String, Spanned<Into>>,
    /// Other headers that a column may have, as `Customer: [Customer full name]`.
    #[serde(default)]
    pub(super) renamed: BTreeMap<String, Vec<String>>,
    /// Headers that may be absent; their values are empty then.
    #[serde(default)]
    pub(super) optional: Vec<String>,
    /// Rows left out by rule, and counted.
    #[serde(default)]
    pub(super) skip: Vec<Spanned<Rule>>,
    /// Rows rejected by rule, outside the limit.
    #[serde(default)]
    pub(super) reject: Vec<Spanned<Reject>>,
    /// What an export replaces.
    pub(super) load: Spanned<Load>,
    /// The row that sums a column up.
    pub(super) control_total: Option<ControlTotal>,
}

impl Preset {
    /// The headers that it names.
    pub(super) fn headers(&self) -> impl Iterator<Item = &str> {
        let columns = self.into.values().flat_map(|into| into.value.columns.values());
        let named = columns.flat_map(|column| column.value.headers());
        let rules = self.into.values().flat_map(|into| &into.value.conditions).chain(&self.skip);
        let rules =
            rules.flat_map(|rule| std::iter::once(&rule.value.column).chain(&rule.value.also));
        let rejects = self.reject.iter();
        let rejects =
            rejects.flat_map(|rule| std::iter::once(&rule.value.column).chain(&rule.value.also));
        named.chain(rules.chain(rejects).map(|header| header.value.as_str()))
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fetch {
    /// Files of a folder or a store, by pattern.
    Files(Files),
    /// Pages of web servers, one export each.
    Http(Http),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Files {
    /// A folder, or a URL that begins with s3://, gs:// or az://.
    pub(super) url: Spanned<String>,
    /// A glob for paths below it, as `sales_*.csv*`.
    pub(super) pattern: Spanned<String>,
    /// A glob for the files inside of those that are zip archives; every file without it.
    pub(super) inside: Option<Spanned<String>>,
    /// Whether symbolic links that lead out of the folder are followed.
    #[serde(default)]
    pub(super) follow_links: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Http {
    /// Their URLs.
    pub(super) urls: Spanned<Vec<Spanned<String>>>,
}

#[derive(Deserialize, JsonSchema, Clone)]
#[serde(deny_unknown_fields)]
pub(super) struct Into {
    /// Which rows become rows of this table: all of these hold; every row without them.
    #[serde(default, rename = "where")]
    pub(super) conditions: Vec<Spanned<Rule>>,
    /// Canonical columns and where their values come from.
    #[serde(default)]
    pub(super) columns: BTreeMap<String, Spanned<Column>>,
    /// Rows are lines: those equal in these columns make one document.
    #[serde(default)]
    pub(super) group_by: Vec<Spanned<String>>,
    /// Whether ids never come again; without it, numbers begin again each January.
    pub(super) permanent: Option<Spanned<bool>>,
}

/// A header, or a map of [`ColumnMap`].
#[derive(Clone)]
pub(super) enum Column {
    Header(String),
    Map(ColumnMap),
}

impl Column {
    /// The header that it takes as it is, or by the beginnings of its values.
    pub(super) fn plain(&self) -> Option<&str> {
        match self {
            Self::Header(header) => Some(header),
            Self::Map(map) if map.pattern.is_none() && map.split.is_none() => {
                map.from.as_ref().map(|header| header.value.as_str())
            }
            Self::Map(_) => None,
        }
    }

    /// The headers that it names.
    pub(super) fn headers(&self) -> Vec<&str> {
        let map = match self {
            Self::Header(header) => return vec![header],
            Self::Map(map) => map,
        };
        let several = map.product.iter().chain(&map.join).flatten();
        let named = map.from.iter().chain(several).chain(&map.less_percent);
        let named = named.map(|header| header.value.as_str());
        let first = map.first.iter().flatten();
        named.chain(first.flat_map(|column| column.value.headers())).collect()
    }
}

#[derive(Deserialize, JsonSchema, Clone)]
#[serde(deny_unknown_fields)]
pub(super) struct ColumnMap {
    /// A header.
    pub(super) from: Option<Spanned<String>>,
    /// A constant.
    pub(super) value: Option<Spanned<String>>,
    /// Headers whose texts are put together, with `/` between them.
    pub(super) join: Option<Vec<Spanned<String>>>,
    /// Headers whose numbers are multiplied.
    pub(super) product: Option<Vec<Spanned<String>>>,
    /// The header of a discount in percent, which the product is less by; none where it is empty.
    pub(super) less_percent: Option<Spanned<String>>,
    /// Columns of which the first that has a value counts.
    pub(super) first: Option<Vec<Spanned<Column>>>,
    /// A part of the text.
    pub(super) split: Option<Split>,
    /// A regular expression with one group, which is the value; a text without it is a reject.
    #[serde(rename = "match")]
    pub(super) pattern: Option<Spanned<String>>,
    /// Patterns and what they become; the first match counts, none is a reject.
    #[serde(default)]
    pub(super) map: Vec<Spanned<BTreeMap<String, String>>>,
    /// What an empty value becomes.
    pub(super) default: Option<Spanned<String>>,
    /// An amount that each line of a document repeats: taken once, not summed.
    #[serde(default)]
    pub(super) once: bool,
}

#[derive(Deserialize, JsonSchema, Clone)]
#[serde(deny_unknown_fields)]
pub(super) struct Split {
    /// The separator.
    pub(super) by: Spanned<String>,
    /// The part, from 1.
    pub(super) part: Spanned<usize>,
}

/// The names of the presets.
fn preset_names(_: &mut SchemaGenerator) -> Schema {
    let names: Vec<&str> = presets::names().collect();
    json_schema!({ "type": "string", "enum": names })
}

/// The canonical tables, each with its columns.
fn canonical_tables(generator: &mut SchemaGenerator) -> Schema {
    let column = generator.subschema_for::<Column>();
    let rule = generator.subschema_for::<Rule>();
    let tables = canonical::TABLES.iter().map(|table| {
        let columns = table.columns.iter().map(|one| (one.name.to_owned(), column.clone()));
        let columns: BTreeMap<String, Schema> = columns.collect();
        let into = json_schema!({
            "type": "object",
            "properties": {
                "columns": {
                    "type": "object",
                    "properties": columns,
                    "additionalProperties": false,
                },
                "group_by": { "type": "array", "items": { "type": "string" } },
                "permanent": {
                    "description": "Whether ids never come again; without it, numbers begin again each January.",
                    "type": "boolean",
                },
                "where": { "type": "array", "items": rule },
            },
            "additionalProperties": false,
        });
        (table.name.to_owned(), into)
    });
    let tables: BTreeMap<String, Schema> = tables.collect();
    json_schema!({
        "description": "The canonical tables that its rows become.",
        "type": "object",
        "properties": tables,
        "additionalProperties": false,
    })
}

impl JsonSchema for Column {
    fn schema_name() -> Cow<'static, str> {
        "Column".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let map = generator.subschema_for::<ColumnMap>();
        json_schema!({
            "description": "A header of the export, or how its value is made.",
            "anyOf": [{ "type": ["string", "number"] }, map],
        })
    }
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

#[derive(Deserialize, JsonSchema, Clone)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    /// A header.
    pub(super) column: Spanned<String>,
    /// Other headers of which the same must hold.
    #[serde(default)]
    pub(super) also: Vec<Spanned<String>>,
    /// A pattern in which `*` stands for anything.
    pub(super) like: Option<String>,
    /// A pattern that it does not have.
    pub(super) not: Option<String>,
    /// A regular expression that it matches, as `(?i)lost`.
    pub(super) matches: Option<Spanned<String>>,
    /// What it is.
    pub(super) is: Option<Is>,
}

#[derive(Deserialize, JsonSchema, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(super) enum Is {
    Empty,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reject {
    /// A header.
    pub(super) column: Spanned<String>,
    /// Other headers of which the same must hold.
    #[serde(default)]
    pub(super) also: Vec<Spanned<String>>,
    /// A pattern in which `*` stands for anything.
    pub(super) like: Option<String>,
    /// A pattern that it does not have.
    pub(super) not: Option<String>,
    /// A regular expression that it matches, as `(?i)lost`.
    pub(super) matches: Option<Spanned<String>>,
    /// What it is.
    pub(super) is: Option<Is>,
    /// The reason on record.
    pub(super) reason: Spanned<String>,
}

impl Reject {
    /// The rule by which it rejects.
    pub(super) fn rule(&self) -> Rule {
        let Self { column, also, like, not, matches, is, .. } = self;
        Rule {
            column: column.clone(),
            also: also.clone(),
            like: like.clone(),
            not: not.clone(),
            matches: matches.clone(),
            is: *is,
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Load {
    /// An export replaces the months that it covers.
    ReplacePeriod(ReplacePeriod),
    /// Rows with the same key are replaced; nothing is deleted.
    Upsert,
    /// Rows are added; a known key is an error.
    Append,
    /// The newest export, the last by name, is everything.
    Replace(Replace),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Replace {
    /// The share of the lake's rows that it must bring; `--accept` settles it.
    pub(super) min_share: Option<Spanned<String>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplacePeriod {
    /// The canonical date column.
    pub(super) column: Spanned<String>,
    /// The period.
    pub(super) period: Period,
    /// What says which month an export covers; without it, its first to its last date.
    pub(super) covers: Option<Covers>,
    /// Whether a covered month without rows is emptied.
    #[serde(default)]
    pub(super) allow_empty: bool,
    /// A month may not shrink below this share; `--accept` settles it.
    pub(super) min_share: Option<Spanned<String>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Period {
    Month,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Covers {
    /// The file's name without endings, as `sales_%Y-%m_{part}`.
    Name(Spanned<String>),
    /// A cell above the header, as `Sales of %m.%Y`.
    Title(Spanned<String>),
}

#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Rejects {
    /// Rows of each file that may be rejected, in percent.
    pub(super) max_percent: Option<Spanned<u32>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ControlTotal {
    /// The pattern of its first cell, or several; in any case.
    pub(super) row: Patterns,
    /// The column it sums.
    pub(super) column: Spanned<String>,
    /// Whether a file without such a row is in order.
    #[serde(default)]
    pub(super) optional: bool,
}

/// A pattern, or several.
pub(super) struct Patterns(pub(super) Vec<String>);

impl JsonSchema for Patterns {
    fn schema_name() -> Cow<'static, str> {
        "Patterns".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A pattern in which `*` stands for anything, or several.",
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }],
        })
    }
}

impl<'de> Deserialize<'de> for Patterns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PatternsVisitor;
        impl<'de> Visitor<'de> for PatternsVisitor {
            type Value = Patterns;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a pattern in quotes, or a list of patterns")
            }

            fn visit_str<E>(self, pattern: &str) -> Result<Patterns, E> {
                Ok(Patterns(vec![pattern.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, patterns: A) -> Result<Patterns, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(patterns)).map(Patterns)
            }
        }
        deserializer.deserialize_any(PatternsVisitor)
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Publish {
    /// The table: a model of `sql/marts`.
    pub(super) table: Spanned<String>,
    /// The destination, as declared in project.yaml.
    pub(super) to: Spanned<String>,
    /// The formats.
    #[serde(rename = "as")]
    pub(super) formats: Vec<Format>,
    /// A column by whose values the workbook is split, one file for each, as `caller`.
    pub(super) split: Option<Spanned<String>>,
}

#[derive(Deserialize, JsonSchema, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(super) enum Format {
    /// One Parquet file.
    Parquet,
    /// `.csv` for machines and `.excel.csv` for people.
    Csv,
    /// A workbook for people, in the language of the project.
    Xlsx,
}
