//! A small check that a page is well-formed XML: every element closed in order,
//! every attribute quoted, every character escaped. It knows only what the pages
//! use, and refuses what it does not know.

/// The problem, with the text around it, or nothing.
pub(crate) fn check(page: &str) -> Result<(), String> {
    let body = page.strip_prefix("<!doctype html>\n").ok_or("no doctype")?;
    let mut open: Vec<&str> = Vec::new();
    let mut rest = body;
    while let Some(at) = rest.find('<') {
        text(&rest[..at])?;
        rest = &rest[at + 1..];
        let end = rest.find('>').ok_or("an element does not end")?;
        let (inside, after) = (&rest[..end], &rest[end + 1..]);
        rest = after;
        if let Some(name) = inside.strip_prefix('/') {
            let last = open.pop();
            if last != Some(name) {
                return Err(format!("</{name}> closes {last:?}"));
            }
            continue;
        }
        let (inside, is_empty) = match inside.strip_suffix('/') {
            Some(inside) => (inside, true),
            None => (inside, false),
        };
        let name = inside.split(' ').next().unwrap_or_default();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Err(format!("<{name}> is no element"));
        }
        attributes(&inside[name.len()..])?;
        if !is_empty {
            open.push(name);
        }
    }
    text(rest)?;
    match open.last() {
        Some(name) => Err(format!("<{name}> is not closed")),
        None => Ok(()),
    }
}

/// All attributes of a page as name and value.
pub(crate) fn all_attributes(page: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for element in page
        .split('<')
        .skip(1)
        .filter_map(|piece| piece.split('>').next())
    {
        let mut rest = element;
        while let Some((before, after)) = rest.split_once("=\"") {
            let name = before.rsplit(' ').next().unwrap_or_default();
            let Some((value, after)) = after.split_once('"') else {
                break;
            };
            found.push((name.to_owned(), value.to_owned()));
            rest = after;
        }
    }
    found
}

fn attributes(text: &str) -> Result<(), String> {
    let mut rest = text.trim_end();
    let mut names: Vec<&str> = Vec::new();
    while !rest.is_empty() {
        rest = rest
            .strip_prefix(' ')
            .ok_or_else(|| format!("no space before `{rest}`"))?;
        let (name, after) = rest
            .split_once("=\"")
            .ok_or_else(|| format!("no value in `{rest}`"))?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if name.is_empty() || !name.chars().all(is_name) || names.contains(&name) {
            return Err(format!("`{name}` is no attribute or stands twice"));
        }
        names.push(name);
        let (value, after) = after.split_once('"').ok_or("an attribute does not end")?;
        self::text(value)?;
        rest = after;
    }
    Ok(())
}

fn text(text: &str) -> Result<(), String> {
    for (index, _) in text.match_indices('&') {
        let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"];
        if !known.iter().any(|entity| text[index..].starts_with(entity)) {
            return Err(format!(
                "a bare & in `{}`",
                text[index..].chars().take(30).collect::<String>()
            ));
        }
    }
    match text
        .chars()
        .find(|c| c.is_control() && !matches!(c, '\n' | '\t'))
    {
        Some(control) => Err(format!("the control character {control:?}")),
        None => Ok(()),
    }
}
