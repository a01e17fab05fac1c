//! `CommerceML` in both versions, on small files with the quirks of real ones.

use std::fmt::Write;

use super::XmlFormat::CommerceMl;
use super::tests::read;

pub(super) const VERSION_2: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<КоммерческаяИнформация ВерсияСхемы="2.05"><Документ>
<Ид>36</Ид><Номер>36</Номер><Дата>2012-12-05</Дата><ХозОперация>Заказ товара</ХозОперация>
<Валюта>руб</Валюта><Курс>1</Курс>
<Контрагенты>
  <Контрагент><Ид>we</Ид><Наименование>ООО «Мы»</Наименование><Роль>Продавец</Роль></Контрагент>
  <Контрагент><Наименование>ООО "Ромашка"</Наименование><ИНН>0712345678</ИНН><Роль>Покупатель</Роль>
    <Контакты><Контакт><Тип>Почта</Тип><Значение>a@b.ru</Значение></Контакт></Контакты></Контрагент>
</Контрагенты>
<Налоги><Налог><Сумма>20.00</Сумма></Налог></Налоги>
<Товары>
  <Товар><Ид>ORDER_DELIVERY</Ид><Наименование>Доставка</Наименование><Количество>1</Количество><Сумма>300.00</Сумма>
    <ЗначенияРеквизитов><ЗначениеРеквизита><Наименование>Отменен</Наименование><Значение>false</Значение></ЗначениеРеквизита></ЗначенияРеквизитов></Товар>
  <Товар><Ид>01</Ид><ЦенаЗаЕдиницу>50</ЦенаЗаЕдиницу><Количество>2</Количество><Сумма>100.00</Сумма></Товар>
</Товары>
<Сумма>400.00</Сумма>
<ЗначенияРеквизитов>
  <ЗначениеРеквизита><Наименование>Отменен</Наименование><Значение>true</Значение></ЗначениеРеквизита>
  <ЗначениеРеквизита><Наименование>Заказ оплачен</Наименование><Значение>0</Значение></ЗначениеРеквизита>
  <ЗначениеРеквизита><Наименование>Статус заказа</Наименование><Значение>[N] Принят</Значение></ЗначениеРеквизита>
</ЗначенияРеквизитов>
</Документ></КоммерческаяИнформация>"#;

const VERSION_1: &str = "<?xml version=\"1.0\" encoding=\"windows-1251\"?>\
<КоммерческаяИнформация><Документ Дата=\"2014-03-01\" Номер=\"Р-1\" ХозОперация=\"Sale\" \
Сумма=\"150.50\" Валюта=\"РУБ\">\
<ПредприятиеВДокументе Контрагент=\"W\" Роль=\"Saler\"/>\
<ПредприятиеВДокументе Контрагент=\"B\" Роль=\"Buyer\"/>\
<ТоварнаяПозиция Товар=\"001\" Единица=\"шт\" Количество=\"3\" Цена=\"50\" Сумма=\"150.50\">\
<СуммаНалога Сумма=\"25\"/></ТоварнаяПозиция></Документ>\
<Контрагент Идентификатор=\"W\" Наименование=\"Мы\"/>\
<Контрагент Идентификатор=\"B\" Наименование=\"ООО &quot;Лютик&quot;\" ИНН=\"7700000000\"/>\
</КоммерческаяИнформация>";

#[test]
fn version_2_takes_the_buyer_by_role_and_the_documents_own_sum() {
    let table = read(CommerceMl, VERSION_2.as_bytes()).unwrap();
    let columns = ["amount", "currency", "buyer_key", "cancelled", "paid", "posted", "status"];
    let expected = ["400.00", "руб", "0712345678", "true", "false", "", "[N] Принят"];
    assert_eq!(table.of("document", &columns), [expected]);
    let columns = ["number", "line_no", "item_id", "quantity", "line_amount"];
    assert_eq!(
        table.of("line", &columns),
        [["36", "1", "ORDER_DELIVERY", "1", "300.00"], ["36", "2", "01", "2", "100.00"]]
    );
    let columns = ["buyer_key", "buyer_name", "buyer_mail"];
    assert_eq!(table.of("client", &columns), [["0712345678", "ООО \"Ромашка\"", "a@b.ru"]]);
}

