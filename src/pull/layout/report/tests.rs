//! Reports in, leaves out.

use std::fmt::Write;

use proptest::prelude::*;

use crate::config::pipeline::{Locale, Summary};
use crate::pull::layout::{Report, ReportOptions};
use crate::pull::read::workbook::fixture::{Book, CODE, ITALIC};
use crate::pull::read::{Csv, Reader, TextReader, Workbook, WorkbookOptions};

fn locale(decimal: char) -> Locale {
    Locale {
        decimal,
        thousands: Some(' '),
        sign: None,
        date: "%d.%m.%Y".to_owned(),
        zone: chrono_tz::Tz::UTC,
    }
}

fn table(mut report: Report) -> String {
    let mut text = format!("{}\n", report.columns().unwrap().join("|"));
    while let Some(rows) = report.next_rows().unwrap() {
        for row in rows.iter() {
            let fields: Vec<&str> = (0..row.len()).map(|index| row.field(index)).collect();
            writeln!(text, "{}: {}", row.number, fields.join("|")).unwrap();
        }
    }
    text
}

fn from_book(book: &Book) -> Result<Report, String> {
    from_book_with(book, &ReportOptions::new(locale('.')))
}

fn from_book_with(book: &Book, options: &ReportOptions) -> Result<Report, String> {
    let mut workbook = Workbook::open(book.file(), &WorkbookOptions::default()).unwrap();
    Report::new(&mut workbook, options)
        .map_err(|error| format!("row {}: {}", error.row.unwrap_or_default(), error.message))
}

fn from_text(text: &str) -> Result<Report, String> {
    let mut csv = Csv::new(TextReader::new(text.as_bytes(), encoding_rs::UTF_8), b';');
    Report::new(&mut csv, &ReportOptions::new(locale(','))).map_err(|error| error.message)
}

/// A statement of debts: two levels, quantities, subtotals in italics, signatures.
fn statement(total: &str) -> Book {
    Book::default()
        .row(0, &["ООО «Ромашка»"])
        .row(0, &["Ведомость по взаиморасчётам"])
        .row(0, &["Период: 1 полугодие 2025 г."])
        .row(0, &["Отбор:", "Договор В списке «Основной»"])
        .row(0, &[])
        .row(0, &["Контрагент", "Показатели", "Сальдо на начало", "", "Обороты"])
        .row(0, &["Документ", "", "Дебет", "Кредит", "Дебет"])
        .merge("C6:D6")
        .row(0, &["Альфа", "БУ", "30", "", "3.5"])
        .row(0, &["", "Кол.", "3", "", "1"])
        .row(1, &["Реализация 1", "БУ", "10", "", "1.25"])
        .row(1, &["", "Кол.", "1", "", ""])
        .row(1, &["Реализация 2", "БУ", "20", "", "2.25"])
        .row(1, &["", "Кол.", "2", "", "1"])
        .row(1, &[&format!("Прочее@{ITALIC}"), "БУ", "30", "", "3.5"])
        .row(0, &["Бета", "БУ", "", "7", "100"])
        .row(0, &["Итого", "БУ", total, "7", "103.5"])
        .row(0, &["", "Кол.", "3", "", "1"])
        .row(0, &[])
        .row(0, &["Генеральный директор", "", "(подпись)"])
}

const LEAVES: &str = "\
Контрагент|Документ|measure|Сальдо на начало / Дебет|Сальдо на начало / Кредит|Обороты / Дебет|period_first|period_last|title|selection
10: Альфа|Реализация 1||10||1.25|01.01.2025|30.06.2025|Ведомость по взаиморасчётам|Отбор: Договор В списке «Основной»
11: Альфа|Реализация 1|Кол.|1|||01.01.2025|30.06.2025|Ведомость по взаиморасчётам|Отбор: Договор В списке «Основной»
12: Альфа|Реализация 2||20||2.25|01.01.2025|30.06.2025|Ведомость по взаиморасчётам|Отбор: Договор В списке «Основной»
13: Альфа|Реализация 2|Кол.|2||1|01.01.2025|30.06.2025|Ведомость по взаиморасчётам|Отбор: Договор В списке «Основной»
15: |Бета|||7|100|01.01.2025|30.06.2025|Ведомость по взаиморасчётам|Отбор: Договор В списке «Основной»
";

