//! The cells that were run in this session, for `history_request`.

use jupyter_protocol::HistoryRequest;
use serde_json::{Value, json};

struct Entry {
    line: usize,
    input: String,
    output: Option<String>,
}

/// Inputs and text results of the session's cells.
#[derive(Default)]
pub struct History {
    entries: Vec<Entry>,
}

impl History {
    /// Adds a cell that ran as number `line`.
    pub fn push(&mut self, line: usize, input: String, output: Option<String>) {
        self.entries.push(Entry { line, input, output });
    }

    /// The entries that a request asks for, as Jupyter's tuples.
    pub fn answer(&self, request: &HistoryRequest) -> Value {
        let (found, output): (Vec<&Entry>, bool) = match request {
            HistoryRequest::Tail { n, output, .. } => (self.tail(*n), *output),
            HistoryRequest::Range { session, start, stop, output, .. } => {
                (self.range(session.unwrap_or(0), *start, *stop), *output)
            }
            HistoryRequest::Search { pattern, unique, output, n, .. } => {
                (self.search(pattern, *unique, *n), *output)
            }
        };
        let tuples: Vec<Value> = found.into_iter().map(|entry| tuple(entry, output)).collect();
        json!({ "status": "ok", "history": tuples })
    }

    fn tail(&self, n: i32) -> Vec<&Entry> {
        let n = usize::try_from(n).unwrap_or(0);
        self.entries.iter().skip(self.entries.len().saturating_sub(n)).collect()
    }

    /// Lines `start..stop` of this session (0, as Jupyter counts); other sessions are not kept.
    fn range(&self, session: i32, start: i32, stop: i32) -> Vec<&Entry> {
        if session != 0 {
            return Vec::new();
        }
        let inside =
            |line: usize| i32::try_from(line).is_ok_and(|line| start <= line && line < stop);
        self.entries.iter().filter(|entry| inside(entry.line)).collect()
    }

    fn search(&self, pattern: &str, unique: bool, n: i32) -> Vec<&Entry> {
        let mut found: Vec<&Entry> = Vec::new();
        for entry in self.entries.iter().filter(|entry| glob(pattern, &entry.input)) {
            if unique {
                found.retain(|older| older.input != entry.input);
            }
            found.push(entry);
        }
        let n = usize::try_from(n).unwrap_or(0);
        found.split_off(found.len().saturating_sub(n))
    }
}

fn tuple(entry: &Entry, output: bool) -> Value {
    match output {
        true => json!([0, entry.line, [entry.input, entry.output]]),
        false => json!([0, entry.line, entry.input]),
    }
}

/// Shell-style match of the whole text: `*` any text, `?` one character.
fn glob(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == '?' || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> History {
        let mut history = History::default();
        history.push(1, "let a = 1;".into(), None);
        history.push(2, "a + 1".into(), Some("2".into()));
        history.push(3, "let a = 1;".into(), None);
        history
    }

    #[test]
    fn tail_range_and_search() {
        let history = three();
        let tail = HistoryRequest::Tail { n: 2, output: true, raw: true };
        assert_eq!(
            history.answer(&tail)["history"],
            json!([[0, 2, ["a + 1", "2"]], [0, 3, ["let a = 1;", null]]])
        );
        let range =
            HistoryRequest::Range { session: Some(0), start: 1, stop: 3, output: false, raw: true };
        assert_eq!(
            history.answer(&range)["history"],
            json!([[0, 1, "let a = 1;"], [0, 2, "a + 1"]])
        );
        let search = HistoryRequest::Search {
            pattern: "let*".into(),
            unique: true,
            output: false,
            raw: true,
            n: 9,
        };
        assert_eq!(history.answer(&search)["history"], json!([[0, 3, "let a = 1;"]]));
    }

    #[test]
    fn globs() {
        assert!(glob("*abc*", "xxabcyy") && glob("a?c", "aяc") && glob("*", ""));
        assert!(!glob("a?c", "ac") && !glob("abc", "abcd") && !glob("", "a"));
    }
}
