//! The project that stands in the repository, as a user gets it.

use std::path::Path;

use chrono::NaiveDate;
use include_dir::{Dir, include_dir};

use crate::error::{Error, Kind, Result, in_file};

static PIPELINES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/pipelines");
static SQL: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/sql");

/// What an empty project has of the pipelines.
const EMPTY: [&str; 2] = ["project.yaml", "schema"];

/// Puts `pipelines/` and `sql/` into `folder`; of the pipelines none where it is to be `empty`.
///
/// # Errors
/// When the folder holds a project already.
pub fn init(folder: &Path, empty: bool) -> Result<()> {
    if folder.join("pipelines").exists() || folder.join("sql").exists() {
        return Err(Error::new(
            Kind::Usage,
            format!("folder \"{}\" holds a project already", folder.display()),
        )
        .hint("name another folder"));
    }
    for (name, files) in [("pipelines", &PIPELINES), ("sql", &SQL)] {
        let target = folder.join(name);
        std::fs::create_dir_all(&target).map_err(in_file(&target))?;
        files.extract(&target).map_err(in_file(&target))?;
    }
    let pipelines = folder.join("pipelines");
    for entry in PIPELINES.entries().iter().filter(|_| empty) {
        let name = entry.path().file_name().unwrap_or_default();
        if !EMPTY.iter().any(|kept| name == *kept) {
            let file = pipelines.join(name);
            std::fs::remove_file(&file).map_err(in_file(&file))?;
        }
    }
    Ok(())
}

/// Pins the day of the project in `folder`.
pub(super) fn pin(folder: &Path, as_of: NaiveDate) -> Result<()> {
    let file = folder.join("pipelines/project.yaml");
    let text = std::fs::read_to_string(&file).map_err(in_file(&file))?;
    let pinned = format!(
        "{}\n\n# The demo's last day; without it, yesterday.\nas_of: {as_of}\n",
        text.trim_end()
    );
    std::fs::write(&file, pinned).map_err(in_file(&file))
}
