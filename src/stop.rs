//! The wish to stop, handed from whoever heard a signal to the runs under way.
//!
//! Keeps true: a run that hears of it puts its record in order before it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;

/// Heard by everything that should end early.
#[derive(Debug, Clone)]
pub struct Stop {
    signal: Arc<watch::Sender<Option<i32>>>,
    under_way: Arc<AtomicUsize>,
}

/// Something that ends cleanly when it hears of the wish to stop.
#[derive(Debug)]
pub struct UnderWay(Arc<AtomicUsize>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Default for Stop {
    fn default() -> Self {
        let (signal, _) = watch::channel(None);
        Self { signal: Arc::new(signal), under_way: Arc::default() }
    }
}

impl Stop {
    /// Tells all that the process was sent `signal`.
    pub fn tell(&self, signal: i32) {
        self.signal.send_replace(Some(signal));
    }

    /// Waits until told, and gives the signal.
    pub async fn told(&self) -> i32 {
        let mut heard = self.signal.subscribe();
        match heard.wait_for(Option::is_some).await {
            Ok(signal) => signal.unwrap_or_default(),
            Err(_) => std::future::pending().await,
        }
    }

    /// The signal, where there was one.
    #[must_use]
    pub fn heard(&self) -> Option<i32> {
        *self.signal.borrow()
    }

    /// Says that something is under way that ends by itself when told.
    #[must_use]
    pub fn under_way(&self) -> UnderWay {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        UnderWay(Arc::clone(&self.under_way))
    }

    /// Whether anything is.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        self.under_way.load(Ordering::Relaxed) > 0
    }
}
