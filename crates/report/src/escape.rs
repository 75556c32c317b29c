//! The one place where text becomes markup.
//!
//! Pages and drawings are written through [`Markup`], so no caller can forget to
//! escape: text and attribute values enter only through [`Markup::text`] and the
//! attribute lists. Characters that XML forbids, and the controls that reorder
//! what a reader sees, become U+FFFD: a product name must not be able to rewrite
//! the sentence around it.

use std::fmt::Write;

/// Markup under construction; everything inside is already escaped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Markup {
    out: String,
}

impl Markup {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Opens an element. Tag and attribute names are literals of this crate.
    pub(crate) fn open(&mut self, tag: &'static str, attributes: &[(&'static str, &str)]) {
        self.start(tag, attributes);
        self.out.push('>');
    }

    /// An element without content, written so that HTML and XML both read it.
    pub(crate) fn empty(&mut self, tag: &'static str, attributes: &[(&'static str, &str)]) {
        self.start(tag, attributes);
        self.out.push_str("/>");
    }

    pub(crate) fn close(&mut self, tag: &'static str) {
        self.out.push_str("</");
        self.out.push_str(tag);
        self.out.push('>');
    }

    pub(crate) fn text(&mut self, text: &str) {
        push_escaped(&mut self.out, text);
    }

    /// An element that holds nothing but text.
    pub(crate) fn leaf(
        &mut self,
        tag: &'static str,
        attributes: &[(&'static str, &str)],
        text: &str,
    ) {
        self.open(tag, attributes);
        self.text(text);
        self.close(tag);
    }

    /// Appends markup that was built the same way.
    pub(crate) fn append(&mut self, other: &Self) {
        self.out.push_str(&other.out);
    }

    /// Appends a literal of this crate (style sheet, script, doctype).
    pub(crate) fn literal(&mut self, literal: &'static str) {
        self.out.push_str(literal);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    pub(crate) fn into_string(self) -> String {
        self.out
    }

    #[cfg(test)]
    pub(crate) fn as_str(&self) -> &str {
        &self.out
    }

    fn start(&mut self, tag: &'static str, attributes: &[(&'static str, &str)]) {
        self.out.push('<');
        self.out.push_str(tag);
        for (name, value) in attributes {
            let _ = write!(self.out, " {name}=\"");
            push_escaped(&mut self.out, value);
            self.out.push('"');
        }
    }
}

fn push_escaped(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' => out.push(character),
            '\r' => {}
            _ if is_unprintable(character) => out.push('\u{FFFD}'),
            _ => out.push(character),
        }
    }
}

/// Control characters, noncharacters of the basic plane, and the embedding,
/// override and isolate controls of the bidirectional algorithm.
fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
            | '\u{FDD0}'..='\u{FDEF}' | '\u{FFFE}' | '\u{FFFF}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_element_or_attribute() {
        let mut markup = Markup::new();
        markup.leaf("b", &[("title", "\"><script>")], "</b><script>'&");
        assert_eq!(
            markup.as_str(),
            "<b title=\"&quot;&gt;&lt;script&gt;\">&lt;/b&gt;&lt;script&gt;&#39;&amp;</b>"
        );
    }

    #[test]
    fn controls_that_reorder_or_break_text_become_visible() {
        let mut markup = Markup::new();
        markup.text("a\u{202E}b\u{0}c\r\nd");
        assert_eq!(markup.as_str(), "a\u{FFFD}b\u{FFFD}c\nd");
    }
}
