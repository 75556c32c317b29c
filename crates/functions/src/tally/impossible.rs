//! Rows that contradict a model: a result that says which one, not a failed query.

use aftersight_stats::StatsError;

use crate::folded::{Bytes, Reader};

/// What is wrong with a row that a model cannot take.
///
/// Which row comes first depends on partitions; the first by text does not.
#[derive(Debug, Clone, Default)]
pub(crate) struct Impossible(Option<String>);

impl Impossible {
    /// Notes a row with its values.
    pub(crate) fn add(&mut self, error: &StatsError, values: &[(&str, f64)]) {
        let what = match error {
            StatsError::Row {
                argument, reason, ..
            } => format!("{argument} {reason}"),
            other => other.to_string(),
        };
        let values: Vec<String> = values
            .iter()
            .map(|(name, x)| format!("{name} = {x}"))
            .collect();
        self.note(format!("{what}: {}", values.join(", ")));
    }

    fn note(&mut self, text: String) {
        if self.0.as_ref().is_none_or(|first| text < *first) {
            self.0 = Some(text);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|text| self.note(text.clone()));
    }

    /// Returns why there is no result, if a row stands against it.
    pub(crate) fn reason(&self) -> Option<String> {
        self.0.clone()
    }

    pub(crate) fn write(&self, bytes: &mut Bytes) {
        bytes.text(self.0.as_deref().unwrap_or_default());
    }

    pub(crate) fn read(bytes: &mut Reader<'_>) -> Option<Self> {
        let text = bytes.text()?;
        Some(Self((!text.is_empty()).then_some(text)))
    }
}
