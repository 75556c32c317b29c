//! `did(y, is_treated, is_post [, cluster [, level]])`: difference in differences.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::did::{ClusterSums, ClusteredDid, Did as Cells, DidEstimate, DidResult};
use aftersight_stats::exact_sum::ExactSum;

use super::Aggregate;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::{self, Bytes, Folded, Reader, Tally, refused};
use crate::tally::{Flags, Labels, Numbers, read_moments, write_moments};
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Experiment Functions"),
    description = "Returns the change of the treated beyond the change of the others, `struct(n, n_clusters, did, se, \
t, df, p_value, lower, upper, coefficients, reason)`: did = (treated after - treated before) - (others after - others before) \
in the unit of y, the coefficient of is_treated * is_post of a regression. Without a cluster the standard error is that \
of least squares with n - 4 degrees of freedom; with one it allows rows of the same cluster, such as a customer seen \
several times, to be alike, and keeps sums for each (Liang and Zeger with the HC1 factor of Stata; clusters - 1 degrees of freedom). \
coefficients lists `struct(term, estimate, se, t, p_value, lower, upper)` for 'constant' (others before), 'post' \
(change of the others), 'treated' (distance before) and 'did'. Rows with a NULL, infinity or NaN are left out. Where one \
of the four groups is empty did and all after it are NULL and reason names the group; over no rows the result is NULL. It reads as an effect only if both would have changed alike: look at \
three periods before, too.",
    syntax_example = "did(y, is_treated, is_post [, cluster [, level]])",
    sql_example = r#"```sql
