//! pobudka (Russian for reveille) wins clients back for B2B companies: YAML-declared pipelines pull
//! accounting exports into a lake of Parquet, SQL on `DataFusion` finds who sleeps, checks gate what
//! is published, and BI tools read the publication.
//!
//! ```text
//! exports ──pull──▶ lake ──SQL models──▶ outputs ──checks──▶ publication ──▶ BI
//! ```
//!
//! The modules below are the layers, in reading order. Each may use those before it, never those
//! after; `tests/it/tidy.rs` holds them to it.
//!
//! # Invariants
//!
//! - No row vanishes: rows read = loaded + rejected + skipped + recognised + replaced.
//! - An export is loaded exactly once, into all its tables together.
//! - Readers see whole publications, never parts of two.
//! - A check that failed, or could not run, stops the publication.
//! - The same documents and the same day give the same bytes, on any number of threads.
//! - The lake is the only state; only `vacuum` deletes.
//! - A slot is run by one runner at a time and done once; one that is left out has its reason.
//! - Secrets never appear in what is printed or kept.
//!
//! # Glossary
//!
//! *Purchase*: a day on which a client's documents of purchase kind, less what was sent back, sum
//! to more than nothing. *Cycle*: his days between purchases, as known on a day. *Threshold*: the
//! silent days he is allowed. *Spell*: one sleep of one client. *Refusal*: the beginning of a spell,
//! said or unsaid. *Return*: the purchase that ends a spell. *Cohort*: the spells begun in one
//! quarter. *As of*: the last day seen, and seen whole. *Direction*: a line of goods; a client may
//! sleep in one while he is awake as a whole. *Sign*: what a client shows before he leaves. *Attempt*:
//! one try of ours to win a sleeper back, with a *window* in which a return is its own. *Expected*:
//! what would have come back anyway. *Odds of silence*: the chance of no purchase within a *horizon*.
//! *Kept quarter*: a quarter's tables as they were first published. *Restatement*: what late documents
//! have changed in one. *Preset*: a known kind of export, and all that a source which names it need
//! not say. *Slot*: a pipeline and a time at which it is due. *Lease*: who runs a pipeline now;
//! a run that lost its lease is *fenced*, and can swap no head.

pub mod clock;
pub mod digest;
pub mod error;
pub mod language;
pub mod layout;
pub mod names;
pub mod scratch;
pub mod secret;
pub mod stop;

pub mod domain;

pub mod config;

pub mod store;

pub mod tableset;

pub mod columnar;

pub mod pull;

pub mod lake;

pub mod transform;

pub mod check;

pub mod report;

pub mod publish;

pub mod run;

pub mod schedule;

pub mod demo;

pub mod cli;
