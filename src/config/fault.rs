//! A mistake in a declaration, with its address and its remedy.

use std::fmt;

use crate::secret::Redactor;

/// Characters of a line that are shown.
const SHOWN: usize = 160;

/// One mistake: where it stands, what is wrong, what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The file, relative to the project.
    pub file: String,
    /// Line and column, from 1; line 0 means the file as a whole.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What was expected and what was found.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
    /// The line as it stands, where the fault has one.
    pub source_line: Option<String>,
}

impl Fault {
    /// A fault at a place of `file`.
    pub fn new(
        file: impl Into<String>,
        (line, column): (usize, usize),
        message: impl Into<String>,
    ) -> Self {
        Self {
            file: file.into(),
            line,
            column,
            message: message.into(),
            hint: None,
            source_line: None,
        }
    }

    /// The same with a remedy.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with the line it stands on, taken from the file's `text`.
    #[must_use]
    pub fn in_text(mut self, text: &str) -> Self {
        let line = self.line.checked_sub(1).and_then(|index| text.lines().nth(index));
        self.source_line = line.map(str::to_owned);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.file)?;
        if self.line > 0 {
            write!(formatter, ":{}:{}", self.line, self.column)?;
        }
        write!(formatter, ": {}", self.message)?;
        if let Some(line) = &self.source_line {
            let number = self.line.to_string();
            let column = self.column.saturating_sub(1);
            let first = if column < SHOWN { 0 } else { column - SHOWN / 2 };
            let shown: String = line.chars().skip(first).take(SHOWN).collect();
            let (cut, caret) = (if first > 0 { "…" } else { "" }, " ".repeat(column - first));
            let more = if line.chars().nth(first + SHOWN).is_some() { "…" } else { "" };
            let (margin, caret) =
                (" ".repeat(number.len()), format!("{}{caret}", " ".repeat(cut.chars().count())));
            write!(formatter, "\n {number} | {cut}{shown}{more}\n {margin} | {caret}^")?;
        }
        if let Some(hint) = &self.hint {
            write!(formatter, "\n hint: {hint}")?;
        }
        Ok(())
    }
}

/// All mistakes found, in order of file and place.
#[derive(Debug, Default, Clone)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Adds one.
    pub fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same without what `redactor` hides, and without the secrets of URLs in the lines they
    /// show, which may not have been looked at yet.
    #[must_use]
    pub fn without_secrets(mut self, redactor: &mut Redactor) -> Self {
        let ends = |char: char| char.is_whitespace() || "\"'[]{},".contains(char);
        for line in self.0.iter().filter_map(|fault| fault.source_line.as_ref()) {
            line.split(ends).for_each(|word| redactor.hide_in_url(word));
        }
        for fault in &mut self.0 {
            fault.message = redactor.clean(&fault.message);
            fault.hint = fault.hint.as_ref().map(|hint| redactor.clean(hint));
            fault.source_line = fault.source_line.as_ref().map(|line| redactor.clean(line));
        }
        self
    }

    /// The faults, sorted by their place, without repetitions.
    #[must_use]
    pub fn sorted(mut self) -> Vec<Fault> {
        self.0.sort();
        self.0.dedup();
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Fault;

    #[test]
    fn of_a_long_line_what_lies_around_the_fault_is_shown() {
        let line = format!("{}!{}", "a".repeat(300), "b".repeat(300));
        let told = Fault::new("x.sql", (1, 301), "wrong").in_text(&line).to_string();
        let [_, shown, caret] = told.lines().collect::<Vec<_>>()[..] else { panic!("{told}") };
        assert_eq!(shown, format!(" 1 | …{}!{}…", "a".repeat(80), "b".repeat(79)));
        let place = caret.chars().position(|char| char == '^').unwrap();
        assert_eq!(shown.chars().nth(place), Some('!'));
        let short = Fault::new("x.sql", (1, 3), "wrong").in_text("ab!").to_string();
        assert_eq!(short, "x.sql:1:3: wrong\n 1 | ab!\n   |   ^");
    }
}
