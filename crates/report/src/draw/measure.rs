//! How wide a label is, guessed without a font.
//!
//! The page uses whatever font the reader has, so a width can only be an
//! estimate. It decides whether a label fits, is shortened or moves; glyphs are
//! placed by SVG anchors and never by these numbers.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

/// Added to every estimate, because a label that overlaps is worse than one
/// shortened a little early.
const MARGIN: f64 = 1.06;

/// The estimated width of `text` in pixels at a font size in pixels.
pub(crate) fn text_width(text: &str, font_size: f64) -> f64 {
    text.chars().map(advance).sum::<f64>() * font_size * MARGIN
}

/// The estimated width of the widest of several texts, 0 without any.
pub(crate) fn widest(texts: impl IntoIterator<Item = impl AsRef<str>>, font_size: f64) -> f64 {
    texts
        .into_iter()
        .map(|text| text_width(text.as_ref(), font_size))
        .fold(0.0, f64::max)
}

/// The text, or as much of it as fits in `width` pixels with an ellipsis.
pub(crate) fn shorten(text: &str, font_size: f64, width: f64) -> Cow<'_, str> {
    if text_width(text, font_size) <= width {
        return Cow::Borrowed(text);
    }
    let room = width - text_width("\u{2026}", font_size);
    let mut used = 0.0;
    let mut short = String::new();
    for character in text.chars() {
        used += advance(character) * font_size * MARGIN;
        if used > room {
            break;
        }
        short.push(character);
    }
    let mut short = short.trim_end().to_owned();
    short.push('\u{2026}');
    Cow::Owned(short)
}

/// Advance widths in em, measured on common sans-serif system fonts.
fn advance(character: char) -> f64 {
    match character {
        'i' | 'l' | 'j' | '.' | ',' | ':' | ';' | '|' | '\'' | '!' => 0.26,
        'f' | 't' | 'r' | ' ' | '(' | ')' | '-' => 0.34,
        'm' | 'w' | 'M' | 'W' | '%' => 0.84,
        '0'..='9' => 0.56,
        'A'..='Z' => 0.65,
        '\u{2026}' => 0.8,
        '\u{1F300}'..='\u{1FAFF}' => 1.2,
        _ => match character.width() {
            Some(2) => 1.0,
            Some(0) | None => 0.0,
            Some(_) => 0.53,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chinese_character_is_as_wide_as_it_is_high() {
        assert!((text_width("退货率", 10.0) - 3.0 * 10.0 * MARGIN).abs() < 1e-9);
    }

    #[test]
    fn combining_marks_take_no_room() {
        assert_eq!(text_width("e\u{301}", 10.0), text_width("e", 10.0));
    }

    #[test]
    fn a_long_label_is_cut_with_an_ellipsis_and_then_fits() {
        let short = shorten(
            "A very long name of a product nobody can pronounce",
            11.0,
            90.0,
        );
        assert!(short.ends_with('\u{2026}'));
        assert!(text_width(&short, 11.0) <= 90.0);
        assert_eq!(shorten("Boots", 11.0, 90.0), "Boots");
    }

    #[test]
    fn no_room_at_all_leaves_only_the_ellipsis() {
        assert_eq!(shorten("Boots", 11.0, 0.0), "\u{2026}");
    }
}
