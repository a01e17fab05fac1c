//! The models: what the head of each SQL file says, and what it reads.

use super::dictionary::{Scope, single};
use super::page::{Block, Line, Section, Span, listed, marked, plain};
use crate::config::Model;

/// The layers of models and what each is for.
const LAYERS: [(&str, &str); 3] = [
    ("staging", "The only models that read the canonical tables: keys, currency, the day."),
    ("intermediate", "Steps that more than one table needs: purchases, cycles, spells."),
    ("marts", "The tables that may be published."),
];

/// The anchor of a model's row.
pub(super) fn anchor(model: &str) -> String {
    format!("model-{model}")
}

/// One section for each layer of models.
pub(super) fn section(scope: Scope<'_>) -> Section {
    let parts = LAYERS.iter().filter_map(|(layer, purpose)| {
        let models = scope.project.models.values().filter(|model| model.layer == *layer);
        let rows: Vec<Vec<Line>> = models.map(|model| row(scope, model)).collect();
        if rows.is_empty() {
            return None;
        }
        let table = Block::Table(vec!["Model", "What it is", "One row per", "Reads"], rows);
        let blocks = vec![Block::Paragraph(plain(*purpose)), table];
        Some(single(&format!("layer-{layer}"), layer, blocks))
    });
    Section { parts: parts.collect(), ..single("models", "Models", Vec::new()) }
}

fn row(scope: Scope<'_>, model: &Model) -> Vec<Line> {
    let (description, grain) = header(&model.sql);
    let name = if scope.is_mart(&model.name) {
        scope.link(&model.name)
    } else {
        Span::Code(model.name.clone())
    };
    let grain = grain.strip_prefix("one row per ").unwrap_or(&grain);
    let reads = scope.graph.reads(&model.name).map(|read| scope.link(read));
    vec![
        vec![Span::Anchor(anchor(&model.name)), name],
        marked(&description),
        marked(grain),
        listed(reads, "nothing"),
    ]
}

/// What the comment at the head of a SQL file says: what it makes, and its grain.
pub(super) fn header(sql: &str) -> (String, String) {
    let (mut description, mut grain) = (Vec::new(), Vec::new());
    for line in sql.lines().map_while(|line| line.strip_prefix("--")).map(str::trim) {
        match line.strip_prefix("grain:") {
            Some(rest) => grain.push(rest.trim()),
            None if grain.is_empty() => description.push(line),
            None => grain.push(line),
        }
    }
    (description.join(" "), grain.join(" "))
}

#[cfg(test)]
mod tests {
    use super::header;

    #[test]
    fn the_head_of_a_model_is_its_description_and_grain() {
        let sql = "-- Refusals: said or unsaid, and\n-- recorded ones.\n-- grain: one row per\n\
                   -- refusal\nwith clients as (\n    -- not this\n    select 1\n)";
        let expected = ("Refusals: said or unsaid, and recorded ones.", "one row per refusal");
        let (description, grain) = header(sql);
        assert_eq!((description.as_str(), grain.as_str()), expected);
        assert_eq!(header("select 1"), (String::new(), String::new()));
    }
}
