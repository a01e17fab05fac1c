//! An outermost record with all that lies in it, held until it is whole.
//!
//! Keeps true: item 0 is the file and stays; a record carries the columns of those it lies in, and
//! their faults; what records tell of later ones and of the file outlives them, within limits.

use std::collections::{BTreeMap, HashMap};

use super::shape::Record;

/// The file itself among the items.
pub(super) const FILE: usize = 0;

/// The first outermost record among the items.
pub(super) const OUTERMOST: usize = 1;

/// Text remembered of earlier records.
const MAX_KNOWN_BYTES: usize = 16 << 20;

/// Different things to tell of a file, and examples of each.
const MAX_TOLD: usize = 64;
const MAX_EXAMPLES: usize = 3;

/// A record as read.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) record: usize,
    pub(super) parent: usize,
    pub(super) shown: bool,
    /// Its row, once it has one; 0 until then.
    pub(super) row: u64,
    fields: Vec<String>,
    fault: String,
}

/// Records that lie in each other.
pub(super) struct Bundle {
    records: &'static [Record],
    /// The name of the root element.
    pub(super) root: String,
    items: Vec<Item>,
    /// Bytes held for all but the file.
    held: usize,
    /// Words by names, as earlier records said, and their bytes.
    known: HashMap<String, String>,
    known_bytes: usize,
    /// What to tell of the file: how often it was met, and where first.
    told: BTreeMap<String, (u64, Vec<String>)>,
}

impl Bundle {
    pub(super) fn new(records: &'static [Record]) -> Self {
        let mut bundle = Self {
            records,
            root: String::new(),
            items: Vec::new(),
            held: 0,
            known: HashMap::new(),
            known_bytes: 0,
            told: BTreeMap::new(),
        };
        bundle.open(FILE, FILE);
        bundle
    }

    /// Forgets all but the file.
    pub(super) fn clear(&mut self) {
        self.items.truncate(OUTERMOST);
        self.held = 0;
    }

    /// Begins a record and says which item it is.
    pub(super) fn open(&mut self, record: usize, parent: usize) -> usize {
        let Record { shown, fields, .. } = &self.records[record];
        let (shown, fields) = (*shown, vec![String::new(); fields.len()]);
        self.held += size_of::<Item>() + fields.len() * size_of::<String>();
        self.items.push(Item { record, parent, shown, row: 0, fields, fault: String::new() });
        self.items.len() - 1
    }

    /// Keeps a text unless there is one already.
    pub(super) fn keep(&mut self, item: usize, field: usize, text: &str) {
        let own = &mut self.items[item].fields[field];
        if own.is_empty() {
            own.push_str(text);
            self.held += text.len();
        }
    }

    /// Bytes held for all but the file.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// All items but the file.
    pub(super) fn items(&self) -> std::ops::Range<usize> {
        OUTERMOST..self.items.len()
    }

    pub(super) fn item(&self, item: usize) -> &Item {
        &self.items[item]
    }

    /// What an item's record is called.
    pub(super) fn name(&self, item: usize) -> &'static str {
        self.records[self.items[item].record].name
    }

    /// The items of the record `name`.
    pub(super) fn all(&self, name: &str) -> Vec<usize> {
        self.items().filter(|item| self.name(*item) == name).collect()
    }

    /// The text of a column, of the item or of one that it lies in; empty where none has it.
    pub(super) fn get(&self, mut item: usize, column: &str) -> &str {
        loop {
            let Item { record, parent, fields, .. } = &self.items[item];
            let field = self.records[*record].fields.iter().position(|(name, _)| *name == column);
            match field {
                Some(field) => return &fields[field],
                None if item == FILE => return "",
                None => item = *parent,
            }
        }
    }

    /// Sets a column of the item's own.
    pub(super) fn set(&mut self, item: usize, column: &str, text: impl Into<String>) {
        let Item { record, fields, .. } = &mut self.items[item];
        let field = self.records[*record].fields.iter().position(|(name, _)| *name == column);
        if let Some(field) = field {
            fields[field] = text.into();
        }
    }

    /// Sets a column to the first of others that is not empty.
    pub(super) fn first(&mut self, item: usize, column: &str, others: &[&str]) {
        let texts = others.iter().map(|other| self.get(item, other));
        let text = texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default().to_owned();
        self.set(item, column, text);
    }

    /// Remembers the word of a name for later records; the first counts.
    pub(super) fn remember(&mut self, name: &str, word: &str) {
        if self.known.contains_key(name) {
            return;
        }
        self.known_bytes += name.len() + word.len();
        if self.known_bytes > MAX_KNOWN_BYTES {
            return self.tell("names that were too many to be remembered", name);
        }
        self.known.insert(name.to_owned(), word.to_owned());
    }

    /// The word of a name.
    pub(super) fn known(&self, name: &str) -> Option<&str> {
        self.known.get(name).map(String::as_str)
    }

    /// Keeps something to tell of the file, with an example of it.
    pub(super) fn tell(&mut self, what: &str, example: &str) {
        let full = self.told.len() >= MAX_TOLD && !self.told.contains_key(what);
        let what = if full { "more of other kinds" } else { what };
        let (count, examples) = self.told.entry(what.to_owned()).or_default();
        *count += 1;
        if examples.len() < MAX_EXAMPLES {
            examples.push(example.chars().take(100).collect());
        }
    }

    /// All there is to tell of the file.
    pub(super) fn told(&self) -> impl Iterator<Item = String> {
        self.told.iter().map(|(what, (count, examples))| {
            let more = if *count > MAX_EXAMPLES as u64 { ", …" } else { "" };
            format!("{what}: {count} ({}{more})", examples.join(", "))
        })
    }

    /// Gives an item its row and says which row it is part of: a line its document's. A document
    /// within another stands alone.
    pub(super) fn place(&mut self, item: usize, row: u64) -> Option<u64> {
        self.items[item].row = row;
        let parent = self.items[item].parent;
        let part = parent != FILE && self.name(parent) != self.name(item);
        Some(self.items[parent].row).filter(|row| part && *row > 0)
    }

    /// Leaves an item out of the rows.
    pub(super) fn hide(&mut self, item: usize) {
        self.items[item].shown = false;
    }

    /// Says what is wrong with an item.
    pub(super) fn blame(&mut self, item: usize, fault: &str) {
        let own = &mut self.items[item].fault;
        if !own.is_empty() {
            own.push_str("; ");
        }
        own.push_str(fault);
    }

    /// What is wrong with an item or one that it lies in.
    pub(super) fn fault(&self, mut item: usize) -> &str {
        loop {
            let Item { parent, fault, .. } = &self.items[item];
            if !fault.is_empty() || item == FILE {
                return fault;
            }
            item = *parent;
        }
    }
}
