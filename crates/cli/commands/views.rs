//! `aftersight views [NAME]`: what can be asked, and what it waits for.

use aftersight_engine::did_you_mean;
use aftersight_engine::view::{View, Views};

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
            print(&format!(
                "{:width$}  {}",
                view.qualified(),
                view.header.question
            ));
        }
        return Ok(());
    };
    let view = find(views, name)?;
    // The file is its own documentation: question, grain, columns, notes, SQL.
    print(&format!("{}\n\n{}", view.qualified(), view.sql.trim_end()));
    Ok(())
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