#[test]
fn pitfall_1_only_leaves_are_rows_and_they_sum_up_to_the_total() {
    let report = from_book(&statement("30")).unwrap();
    assert_eq!(report.notes(), ["sheet taken: \"TDSheet\""]);
    // Of 12 rows below the header, 5 are leaves and their quantities.
    assert_eq!(report.recognised(), 7);
    assert_eq!(table(report), LEAVES);
}

#[test]
fn a_total_that_the_leaves_do_not_make_up_refuses_the_report() {
    let summed = vec!["Сальдо на начало / Дебет".to_owned()];
    let options = ReportOptions { summed, ..ReportOptions::new(locale('.')) };
    let error = from_book_with(&statement("30.01"), &options).unwrap_err();
    let expected = "row 16: column \"Сальдо на начало / Дебет\": \"Итого\" says 30.01, the leaves \
                    sum up to 30";
    assert_eq!(error, expected);
}

#[test]
fn a_subtotal_that_its_rows_do_not_make_up_refuses_the_report() {
    let book = Book::default()
        .row(0, &["Контрагент", "Сумма"])
        .row(0, &["Альфа", "3"])
        .row(1, &["Реализация", "2"]);
    let expected = "row 2: column \"Сумма\": \"Альфа\" says 3, the rows under it sum up to 2";
    assert_eq!(from_book(&book).unwrap_err(), expected);
}

#[test]
fn italic_rows_that_no_total_proves_are_told() {
    let book = |total: bool| {
        let book = Book::default()
            .row(0, &["Контрагент", "Сумма"])
            .row(0, &["Альфа", "100"])
            .row(0, &[&format!("Бета@{ITALIC}"), "50"]);
        if total { book.row(0, &["Итого", "100"]) } else { book }
    };
    let told = "1 rows left out, for they are italic, as subtotals are; no total row proves it: \
                row 3 \"Бета\"";
    let notes = from_book(&book(false)).unwrap().notes();
    assert!(notes.iter().any(|note| note == told), "{notes:?}");
    assert_eq!(from_book(&book(true)).unwrap().notes(), ["sheet taken: \"TDSheet\""]);
}

#[test]
fn thousands_of_rows_called_totals_are_read() {
    let mut text = "Контрагент;Сумма\n".to_owned();
    for number in 0..6000 {
        writeln!(text, "Всего-{number};1").unwrap();
    }
    text.push_str("Итого;6000\n");
    let report = from_text(&text).unwrap();
    assert_eq!(table(report).lines().count(), 6001);
}

#[test]
fn a_text_of_the_same_report_gives_the_same_leaves() {
    let text = "ООО «Ромашка»\nВедомость по взаиморасчётам\nПериод: 1 полугодие 2025 г.\n\
        Отбор:;Договор В списке «Основной»\n\n\
        Контрагент;Показатели;Сальдо на начало;;Обороты\nДокумент;;Дебет;Кредит;Дебет\n\
        Альфа;БУ;30;;3,5\n;Кол.;3;;1\n  Реализация 1;БУ;10;;1,25\n;Кол.;1;;\n\
        \u{a0} Реализация 2;БУ;20;;2,25\n;Кол.;2;;1\n\n\
        Бета;БУ;;7;100\nИтого;БУ;30;7;103,5\n;Кол.;3;;1\n\nГенеральный директор;;(подпись)\n";
    assert_eq!(
        table(from_text(text).unwrap()),
        LEAVES.replace("1.25", "1,25").replace("2.25", "2,25")
    );
}

#[test]
fn pitfall_14_months_across_become_rows_and_a_composite_label_stays_whole() {
    let day = |serial: &str| format!("{serial}@1");
    let (july, august) = (day("45474"), day("45505"));
    let book = Book::default()
        .row(0, &["", &july, "", &august, "", "Итого", ""])
        .row(
            0,
            &[
                "Номенклатура, Единица, Артикул",
                "Количество",
                "Сумма",
                "Количество",
                "Сумма",
                "Количество",
                "Сумма",
            ],
        )
        .row(0, &["Чай, чёрный, пачка, А-1", "2", "20.5", "", "", "2", "20.5"])
        .row(0, &["Кофе, , К-2", "1", "5", "-1", "-5", "0", "0"]);
    let report = from_book(&book).unwrap();
    assert_eq!(report.notes()[1], "no total row: sums were not compared");
    let expected = "\
Номенклатура, Единица, Артикул|measure|month|Количество|Сумма|period_first|period_last|title|selection
3: Чай, чёрный, пачка, А-1||01.07.2024|2|20.5||||
4: Кофе, , К-2||01.07.2024|1|5||||
4: Кофе, , К-2||01.08.2024|-1|-5||||
";
    assert_eq!(table(report), expected);
}

