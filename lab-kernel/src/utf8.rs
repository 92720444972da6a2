//! Text that arrives in pieces: a character cut between two pieces is put together again.

/// The text of `bytes` behind what was cut before; a character cut now waits for its rest.
pub fn whole_chars(cut: &mut Vec<u8>, bytes: &[u8]) -> String {
    cut.extend_from_slice(bytes);
    let keep = match std::str::from_utf8(cut) {
        Ok(_) => 0,
        Err(_) => incomplete_tail(cut),
    };
    let rest = cut.split_off(cut.len() - keep);
    let whole = std::mem::replace(cut, rest);
    String::from_utf8(whole).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
}

/// Length of a UTF-8 character that has begun at the end but is not complete.
fn incomplete_tail(bytes: &[u8]) -> usize {
    for back in 1..=3.min(bytes.len()) {
        let needed = match bytes[bytes.len() - back] {
            0x00..=0x7F => return 0,
            0x80..=0xBF => continue,
            0xC0..=0xDF => 2,
            0xE0..=0xEF => 3,
            _ => 4,
        };
        return if needed > back { back } else { 0 };
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_cut_anywhere_comes_out_whole() {
        let text = "a\u{301}é жук 🐜";
        for at in 0..text.len() {
            let mut cut = Vec::new();
            let mut out = whole_chars(&mut cut, &text.as_bytes()[..at]);
            out += &whole_chars(&mut cut, &text.as_bytes()[at..]);
            assert_eq!(out, text);
            assert!(cut.is_empty());
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced_and_nothing_waits() {
        let mut cut = Vec::new();
        assert_eq!(whole_chars(&mut cut, b"a\xFF\xFEb"), "a\u{FFFD}\u{FFFD}b");
        assert!(cut.is_empty());
    }
}
