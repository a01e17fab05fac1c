//! The command line.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, Utc};
use clap::{Args, Parser, Subcommand};

/// Wins B2B clients back: accounting exports in, sleeping clients and quarter reports out.
#[derive(Parser)]
#[command(version, propagate_version = true, max_term_width = 100)]
pub(super) struct Cli {
    /// The project's folder.
    #[arg(long, short, global = true, default_value = ".")]
    pub(super) project: PathBuf,
    /// Threads for queries; else as declared, else the machine's cores.
    #[arg(long, global = true)]
    pub(super) threads: Option<usize>,
    /// Take this for the time it is now, as 2026-10-20T05:15:00Z: to try a schedule out.
    #[arg(long, global = true, hide_short_help = true)]
    pub(super) now: Option<DateTime<Utc>>,
    /// Let what --now makes due be run and entered into the journal for good.
    #[arg(long, global = true, hide_short_help = true, requires = "now")]
    pub(super) now_writes: bool,
    /// Print results only.
    #[arg(long, short, global = true)]
    pub(super) quiet: bool,
    /// Print results as JSON.
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(subcommand)]
    pub(super) verb: Verb,
}

#[derive(Args, Clone, Copy)]
pub(super) struct RepairArgs {
    /// Also read every file back and compare its digest.
    #[arg(long)]
    pub(super) deep: bool,
    /// Forget slots of the schedule that lie ahead of the clock, which must be right.
    #[arg(long)]
    pub(super) forget_ahead: bool,
}

#[derive(Args)]
pub(super) struct RollbackArgs {
    /// `lake`, or a destination.
    pub(super) what: String,
    /// The version; without it, those that there are.
    #[arg(long)]
    pub(super) to: Option<u64>,
}

#[derive(Subcommand)]
pub(super) enum Verb {
    /// Make a project: pipelines and models to start from.
    Init {
        /// The folder; must not hold a project yet.
        folder: PathBuf,
        /// Without the pipelines of the example: `inspect --init` writes those of your exports.
        #[arg(long)]
        empty: bool,
    },
    /// Make up a company's exports in a complete project, and run the whole job on them.
    Demo(Demo),
    /// Say what an export is, and print a pipeline that reads it.
    Inspect {
        /// A file, or the URL of one.
        export: String,
        /// Write the pipeline into the project.
        #[arg(long)]
        init: bool,
        /// Only read it, by the pipeline in this file, and count: for benchmarks of the readers.
        #[arg(long, hide = true)]
        read_by: Option<PathBuf>,
    },
    /// Find every mistake in the declarations and models.
    Validate,
    /// Say what a run would do and why; touch nothing.
    Plan(Which),
    /// Pull, model, check, publish.
    Run {
        #[command(flatten)]
        which: Which,
        /// Say what each model took: time, rows, what its plan went through. Computes though nothing is
        /// new.
        #[arg(long)]
        profile: bool,
    },
    /// Run the checks of what pipelines publish, on the lake as it is; publish nothing.
    Check(Which),
    /// Make quarters of the past, one after the other, and keep them.
    Backfill(BackfillArgs),
    /// Do again what a run failed to do, as of the same day.
    Retry {
        /// The run; the newest that did not end well where none is named.
        run: Option<String>,
    },
    /// Run pipelines when they are due, until stopped.
    Schedule,
    /// Look once at what is due, and run it.
    Tick,
    /// Look whether everything is there that runs need: stores, their files, clocks, sources.
    Doctor {
        /// Also read every file back and compare its digest.
        #[arg(long)]
        deep: bool,
    },
    /// Make the newest whole version of a damaged lake or destination current again.
    Repair(RepairArgs),
    /// Make an older version of the lake or of a destination current again.
    Rollback(RollbackArgs),
    /// Run the unit tests of the SQL models.
    Test {
        /// Models to test; all if none is named.
        models: Vec<String>,
    },
    /// List the runs on record, or show one.
    Runs {
        #[command(subcommand)]
        what: Option<Runs>,
    },
    /// Say how the project stands: lake, publications, last run.
    Status,
    /// List pipelines, lake tables and published tables.
    Ls,
    /// Print rows of a published or lake table, or of a model.
    Show {
        /// The table: published, `lake.<table>`, or `models.<model>`.
        table: String,
        /// Rows at most.
        #[arg(long, default_value_t = 20)]
        limit: usize,
        /// The last day that models see, as 2026-09-30; else that of the last run.
        #[arg(long)]
        as_of: Option<NaiveDate>,
    },
    /// Query published and lake tables, and models.
    Sql {
        /// The query.
        query: String,
        /// The last day that models see, as 2026-09-30; else that of the last run.
        #[arg(long)]
        as_of: Option<NaiveDate>,
    },
    /// Look at rows that were rejected.
    Rejects {
        #[command(subcommand)]
        what: Rejects,
    },
    /// Look after who is one client.
    Clients {
        #[command(subcommand)]
        what: Clients,
    },
    /// Remove files that no version needs any more.
    Vacuum {
        /// Only say what would be removed.
        #[arg(long)]
        plan: bool,
    },
    /// Say what becomes of what: sources, tables, models, publications.
    Lineage {
        /// Only what leads to this table or comes from it.
        table: Option<String>,
        /// Write it for Graphviz.
        #[arg(long)]
        dot: bool,
    },
    /// Judge the rules of sleep on the company's own past, and publish what came of it.
    Backtest {
        /// Judge them on this day alone, and publish nothing.
        #[arg(long)]
        at: Option<NaiveDate>,
        /// The last day seen; else as declared, else yesterday.
        #[arg(long)]
        as_of: Option<NaiveDate>,
    },
    /// Write the data dictionary: tables, columns, settings, models, the last run.
    Docs {
        /// The folder for dictionary.md and dictionary.html.
        #[arg(long, default_value = "docs")]
        out: PathBuf,
    },
    /// Print the JSON Schemas of the YAML, or write them into a project for its editor.
    Schema {
        /// `project`, `pipeline` or `contract`.
        which: Option<String>,
        /// Write all of them into the project.
        #[arg(long, conflicts_with = "which")]
        write: bool,
    },
    /// Print what completes commands in a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// List the SQL functions that pobudka adds.
    Functions,
}

