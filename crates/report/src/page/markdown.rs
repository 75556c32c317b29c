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

/// Fills in the values and writes the words as markup.
pub(crate) fn write(template: &Template, voice: &Voice<'_>) -> Result<Markup, RenderError> {
    let mut source = String::new();
    let mut values = Vec::new();
    let plain = |text: &str| text.replace([OPEN, CLOSE], "");
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

fn filled(text: &str, values: &[String]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        out.push_str(before);
        let Some((number, after)) = after.split_once(CLOSE) else {
            return out;
        };
        let value = number.parse::<usize>().ok().and_then(|index| values.get(index));
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
        Tag::Heading { level: HeadingLevel::H1 | HeadingLevel::H2, .. } => "h2",
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
