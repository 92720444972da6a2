//! Every public item of the library has an example that runs and asserts something.
//!
//! The sources are read, not rustdoc's output, whose machine-readable forms are unstable. That `pub` means "a user can
//! name it" is checked by the compiler (`deny(unreachable_pub)` in `lib.rs`), that the examples pass by `cargo test --doc`.
//!
//! What counts: modules, functions, structs, enums, traits and type aliases need an example of their own. A method
//! needs one too, or is called (that of a trait: written) in an example on the same page: of its type, or of another
//! method of that type. It is looked for by name, so a method of the same name on another type counts as well.
//! Constants, fields, variants and implementations of traits need none. Not here: whether the example is a good one.
//! Read next: `../src/lib.rs`, the guide.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syn::{
    Attribute, Expr, ImplItem, Item, ItemImpl, ItemTrait, Lit, Meta, TraitItem, Type, Visibility,
};

/// What has been read so far.
#[derive(Default)]
struct Library {
    /// Items that need an example of their own: where they are, and whether they have one.
    items: Vec<(String, bool)>,
    /// The examples on the page of each type, as one text.
    pages: BTreeMap<String, String>,
    /// Methods: where they are, type, name, and whether they have an example of their own.
    methods: Vec<(String, String, String, bool)>,
}

impl Library {
    /// Reads the file of a module and the files of the modules in it; `path` is the module's, as `lab::nn`.
    fn file(&mut self, file: &Path, path: &str, public: bool) {
        let source = std::fs::read_to_string(file).unwrap();
        let parsed = syn::parse_file(&source).unwrap();
        let folder = match file.file_stem().unwrap().to_str().unwrap() {
            "mod" | "lib" => file.parent().unwrap().to_path_buf(),
            _ => file.with_extension(""),
        };
        if public {
            // The description of a module stands inside of its file.
            self.items.push((path.to_string(), asserts(&parsed.attrs)));
        }
        self.read(&parsed.items, &folder, path);
    }

    fn read(&mut self, items: &[Item], folder: &Path, path: &str) {
        for item in items {
            match item {
                Item::Fn(item) => self.own(&item.vis, &item.attrs, path, &item.sig.ident),
                Item::Enum(item) => self.type_(&item.vis, &item.attrs, path, &item.ident),
                Item::Struct(item) => self.type_(&item.vis, &item.attrs, path, &item.ident),
                Item::Type(item) => self.own(&item.vis, &item.attrs, path, &item.ident),
                Item::Trait(item) if is_public(&item.vis) => self.trait_(item, path),
                Item::Impl(item) if item.trait_.is_none() => self.methods_of(item, path),
                Item::Mod(item) if item.content.is_none() && !is_test(&item.attrs) => {
                    let name = item.ident.to_string();
                    let beside = folder.join(format!("{name}.rs"));
                    let inside = folder.join(&name).join("mod.rs");
                    let file = if beside.is_file() { beside } else { inside };
                    self.file(&file, &format!("{path}::{name}"), is_public(&item.vis));
                }
                _ => {}
            }
        }
    }

    fn trait_(&mut self, item: &ItemTrait, path: &str) {
        self.type_(&item.vis, &item.attrs, path, &item.ident);
        for inner in &item.items {
            if let TraitItem::Fn(method) = inner {
                self.method(&method.attrs, path, &item.ident, &method.sig.ident);
            }
        }
    }

    fn methods_of(&mut self, item: &ItemImpl, path: &str) {
        let Type::Path(of) = &*item.self_ty else { return };
        let of = &of.path.segments.last().unwrap().ident;
        for inner in &item.items {
            if let ImplItem::Fn(method) = inner
                && is_public(&method.vis)
            {
                self.method(&method.attrs, path, of, &method.sig.ident);
            }
        }
    }

    fn own(&mut self, vis: &Visibility, attrs: &[Attribute], path: &str, name: &syn::Ident) {
        if is_public(vis) {
            self.items.push((format!("{path}::{name}"), asserts(attrs)));
        }
    }

    fn type_(&mut self, vis: &Visibility, attrs: &[Attribute], path: &str, name: &syn::Ident) {
        self.own(vis, attrs, path, name);
        self.pages.entry(name.to_string()).or_default().push_str(&examples(attrs));
    }

    fn method(&mut self, attrs: &[Attribute], path: &str, of: &syn::Ident, name: &syn::Ident) {
        let (of, name, own) = (of.to_string(), name.to_string(), examples(attrs));
        self.methods.push((path.to_string(), of.clone(), name, asserts(attrs)));
        self.pages.entry(of).or_default().push_str(&own);
    }

