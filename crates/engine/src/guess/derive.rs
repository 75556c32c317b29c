//! Tables that lie in others: orders in their lines, returns in credit notes.
//!
//! A source of lines has orders in it although no file is called so.

use std::collections::BTreeMap;

use super::assign::{Match, Preferred, assign};
use super::complete::{Days, column_of, read_days};
use super::dictionary::Dictionary;
use super::fit::quoted;
use super::look::{ColumnLook, Found, SourceLook};
use super::propose::{TableGuess, add, expr_of, has, judge, of_match, plain};
use crate::table::{CanonicalTable, Type};

/// Derives tables from sources that hold more than one.
pub(super) fn lying_in_others(
    found: &Found,
    tables: &[&'static CanonicalTable],
    preferred: &Preferred,
    days: &Option<Days>,
    guesses: &mut Vec<TableGuess>,
) {
    let none = BTreeMap::new();
    let find = |name: &str| tables.iter().copied().find(|t| t.name == name);
    let is_there = |guesses: &[TableGuess], name: &str| {
        guesses
            .iter()
            .any(|g| g.table.name == name && g.problem.is_none())
    };
    let source_of = |guesses: &[TableGuess], name: &str| {
        guesses
            .iter()
            .find(|g| g.table.name == name)
            .map(|g| g.source)
    };
    let matches_of = |at: usize, table: &'static CanonicalTable| {
        assign(&found.sources[at], table, &none, preferred)
    };
    // Orders that name an article are their own lines.
    if source_of(guesses, "order_items").is_none()
        && let (Some(at), Some(items)) = (source_of(guesses, "orders"), find("order_items"))
    {
        let matches = matches_of(at, items);
        if has(&matches, "sku") {
            let mut guess = plain(found, at, items, &matches, 0.5, days);
            guess
                .notes
                .push("made of the orders, which name an article".to_owned());
            guesses.push(guess);
        }
    }
    if let Some(lines) = source_of(guesses, "order_items") {
        if source_of(guesses, "orders").is_none()
            && let Some(orders) = find("orders")
        {
            let matches = matches_of(lines, orders);
            let items = find("order_items")
                .map(|t| matches_of(lines, t))
                .unwrap_or_default();
            let mut guess = grouped(found, lines, orders, &matches, days);
            gross_amount(&found.sources[lines], &matches, &items, &mut guess);
            judge(0.5, &mut guess);
            guesses.push(guess);
        }
        if source_of(guesses, "products").is_none()
            && let Some(products) = find("products")
        {
            let matches = matches_of(lines, products);
            if has(&matches, "sku") && ["name", "category"].iter().any(|c| has(&matches, c)) {
                let mut guess = grouped(found, lines, products, &matches, days);
                judge(0.5, &mut guess);
                guesses.push(guess);
            }
        }
        if !is_there(guesses, "returns") {
            credit_notes(found, lines, tables, preferred, guesses);
        }
    }
    let buyers = source_of(guesses, "orders").filter(|_| source_of(guesses, "customers").is_none());
    if let (Some(at), Some(customers)) = (buyers, find("customers")) {
        let mut matches = matches_of(at, customers);
        // The channel of an order is not that of its buyer.
        matches.retain(|m| !matches!(m.column.name.as_str(), "channel" | "recorded_at"));
        if has(&matches, "customer_id") && matches.len() > 1 {
            let mut guess = grouped(found, at, customers, &matches, days);
            if let Some(id) = expr_of(&guess, "customer_id").map(|c| c.expr.clone())
                && column_of(&found.sources[at], &guess, "customer_id")
                    .is_some_and(|c| c.shape.n_null > 0)
            {
                guess.filter = Some(format!("{id} is not null"));
            }
            judge(0.5, &mut guess);
            guesses.push(guess);
        }
    }
}

/// Maps rows of a finer grain: one row per key of the table.
pub(super) fn grouped(
    found: &Found,
    at: usize,
    table: &'static CanonicalTable,
    matches: &[Match],
    days: &Option<Days>,
) -> TableGuess {
    let source = &found.sources[at];
    let mut guess = TableGuess {
        columns: matches.iter().map(|m| of_match(source, m)).collect(),
        group_by: table.key.clone(),
        ..TableGuess::of_source(table, at)
    };
    read_days(source, matches, days, &mut guess);
    let quantity = |c: &&ColumnLook| {
        let likeness = Dictionary::get().column(&c.words, "order_items", "quantity");
        likeness.is_some_and(|l| l.score >= 0.9) && c.shape.n_negative > 0
    };
    if let Some(quantity) = source.columns.iter().find(quantity) {
        guess.filter = Some(format!("{} > 0", quoted(&quantity.name)));
    }
    for column in &mut guess.columns {
        if table.key.contains(&column.column.name) {
            continue;
        }
        let aggregate = match column.column.ty {
            Type::Instant | Type::Date => "min",
            Type::Boolean => "bool_or",
            Type::Money if !is_constant(source, matches, &table.key[0], column.from) => "sum",
            _ => "max",
        };
        column.expr = format!("{aggregate}({})", column.expr);
        column.confidence *= 0.95;
    }
    guess.notes.push(format!(
        "made of the rows of {}, one per {}",
        source.name, table.key[0]
    ));
    guess
}

