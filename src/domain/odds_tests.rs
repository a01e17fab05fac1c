//! Tests of the odds: against numerical integration, simulated clients and published numbers.

use super::calendar::to_day;
use super::odds::{
    Fit, History, Model, Parameters, fit, fold, leaves, log_likelihood, p_silent, round_4,
};
use chrono::NaiveDate;
use std::collections::BTreeMap;

const fn parameters(r: f64, alpha: f64, a: f64, b: f64) -> Parameters {
    Parameters { r, alpha, a, b }
}

const fn history(repeats: i32, recency: i32, age: i32) -> History {
    History { repeats, recency, age }
}

const LIKE_CDNOW: Parameters = parameters(0.525, 6.183, 0.891, 1.614);
const FIXED: Parameters = parameters(1.0, 13.0, 0.5, 2.0);
const LEAVING: Parameters = parameters(2.3, 4.4, 1.7, 0.6);

/// Parameters, history, log-likelihood by BG/NBD, by MBG/NBD, probability of 90 silent days.
///
/// Integrated with mpmath (30 digits) from what the models say of one client with rate l and
/// probability p, not from their closed forms: E over l ~ Gamma(r, rate alpha) and p ~ Beta(a, b)
/// of q^n l^x e^(-l T) + [n > 0] p q^(n-1) l^x e^(-l tx), q = 1 - p, n = x or x + 1; silent: T + h
/// in place of T in the first term, divided by the whole. Adaptive quadrature with l and both ends
/// of p substituted by powers, since the densities are infinite there; one value was confirmed by
/// the double integral.
const INTEGRATED: [(Parameters, History, f64, f64, f64); 18] = [
    (LIKE_CDNOW, history(0, 0, 272), -1.042_519_046_6, -0.539_824_484_2, 0.951_860_758_2),
    (LIKE_CDNOW, history(0, 0, 7), -0.078_704_604_6, -0.049_995_237_8, 0.739_257_422_7),
    (LIKE_CDNOW, history(1, 10, 272), -3.703_192_911_3, -4.414_221_517_1, 0.948_093_352_3),
    (LIKE_CDNOW, history(2, 213, 272), -9.158_526_568_7, -9.485_409_256_3, 0.668_382_034_3),
    (LIKE_CDNOW, history(7, 140, 273), -20.083_036_256_2, -20.288_784_328_1, 0.883_461_005_4),
    (LIKE_CDNOW, history(26, 364, 371), -50.602_497_721_8, -50.636_065_980_8, 0.053_433_280_7),
    (FIXED, history(0, 0, 272), -1.383_543_327_7, -0.914_914_269_2, 0.900_525_611_0),
    (FIXED, history(0, 0, 7), -0.074_107_972_2, -0.058_840_500_0, 0.622_823_984_5),
    (FIXED, history(1, 10, 272), -4.113_139_344_7, -4.561_014_821_2, 0.886_491_283_6),
    (FIXED, history(2, 213, 272), -8.714_884_157_2, -8.889_511_891_9, 0.599_731_709_1),
    (FIXED, history(7, 140, 273), -20.103_278_053_2, -20.238_768_283_0, 0.733_510_621_8),
    (FIXED, history(26, 364, 371), -50.643_400_064_7, -50.662_071_731_0, 0.034_228_495_9),
    (LEAVING, history(0, 0, 272), -5.256_783_012_6, -0.300_443_016_5, 0.999_173_030_5),
    (LEAVING, history(0, 0, 7), -0.471_027_149_1, -0.103_132_865_2, 0.830_389_829_5),
    (LEAVING, history(1, 10, 272), -1.878_355_569_8, -3.582_315_639_5, 0.999_273_654_1),
    (LEAVING, history(2, 213, 272), -11.524_116_918_3, -12.356_573_831_9, 0.746_880_589_9),
    (LEAVING, history(7, 140, 273), -20.308_694_064_4, -20.648_915_224_9, 0.981_179_703_0),
    (LEAVING, history(26, 364, 371), -51.549_305_521_5, -51.614_964_034_6, 0.098_067_082_8),
];

fn close(found: f64, expected: f64, tolerance: f64) -> bool {
    (found - expected).abs() <= tolerance
}

