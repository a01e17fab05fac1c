//! The accounts' monthly exports: windows-1251, `;`, decimal comma, titles and totals in some.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use chrono::Datelike;

use super::Size;
use super::chance::Chance;
use super::company::{
    Company, DIRECTIONS, ITEMS, MANAGERS, REGIONS, code, name, next_purchase, rhythm, tax_id,
};
use crate::domain::Day;
use crate::domain::calendar::to_date;
use crate::error::{Result, in_file};

/// What happens on a day.
#[derive(Debug, Clone, Copy)]
enum Happening {
    /// A shipment to a client, with the day of the order that it ships.
    Purchase { client: u32, ordered: Option<Day> },
    /// An order, to be shipped by a day.
    Order { client: u32, due: Day, amount: i64 },
    /// A return of a shipment: its number, its year, and the amount.
    Return { client: u32, number: u32, year: i32, amount: i64 },
    /// A payment of an invoice: the day on which this was issued, and the amount.
    Payment { client: u32, issued: Day, amount: i64 },
}

/// Clients who order before they are shipped, and those who are invoiced.
fn orders(client: u32) -> bool {
    client.is_multiple_of(5)
}

fn is_invoiced(client: u32) -> bool {
    client % 4 == 1
}

/// Days within which an invoice is to be paid.
const TERM: Day = 14;

/// The calendar of what is to happen.
struct Calendar {
    first: Day,
    /// Of each client, the chance by which he buys.
    rhythms: Vec<Chance>,
    days: Vec<Vec<Happening>>,
}

impl Calendar {
    fn add(&mut self, day: Day, happening: Happening) {
        let slot = usize::try_from(day - self.first).ok();
        if let Some(day) = slot.and_then(|slot| self.days.get_mut(slot)) {
            day.push(happening);
        }
    }

    /// A purchase of `client` on `day`, and the order before it, no earlier than `from`.
    fn purchase(&mut self, client: u32, day: Day, from: Day, amount: i64, chance: &mut Chance) {
        let ordered = day - chance.between(2, 9);
        let ordered = (orders(client) && ordered > from).then_some(ordered);
        if let Some(ordered) = ordered {
            // One in ten is shipped late.
            let due = if chance.percent(10) { day - 1 } else { day + chance.between(0, 5) };
            self.add(ordered, Happening::Order { client, due: due.max(ordered), amount });
        }
        self.add(day, Happening::Purchase { client, ordered });
    }
}

/// Writes one file a month of documents and one of their lines into `folder`; gives their number.
pub(super) fn write(folder: &Path, size: Size) -> Result<usize> {
    std::fs::create_dir_all(folder).map_err(in_file(folder))?;
    let company = Company::new(size);
    let mut chance = Chance::new(size.seed ^ 0x5a1e5);
    let days = usize::try_from(company.last_day - company.first_day + 1).unwrap_or(0);
    let rhythms = (0..company.clients.len()).map(|index| rhythm(&company, index)).collect();
    let first = company.first_day;
    let mut calendar = Calendar { first, rhythms, days: vec![Vec::new(); days] };
    for (index, client) in company.clients.iter().enumerate() {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        calendar.add(client.first, Happening::Purchase { client: index, ordered: None });
    }
    let mut month: Option<Month> = None;
    let mut files = 0;
    let mut numbers = Numbers::default();
    for offset in 0..days {
        let day = company.first_day + Day::try_from(offset).unwrap_or(0);
        if month.as_ref().is_none_or(|month| month.is_other(day)) {
            if let Some(month) = month.take() {
                month.finish()?;
            }
            month = Some(Month::create(folder, day)?);
            files += 2;
        }
        let Some(file) = month.as_mut() else { continue };
        numbers.begin(to_date(day).year());
        for happening in std::mem::take(&mut calendar.days[offset]) {
            happen(happening, day, &company, file, &mut numbers, &mut calendar, &mut chance)?;
        }
        file.noise(&company, day, &mut chance)?;
    }
    if let Some(month) = month.take() {
        month.finish()?;
    }
    Ok(files)
}

