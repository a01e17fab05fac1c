//! Publications: a run's tables, visible together.
//!
//! For: the writers (Parquet, CSV twice, XLSX), the swap of a destination's head, `latest/`.
//! Keeps true: readers see whole publications; the same tables are not published twice; `latest/`
//! is derived from the head by every run that ends well.
//! Does not know: when runs are due, why tables changed.

mod csv;
mod latest;
mod people;
mod publication;
mod table;
mod xlsx;

pub use latest::refresh;
pub use people::Presentation;
pub use publication::{Publication, Published, TableFiles, publish};
pub use table::published;