#[test]
fn closed_forms_equal_the_integrals_of_the_models() {
    for (parameters, history, bg_nbd, mbg_nbd, silent) in INTEGRATED {
        let folded = [(history, 1)];
        let found = [
            log_likelihood(Model::BgNbd, parameters, &folded),
            log_likelihood(Model::MbgNbd, parameters, &folded),
            p_silent(parameters, history, 90),
        ];
        for (found, expected) in found.into_iter().zip([bg_nbd, mbg_nbd, silent]) {
            assert!(
                close(found, expected, 1e-10),
                "{parameters:?} {history:?}: {found}, not {expected}"
            );
        }
    }
}

#[test]
fn likelihoods_add_up_and_identical_histories_count_each() {
    let histories = [(history(0, 0, 100), 3), (history(2, 30, 100), 1)];
    let apart: f64 = [(0, 3.0), (1, 1.0)]
        .iter()
        .map(|(n, clients)| clients * log_likelihood(Model::MbgNbd, FIXED, &[(histories[*n].0, 1)]))
        .sum();
    assert!(close(log_likelihood(Model::MbgNbd, FIXED, &histories), apart, 1e-12));
    let sorted = [history(0, 0, 5), history(0, 0, 5), history(0, 0, 6), history(1, 2, 3)];
    let folded = [(history(0, 0, 5), 2), (history(0, 0, 6), 1), (history(1, 2, 3), 1)];
    assert_eq!(fold(&sorted), folded);
    assert_eq!(fold(&[]), []);
}

/// Seeded chance (`SplitMix64`) and the laws the models are made of.
struct Chance(u64);

impl Chance {
    /// Above 0, below 1.
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let top = u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap();
        (f64::from(top) + 0.5) / 4_294_967_296.0
    }

    fn exponential(&mut self) -> f64 {
        -libm::log(self.share())
    }

    /// Gamma with rate 1 (Marsaglia, Tsang 2000).
    fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            return self.gamma(shape + 1.0) * libm::pow(self.share(), 1.0 / shape);
        }
        let d = shape - 1.0 / 3.0;
        loop {
            let turn = std::f64::consts::TAU * self.share();
            let normal = (2.0 * self.exponential()).sqrt() * libm::cos(turn);
            let v = libm::pow(1.0 + normal / (9.0 * d).sqrt(), 3.0);
            if v > 0.0 && -self.exponential() < normal * normal / 2.0 + d - d * v + d * libm::log(v)
            {
                return d * v;
            }
        }
    }

    fn beta(&mut self, a: f64, b: f64) -> f64 {
        let (a, b) = (self.gamma(a), self.gamma(b));
        a / (a + b)
    }

    /// A client's history over `age` days, and whether the `horizon` days after it are silent.
    fn client(
        &mut self,
        model: Model,
        parameters: Parameters,
        age: i32,
        horizon: i32,
    ) -> (History, bool) {
        let Parameters { r, alpha, a, b } = parameters;
        let a_day = self.gamma(r) / alpha / 7.0;
        let leaves = self.beta(a, b);
        let (mut repeats, mut last, mut day) = (0, 0.0, 0.0);
        let mut has_left = model == Model::MbgNbd && self.share() < leaves;
        while !has_left {
            day += self.exponential() / a_day;
            if day > f64::from(age) {
                break;
            }
            (repeats, last) = (repeats + 1, day);
            has_left = self.share() < leaves;
        }
        // To the nearest whole day without a lossy cast.
        let recency = format!("{last:.0}").parse().unwrap();
        (History { repeats, recency, age }, has_left || day > f64::from(age + horizon))
    }
}

fn simulated(model: Model, parameters: Parameters, clients: usize, seed: u64) -> Vec<History> {
    eprintln!("seed {seed}");
    let mut chance = Chance(seed);
    let mut histories: Vec<History> = (0..clients)
        .map(|n| {
            let age = 100 + i32::try_from(n % 900).unwrap();
            chance.client(model, parameters, age, 0).0
        })
        .collect();
    histories.sort_unstable();
    histories
}

