//! What tells the rows of a plan apart, as far as its operators say.
//!
//! A group's keys, what `distinct` compares, the first row of every partition: no
//! two rows share them. Nothing is taken from what a header promises or a source
//! claims, so what is found holds for any rows.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::catalog::TableProvider;
use datafusion::common::{DFSchema, JoinType, NullEquality, ScalarValue};
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{
    Aggregate, BinaryExpr, Distinct, Expr, ExprSchemable, Join, LogicalPlan, Operator, Projection,
    Window,
};

use super::SharedView;
use crate::rules::keyed::Keyed;

/// Positions of columns.
type Columns = BTreeSet<usize>;

/// More keys than this are not followed: joins of joins would multiply them.
const MAX_KEYS: usize = 8;

/// What tells the rows of a plan apart.
#[derive(Debug, Clone, Default)]
pub(super) struct Unique {
    /// No two rows have the same values in all columns of a key, none of them NULL. Where a
    /// key has no columns, there is one row at most.
    keys: Vec<Columns>,
    /// Columns that number the rows of a group from 1, and what makes the group.
    numbers: Vec<(usize, Columns)>,
    /// Columns of the two sides of a full join, of which whichever has a value is a key.
    either: Vec<(usize, usize)>,
}

impl Unique {
    #[recursive::recursive]
    pub(super) fn of(plan: &LogicalPlan) -> Self {
        match plan {
            LogicalPlan::Projection(projection) => Self::of_projection(projection),
            LogicalPlan::Filter(filter) => {
                let rows = Self::of(&filter.input);
                rows.where_fixed(&Fixed::by(&filter.predicate, filter.input.schema()))
            }
            LogicalPlan::Window(window) => Self::of_window(window),
            LogicalPlan::Aggregate(aggregate) => Self::of_groups(aggregate),
            LogicalPlan::Sort(sort) => Self::of(&sort.input),
            LogicalPlan::Limit(limit) => Self::of(&limit.input),
            LogicalPlan::Join(join) => Self::of_join(join),
            LogicalPlan::SubqueryAlias(alias) => Self::of(&alias.input),
            LogicalPlan::Distinct(distinct) => Self::of_distinct(distinct),
            LogicalPlan::TableScan(scan) => {
                let rows = source_as_provider(&scan.source).map(|table| Self::of_table(&table));
                match (rows, &scan.projection) {
                    (Ok(rows), None) => rows,
                    (Ok(rows), Some(kept)) => {
                        rows.moved(|at| kept.iter().position(|kept| *kept == at))
                    }
                    (Err(_), _) => Unique::default(),
                }
            }
            LogicalPlan::EmptyRelation(_) => Unique::with_key(Columns::new()),
            LogicalPlan::Values(values) if values.values.len() == 1 => {
                Unique::with_key(Columns::new())
            }
            _ => Unique::default(),
        }
    }

    fn of_table(table: &Arc<dyn TableProvider>) -> Self {
        if let Some(view) = table.downcast_ref::<SharedView>() {
            return view.unique().clone();
        }
        match table.downcast_ref::<Keyed>() {
            Some(rules) => Unique::with_key(rules.key().clone()),
            None => Unique::default(),
        }
    }

    /// Whether `columns` tell all rows apart that have a value in each of them.
    pub(super) fn is_by(&self, columns: &Columns) -> bool {
        self.keys.iter().any(|key| key.is_subset(columns))
    }

    fn with_key(key: Columns) -> Self {
        Unique {
            keys: vec![key],
            ..Unique::default()
        }
    }

    fn add(&mut self, key: Columns) {
        if self.keys.len() < MAX_KEYS && !self.is_by(&key) {
            self.keys.push(key);
        }
    }

    /// Says the same of columns that stand elsewhere now, or are gone.
    fn moved(&self, to: impl Fn(usize) -> Option<usize>) -> Self {
        let all = |columns: &Columns| columns.iter().map(|at| to(*at)).collect();
        Unique {
            keys: self.keys.iter().filter_map(&all).collect(),
            numbers: self
                .numbers
                .iter()
                .filter_map(|(number, group)| Some((to(*number)?, all(group)?)))
                .collect(),
            either: self
                .either
                .iter()
                .filter_map(|(left, right)| Some((to(*left)?, to(*right)?)))
                .collect(),
        }
    }

