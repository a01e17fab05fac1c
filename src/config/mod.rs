//! YAML declarations → checked values.
//!
//! For: reading `pipelines/*.yaml`, `sql/**/*.yaml` and the list of SQL models of a project.
//! Keeps true: every mistake is reported at once, each with file, line, column and what to write
//! instead; a key that does nothing is refused; `${env:NAME}` is replaced only inside string
//! values, after parsing.
//! Does not know: stores, tables, anything beyond the project's folder.

pub mod canonical;
pub mod condition;
pub mod contract;
mod contract_mirror;
mod declared;
mod fault;
mod mapping_check;
pub mod measures;
pub mod pipeline;
mod pipeline_check;
mod pipeline_mirror;
mod places;
pub mod presets;
mod project;
mod project_mirror;
mod read_check;
mod read_mirror;
pub mod schedule;
mod schema;
pub mod settings;
mod settings_mirror;
pub mod stores;
mod text;
mod values;
mod yaml;

pub use declared::FORM;
pub use fault::{Fault, Faults};
pub use project::{DEFAULT_MEMORY_MB, Destination, Keep, LONGEST_LEASE, Model, Project, load};
pub use schema::schemas;
pub use text::Env;
