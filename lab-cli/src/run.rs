//! `cargo lab run`: set-up, then every notebook in order, then the report.
//!
//! A notebook is executed again only when something it depends on has changed. Not here: the execution
//! itself (`execution.rs`), the page (`report.rs`).

use std::path::Path;

use anyhow::Result;

use crate::args::RunArgs;
use crate::execution::{self, Limits, Outcome};
use crate::notebook::{self, Notebook};
use crate::workspace::Workspace;
use crate::{index, setup, task};

/// The command; `false` when a notebook failed.
///
/// # Errors
/// When the set-up or the report cannot be made.
pub fn run(workspace: &Workspace, args: &RunArgs) -> Result<bool> {
    setup::everything(workspace)?;
    let dir = workspace.lab_dir();
    let outcomes = notebooks(workspace, &dir, args.timeout, args.force)?;
    tell(&outcomes);
    let index = index::write(&dir, &outcomes)?;
    println!("\nОтчёт: {}", workspace.short(&index));
    Ok(tell_failures(&outcomes))
}

/// Executes all notebooks that need it, with results in `dir`; all of them with `force`.
/// A notebook that fails does not keep the next ones from running.
///
/// # Errors
/// When a notebook cannot be executed at all.
pub fn notebooks(
    workspace: &Workspace,
    dir: &Path,
    timeout: u64,
    force: bool,
) -> Result<Vec<Outcome>> {
    let base = notebook::base(workspace)?;
    let mut outcomes = Vec::new();
    for (notebook, lab) in task::notebooks(workspace)? {
        let key = notebook.key(workspace, &base)?;
        let outcome = match kept(dir, &notebook, &key) {
            Some(outcome) if !force => {
                println!(
                    "✓ Блокнот {}: не изменился, заново не выполняю (выполнить всё равно: --force)",
                    notebook.name
                );
                outcome
            }
            _ => {
                let limits = Limits { timeout, numbers: &lab.numbers, keep_going: false };
                execution::execute(workspace, &notebook, dir, &limits, key)?
            }
        };
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// Prints the table of what was done.
fn tell(outcomes: &[Outcome]) {
    println!("\n{:<22} {:>6} {:>8}  Главное", "Блокнот", "Ячеек", "Секунд");
    for outcome in outcomes {
        print!("{}", in_words(outcome));
    }
}

/// A notebook's lines of the table: cells, seconds and key numbers, then data and the network.
fn in_words(outcome: &Outcome) -> String {
    let Outcome { name, done, seconds, .. } = outcome;
    let mut text = format!("{name:<22} {done:>6} {seconds:>8.1}  {}\n", outcome.numbers_in_words());
    let data = (!outcome.data.is_empty()).then(|| format!("данные: {}", outcome.data.join("; ")));
    let model = outcome.model.as_ref().map(|model| format!("сеть: {model}"));
    for line in data.into_iter().chain(model) {
        text += &format!("{:<39} {line}\n", "");
    }
    text
}

/// Prints what failed; whether nothing did.
pub fn tell_failures(outcomes: &[Outcome]) -> bool {
    for outcome in outcomes {
        if let Some(failure) = &outcome.failure {
            println!("✗ {}", failure.describe(&outcome.name));
        }
    }
    outcomes.iter().all(Outcome::is_ok)
}

/// The outcome of an earlier, good execution with the same key whose files are still there.
fn kept(dir: &Path, notebook: &Notebook, key: &str) -> Option<Outcome> {
    let outcome = Outcome::read(dir, &notebook.name)?;
    let files =
        ["ipynb", "html"].map(|extension| dir.join(format!("{}.{extension}", notebook.name)));
    (outcome.is_ok() && outcome.key == key && files.iter().all(|file| file.exists()))
        .then_some(outcome)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::execution::Failure;

    #[test]
    fn the_table_tells_numbers_data_and_network() {
        let outcome = Outcome {
            name: "06-a".into(),
            done: 3,
            seconds: 1.25,
            numbers: vec![("точность".into(), Some("0.95".into())), ("шагов".into(), None)],
            data: vec!["MNIST: настоящие данные".into()],
            model: Some("resnet18".into()),
            ..Outcome::default()
        };
        let text = in_words(&outcome);
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        assert!(lines[0].ends_with("3      1.2  точность 0.95, шагов нет"), "{text}");
        assert_eq!(lines[1].trim_start(), "данные: MNIST: настоящие данные");
        assert_eq!(lines[2].trim_start(), "сеть: resnet18");
        assert_eq!(in_words(&Outcome::default()).lines().count(), 1, "no data, no network");
    }

    #[test]
    fn only_a_good_execution_of_the_same_content_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let source = dir.join("01-a.md");
        let notebook = Notebook { name: "01-a".into(), source, text: String::new() };
        let mut outcome = Outcome { name: "01-a".into(), key: "k".into(), ..Outcome::default() };
        outcome.write(dir).unwrap();
        assert_eq!(kept(dir, &notebook, "k"), None, "the report is not there");
        for extension in ["ipynb", "html"] {
            std::fs::write(dir.join(format!("01-a.{extension}")), "").unwrap();
        }
        assert!(kept(dir, &notebook, "k").is_some());
        assert_eq!(kept(dir, &notebook, "other"), None);
        outcome.failure = Some(Failure { cell: 1, line: String::new(), reason: String::new() });
        outcome.write(dir).unwrap();
        assert_eq!(kept(dir, &notebook, "k"), None, "it failed");
    }
}
