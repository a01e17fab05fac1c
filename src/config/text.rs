//! Checking one file: its faults get their place, its string values their environment.

use std::collections::BTreeMap;

use super::fault::{Fault, Faults};
use super::yaml::{self, Spanned};
use crate::secret::Redactor;

/// The environment as it was handed in.
#[derive(Debug, Clone, Default)]
pub struct Env(BTreeMap<String, String>);

impl Env {
    /// The process's environment.
    #[must_use]
    pub fn of_process() -> Self {
        Self(std::env::vars().collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// What checking a file needs: its name and text, the environment, and where faults go.
pub(super) struct Checker<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
    pub(super) env: &'a Env,
    pub(super) redactor: &'a mut Redactor,
    pub(super) faults: &'a mut Faults,
}

impl Checker<'_> {
    /// Reports a fault at `place`.
    pub(super) fn fault(&mut self, place: (usize, usize), message: impl Into<String>) {
        self.faults.push(Fault::new(self.file, place, message).in_text(self.text));
    }

    /// Reports a fault at `place` with its remedy.
    pub(super) fn fault_hint(
        &mut self,
        place: (usize, usize),
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.faults.push(Fault::new(self.file, place, message).hint(hint).in_text(self.text));
    }

    /// A string value with each `${env:NAME}` replaced; a missing variable is a fault.
    pub(super) fn string(&mut self, value: &Spanned<String>) -> String {
        let mut out = String::new();
        let mut rest = value.value.as_str();
        while let Some((before, after)) = rest.split_once("${env:") {
            out.push_str(before);
            let Some((name, tail)) = after.split_once('}') else {
                self.fault_hint(
                    yaml::at(value),
                    "\"${env:\" is not closed",
                    "write ${env:NAME} with the closing brace",
                );
                return out;
            };
            match self.env.get(name) {
                Some(found) => {
                    self.redactor.hide(found);
                    out.push_str(found);
                }
                None => self.fault_hint(
                    yaml::at(value),
                    format!("environment variable \"{name}\" is not set"),
                    format!("export {name} before running, or write the value here"),
                ),
            }
            rest = tail;
        }
        out.push_str(rest);
        self.redactor.hide_in_url(&out);
        out
    }
}
