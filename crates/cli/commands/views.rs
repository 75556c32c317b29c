//! `aftersight views [NAME]`: what can be asked, and what it waits for.

use aftersight_engine::did_you_mean;

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
    let found = match name.split_once('.') {
        Some((schema, name)) => views.get(schema, name),
        None => views.find(name),
    };
    let Some(view) = found else {
        let names: Vec<&str> = views.iter().map(|v| v.name.as_str()).collect();
        return Err(Failure::usage(
            format!("there is no view `{name}`"),
            did_you_mean(name, names),
        ));
    };
    // The file is its own documentation: question, grain, columns, notes, SQL.
    print(&format!("{}\n\n{}", view.qualified(), view.sql.trim_end()));
    Ok(())
}
