//! An outermost record with all that lies in it, held until it is whole.
//!
//! Keeps true: item 0 is the file and stays; a record carries the columns of those it lies in, and
//! their faults.

use super::shape::Record;

/// The file itself among the items.
pub(super) const FILE: usize = 0;

/// The first outermost record among the items.
pub(super) const OUTERMOST: usize = 1;

/// A record as read.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) record: usize,
    pub(super) parent: usize,
    pub(super) shown: bool,
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
}

impl Bundle {
    pub(super) fn new(records: &'static [Record]) -> Self {
        let mut bundle = Self { records, root: String::new(), items: Vec::new(), held: 0 };
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
        self.items.push(Item { record, parent, shown, fields, fault: String::new() });
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
