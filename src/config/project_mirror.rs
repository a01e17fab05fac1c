//! The YAML of `pipelines/project.yaml`, key by key.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::yaml::Spanned;
use super::{settings_mirror, stores};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Mirror {
    /// The version of this format: 1.
    pub(super) version: Spanned<u32>,
    /// The project's name.
    pub(super) name: Spanned<String>,
    /// The zone of calendar days, as Europe/Moscow.
    pub(super) timezone: Spanned<String>,
    /// The base currency, as RUB.
    pub(super) currency: Spanned<String>,
    /// The language of what people read: headings and values of the files that they open, sentences,
    /// and the separators of `.excel.csv`; `en` or `ru`. By default `ru` where the currency is RUB or BYN,
    /// else `en`.
    pub(super) language: Option<Spanned<String>>,
    /// The last day seen; without it, yesterday.
    pub(super) as_of: Option<Spanned<String>>,
    /// Where the lake lies: a folder, or s3://, gs://, az://.
    pub(super) lake: Spanned<String>,
    /// Where publications go, by name.
    #[serde(default)]
    pub(super) destinations: BTreeMap<String, DestinationMirror>,
    /// What URLs need beyond what the environment gives.
    #[serde(default)]
    pub(super) stores: Vec<Spanned<stores::Mirror>>,
    /// The settings of the domain.
    #[serde(default)]
    pub(super) domain: settings_mirror::Mirror,
    /// What runs may use.
    #[serde(default)]
    pub(super) limits: Limits,
    /// What `vacuum` leaves.
    #[serde(default)]
    pub(super) keep: KeepMirror,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DestinationMirror {
    /// A folder, or s3://, gs://, az://.
    pub(super) url: Spanned<String>,
}

#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    /// Threads of queries; the machine's cores by default.
    pub(super) threads: Option<Spanned<usize>>,
    /// Memory of queries in MiB; beyond it they go to disk.
    pub(super) memory_mb: Option<Spanned<usize>>,
    /// What one packed export may unpack to, in MiB; more is refused. 16384 by default.
    pub(super) unpacked_mb: Option<Spanned<usize>>,
    /// How long a runner that is no longer heard of keeps its pipelines, as 60s.
    pub(super) lease: Option<Spanned<String>>,
    /// How long a request to a store is sent again while its server fails, as 120s, which is the
    /// default.
    pub(super) retry: Option<Spanned<String>>,
    /// How long one request to a store may take, as 120s, which is the default.
    pub(super) request: Option<Spanned<String>>,
}

#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct KeepMirror {
    /// So many of the newest run records; 1000 by default.
    pub(super) runs: Option<Spanned<usize>>,
    /// So many of the newest versions of the lake and of each destination, as long as they are
    /// younger than `days`; 30 by default. The current one stays in any case.
    pub(super) versions: Option<Spanned<usize>>,
    /// Versions so many days old; 90 by default.
    pub(super) days: Option<Spanned<u32>>,
}
