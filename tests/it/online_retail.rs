//! A real wholesaler's invoice lines: 541 909 of them, with their dirt.
//!
//! Reads `../shared/data/online_retail` beside the repository; without it, the test says so and
//! passes, and `a_small_file_with_the_same_dirt` shows the same with lines of our own.

use crate::project::{Project, copy, repository};

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