    /// Says it of those rows alone that have what is fixed in its columns.
    fn where_fixed(mut self, fixed: &Fixed) -> Self {
        for at in &fixed.to_one {
            let firsts = self.numbers.iter().filter(|(number, _)| number == at);
            let groups: Vec<Columns> = firsts.map(|(_, group)| group.clone()).collect();
            groups.into_iter().for_each(|group| self.add(group));
        }
        for key in &mut self.keys {
            key.retain(|at| !fixed.columns.contains(at));
        }
        self
    }

    fn of_projection(projection: &Projection) -> Self {
        let schema = projection.input.schema();
        let from: Vec<Option<usize>> = projection
            .expr
            .iter()
            .map(|expr| position(expr, schema))
            .collect();
        let input = Self::of(&projection.input);
        let mut rows = input.moved(|at| from.iter().position(|from| *from == Some(at)));
        for (at, expr) in projection.expr.iter().enumerate() {
            if coalesced(expr, schema).is_some_and(|pair| input.either.contains(&pair)) {
                rows.add(Columns::from([at]));
            }
        }
        rows
    }

    fn of_window(window: &Window) -> Self {
        let schema = window.input.schema();
        let mut rows = Self::of(&window.input);
        for (at, expr) in window.window_expr.iter().enumerate() {
            if let Expr::WindowFunction(function) = without_names(expr)
                && let Some(group) = numbered(function, schema)
            {
                rows.numbers.push((schema.fields().len() + at, group));
            }
        }
        rows
    }

    fn of_groups(aggregate: &Aggregate) -> Self {
        let groups = &aggregate.group_expr;
        if matches!(groups.as_slice(), [Expr::GroupingSet(_)]) {
            return Unique::default();
        }
        let schema = aggregate.input.schema();
        let from: Vec<Option<usize>> = groups.iter().map(|expr| position(expr, schema)).collect();
        let input = Self::of(&aggregate.input);
        let mut rows = Unique {
            keys: input
                .moved(|at| from.iter().position(|from| *from == Some(at)))
                .keys,
            ..Unique::default()
        };
        rows.add((0..groups.len()).collect());
        rows
    }

    fn of_distinct(distinct: &Distinct) -> Self {
        match distinct {
            Distinct::All(input) => {
                let mut rows = Self::of(input);
                rows.add((0..input.schema().fields().len()).collect());
                rows
            }
            Distinct::On(on) => {
                let place = |expr: &Expr| {
                    let same = |selected: &Expr| without_names(selected) == without_names(expr);
                    on.select_expr.iter().position(same)
                };
                match on.on_expr.iter().map(place).collect() {
                    Some(key) => Unique::with_key(key),
                    None => Unique::default(),
                }
            }
        }
    }

    fn of_join(join: &Join) -> Self {
        let (left, right) = (Self::of(&join.left), Self::of(&join.right));
        let met = Met::by(join);
        let width = join.left.schema().fields().len();
        let right = right.moved(|at| Some(at + width));
        // What is fixed by the condition is so for the rows that meet, and for no others.
        let of_right = |at: &usize| at + width;
        let rights: Columns = met.right.columns.iter().map(of_right).collect();
        let meets_one = right.is_by(&rights);
        let meets_one_of_left = left.is_by(&met.left.columns);
        let keeps = |rows: &Unique, all: bool| {
            let is_true = |key: &&Columns| all || !key.is_empty();
            rows.keys.iter().filter(is_true).cloned().collect()
        };
        let (of_left, of_right): (Vec<Columns>, Vec<Columns>) = match join.join_type {
            JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => return left,
            JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => {
                return right.moved(|at| at.checked_sub(width));
            }
            JoinType::Inner => (keeps(&left, true), keeps(&right, true)),
            JoinType::Left => (keeps(&left, true), keeps(&right, false)),
            JoinType::Right => (keeps(&left, false), keeps(&right, true)),
            JoinType::Full => (keeps(&left, false), keeps(&right, false)),
        };
        let mut rows = Unique::default();
        if meets_one {
            of_left.iter().for_each(|key| rows.add(key.clone()));
            if matches!(join.join_type, JoinType::Inner | JoinType::Left) {
                rows.numbers = left.numbers;
                rows.either = left.either;
            }
        }
        if meets_one_of_left {
            of_right.iter().for_each(|key| rows.add(key.clone()));
        }
        if join.join_type == JoinType::Full && conditions(join) == 1 {
            // Were there more, rows of one key could miss each other and stand there twice.
            let is_key = |(left, right): &(usize, usize)| {
                of_left.contains(&Columns::from([*left]))
                    && of_right.contains(&Columns::from([*right]))
            };
            let pairs = met.pairs.iter().map(|(left, right)| (*left, right + width));
            rows.either = pairs.filter(is_key).collect();
        }
        if rows.keys.is_empty() && !(of_left.is_empty() || of_right.is_empty()) {
            for left in &of_left {
                for right in &of_right {
                    rows.add(left | right);
                }
            }
        }
        // Rows that meet have the same in both columns, so one tells of the other.
        if matches!(join.join_type, JoinType::Inner | JoinType::Left) {
            for (left, right) in &met.pairs {
                rows.stand_in(*left, right + width);
            }
        }
        if matches!(join.join_type, JoinType::Inner | JoinType::Right) {
            for (left, right) in &met.pairs {
                rows.stand_in(right + width, *left);
            }
        }
        rows
    }

