//! Aggregates of texts: `listed`, and `named_on_largest`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, StringArray, StringBuilder};
use arrow::datatypes::{DataType, Decimal128Type, Fields};
use datafusion::error::Result;

use super::collect::{Kernel, fields};
use super::histories::Names;
use super::nested::MONEY;

/// `listed(text)`: a group's texts in their order, with commas between them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Listed;

impl Kernel for Listed {
    type Row = u32;
    type Names = Names;
    type Out = StringBuilder;

    fn name(&self) -> &'static str {
        "listed"
    }

    fn arguments() -> Fields {
        fields(&[("text", DataType::Utf8)])
    }

    fn returns() -> DataType {
        DataType::Utf8
    }

    fn read(
        arguments: &[ArrayRef],
        names: &mut Names,
        each: &mut dyn FnMut(usize, u32),
    ) -> Result<()> {
        let texts = arguments[0].as_string::<i32>();
        for row in (0..texts.len()).filter(|row| texts.is_valid(*row)) {
            each(row, names.number(texts.value(row)));
        }
        Ok(())
    }

    fn write(rows: &[u32], names: &Names) -> Vec<ArrayRef> {
        let texts = rows.iter().map(|number| names.of(*number));
        vec![Arc::new(StringArray::from_iter_values(texts))]
    }

    fn out(_: usize) -> StringBuilder {
        StringBuilder::new()
    }

    fn run(&self, rows: &[u32], names: &Names, out: &mut StringBuilder) {
        let mut texts: Vec<&str> = rows.iter().map(|number| names.of(*number)).collect();
        texts.sort_unstable();
        out.append_option((!texts.is_empty()).then(|| texts.join(", ")));
    }

    fn finish(mut out: StringBuilder) -> Result<ArrayRef> {
        Ok(Arc::new(out.finish()))
    }
}

/// `named_on_largest(name, amount, document_id, source)`: the name on the document of the largest
/// amount; of equal amounts on the first by number, then by source, then the first name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct NamedOnLargest;

/// A document, its texts by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Document {
    amount: i128,
    document: u32,
    source: u32,
    name: Option<u32>,
}

impl Kernel for NamedOnLargest {
    type Row = Document;
    type Names = Names;
    type Out = StringBuilder;

    fn name(&self) -> &'static str {
        "named_on_largest"
    }

    fn arguments() -> Fields {
        fields(&[
            ("name", DataType::Utf8),
            ("amount", MONEY),
            ("document_id", DataType::Utf8),
            ("source", DataType::Utf8),
        ])
    }

    fn returns() -> DataType {
        DataType::Utf8
    }

    fn read(
        arguments: &[ArrayRef],
        names: &mut Names,
        each: &mut dyn FnMut(usize, Document),
    ) -> Result<()> {
        let text = |column: usize| arguments[column].as_string::<i32>();
        let (name, document, source) = (text(0), text(2), text(3));
        let amount = arguments[1].as_primitive::<Decimal128Type>();
        let known =
            |row: &usize| amount.is_valid(*row) && document.is_valid(*row) && source.is_valid(*row);
        for row in (0..amount.len()).filter(known) {
            let read = Document {
                amount: amount.value(row),
                document: names.number(document.value(row)),
                source: names.number(source.value(row)),
                name: name.is_valid(row).then(|| names.number(name.value(row))),
            };
            each(row, read);
        }
        Ok(())
    }

    fn write(rows: &[Document], names: &Names) -> Vec<ArrayRef> {
        let amounts = Decimal128Array::from_iter_values(rows.iter().map(|row| row.amount));
        let texts = |number: fn(&Document) -> u32| -> ArrayRef {
            let texts = rows.iter().map(|row| names.of(number(row)));
            Arc::new(StringArray::from_iter_values(texts))
        };
        let named = rows.iter().map(|row| row.name.map(|number| names.of(number)));
        vec![
            Arc::new(named.collect::<StringArray>()),
            Arc::new(amounts.with_data_type(MONEY)),
            texts(|row| row.document),
            texts(|row| row.source),
        ]
    }

    fn out(_: usize) -> StringBuilder {
        StringBuilder::new()
    }

    fn run(&self, rows: &[Document], names: &Names, out: &mut StringBuilder) {
        let largest = rows.iter().min_by(|one, other| {
            let name = |row: &Document| row.name.map(|number| names.of(number));
            let texts = |row: &Document| (names.of(row.document), names.of(row.source), name(row));
            other.amount.cmp(&one.amount).then_with(|| texts(one).cmp(&texts(other)))
        });
        let name = largest.and_then(|row| row.name);
        out.append_option(name.map(|number| names.of(number)));
    }

    fn finish(mut out: StringBuilder) -> Result<ArrayRef> {
        Ok(Arc::new(out.finish()))
    }
}

#[cfg(test)]
mod tests {
    use arrow::util::pretty::pretty_format_batches;
    use datafusion::logical_expr::AggregateUDF;
    use datafusion::prelude::{SessionConfig, SessionContext};

    use super::{Listed, NamedOnLargest};
    use crate::transform::collect::Collect;

    /// The answer to a query about `rows (client, name, amount, document, source)`.
    async fn found(rows: &str, aggregate: &str) -> String {
        let session =
            SessionContext::new_with_config(SessionConfig::new().with_target_partitions(3));
        session.register_udaf(AggregateUDF::from(Collect::new(Listed)));
        session.register_udaf(AggregateUDF::from(Collect::new(NamedOnLargest)));
        let sql = format!(
            "select client, {aggregate} as found from (values {rows}) \
             as rows (client, name, amount, document, source) group by client order by client"
        );
        let frame = session.sql(&sql).await.unwrap();
        let text = pretty_format_batches(&frame.collect().await.unwrap()).unwrap().to_string();
        let lines = text.lines().filter(|line| line.starts_with('|')).skip(1);
        let words = lines.map(|line| line.replace(' ', ""));
        words.collect()
    }

    #[tokio::test]
    async fn the_largest_document_names_and_ties_end_the_same_whatever_comes_first() {
        let mut rows = [
            "('a', 'Small', 1, '1', 's')",
            "('a', 'Second', 5, '3', 's')",
            "('a', 'First', 5, '2', 's')",
            "('b', 'Other', 5, '2', 't')",
            "('b', 'Source', 5, '2', 's')",
            "('c', 'Smaller', 4, '1', 's')",
            "('c', null, 5, '1', 's')",
            "('d', 'Zoe', 5, '1', 's')",
            "('d', 'Ann', 5, '1', 's')",
            "('e', 'Unknown', null, '1', 's')",
        ];
        let call = "named_on_largest(name, cast(amount as decimal(18, 2)), document, source)";
        for _ in 0..2 {
            let told = found(&rows.join(", "), call).await;
            assert_eq!(told, "|a|First||b|Source||c|||d|Ann||e||");
            rows.reverse();
        }
    }

    #[tokio::test]
    async fn texts_are_listed_in_their_order() {
        let rows = "('a', 'late', 1, '', ''), ('a', 'fewer', 1, '', ''), ('a', null, 1, '', ''), \
                    ('b', cast(null as varchar), 1, '', ''), ('a', 'late', 1, '', '')";
        assert_eq!(found(rows, "listed(name)").await, "|a|fewer,late,late||b||");
    }
}
