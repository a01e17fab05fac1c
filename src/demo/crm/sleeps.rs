//! When the CRM sees a client fall silent: about as the models do, from the same purchases.

use super::super::company::{Company, purchases};
use crate::domain::Day;

/// A sleep as the CRM sees it coming: its first day, and the purchase that ends it.
#[derive(Clone, Copy)]
pub(super) struct Sleep {
    pub(super) from: Day,
    pub(super) until: Option<Day>,
}

/// The days on which a client's silence outlasts his rhythm, about.
pub(super) fn sleeps(company: &Company, index: usize) -> Vec<Sleep> {
    let (days, last_day) = (purchases(company, index), company.last_day);
    let cycles = if sales_type(index) == "transactional_consultative" { 1 } else { 2 };
    let mut sleeps = Vec::new();
    for (place, at) in days.iter().enumerate() {
        let gaps = i32::try_from(place).unwrap_or(i32::MAX);
        let rhythm = if place < 2 { 30 } else { (at - days[0]) / gaps };
        let from = at + (cycles * rhythm).clamp(14, 730) + 1;
        let until = days.get(place + 1).copied();
        let lasts = until.unwrap_or(last_day + 1) > from;
        if lasts && sales_type(index) != "consultative" {
            sleeps.push(Sleep { from, until });
        }
    }
    sleeps
}

pub(super) fn sales_type(index: usize) -> &'static str {
    match index % 100 {
        1 => "transactional_consultative",
        place if place.is_multiple_of(20) => "consultative",
        _ => "transactional",
    }
}
