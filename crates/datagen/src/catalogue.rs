//! What the shop sells and where: shops, categories, articles, carriers.
//!
//! Return probabilities are per order line and per reason. Reasons compete, so
//! a planted effect multiplies one of them and leaves the others alone.

use crate::Config;
use crate::id::{ShopId, Sku};
use crate::life::second_currency;
use crate::table::{ProductRow, ShopRow};
use crate::value::Money;

/// An account the workspace sells through.
pub(crate) struct Outlet {
    pub(crate) name: &'static str,
    pub(crate) marketplace: Option<&'static str>,
    pub(crate) return_days: i64,
    /// Share of the customers who buy here.
    pub(crate) share: f64,
}

pub(crate) const OUTLETS: [Outlet; 3] = [
    Outlet {
        name: "Marlow Home",
        marketplace: None,
        return_days: 15,
        share: 0.5,
    },
    Outlet {
        name: "Marlow on Plaza",
        marketplace: Some("plaza"),
        return_days: 7,
        share: 0.3,
    },
    Outlet {
        name: "Marlow on Junction",
        marketplace: Some("junction"),
        return_days: 7,
        share: 0.2,
    },
];

/// Carriers and their share of the parcels. [`LATE_CARRIER`] is one of them.
pub(crate) const CARRIERS: [(&str, f64); 3] =
    [("swift", 0.42), ("harbor", 0.33), ("northstar", 0.25)];

/// The carrier that is late from a given week.
pub(crate) const LATE_CARRIER: &str = "harbor";

/// The marketplace whose orders do not arrive for some days.
pub(crate) const GAP_MARKETPLACE: &str = "plaza";

/// The marketplace whose refunds take longer from a given week.
pub(crate) const SLOW_MARKETPLACE: &str = "junction";

/// The article that runs small.
pub(crate) const RUNS_SMALL: Sku = Sku(1);

/// The category whose goods break on the way.
pub(crate) const FRAGILE_CATEGORY: &str = "kitchen";

/// The subcategory that earns on sales and loses after them.
pub(crate) const LOSS_MAKER: &str = "climate";

/// The article with a defect that shows at the age of about 200 days.
pub(crate) const FAILS_LATE: Sku = Sku(48);

/// Two articles that are bought and returned together.
pub(crate) const PAIR: [Sku; 2] = [Sku(9), Sku(19)];

/// The article that is sold out for some weeks.
pub(crate) const SOLD_OUT: Sku = Sku(7);

