//! A workspace's mapping, checked expression by expression and turned into a table.
//!
//! Every expression is planned alone first, so that a complaint names the key
//! it stands under. The rows then get the canonical types; what cannot become
//! the promised type without a guess is an error that says what to write.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Column, DFSchema, JoinType};
use datafusion::datasource::{MemTable, ViewTable};
use datafusion::error::DataFusionError;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::utils::find_window_exprs;
use datafusion::logical_expr::{
    ExprFunctionExt, ExprSchemable, LogicalPlan, LogicalPlanBuilder, cast, lit,
};
use datafusion::prelude::{Expr, SessionContext, ident};
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{Expr as SqlExpr, VisitMut, VisitorMut};
use indexmap::IndexMap;

use super::canonical::{CanonicalColumn, CanonicalTable, CanonicalTables, Type, instant_type};
use crate::error::{Error, Location, Result};
use crate::suggest::did_you_mean;
use crate::workspace::{At, TableRows, TableSpec, Workspace};

/// A canonical table of this workspace.
#[derive(Debug)]
pub struct MappedTable {
    /// The table.
    pub provider: Arc<dyn TableProvider>,
    /// Whether the workspace maps it; else it is registered empty.
    pub is_mapped: bool,
    /// Columns no source fills.
    pub absent: Vec<String>,
    /// Whether its rows are computed once a session and kept in memory.
    pub is_materialized: bool,
    /// The table before `dedupe` dropped copies of rows; none where it was not asked for.
    pub with_copies: Option<Arc<dyn TableProvider>>,
}

/// Turns mappings into tables. Knows the session and the workspace.
pub struct Mapper<'a> {
    /// Session in which the sources are registered as `source.*`.
    pub ctx: &'a SessionContext,
    /// The workspace file.
    pub workspace: &'a Workspace,
    /// Reads a file beside the workspace file.
    pub read_file: &'a (dyn Fn(&str) -> std::io::Result<String> + Sync),
}

/// A mapping before canonical types are given: one expression per mapped column.
struct Rows {
    plan: LogicalPlan,
    at: BTreeMap<String, Location>,
}

