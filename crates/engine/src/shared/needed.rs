//! What nobody reads is left out before views are counted and planned.
//!
//! A mart like `customers` joins ten others to say all it knows; most readers want
//! three of its columns. An outer join whose columns nobody reads, and which meets
//! a row at most once, changes nothing, so it goes, and with it all views beneath
//! that nobody else reads. The same holds for the product with a single row.
//! DataFusion does so too where it knows keys; it knows none of views that are leaves,
//! of joins on joins, and of the first rows of groups.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, JoinType, Result, ScalarValue};
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::expr::{Exists, InSubquery, SetComparison};
use datafusion::logical_expr::{
    Aggregate, Expr, Join, LogicalPlan, Projection, TableScan, Union, Window,
};

use super::{SharedView, unique};

/// Positions of the columns of a plan that are read.
type Columns = BTreeSet<usize>;

/// The columns that are read of each view.
#[derive(Default)]
pub(super) struct Needed(HashMap<usize, Columns>);

impl Needed {
    /// Leaves out of a statement what it does not need to answer.
    pub(super) fn of_statement(&mut self, plan: LogicalPlan) -> Result<LogicalPlan> {
        let columns = all(&plan);
        self.leave_out(plan, columns).map(|plan| plan.data)
    }

    /// Leaves out of a view what its readers, all of which were gone through before, do not
    /// need. Its columns stay, where they are; those that nobody reads are NULL.
    pub(super) fn of_view(&mut self, view: &SharedView) -> Result<Option<LogicalPlan>> {
        let Some(columns) = self.0.get(&view.key()).cloned() else {
            return Ok(None);
        };
        let plan = &view.plan;
        let columns = match stays_wide(plan) {
            true => columns,
            false => all(plan),
        };
        let plan = self.leave_out(plan.clone(), columns)?;
        Ok(Some(plan.data))
    }

    /// Leaves out of a plan what is not needed for `columns` of it. A column that is not among
    /// them may be missing afterwards.
    #[recursive::recursive]
    fn leave_out(
        &mut self,
        plan: LogicalPlan,
        columns: Columns,
    ) -> Result<Transformed<LogicalPlan>> {
        let plan = self.leave_out_here(plan, columns)?;
        let mut has_subqueries = false;
        plan.data.apply_subqueries(|_| {
            has_subqueries = true;
            Ok(TreeNodeRecursion::Stop)
        })?;
        if !has_subqueries {
            return Ok(plan);
        }
        // They stand for themselves, but for what they read of this plan: that the expressions
        // around them read, too.
        plan.transform_data(|plan| {
            plan.map_subqueries(|subquery| {
                let columns = all(&subquery);
                self.leave_out(subquery, columns)
            })
        })
    }

    fn leave_out_here(
        &mut self,
        plan: LogicalPlan,
        mut columns: Columns,
    ) -> Result<Transformed<LogicalPlan>> {
        match plan {
            LogicalPlan::Projection(projection) => self.projection(projection, &columns),
            LogicalPlan::Aggregate(aggregate) => self.groups(aggregate, &columns),
            LogicalPlan::Window(window) => self.window(window, &columns),
            LogicalPlan::Join(join) => self.join(join, &columns),
            LogicalPlan::Union(union) => self.union(union, &columns),
            LogicalPlan::TableScan(scan) => {
                self.scan(&scan, &columns)?;
                Ok(Transformed::no(LogicalPlan::TableScan(scan)))
            }
            LogicalPlan::Filter(_) | LogicalPlan::Sort(_) => {
                let input = plan.inputs()[0].schema();
                plan.apply_expressions(|expr| {
                    read(expr, input, &mut columns)?;
                    Ok(TreeNodeRecursion::Continue)
                })?;
                self.inputs(plan, |_| columns.clone())
            }
            LogicalPlan::SubqueryAlias(_) | LogicalPlan::Limit(_) => {
                self.inputs(plan, |_| columns.clone())
            }
            plan => self.inputs(plan, all),
        }
    }

    /// Leaves out of the inputs of a plan what is not needed for some columns of them.
    fn inputs(
        &mut self,
        plan: LogicalPlan,
        mut columns: impl FnMut(&LogicalPlan) -> Columns,
    ) -> Result<Transformed<LogicalPlan>> {
        let plan = plan.map_children(|input| {
            let columns = columns(&input);
            self.leave_out(input, columns)
        })?;
        match plan.transformed {
            true => plan.map_data(LogicalPlan::recompute_schema),
            false => Ok(plan),
        }
    }

