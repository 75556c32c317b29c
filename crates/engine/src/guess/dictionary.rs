//! The dictionary of names, and how alike two names are.
//!
//! The words are data, in `names.toml`. Here is only how a name is cut into
//! words and compared; nothing here looks at values.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use toml::{Table, Value};

/// A name cut into words that can be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    /// Words, reduced to one spelling.
    pub(super) words: Vec<String>,
    /// Whether the name says that amounts are in hundredths.
    pub(super) is_cents: bool,
}

/// A usual name of a table or column.
#[derive(Debug)]
struct Usual {
    text: String,
    words: Vec<String>,
    weight: f64,
}

/// How well a name fits, and to which usual name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Likeness {
    /// 0 to 1.
    pub(super) score: f64,
    /// The usual name it is like.
    pub(super) like: String,
}

/// Usual names by what they mean.
#[derive(Debug)]
pub(super) struct Dictionary {
    tables: BTreeMap<String, Vec<Usual>>,
    nouns: BTreeMap<String, Vec<String>>,
    /// By table and column; an empty table stands for all.
    columns: BTreeMap<(String, String), Vec<Usual>>,
    answers: BTreeMap<String, Vec<Usual>>,
}

static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| {
    #[expect(
        clippy::expect_used,
        reason = "the file is compiled in and a test reads it"
    )]
    parse(include_str!("names.toml")).expect("names.toml is well formed")
});

/// One spelling per word that people shorten or inflect in many ways.
const SPELLINGS: &[(&str, &[&str])] = &[
    (
        "id",
        &["no", "nbr", "num", "number", "nr", "sk", "key", "uuid"],
    ),
    (
        "at",
        &[
            "ts",
            "time",
            "date",
            "datetime",
            "timestamp",
            "dt",
            "on",
            "day",
            "dttm",
        ],
    ),
    ("quantity", &["qty", "quantities"]),
    ("amount", &["amt"]),
    (
        "customer",
        &["cust", "client", "buyer", "member", "user", "shopper"],
    ),
    ("description", &["desc"]),
    ("ship", &["shipped", "shipping", "shipment", "shipments"]),
    ("deliver", &["delivered", "delivery", "deliveries"]),
    ("order", &["ordered"]),
    ("return", &["returned"]),
    ("refund", &["refunded"]),
    ("request", &["requested"]),
    ("receive", &["received"]),
    ("approve", &["approved", "approval"]),
    ("close", &["closed"]),
    ("open", &["opened"]),
    ("create", &["created", "creation"]),
    ("resolve", &["resolved"]),
    ("cancel", &["cancelled", "canceled"]),
    ("promise", &["promised"]),
    ("pay", &["paid", "payment"]),
    ("purchase", &["purchased"]),
    ("respond", &["responded", "response", "responses"]),
    ("category", &["categories"]),
];

/// Words that say in which unit an amount is.
const UNITS: &[&str] = &["元", "rmb", "cny", "usd", "eur", "gbp", "个", "件"];
const CENTS: &[&str] = &["分", "cents", "cent", "fen"];

fn is_cjk(c: char) -> bool {
    ('\u{2e80}'..='\u{9fff}').contains(&c) || ('\u{f900}'..='\u{faff}').contains(&c)
}

fn spelling(word: &str) -> String {
    if let Some((one, _)) = SPELLINGS.iter().find(|(_, all)| all.contains(&word)) {
        return (*one).to_owned();
    }
    let is_plural = word.len() > 3 && word.ends_with('s') && !word.ends_with("ss");
    let singular = if is_plural && word != "status" {
        &word[..word.len() - 1]
    } else {
        word
    };
    match SPELLINGS.iter().find(|(_, all)| all.contains(&singular)) {
        Some((one, _)) => (*one).to_owned(),
        None => singular.to_owned(),
    }
}

impl Name {
    /// Cuts a name at separators, changes of case and changes of script.
    pub(super) fn of(text: &str) -> Self {
        let mut raw: Vec<String> = Vec::new();
        let mut word = String::new();
        let mut before: Option<char> = None;
        for c in text.chars() {
            // Full-width letters and brackets of Chinese keyboards.
            let c = match c {
                '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
                _ => c,
            };
            let is_cut = before
                .is_some_and(|b| (b.is_lowercase() && c.is_uppercase()) || is_cjk(b) != is_cjk(c));
            if (is_cut || !c.is_alphanumeric()) && !word.is_empty() {
                raw.push(std::mem::take(&mut word));
            }
            if c.is_alphanumeric() {
                word.extend(c.to_lowercase());
            }
            before = Some(c);
        }
        if !word.is_empty() {
            raw.push(word);
        }
        let has_more = raw.len() > 1;
        let is_cents = has_more && raw.iter().any(|w| CENTS.contains(&w.as_str()));
        let is_unit =
            |w: &String| has_more && (UNITS.contains(&w.as_str()) || CENTS.contains(&w.as_str()));
        let words = raw.iter().filter(|w| !is_unit(w)).map(|w| spelling(w));
        Name {
            words: words.collect(),
            is_cents,
        }
    }