#[test]
fn pitfall_8_title_and_signatures_are_counted_and_no_rows() {
    let book = Book::default()
        .row(0, &["Sales by Customer"])
        .row(0, &["January - March 2025"])
        .row(0, &["", "Customer", "Amount", "Share, %"])
        .row(0, &["", "Alpha", "2", "40"])
        .row(0, &["", "Beta", "3", "60"])
        .row(0, &["TOTAL", "", "5", "50"])
        .row(0, &["Accrual basis"]);
    let report = from_book(&book).unwrap();
    assert_eq!(report.recognised(), 2);
    let expected = "\
Customer|measure|Amount|Share, %|period_first|period_last|title|selection
4: Alpha||2|40|01.01.2025|31.03.2025|Sales by Customer|
5: Beta||3|60|01.01.2025|31.03.2025|Sales by Customer|
";
    assert_eq!(table(report), expected);
}

#[test]
fn pitfall_10_lines_within_lines_are_no_leaves() {
    let book = Book::default()
        .row(0, &["Контрагент", "Сумма"])
        .row(0, &["Альфа", "12"])
        .row(0, &["в т.ч. НДС", "2"])
        .row(0, &["Количество", "7"])
        .row(0, &["Бета", "1"])
        .row(0, &["Итого:", "13"]);
    let report = table(from_book(&book).unwrap());
    let rows: Vec<&str> = report.lines().skip(1).collect();
    assert_eq!(rows, ["2: Альфа||12||||", "5: Бета||1||||"]);
}

#[test]
fn sums_below_their_rows_are_parents_too() {
    let book = Book::default()
        .summary_below()
        .row(0, &["Account", "Amount"])
        .row(1, &[&format!("1@{CODE}"), "1"])
        .row(1, &["Cash", "2"])
        .row(0, &["Assets", "3"])
        .row(0, &["Total", "3"]);
    let expected = "\
Group|Account|measure|Amount|period_first|period_last|title|selection
2: Assets|01||1||||
3: Assets|Cash||2||||
";
    let options = with_labels(&["Group", "Account"]);
    assert_eq!(table(from_book_with(&book, &options).unwrap()), expected);
}

fn with_labels(labels: &[&str]) -> ReportOptions {
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    ReportOptions { labels, ..ReportOptions::new(locale('.')) }
}

/// The rows of a table, without its header and what the title says.
fn rows(report: Report) -> Vec<String> {
    let table = table(report);
    table.lines().skip(1).map(|row| row.trim_end_matches('|').to_owned()).collect()
}

#[test]
fn a_subtotal_is_one_only_if_a_sum_proves_it() {
    let book = Book::default()
        .row(0, &["Контрагент", "Сумма"])
        .row(0, &["Альфа", "3"])
        .row(0, &["Бета", "4"])
        .row(0, &["Итого по северу", "7"])
        .row(0, &["Total Oil", "5"])
        .row(0, &["Всего понемногу", "6"])
        .row(0, &["Итого по югу", "11"])
        .row(0, &["Всего по области", "18"])
        .row(0, &["Итого", "18"]);
    let report = from_book(&book).unwrap();
    assert_eq!(
        report.notes()[1..],
        [
            "3 rows taken for subtotals, as their sums prove: row 4 \"Итого по северу\", row 7 \
             \"Итого по югу\", row 8 \"Всего по области\"",
            "2 rows taken for rows of their own, as no sum proves: row 5 \"Total Oil\", row 6 \
             \"Всего понемногу\"",
        ]
    );
    let leaves = ["2: Альфа||3", "3: Бета||4", "5: Total Oil||5", "6: Всего понемногу||6"];
    assert_eq!(rows(report), leaves);
}

#[test]
fn a_client_whose_amount_is_that_of_the_row_above_is_no_subtotal() {
    let book = Book::default()
        .row(0, &["Контрагент", "Сумма"])
        .row(0, &["Альфа", "5"])
        .row(0, &["Total Oil", "5"])
        .row(0, &["Итого", "10"]);
    assert_eq!(rows(from_book(&book).unwrap()), ["2: Альфа||5", "3: Total Oil||5"]);
}

/// Two clients with a document each, and levels without a word on where sums stand.
fn either(amounts: [&str; 4], total: &str) -> Book {
    let [first, one, second, two] = amounts;
    Book::default()
        .summary_below()
        .row(0, &["Контрагент", "Сумма"])
        .row(0, &["Альфа", first])
        .row(1, &["Реализация 1 от 05.03.2026", one])
        .row(0, &["Бета", second])
        .row(1, &["Реализация 2 от 06.03.2026", two])
        .row(0, &["Итого", total])
}

