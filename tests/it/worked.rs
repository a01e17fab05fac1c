//! Five clients, twenty documents: the published tables against `tests/worked/COMPUTATION.md`.

use crate::project::{Project, copy, repository};

fn worked() -> Project {
    let project = Project::new();
    let fixture = repository().join("tests/worked");
    copy(&fixture.join("pipelines"), &project.path("pipelines"));
    copy(&fixture.join("exports"), &project.path("exports"));
    project
}

/// The cells of a line; commas between quotes are none.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    for char in line.chars() {
        match char {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            other => cells.last_mut().unwrap().push(other),
        }
    }
    cells
}

/// The columns named, as text, of a published CSV.
fn columns(project: &Project, table: &str, names: &[&str]) -> Vec<String> {
    let text = project.read(&format!("published/latest/{table}.csv"));
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let positions: Vec<usize> =
        names.iter().map(|name| header.iter().position(|column| column == name).unwrap()).collect();
    let row = |line: &str| {
        let cells = cells(line);
        positions.iter().map(|position| cells[*position].as_str()).collect::<Vec<_>>().join(",")
    };
    lines.map(row).collect()
}

#[test]
fn every_published_number_is_the_one_computed_by_hand() {
    let project = worked();
    project.run(&["run"]).ends_with(0);
    let quarters = ["quarter", "closed", "warming_up"];
    assert_eq!(
        columns(&project, "dim_quarters", &quarters),
        ["2026Q1,true,true", "2026Q2,true,true", "2026Q3,true,true"]
    );
    let clients = [
        "client_key",
        "purchases",
        "cycle",
        "cycle_basis",
        "threshold",
        "call_from",
        "call_by",
        "annual_value",
        "tier",
        "fell_asleep_on",
        "days_asleep",
        "status",
    ];
    assert_eq!(
        columns(&project, "dim_clients", &clients),
        [
            "books:A,6,30.0000,client,60,2026-07-14,2026-08-08,600.00,gold,2026-08-09,52,asleep",
            "books:B,1,90.0000,default,180,2026-05-07,2026-07-31,500.00,silver,2026-08-01,60,asleep",
            "books:C,5,34.0000,client,68,2026-06-29,2026-07-28,1000.00,gold,2026-07-29,63,asleep",
            "books:E,3,31.0000,client,62,2026-10-07,2026-11-02,1150.00,gold,,,new",
        ]
    );
    let spells = [
        "client_key",
        "spell",
        "quarter",
        "last_purchase",
        "cycle",
        "threshold",
        "fell_asleep_on",
        "trigger",
        "spoken_on",
        "returned_on",
        "days_asleep",
        "reason",
        "lost_by",
        "tier",
        "annual_value",
    ];
    assert_eq!(
        columns(&project, "fct_spells", &spells),
        [
            "books:A,1,2026Q3,2026-06-09,30.0000,60,2026-08-09,silence,,,52,unknown,Ivan,gold,600.00",
            "books:B,1,2026Q3,2026-02-01,90.0000,180,2026-08-01,silence,,,60,unknown,Ivan,silver,500.00",
            "books:C,1,2026Q1,2026-02-14,20.0000,40,2026-03-01,refusal,2026-03-01,2026-05-01,61,price,Olga,untiered,600.00",
            "books:C,2,2026Q3,2026-05-21,34.0000,68,2026-07-29,silence,,,63,unknown,Olga,gold,1000.00",
        ]
    );
    let refusals = [
        "refusal",
        "quarter",
        "stopped_quarter",
        "form",
        "reason_group",
        "tier",
        "lost_annual_value",
    ];
    assert_eq!(
        columns(&project, "fct_refusals", &refusals),
        [
            "books:A#1,2026Q3,2026Q2,silent,unknown,gold,600.00",
            "books:B#1,2026Q3,2026Q1,silent,unknown,silver,500.00",
            "books:C#1,2026Q1,2026Q1,spoken,supplier,untiered,600.00",
            "books:C#2,2026Q3,2026Q2,silent,unknown,gold,1000.00",
        ]
    );
    let base = [
        "quarter",
        "opening",
        "new",
        "returned",
        "fell_asleep",
        "closed",
        "closing",
        "churn",
        "norm",
    ];
    assert_eq!(
        columns(&project, "client_base", &base),
        ["2026Q1,0,3,0,1,0,2,,", "2026Q2,2,0,1,0,0,3,0.0,", "2026Q3,3,1,0,3,0,1,1.0,"]
    );
    let list = [
        "client_key",
        "listed",
        "excluded_because",
        "priority",
        "cycles_missed",
        "annual_value",
        "lost_value",
    ];
    assert_eq!(
        columns(&project, "sleeping_clients", &list),
        [
            "books:A,true,,1,3.8,600.00,85.71",
            "books:B,false,one_off,,2.7,500.00,82.42",
            "books:C,false,lost_twice,,3.9,1000.00,173.08",
        ]
    );
}

