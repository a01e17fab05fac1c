//! What ids are joined by, in SQL: `plain_name`, `plain_phones`, `plain_mails`, and `nearest_names`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListBuilder, StringArray, StringBuilder};
use arrow::datatypes::{DataType, Field};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::nested::Lists;
use crate::domain::company_name;
use crate::domain::duplicates::{mails, phones};
use crate::domain::nearest::Names;

/// Texts as they compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum What {
    /// A firm, without its legal form.
    Name,
    /// The last ten digits of each phone.
    Phones,
    /// Each mail in lower case.
    Mails,
}

/// `plain_name(text)`, `plain_phones(text)` or `plain_mails(text)`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Plain {
    what: What,
    signature: Signature,
}

impl Plain {
    pub(super) fn new(what: What) -> Self {
        Self { what, signature: Signature::exact(vec![DataType::Utf8], Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Plain {
    fn name(&self) -> &str {
        match self.what {
            What::Name => "plain_name",
            What::Phones => "plain_phones",
            What::Mails => "plain_mails",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.what {
            What::Name => DataType::Utf8,
            What::Phones | What::Mails => {
                DataType::List(Arc::new(Field::new("item", DataType::Utf8, true)))
            }
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let texts = arrays[0].as_string::<i32>().iter();
        let several = |each: &dyn Fn(&str) -> Vec<String>| -> ArrayRef {
            let mut lists = ListBuilder::new(StringBuilder::new());
            for text in arrays[0].as_string::<i32>() {
                let found = text.map(each).unwrap_or_default();
                lists.append_value(found.into_iter().map(Some));
            }
            Arc::new(lists.finish())
        };
        Ok(ColumnarValue::Array(match self.what {
            What::Name => {
                let names = texts.map(|name| name.map(company_name::normalise));
                Arc::new(
                    names.map(|name| name.filter(|name| !name.is_empty())).collect::<StringArray>(),
                )
            }
            What::Phones => several(&|text| phones(text)),
            What::Mails => several(&|text| mails(text)),
        }))
    }
}

/// `nearest_names(name, clients)`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct NearestNames(Signature);

impl NearestNames {
    pub(super) fn new() -> Self {
        Self(Signature::any(2, Volatility::Immutable))
    }
}

impl ScalarUDFImpl for NearestNames {
    fn name(&self) -> &'static str {
        "nearest_names"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        // One list for all rows; that of a column would be read for each row.
        let ColumnarValue::Scalar(clients) = &args.args[1] else {
            let message = "nearest_names: the second argument is one list for all rows";
            return Err(datafusion::error::DataFusionError::Plan(message.to_owned()));
        };
        let clients = clients.to_array()?;
        let asked = args.args[0].to_array(args.number_rows)?;
        let lists = Lists::new(&clients)?;
        let texts = lists.text("name")?;
        let names = Names::of(
            lists.row(0).filter(|place| texts.is_valid(*place)).map(|place| texts.value(place)),
        );
        let asked = super::nested::text(&asked)?;
        let told = asked.iter().map(|name| {
            let nearest = names.nearest(name?);
            (!nearest.is_empty()).then(|| nearest.join("; "))
        });
        Ok(ColumnarValue::Array(Arc::new(told.collect::<StringArray>())))
    }
}
