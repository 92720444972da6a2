//! Colours of a compiler error's report, made to be read on dark paper as well as on light.
//!
//! ariadne takes them from the terminal's table of 256, which a notebook shows as they are, whatever its theme: what
//! is dark enough for white paper is lost on black. Of Jupyter's own eight colours some are read on both. Not here:
//! the report itself (`failure.rs`).

/// Blue, magenta, green, red: the ones that both of JupyterLab's themes show well.
const READABLE: [&str; 4] = ["34", "35", "32", "31"];
/// The colour of the text around.
const NONE: &str = "39";
/// From here on the table holds greys.
const FIRST_GREY: u8 = 232;

/// The text with readable colours in the places of those of the table: greys are left out, others follow in turn.
pub fn readable(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut out = parts.next().unwrap_or_default().to_owned();
    let mut seen: Vec<u8> = Vec::new();
    for part in parts {
        let (codes, rest) = part.split_once('m').unwrap_or((part, ""));
        let end = if part.len() > codes.len() { "m" } else { "" };
        out += &format!("\u{1b}[{}{end}{rest}", replaced(codes, &mut seen));
    }
    out
}

/// The codes of one change of colour; `seen` are the colours of the table so far.
fn replaced(codes: &str, seen: &mut Vec<u8>) -> String {
    let codes: Vec<&str> = codes.split(';').collect();
    let [before @ .., "38", "5", number] = codes.as_slice() else { return codes.join(";") };
    let Ok(number) = number.parse::<u8>() else { return codes.join(";") };
    if number < FIRST_GREY && !seen.contains(&number) {
        seen.push(number);
    }
    let place = seen.iter().position(|&one| one == number);
    let colour = place.map_or(NONE, |place| READABLE[place % READABLE.len()]);
    [before, &[colour]].concat().join(";")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_of_the_table_are_replaced_and_others_stay() {
        let text = "\u{1b}[31mError\u{1b}[0m \u{1b}[38;5;246m│\u{1b}[0m \u{1b}[38;5;54ma\u{1b}[0m \u{1b}[1;38;5;60mb \u{1b}[38;5;54mc";
        assert_eq!(
            readable(text),
            "\u{1b}[31mError\u{1b}[0m \u{1b}[39m│\u{1b}[0m \u{1b}[34ma\u{1b}[0m \u{1b}[1;35mb \u{1b}[34mc"
        );
        for text in ["без цвета", "\u{1b}[2K", "\u{1b}[38;5;", "\u{1b}[38;5;999mx", "\u{1b}["]
        {
            assert_eq!(readable(text), text);
        }
    }
}