#[test]
fn version_1_is_read_from_attributes() {
    let (bytes, ..) = encoding_rs::WINDOWS_1251.encode(VERSION_1);
    let table = read(CommerceMl, &bytes).unwrap();
    let columns = ["number", "date", "operation", "amount", "currency", "buyer_key", "cancelled"];
    let expected = ["Р-1", "2014-03-01", "Sale", "150.50", "РУБ", "B", "false"];
    let upper = table.of("document", &columns);
    assert_eq!(upper, [expected]);
    let columns = ["number", "item_id", "unit", "quantity", "line_amount"];
    assert_eq!(table.of("line", &columns), [["Р-1", "001", "шт", "3", "150.50"]]);
    let columns = ["buyer_key", "buyer_name", "buyer_tax_id"];
    assert_eq!(table.of("client", &columns), [["B", "ООО \"Лютик\"", "7700000000"]]);
}

#[test]
fn a_document_is_cancelled_by_its_marks_and_one_that_is_not_understood_is_no_no() {
    let property = |name: &str, value: &str| {
        format!(
            "<ЗначенияРеквизитов><ЗначениеРеквизита><Наименование>{name}</Наименование>\
             <Значение>{value}</Значение></ЗначениеРеквизита></ЗначенияРеквизитов>"
        )
    };
    for (mark, cancelled) in [
        (String::new(), "false"),
        (property("Отменён", "Y"), "true"),
        (property("Отменен", "нет"), "false"),
        (property("ПометкаУдаления", "кажется"), "unknown"),
        (property("Проведен", "N"), "true"),
        (property("Проведен", "true"), "false"),
        ("<ПометкаУдаления>true</ПометкаУдаления>".to_owned(), "true"),
        ("<Проведен>false</Проведен>".to_owned(), "true"),
    ] {
        let text = format!(
            "<КоммерческаяИнформация><Документ><Номер>1</Номер>{mark}</Документ></КоммерческаяИнформация>"
        );
        let table = read(CommerceMl, text.as_bytes()).unwrap();
        assert_eq!(table.of("document", &["cancelled"]), [[cancelled]], "{mark}");
    }
}

/// A file of documents with these operations and sums, numbered from 1.
fn operations(documents: &[(&str, &str)]) -> String {
    let mut text = "<КоммерческаяИнформация>".to_owned();
    for (place, (operation, amount)) in documents.iter().enumerate() {
        let _ = write!(
            text,
            "<Документ><Номер>{}</Номер><Дата>2026-03-01</Дата><ХозОперация>{operation}</ХозОперация>\
             <Сумма>{amount}</Сумма></Документ>",
            place + 1
        );
    }
    text + "</КоммерческаяИнформация>"
}

#[test]
fn operations_are_known_ones_or_their_own_kind() {
    let text = operations(&[
        ("Заказ товара", "1"),
        ("Счёт на оплату", "1"),
        ("Отпуск товара", "1"),
        ("Возврат товара", "1"),
        ("Выплата безналичных денег", "1"),
        ("Возврат наличных денег", "10.50"),
        ("Возврат безналичных денег", "-3"),
        ("Счет-фактура", "1"),
        ("Передача товара на комиссию", "1"),
        ("Счет-фактура", "1"),
        ("Возврат товара поставщику", "1"),
    ]);
    let table = read(CommerceMl, text.as_bytes()).unwrap();
    assert_eq!(
        table.of("document", &["kind", "amount"]),
        [
            ["order", "1"],
            ["invoice", "1"],
            ["shipment", "1"],
            ["return", "1"],
            ["payment", "1"],
            ["payment", "-10.50"],
            ["payment", "-3"],
            ["other", "1"],
            ["other", "1"],
            ["other", "1"],
            ["Возврат товара поставщику", "1"],
        ]
    );
    assert_eq!(
        table.notes[1..],
        [
            "documents \"Передача товара на комиссию\", which are no sales: 1 (9)",
            "documents \"Счет-фактура\", which are no sales: 2 (8, 10)",
        ]
    );
}

