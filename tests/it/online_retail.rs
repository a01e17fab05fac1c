//! A real wholesaler's invoice lines: 541 909 of them, with their dirt.
//!
//! Reads `../shared/data/online_retail` beside the repository; without it, the test says so and
//! passes, and `a_small_file_with_the_same_dirt` shows the same with lines of our own.

use std::fmt::Write as _;
use std::sync::OnceLock;

use crate::project::{Project, copy, repository};
use crate::sample::Sample;

const PIPELINE: &str = r#"
version: 1
name: retail
sources:
  - name: invoices
    fetch: { files: { url: exports, pattern: "invoices_*.csv*" } }
    read: { csv: { encoding: utf-8, delimiter: ",", decimal: ".", date: "%d/%m/%Y %H:%M" } }
    into:
      documents:
        group_by: [document_id]
        columns:
          document_id: InvoiceNo
          kind: { from: InvoiceNo, map: [{ "C*": return }, { "*": shipment }] }
          date: InvoiceDate
          client_id: CustomerID
          amount: { product: [Quantity, UnitPrice] }
          currency: { value: GBP }
          region: Country
    reject: [{ column: CustomerID, is: empty, reason: no_client }]
    load: { replace_period: { column: date, period: month, covers: { name: "invoices_%Y-%m" } } }
publish:
  - { table: dim_clients, to: bi, as: [parquet] }
  - { table: client_base, to: bi, as: [parquet] }
  - { table: sleeping_clients, to: bi, as: [parquet] }
  - { table: fct_spells, to: bi, as: [parquet] }
"#;

fn retail() -> Project {
    Project::new().file("pipelines/retail.yaml", PIPELINE).file(
        "pipelines/project.yaml",
        "version: 1\nname: retail\ntimezone: Europe/London\ncurrency: GBP\nas_of: 2011-12-09\n\
         lake: lake\ndestinations:\n  bi: { url: published }\n",
    )
}

#[test]
fn real_invoice_lines_give_the_known_numbers() {
    let data = repository().join("../shared/data/online_retail");
    if !data.is_dir() {
        println!("passed over: {} is not there", data.display());
        return;
    }
    let project = retail();
    copy(&data, &project.path("exports"));
    project.run(&["run"]).ends_with(0);
    let found = project.query(
        "select count(*) as documents, count(*) filter (where kind = 'return') as returns, \
         count(distinct client_id) as clients, \
         cast(sum(amount) filter (where kind = 'shipment') as varchar) as sales, \
         count(distinct client_id) filter (where kind = 'shipment' and amount > 0) as buyers \
         from lake.documents",
    );
    let expected = serde_json::json!({
        "documents": 22_190, "returns": 3_654, "clients": 4_372, "sales": "8911407.90",
        "buyers": 4_338,
    });
    assert_eq!(found, [expected]);
    let rejected =
        project.query("select reason, count(*) as rows from lake.rejects group by reason");
    assert_eq!(rejected, [serde_json::json!({ "reason": "no_client", "rows": 135_080 })]);
    let again = project.run(&["run"]).ends_with(0);
    assert_eq!(again.stdout, "up to date\n");
}

/// The project with everything loaded; `None`, and words, where the data is not there.
fn loaded() -> Option<Project> {
    static LOADED: OnceLock<Option<Project>> = OnceLock::new();
    let loaded = LOADED.get_or_init(load).as_ref()?;
    let project = Project::empty();
    copy(&loaded.path(""), &project.path(""));
    Some(project)
}

fn load() -> Option<Project> {
    let data = repository().join("../shared/data/online_retail");
    if !data.is_dir() {
        println!("passed over: {} is not there", data.display());
        return None;
    }
    let project = retail();
    copy(&data, &project.path("exports"));
    project.write(
        "pipelines/backtest.yaml",
        "version: 1\nname: backtest\npublish:\n  - { table: backtest, to: bi, as: [parquet] }\n  \
         - { table: odds_fit, to: bi, as: [parquet] }\n",
    );
    project.run(&["run", "retail"]).ends_with(0);
    Some(project)
}

