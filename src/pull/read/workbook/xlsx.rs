//! An XLSX workbook: its sheets, shared strings and styles.
//!
//! Keeps true: parts are found by their relationships, whatever the case of their names — 1C
//! writes `xl/SharedStrings.xml` and refers to `sharedStrings.xml`.

use std::sync::Arc;

use quick_xml::events::Event;

use super::grid::{Grid, Merge};
use super::package::{Package, XmlPart, attribute, flag, push_text};
use super::sheet::Sheet;
use super::styles::{self, Style};
use super::values::{Values, push_unescaped};
use super::{WorkbookOptions, bad, choose, no_cells};
use crate::pull::read::BadBytes;

/// An open XLSX.
pub(super) struct Xlsx {
    package: Package,
    context: Arc<Context>,
    /// The sheets that may be read yet, the next one last: name and part.
    sheets: Vec<(String, String)>,
    name: String,
    sheet: Sheet,
}

/// What the cells of all sheets refer to.
pub(super) struct Context {
    pub(super) strings: Strings,
    pub(super) styles: Vec<Style>,
    pub(super) values: Values,
}

/// All shared strings in one text.
#[derive(Debug, Default)]
pub(super) struct Strings {
    pub(super) text: String,
    pub(super) ends: Vec<usize>,
}

impl Strings {
    pub(super) fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(start..end)
    }

    fn read(mut xml: XmlPart) -> Result<Self, BadBytes> {
        let mut strings = Self::default();
        let mut raw = String::new();
        let (mut phonetic, mut inside) = (false, false);
        loop {
            match xml.next()? {
                Event::Start(element) => match element.local_name().as_ref() {
                    "si" => raw.clear(),
                    "rPh" => phonetic = true,
                    "t" => inside = !phonetic,
                    _ => {}
                },
                Event::End(element) => match element.local_name().as_ref() {
                    "si" => {
                        push_unescaped(&raw, &mut strings.text);
                        strings.ends.push(strings.text.len());
                    }
                    "rPh" => phonetic = false,
                    "t" => inside = false,
                    "sst" => return Ok(strings),
                    _ => {}
                },
                Event::Eof => return Err(xml.cut_off("sst")),
                event if inside => push_text(&event, &mut raw),
                _ => {}
            }
        }
    }
}

/// A relationship: its id, the last word of its type, and the path of its part.
struct Relation {
    id: String,
    kind: String,
    path: String,
}

/// The relationships of the part at `path`, of the package itself where it is empty.
fn relations(package: &Package, path: &str) -> Result<Vec<Relation>, BadBytes> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let from = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    let Some(mut xml) = package.xml(&format!("{from}_rels/{name}.rels"))? else {
        return Ok(Vec::new());
    };
    let mut relations = Vec::new();
    loop {
        match xml.next()? {
            Event::Start(element) if element.local_name().as_ref() == "Relationship" => {
                let get = |name| attribute(&element, name).unwrap_or_default();
                relations.push(Relation {
                    id: get("Id").into_owned(),
                    kind: get("Type").rsplit('/').next().unwrap_or_default().to_owned(),
                    path: resolve(folder, &get("Target")),
                });
            }
            Event::Eof => return Ok(relations),
            _ => {}
        }
    }
}

/// The path that `target` is from `folder`.
fn resolve(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let mut steps: Vec<&str> = match target.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => folder.split('/').collect(),
    };
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    steps.retain(|step| !step.is_empty());
    steps.join("/")
}

