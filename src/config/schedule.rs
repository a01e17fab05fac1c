//! `schedule:` of a pipeline: when it is due, and what becomes of slots that were missed.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::Deserialize;

use super::text::Checker;
use super::yaml::{Spanned, at};
use crate::domain::calendar::Fiscal;

/// When a pipeline is due.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// What makes it due.
    pub when: When,
    /// What becomes of slots that nobody was there for.
    pub catch_up: CatchUp,
    /// What becomes of a slot that comes due while the pipeline is being run.
    pub overlap: Overlap,
}

/// What makes a pipeline due.
#[derive(Debug, Clone)]
pub enum When {
    /// The clock.
    Cron(Times),
    /// Each of these pipelines has done a slot since.
    After(Vec<String>),
}

/// What becomes of slots that nobody was there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CatchUp {
    /// They are left out; a slot found more than an hour late counts as missed.
    None,
    /// The last of them is run, the others are left out.
    Last,
    /// Each is run, in order.
    All,
}

/// What becomes of a slot that comes due while the pipeline is being run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// It is left out.
    Skip,
    /// It is run afterwards.
    Queue,
}

/// Due times by a cron line in a time zone, as croner gives them: a time that a change of summer
/// time leaves out is due in the first minute after, one that comes twice is due once, and
/// intervals go on through both.
#[derive(Debug, Clone)]
pub struct Times {
    written: String,
    cron: croner::Cron,
    zone: Tz,
}

impl Times {
    /// The times of `line`, five fields or a preset as `@daily`, read in `zone`; quarters are
    /// those of `fiscal`.
    ///
    /// # Errors
    /// What is wrong with the line.
    pub fn parse(line: &str, zone: Tz, fiscal: Fiscal) -> Result<Self, String> {
        use croner::parser::{CronParser, Seconds, Year};
        let quarterly = format!("0 0 1 {} *", fiscal.quarter_months());
        let fields = match line {
            "@hourly" => "0 * * * *",
            "@daily" => "0 0 * * *",
            "@weekly" => "0 0 * * 1",
            "@monthly" => "0 0 1 * *",
            "@quarterly" => &quarterly,
            preset if preset.starts_with('@') => {
                return Err("presets are @hourly, @daily, @weekly, @monthly, @quarterly".to_owned());
            }
            fields => fields,
        };
        let parser =
            CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(fields).map_err(|error| error.to_string())?;
        Ok(Self { written: line.to_owned(), cron, zone })
    }

    /// The line as written.
    #[must_use]
    pub fn written(&self) -> &str {
        &self.written
    }

    /// The zone it is read in.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// The first due time after `instant`; `None` where there is none.
    #[must_use]
    pub fn after(&self, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let found = self.cron.find_next_occurrence(&instant.with_timezone(&self.zone), false);
        found.ok().map(|due| due.to_utc()).filter(|due| *due > instant)
    }

    /// The last due time before `instant`, or at it; `None` where there is none.
    #[must_use]
    pub fn until(&self, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let found = self.cron.find_previous_occurrence(&instant.with_timezone(&self.zone), true);
        found.ok().map(|due| due.to_utc()).filter(|due| *due <= instant)
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Mirror {
    /// Minute hour day month weekday, as `15 5 * * *`; or @hourly, @daily, @weekly, @monthly, @quarterly.
    cron: Option<Spanned<String>>,
    /// Due when each of these pipelines has done a slot since.
    after: Option<Spanned<Vec<Spanned<String>>>>,
    /// The zone of the cron line; the project's by default.
    timezone: Option<Spanned<String>>,
    /// What becomes of slots that nobody was there for; last by default.
    catch_up: Option<Spanned<CatchUp>>,
    /// What becomes of a slot that comes due during a run; skip by default.
    overlap: Option<Spanned<Overlap>>,
}

/// What a schedule is read with: the project's own zone and fiscal calendar.
#[derive(Clone, Copy)]
pub(super) struct Calendar {
    pub(super) zone: Tz,
    pub(super) fiscal: Fiscal,
}

/// Checks a schedule; what is wrong goes to the checker's faults.
pub(super) fn schedule(
    check: &mut Checker<'_>,
    mirror: &Spanned<Mirror>,
    calendar: Calendar,
) -> Option<Schedule> {
    let place = at(mirror);
    let mirror = &mirror.value;
    let written = mirror.timezone.as_ref();
    let zone = written.map_or(calendar.zone, |written| self::zone(check, written, calendar.zone));
    let when = match (&mirror.cron, &mirror.after) {
        (Some(line), None) => times(check, line, zone, calendar.fiscal).map(When::Cron),
        (None, Some(after)) => {
            for (key, written) in [
                ("timezone", mirror.timezone.as_ref().map(at)),
                ("catch_up", mirror.catch_up.as_ref().map(at)),
                ("overlap", mirror.overlap.as_ref().map(at)),
            ] {
                if let Some(place) = written {
                    let message = format!("\"{key}\" does nothing beside \"after\"");
                    check.fault_hint(place, message, "remove it: no clock makes this pipeline due");
                }
            }
            if after.value.is_empty() {
                check.fault_hint(at(after), "\"after\" names no pipeline", "name one or more");
            }
            Some(When::After(after.value.iter().map(|name| name.value.clone()).collect()))
        }
        _ => {
            check.fault_hint(
                place,
                "a schedule needs exactly one of \"cron\" and \"after\"",
                "write { cron: \"15 5 * * *\" } or { after: [sales_daily] }",
            );
            None
        }
    };
    Some(Schedule {
        when: when?,
        catch_up: mirror.catch_up.as_ref().map_or(CatchUp::Last, |value| value.value),
        overlap: mirror.overlap.as_ref().map_or(Overlap::Skip, |value| value.value),
    })
}

/// The time zone that is written; `default` where that is none, which is a fault.
pub(super) fn zone(check: &mut Checker<'_>, written: &Spanned<String>, default: Tz) -> Tz {
    written.value.parse().unwrap_or_else(|_| {
        check.fault_hint(
            at(written),
            format!("time zone \"{}\" is not known", written.value),
            "use an IANA name, as Europe/Moscow",
        );
        default
    })
}

fn times(
    check: &mut Checker<'_>,
    line: &Spanned<String>,
    zone: Tz,
    fiscal: Fiscal,
) -> Option<Times> {
    match Times::parse(&line.value, zone, fiscal) {
        Err(error) => {
            check.fault_hint(
                at(line),
                format!("cron line \"{}\" is not one: {error}", line.value),
                "write minute hour day month weekday, as \"15 5 * * *\", or a preset as @daily",
            );
            None
        }
        Ok(times) if times.after(DateTime::UNIX_EPOCH).is_none() => {
            check.fault_hint(
                at(line),
                format!("cron line \"{}\" never fires", line.value),
                "name a day that its month has",
            );
            None
        }
        Ok(times) => Some(times),
    }
}

/// The places and names of the pipelines that a schedule waits for.
pub(super) fn waits_for(mirror: &Spanned<Mirror>) -> &[Spanned<String>] {
    mirror.value.after.as_ref().map_or(&[], |after| after.value.as_slice())
}
