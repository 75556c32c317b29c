//! `examples/clothing-reviews` on the real file: facts of its PROVENANCE.md, and the
//! marts of surveys and aspects against plain SQL over the source.
//!
//! Without the shared folder every test says SKIPPED.

use std::path::Path;

use aftersight_engine::{Engine, Options};

use crate::support::{rows, shared};

async fn reviews() -> Option<Engine> {
    let folder = shared("data/womens_clothing_reviews")?;
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/clothing-reviews/aftersight.toml");
    let mut options = Options::default();
    options.stores.base = folder.display().to_string();
    Some(Engine::open_file(&file, options).await.unwrap())
}

#[tokio::test]
async fn the_file_is_the_one_its_provenance_describes() {
    let Some(engine) = reviews().await else {
        return;
    };
    // 842, 1,565, 2,871, 5,077 and 13,131 of one to five stars, also as answers.
    let expected = ["1 842", "2 1565", "3 2871", "4 5077", "5 13131"];
    let source = "select rating, count(*) from source.reviews group by rating order by rating";
    assert_eq!(rows(&engine, source).await, expected);
    let answers = "select cast(score as integer) as stars, count(*) from staging.surveys
        where problem is null group by stars order by stars";
    assert_eq!(rows(&engine, answers).await, expected);

    let sql = "select count(*), count(distinct product_id), sum(recommended)
        from source.reviews";
    assert_eq!(rows(&engine, sql).await, ["23486 1206 19314"]);
    let sql = "select sum(reviews), sum(recommended), sum(return_texts)
        from reviews_by_category";
    assert_eq!(rows(&engine, sql).await, ["23486 19314 1714"]);
    // An article is in one department; 7 are in none.
    let sql = "select count(*), count(category), count(subcategory) from staging.products";
    assert_eq!(rows(&engine, sql).await, ["1206 1199 1199"]);
}

#[tokio::test]
async fn scores_and_aspects_are_those_of_the_stars_and_the_verdicts() {
    let Some(engine) = reviews().await else {
        return;
    };
    // 5,077 + 13,131 = 18,208 of 23,486 are satisfied, 842 + 1,565 = 2,407 are not.
    let sql = "select touchpoint, answers, satisfied, dissatisfied, round(csat, 6)
        from csat_by_touchpoint";
    let found = rows(&engine, sql).await;
    assert_eq!(found, ["review 23486 18208 2407 0.77527"]);

    // (19,314 - 4,172) / 23,486 = 0.644725; the stars have a mean of 98,549 / 23,486.
    let sql = "select texts, positive_texts, negative_texts, round(net_sentiment, 6), ratings,
            round(mean_rating, 6), low_ratings
        from sentiment_by_month where source = 'all'";
    let found = rows(&engine, sql).await;
    assert_eq!(found, ["23486 19314 4172 0.644725 23486 4.196032 2407"]);

    // Article by article.
    let plain = "select product_id, count(*), sum(recommended),
            sum(case when rating <= 2 then 1 else 0 end)
        from source.reviews group by product_id order by product_id";
    let ours = "select sku, texts, positive_texts, low_ratings from aspects_by_product
        where aspect = 'all' order by sku";
    let found = rows(&engine, ours).await;
    assert_eq!(found.len(), 1206);
    assert_eq!(found, rows(&engine, plain).await);

    // Every text has one aspect; what speaks of sending back is liked least.
    let sql = "select aspect, texts from aspects_by_source where source = 'review'
        order by net_sentiment";
    let expected = [
        "return 1765",
        "quality 3186",
        "fit 13394",
        "price 290",
        "other 2730",
        "colour 1277",
        "unknown 844",
    ];
    assert_eq!(rows(&engine, sql).await, expected);
}
