//! `mack(origin, age, amount [, latest [, max_age [, sigma]]])`: what is still to come, with its standard error.

use std::sync::Arc;

use aftersight_stats::survival::{ChainLadder, OriginForecast};
use arrow::array::{ArrayRef, Float64Array, StringArray, StructArray};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::table::{Columns, fields, structs};
use super::triangle::{Cell, Extent, PARAMETERS};
use crate::additive::Build;
use crate::aggregate::Aggregate;
use crate::args::{Call, Parameters};
use crate::events::{self, ByGroup, Walk, Walked};
use crate::list::{list_array, list_type};

#[user_doc(
    doc_section(label = "Survival Functions"),
    description = "Returns what is still to come of what has been sold (returns, refunds) by the chain ladder, with Mack's \
standard errors (Mack 1993), as struct(latest, ultimate, reserve, std_err, origins, reason): what is there, what will be there \
in the end, the difference, and its standard error. origins is a list of struct(origin, age, latest, ultimate, reserve, \
std_err), one for each period from the first to the last. It assumes that origins develop alike: a new return policy \
breaks it, and nothing here can tell. Rows with a NULL, negative ages and numbers that are not finite are left out, as \
are periods that are no whole numbers; a cell of the triangle without rows is 0. Without rows all is NULL; so are \
numbers that the triangle is too small for. Amounts may be negative (a refund taken back), their sum up to an age may \
not: then all is NULL and reason says so.",
    syntax_example = "mack(origin, age, amount [, latest [, max_age [, sigma]]])",
    sql_example = r#"```sql
