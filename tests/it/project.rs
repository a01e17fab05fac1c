//! A project in a folder of its own, and the binary run on it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A pipeline of plain sales, up to the tables that it publishes.
const SALES: &str = r#"
version: 1
name: sales
sources:
  - name: books
    fetch: { files: { url: exports, pattern: "*.csv" } }
    read: { csv: { encoding: utf-8, delimiter: ",", decimal: ".", date: "%Y-%m-%d" } }
    into:
      documents:
        columns:
          document_id: number
          kind: { value: shipment }
          date: date
          client_id: client
          amount: amount
          currency: { value: RUB }
    load: upsert
publish:
"#;

/// A project under test; its folder goes with it.
pub(crate) struct Project {
    folder: tempfile::TempDir,
}

/// What a run of the binary printed, and its exit code.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The binary.
pub(crate) fn binary() -> &'static str {
    env!("CARGO_BIN_EXE_pobudka")
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ran {
    /// The run, which must have ended with `code`.
    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// The run, which must have given `text` on stdout.
    #[track_caller]
    pub(crate) fn gives(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "expected \"{text}\" in:\n{}", self.stdout);
        self
    }

    /// The run, which must have said `text` on stderr.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "expected \"{text}\" in:\n{}", self.stderr);
        self
    }
}

/// Copies a folder.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

impl Project {
    /// A project with the repository's models and a plain `project.yaml`, without pipelines.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&repository().join("sql"), &folder.path().join("sql"));
        let project = Self { folder };
        project.file(
            "pipelines/project.yaml",
            "version: 1\nname: test\ntimezone: UTC\ncurrency: RUB\nas_of: 2026-09-30\n\
             lake: lake\ndestinations:\n  bi: { url: published }\n",
        )
    }

    /// A project that reads sales (`number,date,client,amount`) from `exports/*.csv` and publishes
    /// `tables`, which it has no models of yet.
    pub(crate) fn without_models(tables: &[&str]) -> Self {
        let tables: String = tables
            .iter()
            .map(|table| format!("  - {{ table: {table}, to: bi, as: [parquet] }}\n"))
            .collect();
        let project = Self::new().file("pipelines/sales.yaml", format!("{SALES}{tables}"));
        std::fs::remove_dir_all(project.path("sql")).unwrap();
        project
    }

    /// A folder with nothing in it.
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// The same with a file.
    pub(crate) fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.write(path, content);
        self
    }

    /// Writes a file.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// A path in the project.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// The text of a file.
    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap()
    }

    /// Runs the binary in the project.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().unwrap().into()
    }

    /// The command that would do that.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.arg("--project").arg(self.folder.path()).args(arguments);
        command
    }

    /// The rows of a query as CSV-like lines, for comparing with what was expected.
    pub(crate) fn query(&self, sql: &str) -> Vec<serde_json::Value> {
        let ran = self.run(&["--json", "sql", sql]).ends_with(0);
        ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The SHA-256 of every published Parquet and CSV file, by name.
    pub(crate) fn published(&self) -> Vec<(String, String)> {
        published(&self.path("published"))
    }
}

/// The SHA-256 of every file that the head of the publication in `folder` names.
pub(crate) fn published(folder: &Path) -> Vec<(String, String)> {
    let json = |path: PathBuf| -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    };
    let head = json(folder.join("_head.json"));
    let manifest = json(folder.join(head["manifest"].as_str().unwrap()));
    let mut files = Vec::new();
    for (_, table) in manifest["tables"].as_object().unwrap() {
        for file in table["files"].as_array().unwrap() {
            let path = file["path"].as_str().unwrap();
            let name = path.rsplit('/').next().unwrap().to_owned();
            files.push((name, file["sha256"].as_str().unwrap().to_owned()));
        }
    }
    files.sort();
    files
}
