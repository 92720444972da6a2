//! A standard output that nobody reads any more, or that lies on a full disk: `println!` panics there.
//!
//! Not here: what is printed.

use std::io::Write;

/// How the text of that panic begins.
const LOST: &str = "failed printing to stdout: ";

/// From now on such a panic ends the program with a sentence; without one where the reader has just gone, as in
/// `cargo lab doctor | head -1`.
pub fn tell() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        match panic.payload_as_str().and_then(|text| text.strip_prefix(LOST)) {
            Some(reason) if reason.contains("Broken pipe") => {}
            Some(reason) => {
                // Where this is lost too, nobody is left to be told.
                let _ = writeln!(
                    std::io::stderr(),
                    "\nошибка: вывод программы некуда записать: {reason}\n\
                     что сделать: освободите место на диске или не направляйте вывод в файл"
                );
            }
            None => usual(panic),
        }
    }));
}
