//! The arguments of `rhythm` and `direction_rhythms`, row by row.

use std::collections::HashMap;
use std::ops::Range;

use arrow::array::{Array, ArrayRef, Date32Array, Decimal128Array, Int32Array, StringArray};
use arrow::datatypes::{Date32Type, Decimal128Type};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::ColumnarValue;

use crate::domain::Day;
use crate::domain::rhythm::Rule;
use crate::domain::spell::{Event, Trigger};
use crate::transform::nested::{Lists, at, primitive};

/// The purchases and moves of each row.
pub(super) struct Bought<'a> {
    pub(super) purchases: Lists<'a>,
    pub(super) dates: &'a [Day],
    pub(super) ordered: &'a Date32Array,
    pub(super) own: &'a Decimal128Array,
    moves: Lists<'a>,
    moved_on: &'a [Day],
    nets: &'a [i128],
}

impl<'a> Bought<'a> {
    pub(super) fn new(purchases: &'a ArrayRef, moves: &'a ArrayRef) -> Result<Self> {
        let (purchases, moves) = (Lists::new(purchases)?, Lists::new(moves)?);
        Ok(Self {
            dates: purchases.primitive::<Date32Type>("date")?.values(),
            ordered: purchases.primitive::<Date32Type>("ordered_on")?,
            own: purchases.primitive::<Decimal128Type>("cycle")?,
            purchases,
            moved_on: moves.primitive::<Date32Type>("date")?.values(),
            nets: moves.primitive::<Decimal128Type>("net")?.values(),
            moves,
        })
    }

    /// The days and amounts of a row's moves of money.
    pub(super) fn moves(&self, row: usize) -> (&'a [Day], &'a [i128]) {
        let places = self.moves.row(row);
        (&self.moved_on[places.clone()], &self.nets[places])
    }
}

/// When silence counts as sleep, for each row.
pub(super) struct Rules<'a> {
    cycles: &'a Decimal128Array,
    days: &'a Int32Array,
}

impl<'a> Rules<'a> {
    pub(super) fn new(cycles: &'a ArrayRef, days: &'a ArrayRef) -> Result<Self> {
        Ok(Self { cycles: primitive(cycles)?, days: primitive(days)? })
    }

    pub(super) fn of(&self, row: usize) -> Rule {
        Rule { cycles: at(self.cycles, row), days: at(self.days, row) }
    }
}

/// Common cycles by quarter: of sales types or directions by their names, of the company without.
pub(super) struct Common(HashMap<Option<String>, Vec<(Day, i128)>>);

/// The common cycles of one name.
pub(super) type Quarters<'a> = &'a [(Day, i128)];

impl Common {
    /// Reads what is one list for all rows.
    pub(super) fn new(given: &ColumnarValue) -> Result<Self> {
        let ColumnarValue::Scalar(given) = given else {
            let message = "common cycles are one list for all rows, as of a scalar subquery";
            return Err(DataFusionError::Execution(message.to_owned()));
        };
        let given = given.to_array()?;
        let lists = Lists::new(&given)?;
        let names = lists.text("of")?;
        let quarters = lists.primitive::<Date32Type>("quarter_start")?;
        let cycles = lists.primitive::<Decimal128Type>("cycle")?;
        let mut common: HashMap<Option<String>, Vec<(Day, i128)>> = HashMap::new();
        for place in lists.row(0) {
            let name = names.is_valid(place).then(|| names.value(place).to_owned());
            let of_quarter = (quarters.value(place), cycles.value(place));
            common.entry(name).or_default().push(of_quarter);
        }
        common.values_mut().for_each(|quarters| quarters.sort_unstable());
        Ok(Self(common))
    }

    /// The cycles of `name`.
    pub(super) fn of(&self, name: Option<&str>) -> Quarters<'_> {
        self.0.get(&name.map(str::to_owned)).map_or(&[], Vec::as_slice)
    }
}

/// The cycle of a quarter that begins on `start`.
pub(super) fn of_quarter(quarters: Quarters<'_>, start: Day) -> Option<i128> {
    let place = quarters.binary_search_by_key(&start, |(quarter, _)| *quarter).ok()?;
    Some(quarters[place].1)
}

/// What was said of a client, and when he was closed.
pub(super) struct Said<'a> {
    lists: Lists<'a>,
    dates: &'a [Day],
    scopes: StringArray,
    directions: StringArray,
    begins: StringArray,
    closed: &'a Date32Array,
}