    fn projection(
        &mut self,
        projection: Projection,
        columns: &Columns,
    ) -> Result<Transformed<LogicalPlan>> {
        let Projection {
            mut expr,
            input,
            schema,
            ..
        } = projection;
        let mut wanted = Columns::new();
        for at in columns {
            read(&expr[*at], input.schema(), &mut wanted)?;
        }
        let mut is_less = false;
        for (at, expr) in expr.iter_mut().enumerate() {
            let mut reads = Columns::new();
            read(expr, input.schema(), &mut reads)?;
            if columns.contains(&at) || reads.is_subset(&wanted) {
                continue;
            }
            let (qualifier, field) = schema.qualified_field(at);
            let null = Expr::Literal(ScalarValue::try_new_null(field.data_type())?, None);
            *expr = null.alias_qualified(qualifier.cloned(), field.name());
            is_less = true;
        }
        let input = self.leave_out(Arc::unwrap_or_clone(input), wanted)?;
        is_less |= input.transformed;
        let input = Arc::new(input.data);
        let projection = match is_less {
            true => Projection::try_new(expr, input)?,
            false => Projection::try_new_with_schema(expr, input, schema)?,
        };
        Ok(Transformed::new(
            LogicalPlan::Projection(projection),
            is_less,
            TreeNodeRecursion::Continue,
        ))
    }

    fn groups(
        &mut self,
        aggregate: Aggregate,
        columns: &Columns,
    ) -> Result<Transformed<LogicalPlan>> {
        let Aggregate {
            input,
            group_expr,
            mut aggr_expr,
            schema,
            ..
        } = aggregate;
        let first = schema.fields().len() - aggr_expr.len();
        let (had, mut at) = (aggr_expr.len(), first);
        // Without keys there is one row, for which something must be computed.
        let last_one = group_expr.is_empty().then_some(first);
        aggr_expr.retain(|_| {
            at += 1;
            columns.contains(&(at - 1)) || (last_one == Some(at - 1) && columns.is_empty())
        });
        let mut wanted = Columns::new();
        for expr in group_expr.iter().chain(&aggr_expr) {
            read(expr, input.schema(), &mut wanted)?;
        }
        let input = self.leave_out(Arc::unwrap_or_clone(input), wanted)?;
        let is_less = input.transformed || aggr_expr.len() < had;
        let input = Arc::new(input.data);
        let aggregate = match is_less {
            true => Aggregate::try_new(input, group_expr, aggr_expr)?,
            false => Aggregate::try_new_with_schema(input, group_expr, aggr_expr, schema)?,
        };
        Ok(Transformed::new(
            LogicalPlan::Aggregate(aggregate),
            is_less,
            TreeNodeRecursion::Continue,
        ))
    }

    fn window(&mut self, window: Window, columns: &Columns) -> Result<Transformed<LogicalPlan>> {
        let Window {
            input,
            mut window_expr,
            schema,
        } = window;
        let first = input.schema().fields().len();
        let mut wanted: Columns = columns.range(..first).copied().collect();
        let (had, mut at) = (window_expr.len(), first);
        window_expr.retain(|_| {
            at += 1;
            columns.contains(&(at - 1))
        });
        for expr in &window_expr {
            read(expr, input.schema(), &mut wanted)?;
        }
        let input = self.leave_out(Arc::unwrap_or_clone(input), wanted)?;
        if window_expr.is_empty() {
            return Ok(Transformed::yes(input.data));
        }
        let is_less = input.transformed || window_expr.len() < had;
        let input = Arc::new(input.data);
        let window = match is_less {
            true => Window::try_new(window_expr, input)?,
            false => Window {
                input,
                window_expr,
                schema,
            },
        };
        Ok(Transformed::new(
            LogicalPlan::Window(window),
            is_less,
            TreeNodeRecursion::Continue,
        ))
    }

    fn union(&mut self, union: Union, columns: &Columns) -> Result<Transformed<LogicalPlan>> {
        self.inputs(LogicalPlan::Union(union), |input| {
            match stays_wide(input) {
                true => columns.clone(),
                // Branches are put together by position.
                false => all(input),
            }
        })
    }

