//! Five clients, twenty documents: the published tables against `tests/worked/COMPUTATION.md`.

use crate::project::{Project, copy, repository};

fn worked() -> Project {
    let project = Project::new();
    let fixture = repository().join("tests/worked");
    copy(&fixture.join("pipelines"), &project.path("pipelines"));
    copy(&fixture.join("exports"), &project.path("exports"));
    project
}

/// The columns named, as text, of a published CSV.
fn columns(project: &Project, table: &str, names: &[&str]) -> Vec<String> {
    let text = project.read(&format!("published/latest/{table}.csv"));
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let positions: Vec<usize> =
        names.iter().map(|name| header.iter().position(|column| column == name).unwrap()).collect();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        positions.iter().map(|position| cells[*position]).collect::<Vec<_>>().join(",")
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
        total("return_conversion", &conversion),
        ["2026Q1,period,0,1,1,0,0.0", "2026Q2,period,1,0,1,1,1.0", "2026Q3,period,0,3,3,0,0.0"]
    );
}
