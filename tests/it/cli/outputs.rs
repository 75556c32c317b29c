//! Results in every format, to files, devices and readers that leave.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use super::shop;
use crate::support::Scratch;

/// One row of every difficulty, and what every format makes of it.
const HARD: &str = "select * from (values (1, 'a,b', 2.50, true), (2, 'say \"x\" | y', null, false), (3, null, -0.75, null)) as t(n, s, m, b) order by n";

#[test]
fn formats_hold_the_same_table() {
    let shop = shop();
    let args = |format: &'static str| ["-q", "-c", HARD, "--format", format];
    let csv = "n,s,m,b\n1,\"a,b\",2.5,true\n2,\"say \"\"x\"\" | y\",,false\n3,,-0.75,\n";
    shop.run(&args("csv")).check(0, csv, "");
    let markdown = "| n | s | m | b |\n| ---: | --- | ---: | --- |\n| 1 | a,b | 2.5 | true |\n| 2 | say \"x\" \\| y |  | false |\n| 3 |  | -0.75 |  |\n";
    shop.run(&args("markdown")).check(0, markdown, "");
    let html = shop.run(&args("html"));
    assert!(
        html.stdout
            .contains("<td>say &quot;x&quot; | y</td><td></td>"),
        "{html:?}"
    );

    // Machine formats are read back by path and give the same table again.
    for (format, file) in [
        ("csv", "t.csv"),
        ("tsv", "t.tsv"),
        ("json", "t.json"),
        ("ndjson", "t.ndjson"),
        ("parquet", "t.parquet"),
    ] {
        let written = shop.run(&["-c", HARD, "-o", file]);
        written.check(0, "", &format!("3 rows written to {file}\n"));
        let back = format!("select n, s, m, b from '{file}' order by n");
        shop.run(&["-q", "-c", &back, "--format", "csv"])
            .check(0, csv, "");
        // Standard output holds the same bytes as the file.
        let out = shop.command().args(args(format)).output().unwrap();
        assert!(
            out.stdout == std::fs::read(shop.path(file)).unwrap(),
            "{format}"
        );
    }
}

#[test]
fn a_list_or_struct_is_refused_where_cells_are_flat() {
    let shop = shop();
    for (sql, said) in [
        (
            "select 1 as n, make_array(1, 2) as both",
            "a list, and column both is one: take it apart, unnest(both),",
        ),
        (
            "select nps_ci(9) as nps",
            "a struct, and column nps is one: name a field of it, nps['..'],",
        ),
    ] {
        for format in ["csv", "tsv"] {
            let ran = shop.run(&["-q", "-c", sql, "--format", format]);
            assert_eq!(ran.stdout, "");
            assert!(ran.stderr.contains(said), "{ran:?}");
            assert!(
                ran.stderr.contains("or write json, ndjson or parquet"),
                "{ran:?}"
            );
        }
        shop.run(&["-q", "-c", sql, "--format", "ndjson"]);
    }
}

#[test]
fn results_of_no_rows_have_their_columns() {
    let shop = shop();
    let sql = "select order_id, gross_amount from raw.orders where false";
    let check = |format: &str, stdout: &str| {
        shop.run(&["-q", "-c", sql, "--format", format])
            .check(0, stdout, "");
    };
    check("csv", "order_id,gross_amount\n");
    check("json", "[]\n");
    check("ndjson", "");
    check("markdown", "| order_id | gross_amount |\n| ---: | ---: |\n");
    check(
        "table",
        "order_id  gross_amount\n────────────────────────\n",
    );
}

#[test]
fn outputs_that_cannot_be_written_say_so() {
    let shop = shop();
    shop.run(&["-c", "select 1", "-o", "nowhere/a.csv"])
        .check_error(
            1,
            "error: cannot write nowhere/a.csv: No such file or directory (os error 2)\n",
        );
    shop.write("folder/file", "");
    shop.run(&["-c", "select 1", "--format", "csv", "-o", "folder"])
        .check_error(1, "error: cannot write folder: it is a folder\n");
    shop.run(&["-c", "select 1", "-o", "a.unknown"]).check_error(
        2,
        "error: a.unknown does not tell a format\n  help: name one with --format, or end the file in .csv, .parquet, ...\n",
    );
    // A file stands where a folder would have to be.
    shop.run(&["-c", "copy (select 1 as a) to 'folder/file/a.csv'"])
        .check_says(1, "error: cannot write folder/file/a.csv: ");
}

#[cfg(unix)]
#[test]
fn devices_are_written_to_and_links_followed() {
    use std::os::unix::fs::FileTypeExt;
    let shop = shop();
    let ran = shop.run(&[
        "-c",
        "select 1 as a",
        "--format",
        "csv",
        "-o",
        "/dev/stdout",
    ]);
    assert!(ran.stdout.contains("a\n1\n"), "{ran:?}");
    let null = || std::fs::metadata("/dev/null").unwrap().file_type();
    if null().is_char_device() {
        shop.run(&["-c", "select 1 as a", "--format", "csv", "-o", "/dev/null"]);
        let refused = shop.run(&["-c", "copy (select 1 as a) to '/dev/null' stored as csv"]);
        refused.check_says(1, "/dev/null is a device or a pipe");
        assert!(null().is_char_device());
    }
    shop.write("real.csv", "old\n");
    std::os::unix::fs::symlink(shop.path("real.csv"), shop.path("link.csv")).unwrap();
    shop.run(&["-c", "select 1 as a", "-o", "link.csv"]);
    assert_eq!(shop.read("real.csv"), "a\n1\n");
    assert!(
        std::fs::symlink_metadata(shop.path("link.csv"))
            .unwrap()
            .is_symlink()
    );
}

#[test]
fn a_failing_query_leaves_the_last_good_file() {
    let shop = shop();
    shop.write("a.csv", "good\n");
    // The first batches are written before the division fails.
    let sql = "select 1 / (value - 900000) as x from generate_series(1, 1000000)";
    shop.run(&["-c", sql, "-o", "a.csv"])
        .check_says(1, "Divide by zero");
    assert_eq!(shop.read("a.csv"), "good\n");
    assert_eq!(shop.names("."), ["a.csv", "aftersight.toml", "orders.csv"]);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let shop = shop();
    for format in ["csv", "ndjson", "markdown", "table"] {
        let mut command = shop.command();
        command.args([
            "-c",
            "select * from generate_series(1, 200000)",
            "--format",
            format,
        ]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        drop(stdout);
        let mut stderr = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut stderr)
            .unwrap();
        assert_eq!(
            (child.wait().unwrap().code(), stderr.as_str()),
            (Some(0), ""),
            "{format}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_job_that_is_stopped_leaves_nothing_half_written() {
    let scratch = Scratch::new();
    let sql = "select a.value, random() as r from generate_series(1, 2000000000) as a";
    for (signal, code) in [("TERM", 143), ("INT", 130), ("HUP", 129)] {
        let mut command = scratch.command();
        command.args(["-q", "-o", "big.csv", "-c", sql]);
        let mut child = command.spawn().unwrap();
        let id = child.id().to_string();
        let half = format!(".big.csv.{id}.tmp");
        let is_there = |name: &String| *name == half;
        while !scratch.names("").iter().any(is_there) {
            assert!(child.try_wait().unwrap().is_none(), "it has not begun");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let kill = std::process::Command::new("kill")
            .args(["-s", signal, &id])
            .status();
        assert!(kill.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(code), "{signal}");
        assert_eq!(scratch.names(""), Vec::<String>::new(), "{signal}");
    }
}
