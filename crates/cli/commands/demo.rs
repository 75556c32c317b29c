//! `aftersight demo [DIR]`: a sample workspace over a make-believe shop.

use std::fmt::Write as _;
use std::path::Path;

use aftersight_datagen::{Config, Shop, write_parquet};
use chrono::NaiveDate;

use super::print;
use super::report::{Publish, publish};
use crate::args::WorkspaceArgs;
use crate::failure::Failure;
use crate::open::WORKSPACE_FILE;

/// The demo reports ISO week 46 of 2026, the week of 11.11, whenever it is run.
const AS_OF: Option<NaiveDate> = NaiveDate::from_ymd_opt(2026, 11, 16);

/// Tables in which the generator plants copies of rows.
const WITH_COPIES: [&str; 4] = ["orders", "order_items", "returns", "surveys"];

/// First line of the workspace files made here, which another demo may replace.
const MADE_HERE: &str =
    "# A sample shop made by `aftersight demo`. Every number in it is invented.";

pub(super) async fn run(
    args: &WorkspaceArgs,
    dir: &Path,
    orders: u32,
    seed: Option<u64>,
) -> Result<(), Failure> {
    let failed =
        |e: &dyn std::fmt::Display| Failure::failed(format!("cannot make {}: {e}", dir.display()));
    let workspace = std::fs::read_to_string(dir.join(WORKSPACE_FILE)).unwrap_or_default();
    let is_foreign = dir
        .read_dir()
        .is_ok_and(|mut entries| entries.next().is_some())
        && !workspace.starts_with(MADE_HERE);
    if is_foreign {
        let text = format!("{} is there and is no demo", dir.display());
        return Err(Failure::usage(text, Some("name another folder".into())));
    }
    let Some(as_of) = AS_OF else {
        return Err(Failure::internal("the demo's day"));
    };
    let usual = Config::sized(as_of, orders);
    let seed = seed.unwrap_or(usual.seed);
    let shop = Shop::generate(&Config { seed, ..usual });
    let data = dir.join("data");
    std::fs::create_dir_all(&data).map_err(|e| failed(&e))?;
    write_parquet(&shop, &data).map_err(|e| failed(&e))?;
    let tables: Vec<&str> = shop
        .tables()
        .row_counts()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    std::fs::write(dir.join(WORKSPACE_FILE), workspace_file(&tables, as_of))
        .map_err(|e| failed(&e))?;
    print(&format!("sample workspace: {}", dir.display()));

    let here = WorkspaceArgs {
        workspace: Some(dir.to_path_buf()),
        ..args.clone()
    };
    let page = publish(&here, "weekly-after-sales", &Publish::default()).await?;
    print(&format!("weekly report:    {}", page.display()));
    print(&format!(
        "ask your own:     aftersight -w {} -c \"select * from segments\"",
        dir.display()
    ));
    Ok(())
}

/// Writes a workspace whose tables are its files.
fn workspace_file(tables: &[&str], as_of: NaiveDate) -> String {
    let mut text = format!(
        "{MADE_HERE}\n\
         version = 1\n\n\
         [workspace]\n\
         name = \"Marlow Home & Wear\"\n\
         time_zone = \"Asia/Shanghai\"\n\
         currency = \"CNY\"\n\n\
         [settings]\n\
         as_of = \"{as_of}\"\n"
    );
    for table in tables {
        let dedupe = if WITH_COPIES.contains(table) {
            "dedupe = true\n"
        } else {
            ""
        };
        let _ = write!(
            text,
            "\n[sources.{table}]\nlocation = \"data/{table}.parquet\"\n\n\
             [tables.{table}]\nfrom = \"{table}\"\n{dedupe}"
        );
    }
    text
}
