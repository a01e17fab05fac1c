//! A page as Markdown: GitHub's, for its tables.
//!
//! Keeps true: no text is taken for markup, and no cell ends before its time. What must be escaped:
//! `CommonMark` 0.31, section 2.4, and the tables of GitHub Flavored Markdown, section 4.10.

use std::fmt::Write;

use super::page::{Block, Line, Page, Section, Span};

/// Characters that begin markup wherever they stand.
const MARKUP: &[char] = &['\\', '`', '*', '[', ']', '<', '>', '|', '#', '~', '&', '$'];

/// The page as one file.
pub(super) fn page(page: &Page) -> String {
    let mut out = format!("# {}\n\n", text(&page.title));
    blocks(&mut out, &page.intro);
    out.push_str("## Contents\n\n");
    for section in &page.sections {
        let _ = writeln!(out, "- {}", entry(section));
        for part in &section.parts {
            let _ = writeln!(out, "  - {}", entry(part));
        }
    }
    out.push('\n');
    for top in &page.sections {
        section(&mut out, top, "##");
        top.parts.iter().for_each(|part| section(&mut out, part, "###"));
    }
    out.truncate(out.trim_end().len());
    out + "\n"
}

fn entry(section: &Section) -> String {
    format!("[{}](#{})", text(&section.title), section.anchor)
}

fn section(out: &mut String, section: &Section, level: &str) {
    let _ = writeln!(out, "<a id=\"{}\"></a>\n", section.anchor);
    let _ = writeln!(out, "{level} {}\n", text(&section.title));
    blocks(out, &section.blocks);
}

fn blocks(out: &mut String, blocks: &[Block]) {
    for block in blocks {
        match block {
            Block::Paragraph(words) => {
                let _ = writeln!(out, "{}", beginning(&line(words)));
            }
            Block::Facts(facts) => {
                for (name, said) in facts {
                    let _ = writeln!(out, "- **{name}:** {}", line(said));
                }
            }
            Block::Table(head, rows) => {
                let _ = writeln!(out, "| {} |", head.join(" | "));
                let _ = writeln!(out, "|{}", " --- |".repeat(head.len()));
                for row in rows {
                    let cells: Vec<String> = row.iter().map(line).collect();
                    let _ = writeln!(out, "| {} |", cells.join(" | "));
                }
            }
        }
        out.push('\n');
    }
}

fn line(spans: &Line) -> String {
    spans.iter().map(span).collect()
}

fn span(span: &Span) -> String {
    match span {
        Span::Text(words) => text(words),
        Span::Code(name) => code(name),
        Span::Link { to, name } => format!("[{}](#{to})", code(name)),
        Span::Anchor(anchor) => format!("<a id=\"{anchor}\"></a>"),
    }
}

/// `text` on one line, with nothing in it that is markup.
fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(mut char) = rest.next() {
        if matches!(char, '\r' | '\n' | '\t') {
            char = ' ';
        }
        // An underscore within a word is only that.
        let within = before.is_alphanumeric() && rest.peek().is_some_and(|c| c.is_alphanumeric());
        if MARKUP.contains(&char) || (char == '_' && !within) {
            out.push('\\');
        }
        out.push(char);
        before = char;
    }
    out
}

/// `name` in fixed width. Backticks, and pipes after a backslash, have no place between backticks.
fn code(name: &str) -> String {
    if name.contains(['`', '|']) {
        return format!("<code>{}</code>", text(name));
    }
    match name.trim() {
        "" => String::new(),
        name => format!("`{}`", name.replace(['\r', '\n', '\t'], " ")),
    }
}

/// A paragraph that is not taken for a list or a line: its first word's sign is escaped.
fn beginning(paragraph: &str) -> String {
    let digits = paragraph.find(|char: char| !char.is_ascii_digit()).unwrap_or(paragraph.len());
    let (number, rest) = paragraph.split_at(digits);
    let sign = match rest.chars().next() {
        Some('.' | ')') => !number.is_empty(),
        Some('-' | '+' | '=') => number.is_empty(),
        _ => false,
    };
    if sign { format!("{number}\\{rest}") } else { paragraph.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::page::{Block, Page, Section, Span, code, plain};

    fn written(blocks: Vec<Block>) -> String {
        let (anchor, title) = ("a".to_owned(), "A_b".to_owned());
        let sections = vec![Section { anchor, title, blocks, parts: Vec::new() }];
        let page = Page { title: "Of * and <b>".to_owned(), intro: Vec::new(), sections };
        super::page(&page)
    }

    #[test]
    fn a_page_has_its_contents_before_its_sections() {
        let facts = Block::Facts(vec![("Grain", code("client_key"))]);
        assert_eq!(
            written(vec![facts]),
            "# Of \\* and \\<b\\>\n\n## Contents\n\n- [A_b](#a)\n\n<a id=\"a\"></a>\n\n## A_b\n\n\
             - **Grain:** `client_key`\n"
        );
    }

    #[test]
    fn a_pipe_ends_no_cell() {
        let rows = vec![vec![plain("a|b\nc_d _e_"), code("^(x|y)\\|`$")]];
        let written = written(vec![Block::Table(vec!["Column", "Meaning"], rows)]);
        let row = written.lines().last().unwrap();
        assert_eq!(row, "| a\\|b c_d \\_e\\_ | <code>^(x\\|y)\\\\\\|\\`\\$</code> |", "{written}");
        let unescaped = row.replace("\\\\", "").replace("\\|", "");
        assert_eq!(unescaped.matches('|').count(), 3, "{row}");
    }

    #[test]
    fn a_paragraph_is_no_list() {
        for (words, expected) in [("- a", "\\- a"), ("1. a", "1\\. a"), ("1, 2", "1, 2")] {
            let written = written(vec![Block::Paragraph(plain(words))]);
            assert!(written.ends_with(&format!("\n{expected}\n")), "{written}");
        }
        let anchored = vec![Span::Anchor("b".to_owned())];
        assert!(written(vec![Block::Paragraph(anchored)]).ends_with("\n<a id=\"b\"></a>\n"));
    }
}
