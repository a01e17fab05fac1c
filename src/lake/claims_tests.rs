//! Who wins what several exports claim: a test for each line of the table.

use super::What::{Key, Value, Whole};
use super::{Claim, Winner};
use crate::lake::rows::{Age, STORED};
use crate::lake::settle::Fate::{Clashes, Lost, Stays};

fn claim(order: i32, months: &[i64]) -> Claim {
    let mut said = months.iter().map(|month| Claim::new(order, *month, "stored"));
    let mut claim = said.next().unwrap();
    said.for_each(|other| claim.add(other));
    claim
}

/// The order that wins, in whatever order the claims come.
fn top(what: super::What, claims: &[Claim]) -> Option<i32> {
    let mut turned = claims.to_vec();
    turned.reverse();
    let winner = Winner::of(what, claims);
    assert_eq!(winner, Winner::of(what, &turned));
    winner.map(|winner| winner.order)
}

#[test]
fn a_key_in_one_month_is_not_contested() {
    assert_eq!(top(Key, &[claim(0, &[5])]), None);
    assert_eq!(top(Key, &[claim(STORED, &[5]), claim(0, &[5]), claim(1, &[5])]), None);
}

#[test]
fn of_a_key_in_two_months_the_newest_wins() {
    let late = Age::Older.order(0);
    assert_eq!(top(Key, &[claim(STORED, &[5]), claim(0, &[4])]), Some(0));
    assert_eq!(top(Key, &[claim(STORED, &[5]), claim(late, &[6])]), Some(STORED));
    // Of those that come together, the later month, then the later export.
    assert_eq!(top(Key, &[claim(0, &[6]), claim(1, &[5])]), Some(0));
    assert_eq!(top(Key, &[claim(0, &[6]), claim(1, &[6]), claim(STORED, &[5])]), Some(1));
    assert_eq!(top(Key, &[claim(late, &[5]), claim(late + 1, &[4])]), Some(late));
}

#[test]
fn who_contradicts_itself_wins_nothing() {
    assert_eq!(top(Value, &[claim(1, &[7])]), None);
    let winner = Winner::of(Value, &[claim(1, &[7, -2])]).unwrap();
    assert_eq!(winner.fate(Value, 1, ""), Clashes);
    // What is stored in two months was so before: the load cannot say which is wrong.
    assert_eq!(top(Key, &[claim(STORED, &[4, 5])]), Some(STORED));
}

#[test]
fn a_whole_is_that_of_the_newest_export_that_has_parts_of_it() {
    assert_eq!(top(Whole, &[claim(0, &[5, 6])]), None);
    let winner = Winner::of(Whole, &[claim(STORED, &[5]), claim(0, &[5])]).unwrap();
    assert_eq!([winner.fate(Whole, 0, ""), winner.fate(Whole, STORED, "stored")], [Stays, Lost]);
}

#[test]
fn late_parts_join_those_of_their_own_export_only() {
    let late = Age::Older.order(0);
    let winner = Winner::of(Whole, &[claim(STORED, &[5]), claim(late, &[5])]).unwrap();
    assert_eq!(winner.fate(Whole, late, "stored"), Stays);
    assert_eq!(winner.fate(Whole, late, "another"), Lost);
    assert_eq!(winner.fate(Whole, STORED, "stored"), Stays);
}
