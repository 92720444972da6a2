//! Completion and inspection: evcxr's answers, with Jupyter's character offsets.

use evcxr::CommandContext;
use serde_json::{Value, json};

/// What the editor offers at the cursor; offsets count characters (Unicode code points).
pub struct Completion {
    /// Texts to insert.
    pub matches: Vec<String>,
    /// First character that is replaced.
    pub start: usize,
    /// Character behind the last one that is replaced.
    pub end: usize,
    /// Kind and label of each match, as JupyterLab reads them.
    pub types: Vec<Value>,
}

/// Completions of `code` at character `cursor`.
pub fn complete(context: &mut CommandContext, code: &str, cursor: usize) -> Option<Completion> {
    let found = context.completions(code, to_bytes(code, cursor)).ok()?;
    let (start, end) = (to_chars(code, found.start_offset), to_chars(code, found.end_offset));
    let types = found
        .completions
        .iter()
        .map(|c| json!({ "text": c.label, "type": c.kind, "start": start, "end": end }))
        .collect();
    let matches = found.completions.iter().map(|c| c.code.clone()).collect();
    Some(Completion { matches, start, end, types })
}

/// Documentation at character `cursor`: plain text and HTML.
pub fn inspect(
    context: &mut CommandContext,
    code: &str,
    cursor: usize,
) -> Option<(String, String)> {
    let found = context.hover_at(code, to_bytes(code, cursor)).ok()?;
    (found.0 != "No documentation found").then_some(found)
}

fn to_bytes(code: &str, chars: usize) -> usize {
    code.char_indices().nth(chars).map_or(code.len(), |(at, _)| at)
}

fn to_chars(code: &str, bytes: usize) -> usize {
    code.char_indices().take_while(|(at, _)| *at < bytes).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_count_characters() {
        let code = "let я = 1; я.";
        assert_eq!(to_bytes(code, 13), code.len());
        assert_eq!(to_chars(code, to_bytes(code, 11)), 11);
        assert_eq!(to_bytes(code, 99), code.len());
    }
}
