//! What a load makes of each file of a table, as data.
//!
//! Of the rows that a (source, period) has in the lake, these stay, but for those whose key comes again:
//!
//! | `load:` | the period | stay |
//! |---|---|---|
//! | `upsert`, `append` | any | all |
//! | `replace` | any | none |
//! | `replace_period`, in tables without dates | | all |
//! | `replace_period` | not covered | all |
//! | `replace_period` | covered | those of exports that stand for another part of it |

use std::collections::{BTreeMap, BTreeSet};

use super::ledger::Entry;
use super::tables::ALL;
use crate::config::canonical::Table;
use crate::config::pipeline::{Load, Source};
use crate::tableset::{DataFile, Manifest};

/// Stored rows that stay in their file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Staying {
    /// None.
    None,
    /// All.
    All,
    /// Those of some exports, by their short names.
    Of(BTreeSet<String>),
}

/// What becomes of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Becomes {
    /// It is made of rows that stay and rows that come.
    Made(Staying),
    /// It goes, and none takes its place.
    Emptied,
}

/// What the new exports of one source take the place of.
#[derive(Debug)]
pub(super) struct Replacing<'a> {
    load: &'a Load,
    /// Exports that stand, by the periods that they stand for: their part and short name.
    standing: BTreeMap<&'a str, Vec<(&'a str, &'a str)>>,
    /// The parts that come anew, by the periods that they cover.
    anew: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Replacing<'a> {
    /// Of a source with `load` and these ledger `entries`, exports come `anew`: each with its part
    /// and the periods that it covers.
    pub(super) fn new(
        load: &'a Load,
        entries: &'a [Entry],
        anew: impl Iterator<Item = (&'a str, &'a BTreeSet<String>)>,
    ) -> Self {
        let mut replacing = Self { load, standing: BTreeMap::new(), anew: BTreeMap::new() };
        for (part, periods) in anew {
            for period in periods {
                replacing.anew.entry(period).or_default().insert(part);
            }
        }
        for entry in entries.iter().filter(|entry| entry.is_live()) {
            for period in &entry.periods {
                let standing = replacing.standing.entry(period).or_default();
                standing.push((&entry.part, entry.short()));
            }
        }
        replacing
    }

    /// The stored rows of `table` in `period` that stay.
    pub(super) fn staying(&self, table: &Table, period: &str) -> Staying {
        match self.load {
            Load::Upsert | Load::Append => Staying::All,
            Load::Replace { .. } => Staying::None,
            Load::ReplacePeriod { .. } => {
                let Some(anew) = self.anew.get(period).filter(|_| table.date.is_some()) else {
                    return Staying::All;
                };
                let standing = self.standing.get(period).into_iter().flatten();
                let others = standing.filter(|(part, _)| !anew.contains(part));
                let others: BTreeSet<String> =
                    others.map(|(_, short)| (*short).to_owned()).collect();
                if others.is_empty() { Staying::None } else { Staying::Of(others) }
            }
        }
    }

    /// What becomes of the files of `table`, by period: of those whose rows are replaced, those
    /// that rows come into, and `others` whose rows lose to some that come.
    pub(super) fn files(
        &self,
        table: &Table,
        stored: &BTreeSet<&'a str>,
        coming: &BTreeSet<&'a str>,
        others: &'a BTreeSet<String>,
    ) -> BTreeMap<&'a str, Becomes> {
        let replaced = stored.iter().filter(|period| self.staying(table, period) != Staying::All);
        let others = others.iter().map(String::as_str);
        let touched: BTreeSet<&str> = replaced.chain(coming).copied().chain(others).collect();
        let becomes = |period: &'a str| {
            let staying =
                if stored.contains(period) { self.staying(table, period) } else { Staying::None };
            match (staying, coming.contains(period), stored.contains(period)) {
                (Staying::None, false, false) => None,
                (Staying::None, false, true) => Some((period, Becomes::Emptied)),
                (staying, ..) => Some((period, Becomes::Made(staying))),
            }
        };
        touched.into_iter().filter_map(becomes).collect()
    }
}

