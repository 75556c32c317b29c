//! Markdown words to markup.
//!
//! A small part of Markdown: paragraphs, headings, emphasis, code, lists and
//! quotes. HTML in it stays text, pictures become their description and links
//! their words with the address behind them: a page refers to nothing outside.

use std::fmt::Write;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::error::RenderError;
use crate::escape::Markup;
use crate::spec::{Part, Template};
use crate::voice::Voice;

/// Brackets around the number of a value that is put in after parsing, so that
/// no value is ever read as Markdown. They are taken out of all other text.
const OPEN: char = '\u{E000}';
const CLOSE: char = '\u{E001}';

/// Stands between emphasis and full-width punctuation, see [`emphasise`].
const JOINT: char = '\u{E002}';

/// Fills in the values and writes the words as markup.
pub(crate) fn write(template: &Template, voice: &Voice<'_>) -> Result<Markup, RenderError> {
    let mut source = String::new();
    let mut values = Vec::new();
    let plain = |text: &str| text.replace([OPEN, CLOSE, JOINT], "");
    for part in &template.parts {
        match part {
            Part::Text(text) => source.push_str(&plain(text)),
            Part::Value(value) => {
                let spoken = voice.value(value)?;
                if spoken.is_markdown {
                    source.push_str(&plain(&spoken.text));
                } else {
                    let _ = write!(source, "{OPEN}{}{CLOSE}", values.len());
                    values.push(spoken.text);
                }
            }
        }
    }
    let source = emphasise(&source);
    let mut html = Markup::new();
    let mut links = Vec::new();
    for event in Parser::new_ext(&source, Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Start(tag) => {
                if let Some(name) = element(&tag) {
                    html.open(name, &[]);
                } else if let Tag::Link { dest_url, .. } = tag {
                    links.push(dest_url);
                }
            }
            Event::End(TagEnd::Link) => {
                if let Some(address) = links.pop() {
                    html.text(&format!(" ({})", filled(&address, &values)));
                }
            }
            Event::End(tag) => {
                if let Some(name) = end_element(tag) {
                    html.close(name);
                }
            }
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => {
                html.text(&filled(&text, &values));
            }
            Event::Code(text) => html.leaf("code", &[], &filled(&text, &values)),
            Event::SoftBreak => html.text("\n"),
            Event::HardBreak => html.empty("br", &[]),
            Event::Rule => html.empty("hr", &[]),
            _ => {}
        }
    }
    Ok(html)
}

/// Lets emphasis end after a full-width stop.
///
/// By the rules of CommonMark `**退货。**本周` is not bold: stars that follow
/// punctuation must be followed by a space or by more punctuation, and Chinese
/// has no spaces. A private character between the two is neither, so the stars
/// count; it is taken out again when the text is written.
fn emphasise(source: &str) -> String {
    let is_wide_mark = |c: char| {
        matches!(c, '\u{2018}'..='\u{201F}' | '\u{2026}' | '\u{2014}' | '\u{3001}'..='\u{3003}'
            | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301F}' | '\u{FF01}'..='\u{FF0F}'
            | '\u{FF1A}'..='\u{FF20}' | '\u{FF3B}'..='\u{FF3D}' | '\u{FF5B}'..='\u{FF65}' | '\u{B7}')
    };
    let is_mark = |c: char| c.is_ascii_punctuation() || is_wide_mark(c);
    let is_word = |c: char| !c.is_whitespace() && !is_mark(c);
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(start) = rest.find('*') {
        let length = rest[start..].len() - rest[start..].trim_start_matches('*').len();
        let (head, stars) = (&rest[..start], &rest[start..start + length]);
        rest = &rest[start + length..];
        out.push_str(head);
        let (before, after) = (out.chars().next_back(), rest.chars().next());
        // In a purely Latin neighbourhood the rules of CommonMark stand.
        let is_wide = [before, after].into_iter().flatten().any(|c| !c.is_ascii());
        let joint_before = is_wide && before.is_some_and(is_mark) && after.is_some_and(is_word);
        let joint_after = is_wide && before.is_some_and(is_word) && after.is_some_and(is_mark);
        if joint_before {
            out.push(JOINT);
        }
        out.push_str(stars);
        if joint_after {
            out.push(JOINT);
        }
    }
    out.push_str(rest);
    out
}

