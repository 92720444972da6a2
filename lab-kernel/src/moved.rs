//! What rustc says of a variable that a cell has moved, told to evcxr without the place of the move.
//!
//! evcxr stores every variable at the end of a cell; one that the cell has moved away gives E0382 there, and
//! evcxr forgets the variable. But it takes every message that touches the last expression, even as the place
//! of the move, even a warning, to mean that its value cannot display itself, and shows debug text:
//! `figure.title("…")` was no picture. It reads messages only where there is an error, and knows no warnings,
//! so these are left out. Not here: the call of rustc (`front.rs`), the display of a last expression (`patch.rs`).

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::block;

/// The call by which evcxr's generated code stores a variable.
const STORED: &str = "evcxr_variable_store.put_variable";

/// Runs rustc on the generated source at `code` and passes its messages on: no warnings, those of moved variables
/// and those in the last expression (`block.rs`) made shorter. Returns what it passed on, too.
///
/// # Errors
/// When rustc cannot be started or its messages cannot be read.
pub fn run_rustc(command: &mut Command, code: &Path) -> Result<(ExitStatus, String)> {
    let mut rustc = command.stderr(Stdio::piped()).spawn().context("rustc did not start")?;
    let messages = rustc.stderr.take().context("rustc has no stderr")?;
    let mut passed = String::new();
    for line in BufReader::new(messages).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        if !is_warning(&line) {
            let shorter = without_place(&line).or_else(|| block::without_notes(&line, code));
            let line = shorter.unwrap_or(line);
            eprintln!("{line}");
            passed += &line;
            passed.push('\n');
        }
    }
    Ok((rustc.wait().context("rustc was lost")?, passed))
}

/// Whether a line is a warning.
fn is_warning(line: &str) -> bool {
    line.contains("\"warning\"")
        && serde_json::from_str::<Value>(line).is_ok_and(|message| message["level"] == "warning")
}

/// The message without all places but that of the storing, if it is about a moved variable.
fn without_place(line: &str) -> Option<String> {
    if !line.contains("\"E0382\"") {
        return None;
    }
    let mut message: Value = serde_json::from_str(line).ok()?;
    let is_primary = |span: &Value| span["is_primary"] == true;
    let spans = message["spans"].as_array_mut()?;
    let text = spans.iter().find(|span| is_primary(span))?["text"][0]["text"].as_str()?;
    if !text.trim_start().starts_with(STORED) {
        return None;
    }
    spans.retain(is_primary);
    message["children"] = json!([]);
    Some(message.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn message(code: &str, line: &str) -> String {
        let span = |is_primary: bool, line: &str| json!({ "is_primary": is_primary, "text": [{ "text": line }] });
        let moved = span(false, "(figure.title(\"t\")).evcxr_display();");
        json!({
            "code": { "code": code },
            "spans": [moved, span(true, line)],
            "children": [{ "level": "help", "spans": [moved] }],
        })
        .to_string()
    }

    #[test]
    fn only_the_place_of_the_storing_is_left() {
        let stored = format!("{STORED}::<Figure>(stringify!(figure), figure);");
        let shorter: Value =
            serde_json::from_str(&without_place(&message("E0382", &stored)).unwrap()).unwrap();
        assert_eq!(shorter["spans"].as_array().unwrap().len(), 1);
        assert_eq!(shorter["spans"][0]["text"][0]["text"], stored);
        assert_eq!(shorter["children"], json!([]));
    }

    #[test]
    fn warnings_are_known_by_their_level() {
        assert!(is_warning(&json!({ "level": "warning", "spans": [] }).to_string()));
        assert!(!is_warning(&json!({ "level": "error", "message": "\"warning\"" }).to_string()));
        assert!(!is_warning("a text with \"warning\""));
    }

    #[test]
    fn what_a_student_has_to_read_stays_whole() {
        let stored = format!("{STORED}::<Figure>(stringify!(figure), figure);");
        for line in [
            message("E0382", "println!(\"{x:?}\");"),
            message("E0597", &stored),
            "E0382, but no message".to_owned(),
        ] {
            assert_eq!(without_place(&line), None, "{line}");
        }
    }
}
