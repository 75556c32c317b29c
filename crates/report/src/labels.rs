//! Words for codes: what a page shows instead of `about_to_sleep`.
//!
//! Results and files keep their codes, which stay when somebody renames a segment.
//! Only the page, which people read, says words, in its language; a code nobody
//! has a word for is shown as it is.

use std::collections::HashMap;
use std::sync::Arc;

use aftersight_engine::Engine;
use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use indexmap::IndexMap;

use crate::error::RenderError;
use crate::lang::Lang;
use crate::output::cell_text;
use crate::result::QueryResult;

const QUERY: &str = "select kind, code, label_en, label_zh from marts.labels";

/// The words of a workspace, by kind and code.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    kinds: HashMap<String, HashMap<String, [Option<String>; 2]>>,
}

impl Labels {
    /// Asks a workspace for its words.
    pub(crate) async fn ask(engine: &Engine) -> Result<Self, aftersight_engine::Error> {
        let mut labels = Labels::default();
        for batch in engine.query(QUERY).await? {
            for row in 0..batch.num_rows() {
                let text = |column: usize| cell_text(&batch, column, row);
                if let (Some(kind), Some(code)) = (text(0), text(1)) {
                    labels.insert(kind, code, [text(2), text(3)]);
                }
            }
        }
        Ok(labels)
    }

    fn insert(&mut self, kind: String, code: String, words: [Option<String>; 2]) {
        self.kinds.entry(kind).or_default().insert(code, words);
    }

    /// The words for the codes of a column: those of its name, else of the longest kind its
    /// name ends with, as `segment` for `from_segment`.
    fn of_column(&self, column: &str) -> Option<&HashMap<String, [Option<String>; 2]>> {
        let ends = |kind: &&String| {
            column
                .strip_suffix(kind.as_str())
                .is_some_and(|before| before.is_empty() || before.ends_with('_'))
        };
        let kind = self
            .kinds
            .keys()
            .filter(ends)
            .max_by_key(|kind| kind.len())?;
        self.kinds.get(kind)
    }

    /// Results as a page in this language shows them.
    pub(crate) fn say(
        &self,
        results: &IndexMap<String, QueryResult>,
        lang: Lang,
    ) -> Result<IndexMap<String, QueryResult>, RenderError> {
        let said = results.iter().map(|(name, result)| {
            let said = self.in_words(result, lang);
            let said = said.map_err(|source| RenderError::Arrow {
                query: name.clone(),
                source,
            })?;
            Ok((name.clone(), said))
        });
        said.collect()
    }

