//! The odds that a client stays silent, from how often and how lately he bought.
//!
//! Keeps true: the same histories give the same numbers to the last bit on every machine (sums
//! run in ascending order, logarithms and powers are those of `libm`); nothing panics, every
//! number of a fit is finite. Time is in weeks, days ÷ 7.
//!
//! Both models take a client to buy at random at a rate of his own, the rates being spread by a
//! gamma law (shape `r`, rate `alpha`), and to leave for good with a probability of his own, those
//! being spread by a beta law (`a`, `b`).

use super::minimise::minimise;

/// When a client may leave for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Model {
    /// After each repeat purchase (Fader, Hardie, Lee 2005): one-off clients never do.
    BgNbd,
    /// After each purchase, the first one included (Batislam, Denizel, Filiztekin 2007).
    MbgNbd,
}

/// What either model knows of all clients; each number is above 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameters {
    /// Shape of the purchase rates.
    pub r: f64,
    /// Rate of the purchase rates in weeks: the mean is `r` ÷ `alpha` purchases a week.
    pub alpha: f64,
    /// Weight of leaving.
    pub a: f64,
    /// Weight of staying.
    pub b: f64,
}

/// What either model knows of one client; `recency` ≤ `age`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct History {
    /// Days of purchase after the first: x.
    pub repeats: i32,
    /// Days from the first to the last purchase: 7 tx.
    pub recency: i32,
    /// Days from the first purchase to the cut-off: 7 T.
    pub age: i32,
}

/// The most likely parameters, and the logarithm of their likelihood.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// The parameters, not rounded.
    pub parameters: Parameters,
    /// Natural logarithm of the likelihood of all clients.
    pub log_likelihood: f64,
}

/// Repeat purchases counted by the likelihood: one a day for a century. More count as these.
const MOST_REPEATS: i32 = 36_600;

/// The logarithms between which a parameter is sought: from 0.00001 to 100 000.
const LN_WITHIN: (f64, f64) = (-11.512_925_464_970_229, 11.512_925_464_970_229);

/// Each history once, ascending, with the number of clients that have it.
#[must_use]
pub fn fold(sorted: &[History]) -> Vec<(History, u32)> {
    sorted
        .chunk_by(PartialEq::eq)
        .map(|same| (same[0], u32::try_from(same.len()).unwrap_or(u32::MAX)))
        .collect()
}

/// Natural logarithm of the likelihood of all clients, time in weeks, as published with the
/// models: of these very days of purchase, without the factor x! of their number alone.
#[must_use]
pub fn log_likelihood(model: Model, parameters: Parameters, folded: &[(History, u32)]) -> f64 {
    likelihood(model, parameters, folded).0
}

/// The most likely parameters between 0.00001 and 100 000; `folded` ascends.
///
/// Where the likelihood has no highest point (nobody repeats, all are alike) they lie at a limit
/// or where it no longer rises; without clients they are those it starts from.
#[must_use]
pub fn fit(model: Model, folded: &[(History, u32)]) -> Fit {
    let (mut clients, mut purchases, mut time) = (0.0, 0.0, 0.0);
    for (history, same) in folded {
        let same = f64::from(*same);
        clients += same;
        purchases += same * f64::from(history.repeats.clamp(0, MOST_REPEATS));
        time += same * weeks(history.age);
    }
    let start = [1.0, (time + 13.0) / (purchases + 1.0), 0.5, 2.0];
    let clients = f64::max(clients, 1.0);
    let found = minimise(start.map(libm::log), LN_WITHIN, |ln| {
        let (value, slope) = likelihood(model, parameters(ln), folded);
        let by_ln = std::array::from_fn(|n| -slope[n] * libm::exp(ln[n]) / clients);
        (-value / clients, by_ln)
    });
    Fit { parameters: parameters(&found.at), log_likelihood: -found.value * clients }
}

/// The parameters with 4 significant digits each, as they are published and used.
#[must_use]
pub fn round_4(parameters: Parameters) -> Parameters {
    let round = |number: f64| format!("{number:.3e}").parse().unwrap_or(number);
    Parameters {
        r: round(parameters.r),
        alpha: round(parameters.alpha),
        a: round(parameters.a),
        b: round(parameters.b),
    }
}

/// The probability of no purchase within `horizon_days` of the cut-off, by MBG/NBD: the client
/// has left for good, or stays and does not buy.
#[must_use]
pub fn p_silent(parameters: Parameters, history: History, horizon_days: i32) -> f64 {
    let Parameters { r, alpha, a, b } = parameters;
    let x = f64::from(history.repeats.max(0));
    let until_last = alpha + weeks(history.recency);
    let until_end = alpha + weeks(history.age);
    let stays = 1.0 / (1.0 + a / (b + x) * libm::pow(until_end / until_last, r + x));
    let buys = 1.0 - libm::pow(until_end / (until_end + weeks(horizon_days)), r + x);
    1.0 - stays * buys
}

