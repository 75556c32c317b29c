//! `logrank(time, event, group [, cluster [, weight [, strata [, rho]]]])`: do groups have the same time to the event?

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::sync::Arc;

use aftersight_stats::survival::{LogrankGroup, SurvivalTimes, logrank_stratified};
use arrow::array::{Array, ArrayRef, AsArray, Float64Array, StringArray, StructArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::exits::{
    self, CLUSTER, Clusters, Exit, Member, Places, Subject, WEIGHT, read_text, write_text,
};
use crate::additive::Build;
use crate::aggregate::Aggregate;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::events::{self, ByGroup, Event, Walk, Walked};
use crate::list::{list_array, list_type};

#[user_doc(
    doc_section(label = "Survival Functions"),
    description = "Tests whether groups of subjects have the same time to the event (log-rank test, all times weighted \
alike), as struct(chi_square, df, p_value, groups): groups is a list of struct(group, n, observed, expected), in order \
of the text of their names, with the events each would have if all were alike. A small p_value says that the curves \
differ; curves that cross may differ unseen. With a cluster, such as the customer, subjects of one may be alike, whatever \
group they are in: the robust score test of Cox's model (Lin and Wei 1989, ties after Breslow); a subject whose cluster is \
NULL is one of its own. With strata, such as the product, subjects are compared within them only, so that a group \
with other products is not taken for a better one. rho weights times by the survival before them to this power: 1 is the \
test of Peto and Peto, which looks at early differences more; observed and expected are weighted too. Rows without a \
weight above 0 are left out. Rows with a NULL, and times that are negative or no numbers, are left \
out. With fewer than two groups, or where no event has two groups at risk, chi_square and p_value are NULL. Numbers are those of R's \
survival::survdiff.",
    syntax_example = "logrank(time, event, group [, cluster [, weight [, strata [, rho]]]])",
    sql_example = r#"```sql
select t['df'] as df, round(t['chi_square'], 3) as chi_square, round(t['p_value'], 3) as p_value
from (
    select logrank(days, is_returned, channel) as t
    from (values
        (2, true, 'web'), (5, true, 'web'), (9, false, 'web'), (6, true, 'shop'), (9, false, 'shop'), (9, false, 'shop')
    ) as lines(days, is_returned, channel)
) as tests;
+-----+------------+---------+
| df  | chi_square | p_value |
+-----+------------+---------+
| 1.0 | 1.066      | 0.302   |
+-----+------------+---------+
```"#,
    argument(
        name = "time",
        description = "Time under observation: until the event, or until now. Any unit, 0 or more."
    ),
    argument(
        name = "event",
        description = "Whether the event ended it; false for those still waiting."
    ),
    argument(name = "group", description = "What is compared: integer or text."),
    argument(
        name = "cluster",
        description = "Whose subjects are alike, such as the lines of one order: integer or text; none by default."
    ),
    argument(
        name = "weight",
        description = "How many subjects the row stands for, above 0; 1 by default."
    ),
    argument(
        name = "strata",
        description = "Within what subjects are compared: integer or text; none by default."
    ),
    argument(
        name = "rho",
        description = "Power of the survival that times are weighted by, -10 to 10; 0 by default, all alike."
    ),
    related_udf(name = "km_survival")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Logrank;

impl Aggregate for Logrank {
    const NAME: &'static str = "logrank";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("time", Kind::Number),
            Parameter::column("event", Kind::Boolean),
            Parameter::column("group", Kind::Id),
            CLUSTER,
            WEIGHT,
            Parameter::column("strata", Kind::Id).optional(),
            Parameter::option("rho", Kind::Number),
        ],
    );

    fn result(&self) -> DataType {
        DataType::Struct(fields())
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        events::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let places = Places::read(call, 3);
        let strata = call.gives(5).then_some(5);
        let rho = call.between(6, -10.0, 10.0)?.unwrap_or(0.0);
        Ok(match places.are_none() {
            true => Box::new(Walked(Tests::<Exit>::new(places, strata, rho))),
            false => Box::new(Walked(Tests::<Member>::new(places, strata, rho))),
        })
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

fn group_fields() -> Fields {
    Fields::from(vec![
        Field::new("group", DataType::Utf8, true),
        Field::new("n", DataType::Float64, true),
        Field::new("observed", DataType::Float64, true),
        Field::new("expected", DataType::Float64, true),
    ])
}

fn fields() -> Fields {
    Fields::from(vec![
        Field::new("chi_square", DataType::Float64, true),
        Field::new("df", DataType::Float64, true),
        Field::new("p_value", DataType::Float64, true),
        Field::new("groups", list_type(DataType::Struct(group_fields())), true),
    ])
}

/// A subject, and the group and stratum it is in; without strata the text of the latter is empty.
#[derive(Debug, Default)]
struct Grouped<S> {
    subject: S,
    group: Box<str>,
    stratum: Box<str>,
}

impl<S: Subject> Event for Grouped<S> {
    fn heap_bytes(&self) -> usize {
        self.subject.heap_bytes() + self.group.len() + self.stratum.len()
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        self.subject.write(bytes);
        write_text(&self.group, bytes);
        write_text(&self.stratum, bytes);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        Some(Self {
            subject: S::read(bytes)?,
            group: read_text(bytes)?,
            stratum: read_text(bytes)?,
        })
    }
}

#[derive(Debug)]
struct Tests<S> {
    places: Places,
    strata: Option<usize>,
    rho: f64,
    subject: PhantomData<fn() -> S>,
}

impl<S> Tests<S> {
    fn new(places: Places, strata: Option<usize>, rho: f64) -> Self {
        Self {
            places,
            strata,
            rho,
            subject: PhantomData,
        }
    }
}

impl<S: Subject> Walk for Tests<S> {
    type Event = Grouped<S>;

    fn read(&self, values: &[ArrayRef], mut keep: impl FnMut(usize, Grouped<S>)) -> Result<()> {
        let names = cast(&values[2], &DataType::LargeUtf8)?;
        let names = names.as_string::<i64>();
        let strata = self.strata.map(|i| cast(&values[i], &DataType::LargeUtf8));
        let strata = strata.transpose()?;
        let strata = strata.as_ref().map(|strata| strata.as_string::<i64>());
        let causes = exits::events(&values[1])?;
        exits::read(values, self.places, causes, |row, subject| {
            let stratum = match strata {
                Some(strata) => strata.is_valid(row).then(|| strata.value(row)),
                None => Some(""),
            };
            if let (true, Some(stratum)) = (names.is_valid(row), stratum) {
                let grouped = Grouped {
                    subject,
                    group: names.value(row).into(),
                    stratum: stratum.into(),
                };
                keep(row, grouped);
            }
        })
    }

    fn finish(&self, mut groups: ByGroup<'_, Grouped<S>>) -> Result<ArrayRef> {
        let mut tests: [Vec<Option<f64>>; 3] = Default::default();
        let mut names = Vec::new();
        let mut parts: Vec<LogrankGroup> = Vec::new();
        let mut lengths = Vec::with_capacity(groups.len());
        while let Some(members) = groups.next_group() {
            let labels: BTreeSet<&str> = members.iter().map(|m| m.group.as_ref()).collect();
            if labels.len() < 2 {
                tests.iter_mut().for_each(|column| column.push(None));
                lengths.push(0);
                continue;
            }
            let labels: Vec<String> = labels.into_iter().map(String::from).collect();
            let mut strata: BTreeMap<&str, Vec<SurvivalTimes>> = BTreeMap::new();
            if !self.places.are_none() {
                members.sort_unstable_by(|a, b| {
                    let subjects = a.subject.order(&b.subject);
                    subjects
                        .then_with(|| a.group.cmp(&b.group))
                        .then_with(|| a.stratum.cmp(&b.stratum))
                });
            }
            let mut clusters = Clusters::default();
            for member in members.iter() {
                let times = strata.entry(member.stratum.as_ref()).or_insert_with(|| {
                    let none = || self.places.no_times();
                    std::iter::repeat_with(none).take(labels.len()).collect()
                });
                let group = labels.binary_search_by(|label| label.as_str().cmp(&member.group));
                if let Ok(group) = group {
                    member.subject.push(&mut times[group], &mut clusters);
                }
            }
            let mut strata: Vec<Vec<SurvivalTimes>> = strata.into_values().collect();
            let test = exits::answer("logrank", logrank_stratified(&mut strata, self.rho))?;
            lengths.push(test.groups.len());
            names.extend(labels);
            parts.extend(test.groups);
            tests[0].push(test.chi_square);
            tests[1].push(Some(test.df as f64));
            tests[2].push(test.p_value);
        }
        let number = |get: fn(&LogrankGroup) -> f64| {
            let numbers = parts
                .iter()
                .map(|part| Some(get(part)).filter(|x| x.is_finite()));
            Arc::new(numbers.collect::<Float64Array>()) as ArrayRef
        };
        let parts = StructArray::new(
            group_fields(),
            vec![
                Arc::new(StringArray::from(names)),
                number(|part| part.n),
                number(|part| part.observed),
                number(|part| part.expected),
            ],
            None,
        );
        let mut columns: Vec<ArrayRef> = Vec::new();
        for column in tests {
            columns.push(Arc::new(Float64Array::from(column)));
        }
        columns.push(list_array(Arc::new(parts), lengths, None));
        Ok(Arc::new(StructArray::new(fields(), columns, None)))
    }
}

#[cfg(test)]
mod tests {
    use statrs::distribution::{ChiSquared, ContinuousCDF};

    use crate::harness::{Cell, Cells, Row, Subject, assert_near, planning_error, session, value};

    /// The textbook formula for two groups.
    fn slowly(rows: &[Row]) -> Cells {
        let rows = rows.iter().filter_map(|r| Some((r.0?, r.1?)));
        let rows: Vec<(f64, bool, usize)> = rows
            .map(|(t, y)| (t, y == 1.0 || y == 2.0, y as usize % 2))
            .collect();
        let mut times: Vec<f64> = rows.iter().filter(|r| r.1).map(|r| r.0).collect();
        times.sort_by(f64::total_cmp);
        times.dedup();
        let groups: Vec<usize> = (0..2).filter(|g| rows.iter().any(|r| r.2 == *g)).collect();
        if groups.len() < 2 {
            return vec![Cell::Null; 3];
        }
        let (mut expected, mut variance) = ([0.0, 0.0], 0.0);
        for time in times {
            let at_risk = |g: usize| rows.iter().filter(|r| r.2 == g && r.0 >= time).count() as f64;
            let d = rows.iter().filter(|r| r.0 == time && r.1).count() as f64;
            let n = at_risk(0) + at_risk(1);
            for (g, expected) in expected.iter_mut().enumerate() {
                *expected += at_risk(g) * d / n;
            }
            if n > 1.0 {
                variance += at_risk(0) * at_risk(1) * d * (n - d) / (n * n * (n - 1.0));
            }
        }
        let events = |g: usize| rows.iter().filter(|r| r.2 == g && r.1).count() as f64;
        let chi_square = (events(0) - expected[0]).powi(2) / variance;
        let p_value = || ChiSquared::new(1.0).unwrap().sf(chi_square);
        let n_tested = expected.iter().filter(|e| **e > 0.0).count();
        let mut cells = vec![
            (variance > 0.0).then_some(chi_square).into(),
            Cell::Number((n_tested as f64 - 1.0).max(0.0)),
            (variance > 0.0).then(p_value).into(),
        ];
        for (g, expected) in expected.into_iter().enumerate() {
            cells.push(Cell::Text(g.to_string()));
            cells.push(Cell::Number(rows.iter().filter(|r| r.2 == g).count() as f64));
            cells.push(Cell::Number(events(g)));
            cells.push(Cell::Number(expected));
        }
        cells
    }

    #[test]
    fn logrank_passes_the_common_tests() {
        for call in [
            "logrank(x, y = 1 or y = 2, cast(y as int) % 2)",
            "logrank(x, y = 1 or y = 2, cast(cast(y as int) % 2 as text))",
        ] {
            Subject {
                call,
                x: &[0.0, 1.0, 2.0, 2.5, 7.0],
                y: &[0.0, 1.0, 2.0, 3.0],
                slowly,
            }
            .check_without_moving_windows();
        }
    }

    /// R survival, survdiff(Surv(time, status) ~ x, aml): 3.4 on 1 degree of freedom, p = 0.07.
    #[tokio::test]
    async fn the_published_aml_test_is_met() {
        let rows = "(values (9, 1, 'm'), (13, 1, 'm'), (13, 0, 'm'), (18, 1, 'm'), (23, 1, 'm'), (28, 0, 'm'), \
                    (31, 1, 'm'), (34, 1, 'm'), (45, 0, 'm'), (48, 1, 'm'), (161, 0, 'm'), (5, 1, 'n'), (5, 1, 'n'), \
                    (8, 1, 'n'), (8, 1, 'n'), (12, 1, 'n'), (16, 0, 'n'), (23, 1, 'n'), (27, 1, 'n'), (30, 1, 'n'), \
                    (33, 1, 'n'), (43, 1, 'n'), (45, 1, 'n')) as aml(t, s, g)";
        let query = format!(
            "select make_array(round(l['chi_square'], 1), l['df'], round(l['p_value'], 2), l['groups'][1]['n'], \
             l['groups'][1]['observed'], round(l['groups'][1]['expected'], 2)) \
             from (select logrank(t, s = 1, g) as l from {rows})"
        );
        let expected = [3.4, 1.0, 0.07, 11.0, 7.0, 10.69].map(Cell::Number);
        assert_eq!(value(&session(), &query).await, expected);
    }

    /// R: survdiff(Surv(futime, fustat) ~ rx + strata(resid.ds), ovarian), rho 0 and 1.
    #[tokio::test]
    async fn strata_and_weights_of_times_are_those_of_r() {
        let ctx = session();
        let from = "(values (59,1,1,2),(115,1,1,2),(156,1,1,2),(421,0,2,2),(431,1,1,2),(448,0,1,1),(464,1,2,2),(475,1,2,2),(477,0,1,2),(563,1,2,1),(638,1,1,1),(744,0,2,1),(769,0,2,2),(770,0,2,2),(803,0,1,1),(855,0,1,1),(1040,0,1,2),(1106,0,1,1),(1129,0,2,1),(1206,0,2,2),(1227,0,2,1),(268,1,1,2),(329,1,1,2),(353,1,2,1),(365,1,2,2),(377,0,2,1)) as ovarian(t, e, g, s)";
        for (arguments, expected) in [
            ("", 1.062_739_861_291_41),
            (", null, null, s", 1.279_643_451_203_36),
            (", null, 1, s, 0", 1.279_643_451_203_36),
            (", null, null, s, 1", 1.476_618_287_450_73),
        ] {
            let query = format!("select logrank(t, e = 1, g{arguments})['chi_square'] from {from}");
            assert_near(&value(&ctx, &query).await, &[expected], 1e-9);
        }
        let query = format!("select logrank(t, e = 1, g, null, null, s, 11) from {from}");
        let got = planning_error(&ctx, &query).await;
        assert!(got.contains("a number from -10 to 10"), "{got}");
    }
}
