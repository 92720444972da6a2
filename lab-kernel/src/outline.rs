//! Outlines of sources: of a crate's text, what rust-analyzer needs to tell the types of variables.
//!
//! rust-analyzer reads `core`, `alloc`, `std` and the library's main dependencies in every session. Nine tenths of that is of no
//! use to it: bodies of functions that are not `const`, methods that repeat a trait's, functions nobody outside can call, long documentation,
//! attributes for code generation and lints. What is left has the same names and types, and of the documentation the first
//! paragraph. rustc, which compiles the cells, does not look here.

use std::fs;
use std::io;
use std::path::Path;

use ra_ap_syntax::ast::{self, AstNode, AstToken, HasAttrs, HasVisibility};
use ra_ap_syntax::{Edition, NodeOrToken, SourceFile, SyntaxKind, SyntaxNode, SyntaxToken};

use crate::cuts::Cuts;
use crate::macro_outline;

/// Folders and files of a crate that its users' names do not come from.
const ASIDE: [&str; 5] = ["tests", "benches", "examples", "tests.rs", "target"];

/// Attributes that say nothing about names and types. `unstable` is another matter: it hides an item in completions.
const NOISE: [&str; 32] = [
    "allow",
    "allow_internal_unstable",
    "cold",
    "deny",
    "deprecated",
    "diagnostic::on_unimplemented",
    "expect",
    "inline",
    "miri::intrinsic_fallback_is_spec",
    "must_not_suspend",
    "must_use",
    "rustc_allow_const_fn_unstable",
    "rustc_confusables",
    "rustc_const_stable",
    "rustc_const_stable_indirect",
    "rustc_const_unstable",
    "rustc_diagnostic_item",
    "rustc_inherit_overflow_checks",
    "rustc_insignificant_dtor",
    "rustc_intrinsic_const_stable_indirect",
    "rustc_lint_query_instability",
    "rustc_never_returns_null_ptr",
    "rustc_no_implicit_autorefs",
    "rustc_non_const_trait_method",
    "rustc_nounwind",
    "rustc_on_unimplemented",
    "rustc_promotable",
    "rustc_should_not_be_called_on_const_items",
    "rustfmt::skip",
    "stable",
    "track_caller",
    "warn",
];

/// Writes the outlines of all Rust sources below `from` to the same places below `to`.
///
/// # Errors
/// When a file cannot be read or written.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') || ASIDE.contains(&name.as_str()) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy(&source, &target)?;
        } else if source.extension().is_some_and(|extension| extension == "rs") {
            fs::write(target, outline(&fs::read_to_string(source)?))?;
        }
    }
    Ok(())
}

/// The outline of a file's text. What does not parse is left as it is.
#[must_use]
pub fn outline(text: &str) -> String {
    let parsed = SourceFile::parse(text, Edition::Edition2024);
    let mut cuts = Cuts::default();
    walk(parsed.tree().syntax(), &mut cuts);
    cuts.apply(text)
}

/// Whether an attribute, given as written, is of no use here.
pub fn is_noise(attribute: &str) -> bool {
    match name(attribute) {
        // The condition is about rustc's own tests or features; what counts is what it adds.
        "cfg_attr" => {
            attribute.split_once(',').is_some_and(|(_, added)| NOISE.contains(&name(added)))
        }
        name => NOISE.contains(&name),
    }
}

/// The name of an attribute: `rustfmt::skip` of `#![rustfmt::skip]`.
pub fn name(attribute: &str) -> &str {
    let start = attribute.trim_start_matches(|c: char| "#![".contains(c) || c.is_whitespace());
    let end = start.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
    end.map_or(start, |end| &start[..end])
}

fn walk(node: &SyntaxNode, cuts: &mut Cuts) {
    let mut paragraph = Paragraph::default();
    for child in node.children_with_tokens() {
        match child {
            NodeOrToken::Token(token) => paragraph.token(&token, cuts),
            NodeOrToken::Node(child) => {
                paragraph = Paragraph::default();
                item(&child, cuts);
            }
        }
    }
}

fn item(node: &SyntaxNode, cuts: &mut Cuts) {
    if let Some(attribute) = ast::Attr::cast(node.clone()) {
        let text = attribute.syntax().text().to_string();
        let of_impl = node.parent().is_some_and(|parent| ast::Impl::can_cast(parent.kind()));
        if is_noise(&text) || (of_impl && name(&text) == "unstable") {
            cuts.remove(node.text_range());
        }
        return;
    }
    if let Some(function) = ast::Fn::cast(node.clone()) {
        match (fate(&function), function.body()) {
            (Fate::Nothing, _) => return cuts.remove(node.text_range()),
            (Fate::Signature, Some(body)) => {
                cuts.replace(body.syntax().text_range(), "{}");
            }
            (Fate::Signature, None) | (Fate::Whole, _) => {}
        }
    }
    if let Some(module) = ast::Module::cast(node.clone())
        && module.attrs().any(|attribute| attribute.syntax().text() == "#[cfg(test)]")
    {
        return cuts.remove(node.text_range());
    }
    if let Some(rules) = ast::MacroRules::cast(node.clone())
        && let Some(tree) = rules.token_tree()
    {
        return macro_outline::rules(tree.syntax(), cuts);
    }
    walk(node, cuts);
}

/// What stays of a function.
enum Fate {
    Whole,
    Signature,
    Nothing,
}

