//! The search for the weights of exponential smoothing.
//!
//! Weights that are not given minimise the squared one-step errors within
//! 0.0001..0.9999 (φ within 0.8..0.98), by basin's BOBYQA from three starting
//! points. For additive models the best initial state is a linear least-squares
//! problem for any weights, so `Optimal` solves it exactly inside the search
//! instead of searching in a dozen more dimensions. Multiplicative seasons with
//! an optimal start minimise R's likelihood of relative errors.

use std::convert::Infallible;

use crate::error::{Result, StatsError};
use crate::exp_smoothing::{Season, Shape, Smoothing, State, Weights, smooth};
use crate::seasonal_decompose::{check_finite, check_positive, check_seasons};
use crate::smoothing_start::{
    best_start, decompose_start, initial_values, moved_state, simple_start,
};
use basin::{
    Bobyqa, BoxBounds, ConstraintDescription, ConstraintSet, Constraints, CostFunction, Executor,
    PointState,
};

/// The state before the first smoothed value.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Start {
    /// First value and first difference, or means of the first season, as R's
    /// `initial = "simple"`.
    Simple,
    /// From the decomposition of the first two seasons, smoothing from the
    /// second on, as R's `HoltWinters`.
    Decompose,
    /// The best one, as R's `ets`; counts as estimated.
    #[default]
    Optimal,
    /// A given one.
    Given(State),
}

/// What is fixed beforehand; the rest is estimated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SmoothingOptions {
    /// Weight of the level.
    pub alpha: Option<f64>,
    /// Weight of the trend as β = αβ*.
    pub beta: Option<f64>,
    /// Weight of the trend as β*; not together with `beta`.
    pub beta_star: Option<f64>,
    /// Weight of the season in error-correction form.
    pub gamma: Option<f64>,
    /// Weight of the season as γ*; not together with `gamma`.
    pub gamma_star: Option<f64>,
    /// What is left of the trend after a step.
    pub phi: Option<f64>,
    /// The initial state.
    pub start: Start,
    /// Overrides how many parameters count as estimated in the residual
    /// variance. By default all of them with an optimal start, none otherwise,
    /// as R does.
    pub estimated: Option<usize>,
    /// Widens the limits as R's `holt(initial = "simple")` does, which takes β*
    /// for β in the variance. A mistake of R's, known and kept there; only for
    /// comparing with its output.
    pub limits_as_r_holt: bool,
}

const LOWEST: f64 = 1e-4;
const HIGHEST: f64 = 0.9999;
const PHI_RANGE: (f64, f64) = (0.8, 0.98);
/// Where the search begins: α, β*, γ*, φ.
const BEGINNINGS: [[f64; 4]; 3] = [
    [0.3, 0.1, 0.1, 0.95],
    [0.8, 0.3, 0.5, 0.9],
    [0.1, 0.02, 0.9, 0.97],
];

/// Smooths `values`, estimating what `options` leave open.
pub fn fit_smoothing(
    values: &[f64],
    shape: Shape,
    options: &SmoothingOptions,
) -> Result<Smoothing> {
    check(values, shape, options)?;
    let problem = Problem {
        values,
        shape,
        options,
        free: free_weights(shape, options),
        start: match &options.start {
            Start::Simple => Some(simple_start(values, shape)),
            Start::Decompose => Some(decompose_start(values, shape)?),
            Start::Given(state) => Some((0, state.clone())),
            Start::Optimal if shape.season == Season::Multiplicative => {
                Some(simple_start(values, shape))
            }
            Start::Optimal => None,
        },
    };
    let mut best: Option<(f64, Vec<f64>, bool, String)> = None;
    for beginning in BEGINNINGS {
        let point: Vec<f64> = problem
            .free
            .iter()
            .map(|weight| beginning[*weight as usize])
            .collect();
        let searched = problem.search(point);
        let better = best.as_ref().is_none_or(|(cost, ..)| searched.0 < *cost);
        if better {
            best = Some(searched);
        }
        if problem.dimensions() == 0 {
            break;
        }
    }
    let smoothing = best.and_then(|(_, point, converged, reason)| {
        let mut smoothing = problem.run(&point)?;
        smoothing.converged = converged;
        smoothing.reason = reason;
        Some(smoothing)
    });
    let Some(mut smoothing) = smoothing else {
        return Err(StatsError::argument(
            "values",
            "cannot be smoothed with this start: a forecast left the range",
        ));
    };
    smoothing.estimated = options.estimated.unwrap_or(match options.start {
        Start::Optimal => problem.free.len() + initial_values(shape),
        _ => 0,
    });
    smoothing.limits_as_r_holt = options.limits_as_r_holt;
    Ok(smoothing)
}

