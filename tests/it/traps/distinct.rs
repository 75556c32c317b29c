//! `f(distinct x)` is refused by every aggregate of ours, where DataFusion would ignore the word.

use aftersight_functions::{Kind, documentation};

use crate::support::{Scratch, error, rows};

#[tokio::test]
async fn distinct_is_never_ignored() {
    let engine = Scratch::new().open().await;
    let mut checked = 0;
    for function in documentation() {
        if function.kind != Kind::Aggregate {
            continue;
        }
        // The example of the manual is a call that works.
        let example = function.example.split("```sql").nth(1).unwrap();
        let call = format!("{}(", function.name);
        let example = example.split(';').next().unwrap().trim();
        assert!(example.contains(&call), "{example}");
        rows(&engine, example).await;
        let distinct = example.replacen(&call, &format!("{call}distinct "), 1);
        // In the select list that the call stands in.
        let (before, after) = distinct.split_at(distinct.find(&call).unwrap());
        let (outer, own) = before.rsplit_once("select").unwrap();
        let beside = format!("{outer}select count(*) as n,{own}{after}");
        let both = format!("{outer}select count(distinct 1) as n,{own}{after}");
        for sql in [&distinct, &beside, &both] {
            let found = error(&engine, sql).await;
            assert!(found.contains("DISTINCT"), "{sql}: {found}");
        }
        checked += 1;
    }
    assert!(checked >= 4, "{checked} aggregates");
}
