//! What the column under a header means, by words that people use for it.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::config::presets;
use crate::names::spelling;

/// What a column may be, in the words of the canonical tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meaning {
    /// The number of a document.
    DocumentId,
    /// What kind of document it is.
    Kind,
    /// The document's day.
    Date,
    /// The client's code.
    ClientId,
    /// The client's name.
    ClientName,
    /// The client's tax id.
    TaxId,
    /// An amount of money.
    Amount,
    /// A price for one.
    Price,
    /// A quantity.
    Quantity,
    /// The currency.
    Currency,
    /// Who serves the client.
    Manager,
    /// Where the client is.
    Region,
    /// The day it is due.
    DueDate,
    /// A telephone number.
    Phone,
    /// A mail address.
    Email,
    /// Whether it is cancelled.
    Cancelled,
}

use Meaning::{
    Amount, Cancelled, ClientId, ClientName, Currency, Date, DocumentId, DueDate, Email, Kind,
    Manager, Phone, Price, Quantity, Region, TaxId,
};

/// Headers in whatever spelling, the surest word of each meaning first.
#[rustfmt::skip]
const WORDS: &[(Meaning, &[&str])] = &[
    (DocumentId, &[
        "номер документа", "номер заказа", "код заказа", "номер счета", "номер накладной", "номер",
        "no документа", "invoice number", "invoice no", "invoice id", "invoice", "document number",
        "document no", "document id", "sales document", "sd document", "voucher number",
        "voucher no", "order number", "order no", "order id", "credit note number",
        "transaction number", "doc no", "number", "num", "no", "rechnungsnummer", "rechnungsnr",
        "rechnungs-nr", "belegnummer", "belegnr", "belegfeld 1", "numero", "facture",
    ]),
    (Kind, &[
        "вид документа", "тип документа", "вид операции", "document type", "transaction type",
        "voucher type", "sales document type", "belegart", "type", "kind",
    ]),
    (Date, &[
        "дата документа", "дата заказа", "дата счета", "дата накладной", "дата", "invoice date",
        "invoice/bill date", "document date", "order date", "posting date", "voucher date",
        "transaction date", "issue date", "date", "дата продажи", "дата отгрузки", "дата операции",
        "created at", "rechnungsdatum", "belegdatum", "datum", "fecha",
    ]),
    (ClientId, &[
        "код контрагента", "код клиента", "код покупателя", "код партнера", "id клиента",
        "customer id", "client id", "customer number", "customer no", "customer code",
        "client code", "client number", "client no", 
        "partner id", "sold-to party", "kundennummer", "kundennr", "kunden-nr",
    ]),
    (ClientName, &[
        "контрагент", "покупатель", "клиент", "партнер", "наименование контрагента", "заказчик",
        "customer", "customer name", "client", "client name", "company", "company name",
        "invoice partner display name", "partner", "bill to", "party name", "account name",
        "name 1", "kunde", "kundenname", "name", "компания", "contact name",
    ]),
    (TaxId, &[
        "инн", "инн контрагента", "инн/кпп", "tax id", "tax number", "vat id", "vat number",
        "vat reg no", "ust-idnr", "бин", "унп", "nif",
    ]),
    (Amount, &[
        "сумма документа", "сумма с ндс", "сумма", "сумма заказа", "выручка", "стоимость",
        "сумма продажи", "сумма продаж", "продажи", "amount", "total", "total signed",
        "total amount", "invoice amount", "grand total", "gross amount", "gross", "net value",
        "sales", "sales amount", "umsatz", "betrag", "bruttobetrag", "montant", "importe",
        "line amount", "line total", "item total",
    ]),
    (Price, &["цена", "unit price", "item price", "price", "preis", "unit amount"]),
    (Quantity, &["количество", "кол-во", "quantity", "qty", "menge"]),
    (Currency, &["валюта", "currency", "currency code", "document currency", "währung"]),
    (Manager, &[
        "менеджер", "ответственный", "manager", "sales rep", "salesperson", "owner", "vertreter",
    ]),
    (Region, &["регион", "область", "город", "region", "country", "state", "land"]),
    (DueDate, &["срок оплаты", "оплатить до", "due date", "fällig am"]),
    (Phone, &["телефон", "phone", "telephone", "telefon"]),
    (Email, &["email", "почта", "электронная почта", "mail"]),
    (Cancelled, &["отменен", "аннулирован", "cancelled", "canceled", "storno"]),
];

