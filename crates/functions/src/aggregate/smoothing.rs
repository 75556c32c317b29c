//! What the three functions of exponential smoothing have in common: rows in order of time, options, results.

use arrow::array::ArrayRef;
use datafusion::common::Result;

use aftersight_stats::StatsError;
use aftersight_stats::exp_smoothing::{Season, Shape, Smoothing, State};
use aftersight_stats::smoothing_fit::{SmoothingOptions, Start};

use crate::additive::Build;
use crate::args::Call;
use crate::folded::{Bytes, Folded, Reader, Tally};
use crate::tally::Rows;
use crate::value::{Type, Value};

const FORECAST: Type = Type::Record(&[
    ("step", Type::Whole),
    ("mean", Type::Number),
    ("lower", Type::Number),
    ("upper", Type::Number),
]);

/// The result of all three.
pub(super) const RESULT: Type = Type::Record(&[
    ("n", Type::Whole),
    ("alpha", Type::Number),
    ("beta", Type::Number),
    ("beta_star", Type::Number),
    ("gamma", Type::Number),
    ("gamma_star", Type::Number),
    ("phi", Type::Number),
    ("level", Type::Number),
    ("trend", Type::Number),
    ("seasons", Type::List(&Type::Number)),
    ("sigma2", Type::Number),
    ("sse", Type::Number),
    ("fitted", Type::List(&Type::Number)),
    ("forecasts", Type::List(&FORECAST)),
    ("converged", Type::Flag),
    ("reason", Type::Text),
]);

/// How far to forecast, and from where the smoothing starts.
#[derive(Debug, Clone)]
pub(super) struct Horizon {
    pub(super) steps: usize,
    pub(super) level: f64,
}

/// Farther forecasts have intervals wider than anything.
const MOST_STEPS: i64 = 1_000;

impl Horizon {
    /// Reads the options steps and level, which stand at these places.
    pub(super) fn read(call: &Call, steps: usize, level: usize, default: usize) -> Result<Self> {
        let given = call.whole(steps, 1, MOST_STEPS)?;
        Ok(Self {
            steps: given.map_or(default, |steps| steps as usize),
            level: call.level(level)?,
        })
    }
}

/// Reads a weight from 0 to 1.
pub(super) fn weight(call: &Call, i: usize) -> Result<Option<f64>> {
    call.between(i, 0.0, 1.0)
}

/// Reads where the smoothing starts.
pub(super) fn start(call: &Call, i: usize, seasonal: bool) -> Result<Start> {
    const STARTS: [(&str, u8); 3] = [("optimal", 0), ("simple", 1), ("decompose", 2)];
    let choices = if seasonal { &STARTS[..] } else { &STARTS[..2] };
    Ok(match call.choice(i, choices)? {
        Some(1) => Start::Simple,
        Some(2) => Start::Decompose,
        _ => Start::Optimal,
    })
}

/// Reads the state to begin with, level, trend and seasons, and how many numbers of the call were
/// estimated from the series elsewhere.
pub(super) fn given(
    call: &Call,
    i: usize,
    shape: Shape,
    options: SmoothingOptions,
) -> Result<SmoothingOptions> {
    let estimated = call.whole(i + 1, 0, 10_000)?.map(|n| n as usize);
    let Some(numbers) = call.numbers(i)? else {
        return Ok(SmoothingOptions {
            estimated,
            ..options
        });
    };
    let n_seasons = match shape.season {
        Season::None => 0,
        _ => shape.period,
    };
    let n_expected = 1 + usize::from(shape.trend) + n_seasons;
    if numbers.len() != n_expected {
        let expected = match (shape.trend, n_seasons) {
            (false, 0) => "a list of the level".to_string(),
            (true, 0) => "a list of level and trend".to_string(),
            _ => format!("a list of level, trend and {n_seasons} seasons"),
        };
        return call.refuse(i, &expected, format!("{} numbers", numbers.len()));
    }
    let mut rest = numbers.into_iter();
    let mut next = || rest.next().unwrap_or(0.0);
    let level = next();
    let trend = if shape.trend { next() } else { 0.0 };
    let seasons = rest.collect();
    Ok(SmoothingOptions {
        start: Start::Given(State {
            level,
            trend,
            seasons,
        }),
        estimated,
        ..options
    })
}

/// Times and values; a value that is not known stays, since a gap is not a series without it.
#[derive(Debug, Clone)]
pub(super) struct Series(Rows);

impl Default for Series {
    fn default() -> Self {
        Self(Rows::of(2, 1))
    }
}

impl Tally for Series {
    fn update(&mut self, columns: &[ArrayRef], rows: &[usize]) -> Result<()> {
        self.0.update(columns, rows)
    }

    fn merge(&mut self, other: &Self) -> Result<()> {
        self.0.merge(&other.0)
    }

    fn write(&self, bytes: &mut Bytes) {
        self.0.write(bytes);
    }

