//! Exports → canonical rows and rejects.
//!
//! For: floors, each of which knows only those above it in this list. `value/` says what a text is,
//! `fetch/` brings bytes, `read/` turns bytes into raw rows, `layout/` finds the table among them,
//! `map/` makes canonical rows; `export` takes one export through all of them, `inspect/` proposes how.
//! Keeps true: every row read is mapped, rejected with its address, skipped by rule, or recognised
//! as header, title, total or blank; memory does not grow with the size of a file.
//! Does not know: the lake, what was loaded before.

pub mod value;

pub mod fetch;

pub mod read;

pub mod layout;

pub mod map;

mod control;
pub mod cover;
mod pages;

pub mod export;

pub mod inspect;

#[cfg(test)]
mod damage;
