//! DataFusion's rules for logical plans, in an order that suits plans of many views.
//!
//! Marts stand on views that stand on views, each of which says all its columns,
//! and a reader takes some. DataFusion leaves out the others with its last rule,
//! when all the rest have gone through them once. It comes first here too.
//!
//! DataFusion goes through all its rules up to three times. Here they are gone
//! through once, and those that find more to do after the others ([`AGAIN`], seen
//! on every mart) a second time: the plans of marts are the same, but for names and
//! for filters, which stay on the columns of the file.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::optimizer::decorrelate_lateral_join::DecorrelateLateralJoin;
use datafusion::optimizer::optimize_projections::OptimizeProjections;
use datafusion::optimizer::rewrite_set_comparison::RewriteSetComparison;
use datafusion::optimizer::{Optimizer, OptimizerConfig, OptimizerRule};

use crate::keys::{READERS, TrueKeys};

/// Rules that the others leave something to do for.
const AGAIN: [&str; 9] = [
    "optimize_unions",
    "simplify_expressions",
    "eliminate_join",
    "eliminate_filter",
    "eliminate_cross_join",
    "propagate_empty_relation",
    "eliminate_outer_join",
    "push_down_limit",
    "push_down_filter",
];

/// Rules for a plan that is as good as done. What is common to expressions becomes a column,
/// which the rule for filters would take apart again.
const LAST: [&str; 2] = ["common_sub_expression_eliminate", "optimize_projections"];

/// The rules of a session, of which one pass is enough.
pub(crate) fn rules() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    let columns: Arc<dyn OptimizerRule + Send + Sync> = Arc::new(OptimizeProjections::new());
    let all = Optimizer::new().rules;
    let is_among = |names: &[&str], rule: &dyn OptimizerRule| names.contains(&rule.name());
    let first = all.iter().filter(|rule| !is_among(&LAST, rule.as_ref()));
    let again = all
        .iter()
        .filter(|rule| is_among(&AGAIN, rule.as_ref()) || is_among(&LAST, rule.as_ref()));

    // It looks for subqueries right below a join, where leaving out columns puts a projection.
    let lateral: Arc<dyn OptimizerRule + Send + Sync> = Arc::new(DecorrelateLateralJoin::new());
    let mut rules: Vec<Arc<dyn OptimizerRule + Send + Sync>> = Vec::new();
    let columns_first = [&lateral, &columns].into_iter().chain(first);
    for rule in columns_first.chain([&columns]).chain(again) {
        if READERS.contains(&rule.name()) {
            rules.push(Arc::new(TrueKeys));
        }
        rules.push(match rule.name() {
            "rewrite_set_comparison" => Arc::new(SetComparisons(RewriteSetComparison::new())),
            _ => Arc::clone(rule),
        });
    }
    rules
}

/// DataFusion's rule for `= any (select ..)`, which rebuilds every expression of a plan to find
/// that there is none.
#[derive(Debug)]
struct SetComparisons(RewriteSetComparison);

impl OptimizerRule for SetComparisons {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        config: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        let mut is_there = false;
        plan.apply_with_subqueries(|node| {
            node.apply_expressions(|expr| {
                is_there |= expr.exists(|expr| Ok(matches!(expr, Expr::SetComparison(_))))?;
                Ok(TreeNodeRecursion::Continue)
            })
        })?;
        match is_there {
            true => self.0.rewrite(plan, config),
            false => Ok(Transformed::no(plan)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A rule that DataFusion renames would silently run once only, or in another place.
    #[test]
    fn the_rules_that_are_named_here_are_there() {
        let all = Optimizer::new().rules;
        for name in AGAIN.iter().chain(&LAST).chain(&READERS) {
            assert!(all.iter().any(|rule| rule.name() == *name), "{name}");
        }
        for again in rules().iter().map(|rule| rule.name().to_owned()) {
            let is_ours = again == TrueKeys.name();
            assert!(is_ours || all.iter().any(|rule| rule.name() == again));
        }
    }
}