fn check(values: &[f64], shape: Shape, options: &SmoothingOptions) -> Result<()> {
    if shape.season == Season::None {
        check_finite(values)?;
    } else {
        check_seasons(values, shape.period)?;
    }
    if shape.season == Season::Multiplicative {
        check_positive(values)?;
    }
    let needed = match options.start {
        Start::Optimal => initial_values(shape) + 1,
        Start::Decompose if shape.season == Season::None && shape.trend => 3,
        _ => 2,
    };
    if values.len() < needed {
        return Err(StatsError::TooFew {
            what: "values",
            needed,
            got: values.len(),
        });
    }
    let twice = [
        ("beta", options.beta.and(options.beta_star)),
        ("gamma", options.gamma.and(options.gamma_star)),
    ];
    for (argument, both) in twice {
        if both.is_some() {
            return Err(StatsError::argument(argument, "is given in both forms"));
        }
    }
    if let Start::Given(state) = &options.start {
        let seasons = if shape.season == Season::None {
            0
        } else {
            shape.period
        };
        if state.seasons.len() != seasons {
            return Err(StatsError::Length {
                argument: "initial seasons",
                expected: seasons,
                got: state.seasons.len(),
            });
        }
    }
    let given = [
        ("alpha", options.alpha),
        ("beta", options.beta),
        ("beta_star", options.beta_star),
        ("gamma", options.gamma),
        ("gamma_star", options.gamma_star),
        ("phi", options.phi),
    ];
    for (argument, value) in given {
        if value.is_some_and(|value| !(0.0..=1.0).contains(&value)) {
            return Err(StatsError::argument(argument, "must be from 0 to 1"));
        }
    }
    Ok(())
}

/// A weight to be estimated; the value is its place in the beginnings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Free {
    Alpha = 0,
    BetaStar = 1,
    GammaStar = 2,
    Phi = 3,
}

fn free_weights(shape: Shape, options: &SmoothingOptions) -> Vec<Free> {
    let mut free = Vec::new();
    if options.alpha.is_none() {
        free.push(Free::Alpha);
    }
    if shape.trend && options.beta.or(options.beta_star).is_none() {
        free.push(Free::BetaStar);
    }
    if shape.season != Season::None && options.gamma.or(options.gamma_star).is_none() {
        free.push(Free::GammaStar);
    }
    if shape.trend && shape.damped && options.phi.is_none() {
        free.push(Free::Phi);
    }
    free
}

struct Problem<'a> {
    values: &'a [f64],
    shape: Shape,
    options: &'a SmoothingOptions,
    free: Vec<Free>,
    // None: solved for the weights at hand.
    start: Option<(usize, State)>,
}

