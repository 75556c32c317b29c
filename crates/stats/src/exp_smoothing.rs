//! Exponential smoothing: the recursions, their forecasts and intervals.
//!
//! Parameters are given as R's `ets` reports them. With level l, trend b,
//! season s and one-step error e:
//!
//! - l ← l + φb + αe, b ← φb + βe, s ← s + γe for additive seasons;
//! - with e relative to the forecast, l ← (l + φb)(1 + αe), b ← φb + β(l + φb)e,
//!   s ← s(1 + γe) for multiplicative ones.
//!
//! The older component form has β* = β/α and γ* = γ/(1−α). For additive seasons
//! it is the same recursion; for multiplicative ones R's `HoltWinters` divides by
//! the new level, which is [`Recursion::Classical`].

use crate::distribution::normal_quantile;
use crate::error::{Result, StatsError, finite, open_unit};

/// How the season enters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Season {
    /// No season.
    #[default]
    None,
    /// Added to the level.
    Additive,
    /// Multiplied with the level.
    Multiplicative,
}

/// Which form a multiplicative season is updated in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recursion {
    /// R's `ets` and `hw`.
    #[default]
    ErrorCorrection,
    /// R's `HoltWinters`: s ← γ* y/l + (1 − γ*) s.
    Classical,
}

/// What is smoothed: the shape of the model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Whether there is a trend.
    pub trend: bool,
    /// Whether the trend fades.
    pub damped: bool,
    /// How the season enters.
    pub season: Season,
    /// Values per season; 1 without one.
    pub period: usize,
    /// Form of the multiplicative update.
    pub recursion: Recursion,
}

/// Smoothing weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// Of the level.
    pub alpha: f64,
    /// Of the trend, β = αβ*; 0 without one.
    pub beta: f64,
    /// Of the season in error-correction form, γ = (1−α)γ*; 0 without one.
    pub gamma: f64,
    /// What is left of the trend after a step; 1 when it does not fade.
    pub phi: f64,
}

impl Weights {
    /// From the component form, α, β*, γ*, φ.
    #[must_use]
    pub fn from_components(alpha: f64, beta_star: f64, gamma_star: f64, phi: f64) -> Self {
        Self {
            alpha,
            beta: alpha * beta_star,
            gamma: (1.0 - alpha) * gamma_star,
            phi,
        }
    }

    /// β* = β/α.
    #[must_use]
    pub fn beta_star(&self) -> Option<f64> {
        finite(self.beta / self.alpha)
    }

    /// γ* = γ/(1−α).
    #[must_use]
    pub fn gamma_star(&self) -> Option<f64> {
        finite(self.gamma / (1.0 - self.alpha))
    }

    /// Refuses weights outside 0..1.
    pub fn check(&self) -> Result<()> {
        for (argument, value) in [
            ("alpha", self.alpha),
            ("beta", self.beta),
            ("gamma", self.gamma),
            ("phi", self.phi),
        ] {
            if !(0.0..=1.0).contains(&value) {
                return Err(StatsError::argument(argument, "must be from 0 to 1"));
            }
        }
        Ok(())
    }
}

/// Level, trend and seasons before a value; the season due next comes first.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Level.
    pub level: f64,
    /// Trend per step; 0 without one.
    pub trend: f64,
    /// One season per phase, the next one first; empty without seasons.
    pub seasons: Vec<f64>,
}

/// A smoothed series.
#[derive(Clone, Debug, PartialEq)]
pub struct Smoothing {
    /// The shape.
    pub shape: Shape,
    /// The weights.
    pub weights: Weights,
    /// State before the first smoothed value.
    pub initial: State,
    /// One-step forecasts; `None` for values that only made the initial state.
    pub fitted: Vec<Option<f64>>,
    /// Level after each value.
    pub levels: Vec<Option<f64>>,
    /// Trend after each value.
    pub trends: Vec<Option<f64>>,
    /// Season after each value, of its own phase.
    pub seasons: Vec<Option<f64>>,
    /// State after the last value.
    pub last: State,
    /// Sum of squared one-step errors.
    pub sse: f64,
    /// Sum of squared relative errors, and of the logarithms of the forecasts:
    /// the likelihood of multiplicative seasons.
    pub(crate) relative_sse: f64,
    pub(crate) log_forecasts: f64,
    /// How many values have a one-step forecast.
    pub n: usize,
    /// How many weights and initial values were estimated.
    pub estimated: usize,
    /// Whether limits repeat R's `holt`; see the option of the same name.
    pub limits_as_r_holt: bool,
    /// False when the search for the weights ended for another reason than
    /// arriving.
    pub converged: bool,
    /// Why it ended.
    pub reason: String,
}

/// A forecast and its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forecast {
    /// Steps ahead, from 1.
    pub step: usize,
    /// Expected value.
    pub mean: f64,
    /// Lower limit; `None` without residual degrees of freedom.
    pub low: Option<f64>,
    /// Upper limit.
    pub high: Option<f64>,
}

