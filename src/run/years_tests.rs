//! A lake and a destination through seeded chance: exports come and are corrected, runs are killed,
//! replies lost, clocks jump, two runners meet, somebody gives rejects up, sweeps or rolls back; an
//! auditor looks after each step whether anything is lost, doubled or unreadable.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path as FsPath;
use std::sync::{Arc, Mutex};

use arrow::array::{AsArray, Decimal128Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Decimal128Type, Field, Schema};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use futures::TryStreamExt;
use futures::future::LocalBoxFuture;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::columnar::{Engine, Limits, ParquetFile};
use crate::config::pipeline::Source;
use crate::config::{Env, Keep, load as load_project};
use crate::error::{Error, Kind, Result};
use crate::lake::{Asked, Lake, Ledger, Loading, ask, discard, discover, load, replay};
use crate::publish::{Presentation, Publication, TableFiles, publish};
use crate::store::{Fault, FaultStore, Patience, Place, Stores};
use crate::tableset::{Health, Look, MadeBy, Manifest, TableSet, health, remove, restore, sweep};

const PROJECT: &str = "version: 1\nname: years\ntimezone: UTC\ncurrency: RUB\nlake: lake\n";

const PIPELINE: &str = "
version: 1
name: sales
sources:
  - name: books
    fetch: { files: { url: exports, pattern: \"sales_*.csv\" } }
    read: { csv: { encoding: utf-8, delimiter: \",\", decimal: \".\", date: \"%Y-%m-%d\" } }
    into:
      documents:
        columns: { document_id: number, kind: { value: shipment }, date: date, client_id: client,
          amount: amount, currency: { value: RUB } }
    load: { replace_period: { column: date, period: month, covers: { name: \"sales_%Y-%m-{part}\" } } }
    rejects: { max_percent: 100 }
";

/// Steps of one world.
const STEPS: u64 = 6;

/// Worlds of a test that runs as a sample, and whole.
const WORLDS: (u64, u64) = (200, 10_000);

/// How long a lease lasts.
const LASTING: TimeDelta = TimeDelta::seconds(60);

/// A generator of repeatable chance (Knuth's constants).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound.max(1)
    }
}

/// Documents by number.
type Documents = BTreeMap<String, i128>;

/// What disturbs one runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Trouble {
    /// Nothing.
    None,
    /// From the request of this number on, none arrives: the process was killed.
    Killed(u64),
    /// One request never arrives.
    Failed(u64),
    /// One reply is lost.
    Lost(u64),
}

struct World {
    seed: u64,
    chance: Chance,
    folder: tempfile::TempDir,
    source: Arc<Source>,
    engine: Engine,
    stores: (Arc<dyn ObjectStore>, Arc<dyn ObjectStore>),
    now: DateTime<Utc>,
    run: u64,
    /// Exports as they lie in their folder, by month and part: what is right of them.
    exports: BTreeMap<String, Documents>,
    /// What the lake holds, by version.
    versions: BTreeMap<u64, Documents>,
    /// The kinds of steps that came about, and of trouble that met a request.
    fired: Arc<Mutex<BTreeSet<&'static str>>>,
}

/// One process: a run's name, and the stores as it reaches them.
struct Runner {
    run: String,
    now: DateTime<Utc>,
    lake: Lake,
    published: TableSet,
    scratch: tempfile::TempDir,
}

impl World {
    fn new(seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("pipelines/project.yaml", PROJECT);
        write("pipelines/sales.yaml", PIPELINE);
        std::fs::create_dir_all(folder.path().join("exports")).unwrap();
        let project = load_project(folder.path(), &Env::default());
        let project = project.unwrap_or_else(|faults| panic!("{:?}", faults.sorted()));
        let source = Arc::new(project.pipelines[0].sources[0].clone());
        let engine = Engine::new(Limits { threads: 1, memory_mb: 64 }, folder.path()).unwrap();
        Self {
            seed,
            chance: Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            folder,
            source,
            engine,
            stores: (Arc::new(InMemory::new()), Arc::new(InMemory::new())),
            now: DateTime::from_timestamp(1_790_000_000, 0).unwrap(),
            run: 0,
            exports: BTreeMap::new(),
            versions: [(0, Documents::new())].into(),
            fired: Arc::default(),
        }
    }

    /// The export of a part of a month comes, or comes again with other rows, some of which are not
    /// right.
    fn export(&mut self) {
        let month = 1 + self.chance.below(3);
        let part = ["a", "b"][usize::try_from(self.chance.below(2)).unwrap()];
        let rows = 1 + self.chance.below(4);
        let mut text = "number,date,client,amount\n".to_owned();
        let mut documents = Documents::new();
        for row in 0..rows {
            let (number, amount) =
                (format!("{month}{part}-{row}"), 1 + self.chance.below(1_000_000));
            let right = self.chance.below(5) > 0;
            let date = if right { format!("2026-0{month}-1{row}") } else { "never".to_owned() };
            writeln!(text, "{number},{date},c,{amount}").unwrap();
            if right {
                documents.insert(number, i128::from(amount) * 100);
            }
        }
        // A copy keeps times: no two exports of a name have one size.
        self.run += 1;
        text += &"\n".repeat(usize::try_from(self.run).unwrap());
        let path = self.folder.path().join(format!("exports/sales_2026-0{month}-{part}.csv"));
        std::fs::write(path, text).unwrap();
        self.exports.insert(format!("{month}{part}"), documents);
    }

    /// A process at `now`, in `trouble`.
    fn runner(&mut self, now: DateTime<Utc>, trouble: Trouble) -> Runner {
        self.run += 1;
        let requests = Arc::new(Mutex::new(0_u64));
        let disturbed = |inner: &Arc<dyn ObjectStore>, url: &str| {
            let (requests, fired) = (Arc::clone(&requests), Arc::clone(&self.fired));
            let store = FaultStore::new(Arc::clone(inner), move |_, _| {
                let mut requests = requests.lock().unwrap();
                *requests += 1;
                let (kind, fault) = match trouble {
                    Trouble::Killed(from) if *requests >= from => ("killed", Fault::Before),
                    Trouble::Failed(which) if *requests == which => ("failed", Fault::Before),
                    Trouble::Lost(which) if *requests == which => ("lost", Fault::After),
                    _ => return Fault::None,
                };
                fired.lock().unwrap().insert(kind);
                fault
            });
            Place::of(store, url)
        };
        let lake = Lake::open(disturbed(&self.stores.0, "lake"), &self.engine).unwrap();
        let published = TableSet::new(disturbed(&self.stores.1, "published"));
        let scratch = tempfile::tempdir_in(self.folder.path()).unwrap();
        Runner { run: format!("r{:05}", self.run), now, lake, published, scratch }
    }

    fn trouble(&mut self) -> Trouble {
        let which = 1 + self.chance.below(40);
        match self.chance.below(6) {
            0 => Trouble::Killed(which),
            1 => Trouble::Failed(which),
            2 => Trouble::Lost(which),
            _ => Trouble::None,
        }
    }

    /// Does one thing by chance, and audits.
    async fn step(&mut self) {
        let before = self.current().await;
        let trouble = self.trouble();
        let jump = self.chance.below(10);
        self.now += match jump {
            0 => TimeDelta::days(-2),
            1 => TimeDelta::days(400),
            _ => TimeDelta::seconds(90),
        };
        let what = self.chance.below(10);
        let name = match what {
            0..=2 => {
                for _ in 0..=self.chance.below(2) {
                    self.export();
                }
                let runner = self.runner(self.now, trouble);
                let ended = runner.alone(Box::pin(load_all(self, &runner))).await;
                self.allow(ended.is_ok(), &before, true).await;
                "load"
            }
            3 => {
                self.export();
                let (first, later) = (self.now, self.now + LASTING * 2);
                let trouble = (self.trouble(), self.trouble());
                // The second comes when the lease of the first has run out, though it goes on.
                let (one, other) = (self.runner(first, trouble.0), self.runner(later, trouble.1));
                let ended = futures::future::join(
                    one.alone(Box::pin(load_all(self, &one))),
                    other.alone(Box::pin(load_all(self, &other))),
                );
                let ended = ended.await;
                self.now = later;
                let done = ended.0.is_ok() || ended.1.is_ok();
                self.allow(done, &before, true).await;
                "two runners"
            }
            4 => {
                let runner = self.runner(self.now, trouble);
                let _ = runner.alone(Box::pin(publish_sum(self, &runner))).await;
                "publish"
            }
            5 => {
                let runner = self.runner(self.now, trouble);
                let ended = runner.alone(Box::pin(replay_all(self, &runner))).await;
                self.allow(ended.is_ok(), &before, false).await;
                "replay"
            }
            6 => {
                let runner = self.runner(self.now, trouble);
                let ended = runner.alone(Box::pin(discard_all(self, &runner))).await;
                self.allow(ended.is_ok(), &before, false).await;
                "discard"
            }
            7 | 8 => {
                let runner = self.runner(self.now, trouble);
                let keep =
                    Keep { runs: 1, versions: 1 + usize::try_from(jump % 3).unwrap(), days: 1_000 };
                let _ = runner.alone(Box::pin(sweep_all(&runner, keep))).await;
                "vacuum"
            }
            _ => {
                let runner = self.runner(self.now, trouble);
                let _ = runner.alone(Box::pin(roll_back(&runner))).await;
                let current = runner_free(self).set().current().await.unwrap();
                if current.run == runner.run {
                    let documents = self.documents(&current).await;
                    let old = self.versions.values().any(|version| *version == documents);
                    assert!(old, "seed {}: rolled back to what never was", self.seed);
                    self.versions.insert(current.version, documents);
                }
                "rollback"
            }
        };
        self.fired.lock().unwrap().insert(name);
        self.audit(name, trouble).await;
    }

    /// Takes what the lake holds now on record: what it held, or, where exports were to be loaded,
    /// what it held with every month whose export lies there as that has it.
    async fn allow(&mut self, done: bool, before: &Manifest, loads: bool) {
        let current = self.current().await;
        let held = self.versions[&before.version].clone();
        let mut after = held.clone();
        if loads {
            for (of, documents) in &self.exports {
                after.retain(|number, _| !number.starts_with(&format!("{of}-")));
                after.extend(documents.clone());
            }
        }
        let found = self.documents(&current).await;
        let fits = found == after || (!done && found == held);
        assert!(fits, "seed {}: {found:?} is neither {held:?} nor {after:?}", self.seed);
        self.versions.insert(current.version, found);
    }

    async fn current(&self) -> Manifest {
        runner_free(self).set().current().await.unwrap()
    }

    /// The documents of `manifest`, read file by file.
    async fn documents(&self, manifest: &Manifest) -> Documents {
        let mut documents = Documents::new();
        for file in manifest.files("documents") {
            let path = Path::from(file.path.as_str());
            let bytes = self.stores.0.get(&path).await.unwrap().bytes().await.unwrap();
            let rows = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap();
            for batch in rows.map(std::result::Result::unwrap) {
                let numbers = batch.column_by_name("document_id").unwrap();
                let numbers: &StringArray = numbers.as_string();
                let amounts = batch.column_by_name("amount").unwrap();
                let amounts: &Decimal128Array = amounts.as_primitive::<Decimal128Type>();
                for (number, amount) in numbers.iter().zip(amounts.iter()) {
                    let number = number.unwrap().to_owned();
                    let again = documents.insert(number.clone(), amount.unwrap());
                    assert!(again.is_none(), "seed {}: {number} stands twice", self.seed);
                }
            }
        }
        documents
    }

    /// Whether both sets are whole, hold what they should, and the ledger agrees.
    async fn audit(&self, after: &str, trouble: Trouble) {
        let at = format!("seed {}, after {after} in {trouble:?}", self.seed);
        let lake = runner_free(self);
        let current = lake.set().current().await.unwrap_or_else(|error| panic!("{at}: {error}"));
        let documents = self.documents(&current).await;
        assert_eq!(Some(&documents), self.versions.get(&current.version), "{at}");
        let ledger = Ledger::read(lake.set(), &current, |_| true).await.unwrap();
        let live: u64 = ledger.entries().filter(|one| one.is_live()).map(|one| one.loaded).sum();
        assert_eq!(live, documents.len() as u64, "{at}: the ledger");
        let published = TableSet::new(Place::of(Arc::clone(&self.stores.1), "published"));
        for set in [lake.set(), &published] {
            // A first commit that was killed before it put the head has left its manifest.
            if set.head().await.unwrap().is_none() {
                continue;
            }
            match health(set, Look::Digests).await.unwrap() {
                Health::Broken { faults, .. } => panic!("{at}: {faults:?}"),
                Health::Empty | Health::Whole(_) => {}
            }
        }
        let current = published.current().await.unwrap();
        if let Some(table) = current.tables.get("sums") {
            let of = &self.versions[&table.lake_version.unwrap()];
            assert_eq!(table.files[0].rows, of.len() as u64, "{at}: the publication");
        }
    }
}

/// The lake as an undisturbed process reaches it.
fn runner_free(world: &World) -> Lake {
    let place = Place::of(Arc::clone(&world.stores.0), "lake");
    Lake::open(place, &world.engine).unwrap()
}

impl Runner {
    /// Does `what` with the lease of the pipeline, once runs that lost it are fenced.
    async fn alone(&self, what: LocalBoxFuture<'_, Result<()>>) -> Result<()> {
        let asked = ask(&self.lake, "sales", &self.run, self.now, LASTING).await?;
        let Asked::Ours(mut held) = asked else {
            return Err(Error::new(Kind::Superseded, "another holds the lease"));
        };
        for run in held.lease.to_fence.clone() {
            self.lake.set().fence(&run).await?;
            self.published.fence(&run).await?;
        }
        if !held.fenced(&self.lake).await? {
            return Err(Error::new(Kind::Superseded, "the lease was lost"));
        }
        let done = what.await;
        held.give_back(&self.lake).await?;
        done
    }

    fn loading<'a>(&'a self, world: &'a World, base: &'a Manifest) -> Loading<'a> {
        Loading {
            lake: &self.lake,
            base,
            engine: &world.engine,
            scratch: self.scratch.path(),
            run: &self.run,
            now: self.now,
            accept: true,
            refused: &|_| (),
            trial: false,
        }
    }
}

async fn load_all(world: &World, runner: &Runner) -> Result<()> {
    let base = runner.lake.set().current().await?;
    let ledger = Ledger::read(runner.lake.set(), &base, |_| true).await?;
    let mut source = world.source.as_ref().clone();
    source.allow_empty = true;
    if let crate::config::pipeline::Load::ReplacePeriod { allow_empty, .. } = &mut source.load {
        *allow_empty = true;
    }
    let stores = Stores::new(world.folder.path(), &[], Patience::BRISK);
    let found = discover(&source, &stores, &ledger).await?;
    let found: Vec<_> = found.new.into_iter().map(|found| (0, found)).collect();
    if !found.is_empty() {
        load(&runner.loading(world, &base), &[Arc::new(source)], found).await?;
    }
    Ok(())
}

async fn replay_all(world: &World, runner: &Runner) -> Result<()> {
    let base = runner.lake.set().current().await?;
    let source = Arc::clone(&world.source);
    replay(&runner.loading(world, &base), &[source]).await.map(|_| ())
}

async fn discard_all(world: &World, runner: &Runner) -> Result<()> {
    let base = runner.lake.set().current().await?;
    discard(&runner.loading(world, &base), &|_| true).await.map(|_| ())
}

async fn sweep_all(runner: &Runner, keep: Keep) -> Result<()> {
    for set in [runner.lake.set(), &runner.published] {
        // All that is there was written days ago.
        let objects: Vec<ObjectMeta> =
            set.store().list(None).try_collect().await.map_err(Error::from)?;
        let Some(last) = objects.iter().map(|meta| meta.last_modified).max() else { continue };
        let sweep = sweep(set, keep, last + TimeDelta::days(2)).await?;
        remove(set, &sweep).await?;
    }
    Ok(())
}

async fn roll_back(runner: &Runner) -> Result<()> {
    let set = runner.lake.set();
    let current = set.current().await?;
    let Some(parent) = current.parent else { return Ok(()) };
    // A parent that vacuum took is none to go back to.
    let Ok(old) = set.manifest(&parent).await else { return Ok(()) };
    if old.version > 0 {
        restore(set, &old, &runner.run, runner.now).await?;
    }
    Ok(())
}

/// Publishes a row for each document of the lake.
async fn publish_sum(world: &World, runner: &Runner) -> Result<()> {
    let base = runner.published.head().await?.map_or(0, |head| head.version);
    let manifest = runner.lake.set().current().await?;
    let rows: Vec<String> = world.documents(&manifest).await.into_keys().collect();
    let schema = Arc::new(Schema::new(vec![Field::new("number", DataType::Utf8, true)]));
    let parquet = runner.scratch.path().join("sums.parquet");
    let mut file = ParquetFile::create(&parquet, &schema)?;
    let numbers = Arc::new(StringArray::from_iter_values(rows));
    file.write(&RecordBatch::try_new(Arc::clone(&schema), vec![numbers])?)?;
    let table = TableFiles {
        name: "sums".to_owned(),
        written: file.finish()?,
        parquet,
        schema,
        grain: vec!["number".to_owned()],
        presentation: Presentation::default(),
        not_available: Vec::new(),
    };
    let publication = Publication {
        run: &runner.run,
        as_of: NaiveDate::default(),
        lake_version: manifest.version,
        made_by: &MadeBy { settings: String::new(), models: String::new() },
        now: runner.now,
        scratch: runner.scratch.path() as &FsPath,
        base,
        late: false,
        keep: None,
    };
    publish(&runner.published, &[table], publication).await.map(|_| ())
}

#[test]
fn a_lake_through_seeded_years_loses_and_doubles_nothing() {
    let whole = std::env::var_os("POBUDKA_LONG").is_some();
    let worlds = if whole { WORLDS.1 } else { WORLDS.0 };
    let word = std::env::var("POBUDKA_SEED").unwrap_or_default();
    let first = word.bytes().fold(0_u64, |seed, byte| seed.wrapping_mul(31) + u64::from(byte));
    println!("{worlds} worlds from seed {first}; others by POBUDKA_SEED, {} by .ci/long", WORLDS.1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut fired = BTreeSet::new();
    for number in 0..worlds {
        let mut world = World::new(first.wrapping_add(number));
        runtime.block_on(async {
            for _ in 0..STEPS {
                Box::pin(world.step()).await;
            }
        });
        fired.extend(world.fired.lock().unwrap().iter().copied());
    }
    let steps = ["discard", "load", "publish", "replay", "rollback", "two runners", "vacuum"];
    let troubles = ["failed", "killed", "lost"];
    assert_eq!(fired, steps.into_iter().chain(troubles).collect());
}
