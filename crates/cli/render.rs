//! Results as a table for people: numbers to the right, one rule, no bars.
//!
//! Bars and boxes fall apart in terminals that draw them two cells wide, so
//! columns are set apart by spaces alone.

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use comfy_table::{Cell, CellAlignment, ContentArrangement, Row, Table, TableComponent};
use datafusion::error::DataFusionError;

/// How a table is to look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    /// Rows to show; head and tail when there are more.
    pub(crate) max_rows: usize,
    /// Width to fit into; as wide as needed when `None`.
    pub(crate) width: Option<u16>,
}

/// Rows of a result as far as a table shows them.
pub(crate) struct Shown {
    schema: SchemaRef,
    head: Vec<Vec<Option<String>>>,
    tail: std::collections::VecDeque<Vec<Option<String>>>,
    layout: Layout,
    /// Plans are read line by line; other texts stay on one line.
    keeps_lines: bool,
    /// All rows there were.
    pub(crate) n_rows: usize,
}

impl Shown {
    /// Starts a table.
    pub(crate) fn new(schema: SchemaRef, layout: Layout) -> Self {
        let keeps_lines = schema.column_with_name("plan_type").is_some();
        Shown {
            keeps_lines,
            schema,
            head: Vec::new(),
            tail: Default::default(),
            layout,
            n_rows: 0,
        }
    }

    /// Takes the rows of a batch that may be shown and counts the others.
    pub(crate) fn push(&mut self, batch: &RecordBatch) -> Result<(), DataFusionError> {
        let options = FormatOptions::default();
        let columns: Vec<ArrayFormatter<'_>> = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column, &options))
            .collect::<Result<_, _>>()?;
        let max_tail = self.layout.max_rows / 2;
        let max_head = self.layout.max_rows - max_tail;
        for row in 0..batch.num_rows() {
            self.n_rows += 1;
            let skip_to_tail = batch.num_rows() - row > max_tail && self.head.len() >= max_head;
            if skip_to_tail && self.tail.len() >= max_tail && max_tail == 0 {
                continue;
            }
            let cells: Vec<Option<String>> = columns
                .iter()
                .zip(batch.columns())
                .map(|(formatter, column)| match column.is_null(row) {
                    true => Ok(None),
                    false => formatter.value(row).try_to_string().map(Some),
                })
                .collect::<Result<_, _>>()?;
            if self.head.len() < max_head {
                self.head.push(cells);
            } else {
                self.tail.push_back(cells);
                if self.tail.len() > max_tail {
                    self.tail.pop_front();
                }
            }
        }
        Ok(())
    }

    /// Draws the table, with a line that counts when rows or nothing are left out.
    pub(crate) fn draw(&self) -> String {
        let mut table = Table::new();
        table.load_preset(comfy_table::presets::NOTHING);
        table.set_style(TableComponent::HeaderLines, '─');
        table.set_content_arrangement(ContentArrangement::Dynamic);
        match self.layout.width {
            Some(width) => table.set_width(width),
            None => table.set_content_arrangement(ContentArrangement::Disabled),
        };
        let names = self
            .schema
            .fields()
            .iter()
            .map(|field| Cell::new(field.name()));
        table.set_header(Row::from(names.collect::<Vec<_>>()));
        for row in &self.head {
            table.add_row(self.cells(row));
        }
        let left_out = self.n_rows - self.head.len() - self.tail.len();
        if left_out > 0 {
            table.add_row(
                self.schema
                    .fields()
                    .iter()
                    .map(|_| Cell::new("…"))
                    .collect::<Vec<_>>(),
            );
        }
        for row in &self.tail {
            table.add_row(self.cells(row));
        }
        for (column, field) in table.column_iter_mut().zip(self.schema.fields()) {
            column.set_padding((0, 2));
            if is_number(field.data_type()) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let drawn = table.to_string();
        let mut text: String = drawn
            .lines()
            .map(|line| format!("{}\n", line.trim_end()))
            .collect();
        if left_out > 0 {
            let shown = self.n_rows - left_out;
            text.push_str(&format!("{} rows ({shown} shown)\n", self.n_rows));
        }
        text
    }

    fn cells(&self, row: &[Option<String>]) -> Vec<Cell> {
        let cells = row.iter().map(|cell| match cell {
            Some(text) if self.keeps_lines => Cell::new(text),
            Some(text) => Cell::new(text.replace(['\n', '\r', '\t'], " ")),
            // Not the same as an empty text.
            None => Cell::new("∅"),
        });
        cells.collect()
    }
}

fn is_number(ty: &DataType) -> bool {
    ty.is_numeric()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, StringArray};

    use super::*;

    fn shown(n: i64, max_rows: usize) -> Shown {
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(1..=n));
        let texts = (1..=n).map(|i| (i != 2).then(|| format!("t{i}")));
        let texts: ArrayRef = Arc::new(StringArray::from_iter(texts));
        let batch = RecordBatch::try_from_iter([("n", numbers), ("text", texts)]).unwrap();
        let layout = Layout {
            max_rows,
            width: None,
        };
        let mut shown = Shown::new(batch.schema(), layout);
        shown.push(&batch).unwrap();
        shown
    }

    #[test]
    fn numbers_stand_to_the_right_and_null_is_not_empty() {
        let text = shown(2, 40).draw();
        assert_eq!(text, "n  text\n─────────\n1  t1\n2  ∅\n");
    }

    #[test]
    fn long_results_show_head_and_tail_and_count_all() {
        let text = shown(100, 4).draw();
        assert!(text.contains("\n99  ") || text.contains(" 99  "), "{text}");
        assert!(text.ends_with("100 rows (4 shown)\n"), "{text}");
    }
}
