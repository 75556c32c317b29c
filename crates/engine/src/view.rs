//! Views: SQL files whose header is a contract.
//!
//! The path is the name: `sql/marts/rfm.sql` is `marts.rfm`. The header says the
//! question a view answers, its grain and every column; tests hold it against
//! what the view returns. Completion and listings read headers and plan nothing.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use datafusion::common::{DataFusionError, plan_err};
use datafusion::sql::parser::Statement;
use indexmap::IndexMap;

use crate::bind;
use crate::error::{Error, Result};

/// The schemas views live in, in the order a bare name is looked up.
pub const VIEW_SCHEMAS: [&str; 3] = ["marts", "intermediate", "staging"];

/// A view, as its file says.
#[derive(Debug, Clone)]
pub struct View {
    /// Schema: `staging`, `intermediate` or `marts`.
    pub schema: String,
    /// Name.
    pub name: String,
    /// The file as written.
    pub sql: String,
    /// What the file promises.
    pub header: Header,
    /// Where a workspace's own view is; none for a built-in one.
    pub file: Option<PathBuf>,
    /// The query of the file, once somebody has asked for it.
    query: OnceLock<Statement>,
}

/// The contract at the top of a view's file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    /// The question the view answers.
    pub question: String,
    /// Columns that identify a row; empty for a view of one row.
    pub grain: Vec<String>,
    /// Where the rows behind a row of this view are.
    pub behind: Option<RowsBehind>,
    /// Columns in their order, with what they mean.
    pub columns: IndexMap<String, String>,
    /// What a reader could get wrong.
    pub notes: String,
}

/// `rows: VIEW on CONDITION`: which rows of another view a row of this one is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowsBehind {
    /// The other view.
    pub view: String,
    /// When a row `rows` of it is behind a row `cell` of this view.
    pub condition: String,
}

impl RowsBehind {
    fn parse(first: &str, rest: &[&str]) -> Result<Self, String> {
        let lines = std::iter::once(first).chain(rest.iter().copied());
        let text = lines.map(str::trim).collect::<Vec<_>>().join(" ");
        let Some((view, condition)) = text.split_once(" on ") else {
            return Err(format!(
                "expected `rows: view on condition`, found `rows: {text}`"
            ));
        };
        Ok(RowsBehind {
            view: view.trim().to_owned(),
            condition: condition.trim().to_owned(),
        })
    }

    /// Returns a query for the rows behind the rows of a view that meet a condition.
    pub fn query(&self, view: &View, filter: &str) -> String {
        let (behind, condition, name) = (&self.view, &self.condition, view.qualified());
        format!(
            "select rows.* from {behind} as rows where exists (select 1 from \
             (select * from {name} where {filter}) as cell where {condition})"
        )
    }
}

impl View {
    /// Returns `schema.name`.
    pub fn qualified(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    /// Reads a view from its file.
    pub fn parse(schema: &str, name: &str, sql: &str) -> Result<Self> {
        let view = format!("{schema}.{name}");
        let header = Header::parse(sql).map_err(|message| Error::View { view, message })?;
        Ok(View {
            schema: schema.to_owned(),
            name: name.to_owned(),
            sql: sql.to_owned(),
            header,
            file: None,
            query: OnceLock::new(),
        })
    }

    /// The query of the file, which is parsed when it is first asked for.
    pub(crate) fn query(&self) -> Result<&Statement, DataFusionError> {
        if let Some(query) = self.query.get() {
            return Ok(query);
        }
        let Ok([query]) = <[_; 1]>::try_from(bind::parse(&self.sql)?) else {
            return plan_err!("expected one query");
        };
        Ok(self.query.get_or_init(|| query))
    }

    /// Says how the columns a query returns differ from those the header promises.
    pub(crate) fn check_columns<'a>(
        &self,
        returned: impl Iterator<Item = &'a str>,
    ) -> Result<(), String> {
        let returned: Vec<&str> = returned.collect();
        let promised: Vec<&str> = self.header.columns.keys().map(String::as_str).collect();
        if returned == promised {
            return Ok(());
        }
        let list = |from: &[&str], without: &[&str]| {
            let left: Vec<&str> = from
                .iter()
                .copied()
                .filter(|c| !without.contains(c))
                .collect();
            left.join(", ")
        };
        let (more, fewer) = (list(&returned, &promised), list(&promised, &returned));
        let mut differences = Vec::new();
        if !more.is_empty() {
            differences.push(format!("the query returns {more}, which the header lacks"));
        }
        if !fewer.is_empty() {
            differences.push(format!(
                "the header promises {fewer}, which the query does not return"
            ));
        }
        if differences.is_empty() {
            let at = returned.iter().zip(&promised).position(|(r, p)| r != p);
            let at = at.unwrap_or_else(|| returned.len().min(promised.len()));
            let name = |of: &[&str]| of.get(at).map_or("nothing", |n| n).to_owned();
            differences.push(format!(
                "column {} is {} in the query and {} in the header",
                at + 1,
                name(&returned),
                name(&promised)
            ));
        }
        Err(format!("the header is wrong: {}", differences.join("; ")))
    }

