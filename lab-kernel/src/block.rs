//! What rustc says of an error in a cell's last expression, told to evcxr without notes about older code.
//!
//! evcxr wraps the last expression so that its value is shown, and takes an error in there for a value that cannot
//! be shown: it wraps the expression otherwise and compiles again, which tells the real error at its place. Not so
//! where rustc adds a note with a place in the student's code ("function defined here" for a wrong argument): then
//! evcxr shows that note in the place of the error. Not here: moved variables (`moved.rs`), the wrapping (`patch.rs`).

use std::fs;
use std::path::Path;

use serde_json::Value;

/// How the wrapped expression begins and ends, each on a line of its own.
const BEGIN: &str = "(";
const END: &str = ").evcxr_display();";

/// The error without the notes that have a place, if it is in the last expression of the generated source at `code`,
/// which is read only for a message with notes: rustc has many others.
pub fn without_notes(line: &str, code: &Path) -> Option<String> {
    line.contains("\"note\"").then(|| shorter(line, &fs::read_to_string(code).ok()?)).flatten()
}

fn shorter(line: &str, code: &str) -> Option<String> {
    let mut message: Value = serde_json::from_str(line).ok()?;
    let is_primary = |span: &&Value| span["is_primary"] == true;
    let place = message["spans"].as_array()?.iter().find(is_primary)?;
    let number = usize::try_from(place["line_start"].as_u64()?).ok()?;
    if !place["file_name"].as_str()?.ends_with("lib.rs") || !is_last_expression(code, number) {
        return None;
    }
    let is_kept = |note: &Value| {
        note["level"] != "note" || note["spans"].as_array().is_none_or(|spans| spans.is_empty())
    };
    let notes = message["children"].as_array_mut()?;
    let before = notes.len();
    notes.retain(is_kept);
    (notes.len() < before).then(|| message.to_string())
}

/// Whether the line with that number, from 1, stands in the expression that is shown.
fn is_last_expression(code: &str, number: usize) -> bool {
    let lines: Vec<&str> = code.lines().collect();
    let end = lines.iter().rposition(|line| line.starts_with(END));
    let begin = end.and_then(|end| lines[..end].iter().rposition(|line| *line == BEGIN));
    begin.zip(end).is_some_and(|(begin, end)| (begin + 2..=end).contains(&number))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    const CODE: &str =
        "fn f(x: u8) {}\nlet a = f(1.0);\n(\n{\nf(2.0)\n}\n).evcxr_display(); more\n}";

    fn error(line: u64) -> String {
        let place = |line: u64| json!([{ "file_name": "src/lib.rs", "line_start": line, "is_primary": true }]);
        json!({
            "level": "error",
            "spans": place(line),
            "children": [
                { "level": "note", "message": "function defined here", "spans": place(1) },
                { "level": "note", "message": "expected `u8`", "spans": [] },
                { "level": "help", "message": "change it", "spans": place(line) },
            ],
        })
        .to_string()
    }

    #[test]
    fn only_notes_with_a_place_are_left_out_and_only_in_the_last_expression() {
        let message: Value = serde_json::from_str(&shorter(&error(5), CODE).unwrap()).unwrap();
        let kept: Vec<&str> = message["children"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c["message"].as_str().unwrap())
            .collect();
        assert_eq!(kept, ["expected `u8`", "change it"]);
        assert_eq!(shorter(&error(2), CODE), None, "an earlier statement");
        assert_eq!(shorter(&error(5), "fn main() {}"), None, "nothing is shown");
        let bare = json!({ "level": "error", "spans": [], "children": [{ "level": "note" }] });
        assert_eq!(shorter(&bare.to_string(), CODE), None);
    }
}