fn filled(text: &str, values: &[String]) -> String {
    let text = text.replace(JOINT, "");
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once(OPEN) {
        out.push_str(before);
        let Some((number, after)) = after.split_once(CLOSE) else {
            return out;
        };
        let value = number
            .parse::<usize>()
            .ok()
            .and_then(|index| values.get(index));
        out.push_str(value.map_or("", String::as_str));
        rest = after;
    }
    out.push_str(rest);
    out
}

fn element(tag: &Tag<'_>) -> Option<&'static str> {
    Some(match tag {
        Tag::Paragraph => "p",
        // The title of the page is its only first-level heading.
        Tag::Heading {
            level: HeadingLevel::H1 | HeadingLevel::H2,
            ..
        } => "h2",
        Tag::Heading { .. } => "h3",
        Tag::Emphasis => "em",
        Tag::Strong => "strong",
        Tag::Strikethrough => "del",
        Tag::BlockQuote(_) => "blockquote",
        Tag::CodeBlock(_) => "pre",
        Tag::List(None) => "ul",
        Tag::List(Some(_)) => "ol",
        Tag::Item => "li",
        _ => return None,
    })
}

fn end_element(tag: TagEnd) -> Option<&'static str> {
    Some(match tag {
        TagEnd::Paragraph => "p",
        TagEnd::Heading(HeadingLevel::H1 | HeadingLevel::H2) => "h2",
        TagEnd::Heading(_) => "h3",
        TagEnd::Emphasis => "em",
        TagEnd::Strong => "strong",
        TagEnd::Strikethrough => "del",
        TagEnd::BlockQuote(_) => "blockquote",
        TagEnd::CodeBlock => "pre",
        TagEnd::List(false) => "ul",
        TagEnd::List(true) => "ol",
        TagEnd::Item => "li",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use indexmap::IndexMap;

    use super::*;
    use crate::lang::Lang;
    use crate::number::Numbers;
    use crate::page::PageContext;

    fn written(text: &str) -> String {
        let context = PageContext {
            workspace_name: "*shop* <b>".to_owned(),
            time_zone: "UTC".to_owned(),
            currency: "EUR".to_owned(),
            as_of: NaiveDate::from_ymd_opt(2026, 11, 16).unwrap(),
            period_start: None,
            period_end: None,
            lang: Lang::En,
            settings: Vec::new(),
            freshness: Vec::new(),
            tallies: Vec::new(),
            notes: Vec::new(),
            program: String::new(),
        };
        let voice = Voice {
            frames: &IndexMap::new(),
            style: Numbers::new(Lang::En, "EUR"),
            context: &context,
            title: String::new(),
        };
        let names = crate::spec::Names::default();
        let place = |_| crate::spec::Place {
            path: "r".to_owned(),
            line: 1,
            column: 1,
        };
        let template = Template::parse(text, &names, place).unwrap();
        write(&template, &voice).unwrap().into_string()
    }

    #[test]
    fn a_value_is_never_read_as_markdown_or_html() {
        assert_eq!(
            written("**{{ report.workspace }}** sells"),
            "<p><strong>*shop* &lt;b&gt;</strong> sells</p>"
        );
    }

    #[test]
    fn chinese_emphasis_ends_after_a_full_stop() {
        assert_eq!(
            written("**退货上升。**本周"),
            "<p><strong>退货上升。</strong>本周</p>"
        );
        assert_eq!(
            written("共**“退货”**类"),
            "<p>共<strong>“退货”</strong>类</p>"
        );
        assert_eq!(
            written("升至 **11.8%**，为"),
            "<p>升至 <strong>11.8%</strong>，为</p>"
        );
        assert_eq!(
            written("升至**11.8%**为"),
            "<p>升至<strong>11.8%</strong>为</p>"
        );
    }

    #[test]
    fn html_stays_text_and_links_and_pictures_reach_nothing() {
        let html =
            written("a <script>x</script> [site](http://example.com) ![cat](http://x/y.png)");
        assert!(html.contains("&lt;script&gt;x&lt;/script&gt;"), "{html}");
        assert!(html.contains("site (http://example.com)"), "{html}");
        assert!(
            html.contains("cat") && !html.contains("src=") && !html.contains("href="),
            "{html}"
        );
    }

    #[test]
    fn headings_never_compete_with_the_title_of_the_page() {
        assert_eq!(written("# One\n\n### Three"), "<h2>One</h2><h3>Three</h3>");
    }
}
