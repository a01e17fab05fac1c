//! The CRM's exports as UTF-8 CSV: clients, aliases, managers, contacts, refusals, scores, surveys, attempts,
//! offers, improvements, events.

mod files;
mod sleeps;
mod words;

use std::path::Path;

use files::Files;
use sleeps::{Sleep, sales_type, sleeps};
use words::{CLAIMS, NOTHING, OFFERS, PEOPLE, REASONS};

use super::Size;
use super::chance::Chance;
use super::company::{Client, Company, HEADS, Habit, INDUSTRIES, MANAGERS, REGIONS, code, tax_id};
use crate::domain::Day;
use crate::domain::calendar::to_date;
use crate::error::{Result, in_file};

/// Every so many clients there is one more in the CRM who asks and never buys.
const CLIENTS_PER_LEAD: usize = 30;

/// Writes the CRM's files into `folder`; gives their number.
pub(super) fn write(folder: &Path, size: Size) -> Result<usize> {
    std::fs::create_dir_all(folder).map_err(in_file(folder))?;
    let company = Company::new(size);
    let mut crm =
        Crm { files: Files::create(folder)?, chance: Chance::new(size.seed ^ 0xc4), company };
    crm.office()?;
    for index in 0..crm.company.clients.len() {
        crm.client(index)?;
    }
    for lead in 0..=crm.company.clients.len() / CLIENTS_PER_LEAD {
        crm.lead(lead)?;
    }
    crm.files.finish()
}

struct Crm {
    files: Files,
    chance: Chance,
    company: Company,
}

macro_rules! row {
    ($crm:expr, $name:literal, $($field:expr),* $(,)?) => {
        $crm.files.row($name, &[$($field.to_string()),*])
    };
}

fn day(day: Day) -> String {
    to_date(day).to_string()
}

fn perhaps(day_of: Option<Day>) -> String {
    day_of.map(day).unwrap_or_default()
}

impl Crm {
    /// What concerns nobody alone: who sells, offers, improvements, events.
    fn office(&mut self) -> Result<()> {
        let (first, last) = (self.company.first_day, self.company.last_day);
        for (index, manager) in MANAGERS.iter().enumerate() {
            let role = if index < 4 { "account_manager" } else { "developer" };
            let mail = format!("sales{index}@example.com");
            row!(self, "managers", manager, role, HEADS[index % 2], mail, "", "")?;
        }
        row!(self, "managers", HEADS[0], "head", HEADS[1], "head0@example.com", "", "")?;
        row!(self, "managers", HEADS[1], "head", "", "head1@example.com", "", "")?;
        row!(self, "managers", "Орлов", "developer", HEADS[0], "", "", day(last - 200))?;
        for (id, name, kind) in OFFERS {
            row!(self, "offers", id, day(first + 100), name, kind, day(last + 60))?;
        }
        for (number, (claim, _)) in CLAIMS.iter().enumerate() {
            let decided = last - 300 + 100 * i32::try_from(number).unwrap_or(0);
            let done = (number < 2).then_some(decided + 30);
            let what = ["вторая машина на доставку", "скидка за объём", "входной контроль"][number];
            row!(
                self,
                "improvements",
                number,
                day(decided),
                claim,
                "",
                what,
                HEADS[0],
                perhaps(done),
                "50000.00"
            )?;
        }
        for (back, event, kind) in [
            (700, "повышение цен", "price rise"),
            (400, "сужение ассортимента", "range cut"),
            (150, "день открытых дверей", "open day"),
        ] {
            row!(self, "events", day(last - back), event, kind)?;
        }
        Ok(())
    }

