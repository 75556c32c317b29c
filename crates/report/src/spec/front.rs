//! The front matter of a report.

use chrono::{NaiveDate, NaiveDateTime};
use indexmap::IndexMap;
use toml::de::DeValue;

use super::SPEC_VERSION;
use super::error::{Fault, SpecError};
use super::reader::{Origin, Reader, integer, number, parse_toml};
use super::words::Words;
use crate::lang::Lang;

/// What one run of a report covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// A calendar day.
    Day,
    /// An ISO week, Monday first.
    Week,
    /// A calendar month.
    Month,
    /// A calendar quarter.
    Quarter,
    /// A calendar year.
    Year,
}

/// A value a person may set for a run; it is bound to `$name` in the SQL.
#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    /// The type of the value.
    pub kind: ParamType,
    /// The value of a run that does not set it.
    pub default: ParamValue,
    /// The values that are allowed; empty means any of the type.
    pub values: Vec<String>,
    /// What it does, for `report list` and the footer.
    pub help: Option<String>,
}

/// The types of parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamType {
    /// A calendar day.
    Date,
    /// A local date and time.
    Timestamp,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// True or false.
    Bool,
    /// Text.
    String,
    /// One of a list of texts.
    Enum,
}

/// A value of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum ParamValue {
    /// A calendar day.
    Date(NaiveDate),
    /// A local date and time.
    Timestamp(NaiveDateTime),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// Text; also the value of an enum.
    String(String),
}

impl ParamType {
    const ALL: &'static [(&'static str, Self)] = &[
        ("date", Self::Date),
        ("timestamp", Self::Timestamp),
        ("int", Self::Int),
        ("float", Self::Float),
        ("bool", Self::Bool),
        ("string", Self::String),
        ("enum", Self::Enum),
    ];

    /// The name a spec uses for the type.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, kind)| *kind == self)
            .map_or("", |(name, _)| name)
    }
}

impl ParamValue {
    /// Reads a value given as text, as on a command line.
    pub fn from_text(kind: ParamType, text: &str) -> Option<Self> {
        let text = text.trim();
        match kind {
            ParamType::Date => text.parse().ok().map(Self::Date),
            ParamType::Timestamp => {
                let formats = [
                    "%Y-%m-%dT%H:%M:%S%.f",
                    "%Y-%m-%d %H:%M:%S%.f",
                    "%Y-%m-%d %H:%M",
                ];
                formats
                    .iter()
                    .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
                    .map(Self::Timestamp)
            }
            ParamType::Int => text.parse().ok().map(Self::Int),
            ParamType::Float => text
                .parse::<f64>()
                .ok()
                .filter(|number| number.is_finite())
                .map(Self::Float),
            ParamType::Bool => text.parse().ok().map(Self::Bool),
            ParamType::String | ParamType::Enum => Some(Self::String(text.to_owned())),
        }
    }

    fn from_toml(kind: ParamType, value: &DeValue<'_>) -> Option<Self> {
        match (kind, value) {
            (ParamType::Int, _) => integer(value).map(Self::Int),
            (ParamType::Float, _) => number(value).map(Self::Float),
            (ParamType::Bool, DeValue::Boolean(truth)) => Some(Self::Bool(*truth)),
            (ParamType::Date | ParamType::Timestamp, DeValue::Datetime(moment)) => {
                Self::from_text(kind, &moment.to_string())
            }
            (ParamType::Bool, _) => None,
            (_, DeValue::String(text)) => Self::from_text(kind, text),
            _ => None,
        }
    }
}

impl std::fmt::Display for ParamValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Date(day) => write!(f, "{day}"),
            Self::Timestamp(moment) => write!(f, "{moment}"),
            Self::Int(number) => write!(f, "{number}"),
            Self::Float(number) => write!(f, "{number}"),
            Self::Bool(truth) => write!(f, "{truth}"),
            Self::String(text) => f.write_str(text),
        }
    }
}

/// A term explained at the end of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The term.
    pub term: Words,
    /// Its meaning.
    pub text: Words,
}

/// The files a run writes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outputs {
    /// The page.
    pub html: Option<HtmlOutput>,
    /// One CSV file per query.
    pub csv: Option<CsvOutput>,
    /// One JSON file with all chosen queries.
    pub json: Option<Selection>,
    /// One Parquet file per query.
    pub parquet: Option<Selection>,
}

/// How the page is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HtmlOutput {
    /// One page per language.
    pub lang: Vec<Lang>,
}

