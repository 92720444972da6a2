//! The table of a model's parameters. Not here: shapes of activations.
//!
//! candle keeps no list of the layers a tensor passed, so the table knows names and weights only: layers without
//! weights (ReLU, dropout, pooling) are not in it, and lines are sorted by name, not in order of use.

use std::fmt;

use candle_nn::VarMap;

use super::is_buffer;
use crate::Result;
use crate::output::{self, Place, escape_html};

/// One line of a [`Summary`]: a layer, that is all variables with one prefix.
///
/// ```
/// use lab::{candle_core::Device, candle_nn::VarMap, nn};
/// let map = VarMap::new();
/// nn::linear(784, 40, nn::var_builder(&map, 42, &Device::Cpu).pp("fc1"))?;
/// let summary = nn::summary(&map);
/// let row = &summary.rows()[0];
/// assert_eq!((row.layer.as_str(), row.trainable, row.buffers), ("fc1", 31_400, 0));
/// assert_eq!(row.shapes[0], ("weight".to_string(), vec![40, 784]));
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryRow {
    /// The name of the layer, `fc1`; empty for variables without a prefix.
    pub layer: String,
    /// The name and shape of each variable.
    pub shapes: Vec<(String, Vec<usize>)>,
    /// The number of parameters that training changes.
    pub trainable: usize,
    /// The number of other numbers: the running mean and variance of batch norm.
    pub buffers: usize,
}

/// The table of the parameters of a model, made by [`summary()`]. As the last expression of a cell it shows itself.
///
/// ```
/// use lab::{candle_core::Device, candle_nn::VarMap, nn};
/// let map = VarMap::new();
/// nn::batch_norm2d(8, nn::var_builder(&map, 42, &Device::Cpu).pp("bn1"))?;
/// let summary = nn::summary(&map);
/// assert_eq!((summary.rows().len(), summary.trainable(), summary.buffers()), (1, 16, 16));
/// assert!(summary.to_html().contains("bn1"));
/// summary.show()?; // now, in the middle of a cell
/// summary.evcxr_display(); // what a cell does with its last expression
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    rows: Vec<SummaryRow>,
}

/// The table of the variables in `map`: layers, shapes, numbers of parameters.
///
/// It knows the variables only, not the order of layers nor the shapes between them: candle does not record a
/// forward pass. `running_mean` and `running_var` count as buffers, all else as trainable; a variable that you left out of the
/// optimizer on purpose is not told apart.
///
/// ```
/// use lab::{candle_core::Device, candle_nn::VarMap, nn};
/// let map = VarMap::new();
/// let vb = nn::var_builder(&map, 42, &Device::Cpu);
/// nn::linear(784, 40, vb.pp("fc1"))?;
/// nn::linear(40, 10, vb.pp("fc2"))?;
/// assert_eq!(nn::summary(&map).trainable(), 31_810);
/// # Ok::<(), lab::Error>(())
/// ```
pub fn summary(map: &VarMap) -> Summary {
    let data = map.data().lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut variables: Vec<(&String, Vec<usize>)> =
        data.iter().map(|(name, var)| (name, var.dims().to_vec())).collect();
    variables.sort_by_key(|(name, _)| order(name));
    let mut rows: Vec<SummaryRow> = Vec::new();
    for (name, dims) in variables {
        let (layer, own) = name.rsplit_once('.').unwrap_or(("", name));
        if rows.last().is_none_or(|row| row.layer != layer) {
            let layer = layer.to_string();
            rows.push(SummaryRow { layer, shapes: Vec::new(), trainable: 0, buffers: 0 });
        }
        if let Some(row) = rows.last_mut() {
            let count: usize = dims.iter().product();
            *(if is_buffer(own) { &mut row.buffers } else { &mut row.trainable }) += count;
            row.shapes.push((own.to_string(), dims));
        }
    }
    Summary { rows }
}

/// The layer, its parts with numbers in order (`fc2` before `fc10`), then weights before the rest.
fn order(name: &str) -> (Vec<(String, u64)>, bool, String) {
    let (layer, own) = name.rsplit_once('.').unwrap_or(("", name));
    let part = |part: &str| {
        let stem = part.trim_end_matches(|c: char| c.is_ascii_digit());
        (stem.to_string(), part[stem.len()..].parse().unwrap_or(0))
    };
    (layer.split('.').map(part).collect(), own != "weight", own.to_string())
}

impl Summary {
    /// The lines of the table, sorted by the name of the layer.
    pub fn rows(&self) -> &[SummaryRow] {
        &self.rows
    }

