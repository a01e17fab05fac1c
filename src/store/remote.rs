//! Stores reached over the network: S3 and its compatibles, Google's, Azure's, web servers.

use std::sync::Arc;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::http::HttpBuilder;
use object_store::limit::LimitStore;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ClientOptions, ObjectStore, RetryConfig};

use super::limits::{self, Patience};
use super::patience::ByPatience;
use crate::config::stores::{StoreKind, StoreOptions};
use crate::error::{Error, Kind, Result};
use crate::names::lies_in;
use crate::secret::Secret;

/// Opens the place at `url`, whose scheme is `scheme`; also gives the server that was named for it.
pub(super) fn open(
    url: &str,
    scheme: &str,
    stores: &[StoreOptions],
    patience: Patience,
) -> Result<(Arc<dyn ObjectStore>, Option<String>)> {
    let given = stores
        .iter()
        .filter(|entry| lies_in(url, &entry.url))
        .max_by_key(|entry| entry.url.len())
        .map(|entry| &entry.kind);
    let unusable = |error: object_store::Error| {
        Error::new(Kind::Declaration, format!("store \"{url}\" cannot be used"))
            .because(error)
            .hint("correct the URL, its entry under stores: in project.yaml, or the environment")
    };
    let server = match given {
        Some(StoreKind::S3 { endpoint, .. } | StoreKind::Az { endpoint, .. }) => endpoint.clone(),
        _ => None,
    };
    let plain = server.as_deref().unwrap_or(url).starts_with("http://");
    let client = limits::client(patience, plain);
    match scheme {
        "s3" | "s3a" => Ok((
            below(
                twice(patience, |retry| s3(url, given, client.clone(), retry)).map_err(unusable)?,
                url,
            )?,
            server,
        )),
        "gs" => Ok((
            below(
                twice(patience, |retry| gs(url, given, client.clone(), retry)).map_err(unusable)?,
                url,
            )?,
            server,
        )),
        "az" | "azure" | "abfs" | "abfss" => Ok((
            below(
                twice(patience, |retry| az(url, given, client.clone(), retry)).map_err(unusable)?,
                url,
            )?,
            server,
        )),
        _ => {
            let client = match given {
                Some(StoreKind::Http { bearer_token: Some(token) }) => bearer(client, token)?,
                _ => client,
            };
            let http = HttpBuilder::new()
                .with_url(url)
                .with_retry(limits::retry(patience, false))
                .with_client_options(client);
            Ok((Arc::new(http.build().map_err(unusable)?), None))
        }
    }
}

fn s3(
    url: &str,
    given: Option<&StoreKind>,
    client: ClientOptions,
    retry: RetryConfig,
) -> object_store::Result<impl ObjectStore> {
    let mut builder =
        AmazonS3Builder::from_env().with_url(url).with_retry(retry).with_client_options(client);
    if let Some(StoreKind::S3 { endpoint, region, path_style, keys, session_token }) = given {
        builder = builder.with_virtual_hosted_style_request(!path_style);
        if let Some(endpoint) = endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        if let Some(region) = region {
            builder = builder.with_region(region);
        }
        if let Some((id, key)) = keys {
            builder = builder.with_access_key_id(id.reveal()).with_secret_access_key(key.reveal());
        }
        if let Some(token) = session_token {
            builder = builder.with_token(token.reveal());
        }
    }
    builder.build()
}

fn gs(
    url: &str,
    given: Option<&StoreKind>,
    client: ClientOptions,
    retry: RetryConfig,
) -> object_store::Result<impl ObjectStore> {
    let mut builder = GoogleCloudStorageBuilder::from_env()
        .with_url(url)
        .with_retry(retry)
        .with_client_options(client);
    if let Some(StoreKind::Gs { service_account_key: Some(key) }) = given {
        builder = builder.with_service_account_key(key.reveal());
    }
    builder.build()
}

fn az(
    url: &str,
    given: Option<&StoreKind>,
    client: ClientOptions,
    retry: RetryConfig,
) -> object_store::Result<impl ObjectStore> {
    let mut builder = MicrosoftAzureBuilder::from_env()
        .with_url(url)
        .with_retry(retry)
        .with_client_options(client);
    if let Some(StoreKind::Az { account, access_key, endpoint }) = given {
        if let Some(account) = account {
            builder = builder.with_account(account);
        }
        if let Some(key) = access_key {
            builder = builder.with_access_key(key.reveal());
        }
        if let Some(endpoint) = endpoint {
            builder = builder.with_endpoint(endpoint.clone());
        }
    }
    builder.build()
}

fn bearer(client: ClientOptions, token: &Secret) -> Result<ClientOptions> {
    let mut value: http::HeaderValue =
        format!("Bearer {}", token.reveal()).parse().map_err(|_| {
            Error::new(Kind::Declaration, "bearer_token holds a character no header may hold")
                .hint("look for a line end or a space in the variable it comes from")
        })?;
    value.set_sensitive(true);
    Ok(client.with_default_headers([(http::header::AUTHORIZATION, value)].into_iter().collect()))
}

/// What `build` makes, for conditional writes and for all else.
fn twice<S>(
    patience: Patience,
    build: impl Fn(RetryConfig) -> object_store::Result<S>,
) -> object_store::Result<ByPatience<S>> {
    let patient = build(limits::retry(patience, false))?;
    let brisk = build(limits::retry(patience, true))?;
    Ok(ByPatience { patient, brisk })
}

/// The part of `store` (a bucket, a container) below the path of `url`.
fn below(store: impl ObjectStore, url: &str) -> Result<Arc<dyn ObjectStore>> {
    let path = url.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
    let prefix = Path::parse(path.map_or("", |(_, path)| path).trim_matches('/'))?;
    let store = LimitStore::new(store, limits::CONCURRENT_REQUESTS);
    Ok(if prefix.is_root() { Arc::new(store) } else { Arc::new(PrefixStore::new(store, prefix)) })
}
