//! Raw rows → canonical rows and rejects, as the declaration says.

mod builder;
mod cell;
mod date;
mod document;
mod fold;
mod frame;
mod header;
mod mapper;
pub(super) mod number;
mod plan;
mod reject;

pub(in crate::pull) use date::DateFormat;
pub(in crate::pull) use number::parse as parse_number;

pub use builder::{BATCH_ROWS, schema};
pub use document::normalise;
pub use fold::{Fold, Folded};
pub use frame::{Control, Unproven};
pub use header::{Header, missing_columns, named_headers, needed, summed_headers};
pub use mapper::{Mapper, Sink, Tally};
pub use reject::Reject;
