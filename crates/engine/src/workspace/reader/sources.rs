//! `[sources.NAME]`: where files are and how they are to be read.

use indexmap::IndexMap;

use super::{Key, Reader, Value};
use crate::error::Result;
use crate::suggest::did_you_mean;
use crate::workspace::{At, COLUMN_TYPES, ColumnType, Format, SourceSpec};

impl Reader<'_> {
    pub(super) fn source(&self, name: &Key<'_>, value: &Value<'_>) -> Result<SourceSpec> {
        let path = format!("sources.{}", name.get_ref());
        let mut source = SourceSpec::of_location("");
        source.at = self.at(name.span().start);
        source.locations.clear();
        for (key, value) in self.table(&path, value)? {
            let path = format!("{path}.{}", key.get_ref());
            match key.get_ref().as_ref() {
                "location" => source.locations = self.strings(&path, value)?,
                "format" => {
                    let text = self.string(&path, value)?.value;
                    source.format = Some(match text.as_str() {
                        "parquet" => Format::Parquet,
                        "csv" | "tsv" => Format::Csv,
                        "json" | "ndjson" => Format::Json,
                        _ => {
                            return Err(self.error(
                                value.span().start,
                                format!("there is no format '{text}'"),
                                did_you_mean(&text, ["parquet", "csv", "tsv", "json", "ndjson"]),
                            ));
                        }
                    });
                    if text == "tsv" {
                        source.delimiter = b'\t';
                    }
                }
                "partitions" => source.partitions = self.column_types(&path, value)?,
                "columns" => source.columns = self.column_types(&path, value)?,
                "time_zone" => {
                    let zone = self.string(&path, value)?.value;
                    source.time_zone = zone.parse().map_err(|_| {
                        self.error(
                            value.span().start,
                            format!("there is no time zone '{zone}'"),
                            did_you_mean(&zone, chrono_tz::TZ_VARIANTS.iter().map(|z| z.name())),
                        )
                    })?;
                }
                "delimiter" => {
                    let text = self.string(&path, value)?.value;
                    let &[delimiter] = text.as_bytes() else {
                        return Err(self.wrong_type(&path, "one ASCII character", value));
                    };
                    source.delimiter = delimiter;
                }
                "has_header" => source.has_header = self.boolean(&path, value)?,
                _ => {
                    let known = [
                        "location",
                        "format",
                        "partitions",
                        "columns",
                        "time_zone",
                        "delimiter",
                        "has_header",
                    ];
                    return Err(self.unknown(
                        &format!("key in [sources.{}]", name.get_ref()),
                        key,
                        &known,
                    ));
                }
            }
        }
        if source.locations.is_empty() {
            return Err(self.error(
                name.span().start,
                format!("source `{}` has no location", name.get_ref()),
                Some("location = \"folder/\", a file, a glob or a URL".into()),
            ));
        }
        Ok(source)
    }

    fn column_types(
        &self,
        path: &str,
        value: &Value<'_>,
    ) -> Result<IndexMap<String, At<ColumnType>>> {
        let mut types = IndexMap::new();
        for (key, value) in self.table(path, value)? {
            let name = key.get_ref();
            let text = self.string(&format!("{path}.{name}"), value)?;
            let Some(ty) = ColumnType::parse(&text.value) else {
                return Err(self.error(
                    value.span().start,
                    format!("there is no column type '{}'", text.value),
                    did_you_mean(&text.value, COLUMN_TYPES.iter().copied()),
                ));
            };
            types.insert(
                name.to_string(),
                At {
                    value: ty,
                    at: text.at,
                },
            );
        }
        Ok(types)
    }
}
