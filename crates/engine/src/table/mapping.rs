//! A workspace's mapping, checked expression by expression and turned into a table.
//!
//! Every expression is planned alone first, so that a complaint names the key
//! it stands under. The rows then get the canonical types; what cannot become
//! the promised type without a guess is an error that says what to write.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::utils::find_window_exprs;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::prelude::{Expr, SessionContext, ident};
use indexmap::IndexMap;

use super::canonical::{CanonicalColumn, CanonicalTable, CanonicalTables, Type};
use super::expression::has_aggregate;
use crate::error::{Error, Location, Result};
use crate::rules::{RuleTable, tables as rules};
use crate::suggest::did_you_mean;
use crate::workspace::{At, TableRows, TableSpec, Unpivot, Workspace};

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
    /// The file under `[rules]` that it is read from, where it is.
    pub rule: Option<RuleTable>,
    /// The table before `dedupe` dropped copies of rows; none where it was not asked for.
    pub with_copies: Option<Arc<dyn TableProvider>>,
    /// The table for statements that share what they read several times, where that differs.
    pub(crate) to_share: Option<Arc<dyn TableProvider>>,
}

/// Turns mappings into tables. Knows the session and the workspace.
pub struct Mapper<'a> {
    /// Session in which the sources are registered as `source.*`.
    pub ctx: &'a SessionContext,
    /// The workspace file.
    pub workspace: &'a Workspace,
    /// Reads a file beside the workspace file.
    pub read_file: &'a (dyn Fn(&str) -> std::io::Result<String> + Sync),
    /// Folder of the workspace file.
    pub folder: &'a Path,
}

/// A mapping before canonical types are given: one expression per mapped column.
pub(super) struct Rows {
    pub(super) plan: LogicalPlan,
    pub(super) at: BTreeMap<String, Location>,
}

/// Table of the accounts of customers.
const ID_MAP: &str = "id_map";

/// Expressions of the columns, of the keys of a row, and what is to become rows first.
type RowSpec<'a> = (
    Option<&'a IndexMap<String, At<String>>>,
    &'a [At<String>],
    Option<&'a Unpivot>,
);

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
        let id_map = match (rows.get(ID_MAP), CanonicalTables::get().table(ID_MAP)) {
            (Some(rows), Some(table)) => Some(self.typed(table, rows, &id_type, None)?.provider),
            _ => None,
        };
        for table in CanonicalTables::get().iter() {
            let mapped = match rows.shift_remove(table.name.as_str()) {
                Some(rows) => self.typed(table, &rows, &id_type, id_map.as_ref())?,
                None => self.unmapped(table, &id_type)?,
            };
            tables.insert(table.name.clone(), mapped);
        }
        Ok(tables)
    }

    /// A table no source is mapped to: the rows of its rule file, else none.
    fn unmapped(
        &self,
        table: &CanonicalTable,
        id_type: &dyn Fn(&str) -> DataType,
    ) -> Result<MappedTable> {
        let schema = table.empty_schema(self.zone(), id_type);
        let spec = self.workspace.rules.get(&table.name);
        let (provider, rule) = match spec.filter(|_| rules::NAMES.contains(&table.name.as_str())) {
            Some(spec) => {
                let currency = self.workspace.settings.get("currency")?;
                let (rows, rule) = rules::load(spec, table, &schema, currency, self.folder)?;
                (rows, Some(rule))
            }
            None => {
                let empty = MemTable::try_new(schema, vec![vec![]]);
                let empty = empty.map_err(|e| Error::query(&table.name, e))?;
                (Arc::new(empty) as Arc<dyn TableProvider>, None)
            }
        };
        Ok(MappedTable {
            provider,
            is_mapped: rule.is_some(),
            absent: Vec::new(),
            is_materialized: false,
            rule,
            with_copies: None,
            to_share: None,
        })
    }

    pub(super) fn zone(&self) -> &'static str {
        self.workspace.settings.time_zone().name()
    }

    async fn rows(&self, table: &CanonicalTable, spec: &TableSpec) -> Result<Rows> {
        match &spec.rows {
            TableRows::Mapped {
                from,
                filter,
                columns,
                group_by,
                unpivot,
            } => {
                let unpivot = unpivot.as_deref();
                let filter = filter.as_ref();
                let rows = (columns.as_ref(), group_by.as_slice(), unpivot);
                self.mapped_rows(table, spec, from, filter, rows).await
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
        (columns, group_by, unpivot): RowSpec<'_>,
    ) -> Result<Rows> {
        let source = format!("source.\"{}\"", from.value);
        let failed = |e: DataFusionError| Error::query(&source, e);
        let frame = self.ctx.table(source.as_str()).await.map_err(failed)?;
        let plan = frame.into_unoptimized_plan();
        let plan = match unpivot {
            Some(unpivot) => self.unpivoted(&plan, unpivot, &from.value)?,
            None => plan,
        };
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
                // What an unpivot makes needs no second word.
                let made = unpivot
                    .iter()
                    .flat_map(|unpivot| [&unpivot.name, &unpivot.value]);
                for made in made.filter(|made| !columns.contains_key(&made.value)) {
                    mapped.push((made.value.clone(), ident(&made.value)));
                    at.insert(made.value.clone(), made.at.clone());
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

pub(super) fn is_text(ty: &DataType) -> bool {
    match ty {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, value) => is_text(value),
        _ => false,
    }
}
