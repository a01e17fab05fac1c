//! Time, handed in: the one place where the machine's clock is read.
//!
//! Keeps true: every other file gets its time from a [`Clock`], so a run under a fixed clock is
//! repeatable. Days are calendar days in a named zone, never in the machine's own.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

/// Where "now" comes from.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// One instant, for tests and for repeating a run.
    Fixed(DateTime<Utc>),
    /// The machine's clock, set to another time.
    Shifted(TimeDelta),
    /// Milliseconds since 1970, moved on by whoever simulates time.
    Simulated(&'static AtomicI64),
}

impl Clock {
    /// The current instant.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Self::System => Utc::now(),
            Self::Fixed(instant) => *instant,
            Self::Shifted(by) => Utc::now() + *by,
            Self::Simulated(milliseconds) => {
                let milliseconds = milliseconds.load(Ordering::Relaxed);
                DateTime::from_timestamp_millis(milliseconds).unwrap_or_default()
            }
        }
    }

    /// The machine's clock, set to `now`.
    #[must_use]
    pub fn set_to(now: DateTime<Utc>) -> Self {
        Self::Shifted(now - Utc::now())
    }

    /// The day before today in `zone`: the last day that can have been seen whole.
    #[must_use]
    pub fn yesterday(&self, zone: Tz) -> NaiveDate {
        let today = self.now().with_timezone(&zone).date_naive();
        today.checked_sub_days(Days::new(1)).unwrap_or(today)
    }
}
