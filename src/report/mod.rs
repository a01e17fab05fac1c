//! Reports about the project itself: the data dictionary.
//!
//! For: a page that tells readers of published tables what each column means, where its rows come
//! from, what was promised of them and under which settings they were made.
//! Keeps true: the page is a function of the declarations and of the run it is given; everything
//! on it is escaped where it is written and cleaned of secrets; the Markdown and the HTML say the
//! same.
//! Does not know: targets, the clock, files, the terminal.

mod dictionary;
mod html;
mod last_run;
mod markdown;
mod models;
mod page;
mod settings;
mod tables;

pub use dictionary::{Dictionary, dictionary};
