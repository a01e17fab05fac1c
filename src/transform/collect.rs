//! An aggregate that gathers a group's rows and hands them, sorted, to a kernel of `domain`.
//!
//! Rows lie flat, all groups in one vector; they are put in order when the result is asked for, each
//! group by itself. An accumulator per group would cost an allocation and a virtual call per row.

use std::fmt::Debug;
use std::hash::Hash;
use std::mem::size_of;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};

/// Adds the second row to the first, and says whether it did.
pub(super) type AddUp<R> = fn(&mut R, &R) -> bool;

/// What is done with the rows of one group.
pub(super) trait Kernel:
    Debug + Clone + PartialEq + Eq + Hash + Send + Sync + 'static
{
    /// One row, ordered as the kernel wants them.
    type Row: Copy + Ord + Send + Sync + 'static;
    /// What rows have in common, as names that they give by number.
    type Names: Default + Send + Sync + 'static;
    /// Builders of the result.
    type Out;

    /// Adds the second row to the first where they say as much as one, and then gives true. Rows
    /// that it may add up are neighbours once sorted.
    const FOLD: Option<AddUp<Self::Row>> = None;

    /// The aggregate's name in SQL.
    fn name(&self) -> &'static str;
    /// The arguments' names and types.
    fn arguments() -> Fields;
    /// The result's type.
    fn returns() -> DataType;
    /// Reads the arguments row by row; rows that hold NULL where they must not are left out.
    fn read(
        arguments: &[ArrayRef],
        names: &mut Self::Names,
        each: &mut dyn FnMut(usize, Self::Row),
    ) -> Result<()>;
    /// The arguments that would give `rows`.
    fn write(rows: &[Self::Row], names: &Self::Names) -> Vec<ArrayRef>;
    /// Builders with room for the results of `rows` rows, where each gives one.
    fn out(rows: usize) -> Self::Out;
    /// Appends the result of one group's sorted `rows`.
    fn run(&self, rows: &[Self::Row], names: &Self::Names, out: &mut Self::Out);
    /// The results.
    fn finish(out: Self::Out) -> Result<ArrayRef>;
}

/// The aggregate function of a kernel.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Collect<K: Kernel> {
    kernel: K,
    signature: Signature,
}

impl<K: Kernel> Collect<K> {
    pub(super) fn new(kernel: K) -> Self {
        let types = K::arguments().iter().map(|field| field.data_type().clone()).collect();
        Self { kernel, signature: Signature::exact(types, Volatility::Immutable) }
    }
}

/// Columns that may hold NULL.
pub(super) fn fields(columns: &[(&str, DataType)]) -> Fields {
    columns.iter().map(|(name, kind)| Field::new(*name, kind.clone(), true)).collect()
}

/// `columns` after the direction that they are of.
pub(super) fn with_direction(columns: &Fields) -> Fields {
    let direction = fields(&[("direction", DataType::Utf8)]);
    direction.iter().chain(columns).map(Arc::clone).collect()
}

/// Lists of structs.
pub(super) fn list_of(fields: Fields) -> DataType {
    DataType::List(Arc::new(Field::new("item", DataType::Struct(fields), true)))
}

impl<K: Kernel> AggregateUDFImpl for Collect<K> {
    fn name(&self) -> &str {
        self.kernel.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(K::returns())
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let name = format_state_name(args.name, "rows");
        Ok(vec![Arc::new(Field::new(name, list_of(K::arguments()), true))])
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let name = self.kernel.name();
        Err(DataFusionError::Plan(format!("{name} needs a \"group by\", and no \"over\"")))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Gathered::new(self.kernel.clone())))
    }
}

/// From so many rows on it is worth a sort to hold fewer.
const FOLDED_FROM: usize = 1 << 18;

/// Rows of all groups, until they are asked for.
pub(super) struct Gathered<K: Kernel> {
    kernel: K,
    rows: Vec<(u32, K::Row)>,
    names: K::Names,
    groups: usize,
    /// So many rows are folded next.
    fold_at: usize,
}

fn group_number(group: usize) -> u32 {
    u32::try_from(group).unwrap_or(u32::MAX)
}

/// The rows that are handed out, and where those of each group are.
struct Taken<R> {
    rows: Vec<(u32, R)>,
    /// Places of rows, by group.
    order: Vec<u32>,
    /// The end of each group in `order`.
    ends: Vec<usize>,
}

impl<R: Copy> Taken<R> {
    fn new(rows: Vec<(u32, R)>, groups: usize) -> Self {
        let mut ends = vec![0; groups];
        for (group, _) in &rows {
            ends[*group as usize] += 1;
        }
        let mut sum = 0;
        for end in &mut ends {
            // First where its group begins; each row moves it on to where the group ends.
            let length = std::mem::replace(end, sum);
            sum += length;
        }
        let mut order = vec![0; rows.len()];
        for (place, (group, _)) in (0..).zip(&rows) {
            let end = &mut ends[*group as usize];
            order[*end] = place;
            *end += 1;
        }
        Self { rows, order, ends }
    }

