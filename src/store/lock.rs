//! A lock file: one process at a time changes what it guards.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use super::limits;

/// Takes the lock at `path`, which is free again once the file is dropped; waits for `longest` and not
/// for ever, since whoever holds it may have been stopped.
///
/// # Errors
/// When the file cannot be used, or its lock is not given: says which process holds it.
pub(super) async fn lock(path: &Path, longest: Duration) -> io::Result<File> {
    let mut lock =
        File::options().create(true).truncate(false).read(true).write(true).open(path)?;
    let mut waited = Duration::ZERO;
    loop {
        match lock.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if waited < longest => {
                tokio::time::sleep(limits::LOCK_PAUSE).await;
                waited += limits::LOCK_PAUSE;
            }
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = lock.read_to_string(&mut holder);
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!(
                        "locked for over {longest:?} by process {}: if it was stopped, let it go on or \
                         end it",
                        holder.trim()
                    ),
                ));
            }
        }
    }
    // For those who wait: who holds it.
    lock.set_len(0).and_then(|()| write!(lock, "{}", std::process::id()))?;
    Ok(lock)
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::time::Duration;

    use super::lock;

    #[tokio::test]
    async fn a_lock_is_waited_for_but_not_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("_lock");
        let held = lock(&path, Duration::ZERO).await.unwrap();
        let refused = lock(&path, Duration::from_millis(20)).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::TimedOut);
        let holder = format!("by process {}:", std::process::id());
        assert!(refused.to_string().contains(&holder), "{refused}");
        let waits = lock(&path, Duration::from_secs(20));
        let gives_way = async move { drop(held) };
        let (given, ()) = tokio::join!(waits, gives_way);
        given.unwrap();
    }
}
