//! `json_text` in SQL: a text as a JSON string, for keys of rows.

use std::sync::Arc;

use arrow::array::{AsArray, StringArray};
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

/// `json_text(text)`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct JsonText(Signature);

impl JsonText {
    pub(super) fn new() -> Self {
        Self(Signature::exact(vec![DataType::Utf8], Volatility::Immutable))
    }
}

impl ScalarUDFImpl for JsonText {
    fn name(&self) -> &'static str {
        "json_text"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let texts = arrays[0].as_string::<i32>();
        let json = texts.iter().map(|text| {
            text.map_or_else(|| "null".to_owned(), |text| serde_json::Value::from(text).to_string())
        });
        Ok(ColumnarValue::Array(Arc::new(StringArray::from_iter_values(json))))
    }
}
