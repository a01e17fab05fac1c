//! `docs`: the data dictionary, written into a folder.

use std::path::Path;

use super::print;
use crate::error::{Error, Kind, Result};
use crate::lake::{RunState, read_records};
use crate::report::dictionary;
use crate::run::Workspace;
use crate::transform::validated;

/// Writes `dictionary.md` and `dictionary.html` into `out`, with what the newest run did that has
/// ended.
pub(super) async fn docs(workspace: &Workspace, out: &Path) -> Result<()> {
    let graph = validated(&workspace.project, &workspace.engine).await?;
    let records = read_records(&workspace.lake).await?;
    let last = records.iter().find(|record| record.state != RunState::Running);
    let dictionary = dictionary(&workspace.project, &graph, last)?;
    std::fs::create_dir_all(out).map_err(|error| unwritable(out, error))?;
    for (name, text) in
        [("dictionary.md", dictionary.markdown()), ("dictionary.html", dictionary.html())]
    {
        let file = out.join(name);
        std::fs::write(&file, text).map_err(|error| unwritable(&file, error))?;
        print::line(file.display().to_string());
    }
    Ok(())
}

fn unwritable(path: &Path, error: std::io::Error) -> Error {
    Error::new(Kind::Transient, format!("{} cannot be written", path.display()))
        .because(error)
        .hint("name another folder with --out")
}