fn assert_highest(model: Model, found: &Fit, folded: &[(History, u32)]) {
    let Parameters { r, alpha, a, b } = found.parameters;
    for factor in [0.99, 1.01] {
        for near in [
            parameters(r * factor, alpha, a, b),
            parameters(r, alpha * factor, a, b),
            parameters(r, alpha, a * factor, b),
            parameters(r, alpha, a, b * factor),
            parameters(r * factor, alpha * factor, a * factor, b * factor),
        ] {
            let value = log_likelihood(model, near, folded);
            assert!(value < found.log_likelihood, "{near:?}: {value}, {found:?}");
        }
    }
}

#[test]
fn a_fit_finds_the_parameters_that_clients_were_made_with() {
    for (model, made_with, seed) in [
        (Model::BgNbd, LIKE_CDNOW, 1),
        (Model::MbgNbd, LIKE_CDNOW, 2),
        (Model::MbgNbd, FIXED, 3),
        (Model::MbgNbd, parameters(4.0, 20.0, 1.0, 9.0), 4),
    ] {
        let folded = fold(&simulated(model, made_with, 30_000, seed));
        let found = fit(model, &folded);
        let at = found.parameters;
        eprintln!("{model:?} {made_with:?}: {found:?}");
        for (found, made_with) in [
            (at.r, made_with.r),
            (at.alpha, made_with.alpha),
            (at.a, made_with.a),
            (at.b, made_with.b),
        ] {
            assert!((found / made_with - 1.0).abs() < 0.15, "{found}, not {made_with}");
        }
        assert!(close(leaves(at), leaves(made_with), 0.015));
        // Twice the gain over the truth follows the chi-square law of 4 degrees, above 18.5 once
        // in 1 000.
        let gain = found.log_likelihood - log_likelihood(model, made_with, &folded);
        assert!((0.0..9.25).contains(&gain), "{gain}");
        assert_highest(model, &found, &folded);
        assert_eq!(fit(model, &folded), found);
    }
}

#[test]
fn as_many_stay_silent_as_the_odds_say() {
    let (seed, clients) = (5, 40_000);
    eprintln!("seed {seed}");
    let mut chance = Chance(seed);
    let mut groups: BTreeMap<i32, (f64, f64, f64)> = BTreeMap::new();
    for _ in 0..clients {
        let (history, silent) = chance.client(Model::MbgNbd, LIKE_CDNOW, 200, 90);
        let (count, odds, silents) = groups.entry(history.repeats.min(3)).or_default();
        *count += 1.0;
        *odds += p_silent(LIKE_CDNOW, history, 90);
        *silents += f64::from(u8::from(silent));
    }
    for (repeats, (count, odds, silents)) in groups {
        let (odds, silents) = (odds / count, silents / count);
        assert!(close(odds, silents, 0.015), "{repeats} repeats: {odds}, not {silents}");
    }
}

/// The CDNOW sample up to 1997-09-30, purchases of one day counted once.
fn cdnow() -> Option<Vec<History>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/cdnow/CDNOW_sample.txt");
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!("not run: {path} is not there");
        return None;
    };
    let cut_off = to_day("1997-09-30".parse().unwrap());
    let mut bought: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
    for line in text.lines() {
        let mut fields = line.split_whitespace().skip(1);
        let (Some(client), Some(date)) = (fields.next(), fields.next()) else { continue };
        let day = to_day(NaiveDate::parse_from_str(date, "%Y%m%d").unwrap());
        let days = bought.entry(client).or_default();
        if day <= cut_off && !days.contains(&day) {
            days.push(day);
        }
    }
    let mut histories: Vec<History> = bought
        .values()
        .map(|days| {
            let (first, last) = (*days.iter().min().unwrap(), *days.iter().max().unwrap());
            history(i32::try_from(days.len()).unwrap() - 1, last - first, cut_off - first)
        })
        .collect();
    histories.sort_unstable();
    Some(histories)
}

