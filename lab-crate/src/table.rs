//! How a tensor is shown: as text (candle's own) and as a table with indices.
//!
//! Not here: figures (`plot/`). Read next: `output.rs`, the lines that carry a table to the notebook.

use candle_core::{DType, Tensor};

use crate::Result;
use crate::cells::{Format, index_text, picked};
use crate::output::{self, Block, Place, Surface, escape_html};

/// At most this many rows are shown, the first and the last half of them.
const MAX_ROWS: usize = 20;
/// At most this many columns are shown.
const MAX_COLUMNS: usize = 12;

/// What a tensor can do to be seen. Bring it into scope with the prelude.
///
/// ```
/// use lab::prelude::*;
/// let x = Tensor::new(&[1u32, 2, 3], &Device::Cpu)?;
/// assert!(x.table()?.to_string().contains("форма [3], тип u32"));
/// x.evcxr_display(); // what a cell does with its last expression
/// # Ok::<(), lab::Error>(())
/// ```
pub trait Show {
    /// A table of the values with row and column indices, the shape and the element type.
    ///
    /// A tensor of rank 0 or 1 makes one row; of rank 3 or more, one row for each index of all
    /// dimensions but the last. Long tables keep their first and last rows and columns.
    ///
    /// # Errors
    /// The values cannot be read from the device.
    ///
    /// ```
    /// use lab::prelude::*;
    /// let table = Tensor::new(&[[1.0f32, 2.0], [3.0, 4.0]], &Device::Cpu)?.table()?;
    /// assert!(table.to_string().ends_with("форма [2, 2], тип f32\n"));
    /// # Ok::<(), lab::Error>(())
    /// ```
    fn table(&self) -> Result<Table>;

    /// Shows the tensor as the last expression of a cell: values, shape and element type as text.
    fn evcxr_display(&self);
}

impl Show for Tensor {
    fn table(&self) -> Result<Table> {
        Table::of(self)
    }

    fn evcxr_display(&self) {
        let text = self.to_string();
        let shown = match Surface::current() {
            Surface::Terminal => output::write_text(&format!("{text}\n")),
            _ => output::show(&[Block { mime: "text/plain", content: &text }], Place::New),
        };
        // There is no one to tell: the output is what failed.
        shown.ok();
    }
}

/// A tensor written as rows and columns of text, ready to be shown.
///
/// As the last expression of a cell it shows itself; `Display` writes it as text.
///
/// ```
/// use lab::prelude::*;
/// let table = Tensor::new(&[[1.0f32, 2.0], [3.0, 4.0]], &Device::Cpu)?.table()?;
/// assert!(table.to_html().contains("<table"));
/// table.show()?; // now, in the middle of a cell
/// table.evcxr_display(); // what a cell does with its last expression
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Column indices.
    head: Vec<String>,
    /// The index of each row and its cells.
    rows: Vec<(String, Vec<String>)>,
    /// Shape and element type.
    caption: String,
}

impl Table {
    /// The table of a tensor.
    fn of(tensor: &Tensor) -> Result<Self> {
        let dims = tensor.dims();
        let columns = dims.last().copied().unwrap_or(1);
        let lead = &dims[..dims.len().saturating_sub(1)];
        let rows: usize = lead.iter().product();
        let whole = !matches!(tensor.dtype(), DType::F16 | DType::BF16 | DType::F32 | DType::F64);
        let matrix = tensor.reshape((rows, columns))?.to_dtype(DType::F64)?;
        let picked_columns = picked(columns, MAX_COLUMNS);
        let picked_rows = picked(rows, MAX_ROWS);
        let values = values_at(&matrix, &picked_rows, &picked_columns)?;
        let shown: Vec<f64> = values.iter().flatten().filter_map(|value| *value).collect();
        let format = if whole { Format::WHOLE } else { Format::of(&shown) };
        let text = |value: Option<f64>| value.map_or("…".into(), |value| format.write(value));
        let mut values = values.into_iter();
        let line = |row: Option<usize>| match row.and_then(|i| Some((i, values.next()?))) {
            Some((i, values)) => (index_text(i, lead), values.into_iter().map(text).collect()),
            None => ("⋮".to_string(), vec!["⋮".to_string(); picked_columns.len()]),
        };
        let lines = picked_rows.into_iter().map(line).collect();
        let head = picked_columns.iter().map(|j| j.map_or("…".into(), |j| j.to_string()));
        let caption = format!("форма {dims:?}, тип {}", tensor.dtype().as_str());
        Ok(Self { head: head.collect(), rows: lines, caption })
    }

