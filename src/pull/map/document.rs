//! The signs of documents, made one way whatever the export's habit.
//!
//! A negative invoice or shipment becomes a return of its absolute value; a return is positive; a
//! negative payment is a refund and stays; a negative order or quote is refused.

/// What a document's kind and amount become; `None` where they contradict each other.
#[must_use]
pub fn normalise(kind: &str, amount: i128) -> Option<(&str, i128)> {
    match kind {
        "invoice" | "shipment" if amount < 0 => Some(("return", -amount)),
        "return" => Some((kind, amount.abs())),
        "order" | "quote" if amount < 0 => None,
        _ => Some((kind, amount)),
    }
}

#[cfg(test)]
mod tests {
    use super::normalise;

    #[test]
    fn signs_follow_the_kind() {
        for (kind, amount, expected) in [
            ("shipment", -5, Some(("return", 5))),
            ("invoice", -5, Some(("return", 5))),
            ("shipment", 5, Some(("shipment", 5))),
            ("return", -5, Some(("return", 5))),
            ("return", 5, Some(("return", 5))),
            ("payment", -5, Some(("payment", -5))),
            ("order", -5, None),
            ("quote", -5, None),
            ("quote", 0, Some(("quote", 0))),
        ] {
            assert_eq!(normalise(kind, amount), expected, "{kind} {amount}");
        }
    }
}