impl Xlsx {
    /// Opens the workbook in `package` and its sheet.
    pub(super) fn open(
        package: Package,
        options: &WorkbookOptions,
        mut values: Values,
    ) -> Result<Self, BadBytes> {
        let root = relations(&package, "")?.into_iter().find(|it| it.kind == "officeDocument");
        let path = root.map_or_else(|| "xl/workbook.xml".to_owned(), |root| root.path);
        let relations = relations(&package, &path)?;
        let book = package.xml(&path)?.ok_or_else(|| missing(&path))?;
        let (listed, from_1904) = list(book)?;
        values.from_1904 = from_1904;
        let part = |kind: &str, name: &str| {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let path = relations.iter().find(|it| it.kind == kind).map(|it| it.path.clone());
            package.xml(&path.unwrap_or_else(|| resolve(folder, name)))
        };
        let strings = match part("sharedStrings", "sharedStrings.xml")? {
            Some(xml) => Strings::read(xml)?,
            None => Strings::default(),
        };
        let styles = match part("styles", "styles.xml")? {
            Some(xml) => styles::read(xml)?,
            None => Vec::new(),
        };
        // Chart sheets and macro sheets are no worksheets.
        let sheets = listed.into_iter().filter_map(|(name, hidden, id)| {
            let relation = relations.iter().find(|relation| relation.id == id)?;
            (relation.kind == "worksheet").then(|| ((name, hidden), relation.path.clone()))
        });
        let (names, paths): (Vec<(String, bool)>, Vec<String>) = sheets.unzip();
        let named = names.iter().zip(&paths).map(|((name, hidden), path)| (name, *hidden, path));
        let mut sheets: Vec<(String, String)> = match &options.sheet {
            Some(choice) => {
                let chosen = choose(&names, choice)?;
                vec![(names[chosen].0.clone(), paths[chosen].clone())]
            }
            None => named
                .filter(|(_, hidden, _)| !hidden)
                .map(|(name, _, path)| (name.clone(), path.clone()))
                .rev()
                .collect(),
        };
        let (name, path) = sheets.pop().ok_or_else(no_cells)?;
        let context = Arc::new(Context { strings, styles, values });
        let part = package.xml(&path)?.ok_or_else(|| missing(&path))?;
        let sheet = Sheet::new(part, Arc::clone(&context));
        Ok(Self { package, context, sheets, name, sheet })
    }

    /// Reads rows until `grid` is full or the sheet ends; an empty sheet gives way to the next.
    pub(super) fn fill(&mut self, grid: &mut Grid) -> Result<(), BadBytes> {
        loop {
            self.sheet.fill(grid)?;
            if self.sheet.has_rows() {
                return Ok(());
            }
            if !self.next_sheet()? {
                return Err(no_cells());
            }
        }
    }

    /// Goes on to the next sheet, whether it has cells or not.
    pub(super) fn next_sheet(&mut self) -> Result<bool, BadBytes> {
        let Some((name, path)) = self.sheets.pop() else { return Ok(false) };
        let part = self.package.xml(&path)?.ok_or_else(|| missing(&path))?;
        self.sheet = Sheet::new(part, Arc::clone(&self.context));
        self.name = name;
        Ok(true)
    }

    pub(super) fn sheet(&self) -> &str {
        &self.name
    }

    pub(super) fn merges(&self) -> &[Merge] {
        self.sheet.merges()
    }

    pub(super) fn hidden(&self) -> u64 {
        self.sheet.hidden()
    }

    pub(super) fn summary_below(&self) -> bool {
        self.sheet.summary_below()
    }
}

fn missing(path: &str) -> BadBytes {
    bad(None, format!("part \"{path}\" of the workbook is missing"))
}

/// A sheet's name, whether it is hidden, and the id of its relationship.
type Listed = (String, bool, String);

/// The sheets that a workbook lists, and whether its days count from 1904.
fn list(mut xml: XmlPart) -> Result<(Vec<Listed>, bool), BadBytes> {
    let (mut sheets, mut from_1904) = (Vec::new(), false);
    loop {
        match xml.next()? {
            Event::Start(element) => match element.local_name().as_ref() {
                "workbookPr" => from_1904 = flag(&element, "date1904").unwrap_or(false),
                "sheet" => {
                    let get = |name| attribute(&element, name).unwrap_or_default();
                    let hidden = !matches!(&*get("state"), "" | "visible");
                    sheets.push((get("name").into_owned(), hidden, get("id").into_owned()));
                }
                _ => {}
            },
            Event::Eof => return Ok((sheets, from_1904)),
            _ => {}
        }
    }
}
