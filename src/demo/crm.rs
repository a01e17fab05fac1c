//! The CRM's exports: clients, aliases, contacts, refusals, scores, reactivations, as UTF-8 CSV.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use super::Size;
use super::chance::Chance;
use super::company::{Client, Company, Habit, INDUSTRIES, MANAGERS, REGIONS, code, tax_id};
use crate::domain::Day;
use crate::domain::calendar::to_date;
use crate::error::{Result, in_file};

const REASONS: [&str; 6] = [
    "дорого",
    "долго везли заказ",
    "ушли к конкуренту, лучшие условия",
    "фирма ликвидирована",
    "никто не звонил",
    "причина неизвестна",
];

/// Writes the CRM's files into `folder`; gives their number.
pub(super) fn write(folder: &Path, size: Size) -> Result<usize> {
    std::fs::create_dir_all(folder).map_err(in_file(folder))?;
    let company = Company::new(size);
    let mut chance = Chance::new(size.seed ^ 0xc4);
    let mut files = Files::create(folder)?;
    for index in 0..company.clients.len() {
        files.client(&company, index, &mut chance)?;
    }
    files.finish()
}

struct Files {
    clients: BufWriter<File>,
    aliases: BufWriter<File>,
    contacts: BufWriter<File>,
    refusals: BufWriter<File>,
    scores: BufWriter<File>,
    reactivations: BufWriter<File>,
}

impl Files {
    fn create(folder: &Path) -> Result<Self> {
        let file = |name: &str, header: &str| -> Result<BufWriter<File>> {
            let path = folder.join(name);
            let mut file = BufWriter::new(File::create(&path).map_err(in_file(&path))?);
            writeln!(file, "{header}")?;
            Ok(file)
        };
        Ok(Self {
            clients: file(
                "clients.csv",
                "client_id,name,tax_id,region,industry,sales_type,manager,phone,email,\
                 do_not_contact,closed_on,one_off,important,created_on",
            )?,
            aliases: file("aliases.csv", "client_id,client_key,role,note")?,
            contacts: file(
                "contacts.csv",
                "contact_id,client_id,date,kind,outcome,channel,manager",
            )?,
            refusals: file(
                "refusals.csv",
                "refusal_id,client_id,date,scope,reason_client,reason_manager,competitor,manager",
            )?,
            scores: file("scores.csv", "client_id,date,person,score")?,
            reactivations: file(
                "reactivations.csv",
                "reactivation_id,client_id,started_on,surveyed_on,survey_result,woken_on,offer,channel,manager,cost",
            )?,
        })
    }

    fn client(&mut self, company: &Company, index: usize, chance: &mut Chance) -> Result<()> {
        let client = &company.clients[index];
        let id = format!("C{index}");
        let closed = match client.stops {
            Some(stops) if client.back.is_none() && index.is_multiple_of(11) => {
                to_date(stops + 20).to_string()
            }
            _ => String::new(),
        };
        let yes = |when: bool| if when { "true" } else { "" };
        let sales_type = match index % 20 {
            0 => "consultative",
            1 | 2 => "transactional_consultative",
            _ => "transactional",
        };
        let phone = if chance.percent(85) { format!("+7495{index:07}") } else { String::new() };
        writeln!(
            self.clients,
            "{id},Клиент {index},{},{},{},{sales_type},{},{phone},c{index}@example.com,{},{closed},{},{},{}",
            tax_id(index),
            REGIONS[client.region],
            INDUSTRIES[index % 4],
            MANAGERS[client.manager],
            yes(index % 71 == 70),
            yes(client.habit == Habit::OneOff && chance.percent(30)),
            yes(index % 90 == 89),
            to_date(client.first - 30),
        )?;
        if index % 83 == 82 {
            let owner = code(index - 1);
            writeln!(self.aliases, "{},one_c:{owner},payer,платит за другого", code(index))?;
        }
        self.touches(company, client, index, &id, chance)?;
        if chance.percent(15) {
            let day = chance.between(client.first, company.last_day);
            writeln!(self.scores, "{id},{},закупщик,{}", to_date(day), chance.below(11))?;
        }
        let Some(stops) = client.stops else {
            return Ok(());
        };
        let manager = MANAGERS[client.manager];
        if client.refused && stops + 5 <= company.last_day {
            let reason = chance.pick(&REASONS);
            let known = chance.percent(50);
            let competitor =
                if reason.contains("конкурент") { "ТД Соперник" } else { "" };
            let own = if known { *reason } else { "" };
            let quoted = format!("\"{reason}\"");
            let day = to_date(stops + 5);
            writeln!(
                self.refusals,
                "R{index},{id},{day},client,\"{own}\",{quoted},{competitor},{manager}"
            )?;
        }
        if client.called {
            self.attempt(company, client, index, stops, chance)?;
        }
        Ok(())
    }

    fn touches(
        &mut self,
        company: &Company,
        client: &Client,
        index: usize,
        id: &str,
        chance: &mut Chance,
    ) -> Result<()> {
        for number in 0..3 {
            let day = chance.between(client.first, company.last_day);
            let kind = *chance.pick(&["call", "request", "letter", "complaint"]);
            let outcome = *chance.pick(&["answered", "no_answer", ""]);
            let manager = MANAGERS[client.manager];
            writeln!(
                self.contacts,
                "T{index}-{number},{id},{},{kind},{outcome},phone,{manager}",
                to_date(day)
            )?;
        }
        Ok(())
    }

    /// An attempt to win a sleeper back; who comes back was called ten days before.
    fn attempt(
        &mut self,
        company: &Company,
        client: &Client,
        index: usize,
        stops: Day,
        chance: &mut Chance,
    ) -> Result<()> {
        let woken = client.back.map_or(stops + 150, |back| back - 10);
        let started = woken - 7;
        if woken > company.last_day {
            return Ok(());
        }
        let result = *chance.pick(&["offended", "forgotten", "hopeless", "no_answer"]);
        let woken_on =
            if result == "hopeless" { String::new() } else { to_date(woken).to_string() };
        let manager = MANAGERS[(client.manager + 1) % MANAGERS.len()];
        writeln!(
            self.reactivations,
            "A{index},C{index},{},{},{result},{woken_on},скидка 5 %,phone,{manager},1500.00",
            to_date(started),
            to_date(started + 2),
        )?;
        Ok(())
    }

    fn finish(self) -> Result<usize> {
        let files = [
            self.clients,
            self.aliases,
            self.contacts,
            self.refusals,
            self.scores,
            self.reactivations,
        ];
        let count = files.len();
        for mut file in files {
            file.flush()?;
        }
        Ok(count)
    }
}