impl Problem<'_> {
    /// Whether the initial state is part of the search.
    fn searches_state(&self) -> bool {
        self.options.start == Start::Optimal && self.shape.season == Season::Multiplicative
    }

    fn dimensions(&self) -> usize {
        self.free.len()
            + if self.searches_state() {
                initial_values(self.shape)
            } else {
                0
            }
    }

    fn weights(&self, point: &[f64]) -> Weights {
        let options = self.options;
        let found = |wanted: Free| {
            self.free
                .iter()
                .position(|free| *free == wanted)
                .and_then(|i| point.get(i))
                .copied()
        };
        let alpha = options.alpha.or(found(Free::Alpha)).unwrap_or(0.0);
        let beta = options.beta.or(options
            .beta_star
            .or(found(Free::BetaStar))
            .map(|star| alpha * star));
        let gamma = options.gamma.or(options
            .gamma_star
            .or(found(Free::GammaStar))
            .map(|star| (1.0 - alpha) * star));
        let phi = if self.shape.damped {
            options.phi.or(found(Free::Phi))
        } else {
            None
        };
        Weights {
            alpha,
            beta: beta.filter(|_| self.shape.trend).unwrap_or(0.0),
            gamma: gamma
                .filter(|_| self.shape.season != Season::None)
                .unwrap_or(0.0),
            phi: phi.unwrap_or(1.0),
        }
    }

    fn run(&self, point: &[f64]) -> Option<Smoothing> {
        let weights = self.weights(point);
        match &self.start {
            Some((from, state)) if self.searches_state() => {
                let moved = moved_state(state, &point[self.free.len()..], self.shape);
                smooth(self.values, *from, self.shape, weights, &moved)
            }
            Some((from, state)) => smooth(self.values, *from, self.shape, weights, state),
            None => {
                let state = best_start(self.values, self.shape, weights)?;
                smooth(self.values, 0, self.shape, weights, &state)
            }
        }
    }

    fn cost(&self, point: &[f64]) -> Option<f64> {
        let smoothing = self.run(point)?;
        Some(if self.searches_state() {
            let n = smoothing.n as f64;
            n * smoothing.relative_sse.ln() + 2.0 * smoothing.log_forecasts
        } else {
            smoothing.sse
        })
    }

    /// Cost, point, whether the search arrived, and why it ended.
    fn search(&self, mut point: Vec<f64>) -> (f64, Vec<f64>, bool, String) {
        point.resize(self.dimensions(), 0.0);
        if point.is_empty() {
            let cost = self.cost(&point).unwrap_or(f64::INFINITY);
            return (cost, point, true, String::from("weights given"));
        }
        let at_beginning = self.cost(&point).unwrap_or(1.0);
        let (offset, scale) = if self.searches_state() {
            (at_beginning, 1.0)
        } else {
            (0.0, at_beginning.max(f64::MIN_POSITIVE))
        };
        let box_of = |lowest: bool| -> Vec<f64> {
            (0..point.len())
                .map(|i| match (self.free.get(i), lowest) {
                    (Some(Free::Phi), true) => PHI_RANGE.0,
                    (Some(Free::Phi), false) => PHI_RANGE.1,
                    (Some(_), true) => LOWEST,
                    (Some(_), false) => HIGHEST,
                    (None, true) => -1.0,
                    (None, false) => 1.0,
                })
                .collect()
        };
        let objective = Objective {
            problem: self,
            offset,
            scale,
            lower: box_of(true),
            upper: box_of(false),
        };
        let solver = Bobyqa::new()
            .with_initial_radius(0.05)
            .with_final_radius(1e-9);
        let run = Executor::new(objective, solver, PointState::new(point.clone()))
            .max_cost_evals(20_000)
            .run();
        let result = match run {
            Ok(result) => result,
            Err(error) => {
                return (
                    at_beginning,
                    point,
                    false,
                    format!("search failed: {error:?}"),
                );
            }
        };
        let converged = result.report.termination.is_converged();
        let point = result.best_param().clone();
        let cost = self.cost(&point).unwrap_or(f64::INFINITY);
        let reason = if converged {
            String::from("converged")
        } else {
            format!("search ended: {:?}", result.report.code())
        };
        (cost, point, converged, reason)
    }
}

struct Objective<'a> {
    problem: &'a Problem<'a>,
    offset: f64,
    scale: f64,
    lower: Vec<f64>,
    upper: Vec<f64>,
}

impl CostFunction for Objective<'_> {
    type Param = Vec<f64>;
    type Output = f64;
    type Error = Infallible;

    fn cost(&self, point: &Vec<f64>) -> std::result::Result<f64, Infallible> {
        // A finite wall keeps the search's quadratic model usable.
        let cost = self.problem.cost(point).filter(|cost| cost.is_finite());
        Ok(cost.map_or(1e6, |cost| (cost - self.offset) / self.scale))
    }
}

impl Constraints for Objective<'_> {
    type Set = ConstraintSet<BoxBounds<Vec<f64>>>;

    fn constraints(&self) -> <Self::Set as ConstraintDescription>::Borrowed<'_> {
        ConstraintSet::new().with_bounds(BoxBounds::new(Some(&self.lower), Some(&self.upper)))
    }
}
