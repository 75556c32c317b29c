//! `aftersight init LOCATION`: looks at files and proposes the workspace file for them.
//!
//! The proposal goes to standard output or into a file, what was found to
//! standard error. Questions are asked only where a person can answer them.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use aftersight_engine::absolute_location;
use aftersight_engine::guess::{Proposal, Wishes, look, propose};

use super::print;
use crate::args::{InitArgs, WorkspaceArgs};
use crate::failure::Failure;
use crate::open::{WORKSPACE_FILE, options};

/// At and above this a guess needs no second look.
const SURE: f64 = 0.8;

pub(super) async fn run(args: &WorkspaceArgs, init: &InitArgs) -> Result<(), Failure> {
    let failed = |e| Failure::of(None, e);
    if let Some(zone) = &init.time_zone {
        zone.parse::<chrono_tz::Tz>().map_err(|_| {
            let known = chrono_tz::TZ_VARIANTS.iter().map(|z| z.name());
            let hint = aftersight_engine::did_you_mean(zone, known);
            Failure::usage(format!("there is no time zone '{zone}'"), hint)
        })?;
    }
    if let Some(code) = &init.currency
        && !(code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()))
    {
        let hint = "three capital letters, like EUR or CNY".to_owned();
        return Err(Failure::usage(
            format!("'{code}' is not a currency code"),
            Some(hint),
        ));
    }
    let options = options(args);
    let location = absolute(&absolute_location(&options.stores.base, &init.location));
    let target = target(init, &location)?;
    let folder = match &target {
        Some(file) => file.parent().map(Path::to_path_buf).unwrap_or_default(),
        None => std::path::absolute(".").unwrap_or_default(),
    };
    let mut options = options;
    options.stores.base.clear();
    let found = look(&location, &options).await.map_err(failed)?;
    let mut wishes = Wishes {
        name: name(&location),
        time_zone: init.time_zone.clone(),
        currency: init.currency.clone(),
        folder: folder.display().to_string(),
        command: format!("aftersight init {}", init.location),
        ..Wishes::default()
    };
    let mut proposal = propose(found, &wishes, &options).await;
    let can_ask = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if can_ask && !args.quiet && ask(&proposal, &mut wishes) {
        proposal = propose(proposal.found, &wishes, &options).await;
    }
    if let Some(broken) = &proposal.broken {
        return Err(Failure::internal(&format!(
            "the proposal does not open: {broken}"
        )));
    }
    if !args.quiet {
        note(&summary(&proposal));
    }
    match &target {
        Some(file) => {
            write_whole(file, &proposal.text)?;
            print(&format!("workspace file: {}", file.display()));
        }
        None => print(proposal.text.trim_end()),
    }
    Ok(())
}

/// Makes a local path absolute without asking what it is; URLs stay.
fn absolute(location: &str) -> String {
    if location.contains("://") {
        return location.to_owned();
    }
    match std::path::absolute(location) {
        Ok(path) => path.display().to_string(),
        Err(_) => location.to_owned(),
    }
}

/// Returns the file to write, if any; one that is there is refused before anything is read.
fn target(init: &InitArgs, location: &str) -> Result<Option<PathBuf>, Failure> {
    let file = if init.write {
        let path = Path::new(location);
        if location.contains("://") {
            let text =
                format!("--write puts the file beside the data, and {location} is no local folder");
            let hint = "name a file with --output".to_owned();
            return Err(Failure::usage(text, Some(hint)));
        }
        let is_glob = location.contains(['*', '?', '[']) && !path.exists();
        let folder = if path.is_dir() {
            path.to_path_buf()
        } else {
            let plain = path.ancestors().find(|a| {
                a.is_dir() && !(is_glob && a.to_string_lossy().contains(['*', '?', '[']))
            });
            plain.map(Path::to_path_buf).unwrap_or_default()
        };
        folder.join(WORKSPACE_FILE)
    } else {
        match &init.output {
            Some(file) => std::path::absolute(file).unwrap_or_else(|_| file.clone()),
            None => return Ok(None),
        }
    };
    if file.exists() && !init.force {
        let text = format!("{} is there already", file.display());
        return Err(Failure::usage(text, Some("--force replaces it".into())));
    }
    Ok(Some(file))
}

/// Writes a file whole or not at all.
fn write_whole(file: &Path, text: &str) -> Result<(), Failure> {
    let failed = |e| Failure::failed(format!("cannot write {}: {e}", file.display()));
    let mut beside = file.as_os_str().to_owned();
    beside.push(".tmp");
    let beside = PathBuf::from(beside);
    std::fs::write(&beside, text).map_err(failed)?;
    std::fs::rename(&beside, file).map_err(|e| {
        let _ = std::fs::remove_file(&beside);
        failed(e)
    })
}