#[test]
fn many_sellers_are_told_from_clients() {
    let mut text = "<КоммерческаяИнформация>".to_owned();
    for seller in 0..30_000 {
        let _ = write!(
            text,
            "<Документ Номер=\"{seller}\"><ПредприятиеВДокументе Контрагент=\"S{seller}\" \
             Роль=\"Saler\"/></Документ>"
        );
    }
    text += "<Контрагент Идентификатор=\"S29999\" Наименование=\"Мы\"/>\
             <Контрагент Идентификатор=\"B\" Наименование=\"Лютик\"/></КоммерческаяИнформация>";
    let table = read(CommerceMl, text.as_bytes()).unwrap();
    assert_eq!(table.of("client", &["buyer_key"]), [["B"]]);
}

#[test]
fn a_lone_party_without_a_role_is_the_sellers_client() {
    let party = "<Контрагент><Ид>A</Ид><Наименование>Альфа</Наименование></Контрагент>";
    let file = |role: &str, parties: &str| {
        let text = format!(
            "<КоммерческаяИнформация><Контейнер><Документ><Номер>1</Номер><Контрагенты>{parties}\
             </Контрагенты><Роль>{role}</Роль></Документ></Контейнер></КоммерческаяИнформация>"
        );
        let table = read(CommerceMl, text.as_bytes()).unwrap();
        table.of("document", &["buyer_key"]).concat().join("|")
    };
    assert_eq!(file("Продавец", party), "A");
    assert_eq!(file("Покупатель", party), "");
    assert_eq!(file("Продавец", &party.repeat(2)), "");
}

#[test]
fn documents_within_documents_are_read_and_have_their_outer_ones_buyer() {
    let nested = "<ПодчиненныйДокумент><Номер>NUMBER</Номер><ХозОперация>Отпуск товара</ХозОперация>\
        <Сумма>5</Сумма><Товары><Товар><Ид>x</Ид><Сумма>5</Сумма></Товар></Товары>\
        <ЗначенияРеквизитов><ЗначениеРеквизита><Наименование>Отменен</Наименование>\
        <Значение>true</Значение></ЗначениеРеквизита></ЗначенияРеквизитов></ПодчиненныйДокумент>";
    let nested = [nested.replace("NUMBER", "7"), nested.replace("NUMBER", "8")].concat();
    let nested =
        nested.replacen("<Сумма>", "<Контрагенты><Контрагент><Ид>C</Ид><Роль>Покупатель</Роль></Контрагент></Контрагенты><Сумма>", 1);
    let text = operations(&[("Заказ товара", "1")]).replace(
        "</Документ>",
        &format!(
            "<Контрагенты><Контрагент><Ид>B</Ид><Наименование>Б</Наименование><Роль>Покупатель</Роль>\
             </Контрагент></Контрагенты><Товары><Товар><Ид>y</Ид><Сумма>1</Сумма></Товар></Товары>\
             <ПодчиненныеДокументы>{nested}</ПодчиненныеДокументы></Документ>"
        ),
    );
    let table = read(CommerceMl, text.as_bytes()).unwrap();
    let columns = ["number", "kind", "amount", "buyer_key", "cancelled", "within_row"];
    assert_eq!(
        table.of("document", &columns),
        [
            ["1", "order", "1", "B", "false", ""],
            ["7", "shipment", "5", "C", "true", ""],
            ["8", "shipment", "5", "B", "true", ""],
        ]
    );
    let columns = ["number", "line_no", "item_id", "line_amount", "within_row"];
    assert_eq!(
        table.of("line", &columns),
        [["1", "1", "y", "1", "1"], ["7", "1", "x", "5", "4"], ["8", "1", "x", "5", "6"]]
    );
}
