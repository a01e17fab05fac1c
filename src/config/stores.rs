//! `stores:` in project.yaml: what a URL needs beyond what the environment gives.
//!
//! Keeps true: keys and tokens do not print, whether they came from the environment or were
//! written out; an entry is chosen by the longest URL that a place begins with.

use schemars::JsonSchema;
use serde::Deserialize;

use super::text::Checker;
use super::yaml::{Spanned, at};
use crate::names;
use crate::secret::Secret;

/// Schemes of stores that can hold a lake and publications.
pub const WRITABLE: &[&str] = &["s3", "s3a", "gs", "az", "azure", "abfs", "abfss"];

/// Schemes that can only be read.
pub const READABLE: &[&str] = &["http", "https"];

/// One entry: what the places that begin with `url` need.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// The beginning of the URLs that it holds for.
    pub url: String,
    /// What they need.
    pub kind: StoreKind,
}

/// What a kind of store needs; absent values come from the environment.
#[derive(Debug, Clone)]
pub enum StoreKind {
    /// S3 and its compatibles.
    S3 {
        /// The server, where it is not Amazon's.
        endpoint: Option<String>,
        /// The region.
        region: Option<String>,
        /// Whether the bucket stands in the path; else in the host's name.
        path_style: bool,
        /// Key id and secret key.
        keys: Option<(Secret, Secret)>,
        /// A session's token.
        session_token: Option<Secret>,
    },
    /// Google Cloud Storage.
    Gs {
        /// A service account's key, as JSON.
        service_account_key: Option<Secret>,
    },
    /// Azure Blob Storage.
    Az {
        /// The account.
        account: Option<String>,
        /// The account's key.
        access_key: Option<Secret>,
        /// The server, where it is not Azure's.
        endpoint: Option<String>,
    },
    /// A web server.
    Http {
        /// A bearer token.
        bearer_token: Option<Secret>,
    },
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mirror {
    /// Amazon S3 and its compatibles.
    S3(S3),
    /// Google Cloud Storage.
    Gs(Gs),
    /// Azure Blob Storage.
    Az(Az),
    /// Web servers.
    Http(Http),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct S3 {
    /// The beginning of the URLs that it holds for, as `s3://bucket`.
    url: Spanned<String>,
    /// The server, where it is not Amazon's.
    endpoint: Option<Spanned<String>>,
    /// The region.
    region: Option<Spanned<String>>,
    /// Whether the bucket stands in the path (the default) or in the host's name.
    path_style: Option<bool>,
    /// The key's id, as ${env:NAME}.
    access_key_id: Option<Spanned<String>>,
    /// The secret key, as ${env:NAME}.
    secret_access_key: Option<Spanned<String>>,
    /// A session's token, as ${env:NAME}.
    session_token: Option<Spanned<String>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Gs {
    /// The beginning of the URLs that it holds for, as `gs://bucket`.
    url: Spanned<String>,
    /// A service account's key as JSON, as ${env:NAME}.
    service_account_key: Option<Spanned<String>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Az {
    /// The beginning of the URLs that it holds for, as `az://container`.
    url: Spanned<String>,
    /// The account.
    account: Option<Spanned<String>>,
    /// The account's key, as ${env:NAME}.
    access_key: Option<Spanned<String>>,
    /// The server, where it is not Azure's.
    endpoint: Option<Spanned<String>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Http {
    /// The beginning of the URLs that it holds for.
    url: Spanned<String>,
    /// A bearer token, as ${env:NAME}.
    bearer_token: Option<Spanned<String>>,
}

impl Checker<'_> {
    fn optional(&mut self, value: Option<&Spanned<String>>) -> Option<String> {
        value.map(|value| self.string(value))
    }

    fn secret(&mut self, value: Option<&Spanned<String>>) -> Option<Secret> {
        let text = self.optional(value)?;
        self.redactor.hide(&text);
        Some(Secret::new(text))
    }
}

/// Checks `stores:`; what is wrong goes to the checker's faults.
pub(super) fn stores(check: &mut Checker<'_>, mirrors: &[Spanned<Mirror>]) -> Vec<StoreOptions> {
    mirrors.iter().map(|mirror| store(check, &mirror.value)).collect()
}

fn store(check: &mut Checker<'_>, mirror: &Mirror) -> StoreOptions {
    let (url, schemes, kind): (_, &[&str], _) = match mirror {
        Mirror::S3(s3) => {
            let id = check.secret(s3.access_key_id.as_ref());
            let key = check.secret(s3.secret_access_key.as_ref());
            if id.is_some() != key.is_some() {
                check.fault_hint(
                    at(&s3.url),
                    "access_key_id and secret_access_key belong together",
                    "give both, or neither: then the environment gives them",
                );
            }
            let kind = StoreKind::S3 {
                endpoint: check.optional(s3.endpoint.as_ref()),
                region: check.optional(s3.region.as_ref()),
                path_style: s3.path_style.unwrap_or(true),
                keys: id.zip(key),
                session_token: check.secret(s3.session_token.as_ref()),
            };
            (&s3.url, &["s3", "s3a"], kind)
        }
        Mirror::Gs(gs) => {
            let key = check.secret(gs.service_account_key.as_ref());
            (&gs.url, &["gs"], StoreKind::Gs { service_account_key: key })
        }
        Mirror::Az(az) => {
            let kind = StoreKind::Az {
                account: check.optional(az.account.as_ref()),
                access_key: check.secret(az.access_key.as_ref()),
                endpoint: check.optional(az.endpoint.as_ref()),
            };
            (&az.url, &["az", "azure", "abfs", "abfss"], kind)
        }
        Mirror::Http(http) => {
            let token = check.secret(http.bearer_token.as_ref());
            (&http.url, READABLE, StoreKind::Http { bearer_token: token })
        }
    };
    let written = check.string(url);
    let scheme = names::foreign_scheme(&written).unwrap_or("file");
    if !schemes.contains(&scheme) {
        check.fault_hint(
            at(url),
            format!("url \"{written}\" has the scheme \"{scheme}\""),
            format!("begin it with {}://", schemes[0]),
        );
    }
    StoreOptions { url: written, kind }
}

/// A place that is written to: a folder, or a store that can hold a head.
pub(super) fn writable(check: &mut Checker<'_>, written: &Spanned<String>) -> String {
    let url = check.string(written);
    if let Some(scheme) = names::foreign_scheme(&url)
        && !WRITABLE.contains(&scheme)
    {
        let only_read = if READABLE.contains(&scheme) { "can only be read" } else { "is unknown" };
        check.fault_hint(
            at(written),
            format!("scheme \"{scheme}\" {only_read}"),
            format!("give a folder, or a URL that begins with {}://", WRITABLE.join("://, ")),
        );
    }
    url
}
