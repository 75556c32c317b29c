//! The accumulators of an aggregate, driven directly.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};
use datafusion::physical_expr::aggregate::AggregateFunctionExpr;
use datafusion::physical_expr::utils::reassign_expr_columns;
use datafusion::physical_expr::{GroupsAccumulatorAdapter, PhysicalExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateInputMode};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{Cells, Row, Subject, assert_close, batch, cells, session};

/// Groups of the generated rows.
const GROUPS: usize = 3;

/// A generated row: the arguments, its group, and whether a new part begins with it.
type Drawn = (Row, usize, bool);

/// Rows as the accumulators see them.
struct Input {
    rows: Vec<Drawn>,
    expr: Arc<AggregateFunctionExpr>,
}

pub(super) fn check(subject: &Subject) {
    let expr = expression(subject.call);
    let pick = |values: &'static [f64]| {
        // NULL in one row of six.
        prop::option::weighted(0.83, prop::sample::select(values))
    };
    let row = ((pick(subject.x), pick(subject.y)), 0..GROUPS, any::<bool>());
    let rows = prop::collection::vec(row, 0..40);
    let config = Config {
        cases: 200,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&rows, |rows| {
            let input = Input {
                rows,
                expr: Arc::clone(&expr),
            };
            input.plain_equals_loop(subject);
            input.merged_parts_equal_whole();
            input.order_does_not_matter();
            input.groups_equal_adapter(None);
            input.groups_equal_adapter(Some(2));
            input.converted_states_equal_updates();
            input.states_survive_a_round_trip();
            Ok(())
        })
        .unwrap();
}

/// Plans a call and returns what the engine makes of it.
fn expression(call: &str) -> Arc<AggregateFunctionExpr> {
    let plan = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(async {
            let ctx = session();
            ctx.register_batch("t", batch(&[], &[], 0)).unwrap();
            let query = format!("select {call} from t");
            let df = ctx.sql(&query).await.unwrap();
            df.create_physical_plan().await.unwrap()
        });
    find(&plan).expect("a query with an aggregate")
}

fn find(plan: &Arc<dyn ExecutionPlan>) -> Option<Arc<AggregateFunctionExpr>> {
    if let Some(aggregate) = plan.downcast_ref::<AggregateExec>()
        && aggregate.mode().input_mode() == AggregateInputMode::Raw
    {
        return aggregate.aggr_expr().first().map(Arc::clone);
    }
    plan.children().into_iter().find_map(find)
}

impl Input {
    /// Returns arguments, groups and filter of a range of rows.
    fn arguments(
        &self,
        rows: &[Drawn],
        first_place: usize,
    ) -> (Vec<ArrayRef>, Vec<usize>, BooleanArray) {
        let values: Vec<Row> = rows.iter().map(|r| r.0).collect();
        let groups: Vec<usize> = rows.iter().map(|r| r.1).collect();
        let batch = batch(&values, &groups, first_place);
        let picked = batch.column_by_name("pick").unwrap().as_boolean().clone();
        let arguments = self
            .expr
            .expressions()
            .iter()
            .map(|e| evaluate(e, &batch))
            .collect();
        (arguments, groups, picked)
    }

    /// Returns the rows, cut into the generated parts.
    fn parts(&self) -> Vec<(usize, &[Drawn])> {
        let mut starts: Vec<usize> = (0..self.rows.len())
            .filter(|i| *i == 0 || self.rows[*i].2)
            .collect();
        starts.push(self.rows.len());
        starts
            .windows(2)
            .map(|w| (w[0], &self.rows[w[0]..w[1]]))
            .collect()
    }

    fn plain(&self, rows: &[Drawn]) -> Box<dyn Accumulator> {
        let mut accumulator = self.expr.create_accumulator().unwrap();
        let (arguments, ..) = self.arguments(rows, 0);
        accumulator.update_batch(&arguments).unwrap();
        accumulator
    }

    fn plain_equals_loop(&self, subject: &Subject) {
        let rows: Vec<Row> = self.rows.iter().map(|r| r.0).collect();
        let got = result(self.plain(&self.rows).as_mut());
        assert_close(&got, &(subject.slowly)(&rows), &format!("{rows:?}"));
    }

    fn merged_parts_equal_whole(&self) {
        let mut merged = self.expr.create_accumulator().unwrap();
        for (_, part) in self.parts() {
            let state = self.plain(part).state().unwrap();
            let columns: Vec<ArrayRef> = state
                .iter()
                .map(|s| s.to_array_of_size(1).unwrap())
                .collect();
            merged.merge_batch(&columns).unwrap();
        }
        // No tolerance: partitions must not change a digit.
        assert_eq!(
            result(merged.as_mut()),
            result(self.plain(&self.rows).as_mut()),
            "merged parts differ from the whole"
        );
    }

