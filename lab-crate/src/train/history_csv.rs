//! A [`History`] as a CSV file: what is written is read back bit for bit.
//!
//! One line for each step (`kind` = `step`), each epoch (`epoch`), and for an early end (`interrupted`, `diverged`,
//! `observer`, `failed`). A number that a line does not have is empty; f64 is written with the fewest digits that give it back.

use std::path::Path;
use std::str::FromStr;

use csv::StringRecord;

use super::{EpochRecord, History, Scores, StepRecord, Stop};
use crate::replace::replace;
use crate::{Error, Result};

/// The columns.
const HEAD: [&str; 12] = [
    "kind",
    "epoch",
    "step",
    "loss",
    "accuracy",
    "val_loss",
    "val_accuracy",
    "examples",
    "val_examples",
    "lr",
    "seconds",
    "note",
];

impl History {
    /// Writes the history to a CSV file; a file of that name is replaced only when the new one is complete.
    ///
    /// # Errors
    /// The file cannot be written.
    ///
    /// ```
    /// use lab::train::History;
    /// let path = std::env::temp_dir().join(format!("doc-history-{}.csv", std::process::id()));
    /// let history = History::default();
    /// history.to_csv(&path)?;
    /// assert_eq!(History::from_csv(&path)?, history);
    /// # std::fs::remove_file(&path).ok();
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn to_csv(&self, path: impl AsRef<Path>) -> Result<()> {
        replace(path.as_ref(), |part| std::fs::write(part, self.text()?))
    }

    /// Reads what [`History::to_csv`] wrote.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged: the text names the line and what is wrong in it.
    pub fn from_csv(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes =
            std::fs::read(path).map_err(|source| Error::File { path: path.into(), source })?;
        read(&bytes).map_err(|(line, what)| {
            Error::Data(format!(
                "история обучения, файл «{}», строка {line}: {what}. Файл повреждён или записан не History::to_csv",
                path.display()
            ))
        })
    }

    fn text(&self) -> std::io::Result<Vec<u8>> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(HEAD)?;
        for one in &self.steps {
            let mut row = row("step");
            row[2] = one.step.to_string();
            row[3] = one.loss.to_string();
            row[4] = text(one.accuracy);
            row[9] = one.lr.to_string();
            writer.write_record(row)?;
        }
        for one in &self.epochs {
            writer.write_record(epoch_row(one))?;
        }
        if let Some(stop) = &self.stopped {
            writer.write_record(stop_row(stop))?;
        }
        writer.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

/// An empty line of a kind.
fn row(kind: &str) -> [String; 12] {
    let mut row: [String; 12] = Default::default();
    row[0] = kind.to_string();
    row
}

fn epoch_row(one: &EpochRecord) -> [String; 12] {
    let mut row = row("epoch");
    row[1] = one.epoch.to_string();
    row[2] = one.step.to_string();
    row[3] = one.train.loss.to_string();
    row[4] = text(one.train.accuracy);
    row[7] = one.train.examples.to_string();
    if let Some(val) = &one.val {
        row[5] = val.loss.to_string();
        row[6] = text(val.accuracy);
        row[8] = val.examples.to_string();
    }
    row[9] = one.lr.to_string();
    row[10] = one.seconds.to_string();
    row
}

fn stop_row(stop: &Stop) -> [String; 12] {
    match stop {
        Stop::Interrupted => row("interrupted"),
        Stop::Diverged { step, loss, lr } => {
            let mut row = row("diverged");
            (row[2], row[3], row[9]) = (step.to_string(), loss.to_string(), lr.to_string());
            row
        }
        Stop::Observer(note) => {
            let mut row = row("observer");
            row[11].clone_from(note);
            row
        }
        Stop::Failed(note) => {
            let mut row = row("failed");
            row[11].clone_from(note);
            row
        }
    }
}

fn text(number: Option<f64>) -> String {
    number.map_or_else(String::new, |number| number.to_string())
}

/// What is wrong in a line, or the value.
type Field<T> = std::result::Result<T, String>;

/// Reads the file; an error is the line, from 1, and what is wrong in it.
fn read(bytes: &[u8]) -> std::result::Result<History, (u64, String)> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
    let (mut history, mut record, mut line) = (History::default(), StringRecord::new(), 0);
    loop {
        let more = reader.read_record(&mut record).map_err(|error| {
            let line = error.position().map_or(line + 1, csv::Position::line);
            (line, format!("не читается ({error})"))
        })?;
        if !more {
            break;
        }
        let first = line == 0;
        line = record.position().map_or(line + 1, csv::Position::line);
        let taken = if first { head(&record) } else { add(&mut history, &record) };
        taken.map_err(|what| (line, what))?;
    }
    if line == 0 { Err((1, "файл пуст".into())) } else { Ok(history) }
}

