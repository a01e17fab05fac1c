//! pobudka from outside: the binary, real files, real runs.

mod demo;
mod naive;
mod project;
mod properties;
mod tidy;
mod worked;
