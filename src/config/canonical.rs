//! The canonical tables: what every export is mapped onto.
//!
//! Keeps true: names, types and keys as the README's "Canonical tables" gives them.

use arrow::datatypes::{DataType, Field, Schema};

/// The type of a canonical column, and how its text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// Names and other texts: UTF-8, in one spelling of all that look alike.
    Text,
    /// Ids: texts that are a value, neither a formula that failed nor a number cut short.
    Id,
    /// Tax ids: texts; one that cannot be one counts as none.
    TaxId,
    /// Codes of ISO 4217.
    Currency,
    /// One of a closed list of words.
    Word(&'static [&'static str]),
    /// Amounts and costs: decimal(18, 2).
    Money,
    /// Quantities: decimal(18, 4).
    Quantity,
    /// Exchange rates: decimal(18, 8).
    Rate,
    /// A calendar day.
    Date,
    /// True or false; absent means false.
    Flag,
    /// An NPS answer, 0 to 10.
    Score,
    /// A whole number.
    Integer,
}

impl Type {
    /// Decimal places of its numbers.
    #[must_use]
    pub fn places(self) -> Option<u32> {
        match self {
            Self::Money => Some(2),
            Self::Quantity => Some(4),
            Self::Rate => Some(8),
            _ => None,
        }
    }

    /// Its Arrow type.
    #[must_use]
    pub fn data_type(self) -> DataType {
        match self {
            Self::Text | Self::Id | Self::TaxId | Self::Currency | Self::Word(_) => DataType::Utf8,
            Self::Money => DataType::Decimal128(18, 2),
            Self::Quantity => DataType::Decimal128(18, 4),
            Self::Rate => DataType::Decimal128(18, 8),
            Self::Date => DataType::Date32,
            Self::Flag => DataType::Boolean,
            Self::Score => DataType::Int32,
            Self::Integer => DataType::Int64,
        }
    }

    /// Whether it is a text, of which all spellings that look alike are one.
    #[must_use]
    pub fn is_text(self) -> bool {
        self.data_type() == DataType::Utf8
    }
}

/// A column of a canonical table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Type,
    /// Whether it may be NULL.
    pub nullable: bool,
}

/// A canonical table.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns, without the leading `source`.
    pub columns: &'static [Column],
    /// The columns that identify a row within a source; empty where equal rows are all kept.
    pub key: &'static [&'static str],
    /// The column whose month is the row's period.
    pub date: Option<&'static str>,
    /// Whether keys begin again each January, so that the year of the date belongs to the key.
    pub yearly: bool,
    /// The columns, first of the key, that say what a row is a part of: the parts of one thing come
    /// whole in one export, and take the place of those that came before. Empty where a row is
    /// nothing's part.
    pub owner: &'static [&'static str],
}

const fn must(name: &'static str, kind: Type) -> Column {
    Column { name, kind, nullable: false }
}

const fn may(name: &'static str, kind: Type) -> Column {
    Column { name, kind, nullable: true }
}

use Type::{Currency, Date, Flag, Id, Integer, Money, Quantity, Rate, Score, TaxId, Text, Word};

/// Kinds of documents.
pub const DOCUMENT_KINDS: &[&str] = &["quote", "order", "invoice", "shipment", "payment", "return"];
/// Types of sale.
pub const SALES_TYPES: &[&str] =
    &["transactional", "transactional_consultative", "consultative", "strategic"];
/// Kinds of contacts.
pub const CONTACT_KINDS: &[&str] =
    &["request", "quote", "call", "letter", "visit", "survey", "complaint", "offer", "event"];
const OUTCOMES: &[&str] = &["answered", "no_answer", "ordered", "declined"];
const SCOPES: &[&str] = &["client", "direction", "deal"];
const OFFER_KINDS: &[&str] = &["discount", "gift", "service", "terms"];
const SURVEY_RESULTS: &[&str] = &["offended", "forgotten", "hopeless", "no_answer"];

/// Whether `name` is an input that a report may need: a canonical table, `documents.<kind>`
/// or one of the costs.
#[must_use]
pub fn is_input(name: &str) -> bool {
    match name.split_once('.') {
        None => TABLES.iter().any(|table| table.name == name),
        Some(("documents", kind)) if DOCUMENT_KINDS.contains(&kind) => true,
        Some(_) => ["document_lines.cost", "reactivations.cost"].contains(&name),
    }
}