select d.did as did, round(d.se, 4) as se, d.df as df
from (
    select did(spend, offered, later) as d
    from (values
        (10, false, false), (12, false, false), (11, false, true), (14, false, true),
        (10, true, false), (11, true, false), (17, true, true), (16, true, true)
    ) as customers(spend, offered, later)
);
+-----+--------+-----+
| did | se     | df  |
+-----+--------+-----+
| 4.5 | 1.9365 | 4.0 |
+-----+--------+-----+
```"#,
    argument(name = "y", description = "Outcome."),
    argument(
        name = "is_treated",
        description = "Whether the row belongs to those who were treated, at whatever time."
    ),
    argument(
        name = "is_post",
        description = "Whether the row is from after the treatment began."
    ),
    argument(
        name = "cluster",
        description = "What rows belong together: text, a whole number or a date; none by default."
    ),
    argument(name = "level", description = "Confidence level, 0.95 by default."),
    related_udf(name = "t_test_paired")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Did;

const COEFFICIENT: Type = Type::Record(&[
    ("term", Type::Text),
    ("estimate", Type::Number),
    ("se", Type::Number),
    ("t", Type::Number),
    ("p_value", Type::Number),
    ("lower", Type::Number),
    ("upper", Type::Number),
]);

const RESULT: Type = Type::Record(&[
    ("n", Type::Whole),
    ("n_clusters", Type::Whole),
    ("did", Type::Number),
    ("se", Type::Number),
    ("t", Type::Number),
    ("df", Type::Number),
    ("p_value", Type::Number),
    ("lower", Type::Number),
    ("upper", Type::Number),
    ("coefficients", Type::List(&COEFFICIENT)),
    ("reason", Type::Text),
]);

impl Aggregate for Did {
    const NAME: &'static str = "did";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("y", Kind::Number),
            Parameter::column("is_treated", Kind::Boolean),
            Parameter::column("is_post", Kind::Boolean),
            Parameter::column("cluster", Kind::Label).optional(),
            Parameter::option("level", Kind::Number),
        ],
    );

    fn result(&self) -> DataType {
        RESULT.data_type()
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        folded::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let level = call.level(4)?;
        if call.gives(3) {
            return Ok(Box::new(Folded {
                empty: Clusters::default(),
                result: &RESULT,
                finish: move |clusters: &Clusters| {
                    let did = &clusters.did;
                    let result = did.robust(level).map_err(|e| refused(Self::NAME, &e))?;
                    Ok(record(result, did.did(), Some(did.clusters())))
                },
            }));
        }
        Ok(Box::new(Folded {
            empty: Cells::default(),
            result: &RESULT,
            finish: move |cells: &Cells| {
                let result = cells.ols(level).map_err(|e| refused(Self::NAME, &e))?;
                Ok(record(result, cells, None))
            },
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// The groups by name, in the order of the cells.
const GROUPS: [&str; 4] = [
    "the others before",
    "the others after",
    "the treated before",
    "the treated after",
];

fn record(result: Option<DidResult>, cells: &Cells, n_clusters: Option<usize>) -> Value {
    let Some(result) = result else {
        let counts = CELLS.map(|(treated, post)| cells.cell(treated, post).n());
        let n: u64 = counts.iter().sum();
        if n == 0 {
            return Value::Null;
        }
        let mut values = vec![Value::Null; 11];
        values[0] = n.into();
        values[1] = n_clusters.into();
        let empty = counts.iter().zip(GROUPS).find(|(n, _)| **n == 0);
        values[10] = empty
            .map(|(_, name)| format!("y has no rows of {name}"))
            .into();
        return Value::Record(values);
    };
    let coefficient = |(term, e): (&str, DidEstimate)| {
        Value::Record(vec![
            term.into(),
            e.estimate.into(),
            e.standard_error.into(),
            e.t.into(),
            e.p.into(),
            e.low.into(),
            e.high.into(),
        ])
    };
    let terms = [
        ("constant", result.constant),
        ("post", result.post),
        ("treated", result.treated),
        ("did", result.did),
    ];
    Value::Record(vec![
        result.n.into(),
        n_clusters.into(),
        result.did.estimate.into(),
        result.did.standard_error.into(),
        result.did.t.into(),
        // Below one there is nothing to take an error from.
        Some(result.df).filter(|df| *df > 0.0).into(),
        result.did.p.into(),
        result.did.low.into(),
        result.did.high.into(),
        Value::List(terms.map(coefficient).to_vec()),
        match (result.did.standard_error, result.did.t) {
            (None, _) => "y has too few rows for an error".into(),
            (_, None) => "y has zero variance within the groups".into(),
            _ => Value::Null,
        },
    ])
}

const CELLS: [(bool, bool); 4] = [(false, false), (false, true), (true, false), (true, true)];

impl Tally for Cells {
    fn update(&mut self, columns: &[ArrayRef], rows: &[usize]) -> Result<()> {
        let y = Numbers::of(columns, 0)?;
        let (treated, post) = (Flags::of(columns, 1)?, Flags::of(columns, 2)?);
        for &row in rows {
            if let (Some(y), Some(treated), Some(post)) =
                (y.get(row), treated.get(row), post.get(row))
            {
                Cells::update(self, y, treated, post);
            }
        }
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<()> {
        Cells::merge(self, other);
        Ok(())
    }

    fn write(&self, bytes: &mut Bytes) {
        for (treated, post) in CELLS {
            write_moments(self.cell(treated, post), bytes);
        }
    }

    fn read(&self, bytes: &mut Reader<'_>) -> Option<Self> {
        let mut cells = Cells::new();
        for (treated, post) in CELLS {
            cells.set_cell(treated, post, read_moments(bytes)?);
        }
        Some(cells)
    }

    fn heap_bytes(&self) -> usize {
        let cells = CELLS.map(|(treated, post)| self.cell(treated, post).heap_bytes());
        cells.iter().sum()
    }
}

/// Sums by cluster, and the bytes of the clusters' names.
#[derive(Debug, Clone, Default)]
struct Clusters {
    did: ClusteredDid<String>,
    names: usize,
}

impl Clusters {
    /// Runs what may bring new clusters, and counts the bytes of their names.
    fn grow(&mut self, by: &str, change: impl FnOnce(&mut ClusteredDid<String>)) {
        let before = self.did.clusters();
        change(&mut self.did);
        self.names += (self.did.clusters() - before) * by.len();
    }
}

impl Tally for Clusters {
    fn update(&mut self, columns: &[ArrayRef], rows: &[usize]) -> Result<()> {
        let y = Numbers::of(columns, 0)?;
        let (treated, post) = (Flags::of(columns, 1)?, Flags::of(columns, 2)?);
        let cluster = Labels::of(columns, 3)?;
        for &row in rows {
            if let (Some(y), Some(treated), Some(post), Some(cluster)) = (
                y.get(row),
                treated.get(row),
                post.get(row),
                cluster.get(row),
            ) {
                self.grow(cluster, |did| did.update(cluster, y, treated, post));
            }
        }
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<()> {
        self.did.merge(&other.did);
        // Some of the names are in both; counted twice they are still as short.
        self.names += other.names;
        Ok(())
    }

    fn write(&self, bytes: &mut Bytes) {
        self.did.did().write(bytes);
        let clusters = self.did.sums();
        bytes.whole(clusters.len() as u64);
        for (cluster, sums) in clusters {
            bytes.text(cluster);
            for (n, sum) in sums {
                bytes.whole(*n);
                bytes.numbers(&sum.to_parts());
            }
        }
    }

    fn read(&self, bytes: &mut Reader<'_>) -> Option<Self> {
        let mut clusters = Self::default();
        *clusters.did.did_mut() = Cells::new().read(bytes)?;
        for _ in 0..bytes.count()? {
            let cluster = bytes.text()?;
            let mut sums = ClusterSums::default();
            for (n, sum) in &mut sums {
                *n = bytes.whole()?;
                *sum = ExactSum::from_parts(&bytes.numbers()?);
            }
            clusters.names += cluster.len();
            clusters.did.add_cluster(cluster, &sums);
        }
        Some(clusters)
    }

    fn heap_bytes(&self) -> usize {
        self.did.heap_bytes() + self.names
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::{
        Cell, Row, Subject, assert_near, flat, published, published_case, published_numbers,
        session, value,
    };

    /// The four groups of the codes 0 to 3.
    fn coded(rows: &[Row]) -> impl Iterator<Item = (f64, bool, bool)> + '_ {
        let pairs = rows.iter().filter_map(|r| r.0.zip(r.1));
        pairs.map(|(y, code)| (y, code >= 2.0, code == 1.0 || code == 3.0))
    }

    fn filled(value: Value) -> Vec<Cell> {
        match value {
            Value::Null => vec![Cell::Null; 11],
            value => flat(value),
        }
    }

    #[test]
    fn did_passes_the_common_tests() {
        Subject {
            call: "did(x, y >= 2, y = 1 or y = 3)",
            x: &[1.0, 2.5, 4.0],
            y: &[0.0, 1.0, 2.0, 3.0],
            slowly: |rows| {
                let mut cells = Cells::new();
                for (y, treated, post) in coded(rows) {
                    Cells::update(&mut cells, y, treated, post);
                }
                filled(record(cells.ols(0.95).unwrap(), &cells, None))
            },
        }
        .check();
    }

    #[test]
    fn did_with_clusters_passes_the_common_tests() {
        Subject {
            call: "did(x, y >= 2, y = 1 or y = 3, cast(x as int), 0.9)",
            x: &[1.0, 2.0, 4.0],
            y: &[0.0, 1.0, 2.0, 3.0],
            slowly: |rows| {
                let mut did = ClusteredDid::<i64>::new();
                for (y, treated, post) in coded(rows) {
                    did.update(&(y as i64), y, treated, post);
                }
                filled(record(
                    did.robust(0.9).unwrap(),
                    did.did(),
                    Some(did.clusters()),
                ))
            },
        }
        .check();
    }

    /// Eight rows by hand: cells of two, variance of the residuals 7.5 / 4.
    #[tokio::test]
    async fn a_change_beyond_the_others_is_found() {
        let query = "select did(y, t, p) from (values (10, false, false), (12, false, false), \
                     (11, false, true), (14, false, true), (10, true, false), (11, true, false), \
                     (17, true, true), (16, true, true)) as r(y, t, p)";
        let got = value(&session(), query).await;
        assert_eq!(got[1], Cell::Null);
        let se = (7.5_f64 / 4.0 * 2.0).sqrt();
        assert_near(
            &[&got[..1], &got[2..6]].concat(),
            &[8.0, 4.5, se, 4.5 / se, 4.0],
            1e-12,
        );
    }

    /// Wooldridge, table 13.2: house prices around an incinerator.
    #[tokio::test]
    async fn kielmc_is_as_published() {
        let (Some(text), Some(case)) = (
            published("did_kielmc.csv"),
            published_case("did_kielmc.json", "rprice"),
        ) else {
            return;
        };
        let rows: Vec<String> = text
            .lines()
            .skip(1)
            .map(|line| {
                let cells: Vec<&str> = line.split(',').collect();
                format!("({}, {} = 1, {} = 1)", cells[1], cells[2], cells[3])
            })
            .collect();
        let query = format!(
            "select did(y, t, p) from (values {}) as k(y, t, p)",
            rows.join(", ")
        );
        let got = value(&session(), &query).await;
        let expected = &case["expected"];
        assert_near(&got[..1], &published_numbers(&expected["n"]), 0.0);
        for (i, term) in ["const", "post", "treated", "did"].iter().enumerate() {
            let at = 9 + 7 * i;
            let coefficient = published_numbers(&expected["coef"][term]);
            assert_near(&got[at + 1..at + 2], &coefficient, 0.01);
            assert_near(
                &got[at + 2..at + 3],
                &published_numbers(&expected["se"][term]),
                0.01,
            );
        }
    }
}
