//! The digest of what decides how an export is read: its declaration in a canonical form.
//!
//! Keeps true: the form is that of the YAML, not of the program: keys sorted, what is absent or null
//! left out, neither comments nor layout. A preset counts as if it were written out.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{presets, yaml};
use crate::digest::hex;

/// What of a source does not decide how its exports are read: where they are, and its limits.
const ELSEWHERE: [&str; 4] = ["fetch", "rejects", "allow_empty", "guessed"];

/// What digests in this form begin with: those of another form cannot be compared with them.
pub const FORM: &str = "2:";

/// The digests of the sources of the pipeline that `text` declares, by position; `zone` is that of
/// the project's days.
pub(super) fn digests(file: &str, text: &str, zone: &str) -> Vec<String> {
    let declared: Value = yaml::parse(file, text).unwrap_or_default();
    let sources = declared.get("sources").and_then(Value::as_array).cloned().unwrap_or_default();
    sources.into_iter().map(|source| digest(source, zone)).collect()
}

fn digest(mut source: Value, zone: &str) -> String {
    if let Some(source) = source.as_object_mut() {
        source.retain(|key, _| !ELSEWHERE.contains(&key.as_str()));
    }
    let preset = source.get("preset").and_then(Value::as_str).and_then(presets::text);
    let preset: Option<Value> = preset.and_then(|text| yaml::parse("preset", text).ok());
    let mut form = String::new();
    write(&serde_json::json!([source, preset, zone]), &mut form);
    format!("{FORM}{}", hex(&Sha256::digest(form)[..8]))
}

/// Writes `value` with its keys sorted.
fn write(value: &Value, form: &mut String) {
    match value {
        Value::Array(items) => {
            form.push('[');
            for item in items {
                write(item, form);
                form.push(',');
            }
            form.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().filter(|(_, value)| !value.is_null()).collect();
            fields.sort_by_key(|(key, _)| key.as_str());
            form.push('{');
            for (key, value) in fields {
                write(&Value::from(key.as_str()), form);
                form.push(':');
                write(value, form);
                form.push(',');
            }
            form.push('}');
        }
        leaf => form.push_str(&leaf.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::digests;

    fn one(text: &str) -> String {
        digests("x.yaml", &format!("sources:\n{text}"), "UTC").remove(0)
    }

    #[test]
    fn only_what_decides_how_an_export_is_read_changes_the_digest() {
        let plain =
            one("  - { name: a, preset: ubl, into: { documents: { columns: { x: A, y: B } } } }");
        for same in [
            "  # a comment\n  - name: a\n    preset: \"ubl\"\n    into: { documents: { columns: { y: B, x: A } } }",
            "  - { name: a, preset: ubl, skip: null, into: { documents: { columns: { x: A, y: B } } } }",
            "  - { name: a, preset: ubl, fetch: { files: { url: b } }, rejects: { max_percent: 9 }, \
             into: { documents: { columns: { x: A, y: B } } } }",
        ] {
            assert_eq!(one(same), plain, "{same}");
        }
        for other in [
            "  - { name: b, preset: ubl, into: { documents: { columns: { x: A, y: B } } } }",
            "  - { name: a, preset: cii, into: { documents: { columns: { x: A, y: B } } } }",
            "  - { name: a, preset: ubl, into: { documents: { columns: { x: B, y: A } } } }",
            "  - { name: a, preset: ubl, into: { documents: { columns: { x: A, y: \"B \" } } } }",
        ] {
            assert_ne!(one(other), plain, "{other}");
        }
        assert_eq!(plain, "2:8817661c4a42029f", "a new form needs a name of its own");
    }
}