/// All canonical tables.
pub const TABLES: &[Table] = &[
    Table {
        name: "documents",
        columns: &[
            must("document_id", Id),
            must("kind", Word(DOCUMENT_KINDS)),
            must("date", Date),
            must("client_id", Id),
            must("amount", Money),
            must("currency", Currency),
            may("related_document_id", Id),
            may("direction", Text),
            may("manager", Text),
            may("region", Text),
            may("due_date", Date),
            may("paid_on", Date),
            may("paid_amount", Money),
            must("cancelled", Flag),
        ],
        key: &["kind", "document_id"],
        date: Some("date"),
        yearly: true,
        owner: &[],
    },
    Table {
        name: "document_lines",
        columns: &[
            must("document_id", Id),
            must("kind", Word(DOCUMENT_KINDS)),
            must("date", Date),
            must("line_no", Integer),
            may("item_id", Id),
            may("item", Text),
            may("direction", Text),
            may("quantity", Quantity),
            must("amount", Money),
            may("cost", Money),
        ],
        key: &["kind", "document_id", "line_no"],
        date: Some("date"),
        yearly: true,
        owner: &["kind", "document_id"],
    },
    Table {
        name: "clients",
        columns: &[
            must("client_id", Id),
            must("name", Text),
            may("tax_id", TaxId),
            may("region", Text),
            may("industry", Text),
            may("sales_type", Word(SALES_TYPES)),
            may("manager", Text),
            may("phone", Text),
            may("email", Text),
            must("do_not_contact", Flag),
            may("closed_on", Date),
            must("one_off", Flag),
            must("important", Flag),
            may("potential", Money),
            may("created_on", Date),
            may("updated_on", Date),
            may("brought_by", Text),
            may("contact_person", Text),
        ],
        key: &["client_id"],
        date: None,
        yearly: false,
        owner: &[],
    },
    Table {
        name: "client_aliases",
        columns: &[
            must("client_id", Id),
            must("client_key", Id),
            must("role", Word(&["same", "payer"])),
            may("note", Text),
        ],
        key: &["client_id"],
        date: None,
        yearly: false,
        owner: &[],
    },
    Table {
        name: "contacts",
        columns: &[
            must("contact_id", Id),
            must("client_id", Id),
            must("date", Date),
            must("kind", Word(CONTACT_KINDS)),
            may("initiated_by", Word(&["us", "client"])),
            may("outcome", Word(OUTCOMES)),
            may("channel", Text),
            may("person", Text),
            may("manager", Text),
            may("note", Text),
            may("complaint_kind", Text),
            may("closed_on", Date),
        ],
        key: &["contact_id"],
        date: Some("date"),
        yearly: false,
        owner: &[],
    },
    Table {
        name: "refusals",
        columns: &[
            must("refusal_id", Id),
            must("client_id", Id),
            must("date", Date),
            may("scope", Word(SCOPES)),
            may("stage", Text),
            may("direction", Text),
            may("reason_client", Text),
            may("reason_manager", Text),
            may("reason_verified", Text),
            may("competitor", Text),
            may("manager", Text),
            may("amount", Money),
            may("comment", Text),
        ],
        key: &["refusal_id"],
        date: Some("date"),
        yearly: false,
        owner: &[],
    },
    Table {
        name: "scores",
        columns: &[
            must("client_id", Id),
            must("date", Date),
            may("person", Text),
            must("score", Score),
        ],
        key: &["client_id", "date", "person"],
        date: Some("date"),
        yearly: false,
        owner: &[],
    },
    Table {
        name: "survey_answers",
        columns: &[
            must("answer_id", Id),
            must("client_id", Id),
            must("date", Date),
            may("person", Text),
            may("claim", Text),
            may("answer", Text),
        ],
        key: &["answer_id"],
        date: Some("date"),
        yearly: false,
        owner: &[],
    },
    Table {
        name: "reactivations",
        columns: &[
            must("reactivation_id", Id),
            must("client_id", Id),
            may("batch", Text),
            must("started_on", Date),
            may("surveyed_on", Date),
            may("survey_result", Word(SURVEY_RESULTS)),
            may("letter_on", Date),
            may("woken_on", Date),
            may("offer", Text),
            may("channel", Text),
            may("manager", Text),
            may("cost", Money),
            may("closed_on", Date),
        ],
        key: &["reactivation_id"],
        date: Some("started_on"),
        yearly: false,
        owner: &[],
    },
    Table {
        name: "managers",
        columns: &[
            must("manager", Text),
            may("role", Text),
            may("superior", Text),
            may("email", Text),
            may("from", Date),
            may("to", Date),
        ],
        key: &["manager", "from"],
        date: None,
        yearly: false,
        owner: &[],
    },
    Table {
        name: "improvements",
        columns: &[
            must("improvement_id", Id),
            must("date", Date),
            may("claim", Text),
            may("reason", Text),
            must("what", Text),
            may("owner", Text),
            may("done_on", Date),
            may("told_on", Date),
            may("cost", Money),
        ],
        key: &["improvement_id"],
        date: Some("date"),
        yearly: false,
        owner: &[],
    },
    Table {
        name: "offers",
        columns: &[
            must("offer_id", Id),
            must("date", Date),
            must("name", Text),
            may("kind", Word(OFFER_KINDS)),
            may("cost", Money),
            may("valid_until", Date),
        ],
        key: &["offer_id"],
        date: Some("date"),
        yearly: false,
        owner: &[],
    },
    Table {
        name: "exchange_rates",
        columns: &[must("currency", Currency), must("date", Date), must("rate", Rate)],
        key: &["currency", "date"],
        date: Some("date"),
        yearly: false,
        owner: &[],
    },
    Table {
        name: "events",
        columns: &[must("date", Date), must("event", Text), may("kind", Text)],
        key: &["date", "event"],
        date: Some("date"),
        yearly: false,
        owner: &[],
    },
];

/// The canonical table called `name`.
#[must_use]
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}

impl Table {
    /// Its columns in the lake: `source` first.
    #[must_use]
    pub fn schema(&self) -> Schema {
        let mut fields = vec![Field::new("source", DataType::Utf8, true)];
        let columns = self.columns.iter();
        fields.extend(columns.map(|column| Field::new(column.name, column.kind.data_type(), true)));
        Schema::new(fields)
    }

    /// The position and description of the column called `name`.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<(usize, &'static Column)> {
        self.columns.iter().enumerate().find(|(_, column)| column.name == name)
    }
}
