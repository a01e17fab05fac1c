//! The cycle and threshold that hold after a purchase.
//!
//! Keeps true: they depend on that purchase and what was known of it alone. Cycles and multiples
//! are in units of 10⁻⁴.

/// Where a cycle comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// `domain.cycle.fixed_days`.
    Fixed,
    /// The client's own purchases.
    Client,
    /// The client's own purchases in the direction.
    Pair,
    /// The median of his sales type; in a direction, of the pairs of that direction.
    Segment,
    /// The median of the company.
    Company,
    /// `domain.cycle.default_days`.
    Default,
}

impl Basis {
    /// The word used in published tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Client => "client",
            Self::Pair => "pair",
            Self::Segment => "segment",
            Self::Company => "company",
            Self::Default => "default",
        }
    }
}

/// Whose cycle is looked at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Base {
    /// The client's own, then that of his sales type, then the company's.
    Client,
    /// That of his sales type, then the company's.
    Segment,
    /// The company's.
    Company,
}

/// The settings of `domain.cycle` and `domain.sleep` that every sales type shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Settings {
    /// Whose cycle is looked at first.
    pub base: Base,
    /// Whether a client's own cycle is drawn towards the common one.
    pub shrunk: bool,
    /// One cycle for all, in days.
    pub fixed_days: Option<i64>,
    /// The cycle where nothing is known, in days.
    pub default_days: i64,
    /// The least threshold, in days.
    pub min_days: i64,
    /// The greatest threshold, in days.
    pub max_days: i64,
}

/// When silence counts as sleep, by sales type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// So many cycles; in units of 10⁻⁴.
    pub cycles: Option<i128>,
    /// Else so many days; `None` where silence never counts as sleep.
    pub days: Option<i32>,
}

/// What a client's own purchases tell at one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Own {
    /// His own cycle.
    pub cycle: Option<i128>,
    /// Days from his first purchase.
    pub days: i32,
    /// Purchases so far, this one included.
    pub number: u32,
}

/// A cycle and where it comes from.
pub type Cycle = (Option<i128>, Basis);

impl Settings {
    /// The cycle of a client as a whole; `segment` and `company` are the medians of the purchase's
    /// quarter.
    #[must_use]
    pub fn of_client(&self, own: Own, segment: Option<i128>, company: Option<i128>) -> Cycle {
        let default = i128::from(self.default_days) * 10_000;
        let own = match self.base {
            Base::Client if self.shrunk => own.shrunk(Some(company.unwrap_or(default))),
            Base::Client => own.cycle,
            Base::Segment | Base::Company => None,
        };
        let segment = segment.filter(|_| self.base != Base::Company);
        let known = [
            (self.fixed(), Basis::Fixed),
            (own, Basis::Client),
            (segment, Basis::Segment),
            (company, Basis::Company),
        ];
        let known = known.into_iter().find(|(cycle, _)| cycle.is_some());
        known.unwrap_or((Some(default), Basis::Default))
    }

    /// The cycle of a client in a direction; `common` is the median of the direction's pairs in the
    /// purchase's quarter, `whole` the client's own as a whole on that day.
    #[must_use]
    pub fn of_pair(&self, own: Own, common: Option<i128>, whole: Option<i128>) -> Cycle {
        let others =
            if common.is_some() { (common, Basis::Segment) } else { (whole, Basis::Client) };
        match (self.fixed(), self.base) {
            (Some(fixed), _) => (Some(fixed), Basis::Fixed),
            (None, Base::Client) if self.shrunk => (own.shrunk(others.0), Basis::Pair),
            (None, Base::Client) if own.cycle.is_some() => (own.cycle, Basis::Pair),
            (None, _) => others,
        }
    }

    fn fixed(&self) -> Option<i128> {
        self.fixed_days.map(|days| i128::from(days) * 10_000)
    }

    /// Days without a purchase after which the client sleeps; `None` where silence never counts.
    #[must_use]
    pub fn threshold(&self, rule: Rule, (cycle, basis): Cycle) -> Option<i32> {
        let Some(cycles) = rule.cycles else { return rule.days };
        let silence = cycle.and_then(|cycle| silence_days(cycles, cycle));
        if basis == Basis::Fixed {
            return silence;
        }
        let days = silence.map_or(self.min_days, |days| self.min_days.max(i64::from(days)));
        i32::try_from(days.min(self.max_days)).ok()
    }
}

impl Own {
    /// (Sum of all gaps + 2 × the common cycle) ÷ (gaps + 2), rounded half up.
    fn shrunk(self, common: Option<i128>) -> Option<i128> {
        let sum = i128::from(self.days) * 10_000 + 2 * common?;
        let count = i128::from(self.number) + 1;
        Some((2 * sum + count).div_euclid(2 * count))
    }
}

