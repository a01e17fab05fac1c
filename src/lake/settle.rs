//! What becomes of rows that claim one key: decisions without rows, files or queries.
//!
//! A merge asks for each row of a (table, source, period), from the newest export to what is stored:
//!
//! | the row | becomes |
//! |---|---|
//! | its export has the key again, with other values, in a table with dates | rejected |
//! | its export has the key again | repeated: the last one stands |
//! | its export has the key in another month too | rejected |
//! | a newer export's row stands here | replaced |
//! | the key stands in another month now, or its whole came again without it | moved |
//! | else | stays |

/// What other files claim of the key, or of the whole, of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nothing, or it won.
    Stays,
    /// It stands elsewhere, or is no longer a part.
    Lost,
    /// Its own export has the key in another month too.
    Clashes,
}

/// A row of a key, as far as its becoming goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// The order of its export.
    pub(super) order: i32,
    /// Its number in the export.
    pub(super) number: i64,
    /// What other files claim.
    pub(super) fate: Fate,
}

/// The row that follows, of the same key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Next {
    /// The order of its export.
    pub(super) order: i32,
    /// Its number in the export.
    pub(super) number: i64,
    /// Whether its values are the same.
    pub(super) equal: bool,
}

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is written.
    Stays,
    /// Its own export has it again.
    Repeated,
    /// A newer export's row stands in its place.
    Replaced,
    /// It stands in another month, or is no longer a part.
    Moved,
    /// The row of that number in its own export has the key with other values.
    Contradicts(i64),
    /// Its own export has the key in another month too.
    Clashes,
}

/// Settles rows sorted by key, and within a key from the newest export to what is stored, each
/// export's in their order.
#[derive(Debug)]
pub(super) struct Settling {
    /// Whether an export may not have a key with two values: else the last one stands.
    strict: bool,
    /// Whether a row of the key at hand stays.
    won: bool,
    /// The number of the row before, of the same export and key, that differs.
    differs: Option<i64>,
}

impl Settling {
    /// Begins; `strict` where values of one key in one export must be the same.
    pub(super) fn new(strict: bool) -> Self {
        Self { strict, won: false, differs: None }
    }

    /// What becomes of `row`, which `next` of the same key follows.
    pub(super) fn settle(&mut self, row: Row, next: Option<Next>) -> Verdict {
        let again = next.filter(|next| next.order == row.order);
        let contradicts = match again {
            Some(next) if self.strict && !next.equal => {
                self.differs = Some(row.number);
                Some(next.number)
            }
            Some(_) => None,
            None => self.differs.take(),
        };
        let verdict = match (contradicts, again, row.fate) {
            (Some(other), _, _) => Verdict::Contradicts(other),
            (None, Some(_), _) => Verdict::Repeated,
            (None, None, Fate::Clashes) => Verdict::Clashes,
            (None, None, _) if self.won => Verdict::Replaced,
            (None, None, Fate::Lost) => Verdict::Moved,
            (None, None, Fate::Stays) => Verdict::Stays,
        };
        self.won = next.is_some() && (self.won || verdict == Verdict::Stays);
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict::{Clashes, Contradicts, Moved, Repeated, Replaced, Stays};
    use super::{Fate, Next, Row, Settling, Verdict};

    /// A row by its export's order, its number, its value, and what other files claim.
    type Given = (i32, i64, &'static str, Fate);

    const OLD: i32 = -1;

    /// What becomes of `rows`, all of one key, between rows of other keys.
    fn settled(strict: bool, rows: &[Given]) -> Vec<Verdict> {
        let mut settling = Settling::new(strict);
        let other = Row { order: 0, number: 0, fate: Fate::Stays };
        assert_eq!(settling.settle(other, None), Stays);
        let verdicts = rows.iter().enumerate().map(|(place, (order, number, value, fate))| {
            let next = rows.get(place + 1).map(|(order, number, other, _)| {
                let (order, number) = (*order, *number);
                Next { order, number, equal: value == other }
            });
            settling.settle(Row { order: *order, number: *number, fate: *fate }, next)
        });
        let verdicts = verdicts.collect();
        assert_eq!(settling.settle(other, None), Stays, "a key leaves nothing to the next");
        verdicts
    }

    #[test]
    fn each_line_of_the_table_holds() {
        let stays = Fate::Stays;
        let lost = Fate::Lost;
        let clashes = Fate::Clashes;
        let table: &[(&[Given], &[Verdict])] = &[
            (&[(OLD, 0, "a", stays)], &[Stays]),
            (&[(0, 1, "a", stays)], &[Stays]),
            // The newest stands, whatever the values.
            (&[(0, 1, "a", stays), (OLD, 0, "b", stays)], &[Stays, Replaced]),
            (&[(0, 1, "a", stays), (OLD, 0, "a", stays)], &[Stays, Replaced]),
            (
                &[(1, 1, "a", stays), (0, 1, "b", stays), (OLD, 0, "c", stays)],
                &[Stays, Replaced, Replaced],
            ),
            // One export has the key twice.
            (&[(0, 1, "a", stays), (0, 2, "a", stays)], &[Repeated, Stays]),
            (
                &[(0, 1, "a", stays), (0, 2, "a", stays), (OLD, 0, "b", stays)],
                &[Repeated, Stays, Replaced],
            ),
            // Rows that contradict each other leave what is stored.
            (
                &[(0, 1, "a", stays), (0, 2, "b", stays), (OLD, 0, "c", stays)],
                &[Contradicts(2), Contradicts(1), Stays],
            ),
            (
                &[(0, 1, "a", stays), (0, 2, "b", stays), (0, 3, "a", stays)],
                &[Contradicts(2), Contradicts(3), Contradicts(2)],
            ),
            (
                &[(1, 1, "a", stays), (1, 2, "b", stays), (0, 7, "c", stays)],
                &[Contradicts(2), Contradicts(1), Stays],
            ),
            // What stands elsewhere is gone here.
            (&[(OLD, 0, "a", lost)], &[Moved]),
            (&[(0, 1, "a", lost), (OLD, 0, "a", stays)], &[Moved, Stays]),
            (&[(0, 1, "a", stays), (OLD, 0, "a", lost)], &[Stays, Replaced]),
            (&[(0, 1, "a", lost), (0, 2, "a", lost)], &[Repeated, Moved]),
            // An export that has the key in two months contradicts itself in both.
            (&[(0, 1, "a", clashes), (OLD, 0, "a", stays)], &[Clashes, Stays]),
            (&[(0, 1, "a", clashes), (0, 2, "a", clashes)], &[Repeated, Clashes]),
        ];
        for (rows, verdicts) in table {
            assert_eq!(settled(true, rows), *verdicts, "{rows:?}");
        }
    }

    #[test]
    fn where_no_date_tells_rows_apart_the_last_stands() {
        let rows = [(0, 1, "a", Fate::Stays), (0, 2, "b", Fate::Stays)];
        assert_eq!(settled(false, &rows), [Repeated, Stays]);
    }

    #[test]
    fn late_rows_give_way_to_what_is_stored() {
        let late = i32::MIN;
        let rows = [(OLD, 0, "a", Fate::Stays), (late, 1, "b", Fate::Stays)];
        assert_eq!(settled(true, &rows), [Stays, Replaced]);
    }
}
