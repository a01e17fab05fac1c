//! Spells and refusals of one direction, of deals, and amounts that belong to lines: by hand.

use crate::project::Project;

/// Client A buys bolts and pipes on ten common days a month apart from January, stops pipes after
/// the fifth (10 May), goes on with bolts to 10 September. His lines split two documents.
const DOCUMENTS: &str = "number,kind,date,client,amount,direction\n\
    1,shipment,2026-01-10,A,100.00,bolts\n1p,shipment,2026-01-10,A,50.00,pipes\n\
    2,shipment,2026-02-09,A,100.00,bolts\n2p,shipment,2026-02-09,A,50.00,pipes\n\
    3,shipment,2026-03-11,A,100.00,bolts\n3p,shipment,2026-03-11,A,50.00,pipes\n\
    4,shipment,2026-04-10,A,150.00,bolts\n\
    5,shipment,2026-05-10,A,150.00,\n\
    6,shipment,2026-06-09,A,100.00,bolts\n\
    7,shipment,2026-07-09,A,100.00,bolts\n\
    8,shipment,2026-08-08,A,100.00,bolts\n\
    9,shipment,2026-09-07,A,100.00,bolts\n\
    10,shipment,2026-09-07,B,70.00,bolts\n";

/// Documents 4 and 5 are bolts for two thirds and pipes for one, whatever they say themselves.
const LINES: &str = "number,kind,date,line,direction,amount\n\
    4,shipment,2026-04-10,1,bolts,80.00\n4,shipment,2026-04-10,2,pipes,40.00\n\
    5,shipment,2026-05-10,1,bolts,100.00\n5,shipment,2026-05-10,2,pipes,50.00\n";

/// A refuses pipes on 20 June, two weeks before their silence counts; a deal of bolts on 1 August.
/// B's refusal of bolts begins nothing: he has bought them once; nor does one of no direction.
const REFUSALS: &str = "id,client,date,scope,direction,stage,reason,amount\n\
    r1,A,2026-06-20,direction,pipes,offer,too expensive,\n\
    r2,A,2026-08-01,deal,bolts,tender,too expensive,900.00\n\
    r3,B,2026-09-20,direction,bolts,,,\n\
    r4,A,2026-08-20,direction,,,,\n";

const PIPELINE: &str = r#"
version: 1
name: all
sources:
  - name: documents
    system: books
    fetch: { files: { url: exports, pattern: documents.csv } }
    read: { csv: { encoding: utf-8, delimiter: ",", decimal: ".", date: "%Y-%m-%d" } }
    into:
      documents:
        columns:
          document_id: number
          kind: kind
          date: date
          client_id: client
          amount: amount
          currency: { value: RUB }
          direction: direction
          manager: { value: Ivan }
    load: upsert
  - name: lines
    system: books
    fetch: { files: { url: exports, pattern: lines.csv } }
    read: { csv: { encoding: utf-8, delimiter: ",", decimal: ".", date: "%Y-%m-%d" } }
    into:
      document_lines:
        columns: { document_id: number, kind: kind, date: date, line_no: line, direction: direction, amount: amount }
    load: upsert
  - name: refusals
    system: books
    fetch: { files: { url: exports, pattern: refusals.csv } }
    read: { csv: { encoding: utf-8, delimiter: ",", decimal: ".", date: "%Y-%m-%d" } }
    into:
      refusals:
        columns:
          refusal_id: id
          client_id: client
          date: date
          scope: scope
          direction: direction
          stage: stage
          reason_client: reason
          amount: amount
    load: upsert
publish:
  - { table: fct_spells, to: bi, as: [csv] }
  - { table: fct_direction_spells, to: bi, as: [csv] }
  - { table: fct_refusals, to: bi, as: [csv] }
  - { table: fct_direction_refusals, to: bi, as: [csv] }
  - { table: fct_deal_refusals, to: bi, as: [csv] }
  - { table: refusal_dynamics, to: bi, as: [csv] }
"#;

fn project() -> Project {
    Project::new()
        .file("pipelines/all.yaml", PIPELINE)
        .file("exports/documents.csv", DOCUMENTS)
        .file("exports/lines.csv", LINES)
        .file("exports/refusals.csv", REFUSALS)
}

