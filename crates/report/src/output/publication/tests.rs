//! All files or none, and a good publication outlives every failure.

use super::*;

fn facts(day: u32) -> RunFacts {
    RunFacts {
        report: "weekly".to_owned(),
        as_of: chrono::NaiveDate::from_ymd_opt(2026, 11, day).unwrap(),
        spec_hash: "3f9c2ab".to_owned(),
        settings: vec![("min_n".to_owned(), "100".to_owned())],
        rules: vec![],
    }
}

fn publication(day: u32, page: &str) -> Publication {
    let mut publication = Publication::new(facts(day));
    publication
        .add("report.en.html", page.as_bytes().to_vec())
        .unwrap();
    publication.add("data/q.csv", b"a\n1\n".to_vec()).unwrap();
    publication.note_rows("q", 1);
    publication
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

/// Every file below a folder, hidden ones too.
fn all_files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(
                all_files(&path)
                    .into_iter()
                    .map(|file| format!("{name}/{file}")),
            );
        } else {
            found.push(name);
        }
    }
    found.sort();
    found
}

#[test]
fn files_manifest_and_pointer_are_there_and_nothing_else() {
    let root = tempfile::tempdir().unwrap();
    let published = publication(16, "page").publish(root.path()).unwrap();
    let weekly = root.path().join("weekly");
    assert_eq!(published.folder, weekly.join("2026-11-16"));
    assert_eq!(
        all_files(&weekly),
        [
            "2026-11-16/data/q.csv",
            "2026-11-16/manifest.json",
            "2026-11-16/report.en.html",
            "latest.json"
        ]
    );
    let manifest: Value = serde_json::from_str(&read(&published.folder.join(MANIFEST))).unwrap();
    assert_eq!(manifest["rows"]["q"], 1);
    assert_eq!(manifest["files"][0]["name"], "data/q.csv");
    // printf 'a\n1\n' | sha256sum
    assert_eq!(
        manifest["files"][0]["sha256"],
        "309b0e45a73d3fc5325e2b6ed0a01ef8b9cde6b05a5633c1f893f970d52bfddc"
    );
    let latest: Value = serde_json::from_str(&read(&weekly.join(LATEST))).unwrap();
    assert_eq!(latest["manifest"], "2026-11-16/manifest.json");
    assert_eq!(latest["manifest_sha256"], published.manifest_sha256);
}

#[test]
fn the_same_files_have_the_same_manifest_whatever_the_run_took() {
    let mut slow = publication(16, "page");
    slow.set_run(b"{\"ms\":1200}".to_vec());
    assert_eq!(slow.manifest(), publication(16, "page").manifest());
    let root = tempfile::tempdir().unwrap();
    let published = slow.publish(root.path()).unwrap();
    assert_eq!(read(&published.folder.join(RUN)), "{\"ms\":1200}");
    assert_ne!(slow.manifest(), publication(16, "other").manifest());
}

#[test]
fn a_second_run_replaces_the_first_whole() {
    let root = tempfile::tempdir().unwrap();
    let mut first = publication(16, "first");
    first.add("old.csv", Vec::new()).unwrap();
    first.publish(root.path()).unwrap();
    let published = publication(16, "second").publish(root.path()).unwrap();
    assert_eq!(read(&published.folder.join("report.en.html")), "second");
    assert!(!published.folder.join("old.csv").exists());
    assert_eq!(all_files(&root.path().join("weekly")).len(), 4);
}

#[test]
fn a_failure_half_way_leaves_the_former_publication() {
    let root = tempfile::tempdir().unwrap();
    let former = publication(16, "good").publish(root.path()).unwrap();
    // The second file cannot be written: its folder's name is taken by a file.
    let mut broken = publication(16, "bad");
    broken.add("data/q.csv/inner", Vec::new()).unwrap();
    let error = broken.publish(root.path()).unwrap_err();
    assert!(matches!(error, OutputError::Io { .. }), "{error}");
    assert_eq!(read(&former.folder.join("report.en.html")), "good");
    assert!(former.folder.join(MANIFEST).exists());
    assert_eq!(all_files(&root.path().join("weekly")).len(), 4);
}

#[test]
fn a_root_that_cannot_be_written_is_an_error_and_not_a_panic() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    fs::write(&file, "x").unwrap();
    let error = publication(16, "page").publish(&file).unwrap_err();
    assert!(error.to_string().contains("cannot create"), "{error}");
}

#[test]
fn a_publication_moved_aside_by_a_killed_run_comes_back() {
    let root = tempfile::tempdir().unwrap();
    let former = publication(16, "good").publish(root.path()).unwrap();
    let aside = root.path().join("weekly/.2026-11-16.old");
    fs::rename(&former.folder, &aside).unwrap();
    fs::create_dir(root.path().join("weekly/.2026-11-16.new")).unwrap();
    let mut broken = publication(16, "bad");
    broken.add("data/q.csv/inner", Vec::new()).unwrap();
    broken.publish(root.path()).unwrap_err();
    assert_eq!(read(&former.folder.join("report.en.html")), "good");
    assert!(!aside.exists());
}

#[test]
fn an_older_day_does_not_become_the_latest() {
    let root = tempfile::tempdir().unwrap();
    publication(16, "new").publish(root.path()).unwrap();
    publication(9, "backfill").publish(root.path()).unwrap();
    let latest: Value =
        serde_json::from_str(&read(&root.path().join("weekly/latest.json"))).unwrap();
    assert_eq!(latest["as_of"], "2026-11-16");
    assert!(root.path().join("weekly/2026-11-09/manifest.json").exists());
}

#[test]
fn names_that_leave_the_folder_or_are_taken_are_refused() {
    let mut publication = publication(16, "page");
    for name in [
        "../x",
        "/x",
        "a//b",
        "manifest.json",
        "run.json",
        "report.en.html",
        "",
        ".hidden",
    ] {
        assert!(publication.add(name, Vec::new()).is_err(), "{name}");
    }
}
