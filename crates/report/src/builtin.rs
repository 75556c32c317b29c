//! The reports that are compiled in, and those of a workspace's own folder.

use std::path::Path;

use crate::spec::SourceFile;

macro_rules! report {
    ($name:literal: $($query:literal),* $(,)?) => {
        (
            $name,
            &[
                ("report.md", include_str!(concat!("../../../sql/reports/", $name, "/report.md"))),
                $((
                    concat!("sql/", $query, ".sql"),
                    include_str!(concat!("../../../sql/reports/", $name, "/sql/", $query, ".sql")),
                )),*
            ],
        )
    };
}

/// `(name, [(path, text)])` of a report.
type BuiltIn = (&'static str, &'static [(&'static str, &'static str)]);

/// Every built-in report. A test holds the list against the folder.
pub const REPORTS: &[BuiltIn] = &[report!(
    "weekly-after-sales":
    "cohorts", "cohorts_title", "events", "kpis", "lede", "nps_by_week", "nps_title", "reasons",
    "reasons_title", "rfm_cells", "segments", "segments_title"
)];

/// Returns the names of all reports, the workspace's own first.
pub fn names(folder: Option<&Path>) -> Vec<String> {
    let mut names = Vec::new();
    let entries = folder.and_then(|folder| std::fs::read_dir(folder).ok());
    for entry in entries.into_iter().flatten().flatten() {
        if entry.path().join("report.md").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    for (name, _) in REPORTS {
        if !names.iter().any(|known| known == name) {
            names.push((*name).to_owned());
        }
    }
    names
}

/// Returns the files of a report: the workspace's own, else the built-in one.
pub fn files(folder: Option<&Path>, name: &str) -> std::io::Result<Option<Vec<SourceFile>>> {
    if let Some(own) = folder
        .map(|folder| folder.join(name))
        .filter(|own| own.join("report.md").is_file())
    {
        let read = |path: &Path| -> std::io::Result<SourceFile> {
            let text = std::fs::read_to_string(path)?;
            let shown = path.strip_prefix(&own).unwrap_or(path);
            Ok(SourceFile::new(shown.display().to_string(), text))
        };
        let mut files = vec![read(&own.join("report.md"))?];
        let mut queries = Vec::new();
        if let Ok(entries) = std::fs::read_dir(own.join("sql")) {
            for entry in entries {
                queries.push(entry?.path());
            }
        }
        queries.retain(|path| path.extension().is_some_and(|end| end == "sql"));
        queries.sort();
        for path in queries {
            files.push(read(&path)?);
        }
        return Ok(Some(files));
    }
    let found = REPORTS.iter().find(|(known, _)| *known == name);
    Ok(found.map(|(_, files)| {
        files
            .iter()
            .map(|(path, text)| SourceFile::new(*path, *text))
            .collect()
    }))
}
