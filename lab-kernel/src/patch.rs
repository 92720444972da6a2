//! Small corrections to the code that evcxr 0.22.0 generates for a cell, on the same lines.
//!
//! * A failed `?` says where it failed and with what type of error, as one marked line.
//! * The value of the last expression is marked as the cell's result.
//! * Values of std's types are shown at the first attempt. evcxr first compiles a call of `evcxr_display`,
//!   which they lack, and only when that fails code that prints them with `{:?}`: two runs of rustc.
//!
//! What the marks mean is in `marker.rs`. Where the generated code looks different from what is expected
//! here, it stays as it is: the cell still runs, only these niceties are missing.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::marker::{FAILED, RESULT};

/// Corrects the generated source at `path`.
///
/// # Errors
/// When the file cannot be written.
pub fn apply(path: &Path) -> Result<()> {
    let Ok(code) = fs::read_to_string(path) else { return Ok(()) };
    let marked = mark_result(&code);
    let patched = question_mark(&marked).unwrap_or(marked);
    if patched != code {
        fs::write(path, patched)?;
    }
    Ok(())
}

/// evcxr shows a last expression either by its own method or as debug text.
fn mark_result(code: &str) -> String {
    let display = ").evcxr_display();";
    let shown = format!("{display} println!(\"{RESULT}\");");
    let text = "b\"EVCXR_BEGIN_CONTENT text/plain\\n\"";
    let result = "b\"EVCXR_BEGIN_CONTENT text/plain result=1\\n\"";
    let code = match code.find("fn evcxr_send_text_plain") {
        Some(at) => format!("{}{}", &code[..at], code[at..].replacen(text, result, 1)),
        None => code.to_owned(),
    };
    match code.rfind(display) {
        Some(at) if !code[at..].starts_with(&shown) => {
            format!("{}{shown}{DEBUG_DISPLAY}{}", &code[..at], &code[at + display.len()..])
        }
        _ => code,
    }
}

/// Gives std's types the method, by a trait in the scope of the call. Not all types: a pointer to a type
/// with a method of its own must still find that one.
const DEBUG_DISPLAY: &str = " trait EvcxrDebugDisplay: std::fmt::Debug { fn evcxr_display(&self) { \
     println!(\"EVCXR_BEGIN_CONTENT text/plain result=1\\n{:?}\\nEVCXR_END_CONTENT\", self) } } \
     macro_rules! evcxr_debug_display { ($($t:ty)*) => { $(impl EvcxrDebugDisplay for $t {})* } } \
     evcxr_debug_display! { () bool char str String u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 } \
     impl<T: std::fmt::Debug> EvcxrDebugDisplay for [T] {} \
     impl<T: std::fmt::Debug, const N: usize> EvcxrDebugDisplay for [T; N] {} \
     impl<T: std::fmt::Debug> EvcxrDebugDisplay for Vec<T> {} \
     impl<T: std::fmt::Debug> EvcxrDebugDisplay for Option<T> {} \
     impl<A: std::fmt::Debug, B: std::fmt::Debug> EvcxrDebugDisplay for (A, B) {} \
     impl<A: std::fmt::Debug, B: std::fmt::Debug, C: std::fmt::Debug> EvcxrDebugDisplay for (A, B, C) {}";

fn question_mark(code: &str) -> Option<String> {
    const CONVERSION: &str = "fn from(error: T) -> Self {";
    let start = code.find("struct EvcxrUserCodeError {}")?;
    let at = start + code[start..].find(CONVERSION)?;
    let body = at + CONVERSION.len();
    let print = body + code[body..].find("eprintln!(")?;
    let end = print + code[print..].find(';')? + 1;
    let format = code[print..end].strip_prefix("eprintln!(\"")?.split('"').next()?;
    let report = format!(
        "{{ let at = std::panic::Location::caller(); \
         println!(\"{FAILED}{{{{\\\"name\\\":{{:?}},\\\"message\\\":\\\"{{}}\\\",\\\"file\\\":{{:?}},\\\"line\\\":{{}}}}}}\", \
         std::any::type_name::<T>(), {JSON_TEXT}, at.file(), at.line()); }}"
    )
    .replace("FORMAT", format);
    Some(format!("{}#[track_caller] {}{}{}", &code[..at], &code[at..print], report, &code[end..]))
}

/// An expression that makes the error's text safe inside a JSON string.
const JSON_TEXT: &str = "format!(\"FORMAT\", error).chars().map(|c| match c { \
     '\"' => \"\\\\\\\"\".to_string(), '\\\\' => \"\\\\\\\\\".to_string(), \
     c if (c as u32) < 32 => format!(\"\\\\u{:04x}\", c as u32), c => c.to_string() }).collect::<String>()";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const GENERATED: &str = "use x;\n            struct EvcxrUserCodeError {}\n            \
        impl<T: std::fmt::Debug> From<T> for EvcxrUserCodeError {\n                fn from(error: T) -> Self {\n                    \
        eprintln!(\"{:?}\", error);\n                    \
        println!(\"{}\", evcxr_internal_runtime::USER_ERROR_OCCURRED);\n                    EvcxrUserCodeError {}\n";

    #[test]
    fn the_conversion_is_replaced_on_its_own_lines() {
        let code = question_mark(GENERATED).unwrap();
        assert_eq!(code.lines().count(), GENERATED.lines().count());
        assert!(code.contains("#[track_caller] fn from(error: T)"));
        assert!(!code.contains("eprintln!"));
        assert!(code.contains("USER_ERROR_OCCURRED"));
        assert!(question_mark(&code).is_none(), "patching twice changes nothing");
    }

    #[test]
    fn the_last_expression_is_marked_once() {
        let code = "(\nx\n).evcxr_display();\n}";
        let once = mark_result(code);
        assert!(once.starts_with("(\nx\n).evcxr_display(); println!(\"EVCXR_RESULT\"); trait "));
        assert_eq!(once.lines().count(), code.lines().count(), "rustc's line numbers stay right");
        assert_eq!(mark_result(&once), once);
        let text =
            "fn evcxr_send_text_plain(t: &str) { w(b\"EVCXR_BEGIN_CONTENT text/plain\\n\") }";
        assert!(mark_result(text).contains("text/plain result=1\\n"));
    }

    #[test]
    fn other_code_is_left_alone() {
        let code = "fn main() { eprintln!(\"x\"); }";
        assert!(question_mark(code).is_none());
        assert_eq!(mark_result(code), code);
    }
}
