//! The arguments of `rhythm` and `direction_rhythm`, row by row.

use std::ops::Range;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Decimal128Array, Int32Array, StringArray, StructArray,
};
use arrow::datatypes::{Date32Type, Decimal128Type, Int32Type};
use datafusion::error::{DataFusionError, Result};

use crate::domain::Day;
use crate::domain::rhythm::Rule;
use crate::domain::spell::{Event, Trigger};
use crate::transform::nested::{Lists, at, named, primitive};

/// The purchases, moves and rule of each row: the first four arguments.
pub(super) struct Bought<'a> {
    pub(super) purchases: Lists<'a>,
    pub(super) dates: &'a [Day],
    pub(super) ordered: &'a Date32Array,
    pub(super) own: &'a Decimal128Array,
    moves: Lists<'a>,
    moved_on: &'a [Day],
    nets: &'a [i128],
    multiples: &'a Decimal128Array,
    days: &'a Int32Array,
}

impl<'a> Bought<'a> {
    pub(super) fn new(arguments: &'a [ArrayRef]) -> Result<Self> {
        let (purchases, moves) = (Lists::new(&arguments[0])?, Lists::new(&arguments[1])?);
        Ok(Self {
            dates: purchases.primitive::<Date32Type>("date")?.values(),
            ordered: purchases.primitive::<Date32Type>("ordered_on")?,
            own: purchases.primitive::<Decimal128Type>("cycle")?,
            purchases,
            moved_on: moves.primitive::<Date32Type>("date")?.values(),
            nets: moves.primitive::<Decimal128Type>("net")?.values(),
            moves,
            multiples: primitive::<Decimal128Type>(&arguments[2])?,
            days: primitive::<Int32Type>(&arguments[3])?,
        })
    }

    pub(super) fn rule(&self, row: usize) -> Rule {
        Rule { cycles: at(self.multiples, row), days: at(self.days, row) }
    }

    /// Puts a row's moves of money into `moves`.
    pub(super) fn moves(&self, row: usize, moves: &mut Vec<(Day, i64)>) -> Result<()> {
        moves.clear();
        for place in self.moves.row(row) {
            let net = i64::try_from(self.nets[place])
                .map_err(|_| DataFusionError::Execution("an amount is too large".to_owned()))?;
            moves.push((self.moved_on[place], net));
        }
        Ok(())
    }
}

/// Cycles of a quarter, one list a row.
pub(super) struct Common<'a> {
    lists: Lists<'a>,
    quarters: &'a [Day],
    cycles: &'a [i128],
}

impl<'a> Common<'a> {
    pub(super) fn new(column: &'a ArrayRef) -> Result<Self> {
        let lists = Lists::new(column)?;
        let quarters = lists.primitive::<Date32Type>("quarter_start")?.values();
        let cycles = lists.primitive::<Decimal128Type>("cycle")?.values();
        Ok(Self { lists, quarters, cycles })
    }

    pub(super) fn of(&self, row: usize, quarter: Day) -> Option<i128> {
        let mut places = self.lists.row(row);
        places.find(|place| self.quarters[*place] == quarter).map(|place| self.cycles[place])
    }
}

/// What was said of a client, and when he was closed.
pub(super) struct Said<'a> {
    lists: Lists<'a>,
    dates: &'a [Day],
    kinds: StringArray,
    /// The directions that it was said of; NULL where of the whole client.
    directions: Option<StringArray>,
    closed: &'a Date32Array,
}

impl<'a> Said<'a> {
    pub(super) fn new(said: &'a ArrayRef, closed: &'a ArrayRef) -> Result<Self> {
        let lists = Lists::new(said)?;
        Ok(Self {
            dates: lists.primitive::<Date32Type>("date")?.values(),
            kinds: lists.text("kind")?,
            directions: None,
            lists,
            closed: primitive::<Date32Type>(closed)?,
        })
    }

    /// The same with the directions that it was said of.
    pub(super) fn in_directions(self) -> Result<Self> {
        let directions = Some(self.lists.text("direction")?);
        Ok(Self { directions, ..self })
    }

    /// Puts a row's events and the days of refusals that begin nothing into these; of those that
    /// were said of directions, only those of `direction`.
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
            let of = self.directions.as_ref().filter(|of| of.is_valid(place));
            if of.is_some_and(|of| Some(of.value(place)) != direction) {
                continue;
            }
            match Trigger::from_name(self.kinds.value(place)) {
                Some(trigger) => events.push(Event { day: self.dates[place], trigger }),
                None => spoken.push(self.dates[place]),
            }
        }
        let closed = at(self.closed, row);
        events.extend(closed.map(|day| Event { day, trigger: Trigger::Closed }));
        events.sort_unstable();
        spoken.sort_unstable();
    }
}

/// What is known of the whole client of each row in a direction.
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
    pub(super) fn new(column: &'a ArrayRef) -> Result<Self> {
        let whole: &StructArray = column.as_struct_opt().ok_or_else(|| {
            DataFusionError::Execution("expected what rhythm gives of the whole".to_owned())
        })?;
        let lists = |name: &str| Lists::new(named(whole, name)?);
        let (cycles, spells, states) = (lists("cycles")?, lists("spells")?, lists("states")?);
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