    fn in_words(&self, result: &QueryResult, lang: Lang) -> Result<QueryResult, ArrowError> {
        let names: Vec<&str> = result
            .schema
            .fields()
            .iter()
            .map(|f| f.name().as_str())
            .collect();
        // A query that brings a text in every language has words of its own.
        let has_own = |name: &str| {
            let in_lang = |lang: &Lang| names.contains(&format!("{name}_{}", lang.code()).as_str());
            Lang::ALL.iter().any(in_lang)
        };
        let words: Vec<_> = result
            .schema
            .fields()
            .iter()
            .map(|field| {
                let is_code = is_text(field.data_type()) && !has_own(field.name());
                is_code.then(|| self.of_column(field.name())).flatten()
            })
            .collect();
        if words.iter().all(Option::is_none) {
            return Ok(result.clone());
        }
        let fields = result.schema.fields().iter().zip(&words);
        let fields = fields.map(|(field, words)| match words {
            Some(_) => Arc::new(Field::new(field.name(), DataType::Utf8, true)),
            None => Arc::clone(field),
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let batches = result.batches.iter().map(|batch| {
            let columns = batch.columns().iter().zip(&words);
            let columns = columns.map(|(column, words)| match words {
                Some(words) => replaced(column, words, lang),
                None => Ok(Arc::clone(column)),
            });
            let columns = columns.collect::<Result<Vec<_>, _>>()?;
            RecordBatch::try_new(Arc::clone(&schema), columns)
        });
        Ok(QueryResult {
            batches: batches.collect::<Result<_, _>>()?,
            schema,
            ..result.clone()
        })
    }
}

fn replaced(
    column: &ArrayRef,
    words: &HashMap<String, [Option<String>; 2]>,
    lang: Lang,
) -> Result<ArrayRef, ArrowError> {
    let codes = cast(column, &DataType::Utf8)?;
    let said = codes.as_string::<i32>().iter().map(|code| {
        let code = code?;
        let word = words
            .get(code)
            .and_then(|[en, zh]| lang.pick_ref(en, zh).as_deref());
        Some(word.unwrap_or(code))
    });
    Ok(Arc::new(said.collect::<StringArray>()))
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_text(values),
        other => other.is_string(),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::Int64Array;

    use super::*;

    fn labels() -> Labels {
        let mut labels = Labels::default();
        let words = |en: &str, zh: Option<&str>| [Some(en.to_owned()), zh.map(str::to_owned)];
        let lost = words("Lost", Some("已流失"));
        labels.insert("segment".into(), "lost".into(), lost);
        labels.insert("segment".into(), "mine".into(), words("Mine", None));
        labels.insert("kind".into(), "return".into(), words("Return", None));
        let rfm = words("RFM segment", None);
        labels.insert("segment_kind".into(), "rfm_segment".into(), rfm);
        labels
    }

    fn said(columns: &[(&str, &[Option<&str>])], lang: Lang) -> Vec<Vec<Option<String>>> {
        let arrays = columns.iter().map(|(name, texts)| {
            let array: ArrayRef = Arc::new(texts.iter().copied().collect::<StringArray>());
            (*name, array)
        });
        let n: ArrayRef = Arc::new(Int64Array::from(vec![1; columns[0].1.len()]));
        let batch = RecordBatch::try_from_iter(arrays.chain([("n_segment", n)])).unwrap();
        let result = QueryResult {
            name: "q".into(),
            sql: String::new(),
            schema: batch.schema(),
            batches: vec![batch],
        };
        let said = labels().in_words(&result, lang).unwrap();
        let columns = said.batches[0].columns()[..columns.len()].iter();
        let texts = |c: &ArrayRef| {
            let texts = c.as_string::<i32>().iter();
            texts.map(|t| t.map(str::to_owned)).collect()
        };
        columns.map(texts).collect()
    }

    fn owned(texts: &[Option<&str>]) -> Vec<Option<String>> {
        texts.iter().map(|t| t.map(str::to_owned)).collect()
    }

    #[test]
    fn codes_become_words_and_unknown_ones_stay() {
        let codes = [Some("lost"), Some("mine"), Some("nobodys"), None];
        let columns = [("segment", codes.as_slice()), ("from_segment", &codes)];
        let en = owned(&[Some("Lost"), Some("Mine"), Some("nobodys"), None]);
        assert_eq!(said(&columns, Lang::En), [en.clone(), en]);
        // A word in another language is none: the code is the same for all.
        let zh = owned(&[Some("已流失"), Some("mine"), Some("nobodys"), None]);
        assert_eq!(said(&columns[..1], Lang::Zh), [zh]);
    }

    #[test]
    fn the_longest_kind_wins_and_other_columns_are_let_alone() {
        let columns = [
            ("segment_kind", [Some("rfm_segment")].as_slice()),
            ("mankind", &[Some("return")]),
        ];
        let expected = [owned(&[Some("RFM segment")]), owned(&[Some("return")])];
        assert_eq!(said(&columns, Lang::En), expected);
    }

    #[test]
    fn a_query_with_words_of_its_own_keeps_them() {
        let columns = [
            ("segment", [Some("lost")].as_slice()),
            ("segment_zh", &[Some("走了")]),
        ];
        let expected = [owned(&[Some("lost")]), owned(&[Some("走了")])];
        assert_eq!(said(&columns, Lang::En), expected);
    }
}