select m['latest'] as returned, m['ultimate'] as in_the_end, m['reserve'] as still_to_come
from (
    select mack(week, age, units) as m
    from (values (1, 0, 10), (1, 1, 5), (1, 2, 3), (2, 0, 20), (2, 1, 10), (3, 0, 40)) as returns(week, age, units)
) as forecasts;
+----------+------------+---------------+
| returned | in_the_end | still_to_come |
+----------+------------+---------------+
| 88.0     | 126.0      | 38.0          |
+----------+------------+---------------+
```"#,
    argument(
        name = "origin",
        description = "Period of the sale, such as weeks since some Monday: a whole number."
    ),
    argument(
        name = "age",
        description = "Periods from the sale to the amount: 0, 1, 2 and so on."
    ),
    argument(
        name = "amount",
        description = "What came back at that age (not up to it): units or money."
    ),
    argument(
        name = "latest",
        description = "Last period that is complete; rows after it are not read. The last one with an amount by default."
    ),
    argument(
        name = "max_age",
        description = "Age at which all is developed: later amounts count at it. The age of the first origin by default."
    ),
    argument(
        name = "sigma",
        description = "How the spread of the last step is guessed, which one origin alone has behind it: 'mack' (default; 1993) or 'log_linear' (a line through the logarithms of the others, as R's MackChainLadder does unless told otherwise)."
    ),
    related_udf(name = "chain_ladder")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Mack;

impl Aggregate for Mack {
    const NAME: &'static str = "mack";
    const PARAMETERS: Parameters = Parameters::new(Self::NAME, PARAMETERS);

    fn result(&self) -> DataType {
        DataType::Struct(all_fields())
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        events::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        Ok(Box::new(Walked(Forecasts(Extent::new(call)?))))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// An origin by its period.
type Origin = (i64, OriginForecast);

const TOTALS: &Columns<Option<ChainLadder>> = &[
    ("latest", |t| t.as_ref().map(|t| t.latest)),
    ("ultimate", |t| t.as_ref().and_then(|t| t.ultimate)),
    ("reserve", |t| t.as_ref().and_then(|t| t.reserve)),
    ("std_err", |t| t.as_ref().and_then(|t| t.std_err)),
];

const ORIGINS: &Columns<Origin> = &[
    ("origin", |o| Some(o.0 as f64)),
    ("age", |o| Some(o.1.age as f64)),
    ("latest", |o| Some(o.1.latest)),
    ("ultimate", |o| o.1.ultimate),
    ("reserve", |o| o.1.reserve),
    ("std_err", |o| o.1.std_err),
];

fn all_fields() -> Fields {
    let totals = fields(TOTALS);
    let origins = list_type(DataType::Struct(fields(ORIGINS)));
    let origins = Arc::new(Field::new("origins", origins, true));
    let reason = Arc::new(Field::new("reason", DataType::Utf8, true));
    totals.iter().cloned().chain([origins, reason]).collect()
}

#[derive(Debug)]
struct Forecasts(Extent);

impl Walk for Forecasts {
    type Event = Cell;

    fn read(&self, values: &[ArrayRef], keep: impl FnMut(usize, Cell)) -> Result<()> {
        self.0.read(values, keep)
    }

    fn finish(&self, mut groups: ByGroup<'_, Cell>) -> Result<ArrayRef> {
        let mut totals = Vec::with_capacity(groups.len());
        let mut lengths = Vec::with_capacity(groups.len());
        let mut origins: Vec<Origin> = Vec::new();
        let mut reasons = Vec::with_capacity(groups.len());
        while let Some(cells) = groups.next_group() {
            let developed = self.0.develop(cells);
            reasons.push(developed.as_ref().err().cloned());
            let developed = developed.ok().flatten();
            lengths.push(developed.as_ref().map_or(0, |(periods, _)| periods.len()));
            totals.push(developed.map(|(periods, mut developed)| {
                origins.extend(periods.into_iter().zip(developed.origins.drain(..)));
                developed
            }));
        }
        let known = totals.iter().map(Option::is_some).collect();
        let mut columns: Vec<ArrayRef> = Vec::new();
        for (_, get) in TOTALS {
            let numbers = totals
                .iter()
                .map(|t| get(t).filter(|x| x.is_finite()).map(|x| x + 0.0));
            columns.push(Arc::new(numbers.collect::<Float64Array>()));
        }
        columns.push(list_array(structs(ORIGINS, &origins), lengths, Some(known)));
        columns.push(Arc::new(StringArray::from(reasons)));
        Ok(Arc::new(StructArray::new(all_fields(), columns, None)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::triangle::tests::slow_triangle;
    use crate::harness::{Cell, Subject, planning_error, session, value};

    /// Taylor and Ashe 1983, what came in by origin and age, as in Mack 1993, table 1.
    const TAYLOR_ASHE: [&[i64]; 10] = [
        &[
            357848, 1124788, 1735330, 2218270, 2745596, 3319994, 3466336, 3606286, 3833515, 3901463,
        ],
        &[
            352118, 1236139, 2170033, 3353322, 3799067, 4120063, 4647867, 4914039, 5339085,
        ],
        &[
            290507, 1292306, 2218525, 3235179, 3985995, 4132918, 4628910, 4909315,
        ],
        &[310608, 1418858, 2195047, 3757447, 4029929, 4381982, 4588268],
        &[443160, 1136350, 2128333, 2897821, 3402672, 3873311],
        &[396132, 1333217, 2180715, 2985752, 3691712],
        &[440832, 1288463, 2419861, 3483130],
        &[359480, 1421128, 2864498],
        &[376686, 1363294],
        &[344014],
    ];

    /// Mack 1993: total reserve 18,680,856 with a standard error of 2,447,095.
    #[tokio::test]
    async fn the_published_reserve_is_met() {
        let mut rows = vec![];
        for (origin, row) in TAYLOR_ASHE.iter().enumerate() {
            let mut before = 0;
            for (age, amount) in row.iter().enumerate() {
                rows.push(format!("({origin}, {age}, {})", amount - before));
                before = *amount;
            }
        }
        let query = format!(
            "select make_array(round(m['reserve']), round(m['std_err']), m['origins'][10]['origin'], \
             round(m['origins'][10]['reserve'])) \
             from (select mack(o, a, v) as m from (values {}) as t(o, a, v))",
            rows.join(", ")
        );
        let expected = [18_680_856.0, 2_447_095.0, 9.0, 4_625_811.0].map(Cell::Number);
        assert_eq!(value(&session(), &query).await, expected);
        // With the other guess of the last sigma: chainladder 0.10.1 of Python,
        // Development(sigma_interpolation = "log-linear") on the same triangle.
        let query = format!(
            "select m['std_err'] from (select mack(o, a, v, null, null, 'log_linear') as m \
             from (values {}) as t(o, a, v))",
            rows.join(", ")
        );
        let got = value(&session(), &query).await;
        crate::harness::assert_near(&got, &[2_441_364.128_054_218], 1e-3);
    }

    #[test]
    fn mack_passes_the_common_tests() {
        Subject {
            call: "mack(cast(x as int), cast(y as int), 1.0, 2)",
            x: &[0.0, 1.0, 2.0],
            y: &[0.0, 1.0, 2.0],
            slowly: |rows| {
                let Some((first, developed)) = slow_triangle(rows, 2) else {
                    return vec![Cell::Null; 6];
                };
                let mut cells = vec![
                    Cell::Number(developed.latest),
                    developed.ultimate.into(),
                    developed.reserve.into(),
                    developed.std_err.into(),
                ];
                for (origin, forecast) in (first..).zip(&developed.origins) {
                    cells.push(Cell::Number(origin as f64));
                    cells.push(Cell::Number(forecast.age as f64));
                    cells.push(Cell::Number(forecast.latest));
                    cells.push(forecast.ultimate.into());
                    cells.push(forecast.reserve.into());
                    cells.push(forecast.std_err.into());
                }
                cells.push(Cell::Null);
                cells
            },
        }
        .check_without_moving_windows();
    }

    #[tokio::test]
    async fn cells_that_make_no_triangle_say_why_and_wrong_options_are_refused() {
        let ctx = session();
        let reason = async |cells: &str| {
            let query = format!(
                "select case when m['reason'] like '%' || why || '%' and m['latest'] is null then 'so' end \
                 from (select mack(o, a, v) as m, max(why) as why from (values {cells}) as t(o, a, v, why))"
            );
            value(&ctx, &query).await
        };
        let long = "(1, 0, 1, 'too many: use longer periods'), (1000000000, 0, 1, null)";
        assert_eq!(reason(long).await, [Cell::Text("so".into())]);
        let taken_back = "(1, 0, -1, '0 or more'), (1, 1, 3, null), (2, 0, 2, null)";
        assert_eq!(reason(taken_back).await, [Cell::Text("so".into())]);
        let message = planning_error(&ctx, "select mack(1, 0, 1, 5, -1)").await;
        assert!(
            message.contains("as argument 5 (max_age), got -1"),
            "{message}"
        );
    }
}
