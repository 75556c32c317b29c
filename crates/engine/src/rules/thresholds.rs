//! Thresholds of classes in a file: values of settings, kept where rules are kept.
//!
//! `intermediate.thresholds` lists what there is. A row gives a setting its value,
//! as one under `[settings]` does, so that `set` still changes it for a session and
//! classifies anew. Limits that contradict each other are refused here, wherever
//! they were written.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use indexmap::IndexMap;

use super::{RuleTable, RuleTables, mistake, read, typed::unique};
use crate::error::{Location, Result};
use crate::settings::Contradiction;
use crate::suggest::did_you_mean;
use crate::workspace::Workspace;

/// Rule table this is about.
pub(crate) const NAME: &str = "thresholds";

/// Settings that say where a class begins, in the order of the view.
pub(crate) const NAMES: [&str; 18] = [
    "frequent_returner_min_orders",
    "frequent_returner_share",
    "frequent_returner_min_returned",
    "frequent_returner_min_share",
    "churn_at_risk_share",
    "churn_churned_share",
    "churn_at_risk_days",
    "churn_churned_days",
    "churn_own_min_purchases",
    "churn_own_at_risk_factor",
    "churn_own_churned_factor",
    "value_high_share",
    "value_low_share",
    "loyalty_high_share",
    "loyalty_low_share",
    "abc_a_share",
    "abc_b_share",
    "high_claim_quantile",
];

/// Gives the settings of a workspace the values of its file, if it has one, and refuses
/// values that contradict each other.
pub(crate) fn apply(workspace: &mut Workspace, folder: &Path) -> Result<RuleTables> {
    let mut tables = RuleTables::new();
    let mut places: IndexMap<String, Location> = workspace.setting_places.clone();
    if let Some(spec) = workspace.rules.get(NAME).cloned() {
        let (rows, bytes) = read(&spec, folder)?;
        for (name, at) in &rows.columns {
            let known = ["threshold", "value"];
            if !known.contains(&name.as_str()) {
                let message = format!("{NAME} has no column `{name}`");
                return Err(mistake(at, message, did_you_mean(name, known)));
            }
        }
        unique(&rows, &["threshold".to_owned()])?;
        for row in &rows.rows {
            let needed = |name: &str| {
                let message = format!("the row has no `{name}`");
                row.get(name).ok_or_else(|| mistake(&row.at, message, None))
            };
            let (name, value) = (needed("threshold")?, needed("value")?);
            if !NAMES.contains(&name.text.as_str()) {
                let message = format!("there is no threshold `{}`", name.text);
                let hint = did_you_mean(&name.text, NAMES);
                let hint = hint.or_else(|| Some(format!("one of: {}", NAMES.join(", "))));
                return Err(mistake(&name.at, message, hint));
            }
            if let Some(first) = workspace.setting_places.get(&name.text) {
                let message = format!("`{}` is also set in {first}", name.text);
                let hint = "a threshold has one place".to_owned();
                return Err(mistake(&name.at, message, Some(hint)));
            }
            let set = workspace.settings.set(&name.text, &value.text);
            set.map_err(|e| mistake(&value.at, e.to_string(), e.hint().map(str::to_owned)))?;
            places.insert(name.text.clone(), value.at.clone());
        }
        let keys: BTreeSet<String> = rows
            .rows
            .iter()
            .filter_map(|row| Some(row.get("threshold")?.text.clone()))
            .collect();
        let table = RuleTable {
            provider: None,
            file: Some(spec.file.value),
            keys,
            places: HashMap::new(),
            bytes,
            own: Some(rows),
        };
        tables.insert(NAME.to_owned(), table);
    }
    match workspace.settings.contradiction() {
        None => Ok(tables),
        Some(found) => Err(located(found, &places, workspace)),
    }
}

/// The place that was written last is the one to be mended.
fn located(
    found: Contradiction,
    places: &IndexMap<String, Location>,
    workspace: &Workspace,
) -> crate::error::Error {
    let Contradiction {
        names,
        message,
        hint,
    } = found;
    let last = names
        .iter()
        .filter_map(|name| places.get_index_of(*name))
        .max();
    let start = Location {
        file: workspace.file.clone(),
        line: 1,
        column: 1,
    };
    let at = last
        .and_then(|i| places.get_index(i))
        .map_or(&start, |(_, at)| at);
    mistake(at, message, Some(hint))
}
