//! Tables on their way: Parquet with equal bytes, scratch in memory or files, the queries' session.
//!
//! For: what the lake, the models and the writers share about rows on disk.
//! Keeps true: the same rows in the same order give the same Parquet bytes, however they arrive;
//! queries stay within the memory they are given and spill to scratch.
//! Does not know: the canonical tables, models, publications.

mod build_sides;
mod depth;
mod hashed_file;
mod in_place;
mod in_turn;
mod keyed;
mod memory;
mod parquet_file;
mod provider;
mod scratch;
mod session;
mod spill_file;
mod spilled;

pub use depth::{MAX_EXPRESSION, too_deep};
pub use hashed_file::{HashedFile, Written};
pub use in_turn::in_turn;
pub use keyed::by_key;
pub use parquet_file::{ParquetFile, conform, plain, type_name, type_named};
pub use provider::FilesTable;
pub use scratch::{ScratchRows, ScratchWriter};
pub use session::{Engine, Limits};
