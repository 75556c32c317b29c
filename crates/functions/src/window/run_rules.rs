//! `run_rules(x, centre, sigma [, set]) over (order by ...)`: patterns within the limits.

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::run_rules::{DEFAULT, NELSON, RunRule, WESTERN_ELECTRIC, run_rules};

use super::{Partition, Window};
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::tally::Numbers;
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Monitoring Functions"),
    description = "Returns the names of the rules whose pattern each row completes, a list, empty where none: \
`beyond_3_sigma`, `run_8` and `run_9` (in a row on one side), `trend_6` (steadily rising or falling), `alternating_14`, \
`two_of_3_beyond_2_sigma` and `four_of_5_beyond_1_sigma` (on one side), `hugging_15` (within one sigma), `mixture_8` (none \
within one sigma, on both sides). Sets: `default` is Nelson's 1, 2, 3, 5 and 6; `nelson` all eight of Nelson 1984 (run of \
9); `western_electric` the four of the handbook of 1956 (run of 8). The distance is (x - centre) / sigma, with a sigma for \
each row as charts of rates need it: over z of a chart write `run_rules(c.z, 0, 1)`. A row with a NULL, or with a sigma \
of 0 or less, ends every pattern and has a NULL result. A frame has no effect.",
    syntax_example = "run_rules(x, centre, sigma [, set]) over ([partition by ...] order by ...)",
    sql_example = r#"```sql
select week, run_rules(x, 10, 1) over (order by week) as rules
from (values (1, 10.5), (2, 12.3), (3, 12.6), (4, 13.5)) as weeks(week, x)
order by week;
+------+-------------------------------------------+
| week | rules                                     |
+------+-------------------------------------------+
| 1    | []                                        |
| 2    | []                                        |
| 3    | [two_of_3_beyond_2_sigma]                 |
| 4    | [beyond_3_sigma, two_of_3_beyond_2_sigma] |
+------+-------------------------------------------+
```"#,
    argument(name = "x", description = "Value to watch."),
    argument(name = "centre", description = "Centre line, in the unit of x."),
    argument(name = "sigma", description = "Standard deviation, in the unit of x."),
    argument(
        name = "set",
        description = "'default', 'nelson' or 'western_electric'."
    ),
    related_udf(name = "xmr_chart")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct RunRules;

const SETS: [(&str, &[RunRule]); 3] = [
    ("default", &DEFAULT),
    ("nelson", &NELSON),
    ("western_electric", &WESTERN_ELECTRIC),
];

const RESULT: Type = Type::List(&Type::Text);

impl Window for RunRules {
    const NAME: &'static str = "run_rules";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("x", Kind::Number),
            Parameter::column("centre", Kind::Number),
            Parameter::column("sigma", Kind::Number),
            Parameter::option("set", Kind::Text),
        ],
    );

    fn result(&self) -> DataType {
        RESULT.data_type()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Partition>> {
        Ok(Box::new(Rules(call.choice(3, &SETS)?.unwrap_or(&DEFAULT))))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[derive(Debug)]
struct Rules(&'static [RunRule]);

impl Partition for Rules {
    fn compute(&self, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let (x, centre) = (Numbers::of(arguments, 0)?, Numbers::of(arguments, 1)?);
        let sigma = Numbers::of(arguments, 2)?;
        let distances: Vec<Option<f64>> = (0..arguments[0].len())
            .map(|row| {
                let sigma = sigma.get(row).filter(|sigma| *sigma > 0.0)?;
                let z = (x.get(row)? - centre.get(row)?) / sigma;
                z.is_finite().then_some(z)
            })
            .collect();
        let fired = run_rules(&distances, self.0);
        let lists = distances.iter().zip(fired).map(|(z, rules)| match z {
            None => Value::Null,
            Some(_) => Value::List(rules.into_iter().map(|rule| rule.name().into()).collect()),
        });
        RESULT.array(lists.collect())
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, planning_error, published_case, session, value};

    /// Returns the rules that fire at the last of the points.
    async fn at_the_end(z: &[f64], set: &str) -> Vec<String> {
        let rows: Vec<String> = z
            .iter()
            .enumerate()
            .map(|(i, z)| format!("({i}, {z:?})"))
            .collect();
        let query = format!(
            "select r from (select t, run_rules(z, 0, 1, '{set}') over (order by t) as r \
             from (values {}) as d(t, z)) order by t desc limit 1",
            rows.join(", ")
        );
        let texts = value(&session(), &query).await.into_iter();
        texts
            .map(|cell| match cell {
                Cell::Text(name) => name,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[tokio::test]
    async fn the_sets_differ_in_the_run_on_one_side() {
        let eight = [0.5; 8];
        assert_eq!(at_the_end(&eight, "western_electric").await, ["run_8"]);
        assert!(at_the_end(&eight, "nelson").await.is_empty());
        assert_eq!(at_the_end(&[0.5; 9], "nelson").await, ["run_9"]);
        assert_eq!(
            at_the_end(&[0.0, 2.5, 2.5], "default").await,
            ["two_of_3_beyond_2_sigma"]
        );
    }

    /// The published definitions name as many rules as the sets hold.
    #[tokio::test]
    async fn the_sets_are_as_large_as_published() {
        use aftersight_stats::run_rules::{NELSON, WESTERN_ELECTRIC};
        for (name, n) in [
            ("western_electric", WESTERN_ELECTRIC.len()),
            ("nelson", NELSON.len()),
        ] {
            let Some(case) = published_case("run_rules.json", name) else {
                return;
            };
            assert_eq!(case["expected"].as_array().unwrap().len(), n);
        }
    }

    #[tokio::test]
    async fn an_unknown_point_ends_a_run() {
        let query = "select array_agg(r order by t) from (select t, \
                     run_rules(case when t <> 5 then 1 end, 0, 2, 'western_electric') over (order by t) \
                     as r from generate_series(1, 13) as s(t))";
        assert_eq!(
            value(&session(), query).await,
            [Cell::Null, Cell::Text("run_8".to_string())]
        );
    }

    #[tokio::test]
    async fn an_unknown_set_is_refused_while_planning() {
        let got = planning_error(&session(), "select run_rules(1, 0, 1, 'nelsen') over ()").await;
        assert!(got.contains("Did you mean 'nelson'?"), "{got}");
    }
}
