//! `sessionize(ts, gap) over (partition by ... order by ts)`: the session each event lies in.

use std::sync::Arc;

use aftersight_stats::journey::Sessionizer;
use arrow::array::{ArrayRef, Int64Array};
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use crate::args::{Call, Kind, Parameter, Parameters};
use crate::time::ticks;
use crate::window::{Partition, Window};

#[user_doc(
    doc_section(label = "Journey Functions"),
    description = "Returns the number of the session an event lies in, counting from 1 in each partition: a new \
session begins where more than the gap has passed since the event before. The window must be ordered by `ts`, \
ascending; anything else is an error. Events without a timestamp get NULL. The gap is in seconds, or in the unit of \
integer timestamps, or an interval, whose days have 24 hours.",
    syntax_example = "sessionize(ts, gap)",
    sql_example = r#"```sql
select at, sessionize(at, interval '30 minutes') over (order by at) as session
from (values
    (timestamp '2026-01-05 10:00:00'), (timestamp '2026-01-05 10:30:00'), (timestamp '2026-01-05 11:30:00')
) as visits(at);
+---------------------+---------+
| at                  | session |
+---------------------+---------+
| 2026-01-05T10:00:00 | 1       |
| 2026-01-05T10:30:00 | 1       |
| 2026-01-05T11:30:00 | 2       |
+---------------------+---------+
```"#,
    argument(
        name = "ts",
        description = "When the event happened: timestamp, date or integer."
    ),
    argument(
        name = "gap",
        description = "Longest pause within a session: a number or an interval, above 0."
    )
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Sessionize;

impl Window for Sessionize {
    const NAME: &'static str = "sessionize";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("ts", Kind::Time),
            Parameter::option("gap", Kind::Duration).mandatory(),
        ],
    );

    fn result(&self) -> DataType {
        DataType::Int64
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Partition>> {
        match call.ticks(1, call.types().first())? {
            Some(gap) => Ok(Box::new(Sessions { gap })),
            None => call.refuse(1, "a duration", "NULL"),
        }
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[derive(Debug)]
struct Sessions {
    gap: i64,
}

impl Partition for Sessions {
    fn compute(&self, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let numbers = || {
            let mut sessions = Sessionizer::new(self.gap).map_err(|e| e.to_string())?;
            let at = ticks(&arguments[0]).map_err(|e| e.to_string())?;
            at.iter()
                .map(|at| {
                    let session = sessions.push(at).map_err(|e| e.to_string())?;
                    Ok(session.map(|n| n as i64))
                })
                .collect::<std::result::Result<Int64Array, String>>()
        };
        match numbers() {
            Ok(numbers) => Ok(Arc::new(numbers)),
            Err(error) => exec_err!("'sessionize': {error}: order the window by it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, error, planning_error, session, value};

    /// The same by `lag` and a running sum.
    #[tokio::test]
    async fn sessions_agree_with_lag_and_a_running_sum() {
        let ctx = session();
        let query = "\
            with events as ( \
                select i % 7 as customer, i * i % 101 as at from (select unnest(generate_series(1, 200)) as i)), \
            gaps as (select *, lag(at) over (partition by customer order by at) as before from events), \
            both as ( \
                select sessionize(at, 3) over (partition by customer order by at) as got, \
                    1 + sum(case when at - before > 3 then 1 else 0 end) \
                        over (partition by customer order by at rows unbounded preceding) as expected \
                from gaps) \
            select count(*) from both where got = expected";
        assert_eq!(value(&ctx, query).await, [Cell::Number(200.0)]);
    }

    #[tokio::test]
    async fn exactly_the_gap_is_one_session_and_null_is_none() {
        let ctx = session();
        let query = "select max(n), count(n) from (select sessionize(at, 60) over (order by at nulls last) as n \
                     from (values (timestamp '2026-01-01 00:00:00'), (timestamp '2026-01-01 00:01:00'), (null)) as t(at))";
        let rows = format!("select make_array(m, c) from ({query}) as r(m, c)");
        assert_eq!(
            value(&ctx, &rows).await,
            [Cell::Number(1.0), Cell::Number(2.0)]
        );
    }

    #[tokio::test]
    async fn wrong_use_is_refused() {
        let ctx = session();
        let from = "from (values (1), (2)) as t(at)";
        let message = error(
            &ctx,
            &format!("select sessionize(at, 5) over (order by at desc) {from}"),
        )
        .await;
        assert!(
            message.contains("timestamp must not go back in time"),
            "{message}"
        );
        let message = planning_error(
            &ctx,
            &format!("select sessionize(at, 0) over (order by at) {from}"),
        )
        .await;
        assert!(
            message.contains("expects a duration above 0 as argument 2 (gap)"),
            "{message}"
        );
    }
}
