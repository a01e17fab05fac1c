//! How things look on the terminal.

use std::io::Write;
use std::sync::{Arc, OnceLock};

use arrow::array::{Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use arrow::util::pretty::pretty_format_batches;

use crate::error::{Error, Result};
use crate::run::Event;
use crate::secret::Redactor;

/// What must not be printed; set once, when the declarations are read.
static HIDDEN: OnceLock<Redactor> = OnceLock::new();

/// Keeps what `redactor` knows out of everything that is printed from here on.
pub(super) fn hide(redactor: &Redactor) {
    let _ = HIDDEN.set(redactor.clone());
}

/// Whether a terminal would do something at `char` instead of showing it.
fn acts(char: char) -> bool {
    let turns =
        matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    char.is_control() || turns
}

/// `text` without secrets.
fn clean(text: &str) -> String {
    HIDDEN.get().map_or_else(|| text.to_owned(), |redactor| redactor.clean(text))
}

/// `text` with what a terminal would do something at written out as `write` does; line ends stay
/// where `stays` says so of what follows them.
fn shown(text: &str, stays: impl Fn(&str) -> bool, write: impl Fn(char, &mut String)) -> String {
    if !text.contains(acts) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len());
    for (place, char) in text.char_indices() {
        if acts(char) && !(char == '\n' && stays(&text[place + 1..])) {
            write(char, &mut shown);
        } else {
            shown.push(char);
        }
    }
    shown
}

/// As Rust writes it.
fn as_rust(char: char, to: &mut String) {
    to.extend(char.escape_default());
}

/// As JSON writes it.
fn as_json(char: char, to: &mut String) {
    use std::fmt::Write;
    let mut units = [0; 2];
    for unit in char.encode_utf16(&mut units) {
        let _ = write!(to, "\\u{unit:04x}");
    }
}

/// A line end within a message is followed by spaces; one within a name is written out.
fn is_layout(rest: &str) -> bool {
    rest.starts_with(' ')
}

/// So are those between the faults of declarations, each of which begins with its file.
fn is_fault(rest: &str) -> bool {
    is_layout(rest) || rest.starts_with("pipelines/") || rest.starts_with("sql/")
}

/// Prints a line of results; a reader that has gone away is no error.
pub(super) fn line(text: impl AsRef<str>) {
    let text = shown(&clean(text.as_ref()), is_layout, as_rust);
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Prints a text of many lines, none of which holds a name with a line end.
pub(super) fn text(text: impl AsRef<str>) {
    let text = shown(&clean(text.as_ref()), |_| true, as_rust);
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Prints a line of JSON, which is data: whoever puts a message or a URL into it cleans that.
pub(super) fn json(text: impl AsRef<str>) {
    let text = shown(text.as_ref(), |_| false, as_json);
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Prints a line beside the results; a reader that has gone away is no error.
pub(super) fn aside(text: impl AsRef<str>) {
    let text = shown(&clean(text.as_ref()), is_layout, as_rust);
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Prints a text of many lines beside the results: faults stand one below the other.
fn faults(text: impl AsRef<str>) {
    let text = shown(&clean(text.as_ref()), is_fault, as_rust);
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Prints what went wrong, what lies beneath, and what to do.
pub(super) fn error(error: &Error) {
    faults(format!("error: {}", error.message));
    let mut beneath = error.source.as_deref().map(|source| source as &dyn std::error::Error);
    let mut told = String::new();
    while let Some(source) = beneath {
        // Many errors already say what lies beneath them.
        let text = source.to_string();
        if !told.contains(&text) {
            faults(format!("  because: {text}"));
            told = text;
        }
        beneath = source.source();
    }
    if let Some(hint) = &error.hint {
        faults(format!("hint: {hint}"));
    }
}

/// Prints rows as a table, or as one JSON object a line.
pub(super) fn rows(batches: &[RecordBatch], json: bool) -> Result<()> {
    if json {
        let mut out = std::io::stdout().lock();
        for batch in batches {
            let mut writer = arrow::json::LineDelimitedWriter::new(Vec::new());
            writer.write(batch)?;
            writer.finish()?;
            let rows = String::from_utf8(writer.into_inner()).map_err(std::io::Error::other)?;
            if out.write_all(shown(&rows, |_| true, as_json).as_bytes()).is_err() {
                return Ok(());
            }
        }
        return Ok(());
    }
    let shown: Vec<RecordBatch> = batches.iter().map(one_line_each).collect::<Result<_>>()?;
    // What is data is not blotted out, whatever the environment holds.
    let _ = writeln!(std::io::stdout(), "{}", pretty_format_batches(&shown)?);
    Ok(())
}

/// The same rows, texts with what a terminal would do something at written out.
fn one_line_each(batch: &RecordBatch) -> Result<RecordBatch> {
    let options = FormatOptions::default();
    let mut fields: Vec<FieldRef> = batch.schema().fields().iter().cloned().collect();
    let mut columns = batch.columns().to_vec();
    for (field, column) in fields.iter_mut().zip(&mut columns) {
        let values = Arc::clone(column);
        if values.data_type().is_primitive() {
            continue;
        }
        let texts = ArrayFormatter::try_new(&values, &options)?;
        let texts = (0..values.len()).map(|row| {
            values.is_valid(row).then(|| shown(&texts.value(row).to_string(), |_| false, as_rust))
        });
        *column = Arc::new(texts.collect::<StringArray>());
        *field = Arc::new(Field::new(field.name(), DataType::Utf8, true));
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
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
    use super::{as_json, as_rust, grouped, is_layout, shown};

    #[test]
    fn what_a_terminal_would_do_something_at_is_written_out() {
        let name = "a\u{1b}]0;x\u{7}\r\nb\u{202e}c";
        let line = |text: &str| shown(text, is_layout, as_rust);
        assert_eq!(line(name), "a\\u{1b}]0;x\\u{7}\\r\\nb\\u{202e}c");
        assert_eq!(line("two\n  lines"), "two\n  lines");
        assert_eq!(line("Ромашка — é"), "Ромашка — é");
        assert_eq!(shown("\"a\u{202e}\u{7f}\"", |_| false, as_json), "\"a\\u202e\\u007f\"");
    }

    #[test]
    fn digits_stand_in_groups_of_three() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_000), "1 000");
        assert_eq!(grouped(12_345_678), "12 345 678");
    }
}
