//! Libraries that panic on damaged bytes → an error of ours, without a word on standard error.
//!
//! Keeps true: a panic that nobody catches here is told as before.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// Whether what this thread runs is caught.
    static IS_CAUGHT: Cell<bool> = const { Cell::new(false) };
}

static SILENCED: Once = Once::new();

/// What `read` gives; `None` where it panics.
pub(super) fn caught<T>(read: impl FnOnce() -> T) -> Option<T> {
    SILENCED.call_once(|| set_hook(silent(take_hook())));
    let before = IS_CAUGHT.replace(true);
    let result = catch_unwind(AssertUnwindSafe(read));
    IS_CAUGHT.set(before);
    result.ok()
}

/// What is done on a panic.
type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Sync + Send>;

/// What `others` do, but nothing where the panic is caught.
fn silent(others: Hook) -> Hook {
    Box::new(move |panic| {
        if !IS_CAUGHT.try_with(Cell::get).unwrap_or(false) {
            others(panic);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{caught, silent};
    use std::panic::{catch_unwind, set_hook, take_hook};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn a_caught_panic_is_not_told_and_others_are() {
        assert_eq!(caught(|| 5), Some(5));
        let told = Arc::new(AtomicU32::new(0));
        let before = take_hook();
        let (counts, here) = (Arc::clone(&told), std::thread::current().id());
        set_hook(silent(Box::new(move |panic| {
            if std::thread::current().id() == here {
                counts.fetch_add(1, Ordering::Relaxed);
            } else {
                before(panic);
            }
        })));
        assert_eq!(caught(|| panic!("a length that lies")), None::<()>);
        assert_eq!(told.load(Ordering::Relaxed), 0);
        assert!(catch_unwind(|| panic!("a mistake of ours")).is_err());
        assert_eq!(told.load(Ordering::Relaxed), 1);
    }
}
