//! The limits of talking to a store, all in one place.

use std::time::Duration;

use object_store::{BackoffConfig, ClientOptions, RetryConfig};

/// Requests to one store at a time.
pub(super) const CONCURRENT_REQUESTS: usize = 32;

/// Times that a conditional write is sent again after a server's 5xx, 408 or 429.
const BRISK_RETRIES: usize = 8;

/// Times that all else is sent again, of which time allows but a few.
const MOST_RETRIES: usize = 1_000;

/// The first pause before a request is sent again.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Each further pause is drawn from the first to so many times the one before: 1.5 times as long on
/// average.
const GROWTH: f64 = 3.0;

/// The same for conditional writes, whose pauses do not grow on average.
const BRISK_GROWTH: f64 = 2.0;

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How long a store is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For so long a request is sent again, after a server's 5xx, 408 or 429 or a lost connection.
    pub retry: Duration,
    /// How long one request may take with its whole body, of which no part is over 64 MiB.
    pub request: Duration,
}

impl Patience {
    /// Of somebody who looks on.
    pub const BRISK: Self = Self { retry: Duration::from_secs(5), request: Duration::from_mins(2) };
}

/// Seconds that connecting may take.
const CONNECT_SECONDS: u64 = 10;

/// How long a writer waits for the lock of a local store, which is held for a few milliseconds.
pub(super) const LOCK_WAIT: Duration = Duration::from_secs(20);

/// How long it pauses between two tries.
pub(super) const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// How requests are repeated: conditional writes, or all others.
pub(super) fn retry(patience: Patience, conditional: bool) -> RetryConfig {
    let (max_retries, base) =
        if conditional { (BRISK_RETRIES, BRISK_GROWTH) } else { (MOST_RETRIES, GROWTH) };
    let backoff = BackoffConfig { init_backoff: FIRST_PAUSE, max_backoff: LONGEST_PAUSE, base };
    RetryConfig { backoff, max_retries, retry_timeout: patience.retry }
}

/// How long requests may take; `plain` allows a server without TLS, which only an address that
/// begins with `http://` asks for.
pub(super) fn client(patience: Patience, plain: bool) -> ClientOptions {
    ClientOptions::new()
        .with_connect_timeout(Duration::from_secs(CONNECT_SECONDS).min(patience.request))
        .with_timeout(patience.request)
        .with_allow_http(plain)
}
