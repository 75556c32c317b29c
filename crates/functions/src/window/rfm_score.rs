//! `rfm_score(recency, frequency, monetary, ...) over ()`: scores of customers among each other.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, StringArray, StructArray};
use arrow::buffer::{Buffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, Fields, Int64Type};
use datafusion::common::cast::as_float64_array;
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::{Partition, Window, numbers};
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::kernel::rfm::{METHODS, Measure, Method, Rule, Values, code};

#[user_doc(
    doc_section(label = "Customer Functions"),
    description = "Returns the scores of each customer among all of the window, `struct(r, f, m, code)`: 1 is \
lowest and `bins` best; r is high for few days since the last order. `quantile` scores 1 plus the number of \
`rfm_bounds` below the value, so equal values share a score; where more than half of the customers have the same \
frequency and bins is 5, f uses the bands 1, 2, 3-4, 5-9, 10+ instead (`rfm_collapse(frequency)` is then 'majority'). \
`ntile` makes bins of equal size and cuts through ties in the order of the window: write `over (order by customer_id)` \
for the same scores on every run. `rfm_r` is the rule of the R package rfm 0.3.0 (cuts moved up by one, [a, b)), `qcut` \
that of pandas.qcut (an error where bin edges repeat), both for comparison. `fixed` takes your own bands, [a, b). \
code is the scores as text, 543, or 10-3-7 for 10 bins and more. NULL, infinities and NaN have no score, do not \
count among the others, and leave code NULL. A single customer scores 5, 1, 1. A frame has no effect.",
    syntax_example = "rfm_score(recency, frequency, monetary [, method [, bins [, recency_bands [, frequency_bands [, monetary_bands]]]]]) over ([partition by ...] [order by ...])",
    sql_example = r#"```sql
