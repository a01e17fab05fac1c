//! pobudka
pub mod clock;
pub mod digest;
pub mod error;
pub mod names;
pub mod secret;

pub mod domain;

pub mod config;

pub mod store;

pub mod tableset;

pub mod columnar;

pub mod pull;

pub mod lake;

pub mod transform;

pub mod check;

pub mod publish;

pub mod run;

pub mod demo;

pub mod cli;