    fn join(&mut self, join: Join, columns: &Columns) -> Result<Transformed<LogicalPlan>> {
        let width = join.left.schema().fields().len();
        let (mut left, mut right): (Columns, Columns) = match join.join_type {
            JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => (
                columns.range(..width).copied().collect(),
                columns.range(width..).map(|at| at - width).collect(),
            ),
            JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => {
                (columns.range(..width).copied().collect(), Columns::new())
            }
            JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => {
                let width = join.right.schema().fields().len();
                (Columns::new(), columns.range(..width).copied().collect())
            }
        };
        let changes_nothing = |side: &Arc<LogicalPlan>, of: JoinType, is_right: bool| {
            join.join_type == of && unique::meets_one(&join, is_right)
                || unique::is_product(&join) && unique::is_one_row(side)
        };
        if right.is_empty() && changes_nothing(&join.right, JoinType::Left, true) {
            let plan = self.leave_out(Arc::unwrap_or_clone(join.left), left)?;
            return Ok(Transformed::yes(plan.data));
        }
        let is_lateral = is_lateral(&join.right)?;
        if left.is_empty() && !is_lateral && changes_nothing(&join.left, JoinType::Right, false) {
            let plan = self.leave_out(Arc::unwrap_or_clone(join.right), right)?;
            return Ok(Transformed::yes(plan.data));
        }
        for (of_left, of_right) in &join.on {
            read(of_left, join.left.schema(), &mut left)?;
            read(of_right, join.right.schema(), &mut right)?;
        }
        if let Some(filter) = &join.filter {
            read(filter, join.left.schema(), &mut left)?;
            read(filter, join.right.schema(), &mut right)?;
        }
        if is_lateral {
            left = all(&join.left);
        }
        let mut sides = [left, right].into_iter();
        self.inputs(LogicalPlan::Join(join), |_| {
            sides.next().unwrap_or_default()
        })
    }

    fn scan(&mut self, scan: &TableScan, columns: &Columns) -> Result<()> {
        let provider = source_as_provider(&scan.source);
        let view = provider.as_ref().map(|provider| provider.downcast_ref());
        let Ok(Some(view)) = view else {
            return Ok(());
        };
        let needed = self.0.entry(SharedView::key(view)).or_default();
        match &scan.projection {
            Some(kept) => needed.extend(columns.iter().map(|at| kept[*at])),
            None => needed.extend(columns),
        }
        for filter in &scan.filters {
            for column in filter.column_refs() {
                needed.extend(view.schema.index_of(column.name()));
            }
        }
        Ok(())
    }
}

fn all(plan: &LogicalPlan) -> Columns {
    (0..plan.schema().fields().len()).collect()
}

/// Adds the columns an expression reads, in its subqueries too.
fn read(expr: &Expr, of: &DFSchema, columns: &mut Columns) -> Result<()> {
    expr.apply(|expr| {
        match expr {
            Expr::Column(column) | Expr::OuterReferenceColumn(_, column) => {
                columns.extend(of.maybe_index_of_column(column));
            }
            Expr::Exists(Exists { subquery, .. })
            | Expr::InSubquery(InSubquery { subquery, .. })
            | Expr::SetComparison(SetComparison { subquery, .. })
            | Expr::ScalarSubquery(subquery) => {
                for outer in &subquery.outer_ref_columns {
                    read(outer, of, columns)?;
                }
            }
            _ => {}
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(())
}

/// Whether a side of a join reads columns of the other.
fn is_lateral(plan: &LogicalPlan) -> Result<bool> {
    plan.exists(|node| match node {
        LogicalPlan::Subquery(subquery) => Ok(!subquery.outer_ref_columns.is_empty()),
        _ => Ok(false),
    })
}

/// Whether columns stay where they are when some are left out.
#[recursive::recursive]
fn stays_wide(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Projection(_) | LogicalPlan::TableScan(_) => true,
        LogicalPlan::SubqueryAlias(alias) => stays_wide(&alias.input),
        LogicalPlan::Filter(filter) => stays_wide(&filter.input),
        LogicalPlan::Sort(sort) => stays_wide(&sort.input),
        LogicalPlan::Limit(limit) => stays_wide(&limit.input),
        LogicalPlan::Union(union) => union.inputs.iter().all(|input| stays_wide(input)),
        _ => false,
    }
}
