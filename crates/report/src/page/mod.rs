//! The page: one self-contained HTML file.
//!
//! It loads nothing, runs without scripts, and reads no clock: the same spec,
//! results and context give the same bytes. The content security policy names
//! the hashes of its one style sheet and one script, so nothing else can run
//! even if something were smuggled in. The page is also well-formed XML, which
//! is how the tests prove that nothing was.

mod disclosure;
mod markdown;

use chrono::{NaiveDate, NaiveDateTime};
use indexmap::IndexMap;
use sha2::{Digest, Sha256};

use crate::error::RenderError;
use crate::escape::Markup;
use crate::figure::{Figure, Scene};
use crate::lang::{Lang, heading};
use crate::number::Numbers;
use crate::result::{Frame, QueryResult};
use crate::spec::{Block, Spec, Words};
use crate::voice::Voice;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("tip.js");

/// The width of the page's content and the room between its columns, in pixels;
/// the style sheet says the same.
const CONTENT_WIDTH: f64 = 1216.0;
const GUTTER: f64 = 36.0;

/// What a page says besides its results. Everything comes from the caller:
/// nothing here reads a clock or an environment.
#[derive(Debug, Clone, PartialEq)]
pub struct PageContext {
    /// The name of the workspace, above the title.
    pub workspace_name: String,
    /// The workspace's time zone, for the footer.
    pub time_zone: String,
    /// The currency of money, ISO 4217.
    pub currency: String,
    /// The day of the report: its midnight, exclusive.
    pub as_of: NaiveDate,
    /// The first day of the period, if the report has one.
    pub period_start: Option<NaiveDate>,
    /// The day after the last day of the period.
    pub period_end: Option<NaiveDate>,
    /// The language of the page.
    pub lang: Lang,
    /// The settings the run used, name and value.
    pub settings: Vec<(String, String)>,
    /// How fresh each table is.
    pub freshness: Vec<Freshness>,
    /// Counts beside the story: checks passed, rules that fired.
    pub tallies: Vec<Tally>,
    /// Lines about the data itself: rows used and excluded, identity coverage.
    pub notes: Vec<String>,
    /// The program and its version, for the footer.
    pub program: String,
}

/// How fresh a table is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freshness {
    /// The name a reader knows the table by.
    pub table: String,
    /// The latest instant in it, in the workspace's time zone.
    pub latest: Option<NaiveDateTime>,
    /// How many rows the report could see.
    pub rows: u64,
}

/// A count beside the story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// How the count is coloured.
    pub tone: Tone,
    /// The count.
    pub count: u64,
    /// What is counted, in the language of the page.
    pub label: String,
}

/// The tone of a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing to do.
    Plain,
    /// To be watched.
    Watch,
    /// To be acted upon.
    Alert,
}

/// Draws the page of a report in the context's language.
pub fn render_page(
    spec: &Spec,
    results: &IndexMap<String, QueryResult>,
    context: &PageContext,
) -> Result<String, RenderError> {
    let mut frames = IndexMap::new();
    for name in spec.queries_on_page() {
        let result = results.get(name).ok_or_else(|| RenderError::NoResult {
            query: name.to_owned(),
        })?;
        frames.insert(name.to_owned(), Frame::new(result)?);
    }
    let style = Numbers::new(context.lang, context.currency.as_str());
    let mut voice = Voice {
        frames: &frames,
        style,
        context,
        title: String::new(),
    };
    voice.title = voice.say(&spec.title)?;
    let page = Page {
        spec,
        context,
        frames: &frames,
        voice: &voice,
    };
    page.write()
}

struct Page<'a> {
    spec: &'a Spec,
    context: &'a PageContext,
    frames: &'a IndexMap<String, Frame>,
    voice: &'a Voice<'a>,
}

