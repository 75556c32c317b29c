//! From a finding of a report to the rows it is made of.
//!
//! A query of a report says in its header which view its rows are rows of:
//! `-- drill: marts.segments`, matched on the columns of that view's grain that the
//! query returns, and on a condition where these are not enough. The view's own
//! `rows:` leads on from there.

use aftersight_engine::Engine;
use aftersight_engine::view::View;

use crate::run::{RunError, ask, parameters};
use crate::spec::{Query, Spec};

/// Where the rows of a query come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drill {
    /// The view, with its schema.
    pub view: String,
    /// When a row `cell` of it is behind a row `finding` of the query, beside the grain.
    pub condition: Option<String>,
}

impl Query {
    /// Reads the lines `drill:` of the header.
    pub fn drills(&self) -> Vec<Drill> {
        let header = self.sql.lines().map_while(|line| line.strip_prefix("--"));
        let mut texts: Vec<String> = Vec::new();
        let mut is_open = false;
        for line in header {
            let line = line.strip_prefix(' ').unwrap_or(line);
            match line.strip_prefix("drill:") {
                Some(first) => {
                    texts.push(first.trim().to_owned());
                    is_open = true;
                }
                // A line that starts with a blank goes on with the one above.
                None if is_open && line.starts_with(' ') => {
                    if let Some(text) = texts.last_mut() {
                        text.push(' ');
                        text.push_str(line.trim());
                    }
                }
                None => is_open = false,
            }
        }
        let drill = |text: String| match text.split_once(" on ") {
            Some((view, condition)) => Drill {
                view: view.trim().to_owned(),
                condition: Some(condition.trim().to_owned()),
            },
            None => Drill {
                view: text,
                condition: None,
            },
        };
        texts.into_iter().map(drill).collect()
    }
}

impl Drill {
    /// Returns a query for the rows behind those findings of a query that meet a condition.
    ///
    /// `columns` are those of the query. A view that does not say what its rows are made of
    /// is the end of the way: its rows are the answer.
    pub fn query(&self, view: &View, query: &str, columns: &[String], filter: &str) -> String {
        let shared = view.header.grain.iter().filter(|key| columns.contains(key));
        let on = shared.map(|key| format!("cell.{key} is not distinct from finding.{key}"));
        let on: Vec<String> = on.chain(self.condition.clone()).collect();
        let on = match on.as_slice() {
            [] => "true".to_owned(),
            on => on.join(" and "),
        };
        let cells = format!(
            "select cell.* from {} as cell left semi join \
             (select * from {query} where {filter}) as finding on {on}",
            view.qualified()
        );
        match &view.header.behind {
            Some(behind) => format!(
                "select rows.* from {} as rows where exists (select 1 from ({cells}) as cell where {})",
                behind.view, behind.condition
            ),
            None => cells,
        }
    }
}

/// Runs what a query of a report reads and the query itself, so that the session knows its
/// rows by its name; returns its columns.
pub async fn findings(
    engine: &Engine,
    spec: &Spec,
    query: &str,
    given: &[(String, String)],
) -> Result<Vec<String>, RunError> {
    let parameters = parameters(spec, given)?;
    let results = ask(engine, spec, &parameters, Some(query)).await?;
    let fields = results.get(query).map(|result| result.schema.fields());
    Ok(fields
        .into_iter()
        .flatten()
        .map(|field| field.name().clone())
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Place;

    #[test]
    fn a_header_says_where_findings_come_from() {
        let sql = "-- Why.\n--\n-- drill: marts.nps on cell.a = 1\n--   and cell.b = finding.b\n-- drill: staging.tickets\n\nselect 1\n-- drill: no.header\n";
        let query = Query {
            name: "q".into(),
            sql: sql.into(),
            place: Place {
                path: "sql/q.sql".into(),
                line: 1,
                column: 1,
            },
        };
        let drill = |view: &str, condition: Option<&str>| Drill {
            view: view.into(),
            condition: condition.map(str::to_owned),
        };
        assert_eq!(
            query.drills(),
            [
                drill("marts.nps", Some("cell.a = 1 and cell.b = finding.b")),
                drill("staging.tickets", None)
            ]
        );
    }
}
