//! What a careless reader of exports trips over, from a file to the lake.

use crate::exports::{cp1251, documents, source, sources, table};

const REGISTER: &str = "Дата;Номер;Контрагент;ИНН;Сумма\n";

#[test]
fn pitfall_2_a_tax_id_and_a_number_keep_their_zeros() {
    let text = format!(
        "{REGISTER}05.03.2026;000017;Альфа;0278000005;1\n06.03.2026;17;Бета;781012345678;2\n"
    );
    let project = source("preset: 1c_sales_register").file("exports/march.csv", cp1251(&text));
    project.run(&["run"]).ends_with(0);
    let expected = ["000017|shipment|2026-03-05|Альфа|1.00", "17|shipment|2026-03-06|Бета|2.00"];
    assert_eq!(documents(&project), expected);
    let clients = table(&project, "clients", &["client_id", "tax_id"]);
    assert_eq!(clients, ["Альфа|0278000005", "Бета|781012345678"]);
}

#[test]
fn pitfall_3_another_charset_is_refused_and_never_no_rows() {
    let keys = "preset: 1c_sales_register\nread: { csv: { encoding: CHARSET, delimiter: \";\", \
                decimal: \",\", date: \"%d.%m.%Y\" } }";
    let text = format!("{REGISTER}05.03.2026;1;Альфа;;1\n");
    let project =
        source(&keys.replace("CHARSET", "utf-8")).file("exports/march.csv", cp1251(&text));
    let ran = project.run(&["run"]).ends_with(1);
    ran.says("export \"march.csv\": row 1: byte 0 is not UTF-8").says("encoding");
    let project = source(&keys.replace("CHARSET", "windows-1251")).file("exports/march.csv", &text);
    let ran = project.run(&["run"]).ends_with(1);
    ran.says("not found").says("looks misread");
}

pub(crate) const COMMERCEML: &str = "<?xml version=\"1.0\" encoding=\"windows-1251\"?>\
<КоммерческаяИнформация><Документ Дата=\"2026-03-01\" Номер=\"Р-1\" ХозОперация=\"Sale\" \
Сумма=\"150.50\" Валюта=\"РУБ\"><ПредприятиеВДокументе Контрагент=\"W\" Роль=\"Saler\"/>\
<ПредприятиеВДокументе Контрагент=\"B\" Роль=\"Buyer\"/></Документ>\
<Контрагент Идентификатор=\"W\" Наименование=\"Мы\"/>\
<Контрагент Идентификатор=\"B\" Наименование=\"Лютик\" ИНН=\"0278000005\"/>\
</КоммерческаяИнформация>";

#[test]
fn pitfall_4_a_short_declaration_of_windows_1251_is_enough() {
    let project = source("preset: commerceml").file("exports/sale.xml", cp1251(COMMERCEML));
    project.run(&["run"]).ends_with(0);
    assert_eq!(documents(&project), ["Р-1|shipment|2026-03-01|B|150.50"]);
    let clients = table(&project, "clients", &["client_id", "name", "tax_id"]);
    assert!(clients.contains(&"B|Лютик|0278000005".to_owned()), "{clients:?}");
}