    /// Adds keys in which `to` takes the place of `from`.
    fn stand_in(&mut self, from: usize, to: usize) {
        let with = self.keys.iter().filter(|key| key.contains(&from)).cloned();
        for mut key in with.collect::<Vec<_>>() {
            key.remove(&from);
            key.insert(to);
            self.add(key);
        }
    }
}

/// Columns that a condition holds to one value.
#[derive(Default)]
struct Fixed {
    columns: Columns,
    /// Those of them whose value is the number one.
    to_one: Columns,
}

impl Fixed {
    fn by(condition: &Expr, schema: &DFSchema) -> Self {
        let mut fixed = Fixed::default();
        for (one, other) in equations(condition) {
            fixed.add(one, other, schema);
            fixed.add(other, one, schema);
        }
        fixed
    }

    fn add(&mut self, column: &Expr, value: &Expr, schema: &DFSchema) {
        let Some(at) = position(column, schema) else {
            return;
        };
        let Some(value) = constant(value) else {
            return;
        };
        self.columns.insert(at);
        if let Ok(ScalarValue::Int64(Some(1))) = value.cast_to(&DataType::Int64) {
            self.to_one.insert(at);
        }
    }
}

/// What the rows of a join that meet have in common.
struct Met {
    /// Columns of either side that the other side, or a constant, gives the value of.
    left: Fixed,
    right: Fixed,
    /// Columns that are equal.
    pairs: Vec<(usize, usize)>,
}

impl Met {
    fn by(join: &Join) -> Self {
        let (left, right) = (join.left.schema(), join.right.schema());
        let mut met = Met {
            left: Fixed::default(),
            right: Fixed::default(),
            pairs: Vec::new(),
        };
        if join.null_equality == NullEquality::NullEqualsNothing {
            for (of_left, of_right) in &join.on {
                met.add(of_left, of_right, left, right);
            }
        }
        let Some(filter) = &join.filter else {
            return met;
        };
        met.left = Fixed::by(filter, left).and(met.left);
        met.right = Fixed::by(filter, right).and(met.right);
        for (one, other) in equations(filter) {
            met.add(one, other, left, right);
            met.add(other, one, left, right);
        }
        met
    }

    /// Adds that what is `of_left` has the value of what is `of_right`, if they are.
    fn add(&mut self, of_left: &Expr, of_right: &Expr, left: &DFSchema, right: &DFSchema) {
        if !is_of(of_left, left) || !is_of(of_right, right) {
            return;
        }
        let (at_left, at_right) = (position(of_left, left), position(of_right, right));
        self.left.columns.extend(at_left);
        self.right.columns.extend(at_right);
        self.pairs.extend(at_left.zip(at_right));
    }
}

/// Whether an expression has one value for every row of a side.
fn is_of(expr: &Expr, side: &DFSchema) -> bool {
    let columns = expr.column_refs();
    let mut columns = columns.iter();
    !expr.is_volatile() && columns.all(|column| side.maybe_index_of_column(column).is_some())
}

