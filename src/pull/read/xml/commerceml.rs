//! `CommerceML`, the exchange of 1C with shops: version 1 in attributes, version 2 in elements.
//!
//! Keeps true: the buyer is known by its role, not by its place; what is said of the document is
//! not mixed up with what is said of its lines, though both are named alike; money returned is a
//! negative payment, and an operation that is not known is its own kind.

use super::amount::Amount;
use super::bundle::{Bundle, FILE, OUTERMOST};
use super::shape::{Format, Record, file};
use super::text::iso_date;

/// Roles of a buyer and of a seller in both versions.
const BUYERS: &[&str] = &["Покупатель", "Buyer"];
const SELLERS: &[&str] = &["Продавец", "Saler", "Seller"];

/// Operations in small letters, with е for ё, and the kinds of documents: those of `CommerceML`
/// 2.10 (1.1.41), what shops and 1C write beside them, and those of version 1.
const OPERATIONS: &[(&str, &str)] = &[
    ("заказ товара", "order"),
    ("заказ покупателя", "order"),
    ("заказ", "order"),
    ("order", "order"),
    ("счет на оплату", "invoice"),
    ("счет на оплату покупателю", "invoice"),
    ("счет", "invoice"),
    ("отпуск товара", "shipment"),
    ("реализация товаров и услуг", "shipment"),
    ("реализация товаров", "shipment"),
    ("реализация", "shipment"),
    ("sale", "shipment"),
    ("возврат товара", "return"),
    ("возврат товаров", "return"),
    ("возврат товаров от покупателя", "return"),
    ("return", "return"),
    ("выплата наличных денег", "payment"),
    ("выплата безналичных денег", "payment"),
    ("эквайринговая операция", "payment"),
    ("оплата", "payment"),
    ("возврат наличных денег", REFUND),
    ("возврат безналичных денег", REFUND),
    ("счет-фактура", OTHER),
    ("передача товара на комиссию", OTHER),
    ("передача товаров на комиссию", OTHER),
    ("возврат комиссионного товара", OTHER),
    ("отчет о продажах комиссионного товара", OTHER),
    ("отчет о списании комиссионного товара", OTHER),
    ("переоценка товаров", OTHER),
];

/// Money given back: a payment with a minus.
const REFUND: &str = "refund";

/// What repeats another document or is no sale: invoices for VAT, goods on commission.
const OTHER: &str = "other";

/// Properties of a document and their columns.
const PROPERTIES: &[(&str, &str)] = &[
    ("Отменен", "cancel_mark"),
    ("ПометкаУдаления", "deletion_mark"),
    ("Проведен", "posted"),
    ("Заказ оплачен", "paid"),
    ("Финальный статус", "final"),
    ("Статус заказа", "status"),
    ("Дата изменения статуса", "status_date"),
    ("Номер по 1С", "number_1c"),
];

/// Columns of [`PROPERTIES`] that are true or false.
const FLAGS: &[&str] = &["cancel_mark", "deletion_mark", "posted", "paid", "final"];

const DOCUMENT: &[(&str, &str)] = &[
    ("id", "Ид | @Идентификатор"),
    ("number", "Номер | @Номер"),
    ("number_1c", ""),
    ("date", "Дата | @Дата"),
    ("due_date", "СрокПлатежа | @СрокПлатежа"),
    ("operation", "ХозОперация | @ХозОперация"),
    ("kind", ""),
    ("document_role", "Роль"),
    ("currency", "Валюта | @Валюта"),
    ("rate", "Курс | @Курс"),
    ("amount", "Сумма | @Сумма"),
    ("status", ""),
    ("status_date", ""),
    ("cancelled", ""),
    ("cancel_mark", "Отменен"),
    ("deletion_mark", "ПометкаУдаления"),
    ("posted", "Проведен"),
    ("paid", ""),
    ("final", ""),
    ("comment", "Комментарий | @Комментарий"),
    ("buyer_key", ""),
    ("buyer_id", ""),
    ("buyer_name", ""),
    ("buyer_tax_id", ""),
    ("buyer_kpp", ""),
    ("buyer_mail", ""),
    ("buyer_phone", ""),
];

