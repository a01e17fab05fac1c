//! `value_limits`, `tier_of`, `abc_of`: the tiers and classes of clients by value.

use std::cmp::Reverse;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, Decimal128Builder, Int32Array, Int32Builder,
    StringArray,
};
use arrow::datatypes::{DataType, Decimal128Type, Fields, Int32Type};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::collect::{Kernel, fields};
use super::nested::{MONEY, at, named, primitive, structs};
use crate::domain::value::{Share, last_within};

/// `value_limits(annual_value, client)`: where each class of clients ends that are ranked by value,
/// then by number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Limits(pub(super) [Share; 4]);

/// The classes that end, in the order of the shares.
const CLASSES: [&str; 4] = ["gold", "silver", "a", "b"];

#[derive(Default)]
pub(super) struct Out {
    limits: [(Decimal128Builder, Int32Builder); 4],
}

fn limits() -> Fields {
    let columns = CLASSES.iter().flat_map(|class| {
        [(format!("{class}_value"), MONEY), (format!("{class}_client"), DataType::Int32)]
    });
    let columns: Vec<(String, DataType)> = columns.collect();
    let columns: Vec<(&str, DataType)> =
        columns.iter().map(|(name, kind)| (name.as_str(), kind.clone())).collect();
    fields(&columns)
}

impl Kernel for Limits {
    type Row = (Reverse<i64>, i32);
    type Names = ();
    type Out = Out;

    fn name(&self) -> &'static str {
        "value_limits"
    }

    fn arguments() -> Fields {
        fields(&[("annual_value", MONEY), ("client", DataType::Int32)])
    }

    fn returns() -> DataType {
        DataType::Struct(limits())
    }

    fn read(
        arguments: &[ArrayRef],
        (): &mut (),
        each: &mut dyn FnMut(usize, Self::Row),
    ) -> Result<()> {
        let values = arguments[0].as_primitive::<Decimal128Type>();
        let clients = arguments[1].as_primitive::<Int32Type>();
        for row in (0..values.len()).filter(|row| values.is_valid(*row) && clients.is_valid(*row)) {
            let value = i64::try_from(values.value(row)).map_err(|_| {
                DataFusionError::Execution("value_limits: a value is too large".to_owned())
            })?;
            each(row, (Reverse(value), clients.value(row)));
        }
        Ok(())
    }

    fn write(rows: &[Self::Row], (): &()) -> Vec<ArrayRef> {
        let values = rows.iter().map(|(value, _)| i128::from(value.0));
        let values = Decimal128Array::from_iter_values(values);
        let clients = rows.iter().map(|(_, client)| *client);
        vec![
            Arc::new(values.with_data_type(MONEY)),
            Arc::new(Int32Array::from_iter_values(clients)),
        ]
    }

    fn out(_: usize) -> Out {
        Out::default()
    }

    fn run(&self, rows: &[Self::Row], (): &(), out: &mut Out) {
        let values = rows.iter().map(|(value, _)| i128::from(value.0));
        for (share, (value, client)) in self.0.iter().zip(&mut out.limits) {
            let last = last_within(values.clone(), *share).map(|place| rows[place]);
            value.append_option(last.map(|(value, _)| i128::from(value.0)));
            client.append_option(last.map(|(_, client)| client));
        }
    }

    fn finish(mut out: Out) -> Result<ArrayRef> {
        let columns = out.limits.iter_mut().flat_map(|(value, client)| {
            let value: ArrayRef = Arc::new(value.finish().with_data_type(MONEY));
            [value, Arc::new(client.finish())]
        });
        structs(limits(), columns.collect())
    }
}

/// Which classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum By {
    /// Gold, silver, copper.
    Tier,
    /// A, B, C.
    Abc,
}

impl By {
    /// The columns of the limits and the names of the classes, of those who are beyond both last.
    fn classes(self) -> ([&'static str; 2], [&'static str; 3]) {
        match self {
            Self::Tier => (["gold", "silver"], ["gold", "silver", "copper"]),
            Self::Abc => (["a", "b"], ["A", "B", "C"]),
        }
    }
}

/// `tier_of(annual_value, client, limits)`, `abc_of(annual_value, client, limits)`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ClassOf {
    by: By,
    signature: Signature,
}

impl ClassOf {
    pub(super) fn new(by: By) -> Self {
        let arguments = vec![MONEY, DataType::Int32, DataType::Struct(limits())];
        Self { by, signature: Signature::exact(arguments, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for ClassOf {
    fn name(&self) -> &'static str {
        match self.by {
            By::Tier => "tier_of",
            By::Abc => "abc_of",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arguments = ColumnarValue::values_to_arrays(&args.args)?;
        let values = primitive::<Decimal128Type>(&arguments[0])?;
        let clients = primitive::<Int32Type>(&arguments[1])?;
        let given = arguments[2].as_struct_opt();
        let given = given.ok_or_else(|| {
            DataFusionError::Execution("expected what value_limits gives".to_owned())
        })?;
        let (ends, [first, second, last]) = self.by.classes();
        let end = |class: &str| -> Result<(&Decimal128Array, &Int32Array)> {
            let value = primitive(named(given, &format!("{class}_value"))?)?;
            Ok((value, primitive(named(given, &format!("{class}_client"))?)?))
        };
        let (first_end, second_end) = (end(ends[0])?, end(ends[1])?);
        let within = |row: usize, (value, client): (&Decimal128Array, &Int32Array)| {
            let (Some(value), Some(client)) = (at(value, row), at(client, row)) else {
                return false;
            };
            (Reverse(values.value(row)), clients.value(row)) <= (Reverse(value), client)
        };
        let classes = (0..values.len()).map(|row| {
            let known = values.is_valid(row) && clients.is_valid(row) && given.is_valid(row);
            known.then(|| match (within(row, first_end), within(row, second_end)) {
                (true, _) => first,
                (false, true) => second,
                (false, false) => last,
            })
        });
        Ok(ColumnarValue::Array(Arc::new(classes.collect::<StringArray>())))
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;

    use arrow::array::{Array, AsArray};
    use arrow::datatypes::{Decimal128Type, Int32Type};

    use super::{Kernel, Limits, Share, named, primitive};

    #[test]
    fn of_equal_values_the_class_ends_with_the_last_number_that_begins_within_it() {
        let of = |parts| Share { parts, of: 100 };
        let limits = Limits([of(40), of(60), of(1), of(100)]);
        let mut out = Limits::out(0);
        // 25 % each: the second begins at 25, the third at 50, the fourth at 75.
        let rows = [1, 2, 3, 4].map(|client| (Reverse(500), client));
        limits.run(&rows, &(), &mut out);
        // Where nobody is worth anything no class has a last one.
        limits.run(&[(Reverse(0), 1)], &(), &mut out);
        let found = Limits::finish(out).unwrap();
        let found = found.as_struct();
        for (class, client) in [("gold", 2), ("silver", 3), ("a", 1), ("b", 4)] {
            let column = |of: &str| named(found, &format!("{class}_{of}")).unwrap();
            let clients = primitive::<Int32Type>(column("client")).unwrap();
            let values = primitive::<Decimal128Type>(column("value")).unwrap();
            assert_eq!((clients.value(0), values.value(0)), (client, 500), "{class}");
            assert!(clients.is_null(1) && values.is_null(1), "{class}");
        }
    }
}
