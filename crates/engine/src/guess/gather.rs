//! Which files are parts of one source: by folder, name and format, whatever counts them.
//!
//! Only names are looked at; what is in the files is for `look`.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::datasource::listing::ListingTableUrl;
use object_store::ObjectMeta;

use crate::source::format::known_extension;
use crate::source::location::absolute_file;
use crate::workspace::Format;

/// Files that belong together, before they are opened.
pub(super) struct Group {
    pub(super) name: String,
    pub(super) locations: Vec<String>,
    pub(super) files: Vec<ObjectMeta>,
    pub(super) format: Format,
    pub(super) needs_format: bool,
}

/// A folder name that only counts: a year, a month, a partition.
pub(super) fn is_counting(folder: &str) -> bool {
    folder.contains('=')
        || folder
            .chars()
            .all(|c| c.is_ascii_digit() || "-_".contains(c))
}

/// A file name without numbers, or nothing where it says only that it is a part.
pub(super) fn stem_of(file: &str, extension: &str) -> String {
    let stem = file.strip_suffix(extension).unwrap_or(file);
    let is_uuid = |w: &str| w.len() >= 8 && w.chars().all(|c| c.is_ascii_hexdigit());
    let words: Vec<&str> = stem
        .split(['-', '_', '.', ' '])
        .map(|w| w.trim_matches(|c: char| c.is_ascii_digit()))
        .filter(|w| !w.is_empty() && !is_uuid(w))
        .collect();
    let joined = words.join("_");
    let is_part = [
        "part",
        "data",
        "file",
        "chunk",
        "output",
        "snappy",
        "c",
        "part_snappy",
        "part_c",
    ]
    .contains(&joined.to_lowercase().as_str());
    if is_part { String::new() } else { joined }
}

/// Folder, pattern and extension that files of one table share.
type Kind = (Vec<String>, String, String);

/// Gathers files into tables by folder, name without numbers, and format.
pub(super) fn gather(url: &ListingTableUrl, absolute: &str, files: Vec<ObjectMeta>) -> Vec<Group> {
    let store = url.object_store();
    let mut groups: BTreeMap<Kind, Vec<(Vec<String>, ObjectMeta)>> = BTreeMap::new();
    for file in files {
        let full: Vec<String> = file
            .location
            .parts()
            .map(|p| p.as_ref().to_owned())
            .collect();
        let Some((name, folders)) = full.split_last() else {
            continue;
        };
        let Some((extension, _)) = known_extension(name) else {
            continue;
        };
        let n_plain = folders.iter().take_while(|f| !is_counting(f)).count();
        let stem = stem_of(name, &extension);
        // `2026-01.parquet` beside nothing else is a part, too.
        let key = (folders[..n_plain].to_vec(), stem, extension);
        groups
            .entry(key)
            .or_default()
            .push((folders.to_vec(), file));
    }
    let n_in_folder = |folder: &[String]| {
        groups
            .keys()
            .filter(|(other, _, _)| other.starts_with(folder))
            .count()
    };
    let is_one_file = !url.is_collection() && !absolute.contains(['*', '?', '[']);
    let mut gathered = Vec::new();
    for ((folder, stem, extension), members) in &groups {
        let file_name = |file: &ObjectMeta| absolute_file(store.as_str(), file);
        let folder_name = || {
            let place = members.first().map(|(_, file)| file_name(file));
            let place = place.unwrap_or_default();
            let n_below = members
                .first()
                .map_or(0, |(folders, _)| folders.len() - folder.len());
            let mut path = place.as_str();
            for _ in 0..=n_below {
                path = path.rsplit_once('/').map_or("", |(head, _)| head);
            }
            format!("{path}/")
        };
        // A table reads the folders below its own only where they are partitions.
        let is_partitioned = |folders: &[String]| {
            let mut below = folders[folder.len()..].iter();
            below.all(|f| f.contains('='))
        };
        let is_folder = !is_one_file
            && n_in_folder(folder) == 1
            && (stem.is_empty()
                || members
                    .iter()
                    .any(|(folders, _)| folders.len() > folder.len()))
            && members.iter().all(|(folders, _)| is_partitioned(folders));
        let is_below_location = folder_name().len() >= absolute.trim_end_matches('/').len();
        let locations = if members.len() == 1 && !is_folder {
            vec![file_name(&members[0].1)]
        } else if is_folder && is_below_location {
            vec![folder_name()]
        } else {
            members.iter().map(|(_, file)| file_name(file)).collect()
        };
        let name = if stem.is_empty() {
            folder.last().cloned().unwrap_or_else(|| "files".to_owned())
        } else {
            stem.clone()
        };
        let Some((_, format)) = known_extension(extension) else {
            continue;
        };
        let same_folder = groups.keys().filter(|(other, _, _)| other == folder);
        gathered.push(Group {
            name: source_name(&name),
            locations,
            files: members.iter().map(|(_, file)| file.clone()).collect(),
            format,
            needs_format: is_folder && same_folder.count() > 1,
        });
    }
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for group in &mut gathered {
        let n = taken.entry(group.name.clone()).or_default();
        *n += 1;
        if *n > 1 {
            group.name = format!("{}_{n}", group.name);
        }
    }
    gathered
}

/// A name that needs no quotes in TOML or SQL where its letters allow.
pub(super) fn source_name(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars() {
        if c.is_alphanumeric() {
            name.extend(c.to_lowercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
    }
    let name = name.trim_end_matches('_');
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return format!("files_{name}").trim_end_matches('_').to_owned();
    }
    name.to_owned()
}

pub(super) fn partition_names(files: &[ObjectMeta]) -> BTreeSet<String> {
    let folders = files
        .iter()
        .flat_map(|f| f.location.parts().collect::<Vec<_>>());
    folders
        .filter_map(|p| p.as_ref().split_once('=').map(|(name, _)| name.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(location: &str, files: &[&str]) -> Vec<(String, String)> {
        let url = ListingTableUrl::parse(location).unwrap();
        let files = files.iter().map(|path| ObjectMeta {
            location: object_store::path::Path::parse(*path).unwrap(),
            last_modified: Default::default(),
            size: 1,
            e_tag: None,
            version: None,
        });
        gather(&url, location, files.collect())
            .into_iter()
            .map(|g| (g.name, g.locations.join(" ")))
            .collect()
    }

    #[test]
    fn files_that_are_parts_become_one_source() {
        let found = group(
            "/lake/",
            &[
                "lake/orders/month=2026-01/part-000.parquet",
                "lake/orders/month=2026-02/part-000.parquet",
                "lake/customers/part-000.parquet",
                "lake/returns/2026/01/0a1b2c3d4e.csv",
                "lake/README.md",
            ],
        );
        let expected = [
            ("customers", "/lake/customers/"),
            ("orders", "/lake/orders/"),
            ("returns", "/lake/returns/2026/01/0a1b2c3d4e.csv"),
        ];
        assert_eq!(found, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }

    #[test]
    fn files_of_other_names_are_other_sources_and_years_are_parts() {
        let found = group(
            "/lake/",
            &[
                "lake/Orders 2024.csv",
                "lake/Orders 2025.csv",
                "lake/order_items.csv",
                "lake/退货.csv",
            ],
        );
        let expected = [
            ("orders", "/lake/Orders 2024.csv /lake/Orders 2025.csv"),
            ("order_items", "/lake/order_items.csv"),
            ("退货", "/lake/退货.csv"),
        ];
        assert_eq!(found, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }
}
