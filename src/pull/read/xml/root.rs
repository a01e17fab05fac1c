//! The root element, and what may lie around it: envelopes (SBDH) and lists of documents.
//!
//! Keeps true: a root is known by its name and its namespace, wherever that is declared; elements
//! around roots are passed over, in formats that may be wrapped only.

use std::io::Read;

use quick_xml::events::BytesStart;

use super::super::BadBytes;
use super::Xml;
use super::bundle::FILE;

impl<R: Read> Xml<R> {
    /// Checks a root element; whether it is one of the format.
    pub(super) fn root(&mut self, name: &str, start: &BytesStart) -> Result<bool, BadBytes> {
        if self.elements.is_empty() {
            if self.outermost.is_some() {
                return Err(self.malformed(format!("<{name}> follows the end of the document")));
            }
            self.outermost = Some(name.to_owned());
        }
        let format = self.format.name;
        let Some((_, known)) = self.format.roots.iter().find(|(root, _)| *root == name) else {
            return if self.format.wrapped { Ok(false) } else { Err(self.no_root()) };
        };
        let prefix = start.name().prefix().map(|prefix| format!("xmlns:{}", prefix.into_inner()));
        let key = prefix.as_deref().unwrap_or("xmlns");
        let namespace = start.try_get_attribute(key).map_err(|error| self.malformed(error))?;
        let outer = self.namespaces.iter().rev().find(|(_, prefix, _)| prefix == key);
        let outer = || outer.map(|(_, _, name)| name.clone()).unwrap_or_default();
        let namespace = namespace.map_or_else(outer, |one| one.value.into_owned());
        if !known.iter().any(|begin| namespace.starts_with(begin)) {
            let what = format!(
                "the namespace {namespace:?} is unknown, where {format} has {}",
                known.join("… or ")
            );
            return Err(self.bad(what, "ask for the export in a version that is known"));
        }
        name.clone_into(&mut self.bundle.root);
        Ok(true)
    }

    /// Opens an element around roots.
    pub(super) fn wrap(&mut self, start: &BytesStart) -> Result<(), BadBytes> {
        for attribute in start.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| self.malformed(error))?;
            if attribute.key.as_namespace_binding().is_some() {
                let (key, name) = (attribute.key.into_inner(), attribute.value.into_owned());
                self.namespaces.push((self.wrappers, key.to_owned(), name));
            }
        }
        self.elements.push((Some(FILE), None));
        self.wrappers += 1;
        Ok(())
    }

    pub(super) fn no_root(&self) -> BadBytes {
        let roots: Vec<_> = self.format.roots.iter().map(|(root, _)| *root).collect();
        let (name, format) = (self.outermost.as_deref().unwrap_or_default(), self.format.name);
        let what = format!("the root is <{name}>, where {format} has <{}>", roots.join("> or <"));
        self.bad(what, "check that read names the format of this file")
    }
}
