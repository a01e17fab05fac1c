//! What the column under a header means, by words that people use for it.

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

/// A header as the words are written.
fn normalised(header: &str) -> String {
    let lower = header.to_lowercase().replace('ё', "е").replace('№', "no");
    let kept = lower.trim_matches(|char: char| !char.is_alphanumeric());
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What the columns under `headers` mean: each meaning once, given to the header that is its
/// surest word.
pub(super) fn meanings(headers: &[String]) -> Vec<Option<Meaning>> {
    let headers: Vec<String> = headers.iter().map(|header| normalised(header)).collect();
    let mut found = vec![None; headers.len()];
    for (meaning, words) in WORDS {
        let place = words.iter().find_map(|word| {
            let free = |place: &usize| headers[*place] == *word && found[*place].is_none();
            (0..headers.len()).find(free)
        });
        if let Some(place) = place {
            found[place] = Some(*meaning);
        }
    }
    found
}

/// How many of `headers` are known words.
pub(super) fn known(headers: &[String]) -> usize {
    meanings(headers).iter().flatten().count()
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
    use super::{Meaning, meanings};

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
    }
}
