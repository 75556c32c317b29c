//! `fcr(...) over (partition by customer)`: was a ticket resolved at the first contact?

use std::collections::HashMap;
use std::sync::Arc;

use aftersight_stats::journey::{FirstContact, Ticket, first_contact};
use aftersight_stats::time::DAY_US;
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::cast::{as_boolean_array, as_float64_array};
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use crate::args::{Call, Kind, Parameter, Parameters};
use crate::time::ticks;
use crate::window::{Partition, Window};

#[user_doc(
    doc_section(label = "Service Functions"),
    description = "Returns for each ticket whether it was resolved at the first contact (first contact resolution); \
the rate is the share of true among true and false. Partition by customer. There is no standard, so the method has a \
name: 'repeat_contact' (default), no further ticket of the customer within a window after the solution \
(callcentrehelper.com: 7 days); 'one_touch', fewer than two agent replies (Zendesk); 'one_reply', exactly one (Zoho); \
'survey', what the customer answered (SQM). \
Tickets that are not solved get NULL; under 'repeat_contact' so do those solved less than the window before as_of, which \
cannot be judged yet. NULL replies and reopens count as 0; tickets without a creation time get NULL; NULL issues are \
one issue; under 'survey' tickets without an answer get NULL.",
    syntax_example = "fcr(created_at, solved_at, issue, agent_replies, reopens [, method [, window_days [, same_issue [, reopen_fails [, as_of [, answer]]]]]])",
    sql_example = r#"```sql
