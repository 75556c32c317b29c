//! `kpis`: measures against their targets, one dense line each.
//!
//! The query returns either one row per measure, with the past as a list column
//! `series`, or one row per measure and day, of which the last is the present.
//! Colour marks a missed target and never a direction. A target that is missed
//! by less than the interval is on watch and not an alert: the data cannot tell.
//!
//! Columns read when they are there: `format`, `better` (`higher`, `lower`),
//! `low` and `high` (95% interval), `n`, `state`, `band_low` and `band_high` (the
//! ordinary range), `scale_low` and `scale_high` (the ends of the bullet).

use super::mark::{Bullet, State, bullet, spark};
use super::{Drawing, Scene};
use crate::draw::scale::extent;
use crate::error::RenderError;
use crate::escape::Markup;
use crate::number::{Format, MISSING};
use crate::result::Column;
use crate::spec::reader::Reader;
use crate::spec::{ColumnName, SpecError};

/// The options of a `kpis` figure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Kpis {
    label: Option<ColumnName>,
    x: Option<ColumnName>,
    value: Option<ColumnName>,
    compare: Option<Vec<ColumnName>>,
    target: Option<ColumnName>,
}

/// Former values that are shown when the query returns them.
const COMPARE: [&str; 4] = ["previous", "mean_4w", "baseline", "year_ago"];

struct Measure {
    label: String,
    format: Format,
    value: Option<f64>,
    n: Option<f64>,
    interval: Option<(f64, f64)>,
    target: Option<f64>,
    higher_is_better: Option<bool>,
    state: State,
    before: Vec<Option<f64>>,
    series: Vec<Option<f64>>,
    band: Option<(f64, f64)>,
    /// The ends of the bullet's scale, if the query gives them.
    scale: Option<(f64, f64)>,
}

/// Where everything is in the query's result.
struct Roles {
    label: Column,
    value: Column,
    x: Option<Column>,
    n: Option<Column>,
    target: Option<Column>,
    compare: Vec<Column>,
}

impl Kpis {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, SpecError> {
        Ok(Self {
            label: reader.column("label")?,
            x: reader.column("x")?,
            value: reader.column("value")?,
            compare: reader.columns("compare")?,
            target: reader.column("target")?,
        })
    }

    pub(crate) fn draw(&self, scene: &Scene<'_>) -> Result<Drawing, RenderError> {
        let roles = self.roles(scene)?;
        let measures = measures(&roles, scene)?;
        let has_series = measures.iter().any(|measure| measure.series.len() > 1);
        let has_n = roles.n.is_some();
        let has_target = roles.target.is_some();
        // A narrow figure keeps the words and gives up pictures.
        let is_wide = scene.width > 560.0;
        let (spark_width, bullet_width) = if has_n { (112.0, 84.0) } else { (140.0, 104.0) };
        let columns = Columns {
            spark: (has_series && is_wide).then_some(spark_width),
            bullet: (has_target && is_wide).then_some(bullet_width),
            has_n,
            has_target,
        };
        let mut html = Markup::new();
        html.open("table", &[("class", "kpi")]);
        head(&mut html, scene, &roles, &columns)?;
        html.open("tbody", &[]);
        for measure in &measures {
            row(&mut html, scene, measure, &columns);
        }
        if measures.is_empty() {
            html.open("tr", &[]);
            html.leaf(
                "td",
                &[("class", "t mu"), ("colspan", "12")],
                scene.no_data_text(),
            );
            html.close("tr");
        }
        html.close("tbody");
        html.close("table");
        Ok(Drawing::of(html))
    }

    fn roles(&self, scene: &Scene<'_>) -> Result<Roles, RenderError> {
        let frame = scene.frame;
        let place = &scene.figure.place;
        let compare = match &self.compare {
            Some(columns) => columns
                .iter()
                .map(|column| frame.named(column))
                .collect::<Result<_, _>>()?,
            None => COMPARE
                .iter()
                .filter_map(|name| frame.index_of(name))
                .collect(),
        };
        Ok(Roles {
            label: frame.needed(
                self.label.as_ref(),
                &["label", "measure"],
                |column| frame.is_text(column),
                (place, "label", "column of texts to name the measures"),
            )?,
            value: frame.needed(
                self.value.as_ref(),
                &["value"],
                |column| frame.is_number(column),
                (place, "value", "column of numbers"),
            )?,
            x: match &self.x {
                Some(column) => Some(frame.named(column)?),
                None => (0..frame.columns()).find(|column| frame.is_day(*column)),
            },
            n: frame.index_of("n"),
            target: frame.role(self.target.as_ref(), &["target"])?,
            compare,
        })
    }
}

