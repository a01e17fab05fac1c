//! Cross Industry Invoices of UN/CEFACT (D16B), as EN 16931, `XRechnung` and Factur-X use them.
//!
//! Paths: EN 16931-3-3. Dates are written `20130825`; they are given as `2013-08-25`.

use super::einvoice::{COLUMNS, finish};
use super::shape::{Format, Record, file};

macro_rules! agreement {
    ($path:literal) => {
        concat!("SupplyChainTradeTransaction/ApplicableHeaderTradeAgreement/", $path)
    };
}

macro_rules! settlement {
    ($path:literal) => {
        concat!("SupplyChainTradeTransaction/ApplicableHeaderTradeSettlement/", $path)
    };
}

macro_rules! total {
    ($path:literal) => {
        concat!(
            "SupplyChainTradeTransaction/ApplicableHeaderTradeSettlement/",
            "SpecifiedTradeSettlementHeaderMonetarySummation/",
            $path
        )
    };
}

pub(super) const FORMAT: Format = Format {
    name: "CII",
    roots: &[(
        "CrossIndustryInvoice",
        &["urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"],
    )],
    wrapped: true,
    columns: COLUMNS,
    records: &[
        file(&[]),
        Record {
            name: "document",
            within: "",
            paths: "CrossIndustryInvoice",
            shown: true,
            fields: &[
                ("document_type", ""),
                ("type_code", "ExchangedDocument/TypeCode"),
                ("kind", ""),
                ("number", "ExchangedDocument/ID"),
                ("date", "ExchangedDocument/IssueDateTime/DateTimeString"),
                ("note", "ExchangedDocument/IncludedNote/Content"),
                (
                    "due_date",
                    settlement!("SpecifiedTradePaymentTerms/DueDateDateTime/DateTimeString"),
                ),
                ("currency", settlement!("InvoiceCurrencyCode")),
                ("buyer_key", ""),
                ("buyer_id", agreement!("BuyerTradeParty/ID")),
                ("buyer_name", agreement!("BuyerTradeParty/Name")),
                (
                    "buyer_vat_id",
                    agreement!("BuyerTradeParty/SpecifiedTaxRegistration/ID[@schemeID=VA]"),
                ),
                ("buyer_legal_id", agreement!("BuyerTradeParty/SpecifiedLegalOrganization/ID")),
                ("buyer_country", agreement!("BuyerTradeParty/PostalTradeAddress/CountryID")),
                (
                    "buyer_mail",
                    agreement!(
                        "BuyerTradeParty/DefinedTradeContact/EmailURIUniversalCommunication/URIID"
                    ),
                ),
                (
                    "buyer_phone",
                    agreement!(
                        "BuyerTradeParty/DefinedTradeContact/TelephoneUniversalCommunication/CompleteNumber"
                    ),
                ),
                ("seller_name", agreement!("SellerTradeParty/Name")),
                (
                    "seller_vat_id",
                    agreement!("SellerTradeParty/SpecifiedTaxRegistration/ID[@schemeID=VA]"),
                ),
                ("order_number", agreement!("BuyerOrderReferencedDocument/IssuerAssignedID")),
                ("corrected_number", settlement!("InvoiceReferencedDocument/IssuerAssignedID")),
                ("net_amount", total!("TaxBasisTotalAmount")),
                ("tax_amount", ""),
                ("gross_amount", total!("GrandTotalAmount")),
                ("payable_amount", total!("DuePayableAmount")),
                ("prepaid_amount", total!("TotalPrepaidAmount")),
                ("allowances", total!("AllowanceTotalAmount")),
                ("charges", total!("ChargeTotalAmount")),
            ],
        },
        Record {
            name: "line",
            within: "document",
            paths: "SupplyChainTradeTransaction/IncludedSupplyChainTradeLineItem",
            shown: true,
            fields: &[
                ("line_no", ""),
                ("line_id", "AssociatedDocumentLineDocument/LineID"),
                (
                    "item_id",
                    "SpecifiedTradeProduct/SellerAssignedID | SpecifiedTradeProduct/GlobalID",
                ),
                ("item", "SpecifiedTradeProduct/Name"),
                ("quantity", "SpecifiedLineTradeDelivery/BilledQuantity"),
                ("unit", "SpecifiedLineTradeDelivery/BilledQuantity/@unitCode"),
                (
                    "line_amount",
                    "SpecifiedLineTradeSettlement/SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount",
                ),
                (
                    "tax_percent",
                    "SpecifiedLineTradeSettlement/ApplicableTradeTax/RateApplicablePercent",
                ),
                ("tax_category", "SpecifiedLineTradeSettlement/ApplicableTradeTax/CategoryCode"),
                ("line_gross_amount", ""),
                ("line_status", "AssociatedDocumentLineDocument/LineStatusReasonCode"),
            ],
        },
        Record {
            name: "tax_total",
            within: "document",
            paths: total!("TaxTotalAmount"),
            shown: false,
            fields: &[("total", "."), ("total_currency", "@currencyID")],
        },
    ],
    finish,
    verify: |_| Ok(Vec::new()),
};
