//! `rhythm` and `direction_rhythm`: a client's cycles, spells and values from his nested history,
//! whole or in one direction.
//!
//! Keeps true: what is computed of a row depends on that row alone; `domain` says how.

mod nets;
mod read;
mod write;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{DataType, Date32Type};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

pub(super) use self::nets::NetsBefore;
use self::read::{Bought, Common, OfWhole, Said};
use self::write::{Spells, Wholes, spells, whole};
use super::collect::list_of;
use super::nested::{at, primitive, text};
use crate::domain::Day;
use crate::domain::calendar::{Fiscal, add_months};
use crate::domain::rhythm::{Cycle, Own, Settings};
use crate::domain::spell::{self, Event};
use crate::domain::value::{self, Valued};

/// What does not change from client to client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Given {
    pub(super) settings: Settings,
    pub(super) fiscal: Fiscal,
    pub(super) as_of: Day,
    /// Days after a refusal on which a purchase that names no order ends no spell.
    pub(super) tail_days: i32,
}

/// Which function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Which {
    /// Of a client as a whole.
    Whole,
    /// Of a client in a direction.
    Direction,
}

/// `rhythm` or `direction_rhythm`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Rhythm {
    given: Given,
    which: Which,
    signature: Signature,
}

impl Rhythm {
    pub(super) fn new(which: Which, given: Given) -> Self {
        Self { given, which, signature: Signature::any(9, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Rhythm {
    fn name(&self) -> &'static str {
        match self.which {
            Which::Whole => "rhythm",
            Which::Direction => "direction_rhythm",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.which {
            Which::Whole => DataType::Struct(whole()),
            Which::Direction => list_of(spells()),
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arguments = ColumnarValue::values_to_arrays(&args.args)?;
        let result = match self.which {
            Which::Whole => self.given.wholes(&arguments),
            Which::Direction => self.given.directions(&arguments),
        };
        let named = |error: DataFusionError| error.context(self.name());
        Ok(ColumnarValue::Array(result.map_err(named)?))
    }
}

/// What is known of one client while his row is computed.
#[derive(Default)]
struct Row {
    purchases: Vec<spell::Purchase>,
    cycles: Vec<Cycle>,
    events: Vec<Event>,
    spoken: Vec<Day>,
    moves: Vec<(Day, i64)>,
    spells: Vec<spell::Spell>,
    days: Vec<Day>,
    /// Days on which the client's state is asked for.
    states: Vec<Day>,
    asked: Vec<Day>,
    valued: Vec<Valued>,
}

impl Row {
    /// Fills in the spells that `given` finds.
    fn find_spells(&mut self, given: &Given) {
        let Self { purchases, events, spoken, spells, .. } = self;
        spells.clear();
        let (as_of, tail_days) = (given.as_of, given.tail_days);
        spell::spells(purchases, events, spoken, as_of, tail_days, |spell| spells.push(spell));
    }

    /// Fills in the annual values on the days of states and on those on which spells begin.
    fn find_values(&mut self) {
        let Self { moves, days, asked, valued, .. } = self;
        asked.clear();
        asked.extend(&self.states);
        asked.extend(self.spells.iter().map(|spell| spell.fell_asleep_on));
        asked.sort_unstable();
        asked.dedup();
        days.clear();
        days.extend(self.purchases.iter().map(|purchase| purchase.day));
        valued.clear();
        value::annual_values(moves, days, asked, |found| valued.push(found));
    }

    fn value(&self, day: Day) -> Option<i128> {
        let place = self.valued.binary_search_by_key(&day, |valued| valued.day).ok()?;
        Some(self.valued[place].annual_value)
    }

    fn is_awake(&self, day: Day) -> bool {
        let after = self.spells.partition_point(|spell| spell.fell_asleep_on <= day);
        let last = after.checked_sub(1).map(|place| self.spells[place]);
        last.is_none_or(|spell| spell.returned_on.is_some_and(|returned| returned <= day))
    }
}

impl Given {
    fn wholes(&self, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let bought = Bought::new(arguments)?;
        let (segment, company) = (Common::new(&arguments[4])?, Common::new(&arguments[5])?);
        let said = Said::new(&arguments[6], &arguments[7])?;
        let asked = primitive::<Date32Type>(&arguments[8])?;
        let (mut row, mut out) = (Row::default(), Wholes::new(bought.dates.len()));
        for number in 0..arguments[0].len() {
            bought.moves(number, &mut row.moves)?;
            said.of(number, None, &mut row.events, &mut row.spoken);
            let common = |quarter| (segment.of(number, quarter), company.of(number, quarter));
            self.find_purchases(&bought, number, &mut row, common, |own, _, (segment, company)| {
                self.settings.of_client(own, segment, company)
            });
            row.find_spells(self);
            self.ask(&mut row, at(asked, number));
            row.find_values();
            out.add(&row, self);
        }
        out.finish()
    }

    fn directions(&self, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let directions = text(&arguments[0])?;
        let bought = Bought::new(&arguments[1..])?;
        let common = Common::new(&arguments[5])?;
        let said = Said::new(&arguments[6], &arguments[7])?.in_directions()?;
        let whole = OfWhole::new(&arguments[8])?;
        let (mut row, mut out) = (Row::default(), Spells::default());
        for number in 0..arguments[0].len() {
            bought.moves(number, &mut row.moves)?;
            let direction = Some(directions.value(number));
            said.of(number, direction, &mut row.events, &mut row.spoken);
            let mut wholes = whole.cycles(number);
            let common = |quarter| common.of(number, quarter);
            self.find_purchases(&bought, number, &mut row, common, |own, day, common| {
                self.settings.of_pair(own, common, wholes.on(day))
            });
            row.find_spells(self);
            // A spell counts whose first day finds the client awake as a whole.
            row.spells.retain(|spell| whole.is_awake(number, spell.fell_asleep_on));
            for (number, spell) in (1..).zip(&mut row.spells) {
                spell.number = number;
            }
            row.find_values();
            out.add(&row, |spell| whole.value(number, self.quarter_before(spell)));
        }
        out.finish()
    }

    /// Fills in the purchases of row `number` with the `cycle` and threshold that hold after each,
    /// by what is `common` in its quarter.
    fn find_purchases<C: Copy>(
        &self,
        bought: &Bought<'_>,
        number: usize,
        row: &mut Row,
        common: impl Fn(Day) -> C,
        mut cycle: impl FnMut(Own, Day, C) -> Cycle,
    ) {
        let (places, rule) = (bought.purchases.row(number), bought.rule(number));
        row.purchases.clear();
        row.cycles.clear();
        let mut quarter = None;
        for place in places.clone() {
            let day = bought.dates[place];
            let same = quarter.filter(|(end, _)| day <= *end);
            let (_, of_quarter) = *quarter.insert(same.unwrap_or_else(|| {
                (self.fiscal.quarter_end(day), common(self.fiscal.quarter_start(day)))
            }));
            let own = Own {
                cycle: at(bought.own, place),
                days: day - bought.dates[places.start],
                number: u32::try_from(place - places.start + 1).unwrap_or(u32::MAX),
            };
            let cycle = cycle(own, day, of_quarter);
            let threshold = self.settings.threshold(rule, cycle);
            let ordered_on = at(bought.ordered, place);
            row.purchases.push(spell::Purchase { day, threshold, ordered_on });
            row.cycles.push(cycle);
        }
    }

    /// Puts the days into `row` on which a client's state is asked for: the last days of closed
    /// quarters, the day seen, and `other`.
    fn ask(&self, row: &mut Row, other: Option<Day>) {
        row.states.clear();
        if let Some(first) = row.purchases.first() {
            let mut next = self.fiscal.quarter_start(add_months(first.day, 3));
            while next <= self.as_of.saturating_add(1) {
                row.states.push(next - 1);
                next = add_months(next, 3);
            }
            row.states.push(self.as_of);
            row.states.extend(other);
            row.states.sort_unstable();
        }
    }

    /// The last day of the quarter before the one in which `spell` began.
    fn quarter_before(&self, spell: &spell::Spell) -> Day {
        self.fiscal.quarter_start(spell.fell_asleep_on) - 1
    }
}
