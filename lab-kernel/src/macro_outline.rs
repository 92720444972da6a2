//! Outlines of macros: what outline.rs does to items, done to the tokens that `macro_rules!` writes.
//!
//! Half of what rust-analyzer makes of `core` comes out of macros: the methods of twelve integer types, the traits of
//! tuples and arrays. Their text is tokens, not items, so functions are told by their shape.

use ra_ap_syntax::ast::{self, AstToken};
use ra_ap_syntax::{NodeOrToken, SyntaxElement, SyntaxKind, SyntaxNode, TextRange};

use crate::cuts::Cuts;
use crate::outline;

/// Outlines what the rules of a macro write; what they match stays.
pub fn rules(definition: &SyntaxNode, cuts: &mut Cuts) {
    let mut is_written = false;
    let mut before = SyntaxKind::EOF;
    for child in definition.children_with_tokens() {
        let kind = child.kind();
        match child {
            NodeOrToken::Node(tree) if std::mem::take(&mut is_written) => {
                written(&tree, false, cuts);
            }
            NodeOrToken::Node(_) => {}
            NodeOrToken::Token(token) => {
                if let Some(comment) = ast::Comment::cast(token) {
                    cuts.remove(comment.syntax().text_range());
                }
                // In a tree of tokens the arrow is two of them.
                is_written |= kind == SyntaxKind::FAT_ARROW
                    || (before == SyntaxKind::EQ && kind == SyntaxKind::R_ANGLE);
            }
        }
        before = kind;
    }
}

/// The tokens between a pair of brackets, `in_trait_impl` if those belong to `impl … for …`.
fn written(tree: &SyntaxNode, in_trait_impl: bool, cuts: &mut Cuts) {
    let children: Vec<SyntaxElement> = tree.children_with_tokens().collect();
    let inner = children.get(1..children.len().saturating_sub(1)).unwrap_or_default();
    for piece in
        inner.split_inclusive(|child| child.kind() == SyntaxKind::SEMICOLON || is_block(child))
    {
        item(piece, in_trait_impl, cuts);
    }
}

/// What could be an item: up to a semicolon or a block.
fn item(piece: &[SyntaxElement], in_trait_impl: bool, cuts: &mut Cuts) {
    let Some(last) = piece.last() else { return };
    // A `const` one stays whole, as in outline.rs.
    let is_const = piece.iter().any(|child| child.kind() == SyntaxKind::CONST_KW);
    let function = is_block(last) && is_function(piece) && !is_const;
    let is_unstable = || attributes(piece).any(|(_, name)| name == "unstable");
    if function && (in_trait_impl || is_unstable()) {
        // With the comments in front of it, which would document what comes next.
        return cuts.remove(piece[0].text_range().cover(last.text_range()));
    }
    for (range, name) in attributes(piece) {
        if name == "doc" || name == "unstable" || outline::is_noise(&name) {
            cuts.remove(range);
        }
    }
    let of_trait = is_trait_impl(piece);
    let mut before = SyntaxKind::EOF;
    for child in piece {
        match child {
            // What another macro is given may have to match as it is.
            NodeOrToken::Node(_) if before == SyntaxKind::BANG => {}
            NodeOrToken::Node(block) if function && child == last => {
                cuts.replace(block.text_range(), "{}");
            }
            NodeOrToken::Node(tree) => {
                written(tree, if child == last { of_trait } else { in_trait_impl }, cuts);
            }
            NodeOrToken::Token(token) if token.kind() == SyntaxKind::WHITESPACE => {
                cuts.space(token)
            }
            NodeOrToken::Token(token) if token.kind() == SyntaxKind::COMMENT => {
                cuts.remove(token.text_range());
            }
            NodeOrToken::Token(_) => {}
        }
        if !child.kind().is_trivia() {
            before = child.kind();
        }
    }
}

fn is_block(element: &SyntaxElement) -> bool {
    starts_with(element, SyntaxKind::L_CURLY)
}

fn starts_with(element: &SyntaxElement, kind: SyntaxKind) -> bool {
    element.as_node().and_then(SyntaxNode::first_token).is_some_and(|token| token.kind() == kind)
}