    fn order_does_not_matter(&self) {
        let reversed: Vec<Drawn> = self.rows.iter().rev().copied().collect();
        assert_eq!(
            result(self.plain(&reversed).as_mut()),
            result(self.plain(&self.rows).as_mut()),
            "the order of rows matters"
        );
    }

    /// Both kinds of groups, with a filter, in batches; optionally some groups leave early.
    fn groups_equal_adapter(&self, leave_early: Option<usize>) {
        let expr = Arc::clone(&self.expr);
        let mut slow = GroupsAccumulatorAdapter::new(move || expr.create_accumulator());
        let mut fast = self.expr.create_groups_accumulator().unwrap();
        assert_eq!(
            self.grouped(fast.as_mut(), leave_early),
            self.grouped(&mut slow, leave_early),
            "groups differ from single accumulators"
        );
    }

    fn grouped(
        &self,
        groups: &mut dyn GroupsAccumulator,
        leave_early: Option<usize>,
    ) -> Vec<Cells> {
        let mut results = vec![];
        let mut gone = 0;
        for (i, (place, part)) in self.parts().into_iter().enumerate() {
            let (arguments, indices, filter) = self.arguments(part, place);
            let indices: Vec<usize> = indices.iter().map(|g| g.saturating_sub(gone)).collect();
            groups
                .update_batch(&arguments, &indices, Some(&filter), GROUPS - gone)
                .unwrap();
            assert!(groups.size() > 0);
            if let (0, Some(n)) = (i, leave_early) {
                results.extend(all_cells(&groups.evaluate(EmitTo::First(n)).unwrap()));
                gone = n;
            }
        }
        if !self.rows.is_empty() {
            results.extend(all_cells(&groups.evaluate(EmitTo::All).unwrap()));
        }
        results
    }

    fn converted_states_equal_updates(&self) {
        let mut merged = self.expr.create_groups_accumulator().unwrap();
        for (place, part) in self.parts() {
            let (arguments, indices, filter) = self.arguments(part, place);
            let converter = self.expr.create_groups_accumulator().unwrap();
            let states = converter
                .convert_to_state(&arguments, Some(&filter))
                .unwrap();
            merged.merge_batch(&states, &indices, GROUPS).unwrap();
        }
        self.same_as_updates(merged.as_mut());
    }

    fn states_survive_a_round_trip(&self) {
        let mut merged = self.expr.create_groups_accumulator().unwrap();
        for (place, part) in self.parts() {
            let (arguments, indices, filter) = self.arguments(part, place);
            let mut groups = self.expr.create_groups_accumulator().unwrap();
            groups
                .update_batch(&arguments, &indices, Some(&filter), GROUPS)
                .unwrap();
            // In two pieces, as when memory runs short.
            let first = groups.state(EmitTo::First(1)).unwrap();
            let rest = groups.state(EmitTo::All).unwrap();
            let others: Vec<usize> = (1..GROUPS).collect();
            merged.merge_batch(&first, &[0], GROUPS).unwrap();
            merged.merge_batch(&rest, &others, GROUPS).unwrap();
        }
        self.same_as_updates(merged.as_mut());
    }

    fn same_as_updates(&self, merged: &mut dyn GroupsAccumulator) {
        if self.rows.is_empty() {
            return;
        }
        let mut updated = self.expr.create_groups_accumulator().unwrap();
        assert_eq!(
            all_cells(&merged.evaluate(EmitTo::All).unwrap()),
            self.grouped(updated.as_mut(), None),
            "merged states differ from updates"
        );
    }
}

fn evaluate(expr: &Arc<dyn PhysicalExpr>, batch: &RecordBatch) -> ArrayRef {
    // The plan reads only the columns it needs, in an order of its own.
    let resolved = reassign_expr_columns(Arc::clone(expr), &batch.schema()).unwrap();
    resolved
        .evaluate(batch)
        .unwrap()
        .into_array(batch.num_rows())
        .unwrap()
}

fn result(accumulator: &mut dyn Accumulator) -> Cells {
    let value = accumulator.evaluate().unwrap();
    // Windows call this for every row: the state must still be there.
    assert_eq!(accumulator.evaluate().unwrap(), value);
    cells(&value.to_array_of_size(1).unwrap(), 0)
}

fn all_cells(array: &ArrayRef) -> Vec<Cells> {
    (0..array.len()).map(|row| cells(array, row)).collect()
}
