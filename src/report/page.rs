//! What a page is made of: sections of paragraphs, facts and tables.
//!
//! Keeps true: text is kept as it is; escaping is the affair of whoever writes the page.

use crate::secret::Redactor;

/// A run of text within a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Span {
    /// Plain words.
    Text(String),
    /// A name or value as it stands in a file or table.
    Code(String),
    /// A name that leads to an anchor of the page.
    Link {
        /// The anchor.
        to: String,
        /// The name.
        name: String,
    },
    /// A place that links may lead to.
    Anchor(String),
}

/// What stands on a line, in a cell, or in a paragraph.
pub(super) type Line = Vec<Span>;

/// A part of a section.
#[derive(Debug)]
pub(super) enum Block {
    /// Words.
    Paragraph(Line),
    /// Names and what is said of each.
    Facts(Vec<(&'static str, Line)>),
    /// Rows with as many cells as the head has.
    Table(Vec<&'static str>, Vec<Vec<Line>>),
}

/// A section, and those within it.
#[derive(Debug)]
pub(super) struct Section {
    /// Its anchor: letters, digits, `-` and `_`.
    pub(super) anchor: String,
    /// Its title.
    pub(super) title: String,
    /// What it says.
    pub(super) blocks: Vec<Block>,
    /// The sections within it, which have none within them.
    pub(super) parts: Vec<Section>,
}

/// A page.
#[derive(Debug)]
pub(super) struct Page {
    /// Its title.
    pub(super) title: String,
    /// What stands before the contents.
    pub(super) intro: Vec<Block>,
    /// Its sections.
    pub(super) sections: Vec<Section>,
}

/// A line of plain words.
pub(super) fn plain(text: impl Into<String>) -> Line {
    vec![Span::Text(text.into())]
}

/// A line of one name or value.
pub(super) fn code(text: impl Into<String>) -> Line {
    vec![Span::Code(text.into())]
}

/// A line of words in which names stand between backticks, as docstrings have them.
pub(super) fn marked(text: &str) -> Line {
    if text.matches('`').count() % 2 == 1 {
        return plain(text);
    }
    let parts = text.split('`').enumerate().filter(|(_, part)| !part.is_empty());
    parts
        .map(|(position, part)| match position % 2 {
            0 => Span::Text(part.to_owned()),
            _ => Span::Code(part.to_owned()),
        })
        .collect()
}

/// Spans with commas between them; `none` where there are none.
pub(super) fn listed(spans: impl IntoIterator<Item = Span>, none: &str) -> Line {
    joined(spans.into_iter().map(|span| vec![span]), ", ", none)
}

/// Lines with `between` between them; `none` where there are none.
pub(super) fn joined(lines: impl IntoIterator<Item = Line>, between: &str, none: &str) -> Line {
    let mut all = Line::new();
    for line in lines {
        if !all.is_empty() {
            all.push(Span::Text(between.to_owned()));
        }
        all.extend(line);
    }
    if all.is_empty() { plain(none) } else { all }
}

/// Names as spans.
pub(super) fn codes<'a>(names: impl IntoIterator<Item = &'a String>) -> impl Iterator<Item = Span> {
    names.into_iter().map(|name| Span::Code(name.clone()))
}

impl Page {
    /// The same without what `redactor` hides.
    pub(super) fn cleaned(mut self, redactor: &Redactor) -> Self {
        self.title = redactor.clean(&self.title);
        clean_blocks(&mut self.intro, redactor);
        clean_sections(&mut self.sections, redactor);
        self
    }
}

fn clean_sections(sections: &mut [Section], redactor: &Redactor) {
    for section in sections {
        section.title = redactor.clean(&section.title);
        clean_blocks(&mut section.blocks, redactor);
        clean_sections(&mut section.parts, redactor);
    }
}

fn clean_blocks(blocks: &mut [Block], redactor: &Redactor) {
    let clean = |line: &mut Line| {
        for span in line {
            match span {
                Span::Text(text) | Span::Code(text) | Span::Link { name: text, .. } => {
                    *text = redactor.clean(text);
                }
                Span::Anchor(_) => {}
            }
        }
    };
    for block in blocks {
        match block {
            Block::Paragraph(line) => clean(line),
            Block::Facts(facts) => facts.iter_mut().for_each(|(_, line)| clean(line)),
            Block::Table(_, rows) => rows.iter_mut().flatten().for_each(clean),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Block, Page, Section, Span, code, marked, plain};
    use crate::secret::Redactor;

    #[test]
    fn names_between_backticks_are_names() {
        let expected = vec![
            Span::Code("client".to_owned()),
            Span::Text(" (default) or ".to_owned()),
            Span::Code("company".to_owned()),
        ];
        assert_eq!(marked("`client` (default) or `company`"), expected);
        assert_eq!(marked("an odd ` stays"), plain("an odd ` stays"));
    }

    #[test]
    fn no_part_of_a_page_shows_a_secret() {
        let mut redactor = Redactor::default();
        redactor.hide("hunter2");
        let line = || code("s3://hunter2@bucket");
        let blocks = || {
            let facts = Block::Facts(vec![("Lies in", line())]);
            vec![
                Block::Paragraph(plain("hunter2")),
                facts,
                Block::Table(vec!["a"], vec![vec![line()]]),
            ]
        };
        let section = |parts| Section {
            anchor: "a".to_owned(),
            title: "hunter2".to_owned(),
            blocks: blocks(),
            parts,
        };
        let page = Page {
            title: "hunter2".to_owned(),
            intro: blocks(),
            sections: vec![section(vec![section(Vec::new())])],
        };
        let page = format!("{:?}", page.cleaned(&redactor));
        assert!(!page.contains("hunter2") && page.contains("s3://***@bucket"), "{page}");
    }
}
