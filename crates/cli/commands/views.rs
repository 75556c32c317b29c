//! `aftersight views [NAME]`: what can be asked, and what it waits for.

use aftersight_engine::view::{View, Views};
use aftersight_engine::{Engine, did_you_mean};

use super::print;
use crate::args::WorkspaceArgs;
use crate::failure::Failure;
use crate::open::open;

pub(super) async fn run(args: &WorkspaceArgs, name: Option<&str>) -> Result<(), Failure> {
    let engine = open(args).await?;
    let views = engine.views();
    let Some(name) = name else {
        let width = views.iter().map(|v| v.qualified().len()).max().unwrap_or(0);
        for view in views.iter() {
            let waits = match missing(&engine, view)?.as_slice() {
                [] => String::new(),
                tables => format!(" [not mapped: {}]", tables.join(", ")),
            };
            print(&format!(
                "{:width$}  {}{waits}",
                view.qualified(),
                view.header.question
            ));
        }
        return Ok(());
    };
    let view = find(views, name)?;
    let inputs = engine.inputs(view).map_err(|e| Failure::of(None, e))?;
    let mut head = view.qualified();
    if let Some(file) = &view.file {
        head += &format!("\nfile: {}", file.display());
    }
    if !inputs.is_empty() {
        head += &format!("\nreads: {}", inputs.join(", "));
    }
    let missing = missing(&engine, view)?;
    if !missing.is_empty() {
        head += &format!("\nnot mapped: {}", missing.join(", "));
    }
    // The file is its own documentation: question, grain, columns, notes, SQL.
    print(&format!("{head}\n\n{}", view.sql.trim_end()));
    Ok(())
}

/// Returns the tables a view reads that the workspace does not map, so that it may say less.
fn missing(engine: &Engine, view: &View) -> Result<Vec<String>, Failure> {
    let mut inputs = engine.inputs(view).map_err(|e| Failure::of(None, e))?;
    inputs.retain(|name| engine.tables().get(name).is_none_or(|t| !t.is_mapped));
    Ok(inputs)
}

/// Finds a view by `schema.name` or by its bare name, or says which was meant.
pub(super) fn find<'v>(views: &'v Views, name: &str) -> Result<&'v View, Failure> {
    let found = match name.split_once('.') {
        Some((schema, name)) => views.get(schema, name),
        None => views.find(name),
    };
    found.ok_or_else(|| {
        let names: Vec<&str> = views.iter().map(|v| v.name.as_str()).collect();
        Failure::usage(
            format!("there is no view `{name}`"),
            did_you_mean(name, names),
        )
    })
}
