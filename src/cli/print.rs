//! How things look on the terminal.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::util::pretty::pretty_format_batches;

use crate::error::{Error, Result};
use crate::run::Event;

/// Prints a line of results; a reader that has gone away is no error.
pub(super) fn line(text: impl AsRef<str>) {
    let _ = writeln!(std::io::stdout(), "{}", text.as_ref());
}

/// Prints a line beside the results; a reader that has gone away is no error.
pub(super) fn aside(text: impl AsRef<str>) {
    let _ = writeln!(std::io::stderr(), "{}", text.as_ref());
}

/// Prints what went wrong, what lies beneath, and what to do.
pub(super) fn error(error: &Error) {
    aside(format!("error: {}", error.message));
    let mut beneath = error.source.as_deref().map(|source| source as &dyn std::error::Error);
    let mut told = String::new();
    while let Some(source) = beneath {
        // Many errors already say what lies beneath them.
        let text = source.to_string();
        if !told.contains(&text) {
            aside(format!("  because: {text}"));
            told = text;
        }
        beneath = source.source();
    }
    if let Some(hint) = &error.hint {
        aside(format!("hint: {hint}"));
    }
}

/// Prints rows as a table, or as one JSON object a line.
pub(super) fn rows(batches: &[RecordBatch], json: bool) -> Result<()> {
    if json {
        let mut writer = arrow::json::LineDelimitedWriter::new(std::io::stdout());
        for batch in batches {
            writer.write(batch)?;
        }
        writer.finish()?;
        return Ok(());
    }
    line(pretty_format_batches(batches)?.to_string());
    Ok(())
}

/// Prints an event of a run to stderr.
pub(super) fn event(event: Event) {
    match event {
        Event::Step(number, of, what) => aside(format!("[{number}/{of}] {what}")),
        Event::Note(note) => aside(format!("  {note}")),
    }
}

/// A number with groups of three digits.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn digits_stand_in_groups_of_three() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_000), "1 000");
        assert_eq!(grouped(12_345_678), "12 345 678");
    }
}
