//! One line of `cargo lab doctor`'s answer.
//!
//! Not here: what is looked at, see `doctor.rs`.

/// How bad it is when something is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Weight {
    /// The lab cannot run without it.
    Needed,
    /// `cargo lab run` makes it, or the lab does without.
    Made,
}

/// One line of the answer.
#[derive(Debug)]
pub struct Finding {
    /// What was looked at.
    pub what: &'static str,
    /// Whether it is as it should be.
    pub good: bool,
    /// How bad it is when it is not.
    pub weight: Weight,
    /// What was found.
    pub detail: String,
    /// What to do when it is not as it should be.
    pub cure: String,
}

impl Finding {
    /// `found` is what is there, or what is wrong.
    pub fn new(
        what: &'static str,
        weight: Weight,
        found: Result<String, String>,
        cure: &str,
    ) -> Finding {
        let good = found.is_ok();
        let detail = found.unwrap_or_else(|detail| detail);
        Finding { what, good, weight, detail, cure: cure.to_owned() }
    }

    /// One line, and the cure below it where one is needed.
    pub fn text(&self) -> String {
        let mark = match (self.good, self.weight) {
            (true, _) => '✓',
            (false, Weight::Needed) => '✗',
            (false, Weight::Made) => '•',
        };
        let cure = if self.good {
            String::new()
        } else {
            format!("    что сделать: {}\n", self.cure)
        };
        format!("{mark} {}: {}\n{cure}", self.what, self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_comes_with_its_cure() {
        let missing = Finding::new("Rust", Weight::Needed, Err("не найден".into()), "rustup");
        assert_eq!(missing.text(), "✗ Rust: не найден\n    что сделать: rustup\n");
        let there = Finding::new("Rust", Weight::Needed, Ok("1.95".into()), "rustup");
        assert_eq!(there.text(), "✓ Rust: 1.95\n");
    }
}
