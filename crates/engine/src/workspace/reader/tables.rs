//! `[tables.NAME]`: how a canonical table comes from a source or a query.

use indexmap::IndexMap;

use super::{Key, Reader, Value};
use crate::error::Result;
use crate::suggest::did_you_mean;
use crate::workspace::{At, TableRows, TableSpec, Unpivot};

impl Reader<'_> {
    pub(super) fn mapping(
        &self,
        name: &Key<'_>,
        value: &Value<'_>,
        columns: &[&str],
    ) -> Result<TableSpec> {
        let path = format!("tables.{}", name.get_ref());
        let (mut from, mut filter, mut mapped, mut group_by) = (None, None, None, Vec::new());
        let mut query = None;
        let (mut dedupe, mut materialize) = (false, false);
        let (mut unpivot, mut identity, mut codes) = (None, None, IndexMap::new());
        for (key, value) in self.table(&path, value)? {
            let path = format!("{path}.{}", key.get_ref());
            match key.get_ref().as_ref() {
                "from" => from = Some(self.string(&path, value)?),
                "where" => filter = Some(self.string(&path, value)?),
                "group_by" => group_by = self.strings(&path, value)?,
                "sql" => query = Some((key.span().start, self.string(&path, value)?)),
                "unpivot" => unpivot = Some(Box::new(self.unpivot(&path, key, value, columns)?)),
                "codes" => codes = self.codes(&path, value, name.get_ref(), columns)?,
                "identity" => {
                    if !columns.contains(&"customer_id") {
                        let message = format!("{} has no customer_id", name.get_ref());
                        return Err(self.error(key.span().start, message, None));
                    }
                    identity = Some(self.string(&path, value)?);
                }
                "dedupe" => dedupe = self.boolean(&path, value)?,
                "materialize" => materialize = self.boolean(&path, value)?,
                "columns" => {
                    let mut expressions = IndexMap::new();
                    for (column, value) in self.table(&path, value)? {
                        if !columns.contains(&column.get_ref().as_ref()) {
                            let what = format!("column of {}", name.get_ref());
                            return Err(self.unknown(&what, column, columns));
                        }
                        let path = format!("{path}.{}", column.get_ref());
                        let text = self.string(&path, value)?;
                        expressions.insert(column.get_ref().to_string(), text);
                    }
                    mapped = Some(expressions);
                }
                _ => {
                    let known = [
                        "from",
                        "where",
                        "columns",
                        "group_by",
                        "unpivot",
                        "codes",
                        "identity",
                        "sql",
                        "dedupe",
                        "materialize",
                    ];
                    return Err(self.unknown(
                        &format!("key in [tables.{}]", name.get_ref()),
                        key,
                        &known,
                    ));
                }
            }
        }
        let rows = match (from, query) {
            (Some(from), None) => TableRows::Mapped {
                from,
                filter,
                columns: mapped,
                group_by,
                unpivot,
            },
            (None, Some((_, file)))
                if filter.is_none()
                    && mapped.is_none()
                    && group_by.is_empty()
                    && unpivot.is_none() =>
            {
                TableRows::Query { file }
            }
            (None, None) => {
                return Err(self.error(
                    name.span().start,
                    format!(
                        "table `{}` says neither where it comes from nor how",
                        name.get_ref()
                    ),
                    Some("from = \"source\" or sql = \"file.sql\"".into()),
                ));
            }
            (_, Some((offset, _))) => {
                return Err(self.error(
                    offset,
                    format!("table `{}` has `sql` beside other keys", name.get_ref()),
                    Some("a query replaces from, where, columns, group_by and unpivot".into()),
                ));
            }
        };
        Ok(TableSpec {
            at: self.at(name.span().start),
            rows,
            codes,
            identity,
            dedupe,
            materialize,
        })
    }

    /// `{ name = "kind", value = "score", columns = { nps = "q1", csat = "q2" } }`.
    fn unpivot(
        &self,
        path: &str,
        key: &Key<'_>,
        value: &Value<'_>,
        columns: &[&str],
    ) -> Result<Unpivot> {
        let (mut name, mut of_value, mut expressions) = (None, None, IndexMap::new());
        let mut keeps_empty = false;
        for (part, value) in self.table(path, value)? {
            let path = format!("{path}.{}", part.get_ref());
            match part.get_ref().as_ref() {
                which @ ("name" | "value") => {
                    let column = self.string(&path, value)?;
                    if !columns.contains(&column.value.as_str()) {
                        let message = format!("there is no column `{}`", column.value);
                        let hint = did_you_mean(&column.value, columns.iter().copied());
                        return Err(self.error(value.span().start, message, hint));
                    }
                    let which = if which == "name" {
                        &mut name
                    } else {
                        &mut of_value
                    };
                    *which = Some(column);
                }
                "columns" => {
                    for (code, value) in self.table(&path, value)? {
                        let path = format!("{path}.{}", code.get_ref());
                        let text = self.string(&path, value)?;
                        expressions.insert(code.get_ref().to_string(), text);
                    }
                }
                "keep_empty" => keeps_empty = self.boolean(&path, value)?,
                _ => {
                    let known = ["name", "value", "columns", "keep_empty"];
                    return Err(self.unknown(&format!("key in {path}"), part, &known));
                }
            }
        }
        let (Some(name), Some(value), false) = (name, of_value, expressions.is_empty()) else {
            return Err(self.error(
                key.span().start,
                "unpivot needs name, value and columns".into(),
                Some("{ name = \"kind\", value = \"score\", columns = { nps = \"q1\", csat = \"q2\" } }".into()),
            ));
        };
        Ok(Unpivot {
            at: self.at(key.span().start),
            name,
            value,
            columns: expressions,
            keeps_empty,
        })
    }

    /// `{ reason_code = { "DEF" = "defective" } }`.
    fn codes(
        &self,
        path: &str,
        value: &Value<'_>,
        table: &str,
        columns: &[&str],
    ) -> Result<IndexMap<String, IndexMap<String, At<String>>>> {
        let mut codes = IndexMap::new();
        for (column, value) in self.table(path, value)? {
            if !columns.contains(&column.get_ref().as_ref()) {
                return Err(self.unknown(&format!("column of {table}"), column, columns));
            }
            let path = format!("{path}.{}", column.get_ref());
            let mut of_column = IndexMap::new();
            for (code, value) in self.table(&path, value)? {
                let text = self.string(&format!("{path}.{}", code.get_ref()), value)?;
                of_column.insert(code.get_ref().to_string(), text);
            }
            codes.insert(column.get_ref().to_string(), of_column);
        }
        Ok(codes)
    }
}
