//! Totals, subtotals and footers of tables: known by their sums, not by their words alone.

use crate::exports::{cp1251, documents, source};
use crate::project::{Project, Ran};

const HEADER: &str = "Дата;Номер;Контрагент;Сумма\n";

/// A register of 1C with these rows, and how its load went.
fn register(rows: &str) -> (Project, Ran) {
    let text = format!("{HEADER}{rows}");
    let project = source("preset: 1c_sales_register").file("exports/register.csv", cp1251(&text));
    let ran = project.run(&["run"]);
    (project, ran)
}

#[test]
fn subtotals_of_months_are_no_rows_and_the_total_is_held() {
    let (project, ran) = register(
        "05.03.2026;1;Альфа;10,50\n06.03.2026;2;Бета;20\nитого за март;;;30,50\n\
         07.04.2026;3;Альфа;1\nИтого за апрель;;;1,00\nИТОГО:;;;31,50\nРуководитель;;(подпись);\n",
    );
    let ran = ran.ends_with(0);
    assert!(ran.stdout.contains("7 rows read, 3 loaded, 0 rejected"), "{}", ran.stdout);
    ran.says("2 rows taken for subtotals, as their sums prove: row 4 \"итого за март\", row 6");
    let expected = [
        "1|shipment|2026-03-05|Альфа|10.50",
        "2|shipment|2026-03-06|Бета|20.00",
        "3|shipment|2026-04-07|Альфа|1.00",
    ];
    assert_eq!(documents(&project), expected);
}

#[test]
fn a_row_with_a_date_is_no_subtotal_whatever_its_client_is_called() {
    let rows = "Контрагент;Номер;Дата;Сумма\nАльфа;1;03.06.2026;100\n\
                Итого Сервис ООО;2;04.06.2026;100\nБета;3;05.06.2026;7\nИтого;;;207\n";
    let project = source("preset: 1c_sales_register").file("exports/register.csv", cp1251(rows));
    project.run(&["run"]).ends_with(0);
    let expected = [
        "1|shipment|2026-06-03|Альфа|100.00",
        "2|shipment|2026-06-04|Итого Сервис ООО|100.00",
        "3|shipment|2026-06-05|Бета|7.00",
    ];
    assert_eq!(documents(&project), expected);
}

#[test]
fn a_total_that_the_rows_do_not_make_up_refuses_the_register() {
    let (_, ran) = register("05.03.2026;1;Альфа;10,50\nВсего;;;11,50\n");
    ran.ends_with(1)
        .says("row 3: control total of \"Сумма\" is 11.50, the rows above sum to 10.50");
    let (_, ran) = register("05.03.2026;1;Альфа;10,50\n06.03.2026;2;Бета;20\n");
    ran.ends_with(0);
}

#[test]
fn a_record_below_the_footer_refuses_the_register() {
    let (_, ran) = register("05.03.2026;1;Альфа;10,50\nИтого;;;10,50\n06.03.2026;2;Бета;20\n");
    ran.ends_with(1).says("row 4: a record stands below row 3, which was taken for the footer");
}

/// Sums by client: the first text of a row is his name.
const BY_CLIENT: &str = "
read: { csv: { encoding: utf-8, delimiter: \",\", decimal: \".\", date: \"%Y-%m-%d\" } }
into:
  documents:
    columns:
      document_id: number
      kind: { value: invoice }
      date: date
      client_id: client
      amount: amount
      currency: { value: RUB }
control_total: { row: [\"Total*\", \"Grand total\"], column: amount }
load: upsert";

#[test]
fn a_client_is_no_total_for_his_name() {
    let rows = |total: &str| {
        let text = format!(
            "client,number,date,amount\nAlpha,1,2026-03-05,5\nBeta,2,2026-03-05,6.333\n\
             TOTAL OIL,3,2026-03-05,7.333\nGamma,4,2026-03-05,1.333\n{total}"
        );
        let project = source(BY_CLIENT).file("exports/sales.csv", text);
        let ran = project.run(&["run"]);
        (project, ran)
    };
    let (project, ran) = rows("Grand Total,,,20.00\n");
    ran.ends_with(0);
    assert_eq!(documents(&project)[2], "3|invoice|2026-03-05|TOTAL OIL|7.33");
    let (_, ran) = rows("Grand Total,,,20.02\n");
    ran.ends_with(1)
        .says("row 6: control total of \"amount\" is 20.02, the rows above sum to 19.999");
    let (_, ran) = rows("");
    ran.ends_with(1).says("row 4: control total of \"amount\" is 7.333");
}