select id, rfm_score(days, orders, amount) over () as score
from (values (1, 5, 9, 900.0), (2, 40, 4, 250.0), (3, 90, 3, 40.0), (4, 300, 1, 80.0)) as customers(
    id, days, orders, amount
)
order by id;
+----+-------------------------------+
| id | score                         |
+----+-------------------------------+
| 1  | {r: 5, f: 5, m: 5, code: 555} |
| 2  | {r: 4, f: 4, m: 4, code: 444} |
| 3  | {r: 2, f: 2, m: 1, code: 221} |
| 4  | {r: 1, f: 1, m: 2, code: 112} |
+----+-------------------------------+
```"#,
    argument(
        name = "recency",
        description = "Days since the last order; few are good."
    ),
    argument(name = "frequency", description = "Number of orders."),
    argument(name = "monetary", description = "Amount spent."),
    argument(
        name = "method",
        description = "'quantile' (default), 'ntile', 'rfm_r', 'qcut' or 'fixed'."
    ),
    argument(
        name = "bins",
        description = "Number of scores from 2 to 100, 5 by default; 'fixed' has one more than bands."
    ),
    argument(
        name = "recency_bands",
        description = "For 'fixed': rising list of the days at which the second, third, ... band begins."
    ),
    argument(
        name = "frequency_bands",
        description = "For 'fixed': the same for orders."
    ),
    argument(
        name = "monetary_bands",
        description = "For 'fixed': the same for amounts."
    )
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct RfmScore;

/// Position of the first list of bands among the arguments.
const BANDS: usize = 5;

impl Window for RfmScore {
    const NAME: &'static str = "rfm_score";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("recency", Kind::Measure),
            Parameter::column("frequency", Kind::Measure),
            Parameter::column("monetary", Kind::Measure),
            Parameter::option("method", Kind::Text),
            Parameter::option("bins", Kind::Number),
            Parameter::option("recency_bands", Kind::Numbers),
            Parameter::option("frequency_bands", Kind::Numbers),
            Parameter::option("monetary_bands", Kind::Numbers),
        ],
    );

    fn result(&self) -> DataType {
        DataType::Struct(fields())
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Partition>> {
        Ok(Box::new(Scores::read(call)?))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

fn fields() -> Fields {
    Fields::from(vec![
        Field::new("r", DataType::Int32, true),
        Field::new("f", DataType::Int32, true),
        Field::new("m", DataType::Int32, true),
        Field::new("code", DataType::Utf8, true),
    ])
}

/// The rules of the three measures.
#[derive(Debug)]
pub(super) struct Scores([Rule; 3]);

const MEASURES: [(Measure, &str); 3] = [
    (Measure::Recency, "recency"),
    (Measure::Frequency, "frequency"),
    (Measure::Monetary, "monetary"),
];

impl Scores {
    /// The default rules.
    pub(super) fn by_quantile() -> Self {
        Self([(); 3].map(|()| Rule {
            method: Method::Quantile,
            bins: 5,
            bands: vec![],
        }))
    }

    fn read(call: &Call) -> Result<Self> {
        let method = call.choice(3, &METHODS)?.unwrap_or(Method::Quantile);
        let bins = call.whole(4, 2, 100)?.unwrap_or(5) as usize;
        let rule = |i: usize| {
            let bands = match (method, call.numbers(BANDS + i)?) {
                (Method::Fixed, Some(bands)) if (1..100).contains(&bands.len()) => bands,
                (Method::Fixed, _) => {
                    return call.refuse(BANDS + i, "a list of bands for 'fixed'", "none");
                }
                (_, Some(_)) => {
                    return call.refuse(BANDS + i, "no bands except for 'fixed'", "a list");
                }
                (_, None) => vec![],
            };
            if bands.windows(2).any(|pair| pair[0] >= pair[1]) {
                return call.refuse(BANDS + i, "a rising list of bands", format!("{bands:?}"));
            }
            Ok(Rule {
                method,
                bins,
                bands,
            })
        };
        Ok(Self([rule(0)?, rule(1)?, rule(2)?]))
    }

    /// Returns r, f and m of every row, 0 where unknown.
    pub(super) fn of(&self, arguments: &[ArrayRef]) -> Result<[Vec<u8>; 3]> {
        let column = |i: usize| {
            let (measure, name) = MEASURES[i];
            self.0[i]
                .scores(&values(&arguments[i])?, measure)
                .map_err(|edge| {
                    exec_datafusion_err!(
                        "'rfm_score' with method 'qcut' expects bin edges that differ, \
                         got {} twice for {name}: use 'quantile'",
                        edge.0
                    )
                })
        };
        Ok([column(0)?, column(1)?, column(2)?])
    }

    fn highest(&self) -> usize {
        let highest = |rule: &Rule| match rule.method {
            Method::Fixed => rule.bands.len() + 1,
            _ => rule.bins,
        };
        self.0.iter().map(highest).max().unwrap_or(0)
    }
}

impl Partition for Scores {
    fn compute(&self, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let scores = self.of(arguments)?;
        let codes = codes(&scores, self.highest())?;
        let mut columns: Vec<ArrayRef> = scores.iter().map(|s| score_array(s)).collect();
        columns.push(codes);
        Ok(Arc::new(StructArray::new(fields(), columns, None)))
    }
}

/// Returns a column for the kernel, copied only where there is something to change in it.
fn values(column: &ArrayRef) -> Result<Values<'_>> {
    if let Some(whole) = column.as_primitive_opt::<Int64Type>() {
        return Ok(match whole.null_count() {
            0 => Values::Whole(whole.values()),
            _ => Values::Any(
                whole
                    .iter()
                    .map(|x| x.map_or(f64::NAN, |x| x as f64))
                    .collect(),
            ),
        });
    }
    let array = as_float64_array(column)?;
    let is_plain = |x: &f64| x.is_finite() & (x.to_bits() != (-0.0_f64).to_bits());
    let is_known = array.null_count() == 0 && array.values().iter().all(is_plain);
    Ok(Values::Any(if is_known {
        Cow::Borrowed(array.values())
    } else {
        Cow::Owned(numbers(column)?)
    }))
}

fn codes([r, f, m]: &[Vec<u8>; 3], highest: usize) -> Result<ArrayRef> {
    let rows = r.iter().zip(f).zip(m).map(|((&r, &f), &m)| [r, f, m]);
    if highest >= 10 || [r, f, m].iter().any(|scores| scores.contains(&0)) {
        return Ok(Arc::new(
            rows.map(|scores| code(scores, highest))
                .collect::<StringArray>(),
        ));
    }
    // Three digits each: one list of them, not a text for each row.
    let mut digits = vec![0; 3 * r.len()];
    for (digits, [r, f, m]) in digits.as_chunks_mut().0.iter_mut().zip(rows) {
        *digits = [b'0' + r, b'0' + f, b'0' + m];
    }
    let offsets = OffsetBuffer::from_repeated_length(3, r.len());
    let codes = StringArray::try_new(offsets, Buffer::from_vec(digits), None)?;
    Ok(Arc::new(codes))
}

fn score_array(scores: &[u8]) -> ArrayRef {
    let known = scores
        .contains(&0)
        .then(|| scores.iter().map(|score| *score > 0).collect());
    let scores = scores.iter().map(|score| i32::from(*score)).collect();
    Arc::new(Int32Array::new(scores, known))
}

#[cfg(test)]
pub(super) mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::Int32Type;

    use crate::harness::{Cell, error, planning_error, published, session, value};

    /// Registers the customers of the R package's example, by day 2006-12-31.
    pub(crate) async fn customers() -> Option<datafusion::prelude::SessionContext> {
        let text = published("rfm_orders_scores_full.csv")?;
        let ctx = session();
        let rows: Vec<String> = text
            .lines()
            .skip(1)
            .map(|line| {
                let c: Vec<&str> = line.split(',').collect();
                let name = c[0].replace('\'', "''");
                let segments = [c[7], c[8]].map(|s| s.replace('\'', "''"));
                format!(
                    "('{name}', {}, {}, {}, {}, {}, {}, '{}', '{}')",
                    c[1], c[2], c[3], c[4], c[5], c[6], segments[0], segments[1]
                )
            })
            .collect();
        let query = format!(
            "create table customers as select * from (values {}) \
             as t(id, days, orders, amount, r, f, m, rfm10, putler11)",
            rows.join(", ")
        );
        ctx.sql(&query).await.unwrap().collect().await.unwrap();
        Some(ctx)
    }

    /// The vignette of R package rfm 0.3.0: scores of 995 customers.
    #[tokio::test]
    async fn scores_by_r_are_those_of_the_r_package() {
        let Some(ctx) = customers().await else {
            return;
        };
        let query = "select count(*) filter (where s.r = r and s.f = f and s.m = m \
                     and s.code = concat(r, f, m)) from (select r, f, m, \
                     rfm_score(days, orders, amount, 'rfm_r') over () as s from customers)";
        assert_eq!(value(&ctx, query).await, [Some(995.0).into()]);
    }

    #[tokio::test]
    async fn segments_are_those_of_the_r_package() {
        let Some(ctx) = customers().await else {
            return;
        };
        // The published names, written as codes.
        for model in ["rfm10", "putler11"] {
            let query = format!(
                "select count(*) filter (where rfm_segment(r, f, m, '{model}') = replace(replace(\
                 replace(lower({model}), '''', ''), ' ', '_'), 'loyalist', 'loyalists')) \
                 from customers"
            );
            assert_eq!(value(&ctx, &query).await, [Some(995.0).into()], "{model}");
        }
    }

    #[tokio::test]
    async fn window_scores_and_stored_bounds_agree() {
        let Some(ctx) = customers().await else {
            return;
        };
        let query = "with bounds as (select rfm_bounds(days) as d, rfm_bounds(orders) as o, \
                     rfm_bounds(amount) as a from customers), \
                     scored as (select days, orders, amount, \
                     rfm_score(days, orders, amount) over () as s from customers) \
                     select count(*) filter (where s.r = rfm_bucket(days, d, 'desc') \
                     and s.f = rfm_bucket(orders, o) and s.m = rfm_bucket(amount, a)) \
                     from scored cross join bounds";
        assert_eq!(value(&ctx, query).await, [Some(995.0).into()]);
    }

    #[tokio::test]
    async fn tiles_are_those_of_ntile_over_the_same_key() {
        let Some(ctx) = customers().await else {
            return;
        };
        // A prime number of tiles, so that their sizes differ.
        let query = "select count(*) filter (where s.r = nr and s.f = nf and s.m = nm) from (\
                     select rfm_score(days, orders, amount, 'ntile', 7) over (order by id) as s, \
                     ntile(7) over (order by days desc, id) as nr, \
                     ntile(7) over (order by orders, id) as nf, \
                     ntile(7) over (order by amount, id) as nm from customers)";
        assert_eq!(value(&ctx, query).await, [Some(995.0).into()]);
    }

    #[tokio::test]
    async fn partitions_are_scored_apart() {
        let ctx = session();
        let query = "select sum(s.r) from (select rfm_score(d, o, a) over (partition by g) as s \
                     from (values (1, 10, 1, 1), (1, 20, 1, 1), (2, 10, 1, 1)) as t(g, d, o, a))";
        // Two customers score 5 and 1, one alone scores 5.
        assert_eq!(value(&ctx, query).await, [Some(11.0).into()]);
    }

    #[tokio::test]
    async fn unknown_values_have_no_score_and_do_not_count() {
        let ctx = session();
        let query = "select rfm_score(d, o, a, 'ntile', 2) over (order by d nulls last) as s \
                     from (values (1, 1, 1.0), (9, 2, cast('nan' as double)), (null, 3, 3.0)) \
                     as t(d, o, a)";
        let batches = ctx.sql(query).await.unwrap().collect().await.unwrap();
        let scores = batches[0].column(0).as_struct();
        let column = |i: usize| -> Vec<Option<i32>> {
            scores
                .column(i)
                .as_primitive::<Int32Type>()
                .iter()
                .collect()
        };
        assert_eq!(column(0), [Some(2), Some(1), None]);
        assert_eq!(column(1), [Some(1), Some(1), Some(2)]);
        assert_eq!(column(2), [Some(1), None, Some(2)]);
        let codes: Vec<_> = scores.column(3).as_string::<i32>().iter().collect();
        assert_eq!(codes, [Some("211"), None, None]);
    }

    #[tokio::test]
    async fn a_majority_of_single_orders_is_scored_by_bands_and_told() {
        let ctx = session();
        let from = "from (values (1), (1), (1), (2), (12)) as t(o)";
        let scores = format!(
            "select array_agg(s.f order by o) from \
             (select o, rfm_score(1, o, 1) over () as s {from})"
        );
        let expected: Vec<Cell> = [1, 1, 1, 2, 5].map(|s| Some(f64::from(s)).into()).to_vec();
        assert_eq!(value(&ctx, &scores).await, expected);
        let told = value(&ctx, &format!("select rfm_collapse(o) {from}")).await;
        assert_eq!(told, [Cell::Text("majority".to_string())]);
    }

    #[tokio::test]
    async fn own_bands_score_customers() {
        let ctx = session();
        let query = "select rfm_score(9, 3, 200, 'fixed', null, [10], [3], [200, 500]) over () \
                     from (values (1)) as t(i)";
        let expected = [Some(2.0), Some(2.0), Some(2.0)].map(Cell::from);
        let got = value(&ctx, query).await;
        assert_eq!(got[..3], expected);
        assert_eq!(got[3], Cell::Text("222".to_string()));
    }

    #[tokio::test]
    async fn wrong_options_are_refused_while_planning() {
        let ctx = session();
        for (options, message) in [
            ("'quantiles'", "Did you mean 'quantile'?"),
            (
                "null, 1",
                "a whole number from 2 to 100 as argument 5 (bins), got 1",
            ),
            (
                "'fixed'",
                "a list of bands for 'fixed' as argument 6 (recency_bands), got none",
            ),
            ("'fixed', null, [9, 3], [1], [1]", "a rising list of bands"),
            ("'ntile', 5, [1], [1], [1]", "no bands except for 'fixed'"),
        ] {
            let query =
                format!("select rfm_score(a, a, a, {options}) over () from (values (1)) as t(a)");
            let got = planning_error(&ctx, &query).await;
            assert!(got.contains(message), "{options}: {got}");
        }
    }

    #[tokio::test]
    async fn qcut_says_which_edge_repeats() {
        let query = "select rfm_score(d, 1, d, 'qcut') over () \
                     from (values (1), (2), (3), (4), (5), (6)) as t(d)";
        assert_eq!(
            error(&session(), query).await,
            "Execution error: 'rfm_score' with method 'qcut' expects bin edges that differ, \
             got 1 twice for frequency: use 'quantile'"
        );
    }
}
