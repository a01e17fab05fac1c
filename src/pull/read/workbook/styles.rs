//! The styles of an XLSX: of each cell style its number format, indent and slant.

use std::collections::BTreeMap;

use quick_xml::events::Event;

use super::format::Format;
use super::package::{XmlPart, attribute, flag, number_attribute};
use crate::pull::read::BadBytes;

/// What counts of a cell's style.
#[derive(Debug, Clone)]
pub(super) struct Style {
    pub(super) format: Format,
    pub(super) indent: u8,
    pub(super) italic: bool,
}

/// The style of a cell that names none.
pub(super) const PLAIN: Style = Style { format: Format::Plain, indent: 0, italic: false };

/// Reads the part of the styles.
pub(super) fn read(mut xml: XmlPart) -> Result<Vec<Style>, BadBytes> {
    let mut formats: BTreeMap<u32, Format> = BTreeMap::new();
    let mut italics: Vec<bool> = Vec::new();
    let mut styles: Vec<Style> = Vec::new();
    // The list that is being read, and whether an entry of it is.
    let mut list = String::new();
    loop {
        match xml.next()? {
            Event::Start(element) => match (list.as_str(), element.local_name().as_ref()) {
                ("", name @ ("numFmts" | "fonts" | "cellXfs")) => name.clone_into(&mut list),
                ("numFmts", "numFmt") => {
                    let id = number_attribute(&element, "numFmtId");
                    if let (Some(id), Some(code)) = (id, attribute(&element, "formatCode")) {
                        formats.insert(id, Format::of(&code));
                    }
                }
                ("fonts", "font") => italics.push(false),
                ("fonts", "i") => {
                    if let Some(italic) = italics.last_mut() {
                        *italic = flag(&element, "val").unwrap_or(true);
                    }
                }
                ("cellXfs", "xf") => {
                    let id = number_attribute(&element, "numFmtId").unwrap_or(0);
                    let font: Option<usize> = number_attribute(&element, "fontId");
                    styles.push(Style {
                        format: formats.get(&id).cloned().unwrap_or_else(|| Format::builtin(id)),
                        indent: 0,
                        italic: font.and_then(|font| italics.get(font).copied()).unwrap_or(false),
                    });
                }
                ("cellXfs", "alignment") => {
                    if let Some(style) = styles.last_mut() {
                        style.indent = number_attribute(&element, "indent").unwrap_or(0);
                    }
                }
                _ => {}
            },
            Event::End(element) if element.local_name().as_ref() == list => list.clear(),
            Event::Eof => return Ok(styles),
            _ => {}
        }
    }
}
