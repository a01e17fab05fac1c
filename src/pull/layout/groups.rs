//! Group headings that stand alone on a row → a value in front of each row below them.
//!
//! As `QuickBooks` writes its reports: the header's first cell is empty, a client's name stands
//! alone, his rows begin with an empty cell, and `Total for <name>` ends them.

use crate::pull::read::{BadBytes, Guess, Reader};
use crate::pull::value::{Row, Rows};

/// What a row that ends a group begins with, in lower case.
const ENDS: [&str; 2] = ["total for ", "итого по "];

/// The rows of a reader under the same numbers: headings are carried down, they and group totals
/// become blank rows.
pub struct Groups {
    reader: Box<dyn Reader>,
    carried: Carried,
}

impl Groups {
    /// The rows of `reader`, their column of headings called `name`.
    #[must_use]
    pub fn new(name: &str, reader: Box<dyn Reader>) -> Self {
        Self { reader, carried: Carried::new(name) }
    }
}

impl Reader for Groups {
    fn columns(&self) -> Option<&[String]> {
        self.reader.columns()
    }

    fn next_rows(&mut self) -> Result<Option<&Rows>, BadBytes> {
        let carried = &mut self.carried;
        Ok(self.reader.next_rows()?.map(|rows| carried.down(rows)))
    }

    fn unseen(&self) -> Vec<&str> {
        self.reader.unseen()
    }

    fn recognised(&self) -> u64 {
        self.reader.recognised()
    }

    fn charset(&self) -> Option<Guess> {
        self.reader.charset()
    }

    fn notes(&self) -> Vec<String> {
        self.reader.notes()
    }
}

/// Carries headings down.
struct Carried {
    name: String,
    headed: bool,
    heading: String,
    rows: Rows,
}

impl Carried {
    fn new(name: &str) -> Self {
        let (name, heading) = (name.to_owned(), String::new());
        Self { name, headed: false, heading, rows: Rows::default() }
    }

    fn down(&mut self, rows: &Rows) -> &Rows {
        self.rows.clear();
        for row in rows.iter() {
            let first = row.field(0);
            let rest = (1..row.len()).filter(|field| !row.field(*field).is_empty()).count();
            let begins = !self.headed && first.is_empty() && rest > 1;
            self.headed |= begins;
            let heading = self.headed && !first.is_empty() && rest == 0;
            if heading {
                first.clone_into(&mut self.heading);
            }
            let ends = || ENDS.iter().any(|end| first.to_lowercase().starts_with(end));
            if heading || (self.headed && ends()) {
                add(&mut self.rows, &row, 1, "");
            } else if begins {
                add(&mut self.rows, &row, row.len(), &self.name);
            } else if self.headed && first.is_empty() && rest > 0 {
                add(&mut self.rows, &row, row.len(), &self.heading);
            } else {
                add(&mut self.rows, &row, row.len(), first);
            }
        }
        &self.rows
    }
}

/// Adds so many fields of `row`, with `first` in place of the first.
fn add(rows: &mut Rows, row: &Row<'_>, fields: usize, first: &str) {
    let Ok(()) = rows.add(row.number, fields, |field, text| {
        text.push_str(if field == 0 { first } else { row.field(field) });
        Ok::<(), std::convert::Infallible>(())
    });
}

#[cfg(test)]
mod tests {
    use super::Carried;
    use crate::pull::value::Rows;

    #[test]
    fn headings_are_carried_down_and_totals_left_out() {
        let text = "Sales by Customer Detail||\n\n|Date|Amount\nAcme||\n|01/02/2026|\"10\"\n\
                    |02/02/2026|5\nTotal for Acme||15\nTOTAL||15";
        let fields: Vec<Vec<String>> =
            text.lines().map(|line| line.split('|').map(str::to_owned).collect()).collect();
        let rows = (1..).zip(fields.iter()).map(|(number, row)| (number, row.as_slice()));
        let mut groups = Carried::new("Customer");
        let carried = groups.down(&Rows::of(rows));
        let told: Vec<String> = carried.iter().map(|row| row.raw()).collect();
        assert_eq!(
            told,
            [
                r#"["Sales by Customer Detail","",""]"#,
                r#"[""]"#,
                r#"["Customer","Date","Amount"]"#,
                r#"[""]"#,
                r#"["Acme","01/02/2026","\"10\""]"#,
                r#"["Acme","02/02/2026","5"]"#,
                r#"[""]"#,
                r#"["TOTAL","","15"]"#,
            ]
        );
    }
}
