//! What went wrong in a cell, as Jupyter's error message shows it.

use std::fs;
use std::path::Path;

use ariadne::sources;
use evcxr::{CompilationError, Theme};
use serde_json::{Value, json};

use crate::colours;
use crate::explain::Explanations;
use crate::frame::Fault;

const RED: &str = "\u{1b}[31m";
const BOLD: &str = "\u{1b}[1m";
const PLAIN: &str = "\u{1b}[0m";
/// Longest report of one compiler error, in lines.
const REPORT_LINES: usize = 40;

/// Name, message and traceback of an error.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// Kind of the error, for example `panic`.
    pub name: String,
    /// The message, one or a few lines.
    pub value: String,
    /// Lines to show, with ANSI colours.
    pub traceback: Vec<String>,
    /// What is said of the error, without the student's code: where explanations look for their texts.
    said: String,
}

impl Failure {
    /// A failure without a place in the cell.
    pub fn plain(name: &str, value: &str) -> Failure {
        let traceback = vec![format!("{RED}{name}{PLAIN}: {value}")];
        Failure {
            name: name.to_owned(),
            value: value.to_owned(),
            traceback,
            said: value.to_owned(),
        }
    }

    /// The cell was interrupted and its variables are kept.
    pub fn interrupted() -> Failure {
        let value = "Прервано. Переменные сохранены.";
        Failure {
            name: "KeyboardInterrupt".to_owned(), ..Failure::plain("Прервано", value)
        }
    }

    /// The cell was interrupted and did not react, so that its process had to be killed.
    pub fn interrupted_by_force() -> Failure {
        let value = "Прервано принудительно: ячейка не отвечала. Переменные потеряны, \
                     выполните ячейки с начала. В своих циклах проверяйте lab::interrupted().";
        Failure {
            name: "KeyboardInterrupt".to_owned(), ..Failure::plain("Прервано", value)
        }
    }

    /// The runtime process ended by itself.
    pub fn died(how: &str) -> Failure {
        let value = format!(
            "процесс с вашим кодом завершился: {how}. Переменные потеряны, \
             выполните ячейки с начала; следующая ячейка уже работает."
        );
        Failure {
            name: "RuntimeDied".to_owned(), ..Failure::plain("Аварийное завершение", &value)
        }
    }

    /// A panic or a failed `?`; `session` holds the generated source that the line number means.
    pub fn from_fault(fault: &Fault, code: &str, session: &Path) -> Failure {
        let name = short_type(&fault.name);
        let head = if name == "panic" {
            "Паника (panic)".to_owned()
        } else {
            format!("Ошибка {name}")
        };
        let mut traceback = vec![format!("{RED}{head}{PLAIN}: {}", fault.message)];
        match place(fault, code, session) {
            Some(Place::Here(number, line)) => {
                traceback.push(format!("в строке {number} ячейки:"));
                traceback.push(format!("{BOLD}{number:>4} | {PLAIN}{line}"));
            }
            Some(Place::Before(line)) => {
                traceback.push("в строке одной из прежних ячеек:".to_owned());
                traceback.push(format!("{BOLD}     | {PLAIN}{line}"));
            }
            None if fault.file.is_empty() => {}
            None => traceback.push(format!("в файле {}, строка {}", fault.file, fault.line)),
        }
        Failure { name, value: fault.message.clone(), traceback, said: fault.message.clone() }
    }

    /// Compiler errors, with rustc's text and the place marked.
    pub fn from_compiler(errors: &[CompilationError], code: &str) -> Failure {
        let mut traceback = Vec::new();
        for error in errors {
            if !traceback.is_empty() {
                traceback.push(String::new());
            }
            traceback.extend(report(error, code));
        }
        let value = errors.first().map_or_else(String::new, CompilationError::message);
        let name = errors
            .first()
            .and_then(CompilationError::code)
            .map_or_else(|| "CompileError".to_owned(), |code| format!("CompileError[{code}]"));
        Failure { name, value, traceback, said: errors.first().map_or_else(String::new, said) }
    }

    /// The failure with a line that explains it, where one is known.
    pub fn explained(mut self, known: &Explanations) -> Failure {
        let code = self.name.strip_prefix("CompileError[").and_then(|code| code.strip_suffix(']'));
        if let Some(line) = known.line(code, &self.said) {
            self.traceback.push(format!("{BOLD}Подсказка{PLAIN}: {line}"));
        }
        self
    }

    /// The fields that both the error message and the error reply carry.
    pub fn fields(&self) -> Value {
        json!({ "ename": self.name, "evalue": self.value, "traceback": self.traceback })
    }
}