fn head(record: &StringRecord) -> Field<()> {
    if record.iter().eq(HEAD) {
        return Ok(());
    }
    Err(format!("нужен заголовок «{}»", HEAD.join(",")))
}

/// Takes one line.
fn add(history: &mut History, record: &StringRecord) -> Field<()> {
    if history.stopped.is_some() {
        return Err("строка после причины остановки, а она последняя".into());
    }
    let kind = record.get(0).unwrap_or("");
    let note = || record.get(11).unwrap_or("").to_string();
    match kind {
        "step" => {
            let (step, last) = (number(record, 2)?, history.steps.last().map_or(0, |one| one.step));
            grows(step, last)?;
            let (loss, lr) = (number(record, 3)?, number(record, 9)?);
            history.steps.push(StepRecord { step, loss, accuracy: maybe(record, 4)?, lr });
        }
        "epoch" => {
            let (one, last) = (epoch(record)?, history.epochs.last().map_or(0, |one| one.epoch));
            grows(one.epoch, last)?;
            history.epochs.push(one);
        }
        "interrupted" => history.stopped = Some(Stop::Interrupted),
        "diverged" => {
            let (step, loss, lr) = (number(record, 2)?, number(record, 3)?, number(record, 9)?);
            history.stopped = Some(Stop::Diverged { step, loss, lr });
        }
        "observer" => history.stopped = Some(Stop::Observer(note())),
        "failed" => history.stopped = Some(Stop::Failed(note())),
        other => {
            return Err(format!("kind = «{other}», а нужно step, epoch или причина остановки"));
        }
    }
    Ok(())
}

fn epoch(record: &StringRecord) -> Field<EpochRecord> {
    let scores = |[loss, accuracy, examples]: [usize; 3]| -> Field<Scores> {
        let accuracy = maybe(record, accuracy)?;
        Ok(Scores { loss: number(record, loss)?, accuracy, examples: number(record, examples)? })
    };
    let has_val = record.get(5).is_some_and(|text| !text.is_empty());
    Ok(EpochRecord {
        epoch: number(record, 1)?,
        step: number(record, 2)?,
        train: scores([3, 4, 7])?,
        val: if has_val { Some(scores([5, 6, 8])?) } else { None },
        lr: number(record, 9)?,
        seconds: number(record, 10)?,
    })
}

fn grows(number: usize, last: usize) -> Field<()> {
    if number > last {
        return Ok(());
    }
    Err(format!("номер {number} идёт после {last}, а номера растут"))
}

/// The number of a column.
fn number<T: FromStr>(record: &StringRecord, column: usize) -> Field<T> {
    let text = record.get(column).unwrap_or("");
    text.parse().map_err(|_| format!("в столбце {} «{text}», а нужно число", HEAD[column]))
}

/// The number of a column that may be empty.
fn maybe(record: &StringRecord, column: usize) -> Field<Option<f64>> {
    match record.get(column) {
        None | Some("") => Ok(None),
        Some(_) => number(record, column).map(Some),
    }
}

#[cfg(test)]
mod tests;