impl<'a> Said<'a> {
    pub(super) fn new(said: &'a ArrayRef, closed: &'a ArrayRef) -> Result<Self> {
        let lists = Lists::new(said)?;
        Ok(Self {
            dates: lists.primitive::<Date32Type>("date")?.values(),
            scopes: lists.text("scope")?,
            directions: lists.text("direction")?,
            begins: lists.text("begins")?,
            lists,
            closed: primitive::<Date32Type>(closed)?,
        })
    }

    /// Puts a row's events and the days of refusals that begin nothing into these: of the whole
    /// client all, of a `direction` what was said of it or of the whole.
    pub(super) fn of(
        &self,
        row: usize,
        direction: Option<&str>,
        events: &mut Vec<Event>,
        spoken: &mut Vec<Day>,
    ) {
        events.clear();
        spoken.clear();
        for place in self.lists.row(row) {
            let (scope, day) = (self.scopes.value(place), self.dates[place]);
            let of = self.directions.is_valid(place).then(|| self.directions.value(place));
            if direction.is_some() && scope != "client" && of != direction {
                continue;
            }
            let begins = self.begins.is_valid(place).then(|| self.begins.value(place));
            let trigger = match (direction, scope) {
                (Some(_), "direction") => Some(Trigger::Refusal),
                _ => begins.and_then(Trigger::from_name),
            };
            match trigger {
                Some(trigger) => events.push(Event { day, trigger }),
                None => spoken.push(day),
            }
        }
        let closed = at(self.closed, row);
        events.extend(closed.map(|day| Event { day, trigger: Trigger::Closed }));
        events.sort_unstable();
        spoken.sort_unstable();
    }
}

/// What is known of each client as a whole.
pub(super) struct OfWhole<'a> {
    cycles: Lists<'a>,
    bought_on: &'a [Day],
    cycle: &'a Decimal128Array,
    spells: Lists<'a>,
    begun: &'a [Day],
    ended: &'a Date32Array,
    states: Lists<'a>,
    dates: &'a [Day],
    values: &'a [i128],
}

impl<'a> OfWhole<'a> {
    /// Reads the lists that `rhythm` gives.
    pub(super) fn new(
        cycles: &'a ArrayRef,
        spells: &'a ArrayRef,
        states: &'a ArrayRef,
    ) -> Result<Self> {
        let (cycles, spells) = (Lists::new(cycles)?, Lists::new(spells)?);
        let states = Lists::new(states)?;
        Ok(Self {
            bought_on: cycles.primitive::<Date32Type>("date")?.values(),
            cycle: cycles.primitive::<Decimal128Type>("cycle")?,
            cycles,
            begun: spells.primitive::<Date32Type>("fell_asleep_on")?.values(),
            ended: spells.primitive::<Date32Type>("returned_on")?,
            spells,
            dates: states.primitive::<Date32Type>("date")?.values(),
            values: states.primitive::<Decimal128Type>("annual_value")?.values(),
            states,
        })
    }

    /// The first days of a row's spells, in their order.
    pub(super) fn begun(&self, row: usize) -> &'a [Day] {
        &self.begun[self.spells.row(row)]
    }

    pub(super) fn cycles(&self, row: usize) -> WholeCycles<'_> {
        WholeCycles { whole: self, next: self.cycles.row(row), last: None }
    }

    pub(super) fn is_awake(&self, row: usize, day: Day) -> bool {
        let spells = self.spells.row(row);
        let after = self.begun[spells.clone()].partition_point(|begun| *begun <= day);
        let last = after.checked_sub(1).map(|place| spells.start + place);
        last.is_none_or(|place| at(self.ended, place).is_some_and(|ended| ended <= day))
    }

    pub(super) fn value(&self, row: usize, day: Day) -> Option<i128> {
        let states = self.states.row(row);
        let place = self.dates[states.clone()].binary_search(&day).ok()?;
        Some(self.values[states.start + place])
    }
}

/// The cycles of a whole client, asked for day after day.
pub(super) struct WholeCycles<'a> {
    whole: &'a OfWhole<'a>,
    next: Range<usize>,
    last: Option<usize>,
}

impl WholeCycles<'_> {
    /// The cycle that holds at the end of `day`.
    pub(super) fn on(&mut self, day: Day) -> Option<i128> {
        while self.next.start < self.next.end && self.whole.bought_on[self.next.start] <= day {
            self.last = self.next.next();
        }
        at(self.whole.cycle, self.last?)
    }
}
