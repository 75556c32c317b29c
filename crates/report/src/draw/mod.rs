//! Drawing primitives: an SVG writer, scales and text measurement.
//!
//! Marks carry classes and never colours; the style sheet holds the palette, so
//! dark mode and print are media queries. Coordinates keep one decimal, which
//! keeps files small and snapshots stable.

pub(crate) mod measure;
pub(crate) mod scale;
pub(crate) mod svg;
