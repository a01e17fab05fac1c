//! What the column under a header means, by words that people use for it.

use std::collections::HashSet;

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

/// Headers, in lower case and without signs, the surest word of each meaning first.
const WORDS: &[(Meaning, &[&str])] = &[
    (
        DocumentId,
        &[
            "номер документа",
            "номер",
            "no документа",
            "invoice number",
            "invoiceno",
            "invoice no",
            "invoicenumber",
            "document number",
            "documentnumber",
            "document id",
            "document_id",
            "order number",
            "number",
            "num",
            "no",
            "rechnungsnummer",
            "belegnummer",
            "belegfeld 1",
            "numero",
            "facture",
            "invoice",
        ],
    ),
    (
        Kind,
        &[
            "вид документа",
            "виддокумента",
            "тип документа",
            "вид операции",
            "document type",
            "documenttype",
            "transaction type",
            "type",
            "kind",
            "belegart",
        ],
    ),
    (
        Date,
        &[
            "дата документа",
            "дата",
            "invoice date",
            "invoicedate",
            "document date",
            "order date",
            "date",
            "дата продажи",
            "дата отгрузки",
            "rechnungsdatum",
            "belegdatum",
            "datum",
            "fecha",
        ],
    ),
    (
        ClientId,
        &[
            "код контрагента",
            "код клиента",
            "id клиента",
            "customer id",
            "customerid",
            "client id",
            "client_id",
            "customer number",
            "customer no",
            "kundennummer",
            "account number",
        ],
    ),
    (
        ClientName,
        &[
            "контрагент",
            "покупатель",
            "клиент",
            "наименование контрагента",
            "заказчик",
            "customer",
            "customer name",
            "client",
            "client name",
            "company",
            "contactname",
            "contact name",
            "account name",
            "kunde",
            "kundenname",
            "name",
            "компания",
        ],
    ),
    (
        TaxId,
        &[
            "инн",
            "инн контрагента",
            "инн/кпп",
            "tax id",
            "tax_id",
            "vat id",
            "vat number",
            "ust-idnr",
            "vat",
            "бин",
            "унп",
            "nif",
        ],
    ),
    (
        Amount,
        &[
            "сумма документа",
            "сумма с ндс",
            "сумма",
            "выручка",
            "стоимость",
            "сумма продажи",
            "amount",
            "total",
            "total amount",
            "invoice amount",
            "gross amount",
            "gross",
            "umsatz",
            "betrag",
            "bruttobetrag",
            "montant",
            "importe",
            "line amount",
            "lineamount",
        ],
    ),
    (Price, &["цена", "unit price", "unitprice", "price", "preis", "unitamount", "unit amount"]),
    (Quantity, &["количество", "кол-во", "quantity", "qty", "menge"]),
    (Currency, &["валюта", "currency", "currency code", "währung"]),
    (
        Manager,
        &["менеджер", "ответственный", "manager", "sales rep", "salesperson", "owner", "vertreter"],
    ),
    (Region, &["регион", "область", "город", "region", "country", "state", "land"]),
    (DueDate, &["срок оплаты", "оплатить до", "due date", "duedate", "fällig am"]),
    (Phone, &["телефон", "phone", "telephone", "telefon"]),
    (Email, &["email", "e-mail", "почта", "электронная почта", "mail"]),
    (Cancelled, &["отменен", "аннулирован", "cancelled", "canceled", "storno"]),
];

/// The same for lists of clients, where there are no documents.
const LIST_WORDS: &[(Meaning, &[&str])] = &[
    (ClientId, &["код", "id", "code", "customer code", "no", "number", "номер", "nummer"]),
    (ClientName, NAMES),
];

/// Headers of names of whatever.
const NAMES: &[&str] = &["name", "наименование", "название", "полное наименование", "организация"];

/// A header as the words are written.
pub(super) fn normalised(header: &str) -> String {
    let lower = header.to_lowercase().replace('ё', "е").replace('№', "no");
    let kept = lower.trim_matches(|char: char| !char.is_alphanumeric());
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What the columns under `headers` mean: each meaning once, given to the header that is its
/// surest word.
pub(super) fn meanings(headers: &[String]) -> Vec<Option<Meaning>> {
    let headers: Vec<String> = headers.iter().map(|header| normalised(header)).collect();
    let mut found = vec![None; headers.len()];
    give(WORDS, &headers, &mut found);
    let has = |found: &[Option<Meaning>], meaning| found.contains(&Some(meaning));
    if !has(&found, Date) && !has(&found, Amount) && !has(&found, ClientId) {
        // A list has no documents: what looks like the number of one is the client's.
        found.iter_mut().filter(|one| **one == Some(DocumentId)).for_each(|one| *one = None);
        give(LIST_WORDS, &headers, &mut found);
        // A code and a name may be those of goods: who has a tax id or an address is a client.
        let named = found.iter().position(|one| *one == Some(ClientName));
        let told = [TaxId, Phone, Email].into_iter().any(|one| has(&found, one));
        if let Some(named) =
            named.filter(|named| NAMES.contains(&headers[*named].as_str()) && !told)
        {
            found[named] = None;
            found.iter_mut().filter(|one| **one == Some(ClientId)).for_each(|one| *one = None);
        }
    }
    found
}

/// Gives each meaning of `words` that is not given yet to its surest header that is free.
fn give(words: &[(Meaning, &[&str])], headers: &[String], found: &mut [Option<Meaning>]) {
    for (meaning, words) in words {
        if found.contains(&Some(*meaning)) {
            continue;
        }
        let place = words.iter().find_map(|word| {
            let free = |place: &usize| headers[*place] == *word && found[*place].is_none();
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
        headers.filter(move |(_, header)| header == word).map(|(place, _)| place)
    });
    places.collect()
}

/// How many of `headers` are known words, or among the `others`.
pub(super) fn known(headers: &[String], others: &HashSet<String>) -> usize {
    let meanings = meanings(headers);
    let known = headers.iter().zip(meanings);
    known.filter(|(header, meaning)| meaning.is_some() || others.contains(*header)).count()
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
    use super::{meanings, places};

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
        assert_eq!(meanings(&headers), expected);
        assert_eq!(places(&headers, Meaning::Amount), [4, 5]);
    }

    #[test]
    fn in_a_list_without_documents_numbers_are_the_clients() {
        for (headers, expected) in [
            (["Код", "Наименование", "ИНН"], [ClientId, ClientName, TaxId]),
            (["No.", "Name", "VAT ID"], [ClientId, ClientName, TaxId]),
        ] {
            let headers = headers.map(str::to_owned);
            assert_eq!(meanings(&headers), expected.map(Some), "{headers:?}");
        }
        assert_eq!(meanings(&["Код", "Наименование"].map(str::to_owned)), [None, None]);
        let sales = ["Номер", "Дата", "Код", "Контрагент"].map(str::to_owned);
        let expected = [Some(DocumentId), Some(Date), None, Some(ClientName)];
        assert_eq!(meanings(&sales), expected);
    }
}