fn measures(roles: &Roles, scene: &Scene<'_>) -> Result<Vec<Measure>, RenderError> {
    let frame = scene.frame;
    let labels = frame.texts(roles.label, scene.style());
    let keys = frame.raw(roles.label);
    let values = scene.numbers(roles.value)?;
    let column = |name: &str| scene.optional(frame.index_of(name));
    let (low, high) = (column("low")?, column("high")?);
    let (band_low, band_high) = (column("band_low")?, column("band_high")?);
    let (scale_low, scale_high) = (column("scale_low")?, column("scale_high")?);
    let n = scene.optional(roles.n)?;
    let targets = scene.optional(roles.target)?;
    let formats = scene.names("format", Format::ALL)?;
    let better = scene.names("better", &[("higher", true), ("lower", false)])?;
    let states = scene.names("state", State::NAMES)?;
    let lists = frame
        .index_of("series")
        .and_then(|column| frame.series(column));
    let before: Vec<Vec<Option<f64>>> = roles
        .compare
        .iter()
        .map(|column| scene.numbers(*column))
        .collect::<Result<_, _>>()?;

    let moments = match (&lists, roles.x) {
        (None, Some(x)) => frame.moments(x),
        _ => None,
    };
    let mut groups: Vec<(Option<String>, Vec<usize>)> = Vec::new();
    for (row, key) in keys.into_iter().enumerate() {
        match groups
            .iter_mut()
            .find(|(known, _)| moments.is_some() && *known == key)
        {
            Some((_, rows)) => rows.push(row),
            None => groups.push((key, vec![row])),
        }
    }
    let pair = |low: &[Option<f64>], high: &[Option<f64>], row: usize| low[row].zip(high[row]);
    let mut measures = Vec::new();
    for (_, mut rows) in groups {
        if let Some(moments) = &moments {
            rows.sort_by_key(|row| moments[*row]);
        }
        let Some(row) = rows.last().copied() else {
            continue;
        };
        let mut measure = Measure {
            label: labels[row].clone().unwrap_or_else(|| MISSING.to_owned()),
            format: formats[row].unwrap_or_else(|| scene.main_format(roles.value)),
            value: values[row],
            n: n[row],
            interval: pair(&low, &high, row),
            target: targets[row],
            higher_is_better: better[row],
            state: State::None,
            before: before.iter().map(|values| values[row]).collect(),
            series: match &lists {
                Some(lists) => lists[row].clone(),
                None => rows.iter().map(|row| values[*row]).collect(),
            },
            band: pair(&band_low, &band_high, row),
            scale: pair(&scale_low, &scale_high, row).filter(|(low, high)| low < high),
        };
        measure.state = states[row].unwrap_or_else(|| judge(&measure));
        measures.push(measure);
    }
    Ok(measures)
}

fn judge(measure: &Measure) -> State {
    let (Some(value), Some(target), Some(higher)) =
        (measure.value, measure.target, measure.higher_is_better)
    else {
        return State::None;
    };
    if value == target || (value > target) == higher {
        return State::Ok;
    }
    match measure.interval {
        Some((low, high)) if low <= target && target <= high => State::Watch,
        _ => State::Alert,
    }
}

struct Columns {
    spark: Option<f64>,
    bullet: Option<f64>,
    has_n: bool,
    has_target: bool,
}

fn head(
    html: &mut Markup,
    scene: &Scene<'_>,
    roles: &Roles,
    columns: &Columns,
) -> Result<(), RenderError> {
    html.open("thead", &[]);
    html.open("tr", &[]);
    let hidden = |html: &mut Markup, class: &str, text: &str| {
        html.open("th", &[("scope", "col"), ("class", class)]);
        html.leaf("span", &[("class", "vh")], text);
        html.close("th");
    };
    let number = [("scope", "col")];
    hidden(html, "t", &scene.heading(roles.label)?);
    if columns.spark.is_some() {
        let text = match scene.figure.labels.get("series") {
            Some((_, words)) => scene.voice.say(words)?,
            None => scene.lang().pick("Trend", "走势").to_owned(),
        };
        html.leaf("th", &[("scope", "col"), ("class", "t pic")], &text);
    }
    html.leaf("th", &number, &scene.heading(roles.value)?);
    if let (true, Some(n)) = (columns.has_n, roles.n) {
        html.leaf("th", &number, &scene.heading(n)?);
    }
    for column in &roles.compare {
        html.leaf("th", &number, &scene.heading(*column)?);
    }
    if let (true, Some(target)) = (columns.has_target, roles.target) {
        html.leaf("th", &number, &scene.heading(target)?);
    }
    if columns.bullet.is_some() {
        hidden(
            html,
            "pic",
            scene.lang().pick("Value against target", "对比目标"),
        );
    }
    html.close("tr");
    html.close("thead");
    Ok(())
}

