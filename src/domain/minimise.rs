//! The lowest point of a smooth function of a few variables within a box.
//!
//! Keeps true: the same input gives the same output, step by step; the value never rises from one
//! step to the next; it ends after `MOST_STEPS` steps at the latest, whatever the function does.
//!
//! Quasi-Newton after Broyden, Fletcher, Goldfarb and Shanno (Nocedal, Wright 2006, algorithm
//! 6.1) with halved steps, variables at a wall of the box being held there while the slope pushes
//! them out. Own code, since a likelihood without a maximum must end at a wall and not in an error.

use std::array::from_fn;

/// Steps after which the search ends where it is.
const MOST_STEPS: usize = 200;
/// Halvings of one step after which there is no lower point in its direction.
const MOST_HALVINGS: usize = 30;
/// A slope that counts as none.
const FLAT: f64 = 1e-9;
/// The furthest that one step moves a variable.
const LONGEST_STEP: f64 = 2.0;
/// The part of the fall promised by the slope that a step has to keep.
const KEPT_FALL: f64 = 1e-4;
/// The part of a value below which a fall drowns in the rounding of sums.
const RESOLVED: f64 = 1e-15;

/// A point, and what the function is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point<const N: usize> {
    pub(super) at: [f64; N],
    pub(super) value: f64,
    slope: [f64; N],
}

/// The lowest point found from `start` with every variable between `low` and `high`.
///
/// `function` gives the value and its partial derivatives; where they are not finite the search
/// does not go.
pub(super) fn minimise<const N: usize>(
    start: [f64; N],
    (low, high): (f64, f64),
    function: impl Fn(&[f64; N]) -> (f64, [f64; N]),
) -> Point<N> {
    let evaluate = |at: [f64; N]| {
        let at = at.map(|variable| variable.max(low).min(high));
        let (value, slope) = function(&at);
        Point { at, value, slope }
    };
    let mut here = evaluate(start);
    let mut held = [false; N];
    let mut curvature = Inverse::unknown();
    for _ in 0..MOST_STEPS {
        let at_wall: [bool; N] = from_fn(|n| {
            here.at[n] <= low && here.slope[n] > 0.0 || here.at[n] >= high && here.slope[n] < 0.0
        });
        if at_wall != held {
            held = at_wall;
            curvature = Inverse::unknown();
        }
        here.slope = from_fn(|n| if held[n] { 0.0 } else { here.slope[n] });
        if here.slope.iter().all(|slope| slope.abs() <= FLAT) {
            break;
        }
        let mut direction = curvature.downhill(&here.slope);
        if dot(&direction, &here.slope) >= 0.0 {
            curvature = Inverse::unknown();
            direction = curvature.downhill(&here.slope);
        }
        let Some(next) = lower(&here, direction, evaluate) else {
            if curvature.is_known {
                curvature = Inverse::unknown();
                continue;
            }
            break;
        };
        let change = from_fn(|n| if held[n] { 0.0 } else { next.slope[n] - here.slope[n] });
        curvature.learn(&from_fn(|n| next.at[n] - here.at[n]), &change);
        here = next;
    }
    here
}

/// The first point in `direction`, halving the step, that is lower by what the slope promises.
fn lower<const N: usize>(
    here: &Point<N>,
    direction: [f64; N],
    evaluate: impl Fn([f64; N]) -> Point<N>,
) -> Option<Point<N>> {
    let longest = direction.iter().fold(LONGEST_STEP, |longest, part| longest.max(part.abs()));
    let mut length = LONGEST_STEP / longest;
    for _ in 0..MOST_HALVINGS {
        let next = evaluate(from_fn(|n| here.at[n] + length * direction[n]));
        // The walls may have cut the step short.
        let promised = dot(&here.slope, &from_fn(|n| here.at[n] - next.at[n]));
        let is_finite = next.value.is_finite() && next.slope.iter().all(|slope| slope.is_finite());
        if is_finite && promised > 0.0 && next.value <= here.value - KEPT_FALL * promised {
            return Some(next);
        }
        if promised <= RESOLVED * here.value.abs() {
            return None;
        }
        length /= 2.0;
    }
    None
}

/// What is known of the inverse of the matrix of second derivatives.
struct Inverse<const N: usize> {
    rows: [[f64; N]; N],
    is_known: bool,
}

impl<const N: usize> Inverse<N> {
    fn unknown() -> Self {
        let rows = from_fn(|row| from_fn(|column| if row == column { 1.0 } else { 0.0 }));
        Self { rows, is_known: false }
    }

    fn downhill(&self, slope: &[f64; N]) -> [f64; N] {
        from_fn(|row| -dot(&self.rows[row], slope))
    }

    /// Takes in how the slope changed over a step; one that curves the wrong way teaches nothing.
    fn learn(&mut self, step: &[f64; N], change: &[f64; N]) {
        let (along, steepness) = (dot(step, change), dot(change, change));
        if along <= 1e-12 * (dot(step, step) * steepness).sqrt() {
            return;
        }
        if !self.is_known {
            self.rows = self.rows.map(|row| row.map(|cell| cell * along / steepness));
            self.is_known = true;
        }
        let image: [f64; N] = from_fn(|row| dot(&self.rows[row], change));
        let weight = (1.0 + dot(change, &image) / along) / along;
        self.rows = from_fn(|row| {
            from_fn(|column| {
                self.rows[row][column] + weight * step[row] * step[column]
                    - (image[row] * step[column] + step[row] * image[column]) / along
            })
        });
    }
}

fn dot<const N: usize>(left: &[f64; N], right: &[f64; N]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

#[cfg(test)]
mod tests {
    use super::minimise;

    /// Rosenbrock's valley, lowest at (1, 1).
    fn valley([x, y]: &[f64; 2]) -> (f64, [f64; 2]) {
        let (left, up) = (1.0 - x, y - x * x);
        (left * left + 100.0 * up * up, [-2.0 * left - 400.0 * x * up, 200.0 * up])
    }

    #[test]
    fn the_bottom_of_a_bent_valley_is_found() {
        let found = minimise([-1.2, 1.0], (-10.0, 10.0), valley);
        assert!(found.at.iter().all(|variable| (variable - 1.0).abs() < 1e-6), "{found:?}");
    }

    #[test]
    fn the_walls_hold() {
        let found = minimise([-1.2, 0.0], (-10.0, 0.5), valley);
        assert!((found.at[0] - 0.5).abs() < 1e-9 && (found.at[1] - 0.25).abs() < 1e-6, "{found:?}");
        let found = minimise([0.0], (-3.0, 3.0), |[x]| (-x, [-1.0]));
        assert!((found.at[0] - 3.0).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn what_is_not_finite_is_not_entered_and_nothing_is_lost_there() {
        let found = minimise([1.0], (-9.0, 9.0), |[x]| (x.sqrt(), [0.5 / x.sqrt()]));
        assert!(found.value.is_finite() && found.value <= 1.0, "{found:?}");
        let found = minimise([1.0], (-9.0, 9.0), |_| (f64::NAN, [f64::NAN]));
        assert!((found.at[0] - 1.0).abs() < 1e-12, "{found:?}");
    }
}
