//! `moved`: what a client's moves of money come to between two days.

use std::sync::Arc;

use arrow::array::Decimal128Builder;
use arrow::datatypes::{DataType, Date32Type, Decimal128Type};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::nested::{Lists, at, primitive};
use crate::domain::value;

/// As `sum` gives of money.
const SUM: DataType = DataType::Decimal128(28, 2);

/// `moved(moves, first, last)`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Moved(Signature);

impl Moved {
    pub(super) fn new() -> Self {
        Self(Signature::any(3, Volatility::Immutable))
    }
}

impl ScalarUDFImpl for Moved {
    fn name(&self) -> &'static str {
        "moved"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(SUM)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arguments = ColumnarValue::values_to_arrays(&args.args)?;
        let moves = Lists::new(&arguments[0])?;
        let moved_on = moves.primitive::<Date32Type>("date")?.values();
        let nets = moves.primitive::<Decimal128Type>("net")?.values();
        let first = primitive::<Date32Type>(&arguments[1])?;
        let last = primitive::<Date32Type>(&arguments[2])?;
        let mut sums = Decimal128Builder::with_capacity(arguments[0].len()).with_data_type(SUM);
        for row in 0..arguments[0].len() {
            let places = moves.row(row);
            let moves = (&moved_on[places.clone()], &nets[places]);
            let days = at(first, row).zip(at(last, row));
            sums.append_option(days.and_then(|(first, last)| value::moved(moves, first, last)));
        }
        Ok(ColumnarValue::Array(Arc::new(sums.finish())))
    }
}
