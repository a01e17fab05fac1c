//! `rhythm` and `direction_rhythms`: a client's cycles, spells and values from his nested history,
//! whole or in one direction.
//!
//! Keeps true: what is computed of a row depends on that row alone; `domain` says how.

mod read;
mod write;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{DataType, Date32Type};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use self::read::{Bought, Common, OfWhole, Rules, Said, of_quarter};
use self::write::{InDirections, Wholes, in_directions, whole};
use super::nested::{Lists, at, primitive, text};
use crate::domain::Day;
use crate::domain::calendar::{Fiscal, add_months};
use crate::domain::rhythm::{Cycle, Own, Rule, Settings};
use crate::domain::spell::{self, Event, Spell};
use crate::domain::value::{self, Valued};

/// What does not change from client to client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Given {
    pub(super) settings: Settings,
    pub(super) fiscal: Fiscal,
    pub(super) as_of: Day,
    /// Days after a refusal on which a purchase that names no order ends no spell.
    pub(super) tail_days: i32,
    /// Purchases from which a direction is a rhythm of its own.
    pub(super) direction_min_purchases: usize,
}

/// Which function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Which {
    /// Of a client as a whole.
    Whole,
    /// Of a client in his directions.
    Direction,
}

/// `rhythm` or `direction_rhythms`.
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
            Which::Direction => "direction_rhythms",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.which {
            Which::Whole => DataType::Struct(whole()),
            Which::Direction => DataType::Struct(in_directions()),
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        // What is one for all rows stays one: see `Common`.
        let shared = match self.which {
            Which::Whole => 5,
            Which::Direction => 3,
        };
        let array = |(place, argument): (usize, &ColumnarValue)| match place {
            place if place == shared => argument.to_array(1),
            _ => argument.to_array(args.number_rows),
        };
        let arguments = args.args.iter().enumerate().map(array).collect::<Result<Vec<_>>>()?;
        let result = match self.which {
            Which::Whole => self.given.wholes(&args.args, &arguments),
            Which::Direction => self.given.directions(&args.args, &arguments),
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
    spells: Vec<Spell>,
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
    fn find_values(&mut self, moves: (&[Day], &[i128])) {
        let Self { days, asked, valued, .. } = self;
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
    fn wholes(&self, given: &[ColumnarValue], arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let bought = Bought::new(&arguments[0], &arguments[1])?;
        let rules = Rules::new(&arguments[2], &arguments[3])?;
        let (types, common) = (text(&arguments[4])?, Common::new(&given[5])?);
        let said = Said::new(&arguments[6], &arguments[7])?;
        let asked = primitive::<Date32Type>(&arguments[8])?;
        let company = common.of(None);
        let (mut row, mut out) = (Row::default(), Wholes::new(bought.dates.len()));
        for client in 0..types.len() {
            let of_type = common.of(Some(types.value(client)));
            said.of(client, None, &mut row.events, &mut row.spoken);
            let common = |quarter| (of_quarter(of_type, quarter), of_quarter(company, quarter));
            let cycle = |own, _, (of_type, company)| self.settings.of_client(own, of_type, company);
            self.find_purchases(&bought, client, rules.of(client), &mut row, common, cycle);
            row.find_spells(self);
            self.ask(&mut row, at(asked, client));
            row.find_values(bought.moves(client));
            out.add(&row, self);
        }
        out.finish()
    }

    fn directions(&self, given: &[ColumnarValue], arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let directions = Lists::new(&arguments[0])?;
        let names = directions.text("direction")?;
        let bought = Bought::new(directions.column("purchases")?, directions.column("moves")?)?;
        let rules = Rules::new(&arguments[1], &arguments[2])?;
        let common = Common::new(&given[3])?;
        let said = Said::new(&arguments[4], &arguments[5])?;
        let whole = OfWhole::new(&arguments[6], &arguments[7], &arguments[8])?;
        let (mut row, mut out) = (Row::default(), InDirections::default());
        // Of each spell of the whole client, the most that he bought before it, and where.
        let mut main: Vec<Option<(i128, usize)>> = Vec::new();
        for client in 0..arguments[0].len() {
            let begun = whole.begun(client);
            main.clear();
            main.resize(begun.len(), None);
            for place in directions.row(client) {
                let moves = bought.moves(place);
                for (main, day) in main.iter_mut().zip(begun) {
                    let net = value::moved(moves, *day - 364, *day - 1);
                    if net.is_some_and(|net| main.is_none_or(|(most, _)| net > most)) {
                        *main = net.map(|net| (net, place));
                    }
                }
                if bought.purchases.row(place).len() < self.direction_min_purchases {
                    continue;
                }
                let direction = names.value(place);
                said.of(client, Some(direction), &mut row.events, &mut row.spoken);
                let (mut wholes, quarters) = (whole.cycles(client), common.of(Some(direction)));
                let common = |quarter| of_quarter(quarters, quarter);
                let cycle = |own, day, common| self.settings.of_pair(own, common, wholes.on(day));
                self.find_purchases(&bought, place, rules.of(client), &mut row, common, cycle);
                row.find_spells(self);
                // A spell counts whose first day finds the client awake as a whole.
                row.spells.retain(|spell| whole.is_awake(client, spell.fell_asleep_on));
                for (number, spell) in (1..).zip(&mut row.spells) {
                    spell.number = number;
                }
                row.find_values(moves);
                let before = |spell: &Spell| whole.value(client, self.quarter_before(spell));
                out.add(direction, &row, before);
            }
            let main = main.iter().enumerate();
            out.end(main.filter_map(|(spell, main)| Some((spell + 1, names.value((*main)?.1)))));
        }
        out.finish()
    }

    /// Fills in the purchases at `place` with the `cycle` and threshold that hold after each, by
    /// what is `common` in its quarter.
    fn find_purchases<C: Copy>(
        &self,
        bought: &Bought<'_>,
        place: usize,
        rule: Rule,
        row: &mut Row,
        common: impl Fn(Day) -> C,
        mut cycle: impl FnMut(Own, Day, C) -> Cycle,
    ) {
        let places = bought.purchases.row(place);
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
    fn quarter_before(&self, spell: &Spell) -> Day {
        self.fiscal.quarter_start(spell.fell_asleep_on) - 1
    }
}
