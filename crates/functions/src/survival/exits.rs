//! Subjects as events: when each left observation, and why.

use std::cmp::Ordering;

use aftersight_stats::survival::{IntervalKind, SurvivalTimes};
use arrow::array::{Array, ArrayRef, AsArray, Float64Array, LargeStringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::cast::{as_boolean_array, as_float64_array};
use datafusion::common::{Result, exec_datafusion_err};

use crate::args::{Call, Kind, Parameter};
use crate::events::{Event, split_bytes};

/// One subject: when it left and why, 0 for no event yet.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(super) struct Exit {
    pub(super) time: f64,
    pub(super) cause: u32,
}

impl Event for Exit {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.time.to_le_bytes());
        bytes.extend(self.cause.to_le_bytes());
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        Some(Self {
            time: f64::from_le_bytes(split_bytes(bytes)?),
            cause: u32::from_le_bytes(split_bytes(bytes)?),
        })
    }
}

/// What is kept of a subject: an exit, with weight and cluster where the call gives them.
pub(super) trait Subject: Event {
    /// Returns what is kept of a row, or nothing for one without weight.
    fn of(exit: Exit, more: &More<'_>, row: usize) -> Option<Self>
    where
        Self: Sized;
    /// Orders subjects by cluster and all else that counts, so that sums do not depend on how rows came.
    fn order(&self, other: &Self) -> Ordering;
    /// Adds the subject to those of its group; subjects come in order.
    fn push<'a>(&'a self, times: &mut SurvivalTimes, clusters: &mut Clusters<'a>);
}

impl Subject for Exit {
    fn of(exit: Exit, _: &More<'_>, _: usize) -> Option<Self> {
        Some(exit)
    }

    /// Counts add up in any order.
    fn order(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }

    fn push<'a>(&'a self, times: &mut SurvivalTimes, _: &mut Clusters<'a>) {
        times.push_cause(Some(self.time), Some(self.cause), 1.0, 0);
    }
}

/// A subject that stands for several, or for one of several that are alike.
#[derive(Debug, Default)]
pub(super) struct Member {
    exit: Exit,
    weight: f64,
    cluster: Option<Box<str>>,
}

impl Event for Member {
    fn heap_bytes(&self) -> usize {
        self.cluster.as_ref().map_or(0, |name| name.len())
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        self.exit.write(bytes);
        bytes.extend(self.weight.to_le_bytes());
        bytes.push(u8::from(self.cluster.is_some()));
        if let Some(name) = &self.cluster {
            write_text(name, bytes);
        }
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let exit = Exit::read(bytes)?;
        let weight = f64::from_le_bytes(split_bytes(bytes)?);
        let [is_clustered] = split_bytes(bytes)?;
        let cluster = match is_clustered {
            0 => None,
            _ => Some(read_text(bytes)?),
        };
        Some(Self {
            exit,
            weight,
            cluster,
        })
    }
}

impl Subject for Member {
    fn of(exit: Exit, more: &More<'_>, row: usize) -> Option<Self> {
        let weight = match more.weight {
            Some(weights) => Some(weights.value(row))
                .filter(|w| weights.is_valid(row) && w.is_finite() && *w > 0.0)?,
            None => 1.0,
        };
        let cluster = more.cluster.as_ref().filter(|names| names.is_valid(row));
        Some(Self {
            exit,
            weight,
            cluster: cluster.map(|names| names.value(row).into()),
        })
    }

    fn order(&self, other: &Self) -> Ordering {
        let exits = (self.exit.time.total_cmp(&other.exit.time))
            .then(self.exit.cause.cmp(&other.exit.cause));
        self.cluster
            .cmp(&other.cluster)
            .then(exits)
            .then(self.weight.total_cmp(&other.weight))
    }

    fn push<'a>(&'a self, times: &mut SurvivalTimes, clusters: &mut Clusters<'a>) {
        let cluster = clusters.number(self.cluster.as_deref());
        times.push_cause(
            Some(self.exit.time),
            Some(self.exit.cause),
            self.weight,
            cluster,
        );
    }
}

