//! The call form of a view: `from rfm(as_of => date '2011-12-10', bins => 4)`.
//!
//! Arguments are settings for this one call; a view's own settings may drop the
//! view's name (`bins` for `rfm_bins`). Only the call form is claimed: a bare
//! name is looked up after CTEs, so `with rfm as (...)` stays the user's.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::common::{
    DFSchema, DataFusionError, Result, ScalarValue, TableReference, plan_err,
};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::planner::{
    PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning,
};
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::sql::sqlparser::ast::{Expr as SqlExpr, FunctionArg, FunctionArgExpr, TableFactor};
use futures::FutureExt;

use crate::catalog::Names;
use crate::planning::Planning;
use crate::settings::{Settings, depends_on, with_hint};
use crate::suggest::did_you_mean;
use crate::view::View;

#[derive(Debug)]
pub(crate) struct ViewCalls {
    names: Arc<Names>,
}

impl ViewCalls {
    pub(crate) fn new(names: Arc<Names>) -> Self {
        ViewCalls { names }
    }

    fn view(&self, reference: &TableReference) -> Option<&View> {
        match reference {
            TableReference::Bare { table } => self.names.views().find(table),
            TableReference::Partial { schema, table }
            | TableReference::Full { schema, table, .. } => self.names.views().get(schema, table),
        }
    }
}

impl RelationPlanner for ViewCalls {
    fn plan_relation(
        &self,
        relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<RelationPlanning> {
        let (name, alias, args): (_, _, &[FunctionArg]) = match &relation {
            TableFactor::Table {
                name,
                alias,
                args: Some(args),
                ..
            } => (name, alias, &args.args),
            TableFactor::Function {
                name, alias, args, ..
            } => (name, alias, args),
            _ => return Ok(RelationPlanning::Original(Box::new(relation))),
        };
        let reference = context.object_name_to_table_reference(name.clone())?;
        let Some(view) = self.view(&reference) else {
            return Ok(RelationPlanning::Original(Box::new(relation)));
        };
        let extensions = &context.context_provider().options().extensions;
        let mut settings = match Planning::current() {
            Some(planning) => {
                // What it depends on is noted by the planning of its own.
                planning.is_of_this_statement();
                planning.settings.as_ref().clone()
            }
            None => extensions.get::<Settings>().cloned().unwrap_or_default(),
        };
        let mut given = BTreeSet::new();
        for arg in args {
            let (key, value) = argument(context, &view.name, arg)?;
            let setting = setting_name(&settings, &view.name, &key)?;
            if !given.insert(setting.clone()) {
                return plan_err!("{}: {key} is given twice", view.name);
            }
            let text = if value.is_null() {
                "null".to_owned()
            } else {
                value.to_string()
            };
            let set = settings.set(&setting, &text);
            set.map_err(|e| DataFusionError::Plan(format!("{}: {}", view.name, with_hint(&e))))?;
        }
        settings
            .check()
            .map_err(|e| DataFusionError::Plan(format!("{}: {}", view.name, with_hint(&e))))?;
        let planning = Planning::new(settings, Default::default());
        let planned = planning.clone().scope(self.names.plan_view(view));
        let planned = planned.now_or_never();
        let Some(table) = planned else {
            return plan_err!(
                "{}: its tables need input or output to be planned; name it once without arguments first",
                view.name
            );
        };
        let table = table?;
        let used = planning.placeholders();
        if let Some(idle) = given.iter().find(|name| !is_used(name, &used)) {
            let names: Vec<&str> = used.iter().map(String::as_str).collect();
            return plan_err!(
                "{} does not depend on {idle}; it takes {}",
                view.name,
                names.join(", ")
            );
        }
        let plan = LogicalPlanBuilder::scan(view.name.clone(), provider_as_source(table), None)?
            .build()?;
        Ok(RelationPlanning::Planned(Box::new(PlannedRelation::new(
            plan,
            alias.clone(),
        ))))
    }
}

/// A setting is used by its own placeholder or by one that follows from it.
fn is_used(setting: &str, used: &BTreeSet<String>) -> bool {
    used.iter().any(|name| depends_on(name, setting))
}

fn setting_name(settings: &Settings, view: &str, key: &str) -> Result<String> {
    let names: Vec<&str> = settings.declarations().map(|s| s.name.as_str()).collect();
    let own = format!("{view}_{key}");
    match [key, &own].into_iter().find(|name| names.contains(name)) {
        Some(name) => Ok(name.to_owned()),
        None => {
            let hint = did_you_mean(key, names).unwrap_or_default();
            plan_err!("{view} has no argument {key}; {hint}")
        }
    }
}

fn argument(
    context: &mut dyn RelationPlannerContext,
    view: &str,
    arg: &FunctionArg,
) -> Result<(String, ScalarValue)> {
    let (name, value) = match arg {
        FunctionArg::Named {
            name,
            arg: FunctionArgExpr::Expr(e),
            ..
        } => (name, e),
        FunctionArg::ExprNamed {
            name: SqlExpr::Identifier(name),
            arg: FunctionArgExpr::Expr(e),
            ..
        } => (name, e),
        other => return plan_err!("{view}: write `name => value`, not `{other}`"),
    };
    let key = context.normalize_ident(name.clone());
    let planned = context.sql_to_expr(value.clone(), &DFSchema::empty())?;
    let simplify = SimplifyContext::builder()
        .with_config_options(Arc::new(context.context_provider().options().clone()))
        .build();
    match ExprSimplifier::new(simplify).simplify(planned)? {
        Expr::Literal(value, _) => Ok((key, value)),
        _ => plan_err!("{view}: {key} must be constant, not `{value}`"),
    }
}
