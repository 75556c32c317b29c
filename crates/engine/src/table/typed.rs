//! Rows of a mapping given the promised columns and types, and one row a key where asked.
//!
//! What would lose meaning is refused with what to write; nothing is converted by guessing.

use std::sync::Arc;

use arrow::datatypes::{DataType, TimeUnit};

use datafusion::catalog::TableProvider;
use datafusion::common::Column;
use datafusion::common::JoinType;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionState;
use datafusion::functions::expr_fn::{btrim, lower};
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::{ExprFunctionExt, LogicalPlan, LogicalPlanBuilder, case, cast, lit};
use datafusion::prelude::{Expr, ident};
use datafusion::scalar::ScalarValue;
use indexmap::IndexMap;

use super::canonical::{CanonicalColumn, CanonicalTable, Type, instant_type};
use super::mapping::{MappedTable, Mapper, Rows, is_text};
use crate::error::{Error, Result};
use crate::shared::SharedView;
use crate::workspace::At;

impl Mapper<'_> {
    /// Gives the rows the promised columns, order and types.
    pub(super) fn typed(
        &self,
        table: &CanonicalTable,
        rows: &Rows,
        id_type: &dyn Fn(&str) -> DataType,
        id_map: Option<&Arc<dyn TableProvider>>,
    ) -> Result<MappedTable> {
        let spec = self.workspace.tables.get(&table.name);
        let codes = spec.map(|spec| &spec.codes);
        let schema = rows.plan.schema();
        let source_zone = self.source_zone(&rows.plan)?;
        let mut absent = Vec::new();
        let mut columns = Vec::new();
        for column in &table.columns {
            let field = schema.fields().iter().find(|f| *f.name() == column.name);
            let expr = match field {
                Some(field) if *field.data_type() != DataType::Null => {
                    let wanted = match &column.ty {
                        Type::Id(domain) => id_type(domain),
                        other => other.default_type(self.zone()),
                    };
                    self.convert(column, field.data_type(), &wanted, source_zone)
                        .map_err(|(found, hint)| Error::Workspace {
                            at: rows.at.get(&column.name).cloned(),
                            message: format!(
                                "{}.{} must be {}, and its expression is {found}",
                                table.name,
                                column.name,
                                column.ty.name(),
                            ),
                            hint: Some(hint.to_owned()),
                        })?
                }
                _ => {
                    absent.push(column.name.clone());
                    let data_type = match &column.ty {
                        Type::Id(domain) => id_type(domain),
                        other => other.default_type(self.zone()),
                    };
                    let null =
                        ScalarValue::try_from(&data_type).map_err(|e| Error::query("", e))?;
                    lit(null)
                }
            };
            let expr = match codes.and_then(|codes| codes.get(&column.name)) {
                Some(codes) => coded(table, column, expr, codes, &absent)?,
                None => expr,
            };
            columns.push(expr.alias(&column.name));
        }
        let is_deduped = spec.is_some_and(|t| t.dedupe);
        let failed = |e| Error::query(&table.name, e);
        let typed = LogicalPlanBuilder::from(rows.plan.clone())
            .project(columns)
            .and_then(LogicalPlanBuilder::build)
            .map_err(failed)?;
        let typed = match spec.and_then(|spec| spec.identity.as_ref()) {
            Some(source) => self.identified(table, typed, source, id_map)?,
            None => typed,
        };
        let view = |plan| Arc::new(ViewTable::new(plan, None)) as Arc<dyn TableProvider>;
        let (plan, to_share, with_copies) = if is_deduped {
            let single = |state: Option<&SessionState>| {
                let single = one_row_per_key(typed.clone().into(), table, state);
                single.and_then(LogicalPlanBuilder::build).map_err(failed)
            };
            let shared = single(Some(&self.ctx.state()))?;
            (single(None)?, Some(view(shared)), Some(view(typed)))
        } else {
            (typed, None, None)
        };
        Ok(MappedTable {
            provider: view(plan),
            to_share,
            with_copies,
            is_mapped: true,
            absent,
            is_materialized: spec.is_some_and(|t| t.materialize),
            rule: None,
        })
    }

    /// Returns the zone of naive timestamps in rows: that of the sources they are read
    /// from, UTC where they come from none, and nothing where these disagree.
    fn source_zone(&self, plan: &LogicalPlan) -> Result<Option<chrono_tz::Tz>> {
        let mut zones = Vec::new();
        plan.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node
                && let Some(source) = self.workspace.sources.get(scan.table_name.table())
            {
                zones.push(source.time_zone);
            }
            Ok(TreeNodeRecursion::Continue)
        })
        .map_err(|e| Error::query("", e))?;
        let zone = zones.first().copied().unwrap_or(chrono_tz::UTC);
        Ok(zones.iter().all(|other| *other == zone).then_some(zone))
    }

    /// Converts without guessing; `Err` says what was found and what to write.
    fn convert(
        &self,
        column: &CanonicalColumn,
        found: &DataType,
        wanted: &DataType,
        source_zone: Option<chrono_tz::Tz>,
    ) -> Result<Expr, (String, &'static str)> {
        let input = ident(&column.name);
        let refuse = |hint| Err((found.to_string(), hint));
        if found == wanted {
            return Ok(input);
        }
        let naive_zone = || {
            source_zone.ok_or((
                format!("{found} from sources of several time zones"),
                "to_instant(x, 'Europe/London') in the query, with the zone of its source",
            ))
        };
        match &column.ty {
            Type::Id(_) => Ok(cast(input, wanted.clone())),
            Type::Text => match found {
                text if is_text(text) || text.is_integer() => Ok(cast(input, wanted.clone())),
                DataType::Boolean => Ok(cast(input, wanted.clone())),
                _ => refuse("cast(x as varchar)"),
            },
            Type::Integer => match found {
                integer if integer.is_integer() => Ok(cast(input, wanted.clone())),
                _ => refuse("cast(round(x) as bigint), if the fraction may go"),
            },
            Type::Float => match found {
                number if number.is_numeric() => Ok(cast(input, wanted.clone())),
                _ => refuse("cast(x as double)"),
            },
            Type::Money => match found {
                DataType::Decimal32(p, s)
                | DataType::Decimal64(p, s)
                | DataType::Decimal128(p, s) => Ok(cast(input, DataType::Decimal128(*p, *s))),
                DataType::Decimal256(..) => refuse("cast(x as decimal(38, 2))"),
                // Floats are rounded to hundredths, integers are whole units.
                number if number.is_numeric() => Ok(cast(input, wanted.clone())),
                _ => refuse("cast(x as decimal(18, 2))"),
            },
            Type::Boolean => refuse("a condition, as in x = 'yes'"),
            Type::Date => match found {
                DataType::Date64 => Ok(cast(input, wanted.clone())),
                DataType::Timestamp(..) => {
                    let instant = self.instant(input, found, naive_zone)?;
                    Ok(cast(instant, DataType::Date32))
                }
                _ => refuse("cast(x as date)"),
            },
            Type::Instant => match found {
                DataType::Date32 | DataType::Date64 => {
                    // A day is a day of the workspace, wherever the file was written.
                    let naive = cast(input, DataType::Timestamp(TimeUnit::Microsecond, None));
                    Ok(self.read_as_local(naive, self.workspace.settings.time_zone()))
                }
                DataType::Timestamp(..) => self.instant(input, found, naive_zone),
                _ => refuse(
                    "to_timestamp_seconds(to_unixtime(x, '%d.%m.%Y %H:%M')), with the format of the text",
                ),
            },
        }
    }

    /// Makes a timestamp an instant of the workspace; `naive_zone` is asked only for one
    /// that says no zone itself.
    fn instant<E>(
        &self,
        input: Expr,
        found: &DataType,
        naive_zone: impl FnOnce() -> Result<chrono_tz::Tz, E>,
    ) -> Result<Expr, E> {
        Ok(match found {
            DataType::Timestamp(_, Some(_)) => cast(input, instant_type(self.zone())),
            DataType::Timestamp(TimeUnit::Microsecond, None) => {
                self.read_as_local(input, naive_zone()?)
            }
            _ => {
                let naive = cast(input, DataType::Timestamp(TimeUnit::Microsecond, None));
                self.read_as_local(naive, naive_zone()?)
            }
        })
    }

    /// Reads a naive timestamp as local time of `zone`.
    ///
    /// UTC is relabelled by casts, which DataFusion unwraps rightly, so filters
    /// prune. Any other zone goes through `to_instant`: a filter over a cast from
    /// naive to such a zone is unwrapped as if the zone were UTC.
    fn read_as_local(&self, naive: Expr, zone: chrono_tz::Tz) -> Expr {
        if zone == chrono_tz::UTC {
            return cast(cast(naive, instant_type("UTC")), instant_type(self.zone()));
        }
        let instant = aftersight_functions::to_instant().call(vec![naive, lit(zone.name())]);
        cast(instant, instant_type(self.zone()))
    }
}