/// The columns of a query's rows, apart by spaces; what is NULL is left out.
fn lines(project: &Project, columns: &[&str], rest: &str) -> Vec<String> {
    let texts = columns.iter().map(|column| format!("cast({column} as varchar)"));
    let texts = texts.collect::<Vec<_>>().join(", ");
    let rows = project.query(&format!("select concat_ws(' ', {texts}) as line from {rest}"));
    rows.iter().map(|row| row["line"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_direction_that_a_client_gives_up_is_a_spell_of_its_own() {
    let project = project();
    project.run(&["run"]).ends_with(0);
    // Pipes: 50 + 50 + 50 + a third of 150, twice: five purchases 30 days apart, asleep by refusal.
    let spells = [
        "client_key",
        "direction",
        "spell",
        "last_purchase",
        "cycle",
        "cycle_basis",
        "threshold",
        "fell_asleep_on",
        "trigger",
        "annual_value",
        "tier",
    ];
    assert_eq!(
        lines(&project, &spells, "fct_direction_spells"),
        ["books:A pipes 1 2026-05-10 30.0000 pair 60 2026-06-20 refusal 250.00 gold"]
    );
    let whole = lines(&project, &["client_key"], "fct_spells");
    assert!(whole.is_empty(), "as a whole nobody sleeps");
    let refusals = [
        "refusal",
        "quarter",
        "scope",
        "form",
        "direction",
        "stage",
        "reason",
        "lost_annual_value",
    ];
    assert_eq!(
        lines(&project, &refusals, "fct_direction_refusals"),
        ["books:A#pipes#1 2026Q2 direction spoken pipes offer price 250.00"]
    );
    let deals: Vec<&str> = refusals.into_iter().filter(|column| *column != "form").collect();
    assert_eq!(
        lines(&project, &deals, "fct_deal_refusals order by refusal"),
        [
            "books:r2 2026Q3 deal bolts tender price 900.00",
            "books:r3 2026Q3 deal bolts unknown",
            "books:r4 2026Q3 deal unknown",
        ]
    );
    let dynamics = "refusal_dynamics where quarter = '2026Q3' order by scope, dimension, value";
    assert_eq!(
        lines(&project, &["quarter", "scope", "dimension", "value", "refusals"], dynamics),
        [
            "2026Q3 deal competitor none 3",
            "2026Q3 deal direction bolts 2",
            "2026Q3 deal direction unknown 1",
            "2026Q3 deal manager unknown 3",
            "2026Q3 deal reason price 1",
            "2026Q3 deal reason unknown 2",
            "2026Q3 deal sales_type transactional 3",
            "2026Q3 deal scope deal 3",
            "2026Q3 deal stage tender 1",
            "2026Q3 deal stage unknown 2",
            "2026Q3 deal stage_and_reason tender / price 1",
            "2026Q3 deal stage_and_reason unknown / unknown 2",
            "2026Q3 direction direction pipes 0",
            "2026Q3 direction scope direction 0",
            "2026Q3 direction stage offer 0",
        ]
    );
}

#[test]
fn a_spell_in_a_direction_is_not_counted_while_the_client_sleeps_as_a_whole() {
    let project = project();
    // Without bolts from June on A falls asleep as a whole on 10 July (60 days after 10 May), as in
    // both his directions.
    let gone = DOCUMENTS
        .lines()
        .filter(|line| !["6,", "7,", "8,", "9,"].iter().any(|id| line.starts_with(id)));
    project
        .write("exports/documents.csv", gone.map(|line| format!("{line}\n")).collect::<String>());
    let refusals = REFUSALS.replace("r1,A,2026-06-20", "r1,A,2026-07-20");
    project.write("exports/refusals.csv", refusals);
    project.run(&["run"]).ends_with(0);
    let spells = lines(&project, &["client_key", "fell_asleep_on"], "fct_spells");
    assert_eq!(spells, ["books:A 2026-07-10"]);
    assert!(lines(&project, &["direction"], "fct_direction_spells").is_empty());
    // What lies in the client's own spell is its reason, and no deal.
    let columns = ["refusal", "scope", "reason"];
    assert_eq!(lines(&project, &columns, "fct_refusals"), ["books:A#1 client price"]);
    assert_eq!(lines(&project, &columns, "fct_deal_refusals"), ["books:r3 deal unknown"]);
}

#[test]
fn the_number_of_purchases_is_a_setting() {
    let project = project();
    let yaml = project.read("pipelines/project.yaml");
    let setting = "domain: { direction: { min_purchases: 6 } }\n";
    project.write("pipelines/project.yaml", yaml + setting);
    project.run(&["run"]).ends_with(0);
    let spells = "select count(*) as n from fct_direction_spells";
    assert_eq!(project.query(spells)[0]["n"], 0, "pipes were bought five times");
}