/// Writes what happens on `day`, and enters what follows from it into the calendar.
fn happen(
    happening: Happening,
    day: Day,
    company: &Company,
    file: &mut Month,
    numbers: &mut Numbers,
    calendar: &mut Calendar,
    chance: &mut Chance,
) -> Result<()> {
    let year = to_date(day).year();
    match happening {
        Happening::Return { client, number, year, amount } => {
            let own = numbers.next_return();
            let row = Row::new(
                client,
                day,
                "Возврат товаров от покупателя",
                format!("ВП-{own:07}"),
                amount,
            );
            file.row(company, &Row { base: format!("РТ-{number:07} от {year}"), ..row })
        }
        Happening::Order { client, due, amount } => {
            let row = Row::new(client, day, "Заказ покупателя", order(client, day), amount);
            file.row(company, &Row { due: Some(due), ..row })
        }
        Happening::Payment { client, issued, amount } => {
            let number = format!("ПП-{client:05}-{issued}");
            let row = Row::new(client, day, "Оплата от покупателя", number, amount);
            file.row(
                company,
                &Row { base: format!("{} от {year}", invoice(client, issued)), ..row },
            )
        }
        Happening::Purchase { client, ordered } => {
            let amount = company.clients[client as usize].amount;
            let amount = amount * i64::from(chance.between(60, 140)) / 100;
            let number = numbers.next_shipment();
            let cancelled = chance.below(200) == 0;
            let base = ordered.map(|ordered| format!("{} от {year}", order(client, ordered)));
            let row = Row {
                base: base.unwrap_or_default(),
                cancelled,
                ..Row::new(client, day, "Реализация товаров", format!("РТ-{number:07}"), amount)
            };
            file.row(company, &row)?;
            file.lines(company, &row, chance)?;
            if !cancelled && chance.percent(3) {
                let back = day + chance.between(1, 20);
                let share = if chance.percent(30) { 100 } else { i64::from(chance.between(5, 60)) };
                let amount = amount * share / 100;
                calendar.add(back, Happening::Return { client, number, year, amount });
            }
            if is_invoiced(client) && !cancelled {
                let row = Row::new(
                    client,
                    day,
                    "Счет на оплату покупателю",
                    invoice(client, day),
                    amount,
                );
                file.row(company, &Row { due: Some(day + TERM), ..row })?;
                // Most pay in time, some late, a few never.
                let paid = match chance.below(100) {
                    0..=74 => Some(day + chance.between(1, TERM)),
                    75..=94 => Some(day + TERM + chance.between(1, 40)),
                    _ => None,
                };
                if let Some(paid) = paid {
                    calendar.add(paid, Happening::Payment { client, issued: day, amount });
                }
            }
            let rhythm = &mut calendar.rhythms[client as usize];
            if let Some(next) = next_purchase(&company.clients[client as usize], day, rhythm) {
                calendar.purchase(client, next, day, amount, chance);
            }
            Ok(())
        }
    }
}

/// The number of the order of `client` on `day`, and of his invoice.
fn order(client: u32, day: Day) -> String {
    format!("ЗК-{client:05}-{day}")
}

fn invoice(client: u32, day: Day) -> String {
    format!("СЧ-{client:05}-{day}")
}

/// Running numbers, which begin again each January.
#[derive(Default)]
struct Numbers {
    year: i32,
    shipments: u32,
    returns: u32,
}

impl Numbers {
    fn begin(&mut self, year: i32) {
        if year != self.year {
            *self = Self { year, shipments: 0, returns: 0 };
        }
    }

    fn next_shipment(&mut self) -> u32 {
        self.shipments += 1;
        self.shipments
    }

    fn next_return(&mut self) -> u32 {
        self.returns += 1;
        self.returns
    }
}

struct Row {
    index: usize,
    day: Day,
    kind: &'static str,
    number: String,
    amount: i64,
    base: String,
    due: Option<Day>,
    cancelled: bool,
}

impl Row {
    fn new(client: u32, day: Day, kind: &'static str, number: String, amount: i64) -> Self {
        let base = String::new();
        Self {
            index: client as usize,
            day,
            kind,
            number,
            amount,
            base,
            due: None,
            cancelled: false,
        }
    }
}

/// One month's files: documents, and the lines of shipments.
struct Month {
    file: BufWriter<File>,
    lines: BufWriter<File>,
    first: Day,
    titled: bool,
    total: i64,
    line: String,
}

