//! Bringing bytes: which exports there are, and their content, hashed as it is read.

mod bytes;
mod files;

pub use bytes::{ExportBytes, sha256};
pub use files::{Export, list};
