//! `net_sentiment(label)`: positive less negative texts.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::net_sentiment::Sentiments;

use super::Aggregate;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::{self, Bytes, Folded, Reader, Tally};
use crate::tally::{Labels, Numbers};
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Change Functions"),
    description = "Returns (positive - negative) / all texts, from -1 to 1, by a label of each text: 'positive', 'neutral' or \
'negative', or a number whose sign counts. NULL is ignored; without texts the result is NULL. Another label is \
an error.",
    syntax_example = "net_sentiment(label)",
    sql_example = r#"```sql
select net_sentiment(label) as net
from (values ('positive'), ('positive'), ('neutral'), ('negative')) as reviews(label);
+------+
| net  |
+------+
| 0.25 |
+------+
```"#,
    argument(
        name = "label",
        description = "Sentiment of a text: a label or a number."
    )
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct NetSentiment;

impl Aggregate for NetSentiment {
    const NAME: &'static str = "net_sentiment";
    const PARAMETERS: Parameters =
        Parameters::new(Self::NAME, &[Parameter::column("label", Kind::Sentiment)]);

    fn result(&self) -> DataType {
        DataType::Float64
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        folded::columns()
    }

    fn build(&self, _: &Call) -> Result<Box<dyn Build>> {
        Ok(Box::new(Folded {
            empty: Sentiments::default(),
            result: &Type::Number,
            finish: |sentiments: &Sentiments| Ok(Value::from(sentiments.net())),
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

impl Tally for Sentiments {
    fn update(&mut self, columns: &[ArrayRef], rows: &[usize]) -> Result<()> {
        if columns[0].data_type() == &DataType::Float64 {
            let numbers = Numbers::of(columns, 0)?;
            for sentiment in rows.iter().filter_map(|row| numbers.get(*row)) {
                Sentiments::update(self, sentiment);
            }
            return Ok(());
        }
        let labels = Labels::of(columns, 0)?;
        for label in rows.iter().filter_map(|row| labels.get(*row)) {
            match label {
                "positive" => self.positive += 1,
                "neutral" => self.neutral += 1,
                "negative" => self.negative += 1,
                other => {
                    return exec_err!(
                        "'net_sentiment' expects 'positive', 'neutral' or 'negative', got '{other}'"
                    );
                }
            }
        }
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<()> {
        Sentiments::merge(self, other);
        Ok(())
    }

    fn write(&self, bytes: &mut Bytes) {
        for n in [self.positive, self.neutral, self.negative] {
            bytes.whole(n);
        }
    }

    fn read(&self, bytes: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            positive: bytes.whole()?,
            neutral: bytes.whole()?,
            negative: bytes.whole()?,
        })
    }

    fn heap_bytes(&self) -> usize {
        0
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, Subject, assert_near, error, session, value};

    #[test]
    fn net_sentiment_passes_the_common_tests() {
        Subject {
            call: "net_sentiment(x)",
            x: &[-2.0, 0.0, 0.5, 3.0],
            y: &[1.0],
            slowly: |rows| {
                let signs: Vec<f64> = rows
                    .iter()
                    .filter_map(|r| r.0)
                    .map(|x| if x == 0.0 { 0.0 } else { x.signum() })
                    .collect();
                let net = signs.iter().sum::<f64>() / signs.len() as f64;
                vec![Cell::from((!signs.is_empty()).then_some(net))]
            },
        }
        .check();
    }

    #[tokio::test]
    async fn labels_count_and_others_are_refused() {
        let query = "select net_sentiment(l) from (values ('positive'), ('negative'), (null), \
                     ('negative'), ('neutral')) as t(l)";
        assert_near(&value(&session(), query).await, &[-0.25], 1e-12);
        let got = error(
            &session(),
            "select net_sentiment(l) from (values ('bad')) as t(l)",
        )
        .await;
        assert!(got.contains("got 'bad'"), "{got}");
    }
}
