//! The XML formats that are known, each by its description.

use super::super::{FAULT, WITHIN};
use super::shape::Format;
use super::{cii, commerceml, saft, tally, ubl};

/// The XML formats that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum XmlFormat {
    /// UBL 2.1 invoices and credit notes.
    Ubl,
    /// Cross Industry Invoices of UN/CEFACT.
    Cii,
    /// SAF-T: the Portuguese billing file, and the customers of the Norwegian one.
    Saft,
    /// `CommerceML` 1 and 2.
    CommerceMl,
    /// Vouchers and ledgers of Tally.
    Tally,
}

impl XmlFormat {
    pub(super) fn describe(self) -> &'static Format {
        match self {
            Self::Ubl => &ubl::FORMAT,
            Self::Cii => &cii::FORMAT,
            Self::Saft => &saft::FORMAT,
            Self::CommerceMl => &commerceml::FORMAT,
            Self::Tally => &tally::FORMAT,
        }
    }

    /// The columns of its rows, the first being `record`, the last [`WITHIN`] and [`FAULT`].
    #[must_use]
    pub(crate) fn columns(self) -> Vec<String> {
        let own = self.describe().columns.iter().copied();
        let all = std::iter::once("record").chain(own).chain([WITHIN, FAULT]);
        all.map(str::to_owned).collect()
    }
}
