//! A folder for files on their way, below the machine's own for them.
//!
//! Keeps true: it is gone when its process is: removed by itself, or, where it was killed, by the
//! first such folder that another process makes. A lock that the system gives back tells who is gone.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Once;

/// What the names of such folders begin with.
const PREFIX: &str = "pobudka-";

/// The file in each that its process holds locked.
const LOCK: &str = ".pobudka-scratch";

/// The folder of this process.
#[derive(Debug)]
pub struct Scratch {
    folder: tempfile::TempDir,
    _held: File,
}

impl Scratch {
    /// A new folder; the first of a process removes those of processes that are gone.
    ///
    /// # Errors
    /// When none can be made.
    pub fn new() -> io::Result<Self> {
        static SWEPT: Once = Once::new();
        let parent = std::env::temp_dir();
        SWEPT.call_once(|| sweep(&parent));
        Self::within(&parent)
    }

    fn within(parent: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
        let new = folder.path().join(".pobudka-new");
        let held = File::create_new(&new)?;
        held.try_lock()?;
        // It gets its name when it is locked: nobody finds it without.
        fs::rename(new, folder.path().join(LOCK))?;
        Ok(Self { folder, _held: held })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Removes the folders of processes that are gone, as far as they are ours to remove.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if !ours {
            continue;
        }
        let lock = entry.path().join(LOCK);
        // A pipe of that name would be waited for.
        if !fs::symlink_metadata(&lock).is_ok_and(|found| found.is_file()) {
            continue;
        }
        let lock = File::options().write(true).open(lock);
        if lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Scratch;

    #[test]
    fn what_a_killed_process_left_is_removed_by_the_next() {
        let parent = tempfile::tempdir().unwrap();
        let left = parent.path().join("pobudka-left");
        fs::create_dir_all(left.join("run-1")).unwrap();
        fs::write(left.join(super::LOCK), "").unwrap();
        fs::create_dir_all(parent.path().join("pobudka-mine")).unwrap();
        fs::write(parent.path().join("pobudka-mine/lock"), "").unwrap();
        super::sweep(parent.path());
        assert!(!left.exists());
        let first = Scratch::within(parent.path()).unwrap();
        super::sweep(parent.path());
        let second = Scratch::within(parent.path()).unwrap();
        assert!(first.path().exists() && second.path().exists());
        drop(first);
        drop(second);
        let names = fs::read_dir(parent.path()).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(names.collect::<Vec<_>>(), ["pobudka-mine"]);
    }
}
