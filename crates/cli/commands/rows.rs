//! `aftersight rows VIEW COLUMN=VALUE ...`: the rows a number is made of.
//!
//! The header of a view says where they are and when one belongs to a cell.

use aftersight_engine::did_you_mean;
use aftersight_engine::view::View;

use super::views::find;
use crate::args::Args;
use crate::failure::Failure;
use crate::open::{ensure_report_day, open};
use crate::run::{Runner, Script};

pub(super) async fn run(args: &Args, name: &str, cells: &[String]) -> Result<(), Failure> {
    let engine = open(&args.workspace).await?;
    let report_day = ensure_report_day(&engine)?;
    let view = find(engine.views(), name)?;
    let Some(behind) = &view.header.behind else {
        let text = format!("{} does not say which rows it is made of", view.qualified());
        let hint = "its header takes a line `rows: view on condition` below the grain".to_owned();
        return Err(Failure::usage(text, Some(hint)));
    };
    let sql = behind.query(view, &filter(view, cells)?);
    let mut runner = Runner {
        engine: &engine,
        output: args.output.clone(),
        report_day,
        is_quiet: args.workspace.quiet,
    };
    let script = Script {
        sql: &sql,
        file: None,
    };
    runner.run(&script).await
}

/// Turns `column=value` pairs into a condition on the rows of the view.
fn filter(view: &View, cells: &[String]) -> Result<String, Failure> {
    let mut conditions = vec!["true".to_owned()];
    for cell in cells {
        let Some((column, value)) = cell.split_once('=') else {
            let text = format!("expected COLUMN=VALUE, not '{cell}'");
            return Err(Failure::usage(text, None));
        };
        let column = column.trim();
        if !view.header.columns.contains_key(column) {
            let columns = view.header.columns.keys().map(String::as_str);
            let text = format!("{} has no column `{column}`", view.qualified());
            return Err(Failure::usage(text, did_you_mean(column, columns)));
        }
        conditions.push(match value {
            "null" => format!("{column} is null"),
            // Compared as text, which every type can be, so that no value fails to convert.
            value => format!(
                "cast({column} as varchar) = '{}'",
                value.replace('\'', "''")
            ),
        });
    }
    Ok(conditions.join(" and "))
}
