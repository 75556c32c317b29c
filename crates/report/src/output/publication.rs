//! A set of files that appears all at once or not at all.
//!
//! Everything is written into a hidden sibling of the target, flushed to disk,
//! and renamed into place; `manifest.json` is the last file of the set. A folder
//! with a manifest is therefore whole. A former publication of the same name is
//! moved aside first and comes back if the last rename fails, so a good one
//! survives a full disk, a missing permission, or a process that was killed.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{RunFacts, hex};
use crate::error::OutputError;

const MANIFEST: &str = "manifest.json";
const LATEST: &str = "latest.json";
const RUN: &str = "run.json";

/// Files waiting to be published.
#[derive(Debug, Clone)]
pub struct Publication {
    facts: RunFacts,
    files: BTreeMap<String, Vec<u8>>,
    rows: BTreeMap<String, u64>,
    run: Option<Vec<u8>>,
}

/// What was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The folder that holds the files.
    pub folder: PathBuf,
    /// The files, by name.
    pub files: Vec<PublishedFile>,
    /// SHA-256 of the manifest: equal for equal runs.
    pub manifest_sha256: String,
}

/// A file of a publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedFile {
    /// The path below the folder, with `/`.
    pub name: String,
    /// How long it is.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
}

impl Publication {
    /// An empty publication of a run.
    pub fn new(facts: RunFacts) -> Self {
        Self {
            facts,
            files: BTreeMap::new(),
            rows: BTreeMap::new(),
            run: None,
        }
    }

    /// Adds a file; the name is a relative path with `/`.
    pub fn add(&mut self, name: impl Into<String>, bytes: Vec<u8>) -> Result<(), OutputError> {
        let name = name.into();
        let is_plain = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && !part.contains(['\\', ':'])
                && !part.chars().any(char::is_control)
        };
        let is_reserved = [MANIFEST, LATEST, RUN].contains(&name.as_str());
        if is_reserved || self.files.contains_key(&name) || !name.split('/').all(is_plain) {
            return Err(OutputError::FileName(name));
        }
        self.files.insert(name, bytes);
        Ok(())
    }

    /// Notes how many rows a query returned, for the manifest.
    pub fn note_rows(&mut self, query: impl Into<String>, rows: u64) {
        self.rows.insert(query.into(), rows);
    }

    /// Adds `run.json`: times and sizes of this run. It is no part of the
    /// promise that equal inputs give equal bytes, so the manifest does not
    /// list it.
    pub fn set_run(&mut self, run: Vec<u8>) {
        self.run = Some(run);
    }

    /// The manifest: what the folder holds, without any clock.
    pub fn manifest(&self) -> Vec<u8> {
        let files: Vec<Value> = self
            .listed()
            .into_iter()
            .map(|file| json!({ "name": file.name, "bytes": file.bytes, "sha256": file.sha256 }))
            .collect();
        let settings: Map<String, Value> = self
            .facts
            .settings
            .iter()
            .map(|(name, text)| (name.clone(), json!(text)))
            .collect();
        let rules = self.facts.rules.iter();
        let rules: Vec<Value> = rules
            .map(|rule| json!({ "name": rule.name, "file": rule.file, "sha256": rule.sha256 }))
            .collect();
        pretty(&json!({
            "version": 1,
            "report": self.facts.report,
            "as_of": self.facts.as_of.to_string(),
            "spec": self.facts.spec_hash,
            "settings": settings,
            "rules": rules,
            "rows": self.rows,
            "files": files,
        }))
    }

    fn listed(&self) -> Vec<PublishedFile> {
        let file = |(name, bytes): (&String, &Vec<u8>)| PublishedFile {
            name: name.clone(),
            bytes: bytes.len() as u64,
            sha256: hex(&Sha256::digest(bytes)),
        };
        self.files.iter().map(file).collect()
    }

    /// Writes everything to `root/<report>/<as_of>/` and then points
    /// `root/<report>/latest.json` at it, unless that points to a later day.
    pub fn publish(&self, root: &Path) -> Result<Published, OutputError> {
        let parent = root.join(&self.facts.report);
        let as_of = self.facts.as_of.to_string();
        let target = parent.join(&as_of);
        let staging = parent.join(format!(".{as_of}.new"));
        let aside = parent.join(format!(".{as_of}.old"));

        create_folder(&parent)?;
        self.recover(&target, &aside)?;
        // A staging folder that is still there belongs to a run that was killed.
        remove_folder(&staging)?;
        if let Err(error) = self.stage(&staging) {
            // The first error is the one to tell.
            let _ = fs::remove_dir_all(&staging);
            return Err(error);
        }
        replace(&staging, &target, &aside)?;
        sync_folder(&parent)?;
        let manifest_sha256 = hex(&Sha256::digest(self.manifest()));
        self.point_latest(&parent, &as_of, &manifest_sha256)?;
        Ok(Published {
            folder: target,
            files: self.listed(),
            manifest_sha256,
        })
    }

    /// Brings back a publication that a killed run had moved aside.
    fn recover(&self, target: &Path, aside: &Path) -> Result<(), OutputError> {
        if aside.exists() && !target.exists() {
            return rename(aside, target);
        }
        remove_folder(aside)
    }

    fn stage(&self, staging: &Path) -> Result<(), OutputError> {
        create_folder(staging)?;
        let mut folders = vec![staging.to_path_buf()];
        for (name, bytes) in &self.files {
            let path = staging.join(name);
            if let Some(folder) = path.parent()
                && !folders.iter().any(|known| known == folder)
            {
                create_folder(folder)?;
                folders.push(folder.to_path_buf());
            }
            write_synced(&path, bytes)?;
        }
        if let Some(run) = &self.run {
            write_synced(&staging.join(RUN), run)?;
        }
        // Before the manifest: its presence says that the rest is on disk.
        for folder in &folders {
            sync_folder(folder)?;
        }
        write_synced(&staging.join(MANIFEST), &self.manifest())?;
        sync_folder(staging)
    }

    fn point_latest(
        &self,
        parent: &Path,
        as_of: &str,
        manifest_sha256: &str,
    ) -> Result<(), OutputError> {
        let latest = parent.join(LATEST);
        // A backfilled day must not become the latest one. What cannot be read
        // is no pointer and is replaced.
        let current = fs::read(&latest)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok())
            .and_then(|value| value["as_of"].as_str().map(str::to_owned));
        if current.is_some_and(|current| current.as_str() > as_of) {
            return Ok(());
        }
        let pointer = pretty(&json!({
            "version": 1,
            "report": self.facts.report,
            "as_of": as_of,
            "manifest": format!("{as_of}/{MANIFEST}"),
            "manifest_sha256": manifest_sha256,
        }));
        let fresh = parent.join(format!(".{LATEST}.new"));
        write_synced(&fresh, &pointer)?;
        rename(&fresh, &latest)?;
        sync_folder(parent)
    }
}