impl Mapper<'_> {
    /// Opens every canonical table, in canonical order.
    pub async fn map_all(&self) -> Result<IndexMap<String, MappedTable>> {
        let mut rows = IndexMap::new();
        for table in CanonicalTables::get().iter() {
            if let Some(spec) = self.workspace.tables.get(&table.name) {
                rows.insert(table.name.as_str(), self.rows(table, spec).await?);
            }
        }
        let id_types = self.id_types(&rows)?;
        let id_type = |domain: &str| match id_types.get(domain) {
            Some((ty, _)) => ty.clone(),
            None => DataType::Utf8View,
        };
        let mut tables = IndexMap::new();
        for table in CanonicalTables::get().iter() {
            let mapped = match rows.shift_remove(table.name.as_str()) {
                Some(rows) => self.typed(table, &rows, &id_type)?,
                None => {
                    let schema = table.empty_schema(self.zone(), id_type);
                    let empty = MemTable::try_new(schema, vec![vec![]]);
                    MappedTable {
                        provider: Arc::new(empty.map_err(|e| Error::query(&table.name, e))?),
                        is_mapped: false,
                        absent: Vec::new(),
                        is_materialized: false,
                        with_copies: None,
                    }
                }
            };
            tables.insert(table.name.clone(), mapped);
        }
        Ok(tables)
    }

    fn zone(&self) -> &'static str {
        self.workspace.settings.time_zone().name()
    }

    async fn rows(&self, table: &CanonicalTable, spec: &TableSpec) -> Result<Rows> {
        match &spec.rows {
            TableRows::Mapped {
                from,
                filter,
                columns,
                group_by,
            } => {
                self.mapped_rows(
                    table,
                    spec,
                    from,
                    filter.as_ref(),
                    columns.as_ref(),
                    group_by,
                )
                .await
            }
            TableRows::Query { file } => self.query_rows(table, file).await,
        }
    }

    async fn query_rows(&self, table: &CanonicalTable, file: &At<String>) -> Result<Rows> {
        let text = if is_query(&file.value) {
            file.value.clone()
        } else {
            (self.read_file)(&file.value).map_err(|e| Error::Workspace {
                at: Some(file.at.clone()),
                message: format!("cannot read {}: {e}", file.value),
                hint: Some("the path starts from the workspace file".into()),
            })?
        };
        let name = if is_query(&file.value) {
            format!("{} [tables.{}]", file.at.file, table.name)
        } else {
            file.value.clone()
        };
        let state = self.ctx.state();
        let failed = |e: DataFusionError| Error::query(&text, e).in_file(&name);
        let plan = crate::bind::plan_one(&state, &text).await.map_err(failed)?;
        let columns: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
        for field in plan.schema().fields() {
            if !columns.contains(&field.name().as_str()) {
                return Err(Error::Workspace {
                    at: Some(file.at.clone()),
                    message: format!(
                        "{name} returns `{}`, which {} does not have",
                        field.name(),
                        table.name
                    ),
                    hint: did_you_mean(field.name(), columns.iter().copied()),
                });
            }
        }
        let at = plan
            .schema()
            .fields()
            .iter()
            .map(|f| (f.name().clone(), file.at.clone()))
            .collect();
        let rows = Rows { plan, at };
        require(table, &rows, &file.at)?;
        Ok(rows)
    }

    async fn mapped_rows(
        &self,
        table: &CanonicalTable,
        spec: &TableSpec,
        from: &At<String>,
        filter: Option<&At<String>>,
        columns: Option<&IndexMap<String, At<String>>>,
        group_by: &[At<String>],
    ) -> Result<Rows> {
        let source = format!("source.\"{}\"", from.value);
        let failed = |e: DataFusionError| Error::query(&source, e);
        let frame = self.ctx.table(source.as_str()).await.map_err(failed)?;
        let plan = frame.into_unoptimized_plan();
        let schema = Arc::clone(plan.schema());
        let mut builder = LogicalPlanBuilder::from(plan);
        if let Some(filter) = filter {
            let filter = self.expression(&schema, filter, &from.value, "where")?;
            builder = builder.filter(filter).map_err(failed)?;
        }
        let mut at = BTreeMap::new();
        let mut mapped: Vec<(String, Expr)> = Vec::new();
        match columns {
            Some(columns) => {
                for (name, text) in columns {
                    mapped.push((
                        name.clone(),
                        self.expression(&schema, text, &from.value, name)?,
                    ));
                    at.insert(name.clone(), text.at.clone());
                }
            }
            None => {
                for column in &table.columns {
                    if schema.has_column_with_unqualified_name(&column.name) {
                        mapped.push((column.name.clone(), ident(&column.name)));
                        at.insert(column.name.clone(), spec.at.clone());
                    }
                }
            }
        }
        let keys: Vec<Expr> = group_by
            .iter()
            .map(|key| self.expression(&schema, key, &from.value, "group_by"))
            .collect::<Result<_>>()?;
        let is_grouped = !keys.is_empty() || mapped.iter().any(|(_, e)| has_aggregate(e));
        let plan = if is_grouped {
            self.grouped(table, spec, builder, &mapped, keys, &at)?
        } else {
            let columns = mapped.iter().map(|(name, e)| e.clone().alias(name));
            let windows = find_window_exprs(mapped.iter().map(|(_, e)| e));
            let builder = if windows.is_empty() {
                builder
            } else {
                let windowed = builder
                    .build()
                    .and_then(|rows| LogicalPlanBuilder::window_plan(rows, windows));
                LogicalPlanBuilder::from(windowed.map_err(failed)?)
            };
            builder
                .project(columns)
                .and_then(LogicalPlanBuilder::build)
                .map_err(failed)?
        };
        let rows = Rows { plan, at };
        require(table, &rows, &spec.at)?;
        Ok(rows)
    }

    /// Plans `select ... group by ...`: aggregates below, whatever stands around them above.
    fn grouped(
        &self,
        table: &CanonicalTable,
        spec: &TableSpec,
        builder: LogicalPlanBuilder,
        mapped: &[(String, Expr)],
        keys: Vec<Expr>,
        at: &BTreeMap<String, Location>,
    ) -> Result<LogicalPlan> {
        use datafusion::logical_expr::utils::find_aggregate_exprs;
        let aggregates = find_aggregate_exprs(mapped.iter().map(|(_, e)| e));
        for (name, expr) in mapped {
            if !has_aggregate(expr) && !keys.contains(expr) && !expr.column_refs().is_empty() {
                return Err(Error::Workspace {
                    at: at.get(name).cloned(),
                    message: format!(
                        "{}.{name} is neither in group_by nor an aggregate",
                        table.name
                    ),
                    hint: Some("wrap it, as in min(...), or add it to group_by".into()),
                });
            }
        }
        let failed = |e: DataFusionError| Error::Workspace {
            at: Some(spec.at.clone()),
            message: format!(
                "table `{}` cannot be grouped: {}",
                table.name,
                e.strip_backtrace()
            ),
            hint: None,
        };
        let builder = builder
            .aggregate(keys.clone(), aggregates.clone())
            .map_err(failed)?;
        let below: Vec<&Expr> = keys.iter().chain(&aggregates).collect();
        let columns: Vec<Expr> = mapped
            .iter()
            .map(|(name, e)| Ok(over_columns(e, &below)?.alias(name)))
            .collect::<Result<_, DataFusionError>>()
            .map_err(failed)?;
        builder
            .project(columns)
            .and_then(LogicalPlanBuilder::build)
            .map_err(failed)
    }

    /// Plans one expression of the mapping over the source's columns.
    fn expression(
        &self,
        schema: &DFSchema,
        text: &At<String>,
        source: &str,
        key: &str,
    ) -> Result<Expr> {
        let state = self.ctx.state();
        let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        let planned = state
            .sql_to_expr(&text.value, &datafusion::config::Dialect::Generic)
            .and_then(|mut parsed| {
                let _ = parsed.visit(&mut QuoteForeignNames { names: &names });
                let placeholders = crate::bind::bind_expr(&state, &mut parsed);
                placeholders?;
                state.create_logical_expr_from_sql_expr(
                    datafusion::sql::sqlparser::ast::ExprWithAlias {
                        expr: parsed,
                        alias: None,
                    },
                    schema,
                )
            })
            // Types are checked here and not at the first query.
            .and_then(|e| e.get_type(schema).map(|_| e));
        planned.map_err(|e| Error::Workspace {
            at: Some(text.at.clone()),
            message: format!("`{key} = {}`: {}", text.value, short(&e)),
            hint: missing_column(&e).map(|column| {
                match did_you_mean(&column, names.iter().copied()) {
                    Some(hint) => hint,
                    None => format!("source '{source}' has: {}", names.join(", ")),
                }
            }),
        })
    }

    /// Finds each id domain's type: the owner's, else the first table's that has it.
    fn id_types(
        &self,
        rows: &IndexMap<&str, Rows>,
    ) -> Result<BTreeMap<String, (DataType, String)>> {
        let mut types: BTreeMap<String, (DataType, String)> = BTreeMap::new();
        let tables = CanonicalTables::get();
        let owners_first = tables
            .iter()
            .filter(|t| t.owned_domain().is_some())
            .flat_map(|t| {
                t.columns
                    .iter()
                    .filter(|c| t.key == [c.name.clone()])
                    .map(move |c| (t, c))
            })
            .chain(
                tables
                    .iter()
                    .flat_map(|t| t.columns.iter().map(move |c| (t, c))),
            );
        for (table, column) in owners_first {
            let (Type::Id(domain), Some(rows)) = (&column.ty, rows.get(table.name.as_str())) else {
                continue;
            };
            let Some((_, field)) = rows
                .plan
                .schema()
                .iter()
                .find(|(_, f)| *f.name() == column.name)
            else {
                continue;
            };
            let place = format!("{}.{}", table.name, column.name);
            let wrong = |message: String, hint: &str| Error::Workspace {
                at: rows.at.get(&column.name).cloned(),
                message,
                hint: Some(hint.to_owned()),
            };
            let ty = match field.data_type() {
                DataType::Null => continue,
                integer if integer.is_integer() => DataType::Int64,
                text if is_text(text) => DataType::Utf8View,
                other => {
                    return Err(wrong(
                        format!("{place} is {other}; an id is an integer or a text"),
                        "cast(x as bigint) or cast(x as varchar)",
                    ));
                }
            };
            match types.get(domain) {
                Some((owner, owner_place)) if *owner != ty => {
                    let name = |ty: &DataType| {
                        if *ty == DataType::Int64 {
                            "integer"
                        } else {
                            "text"
                        }
                    };
                    return Err(wrong(
                        format!(
                            "{place} is {} and {owner_place} is {}: the same id needs one type",
                            name(&ty),
                            name(owner),
                        ),
                        "cast one of them in its mapping",
                    ));
                }
                Some(_) => {}
                None => {
                    types.insert(domain.clone(), (ty, place));
                }
            }
        }
        Ok(types)
    }

    /// Gives the rows the promised columns, order and types.
    fn typed(
        &self,
        table: &CanonicalTable,
        rows: &Rows,
        id_type: &dyn Fn(&str) -> DataType,
    ) -> Result<MappedTable> {
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
            columns.push(expr.alias(&column.name));
        }
        let is_deduped = self
            .workspace
            .tables
            .get(&table.name)
            .is_some_and(|t| t.dedupe);
        let failed = |e| Error::query(&table.name, e);
        let typed = LogicalPlanBuilder::from(rows.plan.clone())
            .project(columns)
            .and_then(LogicalPlanBuilder::build)
            .map_err(failed)?;
        let view = |plan| Arc::new(ViewTable::new(plan, None)) as Arc<dyn TableProvider>;
        let (plan, with_copies) = if is_deduped {
            let single = one_row_per_key(typed.clone().into(), table);
            let single = single.and_then(LogicalPlanBuilder::build).map_err(failed)?;
            (single, Some(view(typed)))
        } else {
            (typed, None)
        };
        Ok(MappedTable {
            provider: view(plan),
            with_copies,
            is_mapped: true,
            absent,
            is_materialized: self
                .workspace
                .tables
                .get(&table.name)
                .is_some_and(|t| t.materialize),
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
/// key that stands once pass as they are, and the few others are ranked. Taking
/// the last value of every column would hold the whole table in memory.
fn one_row_per_key(
    builder: LogicalPlanBuilder,
    table: &CanonicalTable,
) -> Result<LogicalPlanBuilder, DataFusionError> {
    let rows = builder.build()?;
    let keys: Vec<Expr> = table.key.iter().map(ident).collect();
    let twin = |key: &String| format!("twin_{key}");
    let twin_keys = table.key.iter().map(|key| ident(key).alias(twin(key)));
    let twins = LogicalPlanBuilder::from(rows.clone())
        .aggregate(keys.clone(), vec![count(lit(1_i64)).alias("n_rows")])?
        .filter(ident("n_rows").gt(lit(1_i64)))?
        .project(twin_keys.collect::<Vec<_>>())?
        .build()?;
    let on = || {
        let left: Vec<Column> = table.key.iter().map(Column::from_name).collect();
        let right: Vec<Column> = table
            .key
            .iter()
            .map(|key| Column::from_name(twin(key)))
            .collect();
        (left, right)
    };
    let single = LogicalPlanBuilder::from(rows.clone()).join(
        twins.clone(),
        JoinType::LeftAnti,
        on(),
        None,
    )?;
    let mut order = Vec::new();
    if table.columns.iter().any(|c| c.name == "recorded_at") {
        order.push(ident("recorded_at").sort(false, false));
    }
    let rank = row_number()
        .partition_by(keys)
        .order_by(order)
        .build()?
        .alias("twin_rank");
    let columns = || {
        table
            .columns
            .iter()
            .map(|c| ident(&c.name))
            .collect::<Vec<_>>()
    };
    let ranked = LogicalPlanBuilder::from(rows)
        .join(twins, JoinType::LeftSemi, on(), None)?
        .window(vec![rank])?
        .filter(ident("twin_rank").eq(lit(1_u64)))?
        .project(columns())?
        .build()?;
    single.project(columns())?.union(ranked)
}

fn require(table: &CanonicalTable, rows: &Rows, at: &Location) -> Result<()> {
    let has = |column: &&CanonicalColumn| {
        !rows
            .plan
            .schema()
            .has_column_with_unqualified_name(&column.name)
    };
    match table.columns.iter().filter(|c| c.is_required).find(has) {
        None => Ok(()),
        Some(column) => Err(Error::Workspace {
            at: Some(at.clone()),
            message: format!(
                "{} needs the column `{}` ({}): {}",
                table.name,
                column.name,
                column.ty.name(),
                column.doc
            ),
            hint: Some(format!(
                "columns = {{ ..., {} = \"expression\" }}",
                column.name
            )),
        }),
    }
}

/// Whether `sql` holds the query itself and not the name of a file.
fn is_query(text: &str) -> bool {
    let first = text
        .lines()
        .map(str::trim)
        .find(|l| !l.is_empty() && !l.starts_with("--"));
    let word = first.and_then(|line| line.split_whitespace().next());
    let is_verb = word.is_some_and(|w| ["select", "with"].contains(&w.to_lowercase().as_str()));
    is_verb && text.trim().contains(char::is_whitespace)
}

fn is_text(ty: &DataType) -> bool {
    match ty {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, value) => is_text(value),
        _ => false,
    }
}

fn has_aggregate(expr: &Expr) -> bool {
    use datafusion::common::tree_node::TreeNode;
    expr.exists(|e| Ok(matches!(e, Expr::AggregateFunction(_))))
        .unwrap_or(false)
}

/// Replaces what the aggregation below computes by a reference to its column.
fn over_columns(expr: &Expr, below: &[&Expr]) -> Result<Expr, DataFusionError> {
    use datafusion::common::tree_node::{Transformed, TreeNode};
    let replaced = expr.clone().transform_down(|e| {
        if below.contains(&&e) {
            let (relation, name) = e.qualified_name();
            let column = Column::new(relation, name);
            return Ok(Transformed::new(
                Expr::Column(column),
                true,
                TreeNodeRecursion::Jump,
            ));
        }
        Ok(Transformed::no(e))
    })?;
    Ok(replaced.data)
}

/// Quotes unquoted names that match a column only in other case, so `InvoiceNo` needs no quotes.
struct QuoteForeignNames<'a> {
    names: &'a [&'a str],
}

impl VisitorMut for QuoteForeignNames<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut SqlExpr) -> std::ops::ControlFlow<()> {
        if let SqlExpr::Identifier(name) = expr
            && name.quote_style.is_none()
            && !self.names.contains(&name.value.to_lowercase().as_str())
        {
            let mut same = self
                .names
                .iter()
                .filter(|n| n.eq_ignore_ascii_case(&name.value));
            if let (Some(found), None) = (same.next(), same.next()) {
                name.value = (*found).to_owned();
                name.quote_style = Some('"');
            }
        }
        std::ops::ControlFlow::Continue(())
    }
}

/// Returns the column a schema error is about.
fn missing_column(error: &DataFusionError) -> Option<String> {
    use datafusion::common::SchemaError;
    match error.find_root() {
        DataFusionError::SchemaError(e, _) => match e.as_ref() {
            SchemaError::FieldNotFound { field, .. } => Some(field.name.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// Returns the message without the list of all valid columns, which the hint replaces.
fn short(error: &DataFusionError) -> String {
    match missing_column(error) {
        Some(column) => format!("there is no column `{column}`"),
        None => error.strip_backtrace(),
    }
}
