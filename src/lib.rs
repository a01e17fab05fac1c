//! pobudka
pub mod clock;
pub mod digest;
pub mod error;
pub mod names;
pub mod secret;

pub mod domain;

pub mod config;

pub mod store;
