//! Compiles the files of `sql/` in: whoever adds a view adds a file and nothing else.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const SCHEMAS: [&str; 3] = ["marts", "intermediate", "staging"];

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script where it is and where to write this way"
)]
fn main() {
    // Asked when it runs: the compiled script is shared by clones that share a target directory.
    let here = std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where the crate is");
    let root = Path::new(&here).join("../../sql");
    let mut list = String::from("&[\n");
    for schema in SCHEMAS {
        let folder = root.join(schema);
        println!("cargo::rerun-if-changed={}", folder.display());
        let entries = std::fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("cannot list {}: {error}", folder.display()));
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        files.retain(|file| file.extension().is_some_and(|end| end == "sql"));
        files.sort();
        for file in files {
            let name = file.file_stem().unwrap_or_default().display().to_string();
            let path = file.display().to_string();
            // Writing to a string cannot fail.
            let _ = writeln!(list, "    ({schema:?}, {name:?}, include_str!({path:?})),");
        }
    }
    list.push_str("]\n");
    let target = std::env::var("OUT_DIR").map(|folder| Path::new(&folder).join("views.rs"));
    let written = target.map(|target| std::fs::write(target, list));
    assert!(
        matches!(written, Ok(Ok(()))),
        "cannot write the list of views"
    );
}
