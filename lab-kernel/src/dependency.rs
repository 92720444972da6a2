//! The line `:dep` of the library in a notebook that lies somewhere else.
//!
//! Notebooks name the library by a relative path. In a released folder, in nbgrader's folders or in a student's home
//! nothing lies there; the line then means the library that the kernel was built with.

use std::borrow::Cow;
use std::path::Path;

/// The cell with `line` in the place of a `:dep` of the same crate whose path, seen from `dir`, does not exist.
pub fn found<'a>(code: &'a str, line: &str, dir: &Path) -> Cow<'a, str> {
    let Some((name, _)) = parse(line) else { return Cow::Borrowed(code) };
    let is_lost = |text: &str| {
        parse(text).is_some_and(|(other, path)| other == name && !dir.join(path).exists())
    };
    if !code.lines().any(is_lost) {
        return Cow::Borrowed(code);
    }
    let lines = code.lines().map(|text| if is_lost(text) { line } else { text });
    Cow::Owned(lines.collect::<Vec<_>>().join("\n"))
}

/// The crate and the path of a line `:dep name = { path = "…" }`.
fn parse(line: &str) -> Option<(String, String)> {
    let table: toml::Table = line.trim().strip_prefix(":dep")?.parse().ok()?;
    let (name, value) = table.into_iter().next()?;
    Some((name, value.get("path")?.as_str()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_lost_path_of_the_same_crate_is_replaced() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR"));
        let line = ":dep lab-crate = { path = \"/lab\" }";
        let lost = ":dep lab-crate = { path = \"../nowhere\" }\nuse lab::prelude::*;";
        assert_eq!(found(lost, line, dir), format!("{line}\nuse lab::prelude::*;"));
        for kept in [
            ":dep lab-crate = { path = \"../lab-crate\" }",
            ":dep other = { path = \"../nowhere\" }",
            ":dep rand = \"0.9\"",
            "let dep = 1;",
        ] {
            assert_eq!(found(kept, line, dir), kept);
        }
    }
}