    /// Returns a query for the number of rows whose key is NULL or not alone.
    pub fn grain_query(&self) -> String {
        let name = self.qualified();
        if self.header.grain.is_empty() {
            return format!("select count(*) - 1 as wrong from {name}");
        }
        let null = self.header.grain.iter().map(|key| format!("{key} is null"));
        let null = null.collect::<Vec<_>>().join(" or ");
        let keys = self.header.grain.join(", ");
        format!(
            "select count(*) as wrong from (select {keys}, count(*) as n from {name} \
             group by {keys}) as keyed where n > 1 or {null}"
        )
    }
}

impl Header {
    /// Parses the leading `--` lines: question, `grain:`, columns, notes, with empty lines between.
    fn parse(sql: &str) -> Result<Self, String> {
        let lines = sql.lines().map_while(|line| line.strip_prefix("--"));
        let lines: Vec<&str> = lines
            .map(|line| line.strip_prefix(' ').unwrap_or(line))
            .collect();
        let paragraphs: Vec<&[&str]> = lines
            .split(|line| line.trim().is_empty())
            .filter(|paragraph| !paragraph.is_empty())
            .collect();
        let [question, grain, columns, notes @ ..] = paragraphs.as_slice() else {
            return Err(
                "the header needs a question, `grain:` and the columns, with `--` lines between"
                    .into(),
            );
        };
        let (grain, behind) = match grain {
            [grain] => (grain, None),
            [grain, first, rest @ ..] => match first.strip_prefix("rows:") {
                Some(first) => (grain, Some(RowsBehind::parse(first, rest)?)),
                None => {
                    return Err(format!(
                        "expected `rows: view on condition`, found `{first}`"
                    ));
                }
            },
            [] => return Err("the header has no `grain:`".into()),
        };
        let Some(grain) = grain.strip_prefix("grain:") else {
            return Err(format!("expected `grain: columns`, found `{grain}`"));
        };
        let mut header = Header {
            question: question.join(" "),
            behind,
            notes: notes
                .iter()
                .map(|p| p.join("\n"))
                .collect::<Vec<_>>()
                .join("\n\n"),
            ..Header::default()
        };
        for line in *columns {
            // A line that starts with a blank goes on with the column above.
            if line.starts_with(' ') {
                let Some((_, doc)) = header.columns.last_mut() else {
                    return Err(format!("a column starts at the margin, found `{line}`"));
                };
                doc.push(' ');
                doc.push_str(line.trim());
                continue;
            }
            let Some((name, doc)) = line.split_once(' ') else {
                return Err(format!("column `{line}` has no meaning"));
            };
            header
                .columns
                .insert(name.to_owned(), doc.trim().to_owned());
        }
        for key in grain.split(',').map(str::trim) {
            if key == "one row" {
                continue;
            }
            if !header.columns.contains_key(key) {
                return Err(format!("grain `{key}` is no column of the header"));
            }
            header.grain.push(key.to_owned());
        }
        Ok(header)
    }
}

