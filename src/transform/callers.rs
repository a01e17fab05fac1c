//! `callers` in SQL: who calls whom, shared out over a whole list.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ListArray, StringArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::nested::{Lists, structs};
use crate::domain::callers::{Person, Row, share_out};

/// `callers(rows, people)`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Callers(Signature);

impl Callers {
    pub(super) fn new() -> Self {
        Self(Signature::any(2, Volatility::Immutable))
    }
}

fn entry() -> Fields {
    ["client_key", "caller"]
        .map(|name| Field::new(name, DataType::Utf8, true))
        .into_iter()
        .collect()
}

fn item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(entry()), true))
}

impl ScalarUDFImpl for Callers {
    fn name(&self) -> &'static str {
        "callers"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(item()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arguments = ColumnarValue::values_to_arrays(&args.args)?;
        let rows = Lists::new(&arguments[0])?;
        let texts = |name| rows.text(name);
        let (keys, settled, roles) = (texts("client_key")?, texts("settled")?, texts("role")?);
        let passed_over = [texts("lost_by")?, texts("passed_over")?];
        let people = Lists::new(&arguments[1])?;
        let (names, their_roles) = (people.text("manager")?, people.text("role")?);
        let (mut key_of, mut caller_of, mut lengths) = (Vec::new(), Vec::new(), Vec::new());
        for list in 0..arguments[0].len() {
            let places = rows.row(list);
            let asked: Vec<Row<'_>> = places
                .clone()
                .map(|place| Row {
                    settled: value(&settled, place),
                    role: value(&roles, place),
                    passed_over: [&passed_over[0], &passed_over[1]]
                        .map(|names| value(names, place)),
                })
                .collect();
            let known = people.row(list);
            let known: Vec<Person<'_>> = known
                .filter_map(|place| Some((value(&names, place)?, value(&their_roles, place)?)))
                .collect();
            lengths.push(places.len());
            key_of.extend(places.map(|place| value(&keys, place)));
            caller_of
                .extend(share_out(&asked, &known).into_iter().map(|one| one.map(str::to_owned)));
        }
        let columns: Vec<ArrayRef> =
            vec![Arc::new(StringArray::from(key_of)), Arc::new(StringArray::from(caller_of))];
        let offsets = OffsetBuffer::from_lengths(lengths);
        let lists = ListArray::try_new(item(), offsets, structs(entry(), columns)?, None)?;
        Ok(ColumnarValue::Array(Arc::new(lists)))
    }
}

fn value(texts: &StringArray, place: usize) -> Option<&str> {
    texts.is_valid(place).then(|| texts.value(place))
}
