//! Reads the workspace file, section by section; every complaint names its place.

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::{At, CanonicalNames, RuleSpec, TableRows, Workspace};
use crate::error::{Error, Location, Result};
use crate::rules::segment_models;
use crate::settings::{Declared, Setting, SettingType};
use crate::suggest::did_you_mean;

mod sources;
mod tables;

/// One file being read.
pub(super) struct Reader<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
}

type Key<'i> = Spanned<DeString<'i>>;
type Value<'i> = Spanned<DeValue<'i>>;

impl Reader<'_> {
    fn at(&self, offset: usize) -> Location {
        Location::of_offset(self.file, self.text, offset)
    }

    fn error(&self, offset: usize, message: String, hint: Option<String>) -> Error {
        Error::Workspace {
            at: Some(self.at(offset)),
            message,
            hint,
        }
    }

    fn wrong_type(&self, path: &str, expected: &str, found: &Value<'_>) -> Error {
        let what = match found.get_ref() {
            DeValue::String(s) => format!("the text '{s}'"),
            DeValue::Integer(i) => format!("the number {i}"),
            DeValue::Float(x) => format!("the number {x}"),
            DeValue::Boolean(b) => format!("{b}"),
            DeValue::Datetime(d) => format!("the date {d}"),
            DeValue::Array(_) => "a list".to_owned(),
            DeValue::Table(_) => "a section".to_owned(),
        };
        let message = format!("`{path}` takes {expected}, not {what}");
        self.error(found.span().start, message, None)
    }

    fn unknown(&self, what: &str, key: &Key<'_>, known: &[&str]) -> Error {
        let name = key.get_ref();
        self.error(
            key.span().start,
            format!("unknown {what} `{name}`"),
            did_you_mean(name, known.iter().copied()),
        )
    }

    fn table<'v, 'i>(&self, path: &str, value: &'v Value<'i>) -> Result<&'v DeTable<'i>> {
        match value.get_ref() {
            DeValue::Table(table) => Ok(table),
            _ => Err(self.wrong_type(path, "a section", value)),
        }
    }

    fn string(&self, path: &str, value: &Value<'_>) -> Result<At<String>> {
        match value.get_ref() {
            DeValue::String(text) => Ok(At {
                value: text.to_string(),
                at: self.at(value.span().start),
            }),
            _ => Err(self.wrong_type(path, "a text", value)),
        }
    }

    fn strings(&self, path: &str, value: &Value<'_>) -> Result<Vec<At<String>>> {
        match value.get_ref() {
            DeValue::Array(items) => items.iter().map(|item| self.string(path, item)).collect(),
            _ => Ok(vec![self.string(path, value)?]),
        }
    }

    fn boolean(&self, path: &str, value: &Value<'_>) -> Result<bool> {
        match value.get_ref() {
            DeValue::Boolean(yes) => Ok(*yes),
            _ => Err(self.wrong_type(path, "true or false", value)),
        }
    }

    /// Reads the whole file.
    pub(super) fn workspace(&self, canonical: &dyn CanonicalNames) -> Result<Workspace> {
        let root = DeTable::parse(self.text).map_err(|e| {
            let offset = e.span().map_or(0, |span| span.start);
            self.error(offset, format!("not valid TOML: {}", e.message()), None)
        })?;
        let mut workspace = Workspace {
            file: self.file.to_owned(),
            ..Workspace::default()
        };
        let mut settings_section = None;
        let sections = [
            "version",
            "workspace",
            "sources",
            "tables",
            "rules",
            "settings",
            "params",
        ];
        for (key, value) in root.get_ref() {
            match key.get_ref().as_ref() {
                "version" => match value.get_ref() {
                    DeValue::Integer(i) if i.to_string() == "1" => {}
                    _ => return Err(self.wrong_type("version", "the number 1", value)),
                },
                "workspace" => self.workspace_section(value, &mut workspace)?,
                "sources" => {
                    for (name, value) in self.table("sources", value)? {
                        let source = self.source(name, value)?;
                        workspace.sources.insert(name.get_ref().to_string(), source);
                    }
                }
                "tables" => {
                    for (name, value) in self.table("tables", value)? {
                        if !canonical.tables().contains(&name.get_ref().as_ref()) {
                            return Err(self.unknown("canonical table", name, &canonical.tables()));
                        }
                        let columns = canonical.columns(name.get_ref());
                        let table = self.mapping(name, value, &columns)?;
                        workspace.tables.insert(name.get_ref().to_string(), table);
                    }
                }
                "rules" => {
                    for (name, value) in self.table("rules", value)? {
                        let file = self.string(&format!("rules.{}", name.get_ref()), value)?;
                        let at = self.at(name.span().start);
                        let name = name.get_ref().to_string();
                        workspace.rules.insert(name, RuleSpec { at, file });
                    }
                }
                // After [params], whatever their order in the file.
                "settings" => settings_section = Some(value),
                "params" => {
                    for (name, value) in self.table("params", value)? {
                        let param = self.param(name, value)?;
                        let declared = workspace.settings.declare(param);
                        declared.map_err(|e| self.relocate(name.span().start, &e))?;
                    }
                }
                _ => return Err(self.unknown("section", key, &sections)),
            }
        }
        for table in workspace.tables.values() {
            if let TableRows::Mapped { from, .. } = &table.rows
                && !workspace.sources.contains_key(&from.value)
            {
                return Err(Error::Workspace {
                    at: Some(from.at.clone()),
                    message: format!("there is no source `{}`", from.value),
                    hint: did_you_mean(&from.value, workspace.sources.keys().map(String::as_str)),
                });
            }
        }
        if workspace.rules.contains_key(segment_models::NAME) {
            // Which models there are is known when the rules are read.
            let any = vec!["*".to_owned()];
            workspace.settings.set_more_choices("segment_model", any)?;
        }
        if let Some(value) = settings_section {
            for (name, value) in self.table("settings", value)? {
                let text = self.setting_text(name.get_ref(), value)?;
                let set = workspace.settings.set(name.get_ref(), &text);
                set.map_err(|e| self.relocate(name.span().start, &e))?;
                let at = self.at(name.span().start);
                let name = name.get_ref().to_string();
                workspace.setting_places.insert(name, at);
            }
        }
        Ok(workspace)
    }

    /// Gives an error of the settings registry the place in this file.
    fn relocate(&self, offset: usize, error: &Error) -> Error {
        self.error(offset, error.to_string(), error.hint().map(str::to_owned))
    }

    fn setting_text(&self, name: &str, value: &Value<'_>) -> Result<String> {
        one_value(value.get_ref())
            .ok_or_else(|| self.wrong_type(&format!("settings.{name}"), "one value", value))
    }

    fn workspace_section(&self, value: &Value<'_>, workspace: &mut Workspace) -> Result<()> {
        for (key, value) in self.table("workspace", value)? {
            match key.get_ref().as_ref() {
                "name" => workspace.name = self.string("workspace.name", value)?.value,
                name @ ("time_zone" | "currency") => {
                    let text = self.string(&format!("workspace.{name}"), value)?;
                    if name == "currency" && !is_currency(&text.value) {
                        return Err(self.error(
                            value.span().start,
                            format!("'{}' is not a currency code", text.value),
                            Some("three capital letters, like EUR or CNY".into()),
                        ));
                    }
                    let fixed = workspace.settings.fix(name, &text.value);
                    fixed.map_err(|e| self.relocate(value.span().start, &e))?;
                }
                _ => {
                    let known = ["name", "time_zone", "currency"];
                    return Err(self.unknown("key in [workspace]", key, &known));
                }
            }
        }
        Ok(())
    }

    fn param(&self, name: &Key<'_>, value: &Value<'_>) -> Result<Setting> {
        let path = format!("params.{}", name.get_ref());
        let (mut ty, mut default, mut doc) = (None, None, String::new());
        for (key, value) in self.table(&path, value)? {
            let path = format!("{path}.{}", key.get_ref());
            match key.get_ref().as_ref() {
                "type" => {
                    let text = self.string(&path, value)?.value;
                    let parsed = SettingType::parse(&text).ok_or_else(|| {
                        self.error(
                            value.span().start,
                            format!("there is no parameter type '{text}'"),
                            did_you_mean(&text, ["date", "integer", "float", "boolean", "text"]),
                        )
                    })?;
                    ty = Some(parsed);
                }
                "default" => default = Some(self.setting_text(&path, value)?),
                "help" => doc = self.string(&path, value)?.value,
                _ => {
                    let known = ["type", "default", "help"];
                    return Err(self.unknown(&format!("key in [{path}]"), key, &known));
                }
            }
        }
        let Some(ty) = ty else {
            return Err(self.error(
                name.span().start,
                format!("parameter `{}` has no type", name.get_ref()),
                Some("type = \"date\", \"integer\", \"float\", \"boolean\" or \"text\"".into()),
            ));
        };
        Ok(Setting {
            name: name.get_ref().to_string(),
            ty,
            default,
            doc,
            is_fixed: false,
            declared: Declared::Workspace,
            more_choices: Vec::new(),
        })
    }
}

/// Returns the text of one value, and nothing for a list or a section.
pub(crate) fn one_value(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(s) => Some(s.to_string()),
        DeValue::Integer(i) => Some(i.to_string()),
        DeValue::Float(x) => Some(x.to_string()),
        DeValue::Boolean(b) => Some(b.to_string()),
        DeValue::Datetime(d) => Some(d.to_string()),
        DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase())
}
