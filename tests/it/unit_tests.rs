//! `test`: unit tests of models, each seeing its own rows, day and settings.

use crate::project::{Project, Ran};

/// A project with a staging model, an intermediate one, and a mart that compares each client with all.
fn project(tests: &str) -> Project {
    let contract = "description: The share of each client.\n\
                    grain: [client_key]\ncolumns:\n  \
                    - { name: client_key, type: text, description: The client. }\n  \
                    - { name: share, type: \"decimal(18, 2)\", description: Its share. }\n  \
                    - { name: late, type: boolean, description: Whether it bought nothing for long. }\n";
    Project::empty()
        .file(
            "pipelines/project.yaml",
            "version: 1\nname: test\ntimezone: UTC\ncurrency: RUB\nas_of: 2026-09-30\nlake: lake\n\
             destinations:\n  bi: { url: published }\n",
        )
        .file(
            "sql/staging/stg_documents.sql",
            "-- Documents.\n-- grain: one row per document\n\
             select client_id as client_key, date, amount from documents where kind = 'shipment'\n",
        )
        .file(
            "sql/intermediate/int_sums.sql",
            "-- Sums.\n-- grain: one row per client\n\
             select client_key, max(date) as last, cast(sum(amount) as decimal(18, 2)) as amount\n\
             from stg_documents group by client_key\n",
        )
        .file(
            "sql/marts/mart_shares.sql",
            "-- Shares.\n-- grain: one row per client\n\
             select\n    client_key,\n    \
             cast(amount / (select sum(amount) from int_sums) as decimal(18, 2)) as share,\n    \
             add_days(last, $lost_after_days) < $as_of as late\nfrom int_sums\n",
        )
        .file("sql/marts/mart_shares.yaml", format!("{contract}tests:\n{tests}"))
}

/// A test with two clients: the first bought for `amount`. It runs as of `day`, under `domain`.
fn case(name: &str, amount: u32, day: &str, domain: &str, expect: &str) -> String {
    let domain = if domain.is_empty() { String::new() } else { format!("    domain: {domain}\n") };
    format!(
        "  - name: {name}\n    as_of: {day}\n{domain}    given:\n      documents: |\n        \
         source,document_id,kind,date,client_id,amount\n        \
         books,1,shipment,2026-01-01,a,{amount}\n        books,2,shipment,2026-01-01,b,100\n        \
         books,3,return,2026-01-01,b,50\n    expect: |\n      client_key,share,late\n{expect}"
    )
}

fn rows(rows: &[&str]) -> String {
    rows.iter().map(|row| format!("      {row}\n")).collect()
}

fn lines(ran: &Ran) -> Vec<&str> {
    ran.stdout.lines().collect()
}

#[test]
fn each_test_sees_its_own_rows_day_and_settings() {
    // Plans are shared between tests: rows, the total of a subquery, the day and a setting are not.
    let mut tests = String::new();
    for round in 0..3 {
        for (amount, a, b) in [(300, "0.75", "0.25"), (100, "0.50", "0.50"), (900, "0.90", "0.10")]
        {
            let late = rows(&[&format!("a,{a},true"), &format!("b,{b},true")]);
            let early = rows(&[&format!("a,{a},false"), &format!("b,{b},false")]);
            let name = |what: &str| format!("{what} {amount} {round}");
            tests += &case(&name("late"), amount, "2027-06-30", "", &late);
            tests += &case(&name("early"), amount, "2026-06-30", "", &early);
            let domain = "{ lost: { after_days: 30 } }";
            tests += &case(&name("set"), amount, "2026-06-30", domain, &late);
        }
    }
    let project = project(&tests);
    let ran = project.run(&["test"]).ends_with(0);
    assert_eq!(lines(&ran).len(), 28);
    assert_eq!(lines(&ran)[..2], ["ok   mart_shares: late 300 0", "ok   mart_shares: early 300 0"]);
    assert_eq!(lines(&ran)[27], "27 tests passed");
    // The same in the same order on one thread and on many.
    for threads in ["1", "7"] {
        assert_eq!(project.run(&["--threads", threads, "test"]).ends_with(0).stdout, ran.stdout);
    }
}

#[test]
fn what_differs_is_printed_and_fails() {
    let wrong = rows(&["a,0.75,false", "b,0.30,false"]);
    let right = rows(&["a,0.75,false", "b,0.25,false"]);
    let tests = case("wrong", 300, "2026-06-30", "", &wrong)
        + &case("right", 300, "2026-06-30", "", &right);
    let ran = project(&tests).run(&["test"]).ends_with(2).says("1 of 2 tests failed");
    let expected = [
        "FAIL mart_shares: wrong",
        "     expected and not found: b,0.30,false",
        "     found and not expected: b,0.25,false",
        "ok   mart_shares: right",
    ];
    assert_eq!(lines(&ran), expected);
}

#[test]
fn rows_are_compared_with_how_often_they_are_there() {
    let twice = rows(&["a,0.75,false", "a,0.75,false", "b,0.25,false"]);
    let ran = project(&case("twice", 300, "2026-06-30", "", &twice)).run(&["test"]).ends_with(2);
    let told = "     expected 2 times and found 1 times: a,0.75,false";
    assert_eq!(lines(&ran), ["FAIL mart_shares: twice", told]);
}

#[test]
fn models_are_named_and_an_unknown_one_is_nothing() {
    let right = rows(&["a,0.75,false", "b,0.25,false"]);
    let project = project(&case("right", 300, "2026-06-30", "", &right));
    let ran = project.run(&["test", "mart_shares"]).ends_with(0);
    assert_eq!(lines(&ran), ["ok   mart_shares: right", "1 tests passed"]);
    let unknown = project.run(&["test", "mart_share"]).ends_with(3);
    unknown.says("no contract of a model \"mart_share\" declares a unit test").says("mart_shares");
    project.run(&["test", "int_sums"]).ends_with(3);
}

#[test]
fn a_test_that_cannot_be_set_up_says_where() {
    let wrong = case("odd", 1, "2026-06-30", "", &rows(&["a,1.00,false"]))
        .replace("client_id,amount", "client,amount");
    let ran = project(&wrong).run(&["test"]).ends_with(78);
    ran.says("sql/marts/mart_shares.yaml: test \"odd\"")
        .says("the table has no column \"client\"")
        .says("client_id");
}
