//! The company's clients: who they are, how they buy, when they stop and come back.

use super::Size;
use super::chance::Chance;
use crate::domain::Day;
use crate::domain::calendar::{add_months, to_day};

/// Documents of an average client over the three years.
const DOCUMENTS_PER_CLIENT: u64 = 30;

pub(super) const MANAGERS: [&str; 8] =
    ["Иванова", "Петров", "Сидорова", "Кузнецов", "Смирнова", "Попов", "Волкова", "Зайцев"];
/// Who stands above them.
pub(super) const HEADS: [&str; 2] = ["Громова", "Яковлев"];
pub(super) const REGIONS: [&str; 6] =
    ["Москва", "Санкт-Петербург", "Казань", "Екатеринбург", "Новосибирск", "Краснодар"];
pub(super) const DIRECTIONS: [&str; 4] = ["Крепёж", "Инструмент", "Электрика", "Сантехника"];
/// What is sold in each direction.
pub(super) const ITEMS: [[&str; 4]; 4] = [
    ["Болт М8", "Гайка М8", "Саморез 4х50", "Анкер 10х100"],
    ["Дрель", "Перфоратор", "Шуруповёрт", "Диск отрезной"],
    ["Кабель ВВГ 3х2,5", "Автомат 16А", "Розетка", "Щит распределительный"],
    ["Труба ПП 25", "Кран шаровой", "Смеситель", "Фитинг угловой"],
];
pub(super) const INDUSTRIES: [&str; 4] = ["строительство", "торговля", "производство", "услуги"];

/// How a client buys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Habit {
    /// About every `gap` days.
    Regular,
    /// Gaps from a third to thrice as long.
    Irregular,
    /// Each 1 March and 1 September.
    Seasonal,
    /// Once.
    OneOff,
}

/// A client.
#[derive(Debug, Clone, Copy)]
pub(super) struct Client {
    pub(super) habit: Habit,
    pub(super) gap: i32,
    /// An average purchase, in hundredths.
    pub(super) amount: i64,
    pub(super) first: Day,
    /// From here on he is silent.
    pub(super) stops: Option<Day>,
    /// On this day he buys again.
    pub(super) back: Option<Day>,
    /// Whether he comes back because somebody called.
    pub(super) called: bool,
    /// Whether he said that he stops.
    pub(super) refused: bool,
    pub(super) manager: usize,
    pub(super) region: usize,
    pub(super) direction: usize,
}

/// The company.
#[derive(Debug)]
pub(super) struct Company {
    seed: u64,
    pub(super) first_day: Day,
    pub(super) last_day: Day,
    pub(super) clients: Vec<Client>,
}

impl Company {
    pub(super) fn new(size: Size) -> Self {
        let mut chance = Chance::new(size.seed);
        let last_day = to_day(size.as_of);
        let first_day = add_months(last_day + 1, -36);
        let count = (size.documents / DOCUMENTS_PER_CLIENT).max(12);
        let clients = (0..count).map(|_| client(&mut chance, first_day, last_day)).collect();
        Self { seed: size.seed, first_day, last_day, clients }
    }
}

/// The chance by which a client's purchases come, the same whenever they are asked for.
pub(super) fn rhythm(company: &Company, index: usize) -> Chance {
    Chance::new(company.seed ^ (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// The days on which a client buys, up to the last one.
pub(super) fn purchases(company: &Company, index: usize) -> Vec<Day> {
    let client = &company.clients[index];
    let mut chance = rhythm(company, index);
    let next = |day: &Day| next_purchase(client, *day, &mut chance);
    std::iter::successors(Some(client.first), next)
        .take_while(|day| *day <= company.last_day)
        .collect()
}

fn client(chance: &mut Chance, first_day: Day, last_day: Day) -> Client {
    let (habit, gap) = match chance.below(100) {
        0..=9 => (Habit::Regular, chance.between(7, 12)),
        10..=49 => (Habit::Regular, chance.between(24, 36)),
        50..=62 => (Habit::Regular, 91),
        63..=84 => (Habit::Irregular, chance.between(10, 45)),
        85..=92 => (Habit::Seasonal, 182),
        _ => (Habit::OneOff, 0),
    };
    let early = chance.percent(75);
    let first = first_day + chance.between(0, if early { 90 } else { last_day - first_day });
    let (mut stops, mut back) = (None, None);
    if habit != Habit::OneOff && chance.percent(35) && last_day - first > 200 {
        let stop = chance.between(first + 150, last_day);
        stops = Some(stop);
        let returned = stop + chance.between(120, 400);
        back = (chance.percent(55) && returned <= last_day).then_some(returned);
    }
    Client {
        habit,
        gap,
        amount: i64::from(chance.between(20, 900)) * i64::from(chance.between(10, 100)) * 100,
        first,
        stops,
        back,
        called: chance.percent(50),
        refused: chance.percent(30),
        manager: chance.below(8) as usize,
        region: chance.below(6) as usize,
        direction: chance.below(4) as usize,
    }
}

/// The day of the purchase after one on `day`.
pub(super) fn next_purchase(client: &Client, day: Day, chance: &mut Chance) -> Option<Day> {
    let next = match client.habit {
        Habit::OneOff => return None,
        Habit::Regular => {
            day + (client.gap + chance.between(-client.gap / 6, client.gap / 6)).max(1)
        }
        Habit::Irregular => day + chance.between((client.gap / 3).max(1), client.gap * 3),
        Habit::Seasonal => add_months(day - day_of_month(day) + 1, 6) + chance.between(0, 3),
    };
    match (client.stops, client.back) {
        (Some(stops), back) if day < stops && next >= stops => back,
        _ => Some(next),
    }
}

fn day_of_month(day: Day) -> Day {
    use chrono::Datelike;
    i32::try_from(crate::domain::calendar::to_date(day).day()).unwrap_or(1)
}

/// The tax id of client number `index`, an ИНН of Moscow; every 97th shares that of the one
/// before: one buyer with two codes.
pub(super) fn tax_id(index: usize) -> u64 {
    let owner = if index % 97 == 96 { index - 1 } else { index };
    let digits = 770_000_000 + owner as u64;
    // The check digit of ten-digit ИНН: weighted digits, modulo 11, modulo 10.
    let weights = [8, 6, 4, 9, 5, 3, 10, 4, 2];
    let digit = |place: u32| digits / 10_u64.pow(place) % 10;
    let sum: u64 = (0..).zip(weights).map(|(place, weight)| digit(place) * weight).sum();
    digits * 10 + sum % 11 % 10
}

/// The code of client number `index` in the accounts.
pub(super) fn code(index: usize) -> String {
    format!("К-{index:06}")
}

/// His name on `day`; every 50th was renamed a year before the end.
pub(super) fn name(index: usize, day: Day, company: &Company) -> String {
    let form = if index.is_multiple_of(3) { "АО" } else { "ООО" };
    if index % 50 == 49 && day > company.last_day - 365 {
        format!("{form} «Новый клиент {index}»")
    } else {
        format!("{form} «Клиент {index}»")
    }
}