#[test]
fn the_odds_rank_the_silent_better_than_days_in_cycles() {
    let Some(project) = loaded() else { return };
    let told = project.run(&["--quiet", "--json", "backtest", "--at", "2011-09-10"]).ends_with(0);
    let rows = told.stdout.lines().map(|line| serde_json::from_str(line).unwrap());
    let rows: Vec<serde_json::Value> = rows.collect();
    let auc = |population: &str, rule: &str| {
        let wanted = |row: &&serde_json::Value| {
            row["horizon"] == "90 days" && row["population"] == population && row["rule"] == rule
        };
        rows.iter().find(wanted).unwrap()["auc"].as_f64().unwrap()
    };
    for population in ["all", "three purchases"] {
        let odds = auc(population, "p_silent");
        let cycles = auc(population, "days since last purchase ÷ cycle");
        assert!(odds > cycles, "{population}: {odds} against {cycles}");
    }
    let (odds, cycles) = (
        auc("three purchases", "p_silent"),
        auc("three purchases", "days since last purchase ÷ cycle"),
    );
    assert!((odds - 0.70).abs() < 0.01 && (cycles - 0.56).abs() < 0.02, "{odds} against {cycles}");

    // Without a day, the last quarters that have their horizon behind them are judged, and published.
    let told = project.run(&["--quiet", "backtest"]).ends_with(0);
    assert!(told.stdout.contains("p_silent, decile 10"), "{}", told.stdout);
    let published = project.query(
        "select count(distinct cutoff) as cutoffs, count(distinct population) as populations, \
         count(distinct horizon) as horizons, count(distinct rule) as rules from backtest",
    );
    let expected = serde_json::json!({
        "cutoffs": 3, "populations": 3, "horizons": 3, "rules": 18,
    });
    assert_eq!(published, [expected]);
    let refused = project.query("select because from odds_fit where odds_basis = 'fitted'");
    assert!(refused.iter().all(|row| row["because"] == "the fit says that nobody ever leaves"));
}

/// Attempts that do nothing, on random days of half of the spells: what they seem to bring.
fn uplift_of_nothing(project: &Project, seed: u64) -> f64 {
    let spells = project.query(
        "select client_key, fell_asleep_on, coalesce(returned_on, date '9999-12-31') as returned_on \
         from fct_spells order by client_key, spell",
    );
    let mut chance = seed;
    let mut next = |below: u64| {
        // Knuth's multiplier; the upper bits are the random ones.
        chance =
            chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (chance >> 33) % below
    };
    let mut attempts = "reactivation_id,client_id,started_on,woken_on\n".to_owned();
    for (number, spell) in spells.iter().enumerate() {
        let (chosen, days) = (next(2) == 1, next(91) + 30);
        let day = |name: &str| spell[name].as_str().unwrap().parse::<chrono::NaiveDate>().unwrap();
        let started = day("fell_asleep_on") + chrono::Days::new(days);
        if chosen && started <= day("returned_on") && started.to_string().as_str() <= "2011-12-09" {
            let client = spell["client_key"].as_str().unwrap().strip_prefix("invoices:").unwrap();
            let _ = writeln!(attempts, "{number},{client},{started},{started}");
        }
    }
    project.write("attempts/attempts.csv", attempts);
    project.write(
        "pipelines/attempts.yaml",
        "version: 1\nname: attempts\nsources:\n  - name: crm\n    system: invoices\n    fetch: { \
         files: { url: attempts, pattern: attempts.csv } }\n    read: { csv: { encoding: utf-8, \
         delimiter: \",\", decimal: \".\", date: \"%Y-%m-%d\" } }\n    into:\n      reactivations:\n        \
         columns: { reactivation_id: reactivation_id, client_id: client_id, started_on: started_on, \
         woken_on: woken_on }\n    load: { replace: {} }\npublish:\n  - { table: return_conversion, to: \
         bi, as: [parquet] }\n",
    );
    project.run(&["run", "attempts"]).ends_with(0);
    let found = project.query(
        "select sum(returned) as returned, sum(woken) as woken, sum(expected * matured) as expected, \
         sum(matured) as matured, min(compared_spells) as compared from return_conversion \
         where kind = 'expected' and dimension = 'total' and uplift is not null",
    );
    let number = |name: &str| found[0][name].as_f64().unwrap();
    assert!(number("matured") > 500.0 && number("compared") >= 30.0, "{found:?}");
    number("returned") / number("woken") - number("expected") / number("matured")
}