/// Whether a column has one value per key throughout the sample.
pub(super) fn is_constant(
    source: &SourceLook,
    matches: &[Match],
    key: &str,
    column: Option<usize>,
) -> bool {
    let (Some(key), Some(column)) = (matches.iter().find(|m| m.column.name == key), column) else {
        return false;
    };
    let (key, column) = (&source.columns[key.from], &source.columns[column]);
    let (n_pairs, _) = source.distinct(&[key, column]);
    let (n_keys, n) = source.distinct(&[key]);
    n_pairs <= n_keys && n_keys < n
}

/// The value of an order from its lines, where they have a price.
pub(super) fn gross_amount(
    source: &SourceLook,
    orders: &[Match],
    items: &[Match],
    guess: &mut TableGuess,
) {
    if let Some(found) = orders.iter().find(|m| m.column.name == "gross_amount") {
        if is_constant(source, orders, "order_id", Some(found.from)) {
            return;
        }
        let is_price = items.iter().any(|m| m.from == found.from);
        if !is_price {
            return;
        }
    }
    let of = |name: &str| items.iter().find(|m| m.column.name == name);
    let (Some(quantity), Some(price)) = (of("quantity"), of("unit_price")) else {
        return;
    };
    let is_exact = !source.columns[price.from].data_type.is_floating();
    let each = if is_exact {
        price.fit.expr.clone()
    } else {
        format!("cast({} as decimal(18, 3))", price.fit.expr)
    };
    guess.columns.retain(|c| c.column.name != "gross_amount");
    let expr = format!("sum({} * {each})", quantity.fit.expr);
    let confidence = 0.9 * quantity.score.min(price.score);
    add(
        guess,
        "gross_amount",
        expr,
        confidence,
        "made: units times price of every line",
    );
}

/// Returns of a file in which goods that came back are lines of negative units.
pub(super) fn credit_notes(
    found: &Found,
    lines: usize,
    tables: &[&'static CanonicalTable],
    preferred: &Preferred,
    guesses: &mut Vec<TableGuess>,
) {
    let source = &found.sources[lines];
    let find = |name: &str| tables.iter().copied().find(|t| t.name == name);
    let (Some(returns), Some(items), Some(orders)) =
        (find("returns"), find("order_items"), find("orders"))
    else {
        return;
    };
    let none = BTreeMap::new();
    let items = assign(source, items, &none, preferred);
    let orders = assign(source, orders, &none, preferred);
    let of = |matches: &[Match], name: &str| {
        let found = matches.iter().find(|m| m.column.name == name);
        found.map(|m| (m.fit.expr.clone(), m.from, m.fit.is_date_key))
    };
    let (Some(id), Some(sku), Some(quantity), Some(at)) = (
        of(&items, "order_id"),
        of(&items, "sku"),
        of(&items, "quantity"),
        of(&orders, "ordered_at"),
    ) else {
        return;
    };
    if source.columns[quantity.1].shape.n_negative == 0 || at.2 {
        return;
    }
    let mut guess = TableGuess {
        notes: vec![format!(
            "made of the lines with a negative {}; which order the goods came from they do not say",
            quantity.0
        )],
        filter: Some(format!("{} < 0", quantity.0)),
        group_by: vec!["return_id".to_owned()],
        ..TableGuess::of_source(returns, lines)
    };
    let key = format!(
        "concat(cast({} as varchar), '/', cast({} as varchar))",
        id.0, sku.0
    );
    add(
        &mut guess,
        "return_id",
        key,
        0.5,
        "made: document and article",
    );
    if let Some(customer) = of(&orders, "customer_id") {
        let expr = format!("max({})", customer.0);
        add(&mut guess, "customer_id", expr, 0.6, "of the document");
        if let Some(last) = guess
            .columns
            .iter_mut()
            .find(|c| c.column.name == "customer_id")
        {
            last.is_text = orders
                .iter()
                .any(|m| m.column.name == "customer_id" && m.fit.is_text);
        }
    }
    add(
        &mut guess,
        "sku",
        format!("max({})", sku.0),
        0.8,
        "of the line",
    );
    if let Some(last) = guess.columns.iter_mut().find(|c| c.column.name == "sku") {
        last.is_text = items
            .iter()
            .any(|m| m.column.name == "sku" && m.fit.is_text);
    }
    let units = format!("cast(-sum({}) as bigint)", quantity.0);
    add(&mut guess, "quantity", units, 0.6, "units that came back");
    if let Some(price) = of(&items, "unit_price") {
        let expr = format!("-sum({} * cast({} as decimal(18, 3)))", quantity.0, price.0);
        add(&mut guess, "refund_amount", expr, 0.5, "units times price");
    }
    let expr = format!("min({})", at.0);
    add(
        &mut guess,
        "requested_at",
        expr,
        0.5,
        "the day of the document",
    );
    judge(0.2, &mut guess);
    guesses.push(guess);
}

/// Where lines are numbered by their article, so are those that returns and parcels name.
pub(super) fn lines_by_article(guesses: &mut [TableGuess]) {
    let is_by_article = guesses.iter().any(|g| {
        let of = |name: &str| expr_of(g, name).map(|c| c.expr.clone());
        g.table.name == "order_items" && of("sku").is_some() && of("sku") == of("line_no")
    });
    for guess in guesses
        .iter_mut()
        .filter(|g| is_by_article && g.table.name != "order_items")
    {
        let has = |name: &str| expr_of(guess, name).is_some();
        let sku = expr_of(guess, "sku").filter(|_| has("order_id") && !has("line_no"));
        if let Some(expr) = sku.map(|c| c.expr.clone()) {
            let why = "made: order_items numbers its lines by article";
            add(guess, "line_no", expr, 0.8, why);
        }
    }
}