/// Puts `staging` in the place of `target`.
fn replace(staging: &Path, target: &Path, aside: &Path) -> Result<(), OutputError> {
    let had_former = target.exists();
    if had_former {
        rename(target, aside)?;
    }
    if let Err(error) = rename(staging, target) {
        if had_former {
            rename(aside, target)?;
        }
        let _ = fs::remove_dir_all(staging);
        return Err(error);
    }
    remove_folder(aside)
}

fn pretty(value: &Value) -> Vec<u8> {
    let mut text = format!("{value:#}");
    text.push('\n');
    text.into_bytes()
}

fn io<'p>(
    action: &'static str,
    path: &'p Path,
) -> impl Fn(std::io::Error) -> OutputError + use<'p> {
    move |source| OutputError::Io {
        action,
        path: path.display().to_string(),
        source,
    }
}

fn create_folder(path: &Path) -> Result<(), OutputError> {
    fs::create_dir_all(path).map_err(io("create", path))
}

fn remove_folder(path: &Path) -> Result<(), OutputError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(io("remove", path)(error))
        }
        _ => Ok(()),
    }
}

fn rename(from: &Path, to: &Path) -> Result<(), OutputError> {
    fs::rename(from, to).map_err(io("rename into", to))
}

fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), OutputError> {
    let mut file = File::create(path).map_err(io("create", path))?;
    file.write_all(bytes).map_err(io("write", path))?;
    file.sync_all().map_err(io("flush", path))
}

/// Makes renames and new names survive a power cut. Windows cannot open a folder
/// to flush it and does not need to.
fn sync_folder(path: &Path) -> Result<(), OutputError> {
    if cfg!(windows) {
        return Ok(());
    }
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(io("flush", path))
}

#[cfg(test)]
mod tests;
