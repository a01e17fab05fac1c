//! Raw rows → canonical rows and rejects, as the declaration says.

mod builder;
mod cell;
mod column;

mod document;
mod fold;
mod frame;
mod header;
mod mapper;

mod plan;
mod reject;
mod tally;

pub use builder::BATCH_ROWS;
pub use document::normalise;
pub use fold::{Fold, Folded};
pub use frame::{Control, Unproven, rejected_money, written};
pub use header::{Header, missing_columns, named_headers, needed, summed_headers, text_headers};
pub use mapper::{Mapper, Sink};
pub use reject::Reject;
pub use tally::Tally;