impl Verb {
    /// Whether it changes what others read, and is to get through though a store is away for a while.
    pub(super) fn writes(&self) -> bool {
        match self {
            Self::Run { .. }
            | Self::Backfill(_)
            | Self::Retry { .. }
            | Self::Schedule
            | Self::Tick
            | Self::Repair(_)
            | Self::Rollback(_)
            | Self::Vacuum { .. }
            | Self::Backtest { at: None, .. }
            | Self::Rejects { what: Rejects::Replay { .. } | Rejects::Discard { .. } } => true,
            Self::Init { .. }
            | Self::Demo(_)
            | Self::Inspect { .. }
            | Self::Validate
            | Self::Plan(_)
            | Self::Check(_)
            | Self::Doctor { .. }
            | Self::Test { .. }
            | Self::Runs { .. }
            | Self::Status
            | Self::Ls
            | Self::Show { .. }
            | Self::Sql { .. }
            | Self::Clients { .. }
            | Self::Lineage { .. }
            | Self::Backtest { at: Some(_), .. }
            | Self::Rejects { .. }
            | Self::Docs { .. }
            | Self::Schema { .. }
            | Self::Completions { .. }
            | Self::Functions => false,
        }
    }
}

#[derive(Args)]
pub(super) struct Which {
    /// Pipelines; all of them where none is named.
    pub(super) pipelines: Vec<String>,
    /// Only the tables of this model, as NAME, +NAME (and what it is made from) or NAME+ (and what
    /// is made from it); nothing is pulled.
    #[arg(long, value_name = "MODEL")]
    pub(super) select: Vec<String>,
    /// The last day seen, as 2026-09-30.
    #[arg(long, conflicts_with = "quarter")]
    pub(super) as_of: Option<NaiveDate>,
    /// The quarter whose last day is the last day seen, as 2026Q3.
    #[arg(long)]
    pub(super) quarter: Option<String>,
    /// Make the quarter though its books may not be closed yet.
    #[arg(long, requires = "quarter")]
    pub(super) early: bool,
    /// Accept months that bring far fewer rows than the lake has.
    #[arg(long)]
    pub(super) accept: bool,
}

#[derive(Args)]
pub(super) struct BackfillArgs {
    /// Pipelines; those made for quarters where none is named.
    pub(super) pipelines: Vec<String>,
    /// The first quarter, as 2024Q1.
    #[arg(long)]
    pub(super) from: Option<String>,
    /// The last quarter, as 2026Q3.
    #[arg(long)]
    pub(super) to: Option<String>,
    /// Carry on with the backfill that was stopped.
    #[arg(long, conflicts_with_all = ["from", "to", "pipelines", "restart"])]
    pub(super) resume: bool,
    /// Begin anew though a backfill was stopped.
    #[arg(long)]
    pub(super) restart: bool,
    /// Make quarters though their books may not be closed yet.
    #[arg(long)]
    pub(super) early: bool,
}

#[derive(Args)]
pub(super) struct Demo {
    /// The folder; must not hold anything but an earlier demo with the same numbers.
    #[arg(long, default_value = "demo")]
    pub(super) out: PathBuf,
    /// Documents to make up.
    #[arg(long, default_value_t = 20_000)]
    pub(super) documents: u64,
    /// The seed of chance.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// The last day seen.
    #[arg(long, default_value = "2026-10-20")]
    pub(super) as_of: NaiveDate,
}

#[derive(Subcommand)]
pub(super) enum Runs {
    /// Show one run.
    Show {
        /// Its id.
        id: String,
    },
}

#[derive(Subcommand)]
pub(super) enum Clients {
    /// Propose pairs of clients that may be one buyer.
    Duplicates(Duplicates),
}

#[derive(Args)]
pub(super) struct Duplicates {
    /// Only pairs with a client of this source.
    #[arg(long)]
    pub(super) source: Option<String>,
    /// Pairs at most, the likeliest first.
    #[arg(long, default_value_t = 50)]
    pub(super) limit: usize,
    /// Write them to this new file as aliases, for a person to look through.
    #[arg(long, value_name = "FILE")]
    pub(super) write: Option<PathBuf>,
    /// Add the aliases of this file to `sql/reference/client_aliases.csv`.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["source", "limit", "write"])]
    pub(super) accept: Option<PathBuf>,
}

#[derive(Subcommand)]
pub(super) enum Rejects {
    /// Count live rejects by source, export and reason.
    Ls,
    /// Read rejected rows again by what is declared now, from what the lake kept of them.
    Replay {
        /// Only of this source.
        #[arg(long)]
        source: Option<String>,
    },
    /// Give rejected rows up: they are no longer listed.
    Discard {
        /// Of this source.
        #[arg(long)]
        source: String,
    },
    /// Show rejected rows with their address.
    Show {
        /// Only of this source.
        #[arg(long)]
        source: Option<String>,
        /// Rows at most.
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
}