/// How CSV files are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvOutput {
    /// The queries to write.
    pub queries: Selection,
    /// Begin with a byte order mark, so that Excel reads UTF-8.
    pub bom: bool,
    /// Put a quote before text that a spreadsheet would run as a formula.
    pub guard: bool,
}

/// Which queries an output holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// All of them.
    All,
    /// These.
    Some(Vec<String>),
}

impl Selection {
    /// Whether a query is chosen.
    pub fn contains(&self, query: &str) -> bool {
        match self {
            Self::All => true,
            Self::Some(names) => names.iter().any(|name| name == query),
        }
    }
}

/// What the front matter says.
pub(crate) struct Front {
    pub(crate) name: String,
    pub(crate) title: Words,
    pub(crate) owner: Option<String>,
    pub(crate) lang: Vec<Lang>,
    pub(crate) period: Option<Period>,
    pub(crate) is_of_calendar: bool,
    pub(crate) needs: Vec<String>,
    pub(crate) params: IndexMap<String, Param>,
    pub(crate) outputs: Outputs,
    pub(crate) definitions: Vec<Definition>,
}

pub(crate) fn parse(toml: &str, origin: Origin<'_>) -> Result<Front, SpecError> {
    let document = parse_toml(toml, &origin)?;
    let mut reader = Reader::new(document.get_ref(), 0, origin, "front matter");

    let version = reader.integer("version", SPEC_VERSION..=SPEC_VERSION)?;
    let name = reader.string("name")?;
    let title = reader.words("title")?;
    let owner = reader.string("owner")?.map(|(owner, _)| owner);
    let lang = languages(&mut reader)?.unwrap_or_else(|| Lang::ALL.to_vec());
    let period = reader.choice(
        "period",
        "period",
        &[
            ("day", Period::Day),
            ("week", Period::Week),
            ("month", Period::Month),
            ("quarter", Period::Quarter),
            ("year", Period::Year),
        ],
    )?;
    let is_of_calendar = reader.boolean("calendar")?.unwrap_or_default();
    let needs = reader.strings("needs")?.unwrap_or_default();
    let params = params(&mut reader)?;
    let outputs = outputs(&mut reader, &lang)?;
    let definitions = definitions(&mut reader)?;

    // An unknown key is told before a missing one: `nmae` explains both.
    let missing = [
        version.is_none().then(|| reader.missing("version")),
        name.is_none().then(|| reader.missing("name")),
        title.is_none().then(|| reader.missing("title")),
    ];
    reader.finish()?;
    if let Some(error) = missing.into_iter().flatten().next() {
        return Err(error);
    }
    let (Some((name, place)), Some(title)) = (name, title) else {
        return Err(SpecError::new(
            origin.place(0),
            Fault::FrontMatter("version, name and title are required"),
        ));
    };
    // The name becomes a folder, so it must be a plain one on every system.
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if name.is_empty() || name.starts_with('-') || !name.chars().all(plain) {
        return Err(SpecError::new(
            place,
            Fault::WrongValue {
                key: "name".to_owned(),
                expected: "lower-case letters, digits, - and _".to_owned(),
                found: format!("\"{name}\""),
            },
        ));
    }
    Ok(Front {
        name,
        title,
        owner,
        lang,
        period,
        is_of_calendar,
        needs: needs.into_iter().map(|(name, _)| name).collect(),
        params,
        outputs,
        definitions,
    })
}

fn languages(reader: &mut Reader<'_>) -> Result<Option<Vec<Lang>>, SpecError> {
    let Some(codes) = reader.strings("lang")? else {
        return Ok(None);
    };
    let mut languages = Vec::new();
    for (code, place) in codes {
        let lang = Lang::from_code(&code)
            .ok_or_else(|| SpecError::unknown_name(place, "language", &code, &["en", "zh"]))?;
        if !languages.contains(&lang) {
            languages.push(lang);
        }
    }
    Ok((!languages.is_empty()).then_some(languages))
}