impl Month {
    fn create(folder: &Path, day: Day) -> Result<Self> {
        let date = to_date(day);
        let path = folder.join(format!("sales_{}.csv", date.format("%Y-%m")));
        let lines = folder.join(format!("items_{}.csv", date.format("%Y-%m")));
        let titled = date.month().is_multiple_of(2);
        let mut month = Self {
            file: BufWriter::new(File::create(&path).map_err(in_file(&path))?),
            lines: BufWriter::new(File::create(&lines).map_err(in_file(&lines))?),
            first: day - i32::try_from(date.day0()).unwrap_or(0),
            titled,
            total: 0,
            line: String::new(),
        };
        if titled {
            month.put("Реестр документов продажи\r\n")?;
            month.put(&format!("Период: {}\r\n\r\n", date.format("%m.%Y")))?;
        }
        month.put("Номер;Дата;ВидДокумента;Код;Контрагент;ИНН;Сумма;Менеджер;Регион;Направление;Основание;Срок;Отменён\r\n")?;
        let (header, ..) = encoding_rs::WINDOWS_1251.encode(
            "Номер;Дата;Строка;Номенклатура;Направление;Количество;Сумма;Себестоимость\r\n",
        );
        month.lines.write_all(&header)?;
        Ok(month)
    }

    fn is_other(&self, day: Day) -> bool {
        let (left, right) = (to_date(self.first), to_date(day));
        (left.year(), left.month()) != (right.year(), right.month())
    }

    fn put(&mut self, text: &str) -> Result<()> {
        let (bytes, ..) = encoding_rs::WINDOWS_1251.encode(text);
        Ok(self.file.write_all(&bytes)?)
    }

    fn row(&mut self, company: &Company, row: &Row) -> Result<()> {
        let client = &company.clients[row.index];
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        let _ = write!(
            line,
            "{};{};{};{};{};{};{};{};{};{};{};{};{}\r\n",
            row.number,
            to_date(row.day).format("%d.%m.%Y"),
            row.kind,
            code(row.index),
            name(row.index, row.day, company),
            tax_id(row.index),
            money(row.amount),
            MANAGERS[client.manager],
            REGIONS[client.region],
            DIRECTIONS[client.direction],
            row.base,
            row.due.map(|due| to_date(due).format("%d.%m.%Y").to_string()).unwrap_or_default(),
            if row.cancelled { "да" } else { "" },
        );
        self.put(&line)?;
        self.line = line;
        self.total += row.amount;
        Ok(())
    }

    /// The lines of a shipment: one to three items of the client's direction.
    fn lines(&mut self, company: &Company, row: &Row, chance: &mut Chance) -> Result<()> {
        let direction = company.clients[row.index].direction;
        let count = chance.between(1, 3);
        let mut rest = row.amount;
        for number in 1..=count {
            let amount = if number == count { rest } else { rest / 2 };
            rest -= amount;
            let item = ITEMS[direction][chance.below(4) as usize];
            let cost = amount * i64::from(chance.between(55, 80)) / 100;
            let quantity = chance.between(1, 40);
            let line = format!(
                "{};{};{number};{item};{};{quantity};{};{}\r\n",
                row.number,
                to_date(row.day).format("%d.%m.%Y"),
                DIRECTIONS[direction],
                money(amount),
                money(cost),
            );
            let (bytes, ..) = encoding_rs::WINDOWS_1251.encode(&line);
            self.lines.write_all(&bytes)?;
        }
        Ok(())
    }

    /// Rows that are no sales: purchases from suppliers, and now and then a bad row.
    fn noise(&mut self, company: &Company, day: Day, chance: &mut Chance) -> Result<()> {
        let date = to_date(day).format("%d.%m.%Y").to_string();
        if chance.percent(10) {
            let line =
                format!("ПТ-{day};{date};Поступление товаров;;ООО «Поставщик»;;1 000,00;;;;;;\r\n");
            self.put(&line)?;
            self.total += 100_000;
        }
        if chance.below(400) == 0 {
            let client = chance.below(u32::try_from(company.clients.len()).unwrap_or(1)) as usize;
            let (date, amount) = *chance.pick(&[("31.02.2026", "100,00"), ("", "100,00")]);
            let line = format!(
                "БР-{day};{date};Реализация товаров;{};x;{};{amount};;;;;;\r\n",
                code(client),
                tax_id(client)
            );
            self.put(&line)?;
            self.total += 10_000;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<()> {
        if self.titled {
            let total = format!("Итого;;;;;;{};;;;;;\r\n", money(self.total));
            self.put(&total)?;
        }
        self.file.flush()?;
        self.lines.flush()?;
        Ok(())
    }
}

/// Hundredths as `12 345,67`.
fn money(hundredths: i64) -> String {
    let whole = (hundredths / 100).to_string();
    let mut text = String::with_capacity(whole.len() + 6);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    let _ = write!(text, ",{:02}", hundredths % 100);
    text
}
