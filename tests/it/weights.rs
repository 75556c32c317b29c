//! Survey weights in marts: an answer of weight nothing is an answer that was never given.

use crate::support::{Scratch, rows};

/// Marts with a net promoter score, and its column.
const MARTS: &[(&str, &str)] = &[
    ("issues", "nps"),
    ("kpis_by_week", "nps"),
    ("nps_by_carrier", "nps"),
    ("nps_by_channel", "nps"),
    ("nps_by_experience", "nps_with"),
    ("nps_by_month", "nps"),
    ("nps_by_product_category", "nps"),
    ("nps_by_returner_class", "nps"),
    ("nps_by_segment", "nps"),
    ("nps_by_touchpoint", "nps"),
    ("nps_by_week", "nps"),
    ("returner_class_summary", "nps"),
    ("returner_profiles", "nps"),
    ("segments", "nps"),
    ("shop_summaries", "nps"),
    ("touchpoint_scores", "nps"),
];

/// Answers of `data/tiny` that weigh nothing; each customer has one in its scope.
const WEIGHTLESS: [&str; 3] = ["s01,nps,", "s02,nps,", "s13,nps,"];

/// Copies `data/tiny` with other surveys.
fn with_surveys(change: impl Fn(&str) -> Option<String>) -> Scratch {
    let scratch = Scratch::with_tiny();
    let surveys = scratch.read("surveys.csv");
    let surveys: String = surveys.lines().filter_map(change).collect();
    scratch.write("surveys.csv", surveys);
    scratch
}

#[tokio::test]
async fn what_weighs_nothing_is_not_there() {
    let is_weightless = |line: &str| WEIGHTLESS.iter().any(|start| line.starts_with(start));
    let all = with_surveys(|line| Some(format!("{line}\n")));
    let weighted = with_surveys(|line| {
        let weight = match line.starts_with("response_id,") {
            true => "weight",
            false if is_weightless(line) => "0",
            false => "1",
        };
        Some(format!("{line},{weight}\n"))
    });
    let fewer = with_surveys(|line| (!is_weightless(line)).then(|| format!("{line}\n")));
    let (all, weighted, fewer) = (all.open().await, weighted.open().await, fewer.open().await);
    for (mart, nps) in MARTS {
        let sql = format!("select {nps} from marts.{mart} where {nps} is not null order by 1");
        let found = rows(&weighted, &sql).await;
        assert_eq!(found, rows(&fewer, &sql).await, "{mart}");
        assert_ne!(found, rows(&all, &sql).await, "{mart} shows nothing");
    }
}