fn fate(function: &ast::Fn) -> Fate {
    let has = |word: &str| {
        function.attrs().any(|attribute| name(&attribute.syntax().text().to_string()) == word)
    };
    let hidden = || function.attrs().any(|attribute| attribute.syntax().text() == "#[doc(hidden)]");
    // The length of an array may be what it returns, or what one returns that calls it.
    if function.const_token().is_some() {
        return Fate::Whole;
    }
    // The compiler calls it by this name.
    if has("lang") {
        return Fate::Signature;
    }
    let owner = function.syntax().parent().and_then(|list| list.parent());
    let in_impl = owner.clone().and_then(ast::Impl::cast);
    let is_declared = owner.is_some_and(|owner| {
        ast::Trait::can_cast(owner.kind()) || ast::ExternBlock::can_cast(owner.kind())
    });
    let is_public = is_declared
        || function.visibility().is_some_and(|visibility| visibility.syntax().text() == "pub");
    match in_impl {
        // The trait has its signature.
        Some(block) if block.trait_().is_some() => Fate::Nothing,
        _ if !is_public => Fate::Nothing,
        // Cells are compiled by a stable compiler. Macros may call what is hidden.
        Some(_) if has("unstable") && !hidden() => Fate::Nothing,
        _ => Fate::Signature,
    }
}

/// Where in a documentation comment we are: its first paragraph stays.
#[derive(Default)]
struct Paragraph {
    ended: bool,
}

impl Paragraph {
    fn token(&mut self, token: &SyntaxToken, cuts: &mut Cuts) {
        if token.kind() == SyntaxKind::WHITESPACE {
            return cuts.space(token);
        }
        let Some(comment) = ast::Comment::cast(token.clone()) else {
            self.ended = false;
            return;
        };
        let is_doc = comment.kind().doc.is_some();
        self.ended |= is_doc && token.text().len() <= "///".len();
        if self.ended || !is_doc {
            cuts.remove(token.text_range());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn assert_outline(text: &str, expected: &str) {
        let made = outline(text);
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words(&made), words(expected), "{made}");
        let errors = |text: &str| SourceFile::parse(text, Edition::Edition2024).errors().len();
        assert_eq!(errors(&made), errors(text), "{made}");
    }

    #[test]
    fn signatures_stay_bodies_go() {
        assert_outline(
            "pub fn f<T: Clone>(x: &T) -> T where T: Copy { let y = *x; y }\n pub const N: usize = 3;\n\
             pub struct S { pub a: u8, b: u8 }\n pub async fn g() -> impl Iterator<Item = u8> { [1].into_iter() }",
            "pub fn f<T: Clone>(x: &T) -> T where T: Copy {} pub const N: usize = 3;\n\
             pub struct S { pub a: u8, b: u8 } pub async fn g() -> impl Iterator<Item = u8> {}",
        );
    }

    #[test]
    fn const_functions_stay_whole() {
        let text = "pub const fn f() -> usize { g() + 1 } const fn g() -> usize { 2 }\n\
                    impl S { #[unstable(feature = \"x\", issue = \"1\")] const unsafe fn h() -> usize { 3 } }";
        assert_outline(text, text);
    }

    #[test]
    fn what_nobody_outside_calls_goes() {
        assert_outline(
            "fn f() {} pub(crate) fn g() {}\n #[lang = \"h\"] fn h() { 1 }\n\
             #[unstable(feature = \"x\", issue = \"1\")] pub fn called_by_macros() {}\n\
             impl S { pub fn a(&self) -> u8 { 1 } fn b() {} #[unstable(feature = \"x\", issue = \"1\")] pub fn c() {}\n\
             #[doc(hidden)] #[unstable(feature = \"x\", issue = \"1\")] pub fn d() { 1 } }\n\
             #[unstable(feature = \"x\", issue = \"1\")] impl Iterator for S { type Item = u8; fn next(&mut self) -> Option<u8> { None } }\n\
             trait T { type A; fn a(&self) -> u8; fn b(&self) -> u8 { 1 } }\n extern \"C\" { fn e(); }",
            "#[lang = \"h\"] fn h() {} #[unstable(feature = \"x\", issue = \"1\")] pub fn called_by_macros() {}\n\
             impl S { pub fn a(&self) -> u8 {} #[doc(hidden)] #[unstable(feature = \"x\", issue = \"1\")] pub fn d() {} }\n\
             impl Iterator for S { type Item = u8; }\n\
             trait T { type A; fn a(&self) -> u8; fn b(&self) -> u8 {} } extern \"C\" { fn e(); }",
        );
    }

    #[test]
    fn documentation_keeps_its_first_paragraph_comments_go() {
        assert_outline(
            "//! Module\n//! text.\n//!\n//! More.\n\n// Why.\n/// First\n/// line.\n///\n/// Rest.\n#[inline]\n///\n/// And.\n\
             pub struct S {\n    /// A field.\n    pub a: u8, // of it\n    /// Another.\n    pub b: u8,\n}\n",
            "//! Module\n//! text.\n/// First\n/// line.\npub struct S { /// A field.\n pub a: u8, /// Another.\n pub b: u8, }",
        );
    }

    #[test]
    fn attributes_about_names_and_types_stay() {
        assert_outline(
            "#![feature(x)] #[stable(feature = \"x\", since = \"1\")] #[cfg(unix)] #[derive(Clone)] #[must_use = \"a, b\"]\n\
             #[cfg_attr(not(test), rustc_diagnostic_item = \"S\")] #[cfg_attr(not(test), lang = \"s\")] pub struct S;\n\
             #[cfg(test)] mod tests { fn a() {} } #[macro_use] mod other;",
            "#![feature(x)] #[cfg(unix)] #[derive(Clone)] #[cfg_attr(not(test), lang = \"s\")] pub struct S;\n\
             #[macro_use] mod other;",
        );
    }

    #[test]
    fn broken_text_is_no_error() {
        for text in ["", "fn", "impl {", "macro_rules! m { (", "\u{feff}pub fn f( { \"", "#["] {
            let _ = outline(text);
        }
    }
}
