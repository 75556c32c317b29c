//! DataFusion's rules for logical plans, in an order that suits plans of many views.
//!
//! Marts stand on views that stand on views, each of which says all its columns,
//! and a reader takes some. DataFusion leaves out the others with its last rule,
//! when all the rest have gone through them once. It comes first here too.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::optimizer::optimize_projections::OptimizeProjections;
use datafusion::optimizer::rewrite_set_comparison::RewriteSetComparison;
use datafusion::optimizer::{Optimizer, OptimizerConfig, OptimizerRule};

use crate::keys::{READERS, TrueKeys};

/// The rules of a session.
pub(crate) fn rules() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    let first: Arc<dyn OptimizerRule + Send + Sync> = Arc::new(OptimizeProjections::new());
    let mut rules: Vec<Arc<dyn OptimizerRule + Send + Sync>> = Vec::new();
    for rule in std::iter::once(first).chain(Optimizer::new().rules) {
        if READERS.contains(&rule.name()) {
            rules.push(Arc::new(TrueKeys));
        }
        rules.push(match rule.name() {
            "rewrite_set_comparison" => Arc::new(SetComparisons(RewriteSetComparison::new())),
            _ => rule,
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
