//! pobudka from outside: the binary, real files, real runs.

mod bad_exports;
mod declarations;
mod demo;
mod kill;
mod loads;
mod naive;
mod online_retail;
mod project;
mod properties;
mod repeat;
mod tidy;
mod worked;
