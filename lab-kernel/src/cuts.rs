//! Cuts: ranges of a text that go, or give way to a few characters.

use ra_ap_syntax::{SyntaxToken, TextRange};

/// Collected in any order, applied at once.
#[derive(Default)]
pub struct Cuts(Vec<(TextRange, &'static str)>);

impl Cuts {
    /// A space stays, so that what stood around does not become one word.
    pub fn remove(&mut self, range: TextRange) {
        self.replace(range, " ");
    }

    /// Puts `text` in the place of a range. Of cuts that overlap the one that starts first counts, then the longest.
    pub fn replace(&mut self, range: TextRange, text: &'static str) {
        self.0.push((range, text));
    }

    /// Makes white space as short as it can be; the end of a line stays, since a comment may need it.
    pub fn space(&mut self, token: &SyntaxToken) {
        let text = token.text();
        if text.len() > 1 {
            self.replace(token.text_range(), if text.contains('\n') { "\n" } else { " " });
        }
    }

    /// The text after all cuts.
    pub fn apply(mut self, text: &str) -> String {
        self.0.sort_by_key(|(range, _)| (range.start(), std::cmp::Reverse(range.end())));
        let mut out = String::with_capacity(text.len() / 4);
        let mut at = 0;
        for (range, instead) in self.0 {
            let (start, end) = (usize::from(range.start()), usize::from(range.end()));
            if start < at {
                continue;
            }
            out.push_str(&text[at..start]);
            out.push_str(instead);
            at = end;
        }
        out.push_str(&text[at..]);
        out
    }
}