const PARTY: &[(&str, &str)] = &[
    ("role", "Роль | @Роль"),
    ("buyer_key", ""),
    ("buyer_id", "Ид | @Контрагент | @Идентификатор"),
    ("buyer_name", "Наименование | ПолноеНаименование | ОфициальноеНаименование | @Наименование"),
    ("buyer_tax_id", "ИНН | РеквизитыЮрЛица/ИНН | РеквизитыФизЛица/ИНН | @ИНН"),
    ("buyer_kpp", "КПП | РеквизитыЮрЛица/КПП | @КПП"),
    ("buyer_mail", ""),
    ("buyer_phone", ""),
];

pub(super) const FORMAT: Format = Format {
    name: "CommerceML",
    roots: &[("КоммерческаяИнформация", &[""])],
    wrapped: false,
    columns: &[
        "id",
        "number",
        "number_1c",
        "date",
        "due_date",
        "operation",
        "kind",
        "currency",
        "rate",
        "amount",
        "status",
        "status_date",
        "cancelled",
        "cancel_mark",
        "deletion_mark",
        "posted",
        "paid",
        "final",
        "comment",
        "buyer_key",
        "buyer_id",
        "buyer_name",
        "buyer_tax_id",
        "buyer_kpp",
        "buyer_mail",
        "buyer_phone",
        "line_no",
        "item_id",
        "item",
        "quantity",
        "unit",
        "price",
        "line_amount",
    ],
    records: &[
        file(&[]),
        Record {
            name: "document",
            within: "",
            paths: "КоммерческаяИнформация/Документ | КоммерческаяИнформация/Контейнер/Документ",
            shown: true,
            fields: DOCUMENT,
        },
        Record {
            name: "document",
            within: "document",
            paths: "ПодчиненныеДокументы/ПодчиненныйДокумент",
            shown: true,
            fields: DOCUMENT,
        },
        Record {
            name: "line",
            within: "document",
            paths: "Товары/Товар | ТоварнаяПозиция",
            shown: true,
            fields: &[
                ("line_no", ""),
                ("item_id", "Ид | @Товар"),
                ("item", "Наименование | @Наименование"),
                ("quantity", "Количество | @Количество"),
                ("unit", "Единица | БазоваяЕдиница | @Единица"),
                ("price", "ЦенаЗаЕдиницу | Цена | @Цена"),
                ("line_amount", "Сумма | @Сумма"),
            ],
        },
        Record {
            name: "client",
            within: "document",
            paths: "Контрагенты/Контрагент | ПредприятиеВДокументе",
            shown: true,
            fields: PARTY,
        },
        Record {
            name: "contact",
            within: "client",
            paths: "Контакты/Контакт",
            shown: false,
            fields: &[("contact_type", "Тип | КонтактВид"), ("contact", "Значение")],
        },
        Record {
            name: "property",
            within: "document",
            paths: "ЗначенияРеквизитов/ЗначениеРеквизита",
            shown: false,
            fields: &[("property", "Наименование"), ("value", "Значение")],
        },
        Record {
            name: "client",
            within: "",
            paths: "КоммерческаяИнформация/Контрагент",
            shown: true,
            fields: PARTY,
        },
    ],
    finish,
    verify: |_| Ok(Vec::new()),
};

fn finish(bundle: &mut Bundle) {
    for contact in bundle.all("contact") {
        let column = match bundle.get(contact, "contact_type").to_lowercase() {
            kind if kind.contains("почта") || kind.contains("mail") => "buyer_mail",
            kind if kind.contains("телефон") => "buyer_phone",
            _ => continue,
        };
        let (party, value) = (bundle.item(contact).parent, bundle.get(contact, "contact"));
        if bundle.get(party, column).is_empty() {
            let value = value.to_owned();
            bundle.set(party, column, value);
        }
    }
    let parties = bundle.all("client");
    for party in &parties {
        bundle.first(*party, "buyer_key", &["buyer_id", "buyer_tax_id", "buyer_name"]);
    }
    if bundle.name(OUTERMOST) == "document" {
        documents(bundle, &parties);
    } else if is_seller(bundle, OUTERMOST) {
        bundle.hide(OUTERMOST);
    }
}

