//! Raw rows of texts, and what a text says: a number, a day, an id. Each is read here alone.

mod date;
mod number;
mod rows;
mod text;

pub(in crate::pull) use date::DateFormat;
pub(in crate::pull) use number::{Decimal, parse as parse_number};
pub(in crate::pull) use text::{clean, is_nothing, is_shortened};

pub use rows::{Row, Rows, Shape};