/// Headers by which presets know a column, in one spelling.
static OF_PRESETS: LazyLock<Vec<(Meaning, Vec<String>)>> = LazyLock::new(|| {
    let columns = [
        (Date, "documents", "date"),
        (Amount, "documents", "amount"),
        (Currency, "documents", "currency"),
        (Manager, "documents", "manager"),
        (DueDate, "documents", "due_date"),
        (ClientName, "clients", "name"),
        (TaxId, "clients", "tax_id"),
        (Phone, "clients", "phone"),
        (Email, "clients", "email"),
    ];
    let known = columns.map(|(meaning, table, column)| {
        let headers = presets::headers_of(table, column);
        (meaning, headers.iter().map(|header| normalised(header)).collect())
    });
    known.into()
});

/// Numbers that are the clients' where nothing else has one.
const NUMBERS: &[(Meaning, &[&str])] =
    &[(ClientId, &["код", "id", "code", "no", "number", "номер", "nummer"])];

/// Headers of names of whatever.
const NAMES: &[&str] = &["name", "наименование", "название", "полноенаименование", "организация"];

/// In the headers of whom a number is rather a document's than a client's.
const DOUBTFUL: &[&str] = &[
    "договор",
    "contract",
    "сделк",
    "deal",
    "lead",
    "тема",
    "subject",
    "ticket",
    "обращени",
    "status",
    "статус",
    "состояние",
    "total",
    "итого",
    "сумма",
    "amount",
    "оплат",
    "paid",
    "order",
    "заказ",
    "invoice",
    "счет",
    "накладн",
    "скидка",
    "discount",
    "shipping",
    "betrag",
    "rechnung",
];

/// In the headers of lists of whom or what is no client: staff, suppliers, goods.
const OTHERS: &[&str] = &[
    "должност",
    "position",
    "табельн",
    "employee",
    "сотрудник",
    "поставщик",
    "vendor",
    "supplier",
    "артикул",
    "sku",
    "номенклатур",
    "barcode",
    "остат",
    "stock",
    "ед.изм",
];

/// What the values of columns let them be.
pub(super) trait Values {
    /// Whether the values of the column at this place may have the meaning.
    fn may_be(&self, place: usize, meaning: Meaning) -> bool;
    /// Whether they are codes: each once, and no numbers that merely count the rows.
    fn are_codes(&self, place: usize) -> bool;
}

/// Columns of which no value is known.
pub(super) struct Unknown;

impl Values for Unknown {
    fn may_be(&self, _: usize, _: Meaning) -> bool {
        true
    }

    fn are_codes(&self, _: usize) -> bool {
        true
    }
}

/// A header as words are compared: in one spelling, `№` as `no`, without signs around it.
pub(super) fn normalised(header: &str) -> String {
    let text = spelling(&header.replace('№', "no"));
    text.trim_matches(|char: char| !char.is_alphanumeric()).to_owned()
}

/// What the columns under `headers` mean: each meaning once, given to the header that is its
/// surest word and whose `values` may have it, else to one by which a preset knows it.
pub(super) fn meanings(headers: &[String], values: &dyn Values) -> Vec<Option<Meaning>> {
    let headers: Vec<String> = headers.iter().map(|header| normalised(header)).collect();
    let mut found = vec![None; headers.len()];
    give(WORDS, &headers, values, &mut found);
    for (meaning, words) in OF_PRESETS.iter() {
        let free = |place: &usize| {
            let known = words.contains(&headers[*place]);
            known && found[*place].is_none() && values.may_be(*place, *meaning)
        };
        if !found.contains(&Some(*meaning))
            && let Some(place) = (0..headers.len()).find(free)
        {
            found[place] = Some(*meaning);
        }
    }
    let has = |found: &[Option<Meaning>], meaning| found.contains(&Some(meaning));
    let any = |words: &[&str]| {
        headers.iter().any(|header| words.iter().any(|word| header.contains(word)))
    };
    let named = |found: &[Option<Meaning>]| {
        let name = found.iter().position(|one| *one == Some(ClientName));
        name.filter(|name| NAMES.contains(&headers[*name].as_str()))
    };
    if of_documents(&found) || has(&found, ClientId) {
        // Beside a quantity and a price a bare name is that of goods.
        let goods = has(&found, Quantity) || has(&found, Price);
        if let Some(name) = named(&found).filter(|_| goods) {
            found[name] = None;
        }
        return found;
    }
    // A list has no documents: what looks like the number of one is the client's.
    if !any(DOUBTFUL) {
        found.iter_mut().filter(|one| **one == Some(DocumentId)).for_each(|one| *one = None);
        give(NUMBERS, &headers, values, &mut found);
        let code = found.iter().position(|one| *one == Some(ClientId));
        if let Some(code) = code.filter(|code| !values.are_codes(*code)) {
            found[code] = None;
        }
    }
    give(&[(ClientName, NAMES)], &headers, values, &mut found);
    // A code and a name may be those of goods: who has a tax id or an address is a client, unless the
    // list is of staff or suppliers.
    let told = [TaxId, Phone, Email].into_iter().any(|one| has(&found, one));
    if let Some(name) = named(&found).filter(|_| !told || any(OTHERS)) {
        found[name] = None;
        found.iter_mut().filter(|one| **one == Some(ClientId)).for_each(|one| *one = None);
    }
    found
}