/// The files of `table` that hold rows of `source`, by period.
pub(super) fn stored_files<'a>(
    manifest: &'a Manifest,
    table: &Table,
    source: &Source,
) -> BTreeMap<&'a str, &'a DataFile> {
    let files = manifest.files(table.name).iter();
    let ours = files.filter_map(|file| {
        let (name, period) = file.part.split_once('/')?;
        (name == source.name).then_some((period, file))
    });
    ours.collect()
}

/// Whether `period` is a month, and not all time.
pub(super) fn is_month(period: &str) -> bool {
    period != ALL
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{Becomes, Replacing, Staying};
    use crate::config::canonical::{self, Table};
    use crate::config::pipeline::Load;
    use crate::lake::ledger::Entry;
    use crate::lake::ledger::made_up::entry;

    fn table(name: &str) -> &'static Table {
        canonical::table(name).unwrap()
    }

    fn replace_period() -> Load {
        let column = "date".to_owned();
        Load::ReplacePeriod { column, covers: None, allow_empty: false, min_share_percent: 20 }
    }

    fn of(names: &[&str]) -> Staying {
        Staying::Of(names.iter().map(|name| entry(name, &[], "").short().to_owned()).collect())
    }

    fn periods(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn each_line_of_the_table_holds() {
        let entries = [
            entry("may-a", &["2026-05"], "a"),
            entry("may-b", &["2026-05"], "b"),
            entry("june-a", &["2026-06"], "a"),
            Entry { replaced_by: Some("x".to_owned()), ..entry("old-c", &["2026-06"], "c") },
        ];
        let anew = periods(&["2026-05", "2026-06"]);
        let (documents, clients) = (table("documents"), table("clients"));
        let staying = |load: &Load, table, period| {
            let anew = [("a", &anew)].into_iter();
            Replacing::new(load, &entries, anew).staying(table, period)
        };
        for load in [Load::Upsert, Load::Append] {
            assert_eq!(staying(&load, documents, "2026-05"), Staying::All);
            assert_eq!(staying(&load, clients, "all"), Staying::All);
        }
        let replace = Load::Replace { min_share_percent: 0 };
        assert_eq!(staying(&replace, documents, "2026-04"), Staying::None);
        assert_eq!(staying(&replace, clients, "all"), Staying::None);
        let load = replace_period();
        assert_eq!(staying(&load, clients, "all"), Staying::All);
        assert_eq!(staying(&load, documents, "2026-04"), Staying::All);
        assert_eq!(staying(&load, documents, "2026-05"), of(&["may-b"]));
        assert_eq!(staying(&load, documents, "2026-06"), Staying::None);
    }

    #[test]
    fn files_are_made_emptied_or_left_alone() {
        let entries = [entry("may-b", &["2026-05"], "b")];
        let anew = periods(&["2026-05", "2026-06", "2026-07", "2026-08"]);
        let load = replace_period();
        let replacing = Replacing::new(&load, &entries, [("a", &anew)].into_iter());
        let stored = BTreeSet::from(["2026-03", "2026-04", "2026-05", "2026-06", "2026-07"]);
        let coming = BTreeSet::from(["2026-07", "2026-09"]);
        let others = periods(&["2026-04"]);
        let files = replacing.files(table("documents"), &stored, &coming, &others);
        let expected = BTreeMap::from([
            // A row of it is moved by one that comes.
            ("2026-04", Becomes::Made(Staying::All)),
            ("2026-05", Becomes::Made(of(&["may-b"]))),
            ("2026-06", Becomes::Emptied),
            ("2026-07", Becomes::Made(Staying::None)),
            ("2026-09", Becomes::Made(Staying::None)),
        ]);
        assert_eq!(files, expected);
    }
}