/// A first-level category: its articles and why they come back.
pub(crate) struct Category {
    pub(crate) code: &'static str,
    /// Share of the lines sold.
    pub(crate) share: f64,
    /// Share of the lines a serial returner buys.
    pub(crate) serial_share: f64,
    /// Probability per line of each reason, without any planted effect.
    pub(crate) reasons: [(&'static str, f64); 8],
    /// Probability that a unit fails within two years.
    pub(crate) fails: f64,
    /// Second level, name, price in hundredths.
    articles: &'static [(&'static str, &'static str, i64)],
}

const fn reasons(per_mille: [f64; 8]) -> [(&'static str, f64); 8] {
    [
        ("size_fit", per_mille[0] / 1000.0),
        ("changed_mind", per_mille[1] / 1000.0),
        ("not_as_described", per_mille[2] / 1000.0),
        ("defective", per_mille[3] / 1000.0),
        ("damaged_in_transit", per_mille[4] / 1000.0),
        ("wrong_item", per_mille[5] / 1000.0),
        ("late_delivery", per_mille[6] / 1000.0),
        ("other", per_mille[7] / 1000.0),
    ]
}

pub(crate) const CATEGORIES: [Category; 6] = [
    Category {
        code: "apparel",
        share: 0.30,
        serial_share: 0.55,
        reasons: reasons([48.0, 22.0, 13.0, 6.0, 3.0, 5.0, 2.0, 4.0]),
        fails: 0.008,
        articles: &[
            ("tops", "Linen shirt", 18_900),
            ("tops", "Cotton tee", 7_900),
            ("tops", "Wool jumper", 32_900),
            ("tops", "Oxford shirt", 21_900),
            ("tops", "Breton top", 12_900),
            ("trousers", "Chino", 25_900),
            ("trousers", "Straight jeans", 29_900),
            ("trousers", "Jogger", 16_900),
            ("outerwear", "Rain jacket", 49_900),
            ("outerwear", "Down vest", 45_900),
            ("dresses", "Wrap dress", 33_900),
            ("dresses", "Shirt dress", 29_900),
            ("accessories", "Knit scarf", 9_900),
            ("accessories", "Leather belt", 14_900),
        ],
    },
    Category {
        code: "shoes",
        share: 0.15,
        serial_share: 0.25,
        reasons: reasons([58.0, 22.0, 10.0, 8.0, 2.0, 5.0, 2.0, 4.0]),
        fails: 0.06,
        articles: &[
            ("sneakers", "Court sneaker", 39_900),
            ("sneakers", "Runner", 45_900),
            ("sneakers", "Canvas slip-on", 19_900),
            ("boots", "Chelsea boot", 69_900),
            ("boots", "Rain boot", 25_900),
            ("sandals", "Cork sandal", 22_900),
            ("sandals", "Pool slide", 8_900),
            ("formal", "Loafer", 52_900),
            ("formal", "Derby", 59_900),
            ("slippers", "Felt slipper", 11_900),
        ],
    },
    Category {
        code: "home",
        share: 0.18,
        serial_share: 0.06,
        reasons: reasons([0.0, 18.0, 12.0, 6.0, 8.0, 4.0, 2.0, 4.0]),
        fails: 0.02,
        articles: &[
            ("bedding", "Percale sheet", 23_900),
            ("bedding", "Down pillow", 19_900),
            ("bedding", "Winter quilt", 59_900),
            ("bath", "Bath towel", 8_900),
            ("bath", "Bath mat", 11_900),
            ("living", "Throw", 17_900),
            ("living", "Cushion", 9_900),
            ("living", "Floor lamp", 42_900),
            ("living", "Jute rug", 69_900),
            ("storage", "Linen box", 12_900),
            ("storage", "Wall shelf", 27_900),
            ("storage", "Coat rack", 36_900),
        ],
    },
    Category {
        code: "kitchen",
        share: 0.12,
        serial_share: 0.03,
        reasons: reasons([0.0, 14.0, 8.0, 6.0, 8.0, 4.0, 2.0, 4.0]),
        fails: 0.03,
        articles: &[
            ("glass", "Wine glass set", 15_900),
            ("glass", "Carafe", 12_900),
            ("ceramics", "Dinner plate set", 29_900),
            ("ceramics", "Teapot", 19_900),
            ("cookware", "Iron pan", 34_900),
            ("cookware", "Stock pot", 39_900),
            ("tools", "Chef's knife", 26_900),
            ("tools", "Cutting board", 13_900),
        ],
    },
    Category {
        code: "electronics",
        share: 0.12,
        serial_share: 0.06,
        reasons: reasons([0.0, 16.0, 12.0, 28.0, 5.0, 3.0, 3.0, 5.0]),
        fails: 0.20,
        articles: &[
            ("audio", "Earbuds", 39_900),
            ("audio", "Speaker", 49_900),
            ("small_appliances", "Kettle", 24_900),
            ("small_appliances", "Rice cooker", 45_900),
            ("small_appliances", "Hand blender", 29_900),
            ("climate", "Air purifier", 99_900),
            ("climate", "Desk fan", 19_900),
            ("light", "Reading light", 14_900),
        ],
    },
    Category {
        code: "beauty",
        share: 0.13,
        serial_share: 0.05,
        reasons: reasons([0.0, 7.0, 5.0, 3.0, 4.0, 2.0, 1.0, 3.0]),
        fails: 0.0,
        articles: &[
            ("skin", "Day cream", 15_900),
            ("skin", "Serum", 25_900),
            ("skin", "Sun lotion", 11_900),
            ("hair", "Shampoo", 7_900),
            ("hair", "Hair mask", 9_900),
            ("body", "Hand soap", 4_900),
            ("body", "Body oil", 13_900),
            ("fragrance", "Room spray", 16_900),
        ],
    },
];

/// One article, as the simulation needs it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Article {
    pub(crate) sku: Sku,
    pub(crate) category: usize,
    pub(crate) name: &'static str,
    pub(crate) subcategory: &'static str,
    pub(crate) price: i64,
    pub(crate) cost: i64,
    /// How often it is bought within its category.
    pub(crate) popularity: f64,
}

/// Returns every article, numbered from 1 in the order of the categories.
/// `loss_maker_cost` is what an article of [`LOSS_MAKER`] costs, as a share of
/// its price.
pub(crate) fn articles(loss_maker_cost: Option<f64>) -> Vec<Article> {
    let mut all = Vec::new();
    for (category, section) in CATEGORIES.iter().enumerate() {
        for (rank, (subcategory, name, price)) in section.articles.iter().enumerate() {
            all.push(Article {
                sku: Sku(all.len() as i64 + 1),
                category,
                name,
                subcategory,
                price: *price,
                // Costs are 38 to 56 % of the price, so that margins differ.
                cost: match loss_maker_cost.filter(|_| *subcategory == LOSS_MAKER) {
                    Some(share) => (*price as f64 * share).round() as i64,
                    None => price * (38 + (rank as i64 * 7) % 19) / 100,
                },
                // A long tail: the tenth article sells a third of the first.
                popularity: 1.0 / (rank as f64 + 1.0).sqrt(),
            });
        }
    }
    all
}

pub(crate) fn shop_rows(config: &Config) -> Vec<ShopRow> {
    OUTLETS
        .iter()
        .enumerate()
        .map(|(idx, outlet)| ShopRow {
            shop_id: ShopId(idx as i64 + 1),
            name: outlet.name,
            marketplace: outlet.marketplace,
            currency: second_currency(config, idx).unwrap_or(config.currency),
            return_days: outlet.return_days,
        })
        .collect()
}

pub(crate) fn product_rows(articles: &[Article]) -> Vec<ProductRow> {
    articles
        .iter()
        .map(|article| ProductRow {
            sku: article.sku,
            name: article.name.to_owned(),
            category: CATEGORIES[article.category].code,
            subcategory: article.subcategory,
            unit_cost: Money(article.cost),
        })
        .collect()
}