impl Page<'_> {
    fn lang(&self) -> Lang {
        self.context.lang
    }

    fn write(&self) -> Result<String, RenderError> {
        let mut html = Markup::new();
        html.literal("<!doctype html>\n");
        html.open("html", &[("lang", self.lang().html())]);
        self.head(&mut html);
        html.open("body", &[]);
        self.masthead(&mut html);
        html.open("main", &[]);
        self.body(&mut html)?;
        html.close("main");
        self.footer(&mut html)?;
        html.open("script", &[]);
        html.literal(SCRIPT);
        html.close("script");
        html.close("body");
        html.close("html");
        html.literal("\n");
        Ok(html.into_string())
    }

    fn head(&self, html: &mut Markup) {
        let policy = format!(
            "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
            source_hash(STYLE),
            source_hash(SCRIPT)
        );
        html.open("head", &[]);
        html.empty("meta", &[("charset", "utf-8")]);
        html.empty(
            "meta",
            &[
                ("http-equiv", "Content-Security-Policy"),
                ("content", &policy),
            ],
        );
        let viewport = "width=device-width, initial-scale=1";
        html.empty("meta", &[("name", "viewport"), ("content", viewport)]);
        html.empty(
            "meta",
            &[("name", "color-scheme"), ("content", "light dark")],
        );
        html.leaf(
            "title",
            &[],
            &format!("{} \u{B7} {}", self.voice.title, self.day()),
        );
        html.open("style", &[]);
        html.literal(STYLE);
        html.close("style");
        html.close("head");
    }

    /// The period in words, or the day of the report.
    fn day(&self) -> String {
        match (self.context.period_start, self.context.period_end) {
            (Some(start), Some(end)) => self.lang().period(start, end),
            _ => self.lang().long_day(self.context.as_of),
        }
    }

    fn masthead(&self, html: &mut Markup) {
        html.open("header", &[("class", "top")]);
        html.open("div", &[]);
        let kicker = format!(
            "{} \u{B7} {}",
            self.context.workspace_name, self.voice.title
        );
        html.leaf("div", &[("class", "kick")], &kicker);
        html.leaf("h1", &[], &self.day());
        html.close("div");
        if !self.context.freshness.is_empty() {
            html.open("dl", &[("class", "fresh")]);
            for fresh in &self.context.freshness {
                html.open("div", &[]);
                html.leaf("dt", &[], &fresh.table);
                let latest = fresh.latest.map(|latest| self.lang().moment(latest));
                html.leaf(
                    "dd",
                    &[],
                    latest.as_deref().unwrap_or(crate::number::MISSING),
                );
                html.leaf("dd", &[], &self.rows(fresh.rows, true));
                html.close("div");
            }
            html.close("dl");
        }
        html.close("header");
    }

    /// `39 rows`, `9.81 m rows`.
    fn rows(&self, rows: u64, is_compact: bool) -> String {
        let style = &self.voice.style;
        let count = if is_compact {
            style.compact(rows as f64, 3)
        } else {
            style.write(Some(rows as f64), crate::number::Format::Int)
        };
        match self.lang() {
            Lang::En if rows == 1 => "1 row".to_owned(),
            Lang::En => format!("{count} rows"),
            Lang::Zh => format!("{count} 行"),
        }
    }

    /// The first words tell the story beside the counts; everything after stands
    /// in the grid.
    fn body(&self, html: &mut Markup) -> Result<(), RenderError> {
        let blocks = self.spec.blocks.iter().filter(|block| match block {
            Block::Prose { lang, .. } => lang.is_none_or(|lang| lang == self.lang()),
            Block::Figure(_) => true,
        });
        let mut blocks = blocks.peekable();
        let story = match blocks.peek() {
            Some(Block::Prose { text, .. }) => {
                blocks.next();
                Some(markdown::write(text, self.voice)?)
            }
            _ => None,
        };
        if story.is_some() || !self.context.tallies.is_empty() {
            html.open("div", &[("class", "lede")]);
            html.open("div", &[("class", "story")]);
            if let Some(story) = &story {
                html.append(story);
            }
            html.close("div");
            self.tallies(html);
            html.close("div");
        }
        html.open("div", &[("class", "grid")]);
        for block in blocks {
            match block {
                Block::Prose { text, .. } => {
                    let words = markdown::write(text, self.voice)?;
                    if !words.is_empty() {
                        html.open("section", &[("class", "s12 words")]);
                        html.append(&words);
                        html.close("section");
                    }
                }
                Block::Figure(figure) => self.figure(html, figure)?,
            }
        }
        html.close("div");
        Ok(())
    }

    fn tallies(&self, html: &mut Markup) {
        if self.context.tallies.is_empty() {
            return;
        }
        html.open("div", &[("class", "sum")]);
        for tally in &self.context.tallies {
            let class = match tally.tone {
                Tone::Plain => "ok",
                Tone::Watch => "wat",
                Tone::Alert => "bad",
            };
            html.open("div", &[("class", class)]);
            html.leaf("b", &[], &tally.count.to_string());
            html.text(&tally.label);
            html.close("div");
        }
        html.close("div");
    }

    fn figure(&self, html: &mut Markup, figure: &Figure) -> Result<(), RenderError> {
        let say = |words: &Option<Words>| match words {
            Some(words) => self.voice.say(words).map(Some),
            None => Ok(None),
        };
        let title = say(&figure.title)?;
        let sub = say(&figure.sub)?;
        let fallback = || heading(figure.query.as_deref().unwrap_or_default(), self.lang());
        let title = title.unwrap_or_else(fallback);

        let class = format!("s{}", figure.cols);
        html.open("section", &[("class", &class)]);
        let frame = match &figure.query {
            Some(query) => self.frames.get(query),
            None => None,
        };
        let Some(frame) = frame else {
            if !title.is_empty() {
                html.leaf("h2", &[], &title);
            }
            if let Some(words) = figure.fixed_words() {
                html.leaf("p", &[("class", "wd")], &self.voice.say(words)?);
            }
            html.close("section");
            return Ok(());
        };
        let label = match &sub {
            Some(sub) => format!("{title} \u{2014} {sub}"),
            None => title.clone(),
        };
        let cols = f64::from(figure.cols);
        let scene = Scene {
            figure,
            frame,
            frames: self.frames,
            voice: self.voice,
            width: (CONTENT_WIDTH - 11.0 * GUTTER) / 12.0 * cols + GUTTER * (cols - 1.0),
            label: &label,
        };
        let drawing = figure.draw(&scene)?;
        html.leaf("h2", &[], &title);
        let sub: Vec<&str> = [sub.as_deref(), drawing.note.as_deref()]
            .into_iter()
            .flatten()
            .collect();
        if !sub.is_empty() {
            html.leaf("p", &[("class", "sub")], &sub.join(" \u{B7} "));
        }
        html.open("div", &[("class", "fig")]);
        html.append(&drawing.body);
        html.close("div");
        disclosure::write(html, &scene, &self.rows(frame.rows() as u64, false))?;
        html.close("section");
        Ok(())
    }

    fn footer(&self, html: &mut Markup) -> Result<(), RenderError> {
        let lang = self.lang();
        html.open("footer", &[]);
        if !self.spec.definitions.is_empty() {
            html.open("dl", &[]);
            for definition in &self.spec.definitions {
                html.leaf("dt", &[], &self.voice.say(&definition.term)?);
                html.leaf("dd", &[], &self.voice.say(&definition.text)?);
            }
            html.close("dl");
        }
        html.open("div", &[("class", "pv")]);
        html.open("p", &[]);
        html.leaf("b", &[], &self.spec.name);
        let hash = self.spec.hash.get(..7).unwrap_or_default();
        let provenance = format!(
            " \u{B7} {} {hash} \u{B7} as_of {} \u{B7} {} {} \u{B7} {}",
            lang.pick("spec", "规格"),
            self.context.as_of,
            lang.pick("time zone", "时区"),
            self.context.time_zone,
            self.context.program
        );
        html.text(&provenance);
        html.close("p");
        if let Some(owner) = &self.spec.owner {
            html.leaf(
                "p",
                &[],
                &format!("{}{owner}", lang.pick("Owner: ", "负责人：")),
            );
        }
        if !self.context.settings.is_empty() {
            let settings: Vec<String> = self
                .context
                .settings
                .iter()
                .map(|(name, value)| format!("{name} = {value}"))
                .collect();
            let word = lang.pick("Settings: ", "参数：");
            html.leaf("p", &[], &format!("{word}{}", settings.join(" \u{B7} ")));
        }
        for note in &self.context.notes {
            html.leaf("p", &[], note);
        }
        let promise = lang.pick(
            "Self-contained file: no network, no cookies.",
            "单文件，无需联网，不含 Cookie。",
        );
        html.leaf("p", &[], promise);
        html.close("div");
        html.close("footer");
        Ok(())
    }
}

/// `sha256-…` as a content security policy writes it.
fn source_hash(text: &str) -> String {
    format!("sha256-{}", base64(&Sha256::digest(text.as_bytes())))
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().enumerate().fold(0u32, |bits, (index, byte)| {
            bits | u32::from(*byte) << (16 - 8 * index)
        });
        for index in 0..4 {
            if index <= chunk.len() {
                out.push(char::from(
                    ALPHABET[(bits >> (18 - 6 * index) & 63) as usize],
                ));
            } else {
                out.push('=');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_rfc_4648() {
        for (text, expected) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }
}
