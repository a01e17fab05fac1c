//! The limits of talking to a store, all in one place.

use std::time::Duration;

use object_store::{BackoffConfig, ClientOptions, RetryConfig};

/// Requests to one store at a time.
pub(super) const CONCURRENT_REQUESTS: usize = 32;

/// Times that a request is sent again after a server's 5xx, 408 or 429, or a lost connection.
const RETRIES: usize = 8;

/// Seconds after which a request is no longer sent again.
const RETRY_SECONDS: u64 = 120;

/// The first pause before a request is sent again; each further one is up to twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Seconds that connecting may take.
const CONNECT_SECONDS: u64 = 10;

/// Seconds that one request may take with its whole body, of which no part is over 64 MiB.
const REQUEST_SECONDS: u64 = 120;

/// How long a writer waits for the lock of a local store, which is held for a few milliseconds.
pub(super) const LOCK_WAIT: Duration = Duration::from_secs(20);

/// How long it pauses between two tries.
pub(super) const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// How requests are repeated.
pub(super) fn retry() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig { init_backoff: FIRST_PAUSE, max_backoff: LONGEST_PAUSE, base: 2.0 },
        max_retries: RETRIES,
        retry_timeout: Duration::from_secs(RETRY_SECONDS),
    }
}

/// How long requests may take; `plain` allows a server without TLS, which only an address that
/// begins with `http://` asks for.
pub(super) fn client(plain: bool) -> ClientOptions {
    ClientOptions::new()
        .with_connect_timeout(Duration::from_secs(CONNECT_SECONDS))
        .with_timeout(Duration::from_secs(REQUEST_SECONDS))
        .with_allow_http(plain)
}