/// Appends a text to a state.
pub(super) fn write_text(text: &str, bytes: &mut Vec<u8>) {
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend(text.as_bytes());
}

/// Takes what `write_text` wrote off the front.
pub(super) fn read_text(bytes: &mut &[u8]) -> Option<Box<str>> {
    let length = usize::try_from(u64::from_le_bytes(split_bytes(bytes)?)).ok()?;
    let (text, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(std::str::from_utf8(text).ok()?.into())
}

/// Numbers for the names of clusters, which come in order; a subject without one is a cluster of its own.
#[derive(Debug, Default)]
pub(super) struct Clusters<'a> {
    last: Option<&'a str>,
    n: u64,
}

impl<'a> Clusters<'a> {
    fn number(&mut self, name: Option<&'a str>) -> u64 {
        self.n += u64::from(name.is_none() || name != self.last);
        self.last = name;
        self.n
    }
}

/// Where the optional columns cluster and weight are among the arguments, if at all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places {
    cluster: Option<usize>,
    weight: Option<usize>,
}

impl Places {
    /// Reads whether a call gives the two columns, which stand side by side.
    pub(super) fn read(call: &Call, cluster: usize) -> Self {
        Self {
            cluster: call.gives(cluster).then_some(cluster),
            weight: call.gives(cluster + 1).then_some(cluster + 1),
        }
    }

    /// Whether the call gives neither.
    pub(super) fn are_none(&self) -> bool {
        self.cluster.or(self.weight).is_none()
    }

    /// Returns a group without subjects. A weight alone stands for subjects that are independent.
    pub(super) fn no_times(&self) -> SurvivalTimes {
        match self.cluster {
            Some(_) => SurvivalTimes::clustered(),
            None => SurvivalTimes::new(),
        }
    }

    fn more<'a>(&self, values: &'a [ArrayRef]) -> Result<More<'a>> {
        let cluster = self.cluster.map(|i| cast(&values[i], &DataType::LargeUtf8));
        let cluster = cluster.transpose()?;
        Ok(More {
            cluster: cluster.map(|names| names.as_string::<i64>().clone()),
            weight: self
                .weight
                .map(|i| as_float64_array(&values[i]))
                .transpose()?,
        })
    }
}

/// The columns cluster and weight of a batch.
#[derive(Debug)]
pub(super) struct More<'a> {
    cluster: Option<LargeStringArray>,
    weight: Option<&'a Float64Array>,
}

/// The parameters cluster and weight.
pub(super) const CLUSTER: Parameter = Parameter::column("cluster", Kind::Id).optional();
pub(super) const WEIGHT: Parameter = Parameter::column("weight", Kind::Number).optional();

/// Returns how to tell the cause of a row from a column that says whether the event was seen.
pub(super) fn events(column: &ArrayRef) -> Result<impl Fn(usize) -> Option<u32>> {
    let events = as_boolean_array(column)?;
    Ok(move |row: usize| events.is_valid(row).then(|| u32::from(events.value(row))))
}

/// Calls `keep` for each row with a time of 0 or more, a known cause and a weight.
pub(super) fn read<S: Subject>(
    values: &[ArrayRef],
    places: Places,
    cause: impl Fn(usize) -> Option<u32>,
    mut keep: impl FnMut(usize, S),
) -> Result<()> {
    let times = as_float64_array(&values[0])?;
    let more = places.more(values)?;
    for row in 0..times.len() {
        let time = times.value(row);
        if times.is_valid(row)
            && time.is_finite()
            && time >= 0.0
            && let Some(cause) = cause(row)
            && let Some(subject) = S::of(Exit { time, cause }, &more, row)
        {
            keep(row, subject);
        }
    }
    Ok(())
}

/// Returns the subjects of one group.
pub(super) fn times<S: Subject>(subjects: &mut [S], places: Places) -> SurvivalTimes {
    if !places.are_none() {
        subjects.sort_unstable_by(S::order);
    }
    let mut times = places.no_times();
    let mut clusters = Clusters::default();
    for subject in subjects.iter() {
        subject.push(&mut times, &mut clusters);
    }
    times
}

