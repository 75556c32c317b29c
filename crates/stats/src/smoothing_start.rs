//! The states exponential smoothing can start from.

use nalgebra::{DMatrix, DVector};

use crate::error::{Result, StatsError};
use crate::exp_smoothing::{Season, Shape, State, Weights, smooth};
use crate::linear_regression::linear_regression;
use crate::seasonal_decompose::{SeasonalKind, seasonal_decompose};

/// How many free numbers an initial state has.
pub(crate) fn initial_values(shape: Shape) -> usize {
    let seasons = if shape.season == Season::None {
        0
    } else {
        shape.period - 1
    };
    1 + usize::from(shape.trend) + seasons
}

/// First smoothed value and the state before it.
pub(crate) fn simple_start(values: &[f64], shape: Shape) -> (usize, State) {
    let period = shape.period;
    if shape.season == Season::None {
        let state = State {
            level: values[0],
            trend: if shape.trend {
                values[1] - values[0]
            } else {
                0.0
            },
            seasons: Vec::new(),
        };
        return (0, state);
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let level = mean(&values[..period]);
    let next = mean(&values[period..2 * period]);
    let seasons = values[..period]
        .iter()
        .map(|value| {
            if shape.season == Season::Additive {
                value - level
            } else {
                value / level
            }
        })
        .collect();
    let state = State {
        level,
        trend: if shape.trend {
            (next - level) / period as f64
        } else {
            0.0
        },
        seasons,
    };
    (0, state)
}

pub(crate) fn decompose_start(values: &[f64], shape: Shape) -> Result<(usize, State)> {
    if shape.season == Season::None {
        let state = if shape.trend {
            (2, values[1], values[1] - values[0])
        } else {
            (1, values[0], 0.0)
        };
        return Ok((
            state.0,
            State {
                level: state.1,
                trend: state.2,
                seasons: Vec::new(),
            },
        ));
    }
    let kind = if shape.season == Season::Additive {
        SeasonalKind::Additive
    } else {
        SeasonalKind::Multiplicative
    };
    let parts = seasonal_decompose(&values[..2 * shape.period], shape.period, kind)?;
    let trend: Vec<f64> = parts.trend.iter().copied().flatten().collect();
    let steps: Vec<f64> = (1..=trend.len()).map(|i| i as f64).collect();
    // A trend without any variation is a flat line.
    let (level, slope) = match linear_regression(&trend, &[&steps], true, 0.95) {
        Ok(line) => (
            line.intercept
                .map_or(trend[0], |intercept| intercept.estimate),
            line.coefficients[0].estimate,
        ),
        Err(StatsError::ZeroVariance { .. }) => (trend[0], 0.0),
        Err(error) => return Err(error),
    };
    let state = State {
        level,
        trend: if shape.trend { slope } else { 0.0 },
        seasons: parts.figure,
    };
    Ok((shape.period, state))
}

/// The state at a point of the search: level and seasons by factors e^u, the
/// trend in shares of the level per period; seasons average one.
pub(crate) fn moved_state(state: &State, by: &[f64], shape: Shape) -> State {
    let level = state.level * by[0].exp();
    let mut rest = by[1..].iter();
    let trend = if shape.trend {
        let shift = rest.next().copied().unwrap_or(0.0);
        state.trend + shift * state.level / shape.period as f64
    } else {
        0.0
    };
    let mut seasons: Vec<f64> = state
        .seasons
        .iter()
        .map(|season| season * rest.next().copied().unwrap_or(0.0).exp())
        .collect();
    let mean = seasons.iter().sum::<f64>() / seasons.len() as f64;
    for season in &mut seasons {
        *season /= mean;
    }
    State {
        level,
        trend,
        seasons,
    }
}

/// The initial state with the smallest squared errors at these weights. The
/// errors of an additive model are linear in it: e = e₀ + D x, where column k of
/// D is the errors of a series of zeros that starts from the unit vector k.
pub(crate) fn best_start(values: &[f64], shape: Shape, weights: Weights) -> Option<State> {
    let unknowns = initial_values(shape);
    let state_of = |x: &[f64]| {
        let mut rest = x[1..].iter().copied();
        let trend = if shape.trend {
            rest.next().unwrap_or(0.0)
        } else {
            0.0
        };
        let mut seasons: Vec<f64> = rest.collect();
        if shape.season != Season::None {
            // The last season balances the others, else level and seasons
            // could shift against each other.
            seasons.push(-seasons.iter().sum::<f64>());
        }
        State {
            level: x[0],
            trend,
            seasons,
        }
    };
    let errors = |values: &[f64], x: &[f64]| -> Option<DVector<f64>> {
        let smoothing = smooth(values, 0, shape, weights, &state_of(x))?;
        let fitted = smoothing
            .fitted
            .iter()
            .map(|fitted| fitted.unwrap_or(f64::NAN));
        let errors = values
            .iter()
            .zip(fitted)
            .map(|(value, fitted)| value - fitted);
        Some(DVector::from_iterator(values.len(), errors))
    };
    let base = errors(values, &vec![0.0; unknowns])?;
    let zeros = vec![0.0; values.len()];
    let mut columns = Vec::with_capacity(unknowns);
    for k in 0..unknowns {
        let mut unit = vec![0.0; unknowns];
        unit[k] = 1.0;
        columns.push(errors(&zeros, &unit)?);
    }
    let design = DMatrix::from_columns(&columns);
    // The singular values also handle a start that has no influence left.
    let solution = design.svd(true, true).solve(&-base, 1e-12).ok()?;
    Some(state_of(solution.as_slice()))
}
