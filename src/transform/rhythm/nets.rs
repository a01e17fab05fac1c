//! `nets_before`: what was bought in a direction before each spell.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Decimal128Builder, Int32Array};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Fields, Int32Type};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use crate::transform::collect::{fields, list, list_of};
use crate::transform::nested::{Lists, MONEY};

/// `nets_before(moves, spells)`: what a client's moves in a direction come to in the 52 weeks before
/// each of his spells in which there are any.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(in crate::transform) struct NetsBefore(Signature);

impl NetsBefore {
    pub(in crate::transform) fn new() -> Self {
        Self(Signature::any(2, Volatility::Immutable))
    }
}

fn nets() -> Fields {
    fields(&[("spell", DataType::Int32), ("net", MONEY)])
}

impl ScalarUDFImpl for NetsBefore {
    fn name(&self) -> &'static str {
        "nets_before"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(list_of(nets()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arguments = ColumnarValue::values_to_arrays(&args.args)?;
        let (moves, spells) = (Lists::new(&arguments[0])?, Lists::new(&arguments[1])?);
        let moved_on = moves.primitive::<Date32Type>("date")?.values();
        let amounts = moves.primitive::<Decimal128Type>("net")?.values();
        let begun = spells.primitive::<Date32Type>("fell_asleep_on")?.values();
        let numbers = spells.primitive::<Int32Type>("spell")?.values();
        let (mut lengths, mut spell) = (Vec::new(), Vec::new());
        let mut net = Decimal128Builder::new().with_data_type(MONEY);
        for row in 0..arguments[0].len() {
            let (places, before) = (moves.row(row), spell.len());
            let days = &moved_on[places.clone()];
            for place in spells.row(row) {
                let from = days.partition_point(|day| *day < begun[place] - 364);
                let until = days.partition_point(|day| *day < begun[place]);
                if from < until {
                    let year = places.start + from..places.start + until;
                    spell.push(numbers[place]);
                    net.append_value(amounts[year].iter().sum());
                }
            }
            lengths.push(spell.len() - before);
        }
        let columns: Vec<ArrayRef> =
            vec![Arc::new(Int32Array::from(spell)), Arc::new(net.finish())];
        Ok(ColumnarValue::Array(list(nets(), columns, lengths)?))
    }
}
