//! What stands behind a figure: the SQL, the row count and the rows.
//!
//! It is closed, and it is complete enough that every number of the figure can
//! be traced. Milliseconds are not here: two runs of the same data would differ.

use crate::error::RenderError;
use crate::escape::Markup;
use crate::figure::Scene;
use crate::lang::Lang;
use crate::number::MISSING;

/// More cells than this belong into a file; the page has a size budget.
const CELLS_MAX: usize = 480;
/// But never fewer rows than this.
const ROWS_MIN: usize = 12;

pub(super) fn write(
    html: &mut Markup,
    scene: &Scene<'_>,
    row_count: &str,
) -> Result<(), RenderError> {
    let frame = scene.frame;
    let shown = frame
        .rows()
        .min((CELLS_MAX / frame.columns().max(1)).max(ROWS_MIN));
    html.open("details", &[]);
    html.leaf(
        "summary",
        &[],
        &format!("{}.sql \u{B7} {row_count}", frame.name),
    );
    html.leaf("pre", &[], frame.sql.trim_end());
    html.open("div", &[("class", "rows"), ("tabindex", "0")]);
    html.open("table", &[]);
    html.open("thead", &[]);
    html.open("tr", &[]);
    for column in 0..frame.columns() {
        let name = frame.name_of(column);
        if frame.is_number(column) {
            html.leaf("th", &[("scope", "col")], name);
        } else {
            html.leaf("th", &[("scope", "col"), ("class", "t")], name);
        }
    }
    html.close("tr");
    html.close("thead");
    html.open("tbody", &[]);
    let columns: Vec<(bool, Vec<Option<String>>)> = (0..frame.columns())
        .map(|column| {
            let cells = if frame.is_number(column) || frame.is_day(column) {
                frame.written(column, scene.format(column), scene.style())
            } else {
                frame.raw(column)
            };
            (frame.is_number(column), cells)
        })
        .collect();
    for row in 0..shown {
        html.open("tr", &[]);
        for (is_number, cells) in &columns {
            let cell = cells[row].as_deref().unwrap_or(MISSING);
            html.leaf("td", if *is_number { &[] } else { &[("class", "t")] }, cell);
        }
        html.close("tr");
    }
    html.close("tbody");
    html.close("table");
    html.close("div");
    if shown < frame.rows() {
        let text = match scene.lang() {
            Lang::En => format!("The first {shown} of {} rows.", frame.rows()),
            Lang::Zh => format!("仅列前 {shown} 行，共 {} 行。", frame.rows()),
        };
        html.leaf("p", &[], &text);
    }
    html.close("details");
    Ok(())
}
