//! Exports → canonical rows and rejects.
//!
//! For: `fetch/` brings bytes, `read/` turns bytes into raw rows, `map/` makes canonical rows.
//! Keeps true: every row read is mapped, rejected with its address, skipped by rule, or recognised
//! as header, title, total or blank; memory does not grow with the size of a file.
//! Does not know: the lake, what was loaded before.

mod control;
pub mod cover;
#[cfg(test)]
mod damage;
pub mod export;
pub mod fetch;
pub mod inspect;
pub mod map;
mod pages;
pub mod read;