fn params(reader: &mut Reader<'_>) -> Result<IndexMap<String, Param>, SpecError> {
    let mut params = IndexMap::new();
    for (name, value) in reader.entries("params")? {
        let mut param = reader.reader_of(&name.name, value, format!("params.{}", name.name))?;
        let Some(kind) = param.choice("type", "parameter type", ParamType::ALL)? else {
            return Err(param.missing("type"));
        };
        let values: Vec<String> = param
            .strings("values")?
            .unwrap_or_default()
            .into_iter()
            .map(|(text, _)| text)
            .collect();
        let Some(written) = param.any("default") else {
            return Err(param.missing("default"));
        };
        if kind == ParamType::Enum && values.is_empty() {
            return Err(param.missing("values"));
        }
        let default = ParamValue::from_toml(kind, written.get_ref())
            .ok_or_else(|| param.wrong("default", written, &format!("of type {}", kind.name())))?;
        if let (ParamType::Enum, ParamValue::String(text)) = (kind, &default)
            && !values.contains(text)
        {
            let known: Vec<&str> = values.iter().map(String::as_str).collect();
            let place = param.value_place(written);
            return Err(SpecError::unknown_name(place, "value", text, &known));
        }
        let help = param.string("help")?.map(|(help, _)| help);
        param.finish()?;
        params.insert(
            name.name,
            Param {
                kind,
                default,
                values,
                help,
            },
        );
    }
    Ok(params)
}

fn outputs(reader: &mut Reader<'_>, lang: &[Lang]) -> Result<Outputs, SpecError> {
    let page = HtmlOutput {
        lang: lang.to_vec(),
    };
    let Some(mut outputs) = reader.table("outputs")? else {
        return Ok(Outputs {
            html: Some(page),
            ..Outputs::default()
        });
    };
    let html = match switch(&mut outputs, "html")? {
        Switch::Off => None,
        Switch::On => Some(page),
        Switch::With(mut options) => {
            let lang = languages(&mut options)?.unwrap_or(page.lang);
            options.finish()?;
            Some(HtmlOutput { lang })
        }
    };
    let csv = match switch(&mut outputs, "csv")? {
        Switch::Off => None,
        Switch::On => Some(CsvOutput {
            queries: Selection::All,
            bom: false,
            guard: false,
        }),
        Switch::With(mut options) => {
            let csv = CsvOutput {
                queries: selection(&mut options)?,
                bom: options.boolean("bom")?.unwrap_or(false),
                guard: options.boolean("guard")?.unwrap_or(false),
            };
            options.finish()?;
            Some(csv)
        }
    };
    let mut selected = |key| -> Result<Option<Selection>, SpecError> {
        Ok(match switch(&mut outputs, key)? {
            Switch::Off => None,
            Switch::On => Some(Selection::All),
            Switch::With(mut options) => {
                let chosen = selection(&mut options)?;
                options.finish()?;
                Some(chosen)
            }
        })
    };
    let (json, parquet) = (selected("json")?, selected("parquet")?);
    outputs.finish()?;
    Ok(Outputs {
        html,
        csv,
        json,
        parquet,
    })
}

/// An output is `true`, `false`, or a table of its options.
enum Switch<'t> {
    Off,
    On,
    With(Reader<'t>),
}

fn switch<'t>(outputs: &mut Reader<'t>, key: &'static str) -> Result<Switch<'t>, SpecError> {
    let Some(value) = outputs.any(key) else {
        return Ok(Switch::Off);
    };
    match value.get_ref() {
        DeValue::Boolean(false) => Ok(Switch::Off),
        DeValue::Boolean(true) => Ok(Switch::On),
        DeValue::Table(_) => Ok(Switch::With(outputs.reader_of(
            key,
            value,
            format!("outputs, {key}"),
        )?)),
        _ => Err(outputs.wrong(key, value, "true, false or a table")),
    }
}

fn selection(options: &mut Reader<'_>) -> Result<Selection, SpecError> {
    let Some(names) = options.strings("queries")? else {
        return Ok(Selection::All);
    };
    if matches!(names.as_slice(), [(name, _)] if name == "*") {
        return Ok(Selection::All);
    }
    for (name, place) in &names {
        options.names().check_query(name, place)?;
    }
    Ok(Selection::Some(
        names.into_iter().map(|(name, _)| name).collect(),
    ))
}

fn definitions(reader: &mut Reader<'_>) -> Result<Vec<Definition>, SpecError> {
    let mut definitions = Vec::new();
    for value in reader.items("definition")? {
        let mut entry = reader.reader_of("definition", value, "definition")?;
        let (term, text) = (entry.words("term")?, entry.words("text")?);
        let (no_term, no_text) = (entry.missing("term"), entry.missing("text"));
        entry.finish()?;
        definitions.push(Definition {
            term: term.ok_or(no_term)?,
            text: text.ok_or(no_text)?,
        });
    }
    Ok(definitions)
}