    /// Drops a first word that the columns of a file share, as `sr_` in TPC-DS.
    pub(super) fn without_prefix(mut self, prefix: Option<&str>) -> Self {
        if self.words.len() > 1 && self.words.first().map(String::as_str) == prefix {
            self.words.remove(0);
        }
        self
    }
}

/// Returns the short first word that nearly all names have.
pub(super) fn shared_prefix(names: &[Name]) -> Option<String> {
    let first = names.first()?.words.first()?;
    let n_with = names
        .iter()
        .filter(|n| n.words.len() > 1 && n.words.first() == Some(first))
        .count();
    let is_prefix = first.len() <= 3 && names.len() >= 3 && n_with * 10 >= names.len() * 9;
    is_prefix.then(|| first.clone())
}

/// Compares the words of a name with those of a usual one, 0 to 1.
fn similarity(name: &[String], usual: &[String], nouns: &[String]) -> f64 {
    if name == usual {
        return 1.0;
    }
    let extra: Vec<&String> = name.iter().filter(|w| !usual.contains(w)).collect();
    let missing: Vec<&String> = usual.iter().filter(|w| !name.contains(w)).collect();
    let is_noun = |w: &&String| nouns.contains(w);
    if missing.is_empty() {
        let n_extra = extra.iter().filter(|w| !is_noun(w)).count();
        return match (n_extra, usual.len()) {
            (0, _) => 0.95,
            // `tax amount` is not an amount.
            (1, 1) => 0.4,
            (_, 1) => 0.0,
            (n, _) => (0.9 - 0.15 * n as f64).max(0.0),
        };
    }
    if extra.is_empty() && !name.is_empty() && missing.iter().all(is_noun) {
        // `id` says less than `order id`.
        return 0.7;
    }
    match (name, usual) {
        ([name], [usual]) => chinese_similarity(name, usual, nouns),
        _ => 0.0,
    }
}

/// Chinese is written without blanks, so words are looked for within words.
fn chinese_similarity(name: &str, usual: &str, nouns: &[String]) -> f64 {
    if !name.chars().all(is_cjk) || !usual.chars().all(is_cjk) {
        return 0.0;
    }
    let is_without_noun = nouns
        .iter()
        .any(|noun| name.strip_prefix(noun.as_str()) == Some(usual));
    if is_without_noun {
        return 0.95;
    }
    let (n, of) = (usual.chars().count(), name.chars().count());
    if n >= 2 && name.contains(usual) {
        return 0.4 + 0.4 * n as f64 / of as f64;
    }
    0.0
}

fn best(name: &[String], usual: &[Usual], nouns: &[String]) -> Option<Likeness> {
    usual
        .iter()
        .enumerate()
        // What stands first is meant first.
        .map(|(at, u)| {
            (
                similarity(name, &u.words, nouns) * u.weight - 0.0005 * at as f64,
                u,
            )
        })
        .filter(|(score, _)| *score > 0.0)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(score, u)| Likeness {
            score,
            like: u.text.clone(),
        })
}

impl Dictionary {
    /// Returns the dictionary.
    pub(super) fn get() -> &'static Self {
        &DICTIONARY
    }

    /// Says how much the name of a file is that of a table.
    pub(super) fn table(&self, name: &Name, table: &str) -> f64 {
        if name.words == Name::of(table).words {
            return 1.0;
        }
        let usual = self.tables.get(table).map_or(&[][..], Vec::as_slice);
        let whole = best(&name.words, usual, &[]).map_or(0.0, |l| l.score * 0.98);
        // `rfm_data_orders` are orders: the last word says what it is.
        let within = usual.iter().map(|u| {
            let n_extra = name.words.iter().filter(|w| !u.words.contains(w)).count();
            let is_last = u.words.last() == name.words.last();
            let is_within = u.words.iter().all(|w| name.words.contains(w));
            let share = 0.7 - 0.05 * n_extra as f64 + if is_last { 0.1 } else { 0.0 };
            if is_within { share * u.weight } else { 0.0 }
        });
        within.fold(whole, f64::max)
    }

    /// Says how much a name is that of a column of a table.
    pub(super) fn column(&self, name: &Name, table: &str, column: &str) -> Option<Likeness> {
        let own = Name::of(column);
        if name.words == own.words {
            return Some(Likeness {
                score: 1.0,
                like: column.to_owned(),
            });
        }
        let nouns = self.nouns.get(table).map_or(&[][..], Vec::as_slice);
        let own = [Usual {
            text: column.to_owned(),
            words: own.words,
            weight: 1.0,
        }];
        let of_table = self.columns.get(&(table.to_owned(), column.to_owned()));
        let of_any = self.columns.get(&(String::new(), column.to_owned()));
        let candidates = [
            best(&name.words, &own, nouns),
            of_table.and_then(|u| best(&name.words, u, nouns)),
            of_any.and_then(|u| best(&name.words, u, nouns)),
        ];
        candidates
            .into_iter()
            .flatten()
            .max_by(|a, b| a.score.total_cmp(&b.score))
            .map(|l| Likeness {
                // Only the canonical name itself is certain.
                score: l.score * 0.96,
                ..l
            })
    }

    /// Returns the question a column of a wide survey answers.
    pub(super) fn answer(&self, name: &Name) -> Option<&str> {
        let is_like = |usual: &Vec<Usual>| usual.iter().any(|u| u.words == name.words);
        let found = self.answers.iter().find(|(_, usual)| is_like(usual));
        found.map(|(kind, _)| kind.as_str())
    }
}

