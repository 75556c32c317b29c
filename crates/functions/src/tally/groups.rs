//! Groups in two periods, for what explains changes.

use arrow::array::ArrayRef;
use datafusion::common::Result;

use aftersight_stats::shapley_change::GroupChange;

use super::{Labels, Numbers};
use crate::folded::{Bytes, Reader, Tally};

/// One row for each group: volume and total before and after, and a label where the call gives one.
#[derive(Debug, Clone)]
pub(crate) struct Groups {
    named: bool,
    rows: Vec<([f64; 4], Option<String>)>,
}

impl Groups {
    pub(crate) fn new(named: bool) -> Self {
        Self {
            named,
            rows: Vec::new(),
        }
    }

    /// Returns labels and groups in a certain order, whatever order the rows came in.
    pub(crate) fn sorted(&self) -> (Vec<Option<&str>>, Vec<GroupChange>) {
        let mut rows: Vec<&([f64; 4], Option<String>)> = self.rows.iter().collect();
        rows.sort_by(|(a, name_a), (b, name_b)| {
            let numbers = a.iter().zip(b).map(|(a, b)| a.total_cmp(b));
            numbers.fold(name_a.cmp(name_b), std::cmp::Ordering::then)
        });
        rows.into_iter()
            .map(|([v0, t0, v1, t1], label)| {
                let group = GroupChange {
                    volume_before: *v0,
                    total_before: *t0,
                    volume_after: *v1,
                    total_after: *t1,
                };
                (label.as_deref(), group)
            })
            .unzip()
    }

    /// Returns groups without labels.
    #[cfg(test)]
    pub(crate) fn unnamed(groups: Vec<GroupChange>) -> Self {
        let row = |g: GroupChange| {
            let numbers = [
                g.volume_before,
                g.total_before,
                g.volume_after,
                g.total_after,
            ];
            (numbers, None)
        };
        Self {
            named: false,
            rows: groups.into_iter().map(row).collect(),
        }
    }
}

impl Tally for Groups {
    fn update(&mut self, columns: &[ArrayRef], rows: &[usize]) -> Result<()> {
        let numbers = (0..4)
            .map(|i| Numbers::of(columns, i))
            .collect::<Result<Vec<_>>>()?;
        let labels = match self.named {
            true => Some(Labels::of(columns, 4)?),
            false => None,
        };
        for &row in rows {
            // A group that is missing in one period has nothing there.
            let number = |i: usize| numbers[i].get(row).unwrap_or(0.0);
            let label = labels.as_ref().and_then(|l| l.get(row));
            self.rows.push((
                [number(0), number(1), number(2), number(3)],
                label.map(str::to_string),
            ));
        }
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<()> {
        self.rows.extend_from_slice(&other.rows);
        Ok(())
    }

    fn write(&self, bytes: &mut Bytes) {
        bytes.whole(self.rows.len() as u64);
        for (numbers, label) in &self.rows {
            numbers.iter().for_each(|x| bytes.number(*x));
            bytes.whole(u64::from(label.is_some()));
            bytes.text(label.as_deref().unwrap_or_default());
        }
    }

    fn read(&self, bytes: &mut Reader<'_>) -> Option<Self> {
        let mut groups = Self::new(self.named);
        for _ in 0..bytes.count()? {
            let mut numbers = [0.0; 4];
            for number in &mut numbers {
                *number = bytes.number()?;
            }
            let has_label = bytes.whole()? == 1;
            let label = bytes.text()?;
            groups.rows.push((numbers, has_label.then_some(label)));
        }
        Some(groups)
    }

    fn heap_bytes(&self) -> usize {
        // Names of groups are short: their length is that of the first.
        let name = self.rows.first().and_then(|(_, label)| label.as_ref());
        let name = name.map_or(0, String::len);
        self.rows.capacity() * size_of::<([f64; 4], Option<String>)>() + self.rows.len() * name
    }
}