#[test]
fn sums_stand_where_they_hold() {
    let report = from_book(&either(["5", "5", "6", "6"], "11")).unwrap();
    let told = "sums taken to stand above their rows";
    assert_eq!(report.notes().last().map(String::as_str), Some(told));
    let leaves =
        ["3: Альфа|Реализация 1 от 05.03.2026||5", "5: Бета|Реализация 2 от 06.03.2026||6"];
    assert_eq!(rows(report), leaves);
    // Documents that are 0 fit under either client: only above does each have one.
    let report = from_book(&either(["0", "0", "0", "0"], "0")).unwrap();
    assert_eq!(rows(report)[1], "5: Бета|Реализация 2 от 06.03.2026||0");
}

#[test]
fn sums_that_hold_above_and_below_are_to_be_declared() {
    let book = Book::default()
        .summary_below()
        .row(0, &["Контрагент", "Сумма"])
        .row(0, &["Альфа", "5"])
        .row(1, &["Реализация 1 от 05.03.2026", "5"])
        .row(0, &["Бета", "5"])
        .row(0, &["Итого", "10"]);
    let error = from_book(&book).unwrap_err();
    assert!(error.contains("hold whether they stand above their rows or below them"), "{error}");
    for (summary, leaves) in [
        (Summary::Above, ["3: Альфа|Реализация 1 от 05.03.2026||5", "4: |Бета||5"]),
        (Summary::Below, ["2: |Альфа||5", "3: Бета|Реализация 1 от 05.03.2026||5"]),
    ] {
        let options = ReportOptions { summary: Some(summary), ..ReportOptions::new(locale('.')) };
        assert_eq!(rows(from_book_with(&book, &options).unwrap()), leaves);
    }
}

#[test]
fn a_level_without_a_name_refuses_the_report() {
    let goods = |labels: &[&str]| {
        let book = Book::default()
            .row(0, &["Контрагент", "Сумма"])
            .row(0, &["Альфа", "3"])
            .row(1, &["Чай", "1"])
            .row(1, &["Кофе", "2"]);
        from_book_with(&book, &with_labels(labels))
    };
    let error = "row 0: its rows stand on 2 levels, and its header names \"Контрагент\"";
    assert_eq!(goods(&[]).unwrap_err(), error);
    assert_eq!(goods(&["Контрагент"]).unwrap_err(), error);
    let report = goods(&["Контрагент", "Номенклатура"]).unwrap();
    assert_eq!(report.columns().unwrap()[..2], ["Контрагент", "Номенклатура"]);
    let report = from_book(&either(["5", "5", "6", "6"], "11")).unwrap();
    assert_eq!(report.columns().unwrap()[..2], ["Контрагент", "Документ"]);
}

#[test]
fn sums_hold_to_the_cent() {
    let thirds = |total: &str| {
        let third = "3.33333333333333";
        let book = Book::default()
            .row(0, &["Контрагент", "Сумма"])
            .row(0, &["Альфа", "6.66666666666667"])
            .row(1, &["Реализация 1 от 05.03.2026", third])
            .row(1, &["Реализация 2 от 05.03.2026", third])
            .row(0, &["Бета", third])
            .row(1, &["Реализация 3 от 05.03.2026", third])
            .row(0, &["Итого", total]);
        from_book(&book).map(|report| rows(report).len())
    };
    assert_eq!(thirds("10"), Ok(3));
    assert_eq!(thirds("10.004"), Ok(3));
    assert!(thirds("10.01").unwrap_err().contains("the leaves sum up to 9.99999999999999"));
}

#[test]
fn only_what_is_taken_for_an_amount_has_to_sum_up() {
    let read = |summed: &str| {
        let book = Book::default()
            .row(0, &["Контрагент", "Сумма", "Цена"])
            .row(0, &["Альфа", "10", "2"])
            .row(0, &["Бета", "12", "3"])
            .row(0, &["Итого", "22", "2.4"]);
        let summed = vec![summed.to_owned()];
        from_book_with(&book, &ReportOptions { summed, ..ReportOptions::new(locale('.')) })
    };
    let told = "not held, for it is no sum: row 4: column \"Цена\": \"Итого\" says 2.4, the leaves \
                sum up to 5";
    assert_eq!(read("Сумма").unwrap().notes()[1..], [told]);
    assert!(read("Цена").unwrap_err().starts_with("row 4: column \"Цена\""));
}

