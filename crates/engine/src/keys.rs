//! What determines what in a plan, kept to what is true.
//!
//! DataFusion notes which columns of a plan determine others (its functional
//! dependencies: a group's key determines all of its row) and leaves out group
//! keys, `distinct` and joins that are idle by that. In version 55 two of these
//! notes are wrong. Unnested rows keep the keys of the rows they come from,
//! though each of these has become several. And the groups of a join with a
//! unique key are said to be determined by that key alone, whatever else they
//! are grouped by. Counts of such groups are too small then, and no error says
//! so. Wrong notes are taken away here before anyone reads them: by a rule among
//! DataFusion's own, and from what stands in `from` while SQL is planned, where
//! `group by` gets the columns added that are taken for determined.

use std::cell::Cell;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::common::{
    DFSchema, Dependency, FunctionalDependence, FunctionalDependencies, Result,
};
use datafusion::logical_expr::planner::{
    PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning,
};
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan};
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};
use datafusion::sql::sqlparser::ast::TableFactor;

/// Rules of DataFusion that read what determines what: [`TrueKeys`] comes before each.
pub(crate) const READERS: [&str; 3] = [
    "replace_distinct_aggregate",
    "eliminate_join",
    "optimize_projections",
];

/// The rule.
#[derive(Debug)]
pub(crate) struct TrueKeys;

impl OptimizerRule for TrueKeys {
    fn name(&self) -> &str {
        "true_keys"
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        mended(plan)
    }
}

thread_local! {
    /// Whether the relation that is planned next has come from [`TrueRelations`] itself.
    static IS_OURS: Cell<bool> = const { Cell::new(false) };
}

/// Mends each relation of a `from` as soon as it is planned.
#[derive(Debug)]
pub(crate) struct TrueRelations;

impl RelationPlanner for TrueRelations {
    fn plan_relation(
        &self,
        relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<RelationPlanning> {
        // The others, and DataFusion in the end, plan it; they ask here first again.
        if IS_OURS.take() {
            return Ok(RelationPlanning::Original(Box::new(relation)));
        }
        IS_OURS.set(true);
        let plan = context.plan(relation);
        IS_OURS.set(false);
        let plan = mended(plan?)?.data;
        let planned = PlannedRelation::new(plan, None);
        Ok(RelationPlanning::Planned(Box::new(planned)))
    }
}

/// Returns a plan of which all that is said is true.
fn mended(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    if !has_wrong_keys(&plan)? {
        return Ok(Transformed::no(plan));
    }
    // Whatever stands above a mended node has the wrong notes from it.
    let mut is_above = false;
    plan.transform_up_with_subqueries(|node| {
        let node = match is_above {
            true => node.recompute_schema()?,
            false => node,
        };
        let Some(keys) = true_keys(&node)? else {
            return Ok(Transformed::new_transformed(node, is_above));
        };
        is_above = true;
        with_keys(node, keys).map(Transformed::yes)
    })
}

fn has_wrong_keys(plan: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        found = true_keys(node)?.is_some();
        Ok(match found {
            true => TreeNodeRecursion::Stop,
            false => TreeNodeRecursion::Continue,
        })
    })?;
    Ok(found)
}

/// Returns what really determines what in the rows of a node, where that is something else
/// than it says. What it says of its input is taken for true.
fn true_keys(node: &LogicalPlan) -> Result<Option<FunctionalDependencies>> {
    match node {
        LogicalPlan::Unnest(unnest) if !unnest.schema.functional_dependencies().is_empty() => {
            Ok(Some(FunctionalDependencies::empty()))
        }
        LogicalPlan::Aggregate(aggregate) => keys_of_groups(aggregate),
        _ => Ok(None),
    }
}

fn keys_of_groups(aggregate: &Aggregate) -> Result<Option<FunctionalDependencies>> {
    let said = aggregate.schema.functional_dependencies();
    let from_input = aggregate.input.schema().functional_dependencies();
    // That all groups together are a key is true, but for grouping sets, which say nothing else.
    let is_whole =
        |key: &FunctionalDependence| key.source_indices.len() >= aggregate.group_expr.len();
    if said.iter().all(is_whole)
        || matches!(aggregate.group_expr.as_slice(), [Expr::GroupingSet(_)])
    {
        return Ok(None);
    }
    let input_names = aggregate.input.schema().field_names();
    let groups: Vec<Option<usize>> = aggregate
        .group_expr
        .iter()
        .map(|expr| {
            let name = expr.schema_name().to_string();
            input_names.iter().position(|input| *input == name)
        })
        .collect();

    let is_key = |key: &&FunctionalDependence| determines(&key.source_indices, &groups, from_input);
    let kept: Vec<FunctionalDependence> = said.iter().filter(is_key).cloned().collect();
    if kept.len() == said.len() {
        return Ok(None);
    }
    if !kept.is_empty() {
        return Ok(Some(FunctionalDependencies::new(kept)));
    }
    let fields = aggregate.schema.fields();
    let all_groups: Vec<usize> = (0..groups.len()).collect();
    let is_nullable = all_groups.iter().any(|at| fields[*at].is_nullable());
    let key = FunctionalDependence::new(all_groups, (0..fields.len()).collect(), is_nullable);
    Ok(Some(FunctionalDependencies::new(vec![
        key.with_mode(Dependency::Single),
    ])))
}

/// Whether some of the group keys determine all of them, by what is known of the input.
fn determines(
    some: &[usize],
    groups: &[Option<usize>],
    from_input: &FunctionalDependencies,
) -> bool {
    let mut known: Vec<usize> = some.iter().filter_map(|at| groups[*at]).collect();
    loop {
        let more: Vec<usize> = from_input
            .iter()
            .filter(|key| key.source_indices.iter().all(|at| known.contains(at)))
            .flat_map(|key| key.target_indices.iter().copied())
            .filter(|at| !known.contains(at))
            .collect();
        if more.is_empty() {
            break;
        }
        known.extend(more);
    }
    groups
        .iter()
        .enumerate()
        .all(|(at, input)| some.contains(&at) || input.is_some_and(|input| known.contains(&input)))
}

/// Puts other notes on a node, past its constructor, which would write its own.
fn with_keys(mut node: LogicalPlan, keys: FunctionalDependencies) -> Result<LogicalPlan> {
    let schema = DFSchema::clone(node.schema()).with_functional_dependencies(keys)?;
    match &mut node {
        LogicalPlan::Unnest(unnest) => unnest.schema = Arc::new(schema),
        LogicalPlan::Aggregate(aggregate) => aggregate.schema = Arc::new(schema),
        _ => {}
    }
    Ok(node)
}