    fn client(&mut self, index: usize) -> Result<()> {
        let client = self.company.clients[index];
        let last_day = self.company.last_day;
        let id = format!("C{index}");
        let closed = client
            .stops
            .filter(|_| client.back.is_none() && index.is_multiple_of(11))
            .map(|stops| stops + 20);
        let yes = |when: bool| if when { "true" } else { "" };
        let phone =
            if self.chance.percent(85) { format!("+7495{index:07}") } else { String::new() };
        // One card in eight has no tax id: its name alone tells whose it is.
        let tax_id = if index % 8 == 3 { String::new() } else { tax_id(index).to_string() };
        let one_off = client.habit == Habit::OneOff && self.chance.percent(30);
        let updated = last_day - self.chance.between(0, 700);
        row!(
            self,
            "clients",
            id,
            format!("Клиент {index}"),
            tax_id,
            REGIONS[client.region],
            INDUSTRIES[index % 4],
            sales_type(index),
            MANAGERS[client.manager],
            phone,
            format!("c{index}@example.com"),
            yes(index % 71 == 70),
            perhaps(closed),
            yes(one_off),
            yes(index % 90 == 89),
            day(client.first - 30),
            day(updated.max(client.first)),
            MANAGERS[(client.manager + index) % MANAGERS.len()],
            PEOPLE[index % PEOPLE.len()],
        )?;
        if index % 83 == 82 {
            let owner = format!("one_c:{}", code(index - 1));
            row!(self, "aliases", code(index), owner, "payer", "платит за другого")?;
        }
        self.touches(&client, index, &id)?;
        for (number, sleep) in sleeps(&self.company, index).into_iter().enumerate() {
            self.asked_why(&client, &id, index, number, sleep)?;
            self.attempts(&client, &id, index, number, sleep)?;
        }
        if index % 9 == 4 {
            self.lost_deal(&id, index, client.manager, client.first)?;
        }
        Ok(())
    }

    fn touches(&mut self, client: &Client, index: usize, id: &str) -> Result<()> {
        let (first, last) = (client.first, self.company.last_day);
        let recent = (last - 45).max(first);
        for number in 0..5 {
            let from = if number < 2 { recent } else { first };
            let at = self.chance.between(from, last);
            let kind = *self.chance.pick(&[
                "call",
                "call",
                "request",
                "letter",
                "visit",
                "complaint",
                "event",
            ]);
            let outcome = *self.chance.pick(&["answered", "answered", "no_answer", ""]);
            let note = match outcome {
                "answered" => {
                    *self.chance.pick(&["думает", "просит перезвонить", "всё устраивает"])
                }
                _ => "",
            };
            let complaint =
                (kind == "complaint").then(|| *self.chance.pick(&["доставка", "качество"]));
            let closed = complaint.map(|_| at + 5).filter(|closed| *closed <= last);
            let person = if number % 2 == 0 { PEOPLE[index % PEOPLE.len()] } else { "" };
            row!(
                self,
                "contacts",
                format!("T{index}-{number}"),
                id,
                day(at),
                kind,
                outcome,
                "телефон",
                person,
                MANAGERS[client.manager],
                note,
                complaint.unwrap_or_default(),
                perhaps(closed),
            )?;
        }
        if self.chance.percent(35) {
            let at = self.chance.between(recent, last);
            let person = PEOPLE[index % PEOPLE.len()];
            row!(self, "scores", id, day(at), person, self.chance.below(11))?;
        }
        Ok(())
    }

    /// Most sleepers are asked why; some give no reason.
    fn asked_why(
        &mut self,
        client: &Client,
        id: &str,
        index: usize,
        number: usize,
        sleep: Sleep,
    ) -> Result<()> {
        // Who says that he stops does so before his silence tells.
        let said =
            client.stops.filter(|stops| client.refused && (0..120).contains(&(sleep.from - stops)));
        let at = match said {
            Some(stops) => sleep.from.min(stops + 5),
            None => sleep.from + self.chance.between(1, 3),
        };
        let told = sleep.until.is_none_or(|until| at < until) && at <= self.company.last_day;
        if !self.chance.percent(97) || !told {
            return Ok(());
        }
        let silent = self.chance.percent(12);
        let reason = if silent { self.chance.pick(&NOTHING) } else { self.chance.pick(&REASONS) };
        // Of who is there again nobody says that he is gone.
        let reason = if reason.contains("ликвидирована") && sleep.until.is_some() {
            &REASONS[0]
        } else {
            reason
        };
        let competitor =
            if reason.contains("конкурент") { "ТД Соперник" } else { "" };
        let by_client = if self.chance.percent(60) { *reason } else { "" };
        let manager = MANAGERS[client.manager];
        row!(
            self,
            "refusals",
            format!("R{index}-{number}"),
            id,
            day(at),
            "client",
            "",
            by_client,
            reason,
            competitor,
            manager,
            ""
        )
    }