#[test]
fn months_across_take_their_year_from_the_title() {
    let read = |title: &str, months: [&str; 2], year| {
        let book = Book::default()
            .row(0, &["Продажи"])
            .row(0, &[title])
            .row(0, &["Контрагент", months[0], months[1], "Итого"])
            .row(0, &["Альфа", "1", "2", "3"])
            .row(0, &["Итого", "1", "2", "3"]);
        from_book_with(&book, &ReportOptions { year, ..ReportOptions::new(locale('.')) })
    };
    let months = |report: Report| -> Vec<String> {
        rows(report).iter().map(|row| row.split('|').nth(2).unwrap().to_owned()).collect()
    };
    let expected = ["01.12.2024", "01.01.2025"];
    let period = "Период: Декабрь 2024 г. - Январь 2025 г.";
    for (title, names) in [
        (period, ["Декабрь", "Январь"]),
        (period, ["дек 24", "янв 25"]),
        ("", ["Dec-24", "Jan-25"]),
    ] {
        assert_eq!(months(read(title, names, None).unwrap()), expected, "{names:?}");
    }
    let report = read("", ["Январь", "Февраль"], Some(2025)).unwrap();
    assert_eq!(months(report), ["01.01.2025", "01.02.2025"]);
    let error = read("", ["Январь", "Февраль"], None).unwrap_err();
    assert_eq!(error, "row 3: month \"Январь\" has no year, and no row above names a period");
    let error = read(period, ["янв 24", "янв 25"], None).unwrap_err();
    assert!(error.contains("month \"янв 24\" is not one of the period 2024-12-01"), "{error}");
}

#[test]
fn the_label_may_be_declared() {
    let book = Book::default().row(0, &["Регион", "Сумма"]).row(0, &["Север", "1"]);
    let error = from_book(&book).unwrap_err();
    assert!(error.contains("no header among the first 30 rows"), "{error}");
    let labels = vec!["Регион".to_owned()];
    let options = ReportOptions { labels, ..ReportOptions::new(locale('.')) };
    assert!(table(from_book_with(&book, &options).unwrap()).contains("2: Север||1|"));
    let options = ReportOptions { max_rows: 1, ..options };
    let error = from_book_with(&book, &options).unwrap_err();
    assert!(error.contains("more than 1 rows"), "{error}");
}

#[test]
fn a_total_over_words_names_the_row() {
    let book = Book::default()
        .row(0, &["Контрагент", "Сумма"])
        .row(0, &["Альфа", "нет данных"])
        .row(0, &["Бета", "1"])
        .row(0, &["Итого", "1"]);
    let error = from_book(&book).unwrap_err();
    assert_eq!(error, "row 2: column \"Сумма\" holds \"нет данных\", no number");
}

/// A word that a report may hold, or an amount.
fn cell() -> impl Strategy<Value = String> {
    let words = vec![
        "",
        "",
        "",
        "Контрагент",
        "Документ",
        "Итого",
        "Всего",
        "Альфа",
        "  Бета",
        "    Гамма",
        "Дебет",
        "Сальдо на начало",
        "Январь 2025",
        "Февраль 2025",
        "Период: 1 полугодие 2025 г.",
        "Показатели",
        "Кол.",
        "БУ",
        "<...>",
        "%",
    ];
    prop_oneof![
        proptest::sample::select(words).prop_map(str::to_owned),
        (-30_i32..30).prop_map(|amount| amount.to_string()),
        "[0-9 ,.-]{0,6}",
    ]
}

proptest! {
    #[test]
    fn any_bytes_of_a_grid_give_no_more_leaves_than_cells(
        header in proptest::collection::vec(cell(), 1..5),
        grid in proptest::collection::vec(proptest::collection::vec(cell(), 0..5), 0..12),
    ) {
        let below = grid.iter().map(|row| row.join(";"));
        let text = format!("Контрагент;{}\n{}", header.join(";"), below.collect::<Vec<_>>().join("\n"));
        let cells = text.matches([';', '\n']).count() + 1;
        if let Ok(mut report) = from_text(&text) {
            let width = report.columns().unwrap().len();
            let mut leaves = 0;
            while let Ok(Some(rows)) = report.next_rows() {
                leaves += rows.iter().inspect(|row| assert_eq!(row.len(), width)).count();
            }
            prop_assert!(leaves <= cells, "{} leaves of {} cells", leaves, cells);
        }
    }
}
