//! A row that did not become a canonical one, with its address.

/// A reject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The row in the file, from 1.
    pub row: u64,
    /// The column of the export, or of the canonical table where it has no header.
    pub column: String,
    /// A word for the kind of fault, or the declared reason.
    pub reason: String,
    /// What was expected and what was found.
    pub message: String,
    /// The value that was refused.
    pub value: String,
    /// The row as a JSON array of its fields.
    pub raw: String,
    /// Its amount without the sign, in units of 10⁻⁸; 0 where it has none that can be read.
    pub money: i128,
    /// Whether a declared rule rejected it, so that it does not count against the limit.
    pub by_rule: bool,
}