    /// The table as HTML.
    pub fn to_html(&self) -> String {
        let cells = |tag: &str, cells: &[String]| -> String {
            cells.iter().map(|c| format!("<{tag}>{}</{tag}>", escape_html(c))).collect()
        };
        let mut html = format!(
            "<table style=\"text-align:right;font-variant-numeric:tabular-nums\"><thead><tr><th></th>{}</tr></thead><tbody>",
            cells("th", &self.head)
        );
        for (index, row) in &self.rows {
            html.push_str(&format!("<tr><th>{}</th>{}</tr>", escape_html(index), cells("td", row)));
        }
        html.push_str(&format!("</tbody></table><div>{}</div>", escape_html(&self.caption)));
        html
    }

    /// Shows the table now, in the middle of a cell.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn show(&self) -> Result<()> {
        // A name of its own keeps the table apart from whatever the cell shows next.
        self.show_at(Place::Named(&output::fresh_name("table")))
    }

    fn show_at(&self, place: Place) -> Result<()> {
        output::show_table(&self.to_html(), &self.to_string(), place)
    }

    /// Shows the table as the last expression of a cell.
    pub fn evcxr_display(&self) {
        // There is no one to tell: the output is what failed.
        self.show_at(Place::New).ok();
    }
}

/// The values of the picked rows of a matrix; `None` for the gap between the first and last columns.
fn values_at(
    matrix: &Tensor,
    rows: &[Option<usize>],
    columns: &[Option<usize>],
) -> Result<Vec<Vec<Option<f64>>>> {
    let mut values = Vec::new();
    for i in rows.iter().flatten() {
        let row = matrix.get(*i)?.to_vec1::<f64>()?;
        values.push(columns.iter().map(|j| j.map(|j| row[j])).collect());
    }
    Ok(values)
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let width = |column: usize| {
            let cells = self.rows.iter().map(|(_, row)| row[column].chars().count());
            cells.chain([self.head[column].chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.head.len()).map(width).collect();
        let left = self.rows.iter().map(|(index, _)| index.chars().count()).max().unwrap_or(0);
        let line = |index: &str, cells: &[String]| -> String {
            let cells = cells.iter().zip(&widths).map(|(cell, width)| format!("  {cell:>width$}"));
            format!("{index:>left$}{}\n", cells.collect::<String>())
        };
        f.write_str(&line("", &self.head))?;
        for (index, row) in &self.rows {
            f.write_str(&line(index, row))?;
        }
        writeln!(f, "{}", self.caption)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use candle_core::Device;

    #[test]
    fn a_matrix_has_indices_shape_and_type() {
        let t = Tensor::new(&[[1.5f32, 200.25], [-3.0, 0.0]], &Device::Cpu).unwrap();
        assert_eq!(
            t.table().unwrap().to_string(),
            "       0       1\n0   1.50  200.25\n1  -3.00    0.00\nформа [2, 2], тип f32\n"
        );
    }

    #[test]
    fn whole_numbers_scalars_and_empty_tensors() {
        let t = Tensor::new(&[7i64, -1], &Device::Cpu).unwrap();
        assert_eq!(t.table().unwrap().to_string(), "  0   1\n  7  -1\nформа [2], тип i64\n");
        let t = Tensor::new(2.5f64, &Device::Cpu).unwrap();
        assert_eq!(t.table().unwrap().to_string(), "       0\n  2.5000\nформа [], тип f64\n");
        let t = Tensor::zeros((0, 2), DType::F32, &Device::Cpu).unwrap();
        assert!(t.table().unwrap().to_string().contains("форма [0, 2]"));
    }

    #[test]
    fn long_tables_keep_both_ends() {
        let t = Tensor::arange(0u32, 3000, &Device::Cpu).unwrap().reshape((100, 30)).unwrap();
        let table = t.table().unwrap();
        assert_eq!(table.rows.len(), MAX_ROWS + 1);
        assert_eq!(table.head.len(), MAX_COLUMNS + 1);
        assert_eq!(table.rows[MAX_ROWS].1[MAX_COLUMNS], "2999");
        assert_eq!(table.rows[MAX_ROWS / 2].0, "⋮");
    }

    #[test]
    fn more_dimensions_become_rows_with_several_indices() {
        let t = Tensor::arange(0f32, 12.0, &Device::Cpu).unwrap().reshape((2, 3, 2)).unwrap();
        let table = t.table().unwrap();
        assert_eq!(table.rows[4].0, "1, 1");
        assert_eq!(table.rows[4].1, ["8.0", "9.0"]);
        assert!(table.to_html().contains("<th>1, 1</th><td>8.0</td>"));
    }
}
