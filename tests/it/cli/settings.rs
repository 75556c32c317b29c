//! Settings from file, flag and statement, and the report day that is assumed.

use super::{WORKSPACE, shop};

#[test]
fn settings_on_the_command_line_are_checked() {
    let shop = shop();
    let check = |args: &[&str], stderr: &str| {
        let args: Vec<&str> = args.iter().copied().chain(["-c", "select 1"]).collect();
        shop.run(&args).check_error(2, stderr);
    };
    check(
        &["--set", "asof=2026-01-01"],
        "error: there is no setting `asof`\n  help: did you mean `as_of`?\n",
    );
    check(
        &["--set", "as_of=2026-13-01"],
        "error: `as_of` takes a date like 2026-11-16, not '2026-13-01'\n",
    );
    check(
        &["--set", "as_of"],
        "error: --set takes NAME=VALUE, not 'as_of'\n",
    );
    check(
        &["--set", "time_zone=UTC"],
        "error: `time_zone` is fixed by the workspace file\n  help: change `time_zone` under [workspace]\n",
    );
    check(
        &["--as-of", "yesterday"],
        "error: `as_of` takes a date like 2026-11-16, not 'yesterday'\n",
    );
    check(
        &["-w", "nowhere.toml"],
        "error: cannot read nowhere.toml: No such file or directory (os error 2)\n",
    );
    shop.run(&["--format", "xls"])
        .check_says(2, "[possible values: table, csv,");
}

#[test]
fn settings_come_from_file_flag_and_set() {
    let shop = shop();
    shop.write(
        "aftersight.toml",
        format!("{WORKSPACE}\n[settings]\nas_of = 2026-11-09\n"),
    );
    let sql = "select $as_of as day";
    let csv = |args: &[&str], stdout: &str| {
        let args: Vec<&str> = args
            .iter()
            .copied()
            .chain(["-q", "--format", "csv"])
            .collect();
        shop.run(&args).check(0, stdout, "");
    };
    csv(&["-c", sql], "day\n2026-11-09\n");
    csv(&["-c", sql, "--as-of", "2026-11-16"], "day\n2026-11-16\n");
    csv(
        &["-c", sql, "--set", "as_of=2026-11-23"],
        "day\n2026-11-23\n",
    );
    csv(
        &[
            "-c",
            "set as_of = date '2026-11-30'",
            "-c",
            sql,
            "-c",
            "reset as_of",
            "-c",
            sql,
        ],
        "day\n2026-11-30\nday\n2026-11-09\n",
    );
}

#[test]
fn the_assumed_report_day_is_said_once() {
    let ran = shop().run(&[
        "--format",
        "csv",
        "-c",
        "select 1 as x; select $as_of is null as x; select $as_of_at is null as x",
    ]);
    assert_eq!(ran.stdout, "x\n1\nx\nfalse\nx\nfalse\n");
    assert!(ran.stderr.starts_with("as_of = 20"), "{ran:?}");
    assert!(
        ran.stderr
            .ends_with(", the end of the last complete period\n"),
        "{ran:?}"
    );
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
}
