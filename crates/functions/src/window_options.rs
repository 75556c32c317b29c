//! An optimizer rule: options of our aggregates are checked in windows as they are in groups.
//!
//! The engine shows an aggregate its literals while it plans a query with groups,
//! but not while it plans `nps(score, ...) over (...)`: there it looks for the
//! first time when rows have been read. The rule shows them the same hook. It
//! changes no plan.

use std::collections::HashSet;
use std::sync::LazyLock;

use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::expr::{AggregateFunction, WindowFunction};
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{Expr, LogicalPlan, WindowFunctionDefinition};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

use crate::{Function, functions};

/// The names of our aggregates.
static OURS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let aggregates = functions()
        .into_iter()
        .filter_map(|function| match function {
            Function::Aggregate(f) => Some(f.name().to_string()),
            _ => None,
        });
    aggregates.collect()
});

/// The rule.
#[derive(Debug, Default)]
pub(crate) struct WindowOptions;

impl OptimizerRule for WindowOptions {
    fn name(&self) -> &str {
        "window_options"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        if let LogicalPlan::Window(window) = &plan {
            for expr in &window.window_expr {
                if let Expr::WindowFunction(call) = expr.clone().unalias() {
                    check(*call)?;
                }
            }
        }
        Ok(Transformed::no(plan))
    }
}

/// Shows an aggregate of ours the arguments of its call.
fn check(call: WindowFunction) -> Result<()> {
    let WindowFunctionDefinition::AggregateUDF(function) = call.fun else {
        return Ok(());
    };
    let Some(simplify) = function
        .simplify()
        .filter(|_| OURS.contains(function.name()))
    else {
        return Ok(());
    };
    let params = call.params;
    let call = AggregateFunction::new_udf(
        function,
        params.args,
        params.distinct,
        params.filter,
        params.order_by,
        params.null_treatment,
    );
    simplify(call, &SimplifyContext::default()).map(drop)
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, planning_error, session, value};

    #[tokio::test]
    async fn wrong_options_in_windows_are_planning_errors() {
        let ctx = session();
        for (call, message) in [
            (
                "nps_ci(x, 'adjusted-wald') over (order by x)",
                "Did you mean 'adjusted_wald'?",
            ),
            (
                "1 + top_k_share(x, 0) over (order by x rows between 3 preceding and current row)",
                "a whole number from 1 to 1000000000 as argument 2 (k), got 0",
            ),
            (
                "quantile_type(x, x) over ()",
                "expects a literal as argument 2",
            ),
            ("nps(distinct x) over ()", "'nps' does not support DISTINCT"),
        ] {
            // No row ever arrives, so only the planner can complain.
            let query = format!("select {call} from (values (1.0)) as t(x) where x > 2");
            let got = planning_error(&ctx, &query).await;
            assert!(got.contains(message), "{call}: {got}");
        }
    }

    #[tokio::test]
    async fn right_options_in_windows_stay_as_they_are() {
        let query = "select max(w) from (select top_k_share(x, 2 - 1) over (order by x) as w \
                     from (values (1.0), (3.0)) as t(x))";
        assert_eq!(value(&session(), query).await, [Cell::Number(1.0)]);
    }
}