#[test]
fn attempts_that_do_nothing_seem_to_bring_nothing() {
    let Some(project) = loaded() else { return };
    let seeds = Sample::new().numbers(4, 2);
    let uplifts: Vec<f64> = seeds.iter().map(|seed| uplift_of_nothing(&project, *seed)).collect();
    println!("seeds {seeds:?}: uplifts {uplifts:?}");
    let mean = uplifts.iter().sum::<f64>() / uplifts.len() as f64;
    assert!(mean.abs() < 0.03, "mean uplift {mean} of {uplifts:?}");
    // Each has a standard error of about 1.5 points of its own.
    assert!(uplifts.iter().all(|uplift| uplift.abs() < 0.05), "{uplifts:?}");
}

#[test]
fn a_small_file_with_the_same_dirt() {
    let lines = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n\
        536365,85123A,\"HANGING, HOLDER\",6,01/12/2010 08:26,2.55,17850,United Kingdom\n\
        536365,71053,LANTERN,6,01/12/2010 08:27,3.39,17850,United Kingdom\n\
        536365,71053,LANTERN,6,01/12/2010 08:27,3.39,17850,United Kingdom\n\
        C536379,D,Discount,-1,01/12/2010 09:41,27.50,14527,United Kingdom\n\
        536414,22139,,56,01/12/2010 11:52,0,,United Kingdom\n\
        536544,POST,POSTAGE,1,01/12/2010 14:32,0.005,12680,France\n";
    let project = retail().file("exports/invoices_2010-12.csv", lines);
    project.run(&["run"]).ends_with(0);
    let found = project.query(
        "select document_id, kind, cast(amount as varchar) as amount from lake.documents \
         order by document_id",
    );
    let row = |id: &str, kind: &str, amount: &str| serde_json::json!({ "document_id": id, "kind": kind, "amount": amount });
    assert_eq!(
        found,
        [
            row("536365", "shipment", "55.98"),
            row("536544", "shipment", "0.01"),
            row("C536379", "return", "27.50"),
        ]
    );
    let rejects = project.query("select row, \"column\", reason, by_rule from lake.rejects");
    let expected = serde_json::json!({
        "row": 6, "column": "CustomerID", "reason": "no_client", "by_rule": true,
    });
    assert_eq!(rejects, [expected]);
}

#[test]
fn a_rejected_line_rejects_its_document() {
    let lines = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n\
        1,A,a,6,01/12/2010 08:26,2.55,17850,United Kingdom\n\
        1,B,b,six,01/12/2010 08:26,2.55,17850,United Kingdom\n\
        2,A,a,1,01/12/2010 08:26,1.00,17850,United Kingdom\n\
        2,A,a,1,02/12/2010 08:26,1.00,17850,United Kingdom\n\
        3,A,a,1,02/12/2010 08:26,1.00,17850,United Kingdom\n";
    let project = retail().file("exports/invoices_2010-12.csv", lines);
    let pipeline = PIPELINE.replace("    reject:", "    rejects: { max_percent: 90 }\n    reject:");
    project.write("pipelines/retail.yaml", pipeline);
    project.run(&["run"]).ends_with(0);
    let documents = project.query("select document_id from lake.documents");
    assert_eq!(documents, [serde_json::json!({ "document_id": "3" })]);
    let rejects = project.query("select row, reason from lake.rejects order by row");
    let expected: Vec<_> =
        [(2, "line_rejected"), (3, "not_a_number"), (4, "lines_differ"), (5, "lines_differ")]
            .map(|(row, reason)| serde_json::json!({ "row": row, "reason": reason }))
            .into();
    assert_eq!(rejects, expected);
}