    /// The number of parameters that training changes.
    pub fn trainable(&self) -> usize {
        self.rows.iter().map(|row| row.trainable).sum()
    }

    /// The number of other numbers the model keeps: running means and variances.
    pub fn buffers(&self) -> usize {
        self.rows.iter().map(|row| row.buffers).sum()
    }

    /// The table as HTML.
    pub fn to_html(&self) -> String {
        let head: String = HEAD.iter().map(|h| format!("<th>{h}</th>")).collect();
        let row = |row: &SummaryRow| {
            let [layer, shapes, count, buffers] = cells(row);
            let (layer, shapes) = (escape_html(&layer), escape_html(&shapes));
            format!(
                "<tr><th style=\"text-align:left\">{layer}</th><td style=\"text-align:left\">{shapes}</td>\
                 <td>{count}</td><td>{buffers}</td></tr>"
            )
        };
        let body: String = self.rows.iter().map(row).collect();
        format!(
            "<table style=\"text-align:right;font-variant-numeric:tabular-nums\"><thead><tr>{head}</tr></thead>\
             <tbody>{body}</tbody></table><div>{}</div>",
            self.total()
        )
    }

    fn total(&self) -> String {
        format!(
            "всего параметров: {}, чисел без обучения: {}",
            thousands(self.trainable()),
            thousands(self.buffers())
        )
    }

    /// Shows the table now, in the middle of a cell.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn show(&self) -> Result<()> {
        self.show_at(Place::Named(&output::fresh_name("summary")))
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

/// The heads of the columns.
const HEAD: [&str; 4] = ["слой", "переменные", "параметров", "без обучения"];

fn cells(row: &SummaryRow) -> [String; 4] {
    let shapes: Vec<String> =
        row.shapes.iter().map(|(name, dims)| format!("{name} {dims:?}")).collect();
    let buffers = if row.buffers == 0 { "-".into() } else { thousands(row.buffers) };
    [row.layer.clone(), shapes.join(", "), thousands(row.trainable), buffers]
}

/// A number with its digits in groups of three: `31 810`.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<[String; 4]> =
            std::iter::once(HEAD.map(String::from)).chain(self.rows.iter().map(cells)).collect();
        let width = |i: usize| lines.iter().map(|line| line[i].chars().count()).max().unwrap_or(0);
        let [a, b, c, d] = [0, 1, 2, 3].map(width);
        for [layer, shapes, count, buffers] in &lines {
            writeln!(f, "{layer:a$}  {shapes:b$}  {count:>c$}  {buffers:>d$}")?;
        }
        writeln!(f, "{}", self.total())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::nn;
    use candle_core::Device;

    fn model() -> Summary {
        let map = VarMap::new();
        let vb = nn::var_builder(&map, 1, &Device::Cpu);
        for (i, (inputs, outputs)) in [(784, 40), (40, 40), (40, 10)].into_iter().enumerate() {
            nn::linear(inputs, outputs, vb.pp(format!("fc{}", [1, 2, 10][i]))).unwrap();
        }
        candle_nn::batch_norm(40, 1e-5, vb.pp("bn")).unwrap();
        summary(&map)
    }

    #[test]
    fn the_text_is_a_table() {
        assert_eq!(
            model().to_string(),
            "слой  переменные                                                   параметров  без обучения\n\
             bn    weight [40], bias [40], running_mean [40], running_var [40]          80            80\n\
             fc1   weight [40, 784], bias [40]                                      31 400             -\n\
             fc2   weight [40, 40], bias [40]                                        1 640             -\n\
             fc10  weight [10, 40], bias [10]                                          410             -\n\
             всего параметров: 33 530, чисел без обучения: 80\n"
        );
    }

    #[test]
    fn an_empty_map_and_names_without_a_layer() {
        let map = VarMap::new();
        assert_eq!(summary(&map).trainable(), 0);
        assert!(summary(&map).to_string().contains("всего параметров: 0"));
        nn::var_builder(&map, 1, &Device::Cpu).get((1, 2), "w<1>").unwrap();
        let html = summary(&map).to_html();
        assert!(html.contains("w&lt;1&gt; [1, 2]") && html.contains("<td>2</td>"), "{html}");
    }

    #[test]
    fn digits_come_in_threes() {
        let texts = [0, 999, 1000, 1_234_567].map(thousands);
        assert_eq!(texts, ["0", "999", "1 000", "1 234 567"]);
    }
}
