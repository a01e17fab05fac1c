//! The domain's pure kernels: slices in, structs out.
//!
//! For: the few computations that plain SQL would make slow or unreadable. They follow the
//! definitions in the README's "Definitions" word for word.
//! Keeps true: no clock, no files, no Arrow, no allocation beyond the results.
//! Does not know: SQL, tables, where rows come from.
//!
//! Days are `i32` days since 1970-01-01 (Arrow's `Date32`); money is `i128` in hundredths.

pub mod aliases;
pub mod calendar;
pub mod callers;
pub mod company_name;
pub mod currency;
pub mod duplicates;
#[cfg(test)]
mod duplicates_tests;
pub mod history;
mod minimise;
pub mod nearest;
pub mod odds;
#[cfg(test)]
mod odds_tests;
pub mod rhythm;
pub mod sales;
pub mod spell;
pub mod tax_id;
#[cfg(test)]
mod tax_id_tests;
mod tax_schemes;
pub mod value;

/// A calendar day: days since 1970-01-01.
pub type Day = i32;
