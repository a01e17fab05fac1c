//! `normal_tax_id` and `tax_id_state` in SQL.

use std::sync::Arc;

use arrow::array::{AsArray, StringArray};
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use crate::domain::tax_id::{examine, is_nobody, normalise};

/// A text about the text of a tax id.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct TaxId {
    state: bool,
    signature: Signature,
}

impl TaxId {
    /// `normal_tax_id(text)`.
    pub(super) fn normal() -> Self {
        Self { state: false, signature: signature() }
    }

    /// `tax_id_state(text)`.
    pub(super) fn state() -> Self {
        Self { state: true, signature: signature() }
    }
}

fn signature() -> Signature {
    Signature::exact(vec![DataType::Utf8], Volatility::Immutable)
}

impl ScalarUDFImpl for TaxId {
    fn name(&self) -> &str {
        if self.state { "tax_id_state" } else { "normal_tax_id" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let texts = arrays[0].as_string::<i32>().iter();
        let results: StringArray = if self.state {
            texts.map(|text| Some(examine(text?).validity.word())).collect()
        } else {
            texts.map(|text| Some(normalise(text?)).filter(|id| !is_nobody(id))).collect()
        };
        Ok(ColumnarValue::Array(Arc::new(results)))
    }
}
