//! The nearest valid name for a misspelt one.

/// Returns the candidate closest to `found`, if one is close enough to be meant.
///
/// Close is one edit per three characters, two at least: `oder_id` finds
/// `order_id`, `x` finds nothing. A name that differs only in case or
/// underscores always counts.
pub fn nearest<'a>(found: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |s: &str| s.to_lowercase().replace(['_', '-', ' '], "");
    let wanted = plain(found);
    let limit = (found.chars().count() / 3).max(2);
    candidates
        .into_iter()
        .map(|name| {
            let candidate = plain(name);
            let edits = if candidate == wanted {
                0
            } else {
                strsim::osa_distance(&wanted, &candidate).max(1)
            };
            (edits, name)
        })
        .filter(|(edits, name)| *edits <= limit && *edits < name.chars().count())
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, name)| name)
}

/// Returns "did you mean `x`?", or the list of what there is when nothing is near and the list is short.
pub fn did_you_mean<'a>(
    found: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    if let Some(name) = nearest(found, candidates.iter().copied()) {
        return Some(format!("did you mean `{name}`?"));
    }
    // More than a dozen names read as noise.
    (1..=12)
        .contains(&candidates.len())
        .then(|| format!("one of: {}", candidates.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_wins_and_far_names_do_not() {
        let names = ["order_id", "ordered_at", "customer_id"];
        assert_eq!(nearest("order_idd", names), Some("order_id"));
        assert_eq!(nearest("OrderID", names), Some("order_id"));
        assert_eq!(nearest("zzzzzz", names), None);
        assert_eq!(nearest("x", ["a", "b"]), None);
    }
}
