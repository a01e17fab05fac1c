//! Where the rows of a table stand in an export, whatever its container: groups, levels, months across.

mod groups;
mod report;

pub use groups::Groups;
pub use report::{Report, ReportOptions, are_months};
