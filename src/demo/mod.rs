//! A made-up company: a complete project and the exports of its three years.
//!
//! Keeps true: the same seed, size and day give the same bytes; documents are streamed day by day,
//! so memory grows with clients, never with documents.
//! Does not know: how a run works inside.

mod chance;
mod company;
mod crm;
mod project;
mod sales;

use std::path::Path;

use chrono::NaiveDate;

pub use project::init;

use crate::error::{Error, Kind, Result, in_file};

/// How large a company, from which seed, up to which day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Documents, about.
    pub documents: u64,
    /// The seed of chance.
    pub seed: u64,
    /// The last day.
    pub as_of: NaiveDate,
}

/// What was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    /// Export files; 0 where they were there already.
    pub files: usize,
}

/// The file that says of what size the exports of a folder are.
const MARK: &str = "exports/_demo.txt";

/// Makes the project and its exports in `folder`; does nothing where they are there already.
///
/// # Errors
/// When the folder holds something else.
pub fn make(folder: &Path, size: Size) -> Result<Made> {
    let mark = format!("documents {} seed {} as of {}\n", size.documents, size.seed, size.as_of);
    match std::fs::read_to_string(folder.join(MARK)) {
        Ok(found) if found == mark => return Ok(Made { files: 0 }),
        Ok(found) => {
            return Err(Error::new(
                Kind::Usage,
                format!("folder \"{}\" holds another demo: {}", folder.display(), found.trim()),
            )
            .hint("give another folder with --out, or remove this one"));
        }
        Err(_) => {}
    }
    if !folder.join("pipelines/project.yaml").exists() {
        init(folder, false)?;
        project::pin(folder, size.as_of)?;
    }
    let exports = folder.join("exports");
    let files = sales::write(&exports.join("1c"), size)?;
    let crm = crm::write(&exports.join("crm"), size)?;
    let file = folder.join(MARK);
    std::fs::write(&file, mark).map_err(in_file(&file))?;
    Ok(Made { files: files + crm })
}
