//! UBL 2.1 invoices and credit notes, as EN 16931, Peppol and OIOUBL use them.
//!
//! Paths: <https://docs.peppol.eu/poacc/billing/3.0/syntax/ubl-invoice/tree/>.

use super::einvoice::{COLUMNS, finish};
use super::shape::{Format, Record, file};

pub(super) const FORMAT: Format = Format {
    name: "UBL",
    roots: &[
        ("Invoice", &["urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"]),
        ("CreditNote", &["urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"]),
    ],
    wrapped: true,
    columns: COLUMNS,
    records: &[
        file(&[]),
        Record {
            name: "document",
            within: "",
            paths: "Invoice | CreditNote",
            shown: true,
            fields: &[
                ("document_type", ""),
                ("customization", "CustomizationID"),
                ("type_code", "InvoiceTypeCode | CreditNoteTypeCode"),
                ("kind", ""),
                ("number", "ID"),
                ("date", "IssueDate"),
                ("due_date", "DueDate | PaymentMeans/PaymentDueDate"),
                ("currency", "DocumentCurrencyCode"),
                ("note", "Note"),
                ("buyer_key", ""),
                ("buyer_id", "AccountingCustomerParty/Party/PartyIdentification/ID"),
                (
                    "buyer_name",
                    "AccountingCustomerParty/Party/PartyName/Name \
                     | AccountingCustomerParty/Party/PartyLegalEntity/RegistrationName",
                ),
                ("buyer_vat_id", "AccountingCustomerParty/Party/PartyTaxScheme/CompanyID"),
                ("buyer_legal_id", "AccountingCustomerParty/Party/PartyLegalEntity/CompanyID"),
                (
                    "buyer_country",
                    "AccountingCustomerParty/Party/PostalAddress/Country/IdentificationCode",
                ),
                ("buyer_mail", "AccountingCustomerParty/Party/Contact/ElectronicMail"),
                ("buyer_phone", "AccountingCustomerParty/Party/Contact/Telephone"),
                (
                    "seller_name",
                    "AccountingSupplierParty/Party/PartyName/Name \
                     | AccountingSupplierParty/Party/PartyLegalEntity/RegistrationName",
                ),
                ("seller_vat_id", "AccountingSupplierParty/Party/PartyTaxScheme/CompanyID"),
                ("order_number", "OrderReference/ID"),
                (
                    "corrected_number",
                    "BillingReference/InvoiceDocumentReference/ID \
                     | BillingReference/CreditNoteDocumentReference/ID",
                ),
                ("net_amount", "LegalMonetaryTotal/TaxExclusiveAmount"),
                ("tax_amount", ""),
                ("gross_amount", "LegalMonetaryTotal/TaxInclusiveAmount"),
                ("payable_amount", "LegalMonetaryTotal/PayableAmount"),
                ("prepaid_amount", "LegalMonetaryTotal/PrepaidAmount"),
                ("allowances", "LegalMonetaryTotal/AllowanceTotalAmount"),
                ("charges", "LegalMonetaryTotal/ChargeTotalAmount"),
            ],
        },
        Record {
            name: "line",
            within: "document",
            paths: "InvoiceLine | CreditNoteLine",
            shown: true,
            fields: &[
                ("line_no", ""),
                ("line_id", "ID"),
                (
                    "item_id",
                    "Item/SellersItemIdentification/ID | Item/StandardItemIdentification/ID",
                ),
                ("item", "Item/Name"),
                ("quantity", "InvoicedQuantity | CreditedQuantity"),
                ("unit", "InvoicedQuantity/@unitCode | CreditedQuantity/@unitCode"),
                ("line_amount", "LineExtensionAmount"),
                ("tax_percent", "Item/ClassifiedTaxCategory/Percent"),
                ("tax_category", "Item/ClassifiedTaxCategory/ID"),
                ("line_tax_amount", ""),
                ("line_gross_amount", ""),
            ],
        },
        Record {
            name: "line_tax",
            within: "line",
            paths: "TaxTotal",
            shown: false,
            fields: &[("one_line_tax", "TaxAmount")],
        },
        Record {
            name: "tax_total",
            within: "document",
            paths: "TaxTotal",
            shown: false,
            fields: &[("total", "TaxAmount"), ("total_currency", "TaxAmount/@currencyID")],
        },
    ],
    finish,
    verify: |_| Ok(Vec::new()),
};
