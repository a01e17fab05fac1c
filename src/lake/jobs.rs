//! Which files a load makes anew: the rows that stay and the rows that come, for each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::arriving::{Arrived, Arriving};
use super::claims::Claims;
use super::intake::Intake;
use super::ledger::Ledger;
use super::loading::Loading;
use super::merge::Merge;
use super::plan::{Becomes, Replacing, Staying, is_month, stored_files};
use super::rows::Stored;
use crate::config::canonical::Table;
use crate::config::pipeline::{Into, Load, Source};
use crate::error::{Error, Kind, Result};

/// What is to be done to files.
#[derive(Default)]
pub(super) struct Jobs {
    pub(super) merges: Vec<(String, String, Merge)>,
    pub(super) emptied: Vec<(String, String)>,
}

pub(super) async fn jobs(
    loading: &Loading<'_>,
    sources: &[Arc<Source>],
    intakes: &[Intake],
    covers: &[BTreeSet<String>],
    ledger: &Ledger,
    arriving: &Arriving,
) -> Result<Jobs> {
    let mut jobs = Jobs::default();
    for (number, source) in sources.iter().enumerate() {
        let ours = intakes.iter().zip(covers).filter(|(intake, _)| intake.source == number);
        let anew = ours.clone().map(|(intake, periods)| (intake.part(), periods));
        let replacing = Replacing::new(&source.load, ledger.of(&source.name), anew);
        if ours.clone().next().is_none() {
            continue;
        }
        for (position, into) in source.into.iter().enumerate() {
            let coming = arriving.of(number, position).collect();
            jobs.add(loading, source, into, &replacing, &coming, &arriving.shorts).await?;
        }
    }
    Ok(jobs)
}

impl Jobs {
    /// What is to be done to the files of one table.
    async fn add(
        &mut self,
        loading: &Loading<'_>,
        source: &Source,
        into: &Into,
        replacing: &Replacing<'_>,
        coming: &BTreeMap<&str, &Arrived>,
        shorts: &Arc<[String]>,
    ) -> Result<()> {
        let table = into.table;
        let part = |period: &str| format!("{}/{period}", source.name);
        let stored: BTreeSet<&str> =
            stored_files(loading.base, table, source).into_keys().collect();
        let of = |periods: &[&str], only| {
            let parts: BTreeSet<String> = periods.iter().map(|period| part(period)).collect();
            let rows = loading.lake.parts(loading.base, table, |name| parts.contains(name));
            Stored { rows, only }
        };
        let staying = |staying, period: &str| match staying {
            Staying::None => None,
            Staying::All => Some(of(&[period], None)),
            Staying::Of(exports) => Some(of(&[period], Some(exports))),
        };
        // Many files whose rows all stay are one table.
        let months = stored.iter().copied().filter(|period| is_month(period));
        let (whole, cut): (Vec<&str>, Vec<&str>) =
            months.partition(|period| replacing.staying(table, period) == Staying::All);
        let cut = cut.iter().filter_map(|period| staying(replacing.staying(table, period), period));
        let others: Vec<Stored> =
            (!whole.is_empty()).then(|| of(&whole, None)).into_iter().chain(cut).collect();
        let arrived: Vec<&Arrived> = coming.values().copied().collect();
        let append = matches!(source.load, Load::Append);
        let claims = Claims::find(loading.engine, into, &others, &arrived, shorts, append).await?;
        if let (true, Some(key)) = (append, claims.first_key()?) {
            return Err(clash(&source.name, table, &key));
        }
        let claims = Arc::new(claims);
        let coming_periods = coming.keys().copied().collect();
        let files = replacing.files(table, &stored, &coming_periods, &claims.stored_periods);
        for (period, becomes) in files {
            match becomes {
                Becomes::Emptied => self.emptied.push((table.name.to_owned(), part(period))),
                Becomes::Made(stays) => {
                    let name = format!("{}-{}-{period}.parquet", table.name, source.name);
                    let merge = Merge {
                        table,
                        staying: staying(stays, period),
                        coming: coming.get(period).map_or_else(Vec::new, |come| come.rows.clone()),
                        shorts: Arc::clone(shorts),
                        claims: Arc::clone(&claims),
                        append,
                        path: loading.scratch.join(name),
                    };
                    self.merges.push((table.name.to_owned(), part(period), merge));
                }
            }
        }
        Ok(())
    }
}

/// The error of a key that is there already, where rows are only added.
pub(super) fn clash(source: &str, table: &Table, key: &str) -> Error {
    Error::new(
        Kind::Supplier,
        format!(
            "source \"{source}\": key {} \"{key}\" of table \"{}\" is there already",
            table.key.join(", "),
            table.name
        ),
    )
    .hint("load: append only adds; write load: upsert if later rows may replace earlier ones")
}