#[test]
fn every_reported_quarter_is_the_one_computed_by_hand() {
    let project = worked();
    project.run(&["run"]).ends_with(0);
    let total = |table: &str, names: &[&str]| -> Vec<String> {
        let mut with_dimension = vec!["dimension"];
        with_dimension.extend(names);
        let rows = columns(&project, table, &with_dimension);
        rows.iter().filter_map(|row| row.strip_prefix("total,").map(str::to_owned)).collect()
    };
    let dynamics = [
        "quarter",
        "refusals",
        "share",
        "lost_annual_value",
        "change_on_quarter",
        "moving_average",
    ];
    assert_eq!(
        total("refusal_dynamics", &dynamics),
        ["2026Q1,1,1.0,600.00,,", "2026Q2,0,,0.00,-1,", "2026Q3,3,1.0,2100.00,3,"]
    );
    let cohorts = ["quarter", "quarters_since", "spells", "returned", "share", "open"];
    let closed: Vec<String> = total("return_cohorts", &cohorts)
        .into_iter()
        .filter(|row| row.ends_with("false"))
        .collect();
    assert_eq!(
        closed,
        [
            "2026Q1,0,1,0,0.0,false",
            "2026Q1,1,1,1,1.0,false",
            "2026Q1,2,1,1,1.0,false",
            "2026Q3,0,3,0,0.0,false",
        ]
    );
    let conversion =
        ["quarter", "kind", "asleep_at_opening", "fell_asleep", "base", "returned", "conversion"];
    assert_eq!(
        total("return_conversion", &conversion)
            .into_iter()
            .filter(|row| row.contains(",period,"))
            .collect::<Vec<_>>(),
        ["2026Q1,period,0,1,1,0,0.0", "2026Q2,period,1,0,1,1,1.0", "2026Q3,period,0,3,3,0,0.0"]
    );
}

#[test]
fn every_call_and_every_attempt_is_the_one_computed_by_hand() {
    let project = worked();
    project.run(&["run"]).ends_with(0);
    let signs = ["client_key", "sign", "value", "limit_value", "since"];
    assert_eq!(
        columns(&project, "client_signs", &signs),
        [
            "books:A,silence,52.0000,60.0000,2026-08-09",
            "books:B,no_answer,3.0000,3.0000,2026-08-20",
            "books:B,silence,60.0000,180.0000,2026-08-01",
            "books:C,silence,63.0000,68.0000,2026-07-29",
            "books:E,complaint,31.0000,31.0000,2026-08-30",
        ]
    );
    let odds = ["client_key", "abc", "p_silent", "odds_basis", "expected_loss"];
    assert_eq!(
        columns(&project, "dim_clients", &odds),
        [
            "books:A,A,0.568238,fixed,84.30",
            "books:B,B,0.888626,fixed,109.86",
            "books:C,A,0.631851,fixed,156.23",
            "books:E,A,0.420295,fixed,119.51",
        ]
    );
    let fading = ["client_key", "signs", "drifting", "listed", "priority"];
    assert_eq!(columns(&project, "fading_clients", &fading), ["books:E,complaint,false,false,1"]);
    assert_eq!(
        columns(&project, "untouched", &["client_key", "lost_by", "days_asleep"]),
        ["books:A,Ivan,52"]
    );
    assert_eq!(
        columns(&project, "rule_breaches", &["rule", "client_key", "date", "manager"]),
        [
            "called_by_loser,books:C,2026-08-05,Olga",
            "lost_twice_attempted,books:C,2026-08-05,Olga",
            "woken_before_survey,books:C,2026-08-06,Olga",
        ]
    );
    let funnel = [
        "quarter",
        "kind",
        "dimension",
        "base",
        "surveyed",
        "offended",
        "woken",
        "returned",
        "matured",
        "conversion",
        "reference",
        "median_days_to_return",
        "purchases_after",
        "net_sales_after",
        "cost",
        "cost_per_returned",
    ];
    let attempts: Vec<String> = columns(&project, "return_conversion", &funnel)
        .into_iter()
        .filter(|row| row.contains(",reactivation,total,"))
        .collect();
    assert_eq!(
        attempts,
        [
            "2026Q1,reactivation,total,1,1,1,1,1,1,1.0,too few,26.0,2,\
             400.00,100.00,100.00",
            "2026Q3,reactivation,total,1,0,0,1,0,1,0.0,too few,,,,50.00,",
        ]
    );
}