/// The probability that a client leaves at his first chance, from 0 to 1.
#[must_use]
pub fn leaves(parameters: Parameters) -> f64 {
    parameters.a / (parameters.a + parameters.b)
}

fn parameters(ln: &[f64; 4]) -> Parameters {
    let [r, alpha, a, b] = ln.map(libm::exp);
    Parameters { r, alpha, a, b }
}

fn weeks(days: i32) -> f64 {
    f64::from(days.max(0)) / 7.0
}

/// The log-likelihood and its derivatives by `r`, `alpha`, `a` and `b`.
///
/// With n = chances to leave that a client let pass if he is still there (x, or x + 1 where the
/// first purchase is one), the likelihood of one client is
///
/// `Γ(r + x) / Γ(r) · alpha^r · (alpha + T)^-(r + x) · B(a, b + n) / B(a, b) · (1 + gone)`,
/// `gone = a / (b + n - 1) · ((alpha + T) / (alpha + tx))^(r + x)`, 0 where n = 0:
///
/// both terms of the published sums, the first of them taken out. As x and n are whole, the
/// quotients of Γ and B are products of x and n factors.
fn likelihood(model: Model, parameters: Parameters, folded: &[(History, u32)]) -> (f64, [f64; 4]) {
    let Parameters { r, alpha, a, b } = parameters;
    let (ln_alpha, ln_a) = (libm::log(alpha), libm::log(a));
    let (mut buying, mut staying, mut all) = (Rising::of(r), Rising::of(b), Rising::of(a + b));
    let (mut total, mut slopes) = (0.0, [0.0; 4]);
    for (history, clients) in folded {
        let repeats = history.repeats.clamp(0, MOST_REPEATS);
        let chances = match model {
            Model::BgNbd => repeats,
            Model::MbgNbd => repeats + 1,
        };
        buying.go_to(repeats);
        staying.go_to(chances);
        all.go_to(chances);
        let shape = r + f64::from(repeats);
        let until_last = alpha + weeks(history.recency);
        let until_end = alpha + weeks(history.age);
        let (ln_last, ln_end) = (libm::log(until_last), libm::log(until_end));
        let mut ln = buying.ln + staying.ln - all.ln + r * ln_alpha - shape * ln_end;
        let mut slope = [
            buying.slope + ln_alpha - ln_end,
            r / alpha - shape / until_end,
            -all.slope,
            staying.slope - all.slope,
        ];
        if chances > 0 {
            let last_factor = b + f64::from(chances - 1);
            let ln_gone = ln_a - libm::log(last_factor) + shape * (ln_end - ln_last);
            let (ln_1p_gone, is_gone) = ln_1p_exp(ln_gone);
            ln += ln_1p_gone;
            slope[0] += is_gone * (ln_end - ln_last);
            slope[1] += is_gone * shape * (1.0 / until_end - 1.0 / until_last);
            slope[2] += is_gone / a;
            slope[3] -= is_gone / last_factor;
        }
        let clients = f64::from(*clients);
        total += clients * ln;
        for (sum, slope) in slopes.iter_mut().zip(slope) {
            *sum += clients * slope;
        }
    }
    (total, slopes)
}

/// ln(1 + eᶻ) and its derivative, for any z without overflow.
fn ln_1p_exp(z: f64) -> (f64, f64) {
    let small = libm::exp(-z.abs());
    let share = if z < 0.0 { small } else { 1.0 };
    (z.max(0.0) + libm::log1p(small), share / (1.0 + small))
}

/// The product from · (from + 1) · … of `factors` factors, Γ(from + factors) ÷ Γ(from).
struct Rising {
    from: f64,
    factors: i32,
    /// Its natural logarithm.
    ln: f64,
    /// The derivative of that by `from`.
    slope: f64,
}

impl Rising {
    fn of(from: f64) -> Self {
        Self { from, factors: 0, ln: 0.0, slope: 0.0 }
    }

    /// Cheap from one number of factors to the next higher one.
    fn go_to(&mut self, factors: i32) {
        if factors < self.factors {
            *self = Self::of(self.from);
        }
        while self.factors < factors {
            let factor = self.from + f64::from(self.factors);
            self.ln += libm::log(factor);
            self.slope += 1.0 / factor;
            self.factors += 1;
        }
    }
}