fn parse(text: &str) -> Result<Dictionary, String> {
    let root: Table = text.parse().map_err(|e: toml::de::Error| e.to_string())?;
    let mut dictionary = Dictionary {
        tables: BTreeMap::new(),
        nouns: BTreeMap::new(),
        columns: BTreeMap::new(),
        answers: BTreeMap::new(),
    };
    for (section, entries) in &root {
        let entries = entries.as_table().ok_or("expected sections")?;
        for (key, names) in entries {
            let names = names
                .as_array()
                .ok_or_else(|| format!("{key} is no list"))?;
            let texts: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
            let usual = texts.iter().map(|text| {
                let (text, weight) = match text.strip_suffix('?') {
                    Some(text) => (text, 0.6),
                    None => (*text, 1.0),
                };
                let words = Name::of(text).words;
                Usual {
                    text: text.to_owned(),
                    words,
                    weight,
                }
            });
            match section.as_str() {
                "tables" => {
                    dictionary.tables.insert(key.clone(), usual.collect());
                }
                "answers" => {
                    dictionary.answers.insert(key.clone(), usual.collect());
                }
                "nouns" => {
                    let words = usual.flat_map(|u| u.words).collect();
                    dictionary.nouns.insert(key.clone(), words);
                }
                table => {
                    let table = if table == "columns" { "" } else { table };
                    let at = (table.to_owned(), key.clone());
                    dictionary.columns.insert(at, usual.collect());
                }
            }
        }
    }
    Ok(dictionary)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::CanonicalTables;

    #[test]
    fn every_entry_names_a_canonical_table_and_column() {
        let tables = CanonicalTables::get();
        let dictionary = Dictionary::get();
        for table in dictionary.tables.keys().chain(dictionary.nouns.keys()) {
            assert!(tables.table(table).is_some(), "{table}");
        }
        for (table, column) in dictionary.columns.keys() {
            let has = tables
                .iter()
                .filter(|t| table.is_empty() || t.name == *table)
                .any(|t| t.columns.iter().any(|c| c.name == *column));
            assert!(has, "{table}.{column}");
        }
    }

    #[test]
    fn names_are_cut_at_case_script_and_separators() {
        let words = |text: &str| Name::of(text).words.join(" ");
        assert_eq!(words("InvoiceNo"), "invoice id");
        assert_eq!(words("Order Date"), "order at");
        assert_eq!(words("会员ID"), "会员 id");
        assert_eq!(words("金额（分）"), "金额");
        assert!(Name::of("金额（分）").is_cents);
        assert!(Name::of("amount_cents").is_cents);
        assert!(!Name::of("amount").is_cents);
    }

    #[test]
    fn usual_names_are_found_and_others_are_not() {
        let score = |name: &str, table: &str, column: &str| {
            let found = Dictionary::get().column(&Name::of(name), table, column);
            found.map_or(0.0, |l| l.score)
        };
        assert_eq!(score("OrderID", "orders", "order_id"), 1.0);
        assert!(score("下单时间", "orders", "ordered_at") > 0.9);
        assert!(score("退货申请时间", "returns", "requested_at") > 0.9);
        assert!(score("订单金额(元)", "orders", "gross_amount") > 0.9);
        assert!(score("return_reason", "returns", "reason_code") > 0.9);
        assert!(score("id", "orders", "order_id") > 0.5);
        assert!(score("tax_amount", "orders", "gross_amount") < 0.5);
        assert!(score("weight_kg", "products", "unit_cost") < 0.1);
        // Both are ids, and no more.
        assert!(score("customer_id", "orders", "order_id") < 0.5);
        assert_eq!(score("customer_id", "orders", "customer_id"), 1.0);
    }

    #[test]
    fn a_shared_prefix_is_dropped() {
        let names: Vec<Name> = ["sr_item_sk", "sr_ticket_number", "sr_return_quantity"]
            .iter()
            .map(|n| Name::of(n))
            .collect();
        assert_eq!(shared_prefix(&names).as_deref(), Some("sr"));
        let name = names[0].clone().without_prefix(Some("sr"));
        assert_eq!(name.words, ["item", "id"]);
        assert_eq!(
            shared_prefix(&[Name::of("order_id"), Name::of("order_ts")]),
            None
        );
    }
}
