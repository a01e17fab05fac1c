//! Files and folders that survive a power cut: write, fsync, publish, fsync the folder.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Creates `folder` and its missing parents, each made durable in its own parent.
pub(super) fn create_folders(folder: &Path) -> io::Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        create_folders(parent)?;
    }
    match fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => folder.parent().map_or(Ok(()), sync_folder),
    }
}

/// Makes the entries of `folder` durable.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder)?.sync_all()
}

/// Moves the finished and synced `from` to `to`, replacing what is there.
pub(super) fn replace(from: &Path, to: &Path) -> io::Result<()> {
    prepare(to)?;
    fs::rename(from, to)?;
    to.parent().map_or(Ok(()), sync_folder)
}

/// Gives the finished and synced `from` the name `to`; fails if that name is taken.
pub(super) fn create(from: &Path, to: &Path) -> io::Result<()> {
    prepare(to)?;
    fs::hard_link(from, to)?;
    to.parent().map_or(Ok(()), sync_folder)?;
    fs::remove_file(from)
}

fn prepare(to: &Path) -> io::Result<()> {
    to.parent().map_or(Ok(()), create_folders)
}