    /// Calls `each` with the rows of every group, in the order in which they came.
    fn each(&self, mut each: impl FnMut(&mut dyn Iterator<Item = R>)) {
        let mut start = 0;
        for end in &self.ends {
            let rows = self.order[start..*end].iter();
            each(&mut rows.map(|place| self.rows[*place as usize].1));
            start = *end;
        }
    }
}

impl<K: Kernel> Gathered<K> {
    pub(super) fn new(kernel: K) -> Self {
        let names = K::Names::default();
        Self { kernel, rows: Vec::new(), names, groups: 0, fold_at: FOLDED_FROM }
    }

    #[cfg(test)]
    pub(super) fn keep_all(&mut self) {
        self.fold_at = usize::MAX;
    }

    /// Adds up what can be, where the rows have become twice as many as were left the last time:
    /// a group of millions of rows is held as those that differ.
    fn fold(&mut self) {
        let Some(fold) = K::FOLD.filter(|_| self.rows.len() >= self.fold_at) else { return };
        self.rows.sort_unstable();
        self.rows.dedup_by(|next, first| next.0 == first.0 && fold(&mut first.1, &next.1));
        self.fold_at = FOLDED_FROM.max(2 * self.rows.len());
    }

    /// Takes out the rows of the groups to emit.
    fn take(&mut self, emit_to: EmitTo) -> Taken<K::Row> {
        match emit_to {
            EmitTo::All => {
                Taken::new(std::mem::take(&mut self.rows), std::mem::take(&mut self.groups))
            }
            EmitTo::First(count) => {
                let first = group_number(count);
                let rows = std::mem::take(&mut self.rows).into_iter();
                let (taken, mut rest): (Vec<_>, Vec<_>) =
                    rows.partition(|(group, _)| *group < first);
                rest.iter_mut().for_each(|(group, _)| *group -= first);
                self.rows = rest;
                self.groups -= count;
                Taken::new(taken, count)
            }
        }
    }
}

/// Lists of structs, each of so many entries of `columns` as `lengths` says.
pub(super) fn list(
    fields: Fields,
    mut columns: Vec<ArrayRef>,
    lengths: impl IntoIterator<Item = usize>,
) -> Result<ArrayRef> {
    // The room of builders counts as memory of what they built.
    columns.iter_mut().filter_map(Arc::get_mut).for_each(Array::shrink_to_fit);
    let item = Arc::new(Field::new("item", DataType::Struct(fields.clone()), true));
    let values = StructArray::try_new(fields, columns, None)?;
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(ListArray::try_new(item, offsets, Arc::new(values), None)?))
}

impl<K: Kernel> GroupsAccumulator for Gathered<K> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.groups = self.groups.max(total_num_groups);
        let rows = &mut self.rows;
        K::read(values, &mut self.names, &mut |index, row| {
            if opt_filter.is_none_or(|filter| filter.is_valid(index) && filter.value(index)) {
                rows.push((group_number(group_indices[index]), row));
            }
        })?;
        self.fold();
        Ok(())
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.groups = self.groups.max(total_num_groups);
        let lists = values[0].as_list::<i32>();
        let offsets = lists.value_offsets();
        let (first, last) = (offsets[0], offsets[offsets.len() - 1]);
        let width = usize::try_from(last - first).unwrap_or(0);
        let values = lists.values().slice(usize::try_from(first).unwrap_or(0), width);
        let mut groups = Vec::with_capacity(width);
        for (list, group) in group_indices.iter().enumerate() {
            let length = usize::try_from(offsets[list + 1] - offsets[list]).unwrap_or(0);
            groups.extend(std::iter::repeat_n(group_number(*group), length));
        }
        let rows = &mut self.rows;
        K::read(values.as_struct().columns(), &mut self.names, &mut |index, row| {
            rows.push((groups[index], row));
        })?;
        self.fold();
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let taken = self.take(emit_to);
        let mut out = K::out(taken.rows.len());
        let mut group_rows = Vec::new();
        taken.each(|rows| {
            group_rows.clear();
            group_rows.extend(rows);
            group_rows.sort_unstable();
            self.kernel.run(&group_rows, &self.names, &mut out);
        });
        drop(taken);
        K::finish(out)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let taken = self.take(emit_to);
        let mut rows: Vec<K::Row> = Vec::with_capacity(taken.rows.len());
        let mut lengths = Vec::with_capacity(taken.ends.len());
        taken.each(|of_group| {
            let before = rows.len();
            rows.extend(of_group);
            lengths.push(rows.len() - before);
        });
        drop(taken);
        Ok(vec![list(K::arguments(), K::write(&rows, &self.names), lengths)?])
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let count = values.first().map_or(0, Array::len);
        let mut lengths = vec![0; count];
        let (mut rows, mut names) = (Vec::with_capacity(count), K::Names::default());
        K::read(values, &mut names, &mut |index, row| {
            if opt_filter.is_none_or(|filter| filter.is_valid(index) && filter.value(index)) {
                lengths[index] = 1;
                rows.push(row);
            }
        })?;
        Ok(vec![list(K::arguments(), K::write(&rows, &names), lengths)?])
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.rows.capacity() * size_of::<(u32, K::Row)>()
    }
}
