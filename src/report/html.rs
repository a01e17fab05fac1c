//! A page as one HTML file: its style within it, no scripts.
//!
//! Keeps true: what is not markup of this file is escaped (HTML Living Standard, section 13.3);
//! each element that is opened is closed.

use std::fmt::Write;

use super::page::{Block, Line, Page, Section, Span};

/// Light or dark as the reader's machine is, and black on white on paper.
const STYLE: &str = include_str!("page.css");

/// The page as one file.
pub(super) fn page(page: &Page) -> String {
    let title = escape(&page.title);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<h1>{title}</h1>\n"
    );
    blocks(&mut out, &page.intro);
    out.push_str("</header>\n<nav>\n<h2>Contents</h2>\n");
    contents(&mut out, &page.sections);
    out.push_str("</nav>\n<main>\n");
    page.sections.iter().for_each(|top| section(&mut out, top, 2));
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn contents(out: &mut String, sections: &[Section]) {
    out.push_str("<ul>\n");
    for section in sections {
        let (anchor, title) = (escape(&section.anchor), escape(&section.title));
        let _ = write!(out, "<li><a href=\"#{anchor}\">{title}</a>");
        if !section.parts.is_empty() {
            out.push('\n');
            contents(out, &section.parts);
        }
        out.push_str("</li>\n");
    }
    out.push_str("</ul>\n");
}

fn section(out: &mut String, top: &Section, level: usize) {
    let (anchor, title) = (escape(&top.anchor), escape(&top.title));
    let _ = writeln!(out, "<section id=\"{anchor}\">\n<h{level}>{title}</h{level}>");
    blocks(out, &top.blocks);
    top.parts.iter().for_each(|part| section(out, part, level + 1));
    out.push_str("</section>\n");
}

fn blocks(out: &mut String, blocks: &[Block]) {
    for block in blocks {
        match block {
            Block::Paragraph(words) => {
                let _ = writeln!(out, "<p>{}</p>", line(words));
            }
            Block::Facts(facts) => {
                out.push_str("<dl>\n");
                for (name, said) in facts {
                    let _ = writeln!(out, "<dt>{}</dt><dd>{}</dd>", escape(name), line(said));
                }
                out.push_str("</dl>\n");
            }
            Block::Table(head, rows) => {
                let head: String =
                    head.iter().map(|name| format!("<th>{}</th>", escape(name))).collect();
                let _ =
                    writeln!(out, "<div class=\"wide\">\n<table>\n<thead><tr>{head}</tr></thead>");
                out.push_str("<tbody>\n");
                for row in rows {
                    let cells: String =
                        row.iter().map(|cell| format!("<td>{}</td>", line(cell))).collect();
                    let _ = writeln!(out, "<tr>{cells}</tr>");
                }
                out.push_str("</tbody>\n</table>\n</div>\n");
            }
        }
    }
}

fn line(spans: &Line) -> String {
    spans.iter().map(span).collect()
}

fn span(span: &Span) -> String {
    match span {
        Span::Text(words) => escape(words),
        Span::Code(name) => format!("<code>{}</code>", escape(name)),
        Span::Link { to, name } => {
            format!("<a href=\"#{}\"><code>{}</code></a>", escape(to), escape(name))
        }
        Span::Anchor(anchor) => format!("<a id=\"{}\"></a>", escape(anchor)),
    }
}

/// `text` as text and as a value between quotes.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            char => out.push(char),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::page::{Block, Page, Section, Span, code, plain};
    use super::escape;

    #[test]
    fn text_is_never_markup() {
        assert_eq!(
            escape("<b a=\"1\" b='2'>&amp;"),
            "&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;amp;"
        );
        let evil = "<script>alert('1')</script>";
        let link = vec![Span::Link { to: "\"x".to_owned(), name: evil.to_owned() }];
        let page = Page {
            title: evil.to_owned(),
            intro: vec![Block::Paragraph(plain(evil))],
            sections: vec![Section {
                anchor: "a".to_owned(),
                title: evil.to_owned(),
                blocks: vec![
                    Block::Facts(vec![("Grain", code(evil))]),
                    Block::Table(vec!["a"], vec![vec![link]]),
                ],
                parts: Vec::new(),
            }],
        };
        let written = super::page(&page);
        assert!(!written.contains("<script"), "{written}");
        assert!(written.contains("href=\"#&quot;x\""), "{written}");
        assert_eq!(written.matches("&lt;script&gt;").count(), 7, "{written}");
    }
}