/// Whether one of the columns is one that only documents have.
pub(super) fn of_documents(found: &[Option<Meaning>]) -> bool {
    let meant = |one: &Option<Meaning>| {
        matches!(one, Some(Date | Amount | DueDate | Price | Quantity | Cancelled))
    };
    found.iter().any(meant)
}

/// Gives each meaning of `words` that is not given yet to its surest header that is free.
fn give(
    words: &[(Meaning, &[&str])],
    headers: &[String],
    values: &dyn Values,
    found: &mut [Option<Meaning>],
) {
    for (meaning, words) in words {
        if found.contains(&Some(*meaning)) {
            continue;
        }
        let place = words.iter().find_map(|word| {
            let word = spelling(word);
            let free = |place: &usize| {
                let known = headers[*place] == word && found[*place].is_none();
                known && values.may_be(*place, *meaning)
            };
            (0..headers.len()).find(free)
        });
        if let Some(place) = place {
            found[place] = Some(*meaning);
        }
    }
}

/// The places of all headers that may mean `wanted`, the surest first.
pub(super) fn places(headers: &[String], wanted: Meaning) -> Vec<usize> {
    let headers: Vec<String> = headers.iter().map(|header| normalised(header)).collect();
    let words = WORDS.iter().find(|(meaning, _)| *meaning == wanted);
    let words = words.map_or(&[][..], |(_, words)| words).iter();
    let places = words.flat_map(|word| {
        let headers = headers.iter().enumerate();
        let word = spelling(word);
        headers.filter(move |(_, header)| **header == word).map(|(place, _)| place)
    });
    places.collect()
}

/// How many of `headers` are known words, or among the `others`.
pub(super) fn known(headers: &[String], others: &HashSet<String>) -> usize {
    let meanings = meanings(headers, &Unknown);
    let known = headers.iter().zip(meanings);
    known
        .filter(|(header, meaning)| meaning.is_some() || others.contains(&spelling(header)))
        .count()
}

impl Meaning {
    /// In words, as the canonical tables have them.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            DocumentId => "document_id",
            Kind => "kind",
            Date => "date",
            ClientId => "client_id",
            ClientName => "client's name",
            TaxId => "tax_id",
            Amount => "amount",
            Price => "price",
            Quantity => "quantity",
            Currency => "currency",
            Manager => "manager",
            Region => "region",
            DueDate => "due_date",
            Phone => "phone",
            Email => "email",
            Cancelled => "cancelled",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Meaning::{self, ClientId, ClientName, Date, DocumentId, TaxId};
    use super::{Unknown, meanings, places};

    #[test]
    fn a_meaning_goes_to_its_surest_header() {
        let headers = ["№", "Дата", "Контрагент", "ИНН", "Сумма документа", "Сумма", "Комментарий"];
        let headers: Vec<String> = headers.iter().map(|header| (*header).to_owned()).collect();
        let expected = [
            Some(Meaning::DocumentId),
            Some(Meaning::Date),
            Some(Meaning::ClientName),
            Some(Meaning::TaxId),
            Some(Meaning::Amount),
            None,
            None,
        ];
        assert_eq!(meanings(&headers, &Unknown), expected);
        assert_eq!(places(&headers, Meaning::Amount), [4, 5]);
    }

    #[test]
    fn in_a_list_without_documents_numbers_are_the_clients() {
        for (headers, expected) in [
            (["Код", "Наименование", "ИНН"], [ClientId, ClientName, TaxId]),
            (["No.", "Name", "VAT ID"], [ClientId, ClientName, TaxId]),
        ] {
            let headers = headers.map(str::to_owned);
            assert_eq!(meanings(&headers, &Unknown), expected.map(Some), "{headers:?}");
        }
        assert_eq!(meanings(&["Код", "Наименование"].map(str::to_owned), &Unknown), [None, None]);
        let sales = ["Номер", "Дата", "Код", "Контрагент"].map(str::to_owned);
        let expected = [Some(DocumentId), Some(Date), None, Some(ClientName)];
        assert_eq!(meanings(&sales, &Unknown), expected);
    }
}
