//! `CommerceML`, the exchange of 1C with shops: version 1 in attributes, version 2 in elements.
//!
//! Keeps true: the buyer is known by its role, not by its place; what is said of the document is
//! not mixed up with what is said of its lines, though both are named alike.

use super::bundle::{Bundle, FILE, OUTERMOST};
use super::shape::{Format, Record, file};

/// Roles of a buyer and of a seller in both versions.
const BUYERS: &[&str] = &["Покупатель", "Buyer"];
const SELLERS: &[&str] = &["Продавец", "Saler", "Seller"];

/// Sellers remembered: a firm's own ids, seldom more than one.
const MAX_SELLERS_BYTES: usize = 1 << 16;

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

/// How 1C writes currencies that have an ISO code.
const CURRENCIES: &[(&str, &str)] =
    &[("руб", "RUB"), ("руб.", "RUB"), ("rur", "RUB"), ("643", "RUB"), ("грн", "UAH")];

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
    columns: &[
        "id",
        "number",
        "number_1c",
        "date",
        "due_date",
        "operation",
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
        file(&[("sellers", "")]),
        Record {
            name: "document",
            within: "",
            paths: "КоммерческаяИнформация/Документ | КоммерческаяИнформация/Контейнер/Документ",
            shown: true,
            fields: &[
                ("id", "Ид | @Идентификатор"),
                ("number", "Номер | @Номер"),
                ("number_1c", ""),
                ("date", "Дата | @Дата"),
                ("due_date", "СрокПлатежа | @СрокПлатежа"),
                ("operation", "ХозОперация | @ХозОперация"),
                ("currency", "Валюта | @Валюта"),
                ("rate", "Курс | @Курс"),
                ("amount", "Сумма | @Сумма"),
                ("status", ""),
                ("status_date", ""),
                ("cancelled", ""),
                ("cancel_mark", ""),
                ("deletion_mark", ""),
                ("posted", ""),
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
            ],
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
        document(bundle, &parties);
    } else if is_seller(bundle, OUTERMOST) {
        bundle.hide(OUTERMOST);
    }
}

fn document(bundle: &mut Bundle, parties: &[usize]) {
    for party in parties {
        let role = bundle.get(*party, "role");
        if BUYERS.contains(&role) {
            for (column, _) in PARTY {
                let text = bundle.get(*party, column).to_owned();
                bundle.set(OUTERMOST, column, text);
            }
        } else if SELLERS.contains(&role) && !is_seller(bundle, *party) {
            let (known, key) = (bundle.get(FILE, "sellers"), bundle.get(*party, "buyer_key"));
            if known.len() + key.len() < MAX_SELLERS_BYTES {
                let sellers = format!("{known}{key}\n");
                bundle.set(FILE, "sellers", sellers);
            }
        }
        // In version 1 a party of a document is but an id; its name comes later.
        if !BUYERS.contains(&bundle.get(*party, "role"))
            || bundle.get(*party, "buyer_name").is_empty()
        {
            bundle.hide(*party);
        }
    }
    for property in bundle.all("property") {
        let name = bundle.get(property, "property");
        if let Some((_, column)) = PROPERTIES.iter().find(|(known, _)| *known == name) {
            let value = bundle.get(property, "value").to_owned();
            bundle.set(OUTERMOST, column, value);
        }
    }
    for column in FLAGS {
        let flag = flag(bundle.get(OUTERMOST, column)).to_owned();
        bundle.set(OUTERMOST, column, flag);
    }
    let void = ["cancel_mark", "deletion_mark"];
    let void = void.iter().any(|column| bundle.get(OUTERMOST, column) == "true");
    bundle.set(OUTERMOST, "cancelled", if void { "true" } else { "false" });
    let written = bundle.get(OUTERMOST, "currency").to_lowercase();
    if let Some((_, iso)) = CURRENCIES.iter().find(|(known, _)| *known == written) {
        bundle.set(OUTERMOST, "currency", *iso);
    }
    for (place, line) in bundle.all("line").into_iter().enumerate() {
        bundle.set(line, "line_no", (place + 1).to_string());
    }
}

/// Whether the party sold something earlier in the file.
fn is_seller(bundle: &Bundle, party: usize) -> bool {
    let key = bundle.get(party, "buyer_key");
    bundle.get(FILE, "sellers").lines().any(|seller| seller == key)
}

fn flag(text: &str) -> &str {
    match text.to_lowercase().as_str() {
        "true" | "1" | "да" => "true",
        "false" | "0" | "нет" => "false",
        _ => text,
    }
}
