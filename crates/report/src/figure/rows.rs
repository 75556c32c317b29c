//! What figures with a row for each category share: their columns, names, room for these, and
//! what to say of rows that are not drawn.

use super::Scene;
use super::scene::LABEL_PX;
use crate::draw::measure::widest;
use crate::error::RenderError;
use crate::lang::Lang;
use crate::number::MISSING;
use crate::spec::ColumnName;

/// The column that names the rows.
pub(super) fn label_column(
    named: Option<&ColumnName>,
    scene: &Scene<'_>,
) -> Result<usize, RenderError> {
    let frame = scene.frame;
    let fits = |column| frame.is_text(column) || frame.is_day(column);
    let wanted = (
        &scene.figure.place,
        "label",
        "column of texts to name the rows",
    );
    frame.needed(named, &["label"], fits, wanted)
}

/// The column that is measured.
pub(super) fn value_column(
    named: Option<&ColumnName>,
    scene: &Scene<'_>,
) -> Result<usize, RenderError> {
    let wanted = (&scene.figure.place, "value", "column of numbers");
    scene.frame.needed(
        named,
        &["value"],
        |column| scene.frame.is_number(column),
        wanted,
    )
}

/// The names of the rows that are drawn.
pub(super) fn names(labels: &[Option<String>], shown: usize) -> Vec<&str> {
    let labels = labels.iter().take(shown);
    labels
        .map(|label| label.as_deref().unwrap_or(MISSING))
        .collect()
}

/// Room for names on the left: what the longest needs, at most two fifths.
pub(super) fn labels_room(names: &[&str], width: f64) -> f64 {
    let longest = widest(names, LABEL_PX);
    // A tenth more, because a hot name is bold.
    (longest * 1.1 + 10.0).clamp(40.0, width * 0.4)
}

/// Says that rows were left out of the drawing.
pub(super) fn left_out(all: usize, shown: usize, lang: Lang) -> Option<String> {
    (all > shown).then(|| match lang {
        Lang::En => format!("first {shown} of {all} rows"),
        Lang::Zh => format!("前 {shown} 行，共 {all} 行"),
    })
}