/// The views of a workspace, by schema and name.
#[derive(Debug, Clone, Default)]
pub struct Views(IndexMap<(String, String), View>);

impl Views {
    /// Returns the views that are built in.
    pub fn built_in() -> Result<Self> {
        let mut views = Views::default();
        for (schema, name, sql) in crate::builtin::VIEWS {
            views.insert(View::parse(schema, name, sql)?);
        }
        Ok(views)
    }

    /// Adds the views of a workspace's own folder, replacing built-in ones of the same name.
    pub fn add_folder(&mut self, folder: &Path) -> Result<()> {
        for schema in VIEW_SCHEMAS {
            let Ok(entries) = std::fs::read_dir(folder.join(schema)) else {
                continue;
            };
            let mut files: Vec<_> = entries
                .filter_map(|entry| Some(entry.ok()?.path()))
                .collect();
            files.retain(|file| file.extension().is_some_and(|end| end == "sql"));
            files.sort();
            for file in files {
                let name = file
                    .file_stem()
                    .map(|s| s.to_string_lossy().into_owned())
                    .unwrap_or_default();
                let sql = std::fs::read_to_string(&file).map_err(|e| Error::View {
                    view: format!("{schema}.{name}"),
                    message: format!("cannot read {}: {e}", file.display()),
                })?;
                let view = View::parse(schema, &name, &sql)?;
                self.insert(View {
                    file: Some(file),
                    ..view
                });
            }
        }
        Ok(())
    }

    /// Adds a view, or replaces the one of the same name.
    pub fn insert(&mut self, view: View) {
        self.0
            .insert((view.schema.clone(), view.name.clone()), view);
    }

    /// Finds a view.
    pub fn get(&self, schema: &str, name: &str) -> Option<&View> {
        self.0.get(&(schema.to_owned(), name.to_owned()))
    }

    /// Finds a view by its bare name, marts first.
    pub fn find(&self, name: &str) -> Option<&View> {
        VIEW_SCHEMAS
            .iter()
            .find_map(|schema| self.get(schema, name))
    }

    /// Walks the views in their order.
    pub fn iter(&self) -> impl Iterator<Item = &View> {
        self.0.values()
    }

    /// Returns the names of a schema.
    pub fn names(&self, schema: &str) -> Vec<String> {
        self.iter()
            .filter(|v| v.schema == schema)
            .map(|v| v.name.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_in_its_parts() {
        let sql = "-- Which days were good?\n--\n-- grain: day, shop\n--\n-- day   the day\n-- shop  where,\n--       or NULL\n-- n     orders\n--\n-- Guests count.\n\nselect 1";
        let header = Header::parse(sql).unwrap();
        assert_eq!(header.question, "Which days were good?");
        assert_eq!(header.grain, ["day", "shop"]);
        assert_eq!(header.columns["shop"], "where, or NULL");
        assert_eq!(header.notes, "Guests count.");
    }

    #[test]
    fn the_rows_behind_a_row_are_named_below_the_grain() {
        let sql = "-- Q?\n--\n-- grain: day\n-- rows: intermediate.sales on rows.day = cell.day\n--   and rows.n > 0\n--\n-- day  the day\n\nselect 1";
        let view = View::parse("marts", "sales_by_day", sql).unwrap();
        let behind = view.header.behind.clone().unwrap();
        assert_eq!(behind.view, "intermediate.sales");
        assert_eq!(
            behind.query(&view, "day = 1"),
            "select rows.* from intermediate.sales as rows where exists (select 1 from \
             (select * from marts.sales_by_day where day = 1) as cell where rows.day = cell.day and rows.n > 0)"
        );
    }

    #[test]
    fn a_wrong_header_says_what_is_missing() {
        let error = Header::parse("-- Q\n--\n-- grain: a\n--\n-- b  x\n\nselect 1").unwrap_err();
        assert_eq!(error, "grain `a` is no column of the header");
        assert!(Header::parse("select 1").is_err());
    }
}