/// The two columns of which an expression takes whichever has a value.
fn coalesced(expr: &Expr, schema: &DFSchema) -> Option<(usize, usize)> {
    let Expr::ScalarFunction(function) = without_names(expr) else {
        return None;
    };
    let [one, other] = function.args.as_slice() else {
        return None;
    };
    let (one, other) = (position(one, schema)?, position(other, schema)?);
    (function.name() == "coalesce").then(|| (one.min(other), one.max(other)))
}

impl Fixed {
    fn and(mut self, other: Fixed) -> Self {
        self.columns.extend(other.columns);
        self.to_one.extend(other.to_one);
        self
    }
}

/// The columns of the right, or left, side that have one value where rows meet: whether a row
/// of the other side meets one row at most.
pub(super) fn meets_one(join: &Join, on_the_right: bool) -> bool {
    let met = Met::by(join);
    let (plan, fixed) = match on_the_right {
        true => (&join.right, met.right),
        false => (&join.left, met.left),
    };
    Unique::of(plan).where_fixed(&fixed).is_by(&fixed.columns)
}

/// How many things a join asks of rows that meet.
fn conditions(join: &Join) -> usize {
    let filter = join.filter.as_ref();
    join.on.len() + filter.map_or(0, |filter| split_conjunction(filter).len())
}

fn equations(condition: &Expr) -> Vec<(&Expr, &Expr)> {
    split_conjunction(condition)
        .into_iter()
        .filter_map(|part| match part {
            Expr::BinaryExpr(BinaryExpr {
                left,
                op: Operator::Eq,
                right,
            }) => Some((left.as_ref(), right.as_ref())),
            _ => None,
        })
        .collect()
}

fn without_names(expr: &Expr) -> &Expr {
    match expr {
        Expr::Alias(alias) => without_names(&alias.expr),
        other => other,
    }
}

/// Where the column is that an expression passes on; casts that keep values apart count as it.
fn position(expr: &Expr, schema: &DFSchema) -> Option<usize> {
    match expr {
        Expr::Alias(alias) => position(&alias.expr, schema),
        Expr::Column(column) => schema.maybe_index_of_column(column),
        Expr::Cast(cast) => {
            let from = cast.expr.get_type(schema).ok()?;
            let to = cast.field.data_type();
            let keeps = is_text(&from) && is_text(to)
                || from.is_integer()
                    && (to.is_integer() || matches!(to, DataType::Decimal128(_, 0)));
            keeps.then(|| position(&cast.expr, schema)).flatten()
        }
        _ => None,
    }
}

fn is_text(of: &DataType) -> bool {
    matches!(
        of,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    )
}

/// The value of a literal, casts aside.
fn constant(expr: &Expr) -> Option<&ScalarValue> {
    match expr {
        Expr::Literal(value, _) => Some(value),
        Expr::Alias(alias) => constant(&alias.expr),
        Expr::Cast(cast) => constant(&cast.expr),
        _ => None,
    }
}

/// The columns within whose values a window function numbers rows.
fn numbered(function: &WindowFunction, schema: &DFSchema) -> Option<Columns> {
    let groups = &function.params.partition_by;
    (function.fun.name() == "row_number" && function.params.filter.is_none())
        .then(|| groups.iter().map(|expr| position(expr, schema)).collect())
        .flatten()
}

/// Whether a plan has one row, whatever it reads.
#[recursive::recursive]
pub(super) fn is_one_row(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Aggregate(aggregate) => aggregate.group_expr.is_empty(),
        LogicalPlan::EmptyRelation(relation) => relation.produce_one_row,
        LogicalPlan::Projection(projection) => is_one_row(&projection.input),
        LogicalPlan::Window(window) => is_one_row(&window.input),
        LogicalPlan::SubqueryAlias(alias) => is_one_row(&alias.input),
        LogicalPlan::Join(join) => {
            is_product(join) && is_one_row(&join.left) && is_one_row(&join.right)
        }
        LogicalPlan::TableScan(scan) => source_as_provider(&scan.source).is_ok_and(|provider| {
            let view = provider.downcast_ref::<SharedView>();
            view.is_some_and(|view| is_one_row(&view.plan))
        }),
        _ => false,
    }
}

/// Whether a join puts every row of one side beside every row of the other.
pub(super) fn is_product(join: &Join) -> bool {
    join.join_type == JoinType::Inner && join.on.is_empty() && join.filter.is_none()
}