/// Keeps the row of each key that was recorded last; copies of a row become one.
///
/// Copies are rare, so only the keys are grouped for the whole table: rows of a
/// key that stands once pass as they are, and the few others are ranked: with a
/// session, once a statement, however often that reads the table. Taking
/// the last value of every column would hold the whole table in memory.
fn one_row_per_key(
    builder: LogicalPlanBuilder,
    table: &CanonicalTable,
    state: Option<&SessionState>,
) -> Result<LogicalPlanBuilder, DataFusionError> {
    let rows = builder.build()?;
    let keys: Vec<Expr> = table.key.iter().map(ident).collect();
    let columns: Vec<Expr> = table.columns.iter().map(|c| ident(&c.name)).collect();
    let twin = |key: &String| format!("twin_{key}");
    let twin_keys = table.key.iter().map(|key| ident(key).alias(twin(key)));
    let twin_keys: Vec<Expr> = twin_keys.collect();
    let on = || {
        let left: Vec<Column> = table.key.iter().map(Column::from_name).collect();
        let twins = table.key.iter().map(|key| Column::from_name(twin(key)));
        (left, twins.collect::<Vec<_>>())
    };
    let twins = LogicalPlanBuilder::from(rows.clone())
        .aggregate(keys.clone(), vec![count(lit(1_i64)).alias("n_rows")])?
        .filter(ident("n_rows").gt(lit(1_i64)))?
        .project(twin_keys.clone())?
        .build()?;
    let mut order = Vec::new();
    if table.columns.iter().any(|c| c.name == "recorded_at") {
        order.push(ident("recorded_at").sort(false, false));
    }
    let rank = row_number()
        .partition_by(keys)
        .order_by(order)
        .build()?
        .alias("twin_rank");
    let kept = LogicalPlanBuilder::from(rows.clone())
        .join(twins, JoinType::LeftSemi, on(), None)?
        .window(vec![rank])?
        .filter(ident("twin_rank").eq(lit(1_u64)))?
        .project(columns.clone())?
        .build()?;
    let kept = match state {
        Some(state) => {
            let kept = SharedView::new(format!("{}: copies", table.name), kept, false, state)?;
            let kept = provider_as_source(Arc::new(kept));
            LogicalPlanBuilder::scan("copies", kept, None)?.build()?
        }
        None => kept,
    };
    let keys_of_kept = LogicalPlanBuilder::from(kept.clone()).project(twin_keys)?;
    let single = LogicalPlanBuilder::from(rows)
        .join(keys_of_kept.build()?, JoinType::LeftAnti, on(), None)?
        .project(columns.clone())?;
    let kept = LogicalPlanBuilder::from(kept).project(columns)?;
    single.union(kept.build()?)
}