    /// The items and methods without an example.
    fn missing(&self) -> Vec<String> {
        let items = self.items.iter().filter(|(_, has)| !has).map(|(path, _)| path.clone());
        let methods = self.methods.iter().filter(|(_, of, name, own)| {
            !own && !self.pages.get(of).is_some_and(|page| calls(page, of, name))
        });
        items.chain(methods.map(|(path, of, name, _)| format!("{path}::{of}::{name}"))).collect()
    }
}

fn is_public(vis: &Visibility) -> bool {
    matches!(vis, Visibility::Public(_))
}

/// Whether the item is compiled for tests only.
fn is_test(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| match &attr.meta {
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        _ => false,
    })
}

/// The code of the examples that run, without comments.
fn examples(attrs: &[Attribute]) -> String {
    let mut code = String::new();
    let mut inside: Option<bool> = None;
    let text: Vec<String> = attrs.iter().filter_map(doc).collect();
    for line in text.iter().flat_map(|text| text.lines()) {
        match (line.trim().strip_prefix("```"), inside) {
            (Some(info), None) => inside = Some(runs(info)),
            (Some(_), Some(_)) => inside = None,
            (None, Some(true)) => {
                code.push_str(line.split("// ").next().unwrap());
                code.push('\n');
            }
            (None, _) => {}
        }
    }
    code
}

/// The text of a `///` or `//!`; `None` for another attribute.
fn doc(attr: &Attribute) -> Option<String> {
    match &attr.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            // The page of the crate: its README, then what stands in `lib.rs`.
            Expr::Macro(_) => Some(include_str!("../README.md").to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// Whether rustdoc compiles and runs a block of code that is marked so.
fn runs(info: &str) -> bool {
    info.split(',').map(str::trim).all(|word| matches!(word, "" | "rust" | "should_panic"))
}

/// Whether an example runs and asserts something.
fn asserts(attrs: &[Attribute]) -> bool {
    examples(attrs).contains("assert")
}

/// Whether `code` calls the method, as `x.name(...)`, names it, as `Type::name`, or writes it, as `fn name(`.
fn calls(code: &str, of: &str, name: &str) -> bool {
    let ends = |after: &str| !after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    let called = format!(".{name}");
    let named = format!("{of}::{name}");
    code.match_indices(&called).any(|(at, _)| code[at + called.len()..].starts_with(['(', ':']))
        || code.contains(&format!("fn {name}("))
        || code.match_indices(&named).any(|(at, _)| ends(&code[at + named.len()..]))
}

#[test]
fn every_public_item_has_an_example_that_runs() {
    let mut library = Library::default();
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs");
    library.file(&root, "lab", true);
    // Were nothing found, nothing would be missing.
    assert!(library.items.len() > 150 && library.methods.len() > 200);
    let missing = library.missing();
    assert!(
        missing.is_empty(),
        "without an example that runs and asserts:\n{}",
        missing.join("\n")
    );
}

/// What a file with this text lacks.
fn missing_in(source: &str) -> Vec<String> {
    let mut library = Library::default();
    library.read(&syn::parse_file(source).unwrap().items, Path::new("."), "m");
    library.missing()
}

#[test]
fn an_item_without_an_example_is_told() {
    let with = "/// A.\n/// ```\n/// assert!(true);\n/// ```\n";
    assert_eq!(missing_in("/// A.\npub fn a() {}"), ["m::a"]);
    assert!(missing_in(&format!("{with}pub fn a() {{}}")).is_empty());
    assert!(missing_in("/// A.\nfn a() {}\npub(crate) struct B;").is_empty());
    for other in ["no_run", "ignore", "text", "compile_fail"] {
        let source =
            format!("/// A.\n/// ```{other}\n/// assert!(true);\n/// ```\npub enum A {{}}");
        assert_eq!(missing_in(&source), ["m::A"], "{other}");
    }
    assert_eq!(missing_in("/// A.\n/// ```\n/// a();\n/// ```\npub fn a() {}"), ["m::a"]);
}

#[test]
fn a_method_may_be_shown_on_the_page_of_its_type() {
    let page = |call: &str| {
        format!(
            "/// A.\n/// ```\n/// {call}\n/// assert!(true);\n/// ```\npub struct A;\n\
             impl A {{ /** Go. */ pub fn go(&self) {{}} fn hidden(&self) {{}} }}"
        )
    };
    assert!(missing_in(&page("A.go();")).is_empty());
    assert!(missing_in(&page("A::go(&A);")).is_empty());
    assert_eq!(missing_in(&page("A.gone();")), ["m::A::go"]);
    assert_eq!(missing_in(&page("// A.go();")), ["m::A::go"]);
}
