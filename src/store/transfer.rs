//! Moving whole files into a store and reading their digest back.

use std::io::{Read, Seek, Write};
use std::path::Path as FsPath;

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{
    GetOptions, GetResultPayload, ObjectStore, ObjectStoreExt, PutPayload, WriteMultipart,
};
use sha2::{Digest, Sha256};

use crate::digest::hex;
use crate::error::{Result, in_file};

/// Bytes of one part; files up to this size are put in one request.
const PART_BYTES: usize = 8 << 20;

/// The largest object that is replaced by compare-and-swap: its bytes go in one request.
pub const MAX_CONDITIONAL_BYTES: u64 = 64 << 20;

/// Bytes of a local file read at a time.
const CHUNK_BYTES: usize = 1 << 18;

/// Puts the local file `from` at `to`, in parts where it is large.
///
/// # Errors
/// When reading or the store fails; a half-sent file never becomes visible.
pub async fn put_file(store: &dyn ObjectStore, from: &FsPath, to: &Path) -> Result<()> {
    let mut file = std::fs::File::open(from).map_err(in_file(from))?;
    let size = file.metadata()?.len();
    if size <= PART_BYTES as u64 {
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        file.read_to_end(&mut bytes)?;
        store.put(to, PutPayload::from(bytes)).await?;
        return Ok(());
    }
    let mut upload =
        WriteMultipart::new_with_chunk_size(store.put_multipart(to).await?, PART_BYTES);
    let mut part = vec![0; PART_BYTES];
    loop {
        let read = file.read(&mut part)?;
        if read == 0 {
            break;
        }
        upload.wait_for_capacity(2).await?;
        upload.write(&part[..read]);
    }
    upload.finish().await?;
    Ok(())
}

/// Brings the object at `from`, whose etag must be `etag` where one is given, into the local file
/// `to`.
///
/// # Errors
/// When it is missing, has changed, or the store or the disk fails.
pub async fn get_file(
    store: &dyn ObjectStore,
    from: &Path,
    etag: Option<String>,
    to: &FsPath,
) -> Result<()> {
    let options = GetOptions { if_match: etag, ..GetOptions::default() };
    let mut stream = store.get_opts(from, options).await?.into_stream();
    let mut file = std::fs::File::create(to).map_err(in_file(to))?;
    while let Some(bytes) = stream.try_next().await? {
        file.write_all(&bytes).map_err(in_file(to))?;
    }
    Ok(())
}

/// The SHA-256 (hex) and size in bytes of the object at `path`, as a reader gets it.
///
/// # Errors
/// When it is missing or the store fails.
pub async fn sha256_of(store: &dyn ObjectStore, path: &Path) -> Result<(String, u64)> {
    let found = store.get(path).await?;
    if let GetResultPayload::File(mut file, _) = found.payload {
        let hashed = tokio::task::spawn_blocking(move || hashed(&mut file)).await;
        return Ok(hashed.map_err(std::io::Error::other)??);
    }
    let (mut digest, mut size) = (Sha256::new(), 0);
    let mut stream = found.into_stream();
    while let Some(bytes) = stream.try_next().await? {
        size += bytes.len() as u64;
        digest.update(&bytes);
    }
    Ok((hex(&digest.finalize()), size))
}

/// The SHA-256 (hex) of the whole of `file`, which is then at its beginning again.
///
/// # Errors
/// When it cannot be read.
pub fn file_sha256(mut file: std::fs::File) -> std::io::Result<String> {
    let (sha256, _) = hashed(&mut file)?;
    file.rewind()?;
    Ok(sha256)
}

fn hashed(file: &mut std::fs::File) -> std::io::Result<(String, u64)> {
    let (mut digest, mut size) = (Sha256::new(), 0);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok((hex(&digest.finalize()), size)),
            read => {
                size += read as u64;
                digest.update(&chunk[..read]);
            }
        }
    }
}