fn row(html: &mut Markup, scene: &Scene<'_>, measure: &Measure, columns: &Columns) {
    let style = scene.style();
    let written = style.write(measure.value, measure.format);
    let interval = measure
        .value
        .zip(measure.interval)
        .map(|(value, (low, high))| style.interval(value, low, high, measure.format));
    html.open("tr", &[]);
    html.open("th", &[("scope", "row")]);
    state_icon(html, scene, measure.state);
    html.text(&measure.label);
    html.close("th");
    if let Some(width) = columns.spark {
        html.open("td", &[("class", "t pic")]);
        html.append(&spark(
            &measure.series,
            measure.band,
            measure.state,
            width,
            &measure.label,
        ));
        html.close("td");
    }
    let class = if measure.state == State::Alert {
        "big bad"
    } else {
        "big"
    };
    let tip = interval.as_deref().map(|interval| {
        format!(
            "{written}, {} {interval}",
            scene.lang().pick("95% interval", "95% 区间")
        )
    });
    html.open(
        "td",
        &[
            ("class", class),
            ("title", tip.as_deref().unwrap_or(&written)),
        ],
    );
    html.text(&written);
    if let (Format::Points, Some(interval)) = (measure.format, &interval) {
        html.text("\u{2009}");
        html.text(interval);
    }
    html.close("td");
    if columns.has_n {
        html.leaf("td", &[("class", "mu sm")], &count(scene, measure.n));
    }
    for before in &measure.before {
        let change = style.change(measure.value, *before, measure.format);
        let better = match (measure.value, before, measure.higher_is_better) {
            (Some(now), Some(before), Some(higher)) => now != *before && (now > *before) == higher,
            _ => false,
        };
        html.leaf(
            "td",
            &[("class", if better { "gd" } else { "mu" })],
            &change,
        );
    }
    let target = target_text(scene, measure);
    if columns.has_target {
        html.leaf("td", &[("class", "mu")], &target);
    }
    if let Some(width) = columns.bullet {
        html.open("td", &[("class", "pic")]);
        if let Some(value) = measure.value {
            let mark = Bullet {
                value,
                target: measure.target,
                interval: measure.interval,
                scale: measure.scale.unwrap_or_else(|| scale_of(measure, value)),
                state: measure.state,
            };
            html.append(&bullet(&mark, width, &format!("{written} / {target}")));
        }
        html.close("td");
    }
    html.close("tr");
}

/// The scale of a bullet: from zero, because its length is what is compared, to a
/// little more than everything the measure has been.
fn scale_of(measure: &Measure, value: f64) -> (f64, f64) {
    let past = measure.series.iter().flatten().copied();
    let shown = past.chain([0.0, value]).chain(measure.target);
    let (low, high) = extent(shown).unwrap_or((0.0, 1.0));
    let pad = (high - low) * 0.15;
    (if low < 0.0 { low - pad } else { 0.0 }, high + pad)
}

fn target_text(scene: &Scene<'_>, measure: &Measure) -> String {
    let Some(target) = measure.target else {
        return MISSING.to_owned();
    };
    let written = scene.style().write(Some(target), measure.format);
    match measure.higher_is_better {
        Some(true) => format!("\u{2265} {written}"),
        Some(false) => format!("\u{2264} {written}"),
        None => written,
    }
}

fn count(scene: &Scene<'_>, n: Option<f64>) -> String {
    match n {
        Some(n) if n >= 10_000.0 => scene.style().compact(n, 3),
        n => scene.style().write(n, Format::Int),
    }
}

/// The state as a shape, and as a word for those who cannot see it.
pub(super) fn state_icon(html: &mut Markup, scene: &Scene<'_>, state: State) {
    let class = format!("ic {}", state.class());
    let lang = scene.lang();
    let word = match state {
        State::None => {
            html.leaf("span", &[("class", &class)], "");
            return;
        }
        State::Ok => lang.pick("met", "达标"),
        State::Watch => lang.pick("on watch", "关注"),
        State::Alert => lang.pick("missed", "未达标"),
    };
    let named = [
        ("class", class.as_str()),
        ("role", "img"),
        ("aria-label", word),
        ("title", word),
    ];
    html.leaf("span", &named, state.icon());
}
