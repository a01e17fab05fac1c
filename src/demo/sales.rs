//! The accounts' monthly exports: windows-1251, `;`, decimal comma, titles and totals in some.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use chrono::Datelike;

use super::Size;
use super::chance::Chance;
use super::company::{
    Client, Company, DIRECTIONS, MANAGERS, REGIONS, code, name, next_purchase, tax_id,
};
use crate::domain::Day;
use crate::domain::calendar::to_date;
use crate::error::{Result, in_file};

/// What happens on a day.
#[derive(Debug, Clone, Copy)]
enum Happening {
    Purchase(u32),
    /// A return of a shipment: its number, its year, and the amount.
    Return {
        client: u32,
        number: u32,
        year: i32,
        amount: i64,
    },
}

/// Writes one file a month into `folder`; gives their number.
pub(super) fn write(folder: &Path, size: Size) -> Result<usize> {
    std::fs::create_dir_all(folder).map_err(in_file(folder))?;
    let company = Company::new(size);
    let mut chance = Chance::new(size.seed ^ 0x5a1e5);
    let days = usize::try_from(company.last_day - company.first_day + 1).unwrap_or(0);
    let mut calendar: Vec<Vec<Happening>> = vec![Vec::new(); days];
    let slot = |day: Day| usize::try_from(day - company.first_day).ok().filter(|slot| *slot < days);
    for (index, client) in company.clients.iter().enumerate() {
        if let Some(slot) = slot(client.first) {
            calendar[slot].push(Happening::Purchase(u32::try_from(index).unwrap_or(u32::MAX)));
        }
    }
    let mut month: Option<Month> = None;
    let mut files = 0;
    let mut numbers = Numbers::default();
    for offset in 0..days {
        let day = company.first_day + Day::try_from(offset).unwrap_or(0);
        let date = to_date(day);
        if month.as_ref().is_none_or(|month| month.is_other(day)) {
            if let Some(month) = month.take() {
                month.finish()?;
            }
            month = Some(Month::create(folder, day)?);
            files += 1;
        }
        let Some(file) = month.as_mut() else { continue };
        numbers.begin(date.year());
        for happening in std::mem::take(&mut calendar[offset]) {
            match happening {
                Happening::Return { client, number, year, amount } => {
                    let index = client as usize;
                    let number_of_return = numbers.next_return();
                    let base = format!("РТ-{number:07} от {year}");
                    let row = Row {
                        index,
                        day,
                        kind: "Возврат товаров от покупателя",
                        number: format!("ВП-{number_of_return:07}"),
                        amount,
                        base,
                        cancelled: false,
                    };
                    file.row(&company, &row)?;
                }
                Happening::Purchase(client) => {
                    let index = client as usize;
                    let Client { amount, .. } = company.clients[index];
                    let amount = amount * i64::from(chance.between(60, 140)) / 100;
                    let number = numbers.next_shipment();
                    let cancelled = chance.below(200) == 0;
                    let row = Row {
                        index,
                        day,
                        kind: "Реализация товаров",
                        number: format!("РТ-{number:07}"),
                        amount,
                        base: String::new(),
                        cancelled,
                    };
                    file.row(&company, &row)?;
                    if !cancelled && chance.percent(3) {
                        let back = day + chance.between(1, 20);
                        let share =
                            if chance.percent(30) { 100 } else { i64::from(chance.between(5, 60)) };
                        let amount = amount * share / 100;
                        if let Some(slot) = slot(back) {
                            calendar[slot].push(Happening::Return {
                                client,
                                number,
                                year: date.year(),
                                amount,
                            });
                        }
                    }
                    let next = next_purchase(&company.clients[index], day, &mut chance);
                    if let Some(slot) = next.and_then(slot) {
                        calendar[slot].push(Happening::Purchase(client));
                    }
                }
            }
        }
        file.noise(&company, day, &mut chance)?;
    }
    if let Some(month) = month.take() {
        month.finish()?;
    }
    Ok(files)
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
    cancelled: bool,
}

/// One month's file.
struct Month {
    file: BufWriter<File>,
    first: Day,
    titled: bool,
    total: i64,
    line: String,
}

impl Month {
    fn create(folder: &Path, day: Day) -> Result<Self> {
        let date = to_date(day);
        let path = folder.join(format!("sales_{}.csv", date.format("%Y-%m")));
        let titled = date.month().is_multiple_of(2);
        let mut month = Self {
            file: BufWriter::new(File::create(&path).map_err(in_file(&path))?),
            first: day - i32::try_from(date.day0()).unwrap_or(0),
            titled,
            total: 0,
            line: String::new(),
        };
        if titled {
            month.put("Реестр документов продажи\r\n")?;
            month.put(&format!("Период: {}\r\n\r\n", date.format("%m.%Y")))?;
        }
        month.put("Номер;Дата;ВидДокумента;Код;Контрагент;ИНН;Сумма;Менеджер;Регион;Направление;Основание;Отменён\r\n")?;
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
            "{};{};{};{};{};{};{};{};{};{};{};{}\r\n",
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
            if row.cancelled { "да" } else { "" },
        );
        self.put(&line)?;
        self.line = line;
        self.total += row.amount;
        Ok(())
    }

    /// Rows that are no sales: purchases from suppliers, and now and then a bad row.
    fn noise(&mut self, company: &Company, day: Day, chance: &mut Chance) -> Result<()> {
        let date = to_date(day).format("%d.%m.%Y").to_string();
        if chance.percent(10) {
            let line =
                format!("ПТ-{day};{date};Поступление товаров;;ООО «Поставщик»;;1 000,00;;;;;\r\n");
            self.put(&line)?;
            self.total += 100_000;
        }
        if chance.below(400) == 0 {
            let client = chance.below(u32::try_from(company.clients.len()).unwrap_or(1)) as usize;
            let (date, amount) = *chance.pick(&[("31.02.2026", "100,00"), ("", "100,00")]);
            let line = format!(
                "БР-{day};{date};Реализация товаров;{};x;{};{amount};;;;;\r\n",
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
            let total = format!("Итого;;;;;;{};;;;;\r\n", money(self.total));
            self.put(&total)?;
        }
        self.file.flush()?;
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
