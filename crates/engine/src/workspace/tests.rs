//! What the reader understands, and what it says of what it does not.

use super::*;

struct Names;

impl CanonicalNames for Names {
    fn tables(&self) -> Vec<&str> {
        vec!["orders", "returns"]
    }

    fn columns(&self, _: &str) -> Vec<&str> {
        vec!["order_id", "ordered_at"]
    }
}

fn parse(text: &str) -> Result<Workspace> {
    Workspace::parse("a.toml", text, &Names)
}

fn check_error(text: &str, expected: &str, expected_hint: &str) {
    let error = parse(text).unwrap_err();
    assert_eq!(error.to_string(), expected);
    assert_eq!(error.hint().unwrap_or_default(), expected_hint);
}

#[test]
fn a_whole_file_is_read() {
    let workspace = parse(
        r#"
        version = 1
        [workspace]
        name = "Shop"
        time_zone = "Asia/Shanghai"
        currency = "CNY"
        [settings]
        as_of = 2026-11-16
        region = "east"
        [params.region]
        type = "text"
        [sources.lines]
        location = ["a/", "b/*.parquet"]
        partitions = { month = "date" }
        time_zone = "Europe/Berlin"
        [tables.orders]
        from = "lines"
        where = "quantity > 0"
        columns = { order_id = "invoice", ordered_at = "min(at)" }
        group_by = "invoice"
        [tables.returns]
        sql = "returns.sql"
        "#,
    )
    .unwrap();
    assert_eq!(workspace.settings.get("as_of").unwrap(), Some("2026-11-16"));
    assert_eq!(workspace.settings.get("region").unwrap(), Some("east"));
    assert_eq!(workspace.sources["lines"].locations.len(), 2);
    assert_eq!(
        workspace.sources["lines"].partitions["month"].value,
        ColumnType::Date
    );
    let TableRows::Mapped {
        columns: Some(columns),
        group_by,
        ..
    } = &workspace.tables["orders"].rows
    else {
        panic!("mapped")
    };
    assert_eq!(columns["ordered_at"].value, "min(at)");
    assert_eq!(group_by[0].value, "invoice");
}

#[test]
fn every_mistake_is_located_and_answered() {
    check_error(
        "[sorces]\n",
        "a.toml:1:2: unknown section `sorces`",
        "did you mean `sources`?",
    );
    check_error(
        "[sources.x]\nlocaton = 'a'",
        "a.toml:2:1: unknown key in [sources.x] `localton`"
            .replace("localton", "locaton")
            .as_str(),
        "did you mean `location`?",
    );
    check_error(
        "[sources.x]\nlocation = 3",
        "a.toml:2:12: `sources.x.location` takes a text, not the number 3",
        "",
    );
    check_error(
        "[sources.x]\nlocation = 'a'\n[tables.order]\nfrom = 'x'",
        "a.toml:3:9: unknown canonical table `order`",
        "did you mean `orders`?",
    );
    check_error(
        "[sources.x]\nlocation = 'a'\n[tables.orders]\nfrom = 'x'\ncolumns = { oder_id = 'a' }",
        "a.toml:5:13: unknown column of orders `oder_id`",
        "did you mean `order_id`?",
    );
    check_error(
        "[sources.lines]\nlocation = 'a'\n[tables.orders]\nfrom = 'line'",
        "a.toml:4:8: there is no source `line`",
        "did you mean `lines`?",
    );
    check_error(
        "[settings]\nasof = 2026-11-16",
        "a.toml:2:1: there is no setting `asof`",
        "did you mean `as_of`?",
    );
    check_error(
        "[workspace]\ntime_zone = 'Asia/Shangai'",
        "a.toml:2:13: there is no time zone 'Asia/Shangai'",
        "did you mean `Asia/Shanghai`?",
    );
    check_error(
        "[workspace]\ncurrency = 'yuan'",
        "a.toml:2:12: 'yuan' is not a currency code",
        "three capital letters, like EUR or CNY",
    );
    let error = parse("[sources\n").unwrap_err();
    assert!(
        error.to_string().starts_with("a.toml:1:9: not valid TOML"),
        "{error}"
    );
}
