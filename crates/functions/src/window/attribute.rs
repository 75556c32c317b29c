//! What the charts of counts have in common: p, np and u, plain and after Laney.

use arrow::array::ArrayRef;
use datafusion::common::Result;

use aftersight_stats::control_chart::ChartPoint;
use aftersight_stats::p_chart::{AttributeChart, AttributeLimits, np_chart, p_chart, u_chart};
use aftersight_stats::prop_test::Proportion;

use super::Partition;
use super::chart::{Known, POINT, baseline_place, fields};
use crate::args::{Call, Kind, Parameter};
use crate::folded::refused;
use crate::scalar::counted;
use crate::value::{Type, Value};

pub(super) const RESULT: Type = Type::Record(POINT);

/// Returns the parameters of all three, given the name of the second.
pub(super) const fn parameters(cases: &'static str) -> [Parameter; 5] {
    [
        Parameter::column("defects", Kind::Number),
        Parameter::column(cases, Kind::Number),
        Parameter::option("method", Kind::Text),
        Parameter::option("sigmas", Kind::Number),
        Parameter::column("baseline", Kind::Boolean).optional(),
    ]
}

const METHODS: [(&str, bool); 2] = [("plain", false), ("laney", true)];

/// What is plotted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plotted {
    /// Defectives per case.
    Rate,
    /// Defectives.
    Count,
    /// Defects per unit, of which a unit may have several.
    PerUnit,
}

/// One chart.
#[derive(Debug)]
pub(super) struct Attribute {
    function: &'static str,
    plotted: Plotted,
    laney: bool,
    sigmas: f64,
    baseline: Option<usize>,
}

impl Attribute {
    /// Reads the options.
    pub(super) fn read(
        function: &'static str,
        plotted: Plotted,
        call: &Call,
    ) -> Result<Box<dyn Partition>> {
        Ok(Box::new(Self {
            function,
            plotted,
            laney: call.choice(2, &METHODS)?.unwrap_or(false),
            sigmas: call.positive(3)?.unwrap_or(3.0),
            baseline: baseline_place(call, 4),
        }))
    }

    /// Whether the chart can show these counts.
    fn takes(&self, defects: f64, n: f64) -> bool {
        match self.plotted {
            Plotted::PerUnit => {
                let is_count = defects >= 0.0 && defects.fract() == 0.0;
                is_count && (n > 0.0 || (n == 0.0 && defects == 0.0))
            }
            Plotted::Rate | Plotted::Count => counted(defects, n).is_some(),
        }
    }

    fn refusal(&self, defects: f64, n: f64) -> String {
        match self.plotted {
            Plotted::PerUnit => {
                format!("expected a whole number of defects in units above 0, got {defects} in {n}")
            }
            Plotted::Rate | Plotted::Count => {
                format!("expected whole counts with defects of at most n, got {defects} of {n}")
            }
        }
    }

    fn chart(&self, counts: &[(f64, f64)], baseline: Option<&[bool]>) -> Result<AttributeLimits> {
        let chart = AttributeChart {
            baseline,
            sigmas: self.sigmas,
            laney: self.laney,
        };
        let samples = || -> Vec<Proportion> {
            let samples = counts
                .iter()
                .filter_map(|(defects, n)| counted(*defects, *n));
            samples.collect()
        };
        match self.plotted {
            Plotted::Rate => p_chart(&samples(), &chart),
            Plotted::Count => np_chart(&samples(), &chart),
            Plotted::PerUnit => u_chart(counts, &chart),
        }
        .map_err(|e| refused(self.function, &e))
    }

    /// Returns why something about a point is not known, where it is not.
    fn reason(&self, limits: &AttributeLimits, point: &ChartPoint, n: f64) -> Option<&'static str> {
        let cases = match self.plotted {
            Plotted::PerUnit => ["units is 0", "units is 0 in all of the baseline"],
            Plotted::Rate | Plotted::Count => ["n is 0", "n is 0 in all of the baseline"],
        };
        match (limits.centre, limits.sigma_z) {
            (None, _) => Some(cases[1]),
            _ if n == 0.0 => Some(cases[0]),
            (_, None) => Some("laney needs at least 2 periods that vary in the baseline"),
            _ if point.z.is_none() => Some("defects has zero variance in the baseline"),
            _ => None,
        }
    }
}

impl Partition for Attribute {
    fn compute(&self, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let (known, columns) = Known::of(arguments, 2)?;
        let baseline = known.baseline(arguments, self.baseline)?;
        let rows: Vec<(f64, f64)> = columns[0]
            .iter()
            .copied()
            .zip(columns[1].iter().copied())
            .collect();
        // A period whose counts cannot be is not part of the chart: one typing
        // error must not take away the charts of all the others.
        let kept: Vec<bool> = rows.iter().map(|(d, n)| self.takes(*d, *n)).collect();
        let counts: Vec<(f64, f64)> = rows
            .iter()
            .zip(&kept)
            .filter_map(|(counts, kept)| kept.then_some(*counts))
            .collect();
        let baseline: Option<Vec<bool>> = baseline.map(|mask| {
            let mask = mask.iter().zip(&kept);
            mask.filter_map(|(mask, kept)| kept.then_some(*mask))
                .collect()
        });
        let limits = self.chart(&counts, baseline.as_deref())?;
        let mut points = limits.points.iter();
        let results: Vec<Value> = rows
            .iter()
            .zip(kept)
            .map(
                |((defects, n), kept)| match kept.then(|| points.next()).flatten() {
                    Some(point) => Value::Record(fields(point, self.reason(&limits, point, *n))),
                    None => {
                        let mut values = vec![Value::Null; POINT.len() - 1];
                        values.push(self.refusal(*defects, *n).into());
                        Value::Record(values)
                    }
                },
            )
            .collect();
        RESULT.array(known.spread(results))
    }
}