select ticket, fcr(created, solved, issue, 1, 0) over (partition by customer) as resolved
from (values
    (1, 'ann', 'refund', date '2026-03-01', date '2026-03-02'),
    (2, 'ann', 'refund', date '2026-03-05', date '2026-03-06'),
    (3, 'bob', 'repair', date '2026-03-05', null)
) as tickets(ticket, customer, issue, created, solved)
order by ticket;
+--------+----------+
| ticket | resolved |
+--------+----------+
| 1      | false    |
| 2      | true     |
| 3      |          |
+--------+----------+
```"#,
    argument(
        name = "created_at",
        description = "When the ticket was created: timestamp or date."
    ),
    argument(
        name = "solved_at",
        description = "When it was solved, for the last time; NULL while it is open."
    ),
    argument(name = "issue", description = "What it is about: integer or text."),
    argument(name = "agent_replies", description = "Public replies of agents."),
    argument(name = "reopens", description = "How often it was opened again."),
    argument(
        name = "method",
        description = "'repeat_contact' (default), 'one_touch', 'one_reply' or 'survey'."
    ),
    argument(
        name = "window_days",
        description = "Days after the solution without a further ticket, 7 by default."
    ),
    argument(
        name = "same_issue",
        description = "Whether only tickets about the same issue count, true by default."
    ),
    argument(
        name = "reopen_fails",
        description = "Whether a ticket that was opened again is not resolved, true by default."
    ),
    argument(
        name = "as_of",
        description = "End of the data: timestamp or date, in the same zone as the others; none by default."
    ),
    argument(
        name = "answer",
        description = "For 'survey' only: whether the customer said that the first contact resolved the matter."
    )
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Fcr;

#[derive(Debug, Clone, Copy)]
enum Method {
    RepeatContact,
    OneTouch,
    OneReply,
    Survey,
}

/// Position of the answers among the arguments.
const ANSWER: usize = 10;

impl Window for Fcr {
    const NAME: &'static str = "fcr";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("created_at", Kind::Instant),
            Parameter::column("solved_at", Kind::Instant),
            Parameter::column("issue", Kind::Id),
            Parameter::column("agent_replies", Kind::Number),
            Parameter::column("reopens", Kind::Number),
            Parameter::option("method", Kind::Text),
            Parameter::option("window_days", Kind::Number),
            Parameter::option("same_issue", Kind::Boolean),
            Parameter::option("reopen_fails", Kind::Boolean),
            Parameter::option("as_of", Kind::Instant),
            Parameter::column("answer", Kind::Boolean).optional(),
        ],
    );

    fn result(&self) -> DataType {
        DataType::Boolean
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Partition>> {
        let methods = [
            ("repeat_contact", Method::RepeatContact),
            ("one_touch", Method::OneTouch),
            ("one_reply", Method::OneReply),
            ("survey", Method::Survey),
        ];
        let days = call.number(6)?.unwrap_or(7.0);
        let window = (days * DAY_US as f64).round();
        if !(1.0..9e18).contains(&window) {
            return call.refuse(6, "a number of days above 0", days);
        }
        let method = call.choice(5, &methods)?.unwrap_or(Method::RepeatContact);
        match (matches!(method, Method::Survey), call.gives(ANSWER)) {
            (true, false) => return call.refuse(ANSWER, "answers for 'survey'", "none"),
            (false, true) => {
                return call.refuse(ANSWER, "no answers except for 'survey'", "a column");
            }
            _ => {}
        }
        let method = match method {
            Method::Survey => return Ok(Box::new(Answered)),
            Method::OneTouch => FirstContact::OneTouch,
            Method::OneReply => FirstContact::OneReply,
            Method::RepeatContact => FirstContact::RepeatContact {
                window: window as i64,
                same_issue: call.flag(7)?.unwrap_or(true),
                reopen_fails: call.flag(8)?.unwrap_or(true),
                as_of: call.instant(9)?,
            },
        };
        Ok(Box::new(Resolved { method }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// What customers said of the tickets that are solved.
#[derive(Debug)]
struct Answered;

impl Partition for Answered {
    fn compute(&self, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let answers = as_boolean_array(&arguments[ANSWER])?;
        let results: BooleanArray = (0..answers.len())
            .map(|row| {
                let counts = arguments[0].is_valid(row) && arguments[1].is_valid(row);
                (counts && answers.is_valid(row)).then(|| answers.value(row))
            })
            .collect();
        Ok(Arc::new(results))
    }
}

#[derive(Debug)]
struct Resolved {
    method: FirstContact,
}

impl Partition for Resolved {
    fn compute(&self, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let (created, solved) = (ticks(&arguments[0])?, ticks(&arguments[1])?);
        let issues = cast(&arguments[2], &DataType::LargeUtf8)?;
        let issues = issues.as_string::<i64>();
        let (replies, reopens) = (
            as_float64_array(&arguments[3])?,
            as_float64_array(&arguments[4])?,
        );
        let mut numbers: HashMap<Option<&str>, u64> = HashMap::new();
        let mut tickets = Vec::with_capacity(created.len());
        let mut rows = Vec::with_capacity(created.len());
        for row in 0..created.len() {
            if created.is_null(row) {
                continue;
            }
            let next = numbers.len() as u64;
            let issue = issues.is_valid(row).then(|| issues.value(row));
            // A cast from a float saturates, and NaN is 0.
            let count = |column: &arrow::array::Float64Array| match column.is_valid(row) {
                true => column.value(row) as u32,
                false => 0,
            };
            tickets.push(Ticket {
                created: created.value(row),
                solved: solved.is_valid(row).then(|| solved.value(row)),
                issue: *numbers.entry(issue).or_insert(next),
                agent_replies: count(replies),
                reopens: count(reopens),
            });
            rows.push(row);
        }
        let judged = first_contact(&tickets, self.method)
            .map_err(|error| exec_datafusion_err!("'fcr': {error}"))?;
        let mut results = vec![None; created.len()];
        for (row, resolved) in rows.into_iter().zip(judged) {
            results[row] = resolved;
        }
        Ok(Arc::new(BooleanArray::from(results)))
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, planning_error, session, value};

    /// Six tickets with the definitions of callcentrehelper.com, Zendesk and Zoho, counted by hand.
    #[tokio::test]
    async fn methods_differ_as_their_definitions_say() {
        let ctx = session();
        let rows = "(values \
            ('a', 'refund', timestamp '2024-03-01 09:00:00', timestamp '2024-03-01 10:00:00', 1, 0), \
            ('a', 'refund', timestamp '2024-03-05 09:00:00', timestamp '2024-03-05 12:00:00', 2, 0), \
            ('a', 'repair', timestamp '2024-03-06 09:00:00', timestamp '2024-03-07 09:00:00', 1, 1), \
            ('b', 'refund', timestamp '2024-03-02 09:00:00', null, 1, 0), \
            ('c', 'refund', timestamp '2024-03-03 09:00:00', timestamp '2024-03-03 09:30:00', 0, 0), \
            ('c', 'refund', timestamp '2024-03-20 09:00:00', timestamp '2024-03-20 11:00:00', 1, 0)) \
            as t(customer, issue, created, solved, replies, reopens)";
        for (options, resolved, judged) in [
            (", 'one_touch'", 4.0, 5.0),
            (", 'one_reply'", 3.0, 5.0),
            (", 'repeat_contact', 7, true, false", 4.0, 5.0),
            (", 'repeat_contact', 7, false, false", 3.0, 5.0),
            ("", 3.0, 5.0),
            // The last ticket is not seven days old.
            (
                ", null, null, null, null, timestamp '2024-03-21 00:00:00'",
                2.0,
                4.0,
            ),
        ] {
            let query = format!(
                "select make_array(sum(cast(f as int)), count(f)) from (select \
                 fcr(created, solved, issue, replies, reopens{options}) over (partition by customer) as f from {rows})"
            );
            let expected = [resolved, judged].map(Cell::Number);
            assert_eq!(value(&ctx, &query).await, expected, "{options}");
        }
    }

    #[tokio::test]
    async fn customers_are_asked_about_solved_tickets_only() {
        let query = "select array_agg(f order by id) from (select id, fcr(created, solved, 1, 1, 0, 'survey', \
                     7, true, true, null, said) over () as f from (values \
                     (1, date '2026-01-01', date '2026-01-02', true), \
                     (2, date '2026-01-01', date '2026-01-02', false), \
                     (3, date '2026-01-01', date '2026-01-02', null), \
                     (4, date '2026-01-01', null, true)) as t(id, created, solved, said))";
        let got = value(&session(), query).await;
        assert_eq!(
            got,
            [Cell::Number(1.0), Cell::Number(0.0), Cell::Null, Cell::Null]
        );
    }

    #[tokio::test]
    async fn wrong_options_are_planning_errors() {
        let ctx = session();
        for (options, message) in [
            (
                "'survey'",
                "answers for 'survey' as argument 11 (answer), got none",
            ),
            (
                "'one_touch', 7, true, true, null, true",
                "no answers except for 'survey'",
            ),
        ] {
            let query = format!(
                "select fcr(date '2026-01-01', date '2026-01-01', 1, 1, 0, {options}) over ()"
            );
            let got = planning_error(&ctx, &query).await;
            assert!(got.contains(message), "{options}: {got}");
        }
        let call = |options: &str| {
            format!("select fcr(date '2026-01-01', date '2026-01-01', 1, 1, 0, {options}) over ()")
        };
        let message = planning_error(&ctx, &call("'repeat'")).await;
        assert!(
            message.ends_with("Did you mean 'repeat_contact'?"),
            "{message}"
        );
        let message = planning_error(&ctx, &call("'repeat_contact', 0")).await;
        assert!(
            message.contains("a number of days above 0 as argument 7 (window_days), got 0"),
            "{message}"
        );
    }
}
