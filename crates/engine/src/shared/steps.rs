//! Steps of a query (its common table expressions) that are read several times.
//!
//! DataFusion puts a step's plan in the place of every name that stands for it, so
//! a step read twice is planned and computed twice, with all that it stands on.
//! Such a step becomes a [`SharedView`] of its query instead. Steps that only pick
//! rows and columns of one table stay part of their readers, whose filters may
//! reach the files then.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::catalog::cte_worktable::CteWorkTable;
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNodeRecursion};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, SubqueryAlias};

use super::SharedView;

/// Makes leaves of the steps of `query` that are read several times and worth it. The plan
/// is as DataFusion's planner made it: every reader of a step holds the same copy of its plan.
pub(crate) fn share(plan: LogicalPlan, query: &str, state: &SessionState) -> Result<LogicalPlan> {
    let mut readers = Readers::default();
    readers.count(&plan)?;
    if readers.0.values().all(|n| *n < 2) {
        return Ok(plan);
    }
    // Steps are told apart by where their plans lie, so these must stay there.
    let _in_place = plan.clone();
    let mut sharing = Sharing {
        query,
        state,
        readers,
        steps: HashMap::new(),
    };
    sharing.replace(plan)
}

fn place(alias: &SubqueryAlias) -> usize {
    Arc::as_ptr(&alias.input).addr()
}

/// How often each step is read, by its place.
#[derive(Default)]
struct Readers(HashMap<usize, usize>);

impl Readers {
    fn count(&mut self, plan: &LogicalPlan) -> Result<()> {
        plan.apply_with_subqueries(|node| {
            let LogicalPlan::SubqueryAlias(alias) = node else {
                return Ok(TreeNodeRecursion::Continue);
            };
            let n = self.0.entry(place(alias)).or_default();
            *n += 1;
            // What a step reads, it reads once, however often it is read itself.
            Ok(match *n {
                1 => TreeNodeRecursion::Continue,
                _ => TreeNodeRecursion::Jump,
            })
        })?;
        Ok(())
    }
}

struct Sharing<'a> {
    query: &'a str,
    state: &'a SessionState,
    readers: Readers,
    steps: HashMap<usize, Arc<dyn TableProvider>>,
}

impl Sharing<'_> {
    fn replace(&mut self, plan: LogicalPlan) -> Result<LogicalPlan> {
        plan.transform_down_with_subqueries(|node| {
            let LogicalPlan::SubqueryAlias(alias) = &node else {
                return Ok(Transformed::no(node));
            };
            let n = self.readers.0.get(&place(alias)).copied();
            if n.is_none_or(|n| n < 2) || !is_worth_it(&alias.input)? {
                return Ok(Transformed::no(node));
            }
            let step = provider_as_source(self.step(alias)?);
            let scan = LogicalPlanBuilder::scan(alias.alias.clone(), step, None)?.build()?;
            Ok(Transformed::new(scan, true, TreeNodeRecursion::Jump))
        })
        .data()
    }

    fn step(&mut self, alias: &SubqueryAlias) -> Result<Arc<dyn TableProvider>> {
        if let Some(step) = self.steps.get(&place(alias)) {
            return Ok(Arc::clone(step));
        }
        let plan = self.replace(alias.input.as_ref().clone())?;
        let name = match self.query {
            "" => alias.alias.to_string(),
            query => format!("{query}: {}", alias.alias),
        };
        let step: Arc<dyn TableProvider> =
            Arc::new(SharedView::new(name, plan, false, self.state)?);
        self.steps.insert(place(alias), Arc::clone(&step));
        Ok(step)
    }
}

/// Whether a step does more than to pick rows and columns, and can stand alone.
fn is_worth_it(step: &LogicalPlan) -> Result<bool> {
    let mut works = false;
    let mut is_bound = false;
    step.apply_with_subqueries(|node| {
        works |= matches!(
            node,
            LogicalPlan::Aggregate(_)
                | LogicalPlan::Distinct(_)
                | LogicalPlan::Join(_)
                | LogicalPlan::Unnest(_)
                | LogicalPlan::Window(_)
        );
        is_bound |= node.contains_outer_reference();
        if let LogicalPlan::TableScan(scan) = node
            && let Ok(provider) = source_as_provider(&scan.source)
        {
            // The rows of a recursive query so far.
            is_bound |= provider.is::<CteWorkTable>();
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(works && !is_bound)
}
