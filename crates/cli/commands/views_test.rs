//! `aftersight views --test [NAME]`: a workspace's own views against what they promise.
//!
//! Three things are held against each view: the columns its header names, the
//! grain, and the worked examples of the `.slt` file beside it.

use aftersight_engine::view::View;
use aftersight_engine::{Engine, examples};
use arrow::array::AsArray;
use arrow::datatypes::Int64Type;

use super::print;
use super::views::find;
use crate::args::WorkspaceArgs;
use crate::failure::Failure;
use crate::open::{ensure_report_day, open, options, workspace_file};

pub(super) async fn run(
    args: &WorkspaceArgs,
    name: Option<&str>,
    update: bool,
) -> Result<(), Failure> {
    let engine = open(args).await?;
    ensure_report_day(&engine)?;
    let views: Vec<&View> = match name {
        Some(name) => vec![find(engine.views(), name)?],
        None => engine.views().iter().filter(|v| v.file.is_some()).collect(),
    };
    let Some(workspace) = workspace_file(args)? else {
        return Err(Failure::usage("there is no workspace to test".into(), None));
    };
    if views.is_empty() {
        print(
            "the workspace has no views of its own: they are files sql/<schema>/<name>.sql beside its aftersight.toml",
        );
        return Ok(());
    }
    let options = options(args);
    let mut n_failed = 0;
    for view in views {
        let mut problems = Vec::new();
        let grain = grain(&engine, view).await;
        let is_plannable = grain.is_ok();
        problems.extend(grain.err());
        let beside = view.file.as_ref().map(|file| file.with_extension("slt"));
        let beside = beside.filter(|file| file.is_file());
        if let Some(file) = beside.as_ref().filter(|_| is_plannable) {
            let ran = if update {
                examples::update(&workspace, &options, file).await
            } else {
                examples::run(&workspace, &options, file).await
            };
            problems.extend(ran.err());
        }
        let verdict = match (problems.is_empty(), &beside) {
            (false, _) => "FAILED",
            (true, Some(_)) => "ok",
            (true, None) => "ok (no examples beside it)",
        };
        print(&format!("{}  {verdict}", view.qualified()));
        for problem in &problems {
            print(&format!("  {}", problem.trim_end().replace('\n', "\n  ")));
        }
        n_failed += usize::from(!problems.is_empty());
    }
    if n_failed > 0 {
        return Err(Failure::failed(format!("{n_failed} views failed")));
    }
    Ok(())
}

/// Plans a view, which compares its header, and counts keys that are NULL or not alone.
async fn grain(engine: &Engine, view: &View) -> Result<(), String> {
    let sql = view.grain_query();
    let batches = match engine.query(&sql).await {
        Ok(batches) => batches,
        Err(error) => return Err(Failure::of(Some(engine), error).into_text()),
    };
    let wrong = batches.first().filter(|batch| batch.num_rows() == 1);
    let wrong = wrong.and_then(|b| b.column(0).as_primitive_opt::<Int64Type>());
    match wrong.map(|column| column.value(0)) {
        Some(0) => Ok(()),
        Some(n) if view.header.grain.is_empty() => Err(format!(
            "grain: one row is promised, {} are returned",
            n + 1
        )),
        Some(n) => Err(format!(
            "grain: {n} values of ({}) are NULL or stand in several rows",
            view.header.grain.join(", ")
        )),
        None => Err("the grain could not be counted".into()),
    }
}