/// Completes a document and those based on it that lie in it.
fn documents(bundle: &mut Bundle, parties: &[usize]) {
    let mut counts = vec![0_usize; bundle.items().end];
    parties.iter().for_each(|party| counts[bundle.item(*party).parent] += 1);
    for party in parties {
        let document = bundle.item(*party).parent;
        // A lone party without a role is who the seller of the document deals with.
        if counts[document] == 1
            && bundle.get(*party, "role").is_empty()
            && SELLERS.contains(&bundle.get(document, "document_role"))
        {
            bundle.set(*party, "role", BUYERS[0]);
        }
        let role = bundle.get(*party, "role");
        if BUYERS.contains(&role) {
            for (column, _) in PARTY {
                let text = bundle.get(*party, column).to_owned();
                bundle.set(document, column, text);
            }
        } else if SELLERS.contains(&role) {
            let key = bundle.get(*party, "buyer_key").to_owned();
            bundle.remember(&key, "");
        }
        // In version 1 a party of a document is but an id; its name comes later.
        if !BUYERS.contains(&bundle.get(*party, "role"))
            || bundle.get(*party, "buyer_name").is_empty()
        {
            bundle.hide(*party);
        }
    }
    for property in bundle.all("property") {
        let name = bundle.get(property, "property").replace('ё', "е");
        if let Some((_, column)) = PROPERTIES.iter().find(|(known, _)| *known == name) {
            let value = bundle.get(property, "value").to_owned();
            bundle.set(bundle.item(property).parent, column, value);
        }
    }
    bundle.all("document").into_iter().for_each(|document| complete(bundle, document));
    counts.fill(0);
    for line in bundle.all("line") {
        let count = &mut counts[bundle.item(line).parent];
        *count += 1;
        bundle.set(line, "line_no", count.to_string());
    }
}

fn complete(bundle: &mut Bundle, document: usize) {
    let outer = bundle.item(document).parent;
    let inherited = PARTY.iter().map(|(column, _)| *column).filter(|column| *column != "role");
    let inherited = inherited.chain(["currency", "rate"]);
    for column in inherited.filter(|_| outer != FILE) {
        if bundle.get(document, column).is_empty() {
            let text = bundle.get(outer, column).to_owned();
            bundle.set(document, column, text);
        }
    }
    for column in FLAGS {
        let flag = flag(bundle.get(document, column)).to_owned();
        bundle.set(document, column, flag);
    }
    let marks = ["cancel_mark", "deletion_mark", "posted"].map(|mark| bundle.get(document, mark));
    let cancelled = match marks {
        ["true", ..] | [_, "true", _] | [.., "false"] => "true",
        ["" | "false", "" | "false", "" | "true"] => "false",
        // A mark that is not understood is no "no".
        _ => "unknown",
    };
    bundle.set(document, "cancelled", cancelled);
    operation(bundle, document);
}

/// What the operation makes of the document.
fn operation(bundle: &mut Bundle, document: usize) {
    let date = iso_date(bundle.get(document, "date"));
    bundle.set(document, "date", date);
    let operation = bundle.get(document, "operation").to_owned();
    let word = operation.to_lowercase().replace('ё', "е");
    let known = OPERATIONS.iter().find(|(known, _)| *known == word);
    let kind = known.map_or(operation.as_str(), |(_, kind)| *kind);
    bundle.set(document, "kind", if kind == REFUND { "payment" } else { kind });
    if kind == OTHER {
        let number = bundle.get(document, "number").to_owned();
        bundle.tell(&format!("documents \"{operation}\", which are no sales"), &number);
    } else if kind == REFUND
        && let Some(amount) = Amount::of(bundle.get(document, "amount"))
        && amount > Amount::default()
    {
        bundle.set(document, "amount", amount.negative().to_string());
    }
}

/// Whether the party sold something earlier in the file.
fn is_seller(bundle: &Bundle, party: usize) -> bool {
    bundle.known(bundle.get(party, "buyer_key")).is_some()
}

fn flag(text: &str) -> &str {
    match text.to_lowercase().as_str() {
        "true" | "1" | "да" | "y" | "yes" | "истина" => "true",
        "false" | "0" | "нет" | "n" | "no" | "ложь" => "false",
        _ => text,
    }
}