/// The kinds of intervals, as an option.
pub(super) fn interval(call: &Call, i: usize) -> Result<IntervalKind> {
    let choices = [
        ("log", IntervalKind::Log),
        ("plain", IntervalKind::Plain),
        ("log_log", IntervalKind::LogLog),
        ("logit", IntervalKind::Logit),
        ("arcsin", IntervalKind::Arcsin),
    ];
    Ok(call.choice(i, &choices)?.unwrap_or_default())
}

/// Returns a kernel's answer; its options are checked before, so its errors are about the rows.
pub(super) fn answer<T, E: std::fmt::Display>(
    function: &str,
    answer: std::result::Result<T, E>,
) -> Result<T> {
    answer.map_err(|error| exec_datafusion_err!("'{function}': {error}"))
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, assert_close, session, value};

    /// Calls with a place for more arguments, and whether errors without clusters are those of single rows.
    const CALLS: [(&str, bool); 7] = [
        ("km_survival(t, c = 1, 'plain', 0.9, {})", true),
        ("km_survival(t, c = 1, 'logit', null, {})", true),
        ("km_survival(t, c = 1, 'arcsin', null, {})", true),
        ("km_quantile(t, c = 1, 0.3, null, null, {})", true),
        ("rmst(t, c = 1, 6, {})", true),
        ("cumulative_incidence(t, c, 2, null, {})", true),
        ("logrank(t, c = 1, g, {})", false),
    ];

    const ROWS: &str = "(values (1, 1.0, 1, 'a', 2), (2, 2.0, 0, 'b', 1), (3, 2.0, 1, 'b', 3), (4, 3.5, 2, 'a', 1), \
                        (5, 4.0, 1, 'b', 2), (6, 5.0, 1, 'a', 1), (7, 5.0, 0, 'b', 2), (8, 7.0, 1, 'a', 1), \
                        (9, 8.0, 0, 'b', 4)) as rows(id, t, c, g, w)";

    async fn of(call: &str, more: &str, from: &str) -> Vec<Cell> {
        let call = call.replace(", {}", more);
        value(&session(), &format!("select {call} from {from}")).await
    }

    #[tokio::test]
    async fn a_weight_stands_for_so_many_rows() {
        let repeated = format!("{ROWS} cross join generate_series(1, 4) as s(i) where i <= w");
        for (call, _) in CALLS {
            let weighed = of(call, ", null, w", ROWS).await;
            assert_close(&weighed, &of(call, "", &repeated).await, call);
            let unit = of(call, ", null, 1", ROWS).await;
            assert_close(&unit, &of(call, "", ROWS).await, call);
            let none = of(call, ", null, 0 * w", ROWS).await;
            assert_close(
                &none,
                &of(call, "", &format!("{ROWS} where false")).await,
                call,
            );
        }
    }

    /// Copies of a row in one cluster say nothing new, and errors are those of the rows alone.
    #[tokio::test]
    async fn copies_in_one_cluster_add_nothing() {
        let copied = format!("{ROWS} cross join generate_series(1, 3) as s(i)");
        // Counts are three times as many; everything else must stay.
        let is_count = |call: &str, place: usize| match call {
            c if c.starts_with("km_survival") => matches!(place % 8, 1..=3),
            c if c.starts_with("cumulative") => matches!(place % 9, 1..=4),
            c if c.starts_with("logrank") => place >= 3,
            _ => false,
        };
        for (call, is_exact) in CALLS {
            let alone = of(call, ", id", ROWS).await;
            if is_exact {
                assert_close(&alone, &of(call, "", ROWS).await, call);
            }
            let unknown = of(call, ", nullif(id, id)", ROWS).await;
            assert_close(&alone, &unknown, call);
            let together = of(call, ", id", &copied).await;
            assert_eq!(alone.len(), together.len());
            for (place, pair) in alone.iter().zip(&together).enumerate() {
                if !is_count(call, place) {
                    let context = format!("{call} at {place}");
                    assert_close(
                        std::slice::from_ref(pair.0),
                        std::slice::from_ref(pair.1),
                        &context,
                    );
                }
            }
        }
    }
}