fn report(error: &CompilationError, code: &str) -> Vec<String> {
    let name = "ячейка".to_owned();
    let mut lines = vec![format!("{RED}{BOLD}error{PLAIN}: {}", error.message())];
    // evcxr only reports on ASCII code: a stand-in with one byte per character has the same offsets,
    // counted in characters, as the report needs them.
    let shadow: String = code.chars().map(|c| if c.is_ascii() { c } else { 'x' }).collect();
    let built = error.is_from_user_code().then(|| {
        let report = error.build_report(name.clone(), shadow, Theme::Light)?;
        let mut bytes = Vec::new();
        report.write(sources([(name, code)]), &mut bytes).ok()?;
        Some(colours::readable(&String::from_utf8_lossy(&bytes)))
    });
    match built.flatten() {
        Some(text) => lines = text.lines().take(REPORT_LINES).map(str::to_owned).collect(),
        None => {
            for message in error.spanned_messages() {
                lines.extend(message.lines.iter().cloned());
                if !message.label.is_empty() {
                    lines.push(message.label.clone());
                }
            }
            lines.extend(error.help().into_iter().map(|help| format!("help: {help}")));
        }
    }
    if let Some(hint) = error.evcxr_extra_hint() {
        lines.push(hint.to_owned());
    }
    lines
}

/// What rustc says of an error: message, labels, helps.
fn said(error: &CompilationError) -> String {
    let labels = error.spanned_messages().iter().map(|part| part.label.clone());
    let parts = std::iter::once(error.message()).chain(labels).chain(error.help());
    parts.collect::<Vec<_>>().join("\n")
}

/// Where in the student's code something happened.
#[derive(Debug, PartialEq)]
enum Place {
    /// In this line of the cell (one-based), with its text.
    Here(usize, String),
    /// In this line of something that an earlier cell defines.
    Before(String),
}

/// The line at which a fault happened; none where it is not the student's code.
fn place(fault: &Fault, code: &str, session: &Path) -> Option<Place> {
    if !fault.file.ends_with("src/lib.rs") {
        return None;
    }
    let generated = fs::read_to_string(session.join("src/lib.rs")).ok()?;
    let wanted = generated.lines().nth(fault.line.checked_sub(1)?)?.trim();
    // The cell's lines stand in the generated source in order, only perhaps indented or wrapped.
    let before =
        generated.lines().take(fault.line - 1).filter(|line| line.trim() == wanted).count();
    let same: Vec<(usize, &str)> = code
        .lines()
        .enumerate()
        .filter(|(_, line)| {
            let line = line.trim();
            !line.is_empty()
                && (line == wanted || wanted.ends_with(line) || wanted.starts_with(line))
        })
        .collect();
    Some(match same.get(before).or_else(|| same.first()) {
        Some((index, line)) => Place::Here(index + 1, (*line).to_owned()),
        // What earlier cells define stands in the source of every later one, in no order: its number says nothing.
        None => Place::Before(wanted.to_owned()),
    })
}

/// `core::num::error::ParseIntError` -> `ParseIntError`; generic arguments are dropped.
fn short_type(name: &str) -> String {
    let base = name.split('<').next().unwrap_or(name);
    let last = base.rsplit("::").next().unwrap_or(base);
    match base.split("::").next() {
        Some(owner) if last == "Error" && owner != last => format!("{owner}::Error"),
        _ => last.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_fault_names_the_line_of_the_cell() {
        let dir = std::env::temp_dir().join(format!("lab-kernel-failure-{}", std::process::id()));
        fs::create_dir_all(dir.join("src")).unwrap();
        fs::write(
            dir.join("src/lib.rs"),
            "mod x {\n}\nlet a = v[10];\nlet b = 1;\nlet a = v[10];\n",
        )
        .unwrap();
        let code = "let b = 0;\nlet a = v[10];\nlet b = 1;\nlet a = v[10];";
        let fault = |line| Fault {
            name: "panic".into(),
            message: "м".into(),
            file: "src/lib.rs".into(),
            line,
        };
        let line = || "let a = v[10];".to_owned();
        assert_eq!(place(&fault(3), code, &dir), Some(Place::Here(2, line())));
        assert_eq!(place(&fault(5), code, &dir), Some(Place::Here(4, line())));
        assert_eq!(place(&fault(5), "f();", &dir), Some(Place::Before(line())));
        let failure = Failure::from_fault(&fault(5), code, &dir);
        assert_eq!(failure.name, "panic");
        assert!(failure.traceback[2].contains("let a = v[10];"));
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn type_names_are_short_but_tell_whose_error_it_is() {
        assert_eq!(short_type("core::num::error::ParseIntError"), "ParseIntError");
        assert_eq!(short_type("candle_core::error::Error"), "candle_core::Error");
        assert_eq!(short_type("panic"), "panic");
        assert_eq!(short_type("alloc::boxed::Box<dyn core::error::Error>"), "Box");
    }
}