/// The last part of a location that says something.
fn name(location: &str) -> String {
    let plain = location.split(['*', '?', '[']).next().unwrap_or(location);
    let last = plain
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or(plain);
    let stem = last.split('.').next().filter(|s| !s.is_empty());
    stem.unwrap_or("files").to_owned()
}

#[expect(clippy::print_stderr, reason = "what was found goes to standard error")]
fn note(text: &str) {
    eprint!("{text}");
}

/// Asks one thing; an empty line keeps what was proposed.
fn asked(question: &str, proposed: &str) -> Option<String> {
    note(&format!("{question} [{proposed}]: "));
    let _ = std::io::stderr().flush();
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).ok()?;
    let answer = line.trim();
    (!answer.is_empty() && answer != proposed).then(|| answer.to_owned())
}

/// Asks for what the files do not say; whether an answer changes the proposal.
fn ask(proposal: &Proposal, wishes: &mut Wishes) -> bool {
    let mut is_changed = false;
    if wishes.time_zone.is_none() {
        let zone = asked("Time zone of the shop", &proposal.time_zone.value);
        if let Some(zone) = zone.filter(|z| z.parse::<chrono_tz::Tz>().is_ok()) {
            wishes.time_zone = Some(zone);
            is_changed = true;
        }
    }
    if wishes.currency.is_none() {
        let proposed = proposal
            .currency
            .as_ref()
            .map_or("none", |c| c.value.as_str());
        let code = asked("Currency of the amounts, as in EUR", proposed).map(|c| c.to_uppercase());
        if let Some(code) =
            code.filter(|c| c.len() == 3 && c.bytes().all(|b| b.is_ascii_uppercase()))
        {
            wishes.currency = Some(code);
            is_changed = true;
        }
    }
    for (table, column, names) in proposal.contested() {
        let question = format!("{table}.{column}: {}", names.join(" or "));
        if let Some(name) = asked(&question, &names[0]).filter(|n| names.contains(n)) {
            wishes.preferred.insert((table, column), name);
            is_changed = true;
        }
    }
    is_changed
}

/// What was found and what became of it.
fn summary(proposal: &Proposal) -> String {
    let found = &proposal.found;
    let mut text = format!("found at {}:\n", found.location);
    let width = found
        .sources
        .iter()
        .map(|s| s.name.chars().count())
        .max()
        .unwrap_or(0);
    for (at, source) in found.sources.iter().enumerate() {
        let tables: Vec<String> = proposal
            .tables
            .iter()
            .filter(|t| t.source == at && t.problem.is_none())
            .map(|t| format!("{} ({:.0} %)", t.table.name, t.confidence * 100.0))
            .collect();
        let becomes = if tables.is_empty() {
            "not mapped".to_owned()
        } else {
            tables.join(", ")
        };
        let name = &source.name;
        let size = source.size();
        let n_columns = source.columns.len();
        let n_unmapped = proposal.unmapped(at).len();
        text += &format!(
            "  {name:<width$}  {size}, {n_columns} columns, {n_unmapped} not mapped -> {becomes}\n"
        );
    }
    for (place, reason) in &found.unreadable {
        text += &format!("  not read: {place}: {reason}\n");
    }
    if found.n_other > 0 {
        text += &format!("  {} other files left aside\n", found.n_other);
    }
    for table in &proposal.tables {
        if let Some(problem) = &table.problem {
            text += &format!("{} is not mapped: {problem}\n", table.table.name);
        }
    }
    let live = || proposal.tables.iter().filter(|t| t.problem.is_none());
    for table in live() {
        for column in table.columns.iter().filter(|c| c.confidence < SURE) {
            text += &format!(
                "look at {}.{} = {} ({:.0} %: {})\n",
                table.table.name,
                column.column.name,
                column.expr,
                column.confidence * 100.0,
                column.why
            );
        }
    }
    for overlap in &proposal.overlaps {
        if overlap.n_found < overlap.n {
            text += &format!(
                "{} of {} values of {} are in {}\n",
                overlap.n_found, overlap.n, overlap.from, overlap.to
            );
        }
    }
    let n_left = proposal.tables.len() - live().count();
    text += &format!("the proposal opens: {} tables", live().count());
    text += &match n_left {
        0 => "\n".to_owned(),
        n => format!(", {n} left as comments with the reason\n"),
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workspaces_are_called_like_their_folder() {
        assert_eq!(name("/data/shop/"), "shop");
        assert_eq!(name("s3://lake/shop/*.csv"), "shop");
        assert_eq!(name("/data/orders.parquet"), "orders");
    }
}
