//! Whether a piece of code can be run as it stands, for `is_complete_request`.

use ra_ap_syntax::{AstNode, Edition, SourceFile, SyntaxKind};

/// The answer to `is_complete_request`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Completeness {
    /// Ready to run.
    Complete,
    /// More lines are needed.
    Incomplete,
    /// No further line can make it right.
    Invalid,
}

/// Judges the code of a cell; evcxr's own lines (`:dep …`, `!ls`) count as complete.
pub fn judge(code: &str) -> Completeness {
    let rust: String = code
        .lines()
        .map(|line| {
            let own = line.starts_with(':') || line.starts_with('!');
            if own { "\n".to_owned() } else { format!("{line}\n") }
        })
        .collect();
    match depth(&rust) {
        Depth::Open => return Completeness::Incomplete,
        Depth::Broken => return Completeness::Invalid,
        Depth::Even => {}
    }
    let head = "fn cell() {\n";
    let parsed = SourceFile::parse(&format!("{head}{rust}}}\n"), Edition::Edition2024);
    let end = head.len() + rust.trim_end().len();
    let mut answer = Completeness::Complete;
    for error in parsed.errors() {
        let at = usize::from(error.range().start());
        if at < end {
            return Completeness::Invalid;
        }
        answer = Completeness::Incomplete;
    }
    answer
}

enum Depth {
    Even,
    Open,
    Broken,
}

/// Counts brackets outside of strings and comments.
fn depth(rust: &str) -> Depth {
    let parsed = SourceFile::parse(rust, Edition::Edition2024);
    let mut open = Vec::new();
    for token in parsed.tree().syntax().descendants_with_tokens().filter_map(|e| e.into_token()) {
        let text = token.text();
        match token.kind() {
            SyntaxKind::L_PAREN | SyntaxKind::L_BRACK | SyntaxKind::L_CURLY => {
                open.push(token.kind())
            }
            SyntaxKind::R_PAREN | SyntaxKind::R_BRACK | SyntaxKind::R_CURLY => {
                let matching = match token.kind() {
                    SyntaxKind::R_PAREN => SyntaxKind::L_PAREN,
                    SyntaxKind::R_BRACK => SyntaxKind::L_BRACK,
                    _ => SyntaxKind::L_CURLY,
                };
                if open.pop() != Some(matching) {
                    return Depth::Broken;
                }
            }
            SyntaxKind::COMMENT if text.starts_with("/*") && !text.ends_with("*/") => {
                return Depth::Open;
            }
            SyntaxKind::STRING if text.len() < 2 || !text.ends_with('"') => return Depth::Open,
            _ => {}
        }
    }
    if open.is_empty() { Depth::Even } else { Depth::Open }
}

/// Spaces to put before the next line: four for every block that the last line leaves open.
pub fn indent(code: &str) -> String {
    let last = code.trim_end().lines().last().unwrap_or("");
    let own = last.len() - last.trim_start().len();
    let opens = last.trim_end().ends_with(['{', '(', '[']);
    " ".repeat(own + if opens { 4 } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use Completeness::{Complete, Incomplete, Invalid};

    #[test]
    fn judgements() {
        for (code, wanted) in [
            ("", Complete),
            ("1 + 1", Complete),
            ("let a = 1;\nprintln!(\"{a}\");", Complete),
            (":dep rand = \"1\"", Complete),
            ("fn f() -> i32 { 1 }", Complete),
            ("use std::fs;\nstruct A;", Complete),
            ("fn f() {", Incomplete),
            ("let a = vec![1,", Incomplete),
            ("println!(\"abc", Incomplete),
            ("/* comment", Incomplete),
            ("let a = 1 +", Incomplete),
            ("let x =", Incomplete),
            ("fn f() }", Invalid),
            ("let = 5; 3", Invalid),
            ("(]", Invalid),
        ] {
            assert_eq!(judge(code), wanted, "{code:?}");
        }
    }

    #[test]
    fn the_next_line_is_indented() {
        assert_eq!(indent("fn f() {"), "    ");
        assert_eq!(indent("    if a {\n"), "        ");
        assert_eq!(indent("let a = 1 +"), "");
    }
}
