//! The real program in a scratch folder: results, words and exit codes, compared whole.
//!
//! Exit codes are a contract with schedulers: 0 done, 1 a query, an input or an
//! output failed, 2 a flag or a file the user wrote is wrong, 5 data is missing.

use crate::support::Scratch;

mod lists;
mod outputs;
mod queries;
mod settings;
mod views;
mod workspace;

const ORDERS: &str =
    "id,cust,at,total\n1,10,2026-11-01 10:00:00,12.50\n2,11,2026-11-02 11:00:00,7.25\n";

const WORKSPACE: &str = "\
[sources.lines]
location = \"orders.csv\"

[tables.orders]
from = \"lines\"
columns = { order_id = \"id\", customer_id = \"cust\", ordered_at = \"at\", gross_amount = \"total\" }
";

/// A shop of two orders.
fn shop() -> Scratch {
    let scratch = Scratch::with_workspace(WORKSPACE);
    scratch.write("orders.csv", ORDERS);
    scratch
}

/// The shop with one thing in its workspace file written differently.
fn shop_with(from: &str, to: &str) -> Scratch {
    assert!(WORKSPACE.contains(from), "{from}");
    let scratch = shop();
    scratch.write("aftersight.toml", WORKSPACE.replace(from, to));
    scratch
}
