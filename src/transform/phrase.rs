//! `phrase` in SQL: what is said of a row, in the language of the project.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, StringBuilder};
use arrow::datatypes::{DataType, Date32Type};
use arrow::util::display::array_value_to_string;
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use crate::domain::calendar::to_date;
use crate::language::{Argument, Language, Phrase};

/// `phrase(name, argument, …)`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Told {
    language: Language,
    signature: Signature,
}

impl Told {
    pub(super) fn new(language: Language) -> Self {
        Self { language, signature: Signature::variadic_any(Volatility::Immutable) }
    }

    /// The phrase that the first argument names, for so many others.
    fn phrase(&self, name: Option<&ColumnarValue>, arguments: usize) -> Result<Phrase> {
        let Some(ColumnarValue::Scalar(ScalarValue::Utf8(Some(name)))) = name else {
            let message = "phrase: the first argument is the name of a phrase, as a literal";
            return Err(DataFusionError::Plan(message.to_owned()));
        };
        let phrase = Phrase::named(self.language, name)
            .ok_or_else(|| DataFusionError::Plan(format!("phrase: \"{name}\" is not known")))?;
        let wanted = phrase.arguments();
        if wanted == arguments {
            return Ok(phrase);
        }
        Err(DataFusionError::Plan(format!(
            "phrase \"{name}\" takes {wanted} arguments, not {arguments}"
        )))
    }
}

impl ScalarUDFImpl for Told {
    fn name(&self) -> &'static str {
        "phrase"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let phrase = self.phrase(args.args.first(), args.args.len().saturating_sub(1))?;
        let columns: Vec<ArrayRef> = args.args[1..]
            .iter()
            .map(|argument| argument.to_array(args.number_rows))
            .collect::<Result<_>>()?;
        let mut told = StringBuilder::new();
        let mut said = Vec::with_capacity(columns.len());
        for row in 0..args.number_rows {
            said.clear();
            for column in &columns {
                said.extend(argument(column, row)?);
            }
            told.append_option((said.len() == columns.len()).then(|| phrase.say(&said)));
        }
        let told: StringArray = told.finish();
        Ok(ColumnarValue::Array(Arc::new(told)))
    }
}

/// What `column` says in `row`; `None` where it says nothing.
fn argument(column: &ArrayRef, row: usize) -> Result<Option<Argument>> {
    if column.is_null(row) {
        return Ok(None);
    }
    Ok(Some(match column.data_type() {
        DataType::Date32 => Argument::Day(to_date(column.as_primitive::<Date32Type>().value(row))),
        kind if kind.is_numeric() => Argument::Number(array_value_to_string(column, row)?),
        _ => Argument::Text(array_value_to_string(column, row)?),
    }))
}
