//! JSON Schemas of the YAML, for editors: made from the mirrors that read it.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

use super::{contract_mirror, pipeline_mirror, project_mirror};

/// The schema of each kind of document, by the path of its file in a project.
#[must_use]
pub fn schemas() -> [(&'static str, serde_json::Value); 3] {
    [
        ("pipelines/schema/project.json", of::<project_mirror::Mirror>("pipelines/project.yaml")),
        ("pipelines/schema/pipeline.json", of::<pipeline_mirror::Pipeline>("A pipeline")),
        ("sql/schema/contract.json", of::<contract_mirror::Mirror>("The contract of a model")),
    ]
}

/// Draft 7, which every editor speaks.
fn of<T: JsonSchema>(title: &str) -> serde_json::Value {
    let mut schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    schema.to_value()
}
