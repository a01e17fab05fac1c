//! Books as bookkeepers' programs and banks hand them over, by their presets.

use crate::exports::{documents, source, table};

#[test]
fn vouchers_of_sie_are_sales_returns_and_payments() {
    let transaction = |account: &str, amount: &str, number: &str| {
        format!("#TRANS {account} {{}} {amount} \"\" \"Faktnr: {number}, Namn: Karl\"\n")
    };
    let voucher = |number: u32, day: &str, transactions: &[(&str, &str)], invoice: &str| {
        let lines: String = transactions
            .iter()
            .map(|(account, amount)| transaction(account, amount, invoice))
            .collect();
        format!("#VER A {number} {day} \"\"\n{{\n{lines}}}\n")
    };
    let text = [
        "#FLAGGA 0\n#SIETYP 4\n".to_owned(),
        // Two receivables of one invoice.
        voucher(1, "20260304", &[("1510", "100"), ("1513", "25"), ("3001", "-125")], "891"),
        voucher(2, "20260310", &[("1510", "-25"), ("3001", "25")], "891"),
        voucher(3, "20260320", &[("1930", "100.00"), ("1510", "-99.60"), ("3740", "-0.40")], "891"),
        voucher(4, "20260321", &[("1510", "-0.40"), ("3740", "0.40")], "891"),
        voucher(
            5,
            "20260322",
            &[("1510", "80"), ("3001", "-80"), ("1510", "-30"), ("1930", "30")],
            "892",
        ),
    ];
    let project = source("preset: sie").file("exports/books.se", text.concat());
    let ran = project.run(&["run"]).ends_with(0);
    assert!(ran.stdout.contains("4 loaded, 2 rejected"), "{}", ran.stdout);
    assert_eq!(
        documents(&project),
        [
            "891|invoice|2026-03-04|Karl|125.00",
            "891|return|2026-03-10|Karl|25.00",
            "A 3/891|payment|2026-03-20|Karl|99.60",
        ]
    );
    let related = table(&project, "documents", &["kind", "related_document_id"]);
    assert_eq!(related, ["invoice|", "payment|891", "return|"]);
    let rejects = table(&project, "rejects", &["reason", "by_rule"]);
    assert_eq!(rejects, ["sale_and_payment|true"; 2]);
}

/// A file of DATEV with postings, in SKR04 where its header says so.
fn datev(chart: &str, postings: &[&str]) -> String {
    let header = format!(
        "\"EXTF\";700;21;\"Buchungsstapel\";9;2026;;\"XY\";\"\";\"\";1001;456;20260101;4;20260301;\
         20260331;\"\";\"\";1;;0;\"EUR\";\"\";\"\";\"\";\"\";\"{chart}\";;;\"\";\"\""
    );
    let names = "Umsatz (ohne Soll/Haben-Kz);Soll/Haben-Kennzeichen;Konto;Gegenkonto (ohne BU-)\
                 ;Belegdatum;BU-Schl\u{fc}ssel;Belegfeld 1";
    let text = [&[header.as_str(), names], postings].concat().join("\r\n");
    format!("\u{feff}{text}")
}

#[test]
fn postings_of_datev_are_sales_returns_and_payments_of_their_chart() {
    let of = |income: &str, bank: &str, tax: &str, down_payment: &str, discount: &str| {
        [
            format!("100,00;S;10000;{income};0203;;R1"),
            format!("19,00;S;10000;{tax};0203;;R1"),
            format!("50,00;S;10000;{income};0203;;R1"),
            format!("50,00;S;10000;{income};1003;20;R1"),
            format!("500,00;S;10000;{down_payment};0303;;R2"),
            format!("98,00;H;10000;{bank};2003;;R1"),
            format!("2,00;H;10000;{discount};2003;;R1"),
            format!("98,00;H;10000;{bank};2103;80;R1"),
        ]
    };
    let expected = [
        "10000/2026-03-02/R1|invoice|2026-03-02|10000|150.00",
        "10000/2026-03-10/R1|return|2026-03-10|10000|50.00",
        "10000/2026-03-20/R1|payment|2026-03-20|10000|98.00",
        "10000/2026-03-21/R1|payment|2026-03-21|10000|-98.00",
    ];
    let skr03 = of("8400", "1200", "1776", "1718", "8736");
    let skr04 = of("4400", "1800", "3806", "3272", "4736");
    for (keys, chart, rows) in [
        ("preset: datev", "03", &skr03),
        ("preset: datev", "", &skr03),
        ("preset: datev", "04", &skr04),
        ("preset: datev", "", &skr04),
        ("preset: datev\nread: { datev: { chart: skr04 } }", "", &skr04),
    ] {
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let project = source(keys).file("exports/books.csv", datev(chart, &rows));
        let ran = project.run(&["run"]).ends_with(0);
        assert!(ran.stdout.contains("5 loaded, 0 rejected, 3 skipped"), "{}", ran.stdout);
        assert_eq!(documents(&project), expected, "{keys} {chart}");
    }
}

#[test]
fn a_statement_in_dollars_is_in_dollars() {
    let payment = |number: u32, account: &str, sum: &str| {
        format!(
            "СекцияДокумент=Платежное поручение\nНомер={number}\nДата=05.03.2026\nСумма={sum}\n\
             ПлательщикСчет=40702810000000000077\nПлательщик1=Ромашка\nПолучательСчет={account}\n\
             ДатаПоступило=05.03.2026\nКонецДокумента\n"
        )
    };
    let text = [
        "1CClientBankExchange\nРасчСчет=40702840000000000001\nРасчСчет=40702810000000000002\n"
            .to_owned(),
        payment(1, "40702840000000000001", "10,50"),
        payment(2, "40702810000000000002", "7"),
        "КонецФайла\n".to_owned(),
    ];
    let project = source("preset: client_bank_exchange").file("exports/kl.txt", text.concat());
    project.run(&["run"]).ends_with(0);
    let amounts = table(&project, "documents", &["amount", "currency"]);
    assert_eq!(amounts, ["10.50|USD", "7.00|RUB"]);
}
