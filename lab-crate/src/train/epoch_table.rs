//! A table with a line for each epoch. Not here: tables of tensors (`../table.rs`).

use super::{EpochRecord, Observer, Stop};
use crate::Result;
use crate::output::{self, Block, Place, Surface, fresh_name};

/// The heads of the columns.
const HEAD: [&str; 5] =
    ["эпоха", "потери", "потери на проверке", "точность на проверке", "время, с"];

/// A table of epochs: losses, accuracy on the validation data, seconds.
///
/// In our kernel it is updated in place; elsewhere each epoch adds a line.
///
/// ```
/// use lab::train::{EpochRecord, EpochTable, Observer, Scores};
/// let mut table = EpochTable::new(); // given to `fit`, which tells it what follows
/// let train = Scores { loss: 0.4, accuracy: Some(0.9), examples: 100 };
/// table.on_epoch(&EpochRecord { epoch: 1, step: 4, train, val: None, lr: 0.1, seconds: 0.2 })?;
/// assert!(table.keep_going()); // it only watches
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Debug)]
pub struct EpochTable {
    rows: Vec<[String; 5]>,
    surface: Surface,
    /// The name of the output, once it is shown.
    name: Option<String>,
}

impl EpochTable {
    /// A table that appears with the first epoch.
    pub fn new() -> Self {
        Self { rows: Vec::new(), surface: Surface::current(), name: None }
    }

    fn text(&self) -> String {
        let rows: String = self.rows.iter().map(line).collect();
        format!("{}{rows}", line(&HEAD.map(String::from)))
    }

    fn html(&self) -> String {
        let cells = |tag: &str, cells: &[String]| -> String {
            cells.iter().map(|cell| format!("<{tag}>{cell}</{tag}>")).collect()
        };
        let rows: String =
            self.rows.iter().map(|row| format!("<tr>{}</tr>", cells("td", row))).collect();
        format!(
            "<table style=\"text-align:right;font-variant-numeric:tabular-nums\"><thead><tr>{}</tr></thead>\
             <tbody>{rows}</tbody></table>",
            cells("th", &HEAD.map(String::from))
        )
    }

    fn show(&mut self) -> Result<()> {
        if self.surface != Surface::Lab {
            // Nothing can be updated there, so a line is written once.
            let text = if self.rows.len() == 1 {
                self.text()
            } else {
                self.rows.last().map_or(String::new(), line)
            };
            return output::write_text(&text);
        }
        let (html, text) = (self.html(), self.text());
        let blocks = [
            Block { mime: "text/html", content: &html },
            Block { mime: "text/plain", content: &text },
        ];
        if let Some(name) = &self.name {
            return output::show(&blocks, Place::Update(name));
        }
        let name = fresh_name("epochs");
        let shown = output::show(&blocks, Place::Named(&name));
        self.name = Some(name);
        shown
    }
}

impl Default for EpochTable {
    fn default() -> Self {
        Self::new()
    }
}

impl Observer for EpochTable {
    fn on_begin(&mut self, epoch: usize, _: usize, _: usize) -> Result<()> {
        if epoch == 1 {
            (self.rows, self.name) = (Vec::new(), None);
        }
        Ok(())
    }

    fn on_epoch(&mut self, epoch: &EpochRecord) -> Result<()> {
        self.rows.push(cells(epoch));
        self.show()
    }

    fn on_end(&mut self, _: Option<&Stop>) -> Result<()> {
        self.name = None;
        Ok(())
    }
}

/// An epoch as text.
fn cells(epoch: &EpochRecord) -> [String; 5] {
    let number =
        |value: Option<f64>| value.map_or("—".to_string(), |value| format!("{value:.4}"));
    [
        epoch.epoch.to_string(),
        number(Some(epoch.train.loss)),
        number(epoch.val.map(|val| val.loss)),
        number(epoch.val.and_then(|val| val.accuracy)),
        format!("{:.2}", epoch.seconds),
    ]
}

/// A line of the table, each cell as wide as its head or 8 characters.
fn line(cells: &[String; 5]) -> String {
    let widths = HEAD.map(|head| head.chars().count().max(8));
    let cells = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:>width$}"));
    format!("{}\n", cells.collect::<Vec<_>>().join("  "))
}

#[cfg(test)]
mod tests {
    use super::super::Scores;
    use super::*;

    #[test]
    fn the_text_is_a_table() {
        let scores = |loss, accuracy| Scores { loss, accuracy, examples: 4 };
        let epoch = |epoch, val| {
            let train = scores(0.52349, None);
            cells(&EpochRecord { epoch, step: 8, train, val, lr: 0.1, seconds: 0.178 })
        };
        let mut table = EpochTable::new();
        table.rows = vec![epoch(1, Some(scores(0.4, Some(0.9561)))), epoch(10, None)];
        assert_eq!(
            table.text(),
            "   эпоха    потери  потери на проверке  точность на проверке  время, с\n       \
             1    0.5235              0.4000                0.9561      0.18\n      \
             10    0.5235                   —                     —      0.18\n"
        );
        let html = table.html();
        assert!(html.contains("<th>потери на проверке</th>") && html.contains("<td>0.9561</td>"));
        assert_eq!(html.matches("<tr>").count(), 3);
    }
}