/// Puts codes in the place of the source's; what is not listed stays as it is.
fn coded(
    table: &CanonicalTable,
    column: &CanonicalColumn,
    expr: Expr,
    codes: &IndexMap<String, At<String>>,
    absent: &[String],
) -> Result<Expr> {
    let Some((_, first)) = codes.first() else {
        return Ok(expr);
    };
    let wrong = |message: String, hint: &str| Error::Workspace {
        at: Some(first.at.clone()),
        message,
        hint: Some(hint.to_owned()),
    };
    let place = format!("{}.{}", table.name, column.name);
    if column.ty != Type::Text {
        let message = format!("{place} is {}, and codes are of texts", column.ty.name());
        return Err(wrong(message, "write a case expression in its mapping"));
    }
    if absent.contains(&column.name) {
        let message = format!("codes for {place}, which the mapping does not fill");
        return Err(wrong(message, "map the column first"));
    }
    let text = |text: &str| lit(ScalarValue::Utf8View(Some(text.to_owned())));
    let found = lower(btrim(vec![cast(expr.clone(), DataType::Utf8)]));
    let mut cases = codes.iter().map(|(from, to)| {
        let from = lit(from.trim().to_lowercase());
        (from, text(&to.value))
    });
    let Some((from, to)) = cases.next() else {
        return Ok(expr);
    };
    let mut case_of = case(found);
    let mut built = case_of.when(from, to);
    for (from, to) in cases {
        built = built.when(from, to);
    }
    built
        .otherwise(cast(expr, DataType::Utf8View))
        .map_err(|e| Error::query(&place, e))
}