/// `ceil(round(multiple × cycle, 2))`.
#[must_use]
pub fn silence_days(multiple: i128, cycle: i128) -> Option<i32> {
    let product = multiple.checked_mul(cycle)?;
    let hundredths = (product + 500_000).div_euclid(1_000_000);
    i32::try_from((hundredths + 99).div_euclid(100)).ok()
}

#[cfg(test)]
mod tests {
    use super::{Base, Basis, Own, Rule, Settings, silence_days};

    const SETTINGS: Settings = Settings {
        base: Base::Client,
        shrunk: false,
        fixed_days: None,
        default_days: 90,
        min_days: 14,
        max_days: 730,
    };

    const OWN: Own = Own { cycle: Some(300_000), days: 90, number: 4 };

    #[test]
    fn the_product_is_rounded_to_hundredths_then_up_to_days() {
        for (multiple, cycle, days) in [
            (20_000, 300_000, 60),
            (10_000, 300_000, 30),
            (15_000, 300_000, 45),
            (10_000, 300_001, 30),
            (10_000, 300_049, 30),
            (10_000, 300_050, 31),
            (20_000, 203_333, 41),
        ] {
            assert_eq!(silence_days(multiple, cycle), Some(days), "{multiple} × {cycle}");
        }
    }

    #[test]
    fn a_cycle_comes_from_the_first_that_knows_one() {
        let unknown = Own { cycle: None, ..OWN };
        let (segment, company) = (Some(400_000), Some(500_000));
        let of =
            |settings: Settings, own, segment, company| settings.of_client(own, segment, company);
        assert_eq!(of(SETTINGS, OWN, segment, company), (Some(300_000), Basis::Client));
        assert_eq!(of(SETTINGS, unknown, segment, company), (segment, Basis::Segment));
        assert_eq!(of(SETTINGS, unknown, None, company), (company, Basis::Company));
        assert_eq!(of(SETTINGS, unknown, None, None), (Some(900_000), Basis::Default));
        let by = |base| Settings { base, ..SETTINGS };
        assert_eq!(of(by(Base::Segment), OWN, segment, company), (segment, Basis::Segment));
        assert_eq!(of(by(Base::Company), OWN, segment, company), (company, Basis::Company));
        let fixed = Settings { fixed_days: Some(60), ..SETTINGS };
        assert_eq!(of(fixed, OWN, segment, company), (Some(600_000), Basis::Fixed));
        // (90 + 2 × 50) ÷ (4 + 1)
        let shrunk = Settings { shrunk: true, ..SETTINGS };
        assert_eq!(of(shrunk, OWN, segment, company), (Some(380_000), Basis::Client));
    }

    #[test]
    fn in_a_direction_its_pairs_come_before_the_client_as_a_whole() {
        let unknown = Own { cycle: None, ..OWN };
        let (common, whole) = (Some(400_000), Some(500_000));
        let of = |settings: Settings, own, common, whole| settings.of_pair(own, common, whole);
        assert_eq!(of(SETTINGS, OWN, common, whole), (Some(300_000), Basis::Pair));
        assert_eq!(of(SETTINGS, unknown, common, whole), (common, Basis::Segment));
        assert_eq!(of(SETTINGS, unknown, None, whole), (whole, Basis::Client));
        assert_eq!(of(SETTINGS, unknown, None, None), (None, Basis::Client));
        let company = Settings { base: Base::Company, ..SETTINGS };
        assert_eq!(of(company, OWN, common, whole), (common, Basis::Segment));
        // (90 + 2 × 40) ÷ (4 + 1)
        let shrunk = Settings { shrunk: true, ..SETTINGS };
        assert_eq!(of(shrunk, OWN, common, whole), (Some(340_000), Basis::Pair));
    }

    #[test]
    fn a_threshold_lies_between_its_bounds_unless_its_cycle_is_fixed() {
        let twice = Rule { cycles: Some(20_000), days: None };
        let days = |cycle, basis| SETTINGS.threshold(twice, (Some(cycle), basis));
        assert_eq!(days(300_000, Basis::Client), Some(60));
        assert_eq!(days(30_000, Basis::Client), Some(14));
        assert_eq!(days(30_000, Basis::Fixed), Some(6));
        assert_eq!(days(9_000_000, Basis::Client), Some(730));
        assert_eq!(SETTINGS.threshold(twice, (None, Basis::Client)), Some(14));
        let half_a_year = Rule { cycles: None, days: Some(182) };
        assert_eq!(SETTINGS.threshold(half_a_year, (Some(1), Basis::Client)), Some(182));
        let never = Rule { cycles: None, days: None };
        assert_eq!(SETTINGS.threshold(never, (Some(1), Basis::Client)), None);
    }
}