/// What follows the first `kind`, without white space and comments.
fn after(
    piece: &[SyntaxElement],
    kind: SyntaxKind,
) -> Option<impl Iterator<Item = &SyntaxElement>> {
    let at = piece.iter().position(|child| child.kind() == kind)?;
    Some(piece[at + 1..].iter().filter(|child| !child.kind().is_trivia()))
}

/// `fn name(…) … {…}`; the name may be a macro's variable. A type `fn(…)` has no name.
fn is_function(piece: &[SyntaxElement]) -> bool {
    let Some(mut rest) = after(piece, SyntaxKind::FN_KW) else { return false };
    rest.next().is_some_and(|next| matches!(next.kind(), SyntaxKind::IDENT | SyntaxKind::DOLLAR))
        && rest.any(|child| starts_with(child, SyntaxKind::L_PAREN))
}

/// `impl … for …`, but not `impl … where for<'a> …`.
fn is_trait_impl(piece: &[SyntaxElement]) -> bool {
    after(piece, SyntaxKind::IMPL_KW).is_some_and(|rest| {
        let kinds: Vec<SyntaxKind> = rest.map(SyntaxElement::kind).collect();
        kinds.windows(2).any(|pair| pair[0] == SyntaxKind::FOR_KW && pair[1] != SyntaxKind::L_ANGLE)
    })
}

/// The attributes with their names.
fn attributes(piece: &[SyntaxElement]) -> impl Iterator<Item = (TextRange, String)> {
    piece.windows(2).filter_map(|pair| {
        let tree = pair[1].as_node()?;
        let is_one =
            pair[0].kind() == SyntaxKind::POUND && starts_with(&pair[1], SyntaxKind::L_BRACK);
        let text = tree.text().to_string();
        is_one.then(|| {
            (pair[0].text_range().cover(tree.text_range()), outline::name(&text).to_owned())
        })
    })
}

#[cfg(test)]
mod tests {
    use crate::outline::outline;

    fn assert_outline(text: &str, expected: &str) {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words(&outline(text)), words(expected));
    }

    #[test]
    fn what_a_macro_writes_is_outlined_what_it_matches_is_not() {
        assert_outline(
            "macro_rules! m { ($(fn $name:ident() { $($x:tt)* })*) => { $( /// Doc.\n #[doc = \"a\"] #[inline] #[cfg(unix)]\n\
             pub unsafe fn $name(a: [u8; 2]) -> u8 { $($x)* } const fn f() -> u8 { 1 } )* }; () => { 1 } }",
            "macro_rules! m { ($(fn $name:ident() { $($x:tt)* })*) => { $( #[cfg(unix)]\n\
             pub unsafe fn $name(a: [u8; 2]) -> u8 {} const fn f() -> u8 { 1 } )* }; () => { 1 } }",
        );
    }

    #[test]
    fn methods_of_a_traits_impl_and_unstable_ones_go() {
        assert_outline(
            "macro_rules! m { ($($T:ty)*) => { $(\n #[stable(feature = \"x\", since = \"1\")]\n\
             impl<'a, F: FnOnce()> Tr<F> for $T where F: 'a { type A = u8; #[inline] fn a() -> u8 { 1 } const B: u8 = 2; }\n\
             impl $T where for<'b> u8: Tr<'b> { /// Of b.\n #[unstable(feature = \"x\", issue = \"1\")] pub fn b() {} pub fn c() { 1 } }\n\
             impl Tr for fn(u8) -> u8 { type A = u8; } )* } }",
            "macro_rules! m { ($($T:ty)*) => { $( impl<'a, F: FnOnce()> Tr<F> for $T where F: 'a { type A = u8; const B: u8 = 2; }\n\
             impl $T where for<'b> u8: Tr<'b> { pub fn c() {} } impl Tr for fn(u8) -> u8 { type A = u8; } )* } }",
        );
    }

    #[test]
    fn what_another_macro_is_given_stays() {
        let text = "macro_rules! m { () => { n! { #[stable(feature = \"x\", since = \"1\")] Self = u8, /* rot */ fn f() { 1 } } }; }";
        assert_outline(text, text);
    }

    #[test]
    fn macros_that_write_expressions_stay_as_they_are() {
        let text = "macro_rules! m { ($x:expr) => { match $x { Ok(x) => { x + 1 } Err(e) => return Err(e.into()), } }; }";
        assert_outline(text, text);
    }
}