#[test]
fn every_book_of_a_quarter_is_the_one_computed_by_hand() {
    let project = worked();
    project.run(&["run"]).ends_with(0);
    let cost = ["quarter", "buyers", "state", "spells", "lost_annual_value", "largest"];
    assert_eq!(
        columns(&project, "loss_cost", &cost),
        [
            "2026Q1,all,all,1,600.00,600.00",
            "2026Q1,regular,asleep,1,600.00,600.00",
            "2026Q3,all,all,3,2100.00,1000.00",
            "2026Q3,one_off,asleep,1,500.00,500.00",
            "2026Q3,regular,asleep,2,1600.00,1000.00",
        ]
    );
    let book = [
        "quarter",
        "manager",
        "awake",
        "net_purchases",
        "fell_asleep",
        "returned",
        "value_at_risk",
        "net_of_returned",
    ];
    assert_eq!(
        columns(&project, "manager_book", &book),
        [
            "2026Q1,Ivan,0,800.00,0,0,0.00,0.00",
            "2026Q1,Olga,0,600.00,1,0,0.00,0.00",
            "2026Q1,unknown,2,0.00,0,0,600.00,0.00",
            "2026Q2,Ivan,0,600.00,0,0,0.00,0.00",
            "2026Q2,Olga,0,400.00,0,0,0.00,400.00",
            "2026Q2,unknown,3,0.00,0,1,0.00,0.00",
            "2026Q3,Ivan,0,-300.00,2,0,0.00,0.00",
            "2026Q3,Olga,0,1150.00,1,0,0.00,0.00",
            "2026Q3,unknown,1,0.00,0,0,2100.00,0.00",
        ]
    );
    let requests =
        ["quarter", "manager", "client_key", "requests", "converted", "not_converted", "pending"];
    assert_eq!(
        columns(&project, "request_conversion", &requests),
        ["2026Q2,Ivan,books:A,2,2,0,0", "2026Q3,Ivan,books:A,1,0,0,1"]
    );
    assert_eq!(
        columns(&project, "pareto", &["quarter", "part", "clients", "annual_value"]),
        [
            "2026Q1,gold,2,1100.00",
            "2026Q1,silver,1,300.00",
            "2026Q1,top 20 %,1,600.00",
            "2026Q2,gold,2,1600.00",
            "2026Q2,silver,1,500.00",
            "2026Q2,top 20 %,1,1000.00",
            "2026Q3,gold,3,2750.00",
            "2026Q3,silver,1,500.00",
            "2026Q3,top 20 %,1,1150.00",
        ]
    );
    assert_eq!(
        columns(&project, "claims", &["quarter", "claim", "answers", "clients", "annual_value"]),
        ["2026Q1,price,1,1,600.00", "2026Q3,late delivery,1,1,1150.00"]
    );
    let coverage = [
        "quarter",
        "manager",
        "purchases",
        "purchases_requested",
        "sleepers",
        "sleepers_without_phone",
        "contacts",
        "contacts_without_person",
        "refusals",
        "refusals_without_reason",
    ];
    assert_eq!(
        columns(&project, "data_coverage", &coverage),
        [
            "2026Q1,unknown,7,0,1,1,0,0,1,0",
            "2026Q2,unknown,5,2,0,0,0,0,0,0",
            "2026Q3,Ivan,0,0,0,0,3,3,0,0",
            "2026Q3,Petr,0,0,0,0,1,0,0,0",
            "2026Q3,unknown,3,0,3,3,0,0,0,0",
        ]
    );
}

#[test]
fn a_table_is_the_same_whatever_is_published_beside_it() {
    let all = worked();
    all.run(&["run"]).ends_with(0);
    // The tables that these are made from have contracts too, and are not published here.
    let few = worked();
    let text = few.read("pipelines/all.yaml");
    let wanted = ["refusal_dynamics", "sleeping_clients", "return_cohorts", "pareto"];
    let kept = text.lines().filter(|line| {
        !line.contains("- { table: ")
            || wanted.iter().any(|table| line.contains(&format!("table: {table},")))
    });
    few.write("pipelines/all.yaml", kept.collect::<Vec<_>>().join("\n"));
    few.run(&["run"]).ends_with(0);
    assert!(!few.path("published/latest/fct_refusals.parquet").exists());
    for table in wanted {
        let file = format!("published/latest/{table}.parquet");
        let (one, other) = (std::fs::read(all.path(&file)), std::fs::read(few.path(&file)));
        assert_eq!(one.unwrap(), other.unwrap(), "{table}");
    }
}