const ODATA: &str = "
read: { ndjson: { date: \"%Y-%m-%dT%H:%M:%S\" } }
into:
  documents:
    columns:
      document_id: Number
      kind: { value: shipment }
      date: Date
      due_date: СрокОплаты
      client_id: Контрагент_Key
      amount: СуммаДокумента
      currency: { value: RUB }
skip:
  - { column: Posted, like: \"false\" }
  - { column: DeletionMark, like: \"true\" }
load: upsert";

/// A document as 1C's `OData` gives it, a whole number of 64 bits as text.
fn odata(number: &str, amount: &str, due: &str, posted: bool, deleted: bool) -> String {
    format!(
        "{{\"Number\": \"{number}\", \"Date\": \"2026-03-05T23:59:59\", \"СрокОплаты\": \"{due}\", \
         \"Контрагент_Key\": \"4f1e\", \"СуммаДокумента\": {amount}, \"Кратность\": \"1\", \
         \"Posted\": {posted}, \"DeletionMark\": {deleted}}}\n"
    )
}

#[test]
fn pitfall_5_rows_of_odata_keep_their_digits_and_lose_drafts() {
    let never = "0001-01-01T00:00:00";
    let lines = [
        odata("00-1", "1234567890123.45", "2026-04-05T00:00:00", true, false),
        odata("00-2", "\"42\"", never, true, false),
        odata("00-3", "0.1", never, false, false),
        odata("00-4", "7", never, true, true),
    ];
    let project = source(ODATA).file("exports/sales.jsonl", lines.concat());
    let ran = project.run(&["run"]).ends_with(0);
    assert!(ran.stdout.contains("2 loaded, 0 rejected, 2 skipped"), "{}", ran.stdout);
    assert_eq!(
        table(&project, "documents", &["document_id", "date", "due_date", "amount"]),
        ["00-1|2026-03-05|2026-04-05|1234567890123.45", "00-2|2026-03-05||42.00"]
    );
}

#[test]
fn pitfall_5_a_document_of_the_year_1_has_no_date() {
    let line = odata("00-1", "1", "2026-04-05T00:00:00", true, false);
    let line = line.replace("2026-03-05T23:59:59", "0001-01-01T00:00:00");
    let project = source(ODATA).file("exports/sales.jsonl", line);
    let ran = project.run(&["run"]).ends_with(1);
    ran.says("row 1 column \"Date\": is empty, and \"date\" must have a value");
}

const SALES: &str = "
read: { csv: { encoding: utf-8, delimiter: \",\", decimal: \".\", date: \"%Y-%m-%d\" } }
into:
  documents:
    columns:
      document_id: number
      kind: { from: kind, map: [{ \"credit*\": return }, { \"*\": invoice }] }
      date: date
      client_id: client
      amount: amount
      currency: { value: RUB }
load: upsert";

const HEADER: &str = "number,kind,date,client,amount\n";

#[test]
fn pitfall_6_a_return_is_positive_whatever_the_habit() {
    // By its kind and positive, by its kind and negative, by its sign alone.
    let rows = "1,credit,2026-03-05,a,5\n2,credit,2026-03-05,a,-5\n3,invoice,2026-03-05,a,(5.00)\n";
    let register = format!(
        "{}07.03.2026;1;Бета;;Возврат от покупателя;50\n08.03.2026;2;Бета;;Реализация;-50\n",
        REGISTER.replace("Сумма", "Вид документа;Сумма")
    );
    let project =
        sources(&[("books", "*.csv", SALES), ("register", "*.txt", "preset: 1c_sales_register")])
            .file("exports/sales.csv", format!("{HEADER}{rows}"))
            .file("exports/march.txt", cp1251(&register));
    project.run(&["run"]).ends_with(0);
    let documents = table(&project, "documents", &["kind", "amount"]);
    let expected = ["return|5.00"; 3].into_iter().chain(["return|50.00"; 2]);
    assert_eq!(documents, expected.collect::<Vec<_>>());
}

/// An order with a sum of its own, of its tax, of its lines and of a discount.
pub(crate) const ORDER: &str = "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<КоммерческаяИнформация ВерсияСхемы=\"2.05\"><Документ><Ид>36</Ид><Номер>36</Номер>
<Дата>2026-03-05</Дата><ХозОперация>Отпуск товара</ХозОперация><Валюта>руб</Валюта>
<Контрагенты><Контрагент><Наименование>Мы</Наименование><ИНН>7700000000</ИНН><Роль>Продавец</Роль></Контрагент>
<Контрагент><Наименование>Ромашка</Наименование><ИНН>0712345678</ИНН><Роль>Покупатель</Роль></Контрагент></Контрагенты>
<Налоги><Налог><Сумма>20.00</Сумма></Налог></Налоги>
<Скидки><Скидка><Сумма>15.00</Сумма></Скидка></Скидки>
<Товары><Товар><Ид>01</Ид><Количество>2</Количество><Сумма>100.00</Сумма>
<Налоги><Налог><Сумма>16.67</Сумма></Налог></Налоги>
<ЗначенияРеквизитов><ЗначениеРеквизита><Наименование>Отменен</Наименование><Значение>true</Значение></ЗначениеРеквизита></ЗначенияРеквизитов></Товар></Товары>
<Сумма>100.00</Сумма>
<ЗначенияРеквизитов><ЗначениеРеквизита><Наименование>Отменен</Наименование><Значение>false</Значение></ЗначениеРеквизита></ЗначенияРеквизитов>
</Документ></КоммерческаяИнформация>";

#[test]
fn pitfall_9_a_sum_is_the_one_of_its_own_level() {
    let project = source("preset: commerceml").file("exports/sale.xml", ORDER);
    project.run(&["run"]).ends_with(0);
    let columns = ["document_id", "kind", "client_id", "amount", "cancelled"];
    let document = table(&project, "documents", &columns);
    assert_eq!(document, ["36|shipment|0712345678|100.00|false"]);
    let lines = table(&project, "document_lines", &["line_no", "item_id", "amount"]);
    assert_eq!(lines, ["1|01|100.00"]);
}

#[test]
fn pitfall_11_a_bad_record_is_rejected_alone() {
    let statement = "1CClientBankExchange\nВерсияФормата=1.03\nКодировка=Windows\n\
        РасчСчет=40702810000000000001\n\
        СекцияДокумент=Платежное поручение\nНомер=17\nДата=10.03.2026\nСумма=14000\n\
        ПлательщикСчет=40702810000000000077\nПлательщик=Ромашка\nПлательщикИНН=0123456789\n\
        ПолучательСчет=40702810000000000001\nДатаПоступило=11.03.2026\nКонецДокумента\n\
        СекцияДокумент=Платежное поручение\nНомер=18\nДата=33.03.2026\nСумма=1\n\
        ПлательщикСчет=40702810000000000077\nПлательщик=Ромашка\nПлательщикИНН=0123456789\n\
        ПолучательСчет=40702810000000000001\nКонецДокумента\n";
    let keys = "preset: client_bank_exchange\nrejects: { max_percent: 60 }";
    let project = source(keys).file("exports/kl_to_1c.txt", cp1251(statement));
    let ran = project.run(&["run"]).ends_with(0);
    assert!(ran.stdout.contains("1 loaded, 1 rejected"), "{}", ran.stdout);
    assert_eq!(
        table(&project, "documents", &["kind", "date", "amount"]),
        ["payment|2026-03-11|14000.00"]
    );
}

#[test]
fn pitfall_11_control_characters_of_tally_are_passed_over() {
    let text = "<ENVELOPE><BODY><IMPORTDATA><REQUESTDATA><TALLYMESSAGE>\
<VOUCHER VCHTYPE='GST Sale Invoice'><DATE>20260308</DATE><VOUCHERNUMBER>7</VOUCHERNUMBER>\
<NARRATION>\u{5}paid &#4;late</NARRATION><PARTYLEDGERNAME>&#4;Lee &amp; Sons</PARTYLEDGERNAME>\
<ISCANCELLED>No</ISCANCELLED>\
<LEDGERENTRIES.LIST><LEDGERNAME>&#4;Lee &amp; Sons</LEDGERNAME><AMOUNT>-1,00,118.00</AMOUNT></LEDGERENTRIES.LIST>\
<LEDGERENTRIES.LIST><LEDGERNAME>Sales</LEDGERNAME><AMOUNT>100118.00</AMOUNT></LEDGERENTRIES.LIST>\
</VOUCHER></TALLYMESSAGE></REQUESTDATA></IMPORTDATA></BODY></ENVELOPE>";
    let project = source("preset: tally").file("exports/daybook.xml", text);
    project.run(&["run"]).ends_with(0);
    let document = "GST Sale Invoice/2025-26/7|invoice|2026-03-08|Lee & Sons|100118.00";
    assert_eq!(documents(&project), [document]);
}

#[test]
fn pitfall_12_day_and_month_are_as_declared() {
    let rows = "1,invoice,03/04/2026,a,5\n2,invoice,13/04/2026,a,5\n";
    let run = |date: &str| {
        let project = source(&SALES.replace("%Y-%m-%d", date))
            .file("exports/sales.csv", format!("{HEADER}{rows}"));
        let ran = project.run(&["run"]);
        (project, ran)
    };
    let (project, ran) = run("%d/%m/%Y");
    ran.ends_with(0);
    let dates = table(&project, "documents", &["date"]);
    assert_eq!(dates, ["2026-04-03", "2026-04-13"]);
    let (_, ran) = run("%m/%d/%Y");
    ran.ends_with(1).says("row 3 column \"date\": \"13/04/2026\" is not a day written %m/%d/%Y");
}

#[test]
fn pitfall_13_a_full_page_is_told() {
    for (rows, told) in [(100, true), (101, false)] {
        let lines: String =
            (0..rows).map(|row| format!("{row},invoice,2026-03-05,a,5\n")).collect();
        let project = source(SALES).file("exports/sales.csv", format!("{HEADER}{lines}"));
        let ran = project.run(&["run"]).ends_with(0);
        let note = "sales.csv: exactly 100 rows: perhaps one page of more";
        assert_eq!(ran.stderr.contains(note), told, "{rows} rows:\n{}", ran.stderr);
    }
}

#[test]
fn an_empty_text_is_no_fault_of_a_match() {
    let keys = SALES.replace(
        "      amount: amount",
        "      due_date: { from: due, match: '(\\d{4}-\\d\\d-\\d\\d)' }\n      amount: amount",
    );
    let header = HEADER.replace("amount", "amount,due");
    let rows = "1,invoice,2026-03-05,a,5,until 2026-04-05\n2,invoice,2026-03-05,a,5,\n";
    let project = source(&keys).file("exports/sales.csv", format!("{header}{rows}"));
    project.run(&["run"]).ends_with(0);
    assert_eq!(table(&project, "documents", &["due_date"]), ["", "2026-04-05"]);
    project.write("exports/more.csv", format!("{header}3,invoice,2026-03-05,a,5,soon\n"));
    project.run(&["run"]).ends_with(1).says("row 2 column \"due\": \"soon\" does not match");
}
