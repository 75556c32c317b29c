//! Renders a whole page from made-up batches: `cargo run -p aftersight-report
//! --example mock -- FOLDER` writes it in both languages, with all rows
//! (`report`), without rows (`empty`) and with one row of NULL (`null`).
//!
//! It is for looking at: a change of the style sheet or of a figure shows here
//! without a workspace, an engine or data. The numbers are invented.

use std::error::Error;
use std::path::PathBuf;

use aftersight_report::{Lang, render_page};

#[path = "../tests/support/shop/mod.rs"]
mod shop;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("usage: mock FOLDER")?);
    std::fs::create_dir_all(&folder)?;
    let spec = shop::spec()?;
    for (name, rows) in [
        ("report", shop::Rows::All),
        ("empty", shop::Rows::None),
        ("null", shop::Rows::OneNull),
    ] {
        let results = shop::results(rows)?;
        for lang in Lang::ALL {
            let page = render_page(&spec, &results, &shop::context(lang))?;
            std::fs::write(folder.join(format!("{name}.{}.html", lang.code())), page)?;
        }
    }
    Ok(())
}
