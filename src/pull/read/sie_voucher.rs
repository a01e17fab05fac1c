//! A voucher of an SIE file: its transactions, whether they balance, and what moved.
//!
//! Source: the groups of accounts of the Swedish BAS plan. Keeps true: all texts of its transactions
//! lie in one buffer, which the next voucher uses again.

use super::record::{hundredths, money};

/// The lines of one voucher together.
const MAX_BYTES: usize = 1 << 24;

/// Receivables.
pub(super) const RECEIVABLES: &str = "15";

/// Money: cash and bank.
const MONEY: &str = "19";

/// Income from sales; 37 corrects it by rounding and discounts, 39 is no sale.
const SALES: [&str; 7] = ["30", "31", "32", "33", "34", "35", "36"];

/// A voucher.
#[derive(Debug, Default)]
pub(super) struct Voucher {
    pub(super) line: u64,
    pub(super) series: String,
    pub(super) number: String,
    pub(super) date: String,
    pub(super) text: String,
    pub(super) fault: String,
    /// What moved: `sale`, `payment`, both (`mixed`) or none of them (`other`).
    pub(super) movement: &'static str,
    /// For each transaction its line, and where its account, objects, amount and text end.
    transactions: Vec<(u64, [usize; 4])>,
    texts: String,
}

/// A transaction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Transaction<'v> {
    pub(super) line: u64,
    pub(super) account: &'v str,
    pub(super) objects: &'v str,
    pub(super) amount: &'v str,
    pub(super) text: &'v str,
}

impl Voucher {
    /// Makes it an empty one that begins in `line`.
    pub(super) fn begin(&mut self, line: u64) {
        self.line = line;
        self.transactions.clear();
        for text in [
            &mut self.series,
            &mut self.number,
            &mut self.date,
            &mut self.text,
            &mut self.fault,
            &mut self.texts,
        ] {
            text.clear();
        }
        self.movement = "other";
    }

    /// Adds a transaction of the texts of its account, objects, amount and its own text.
    ///
    /// # Errors
    /// When the voucher becomes too long.
    pub(super) fn add(&mut self, line: u64, texts: [&str; 4]) -> Result<(), String> {
        let ends = texts.map(|text| {
            self.texts.push_str(text);
            self.texts.len()
        });
        self.transactions.push((line, ends));
        let bytes = self.texts.len() + size_of_val(self.transactions.as_slice());
        if bytes > MAX_BYTES {
            return Err(format!("the voucher is longer than {MAX_BYTES} bytes"));
        }
        Ok(())
    }

    /// The transaction number `at`, from 0.
    pub(super) fn get(&self, at: usize) -> Option<Transaction<'_>> {
        let (line, [account, objects, amount, text]) = *self.transactions.get(at)?;
        let begin = at.checked_sub(1).map_or(0, |before| self.transactions[before].1[3]);
        Some(Transaction {
            line,
            account: &self.texts[begin..account],
            objects: &self.texts[account..objects],
            amount: &self.texts[objects..amount],
            text: &self.texts[amount..text],
        })
    }

    fn iter(&self) -> impl Iterator<Item = Transaction<'_>> {
        (0..self.transactions.len()).filter_map(|at| self.get(at))
    }

    /// Says what is wrong; the first fault counts.
    pub(super) fn fault(&mut self, fault: &str) {
        if self.fault.is_empty() {
            fault.clone_into(&mut self.fault);
        }
    }

    /// Judges it as a whole; one that is at fault has at least one transaction, to tell it with.
    pub(super) fn end(&mut self) {
        match self.sums() {
            Ok(movement) => self.movement = movement,
            Err(fault) => self.fault(&fault),
        }
        if self.transactions.is_empty() && !self.fault.is_empty() {
            self.transactions.push((self.line, [0; 4]));
        }
    }

    /// What moved; else what keeps it from summing to nought.
    fn sums(&self) -> Result<&'static str, String> {
        let (mut sum, mut bank, mut has_bank, mut has_sales) = (0_i128, 0_i128, false, false);
        let mut receivable = [false; 2];
        for Transaction { line, account, amount, .. } in self.iter() {
            let read = hundredths(amount).and_then(|read| Some((read, sum.checked_add(read)?)));
            let Some((read, total)) = read else {
                return Err(format!("line {line} has the amount \"{amount}\": expected 0.00"));
            };
            sum = total;
            if account.starts_with(MONEY) {
                has_bank = true;
                bank += read;
            } else if account.starts_with(RECEIVABLES) && read != 0 {
                receivable[usize::from(read > 0)] = true;
            }
            has_sales |= SALES.iter().any(|group| account.starts_with(group));
        }
        if sum != 0 {
            return Err(format!("the voucher sums to {}: expected 0.00", money(sum)));
        }
        // Where both are there, money that pays a debt stands on the other side than the debt, and
        // money of a sale that is paid in part stands on the same.
        Ok(match (has_sales, has_bank, receivable, bank.signum()) {
            (false, false, ..) => "other",
            (true, false, ..)
            | (true, true, [false, true], 1)
            | (true, true, [true, false], -1) => "sale",
            (false, true, ..)
            | (true, true, [false, true], -1)
            | (true, true, [true, false], 1) => "payment",
            (true, true, ..) => "mixed",
        })
    }
}
