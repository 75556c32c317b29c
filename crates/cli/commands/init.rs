//! `aftersight init LOCATION`: looks at files and proposes the workspace file for them.
//!
//! The proposal goes to standard output or into a file, what was found to
//! standard error. Questions are asked only where a person can answer them.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use aftersight_engine::guess::{Proposal, Wishes, look, propose};
use aftersight_engine::{absolute_location, did_you_mean};
use unicode_width::UnicodeWidthStr;

use super::print;
use crate::args::{InitArgs, WorkspaceArgs};
use crate::failure::Failure;
use crate::open::{WORKSPACE_FILE, options};

/// At and above this a guess needs no second look.
const SURE: f64 = 0.8;

pub(super) async fn run(args: &WorkspaceArgs, init: &InitArgs) -> Result<(), Failure> {
    let failed = |e| Failure::of(None, e);
    if let Some(zone) = &init.time_zone {
        is_zone(zone).map_err(|(text, hint)| Failure::usage(text, hint))?;
    }
    if let Some(code) = &init.currency {
        is_currency(code).map_err(|(text, hint)| Failure::usage(text, hint))?;
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
    let asks = can_ask && !args.quiet;
    if asks {
        // Nobody can answer before seeing what was found.
        note(&found_text(&proposal));
        if ask(&proposal, &mut wishes) {
            proposal = propose(proposal.found, &wishes, &options).await;
        }
    }
    if let Some(broken) = &proposal.broken {
        return Err(Failure::internal(&format!(
            "the proposal does not open: {broken}"
        )));
    }
    if !args.quiet {
        if !asks {
            note(&found_text(&proposal));
        }
        note(&verdict(&proposal));
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

/// What is wrong with an answer, and what would be right.
type Wrong = (String, Option<String>);

fn is_zone(zone: &str) -> Result<(), Wrong> {
    match zone.parse::<chrono_tz::Tz>() {
        Ok(_) => Ok(()),
        Err(_) => {
            let known = chrono_tz::TZ_VARIANTS.iter().map(|z| z.name());
            let hint = did_you_mean(zone, known);
            Err((format!("there is no time zone '{zone}'"), hint))
        }
    }
}

fn is_currency(code: &str) -> Result<(), Wrong> {
    if code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()) {
        return Ok(());
    }
    let hint = "three capital letters, like EUR or CNY".to_owned();
    Err((format!("'{code}' is not a currency code"), Some(hint)))
}

/// Asks one thing until the answer can be right; an empty line keeps what was proposed.
fn asked(
    question: &str,
    proposed: &str,
    check: impl Fn(&str) -> Result<(), Wrong>,
) -> Option<String> {
    loop {
        note(&format!("{question} [{proposed}]: "));
        let _ = std::io::stderr().flush();
        let mut line = String::new();
        if std::io::stdin().read_line(&mut line).ok()? == 0 {
            // The end of the input keeps the rest as proposed.
            note("\n");
            return None;
        }
        let answer = line.trim();
        if answer.is_empty() || answer == proposed {
            return None;
        }
        match check(answer) {
            Ok(()) => return Some(answer.to_owned()),
            Err((text, hint)) => {
                let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
                note(&format!("  {text}{hint}\n"));
            }
        }
    }
}

/// Asks for what the files do not say; whether an answer changes the proposal.
fn ask(proposal: &Proposal, wishes: &mut Wishes) -> bool {
    let mut is_changed = false;
    if wishes.time_zone.is_none() {
        let zone = asked("Time zone of the shop", &proposal.time_zone.value, is_zone);
        if let Some(zone) = zone {
            wishes.time_zone = Some(zone);
            is_changed = true;
        }
    }
    if wishes.currency.is_none() {
        let proposed = proposal
            .currency
            .as_ref()
            .map_or("none", |c| c.value.as_str());
        let check = |code: &str| is_currency(&code.to_uppercase());
        let code = asked("Currency of the amounts, as in EUR", proposed, check);
        if let Some(code) = code {
            wishes.currency = Some(code.to_uppercase());
            is_changed = true;
        }
    }
    for (table, column, names) in proposal.contested() {
        let question = format!("{table}.{column}: {}", names.join(" or "));
        let check = |name: &str| {
            if names.iter().any(|known| known == name) {
                return Ok(());
            }
            let hint = format!("one of: {}", names.join(", "));
            Err((format!("'{name}' is none of them"), Some(hint)))
        };
        if let Some(name) = asked(&question, &names[0], check) {
            wishes.preferred.insert((table, column), name);
            is_changed = true;
        }
    }
    is_changed
}

/// What was found and what becomes of it.
fn found_text(proposal: &Proposal) -> String {
    let found = &proposal.found;
    let mut text = format!("found at {}:\n", found.location);
    let width = found
        .sources
        .iter()
        .map(|s| s.name.width())
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
        // Padded by what a terminal shows, not by characters: Chinese ones are two wide.
        let pad = " ".repeat(width.saturating_sub(name.width()));
        let size = source.size();
        let n_columns = source.columns.len();
        let n_unmapped = proposal.unmapped(at).len();
        text += &format!(
            "  {name}{pad}  {size}, {n_columns} columns, {n_unmapped} not mapped -> {becomes}\n"
        );
    }
    for (place, reason) in &found.unreadable {
        text += &format!("  not read: {place}: {reason}\n");
    }
    if found.n_other > 0 {
        text += &format!("  {} other files left aside\n", found.n_other);
    }
    text
}

/// What became of it, and what deserves a look.
fn verdict(proposal: &Proposal) -> String {
    let mut text = String::new();
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