    fn read(&self, bytes: &mut Reader<'_>) -> Option<Self> {
        self.0.read(bytes).map(Self)
    }

    fn heap_bytes(&self) -> usize {
        self.0.heap_bytes()
    }
}

/// Returns what smooths and forecasts the rows of a call.
pub(super) fn build(
    horizon: Horizon,
    smooth: impl Fn(&[f64]) -> std::result::Result<Smoothing, StatsError> + Send + Sync + 'static,
) -> Box<dyn Build> {
    Box::new(Folded {
        empty: Series::default(),
        result: &RESULT,
        finish: move |series: &Series| Ok(smoothed(series, &horizon, &smooth)),
    })
}

/// Reads how much of a damped trend is left after a step.
pub(super) fn phi(call: &Call, i: usize, damped: bool) -> Result<Option<f64>> {
    match weight(call, i)? {
        Some(phi) if !damped => call.refuse(i, "no phi unless damped is true", phi),
        phi => Ok(phi),
    }
}

/// Smooths a series; what cannot be smoothed says why.
fn smoothed(
    Series(rows): &Series,
    horizon: &Horizon,
    smooth: impl FnOnce(&[f64]) -> std::result::Result<Smoothing, StatsError>,
) -> Value {
    let columns = rows.sorted_columns();
    let (times, values) = (&columns[0], &columns[1]);
    if values.is_empty() {
        return Value::Null;
    }
    if let Some(row) = times.windows(2).position(|pair| pair[0] == pair[1]) {
        let reason = format!("rows {} and {} have the same time", row + 1, row + 2);
        return refusal(values.len(), reason);
    }
    let forecasts = smooth(values).and_then(|smoothing| {
        let forecasts = smoothing.forecast(horizon.steps, horizon.level)?;
        Ok((smoothing, forecasts))
    });
    let (smoothing, forecasts) = match forecasts {
        Ok(both) => both,
        Err(reason) => return refusal(values.len(), reason.to_string()),
    };
    let shape = smoothing.shape;
    let weights = smoothing.weights;
    let seasonal = !smoothing.last.seasons.is_empty();
    let numbers = |list: &[f64]| Value::List(list.iter().map(|x| (*x).into()).collect());
    let forecasts = forecasts.iter().map(|f| {
        Value::Record(vec![
            f.step.into(),
            f.mean.into(),
            f.low.into(),
            f.high.into(),
        ])
    });
    Value::Record(vec![
        values.len().into(),
        weights.alpha.into(),
        shape.trend.then_some(weights.beta).into(),
        shape.trend.then(|| weights.beta_star()).flatten().into(),
        seasonal.then_some(weights.gamma).into(),
        seasonal.then(|| weights.gamma_star()).flatten().into(),
        shape.damped.then_some(weights.phi).into(),
        smoothing.last.level.into(),
        shape.trend.then_some(smoothing.last.trend).into(),
        if seasonal {
            numbers(&smoothing.last.seasons)
        } else {
            Value::Null
        },
        smoothing.sigma2().into(),
        smoothing.sse.into(),
        Value::List(smoothing.fitted.iter().map(|x| (*x).into()).collect()),
        Value::List(forecasts.collect()),
        smoothing.converged.into(),
        smoothing.reason.as_str().into(),
    ])
}

fn refusal(n: usize, reason: String) -> Value {
    let mut values = vec![Value::Null; 16];
    values[0] = n.into();
    values[14] = false.into();
    values[15] = reason.into();
    Value::Record(values)
}

/// Returns the options of a fit with these weights.
pub(super) fn options(alpha: Option<f64>, start: Start) -> SmoothingOptions {
    SmoothingOptions {
        alpha,
        start,
        ..SmoothingOptions::default()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::harness::{Cell, Row, flat};

    /// Returns the expected cells of a call over the test table, with y as the time.
    pub(in crate::aggregate) fn slowly(
        rows: &[Row],
        steps: usize,
        smooth: impl Fn(&[f64]) -> std::result::Result<Smoothing, StatsError>,
    ) -> Vec<Cell> {
        let mut numbers: Vec<[f64; 2]> = rows
            .iter()
            .filter_map(|r| Some([r.1?, r.0.unwrap_or(f64::NAN)]))
            .collect();
        numbers.sort_by(|a, b| a[0].total_cmp(&b[0]));
        let mut series = Series::default();
        let columns: Vec<ArrayRef> = (0..2)
            .map(|i| {
                let column = numbers
                    .iter()
                    .map(|row| Some(row[i]).filter(|x| !x.is_nan()));
                std::sync::Arc::new(column.collect::<arrow::array::Float64Array>()) as ArrayRef
            })
            .collect();
        let places: Vec<usize> = (0..numbers.len()).collect();
        series.update(&columns, &places).unwrap();
        let horizon = Horizon { steps, level: 0.95 };
        match smoothed(&series, &horizon, smooth) {
            Value::Null => vec![Cell::Null; 16],
            value => flat(value),
        }
    }
}
