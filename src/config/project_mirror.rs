//! The YAML of `pipelines/project.yaml`, key by key.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_yaml::Spanned;

use super::{settings, stores};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mirror {
    pub(super) version: Spanned<u32>,
    pub(super) name: Spanned<String>,
    pub(super) timezone: Spanned<String>,
    pub(super) currency: Spanned<String>,
    pub(super) as_of: Option<Spanned<String>>,
    pub(super) lake: Spanned<String>,
    #[serde(default)]
    pub(super) destinations: BTreeMap<String, DestinationMirror>,
    #[serde(default)]
    pub(super) stores: Vec<Spanned<stores::Mirror>>,
    #[serde(default)]
    pub(super) domain: settings::Mirror,
    #[serde(default)]
    pub(super) limits: Limits,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DestinationMirror {
    pub(super) url: Spanned<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    pub(super) threads: Option<Spanned<usize>>,
    pub(super) memory_mb: Option<Spanned<usize>>,
    pub(super) lease: Option<Spanned<String>>,
}