/// Runs the recursion over `values` from `start` on. `None` when it leaves the
/// range of numbers, or a multiplicative forecast is not positive.
pub(crate) fn smooth(
    values: &[f64],
    start: usize,
    shape: Shape,
    weights: Weights,
    initial: &State,
) -> Option<Smoothing> {
    let Weights {
        alpha,
        beta,
        gamma,
        phi,
    } = weights;
    let count = values.len();
    let mut result = Smoothing {
        shape,
        weights,
        initial: initial.clone(),
        fitted: vec![None; start],
        levels: vec![None; start],
        trends: vec![None; start],
        seasons: vec![None; start],
        last: initial.clone(),
        sse: 0.0,
        relative_sse: 0.0,
        log_forecasts: 0.0,
        n: count - start,
        estimated: 0,
        limits_as_r_holt: false,
        converged: true,
        reason: String::from("weights given"),
    };
    let mut level = initial.level;
    let mut trend = initial.trend;
    let mut seasons = initial.seasons.clone();
    let mut phase = 0;
    for &value in &values[start..] {
        let base = level + phi * trend;
        let season = seasons.get(phase).copied();
        let forecast = match (shape.season, season) {
            (Season::Additive, Some(season)) => base + season,
            (Season::Multiplicative, Some(season)) => base * season,
            _ => base,
        };
        let error = value - forecast;
        let next_season = match (shape.season, season) {
            (Season::Multiplicative, Some(season)) => {
                if forecast.is_nan() || forecast <= 0.0 {
                    return None;
                }
                let relative = error / forecast;
                result.relative_sse += relative * relative;
                result.log_forecasts += forecast.ln();
                level = base * (1.0 + alpha * relative);
                trend = phi * trend + beta * base * relative;
                Some(match shape.recursion {
                    Recursion::ErrorCorrection => season * (1.0 + gamma * relative),
                    Recursion::Classical => {
                        let gamma_star = weights.gamma_star().unwrap_or(0.0);
                        gamma_star * value / level + (1.0 - gamma_star) * season
                    }
                })
            }
            (_, season) => {
                level = base + alpha * error;
                trend = phi * trend + beta * error;
                season.map(|season| season + gamma * error)
            }
        };
        if let Some(next) = next_season {
            seasons[phase] = next;
            phase = (phase + 1) % seasons.len();
        }
        result.sse += error * error;
        result.fitted.push(Some(forecast));
        result.levels.push(Some(level));
        result.trends.push(shape.trend.then_some(trend));
        result.seasons.push(next_season);
    }
    seasons.rotate_left(phase);
    result.last = State {
        level,
        trend,
        seasons,
    };
    (result.sse.is_finite() && level.is_finite() && trend.is_finite()).then_some(result)
}

impl Smoothing {
    /// Variance of the one-step errors, with the estimated parameters taken
    /// off; relative errors for multiplicative seasons. `None` when nothing is
    /// left.
    #[must_use]
    pub fn sigma2(&self) -> Option<f64> {
        let df = self.n.checked_sub(self.estimated).filter(|&df| df > 0)?;
        let sum = match self.shape.season {
            Season::Multiplicative => self.relative_sse,
            Season::None | Season::Additive => self.sse,
        };
        finite(sum / df as f64)
    }

    /// Forecasts of the next `steps` values with intervals of the linear
    /// state-space model (Hyndman et al. 2008, class 1; class 3 for
    /// multiplicative seasons).
    ///
    /// Class 3 is exact within the first season. Beyond it, as in R, the
    /// covariance of level and season is left out, which makes limits some
    /// percent too narrow.
    pub fn forecast(&self, steps: usize, confidence: f64) -> Result<Vec<Forecast>> {
        open_unit("confidence", confidence)?;
        let quantile = normal_quantile(0.5 + 0.5 * confidence);
        let sigma2 = self.sigma2();
        let period = self.shape.period.max(1);
        let Weights {
            alpha,
            beta,
            gamma,
            phi,
        } = self.weights;
        let beta = if self.limits_as_r_holt && alpha > 0.0 {
            beta / alpha
        } else {
            beta
        };
        // φ + φ² + ... + φʰ
        let mut faded = 0.0;
        let mut power = 1.0;
        // c_j of the variance, and for class 3 the trend forecasts and θ.
        let mut weights: Vec<f64> = Vec::with_capacity(steps);
        let mut spread = 1.0;
        let mut thetas: Vec<f64> = Vec::with_capacity(steps);
        let mut forecasts = Vec::with_capacity(steps);
        for step in 1..=steps {
            power *= phi;
            faded += power;
            let base = self.last.level + faded * self.last.trend;
            let season = self.last.seasons.get((step - 1) % period).copied();
            let (mean, variance) = match (self.shape.season, season) {
                (Season::Multiplicative, Some(season)) => {
                    let sigma2 = sigma2.unwrap_or(f64::NAN);
                    let carried: f64 = thetas
                        .iter()
                        .rev()
                        .zip(&weights)
                        .map(|(theta, weight)| weight * weight * theta)
                        .sum();
                    let theta = base * base + sigma2 * carried;
                    thetas.push(theta);
                    let cycles = ((step - 1) / period) as i32;
                    let grown = (1.0 + gamma * gamma * sigma2).powi(cycles);
                    let variance = season * season * (theta * (1.0 + sigma2) * grown - base * base);
                    (base * season, Some(variance))
                }
                (_, season) => (
                    base + season.unwrap_or(0.0),
                    sigma2.map(|sigma2| sigma2 * spread),
                ),
            };
            let half = variance
                .zip(quantile)
                .map(|(variance, q)| q * variance.max(0.0).sqrt());
            forecasts.push(Forecast {
                step,
                mean,
                low: half.and_then(|half| finite(mean - half)),
                high: half.and_then(|half| finite(mean + half)),
            });
            let seasonal = if self.shape.season == Season::Additive && step.is_multiple_of(period) {
                gamma
            } else {
                0.0
            };
            let weight = alpha + beta * faded + seasonal;
            weights.push(weight);
            spread += weight * weight;
        }
        Ok(forecasts)
    }
}