    /// Attempts to win a sleeper back: some while he still sleeps, and who came back was called before.
    fn attempts(
        &mut self,
        client: &Client,
        id: &str,
        index: usize,
        number: usize,
        sleep: Sleep,
    ) -> Result<()> {
        let last = self.company.last_day;
        let running = sleep.until.is_none() && (index + number).is_multiple_of(3);
        let woken = match sleep.until {
            Some(until) if client.called => until - 10,
            None if running => last - self.chance.between(1, 20),
            None if client.called => sleep.from + 40,
            _ => return Ok(()),
        };
        let started = woken - 7;
        if started <= sleep.from || woken > last {
            return Ok(());
        }
        let result =
            *self.chance.pick(&["offended", "forgotten", "forgotten", "hopeless", "no_answer"]);
        let hopeless = result == "hopeless";
        let (offer, ..) = OFFERS[self.chance.below(3) as usize];
        let caller = MANAGERS[(client.manager + 1) % MANAGERS.len()];
        let surveyed = started + 2;
        // Of those that run, some wait for their next step.
        let stage = if running { self.chance.below(4) } else { 3 };
        let step = |least: u32, at: Day| if stage >= least { day(at) } else { String::new() };
        let closed = if running || !self.chance.percent(15) { None } else { Some(woken + 15) };
        row!(
            self,
            "reactivations",
            format!("A{index}-{number}"),
            id,
            format!("волна {}", number % 3 + 1),
            day(started),
            step(1, surveyed),
            if stage >= 1 { result } else { "" },
            step(2, started + 4),
            if hopeless { String::new() } else { step(3, woken) },
            offer,
            "call",
            caller,
            "1500.00",
            perhaps(closed.filter(|closed| *closed <= last)),
        )?;
        if result == "offended" && stage >= 1 {
            let (claim, words) = *self.chance.pick(&CLAIMS);
            let person = PEOPLE[index % PEOPLE.len()];
            row!(
                self,
                "surveys",
                format!("S{index}-{number}"),
                id,
                day(surveyed),
                person,
                claim,
                words
            )?;
        }
        Ok(())
    }

    /// A deal that was lost, of a client who goes on buying or has yet to begin.
    fn lost_deal(&mut self, id: &str, number: usize, manager: usize, from: Day) -> Result<()> {
        let at = self.chance.between(from, self.company.last_day);
        let stage =
            *self.chance.pick(&["первый контакт", "КП отправлено", "согласование договора"]);
        let reason =
            *self.chance.pick(&["дорого", "выбрали другого поставщика", "долгая доставка"]);
        let competitor =
            if reason.contains("другого") { "ТД Соперник" } else { "" };
        let amount = i64::from(self.chance.between(10, 400)) * 1000;
        row!(
            self,
            "refusals",
            format!("D{id}-{number}"),
            id,
            day(at),
            "deal",
            stage,
            "",
            reason,
            competitor,
            MANAGERS[manager],
            format!("{amount}.00")
        )
    }

    /// Somebody who asks again and again, and never buys.
    fn lead(&mut self, number: usize) -> Result<()> {
        let (id, last) = (format!("L{number}"), self.company.last_day);
        let manager = MANAGERS[number % MANAGERS.len()];
        row!(
            self,
            "clients",
            id,
            format!("Интересующийся {number}"),
            "",
            REGIONS[number % 6],
            INDUSTRIES[number % 4],
            "transactional",
            manager,
            format!("+7812{number:07}"),
            "",
            "",
            "",
            "",
            "",
            day(last - 300),
            "",
            "",
            PEOPLE[number % PEOPLE.len()]
        )?;
        for request in 0..4 {
            let at = self.chance.between(last - 280, last);
            row!(
                self,
                "contacts",
                format!("TL{number}-{request}"),
                id,
                day(at),
                "request",
                "",
                "почта",
                PEOPLE[number % PEOPLE.len()],
                manager,
                "спрашивает цену",
                "",
                ""
            )?;
        }
        self.lost_deal(&id, number, number % MANAGERS.len(), last - 200)
    }
}