#[test]
fn fits_of_the_cdnow_sample_are_the_published_ones() {
    let Some(histories) = cdnow() else { return };
    assert_eq!(histories.len(), 2_357);
    let folded = fold(&histories);
    for (model, published) in [
        (Model::BgNbd, ["0.243", "4.414", "0.793", "2.426", "-9582.4"]),
        (Model::MbgNbd, ["0.525", "6.183", "0.891", "1.614", "-9582.1"]),
    ] {
        let found = fit(model, &folded);
        let Parameters { r, alpha, a, b } = found.parameters;
        let mut texts: Vec<String> =
            [r, alpha, a, b].iter().map(|number| format!("{number:.3}")).collect();
        texts.push(format!("{:.1}", found.log_likelihood));
        assert_eq!(texts, published, "{model:?}: {found:?}");
        assert_highest(model, &found, &folded);
    }
}

#[test]
fn whatever_the_histories_a_fit_is_finite() {
    let cases: [&[(History, u32)]; 9] = [
        &[],
        &[(history(0, 0, 0), 1)],
        &[(history(0, 0, 300), 5_000)],
        &[(history(0, 0, 10), 7), (history(0, 0, 300), 5_000), (history(0, 0, 900), 1)],
        &[(history(5, 300, 300), 5_000)],
        &[(history(5, 100, 300), 5_000)],
        &[(history(1, 0, 0), u32::MAX)],
        &[(history(-3, -3, -3), 1), (history(i32::MAX, i32::MAX, i32::MAX), 1)],
        &[(history(i32::MAX, 0, i32::MAX), 1), (history(0, 9, 3), 0)],
    ];
    for folded in cases {
        for model in [Model::BgNbd, Model::MbgNbd] {
            let found = fit(model, folded);
            let Parameters { r, alpha, a, b } = round_4(found.parameters);
            eprintln!("{folded:?} {model:?}: {found:?}");
            for number in [r, alpha, a, b] {
                assert!((0.000_009..=100_001.0).contains(&number), "{folded:?}: {found:?}");
            }
            assert!(found.log_likelihood.is_finite(), "{folded:?}: {found:?}");
            assert!((0.0..=1.0).contains(&leaves(found.parameters)));
            for (history, _) in folded {
                let odds = p_silent(found.parameters, *history, 90);
                assert!((0.0..=1.0).contains(&odds), "{history:?} {found:?}: {odds}");
            }
        }
    }
}

#[test]
fn where_nobody_leaves_the_fit_says_so() {
    let folded = fold(&simulated(Model::MbgNbd, parameters(2.0, 8.0, 1e-9, 1.0), 5_000, 6));
    let found = fit(Model::MbgNbd, &folded);
    assert!(leaves(found.parameters) < 0.001, "{found:?}");
}

#[test]
fn the_odds_of_silence_grow_with_the_days_since_the_last_purchase() {
    for parameters in [LIKE_CDNOW, FIXED, LEAVING] {
        for repeats in [1, 2, 5, 30, 300] {
            let mut before = 0.0;
            for since in (0..=700).step_by(7) {
                let odds = p_silent(parameters, history(repeats, 700 - since, 700), 90);
                assert!((0.0..=1.0).contains(&odds) && odds >= before, "{repeats} {since}: {odds}");
                before = odds;
            }
            let later = |age| p_silent(parameters, history(repeats, 100, age), 90);
            assert!(later(100) <= later(150) && later(150) <= later(200));
            assert!(repeats > 5 || later(100) < later(150));
        }
    }
}

#[test]
fn one_off_clients_are_not_given_up_and_a_longer_horizon_is_less_silent() {
    for parameters in [LIKE_CDNOW, FIXED, LEAVING] {
        for age in [0, 1, 90, 1_000, 20_000] {
            let odds = |horizon| p_silent(parameters, history(0, 0, age), horizon);
            assert!(odds(90) > 0.0 && odds(90) < 1.0, "{age}: {}", odds(90));
            assert!(odds(180) < odds(90));
            assert!(close(odds(0), 1.0, 1e-15));
        }
    }
}

#[test]
fn parameters_are_kept_with_four_significant_digits() {
    assert_eq!(
        round_4(parameters(0.242_594_7, 4.413_532, 1_234.56, 0.000_012_345_678)),
        parameters(0.242_6, 4.414, 1_235.0, 0.000_012_35)
    );
    assert!(close(leaves(FIXED), 0.2, 1e-15));
}
