//! The odds of silence in SQL: `p_silent`, and `fit_odds`, which finds their parameters.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, Float64Builder, Int32Array, Int32Builder,
};
use arrow::datatypes::{DataType, Fields, Float64Type, Int32Type, Int64Type};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::collect::{Kernel, fields, list, list_of};
use crate::domain::odds::{History, Model, Parameters, fit, fold, p_silent, round_4};

/// `p_silent(r, alpha, a, b, repeats, recency, age, horizon)`: by MBG/NBD.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct PSilent(Signature);

impl PSilent {
    pub(super) fn new() -> Self {
        let (double, days) = (DataType::Float64, DataType::Int32);
        let mut arguments = vec![double; 4];
        arguments.extend(vec![days; 3]);
        arguments.push(DataType::Int64);
        Self(Signature::exact(arguments, Volatility::Immutable))
    }
}

impl ScalarUDFImpl for PSilent {
    fn name(&self) -> &'static str {
        "p_silent"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let double = |column: usize| arrays[column].as_primitive::<Float64Type>();
        let (r, alpha, a, b) = (double(0), double(1), double(2), double(3));
        let days = |column: usize| arrays[column].as_primitive::<Int32Type>();
        let (repeats, recency, age) = (days(4), days(5), days(6));
        let horizon = arrays[7].as_primitive::<Int64Type>();
        let each = (0..repeats.len()).map(|row| {
            if arrays.iter().any(|array| array.is_null(row)) {
                return None;
            }
            let parameters = Parameters {
                r: r.value(row),
                alpha: alpha.value(row),
                a: a.value(row),
                b: b.value(row),
            };
            let history = History {
                repeats: repeats.value(row),
                recency: recency.value(row),
                age: age.value(row),
            };
            let horizon = i32::try_from(horizon.value(row)).unwrap_or(i32::MAX);
            Some(p_silent(parameters, history, horizon))
        });
        Ok(ColumnarValue::Array(Arc::new(each.collect::<Float64Array>())))
    }
}

/// `fit_odds(repeats, recency, age)`: the parameters of MBG/NBD that fit a group's clients best.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct FitOdds;

#[derive(Default)]
pub(super) struct FitOut {
    clients: Int32Builder,
    repeaters: Int32Builder,
    numbers: [Float64Builder; 5],
}

impl Kernel for FitOdds {
    type Row = History;
    type Names = ();
    type Out = FitOut;

    fn name(&self) -> &'static str {
        "fit_odds"
    }

    fn arguments() -> Fields {
        fields(&[
            ("repeats", DataType::Int32),
            ("recency", DataType::Int32),
            ("age", DataType::Int32),
        ])
    }

    fn returns() -> DataType {
        list_of(Self::columns())
    }

    fn read(
        arguments: &[ArrayRef],
        (): &mut (),
        each: &mut dyn FnMut(usize, History),
    ) -> Result<()> {
        let days = |column: usize| arguments[column].as_primitive::<Int32Type>();
        let (repeats, recency, age) = (days(0), days(1), days(2));
        for row in (0..repeats.len()).filter(|row| arguments.iter().all(|a| a.is_valid(*row))) {
            let history = History {
                repeats: repeats.value(row),
                recency: recency.value(row),
                age: age.value(row),
            };
            each(row, history);
        }
        Ok(())
    }

    fn write(rows: &[History], (): &()) -> Vec<ArrayRef> {
        let column = |get: fn(&History) -> i32| -> ArrayRef {
            Arc::new(Int32Array::from_iter_values(rows.iter().map(get)))
        };
        vec![column(|row| row.repeats), column(|row| row.recency), column(|row| row.age)]
    }

    fn out(_: usize) -> FitOut {
        FitOut::default()
    }

    fn run(&self, rows: &[History], (): &(), out: &mut FitOut) {
        let fit = fit(Model::MbgNbd, &fold(rows));
        let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
        out.clients.append_value(count(rows.len()));
        out.repeaters.append_value(count(rows.iter().filter(|row| row.repeats > 0).count()));
        let Parameters { r, alpha, a, b } = round_4(fit.parameters);
        let hundredths = (fit.log_likelihood * 100.0).round() / 100.0;
        for (builder, number) in out.numbers.iter_mut().zip([r, alpha, a, b, hundredths]) {
            builder.append_value(number);
        }
    }

    fn finish(mut out: FitOut) -> Result<ArrayRef> {
        let clients = out.clients.finish();
        let lengths = vec![1; clients.len()];
        let mut columns: Vec<ArrayRef> = vec![Arc::new(clients), Arc::new(out.repeaters.finish())];
        let numbers = out.numbers.iter_mut().map(|numbers| Arc::new(numbers.finish()) as ArrayRef);
        columns.extend(numbers);
        list(Self::columns(), columns, lengths)
    }
}

impl FitOdds {
    fn columns() -> Fields {
        fields(&[
            ("clients", DataType::Int32),
            ("repeaters", DataType::Int32),
            ("r", DataType::Float64),
            ("alpha", DataType::Float64),
            ("a", DataType::Float64),
            ("b", DataType::Float64),
            ("log_likelihood", DataType::Float64),
        ])
    }
}
