//! Errors: what went wrong, and what its reader does next.
//!
//! Keeps true: the kind decides the exit code and the next step; the message gives the evidence
//! with its address; the hint is the thing to do, on its own line.

/// What the reader of an error does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Correct the YAML or the SQL (exit 78).
    Declaration,
    /// Correct the command line (exit 64).
    Usage,
    /// Ask whoever sent the export, or correct how it is declared (exit 1).
    Supplier,
    /// A data check failed; nothing was published (exit 2).
    Check,
    /// Nothing matched what was named (exit 3).
    Nothing,
    /// Somebody else was faster or newer; plan and run again (exit 1).
    Superseded,
    /// What was asked for is older than what is there; nothing was changed (exit 1).
    Outdated,
    /// The outcome is unknown or the disk or network failed; try again (exit 1).
    Transient,
    /// Stopped by a signal; nothing is half done (exit 130 or 143).
    Interrupted(i32),
    /// A defect of pobudka (exit 1).
    Defect,
}

impl Kind {
    /// The process's exit code.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Declaration => 78,
            Self::Usage => 64,
            Self::Check => 2,
            Self::Nothing => 3,
            Self::Interrupted(signal) => u8::try_from(128 + signal).unwrap_or(1),
            Self::Supplier | Self::Superseded | Self::Outdated | Self::Transient | Self::Defect => {
                1
            }
        }
    }
}

/// An error with its kind, its evidence and, where there is one, its remedy.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What the reader does next.
    pub kind: Kind,
    /// What happened, where, what was expected and what was found.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// What lies beneath.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Makes of the failure of a file an error that names it.
pub fn in_file(path: &std::path::Path) -> impl Fn(std::io::Error) -> Error {
    move |error| Error::from(error).at(format!("file \"{}\"", path.display()))
}

/// The result of anything that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of `kind` saying `message`.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, source: None }
    }

    /// Whether a query was ended because it found no more memory, or may have been: where one partition
    /// finds none, repartitioning in `DataFusion` 55 panics in another.
    #[must_use]
    pub fn lacks_memory(&self) -> bool {
        use datafusion::error::DataFusionError::{External, ResourcesExhausted};
        let cause = self.source.as_ref();
        let cause = cause.and_then(|it| it.downcast_ref::<datafusion::error::DataFusionError>());
        cause.is_some_and(|it| match it.find_root() {
            ResourcesExhausted(_) => true,
            External(inner) => {
                let joined = inner.downcast_ref::<std::sync::Arc<tokio::task::JoinError>>();
                joined.is_some_and(|error| error.is_panic())
            }
            _ => false,
        })
    }

    /// The same with a remedy.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with what lies beneath.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same, its message preceded by where it happened.
    #[must_use]
    pub fn at(mut self, place: impl std::fmt::Display) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        by_disk(&error)
            .unwrap_or_else(|| Self::new(Kind::Transient, "reading or writing a file failed"))
            .because(error)
    }
}

impl From<datafusion::error::DataFusionError> for Error {
    fn from(error: datafusion::error::DataFusionError) -> Self {
        if let datafusion::error::DataFusionError::ResourcesExhausted(_) = error.find_root() {
            return Self::new(
                Kind::Transient,
                "a query needs more memory or scratch than it may use",
            )
            .because(error)
            .hint("raise limits: memory_mb in pipelines/project.yaml");
        }
        let kind = match error.find_root() {
            datafusion::error::DataFusionError::Internal(_) => Kind::Defect,
            datafusion::error::DataFusionError::Plan(_)
            | datafusion::error::DataFusionError::SchemaError(..)
            | datafusion::error::DataFusionError::SQL(..) => Kind::Declaration,
            _ => Kind::Transient,
        };
        Self::new(kind, "the query failed").because(error)
    }
}

impl From<datafusion::arrow::error::ArrowError> for Error {
    fn from(error: datafusion::arrow::error::ArrowError) -> Self {
        by_disk(&error)
            .unwrap_or_else(|| Self::new(Kind::Defect, "a table could not be handled"))
            .because(error)
    }
}

impl From<parquet::errors::ParquetError> for Error {
    fn from(error: parquet::errors::ParquetError) -> Self {
        by_disk(&error)
            .unwrap_or_else(|| {
                Self::new(Kind::Transient, "a Parquet file could not be read or written")
            })
            .because(error)
    }
}

impl From<object_store::Error> for Error {
    fn from(error: object_store::Error) -> Self {
        use object_store::Error::{NotFound, PermissionDenied, Unauthenticated};
        match error {
            PermissionDenied { .. } | Unauthenticated { .. } => {
                Self::new(Kind::Declaration, "the store refuses access").hint(
                    "check the keys given under stores: in project.yaml or by the environment",
                )
            }
            NotFound { .. } => Self::new(Kind::Transient, "the store has no such object")
                .hint("where it is the bucket or container that is missing, create it"),
            _ => by_disk(&error).unwrap_or_else(|| {
                Self::new(Kind::Transient, "the store failed")
                    .hint("mend what it says, or wait until its server is back; then try again")
            }),
        }
        .because(error)
    }
}

/// What a disk that lies beneath `error` asks for.
fn by_disk(error: &(dyn std::error::Error + 'static)) -> Option<Error> {
    use std::io::ErrorKind as Io;
    let mut beneath = Some(error);
    while let Some(error) = beneath {
        let kind = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        let (message, hint) = match kind {
            Some(Io::StorageFull | Io::QuotaExceeded | Io::FileTooLarge) => {
                ("the disk is full", "free space there, then run again")
            }
            Some(Io::PermissionDenied | Io::ReadOnlyFilesystem) => {
                ("the file system refuses access", "let the user that runs pobudka write there")
            }
            Some(Io::TimedOut) => ("the lock was not given", "end who holds it, then run again"),
            _ => {
                beneath = error.source();
                continue;
            }
        };
        return Some(Error::new(Kind::Transient, message).hint(hint));
    }
    None
}

impl From<object_store::path::Error> for Error {
    fn from(error: object_store::path::Error) -> Self {
        Self::new(Kind::Declaration, "a path cannot be used").because(error)
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::new(Kind::Defect, "a record is not the JSON that was expected").because(error)
    }
}
