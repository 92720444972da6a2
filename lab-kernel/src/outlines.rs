//! The folder of outlines in a template: of the standard library and of the crates whose types a library names.
//!
//! Made once with the template. A session sees the folder through a link, so that paths in it are the session's own and can be
//! remembered for any session (see front.rs).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::{outline, std_source, tree};

/// The folder's name in a template, the link's in a session.
pub const FOLDER: &str = "outlines";

/// Shows the session in `dir` the outlines of its template.
///
/// # Errors
/// When the link cannot be made.
pub fn use_in(dir: &Path, template: &Path) -> io::Result<()> {
    let link = dir.join(FOLDER);
    tree::forget(&link)?;
    std::os::unix::fs::symlink(template.join(FOLDER), link)
}

/// Shows the session in `dir` a standard library without a word.
///
/// # Errors
/// When the folder cannot be written.
pub fn hide_in(dir: &Path) -> io::Result<()> {
    let folder = dir.join(FOLDER);
    tree::forget(&folder)?;
    std_source::make_empty(&folder)
}

/// The outline of a registry's crate whose sources lie in `root`, if there is one or `may_make` it: only the template's builder
/// may, since sessions share it.
pub fn of_crate(
    outlines: &Path,
    name: &str,
    version: &str,
    root: &Path,
    may_make: bool,
) -> Option<PathBuf> {
    let folder = outlines.join(format!("{name}-{version}"));
    if !folder.exists() && may_make {
        let part = outlines.join(format!("{name}.{}", std::process::id()));
        let made = outline::copy(root, &part).and_then(|()| fs::rename(&part, &folder));
        if let Err(error) = made {
            // rust-analyzer reads the crate itself then.
            eprintln!("outline of {name}: {error}");
        }
    }
    folder.exists().then_some(folder)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_session_sees_what_the_template_has_and_adds_nothing() {
        let root = std::env::temp_dir().join(format!("lab-kernel-outlines-{}", std::process::id()));
        let (template, session, source) =
            (root.join("template"), root.join("session"), root.join("half"));
        for dir in [&template.join(FOLDER), &session, &source.join("src"), &source.join("tests")] {
            fs::create_dir_all(dir).unwrap();
        }
        fs::write(source.join("src/lib.rs"), "pub fn f() -> u8 { 1 }").unwrap();
        fs::write(source.join("tests/it.rs"), "fn a() {}").unwrap();
        let made = of_crate(&template.join(FOLDER), "half", "2.0.0", &source, true).unwrap();
        assert_eq!(fs::read_to_string(made.join("src/lib.rs")).unwrap(), "pub fn f() -> u8 {}");
        assert!(!made.join("tests").exists());
        let seen = session.join(FOLDER);
        let of = |version| of_crate(&seen, "half", version, &source, false);
        for _ in 0..2 {
            hide_in(&session).unwrap();
            assert_eq!(of("2.0.0"), None);
            assert_eq!(
                fs::read_to_string(std_source::folder(&seen).join("core/src/lib.rs")).unwrap(),
                ""
            );
            use_in(&session, &template).unwrap();
            use_in(&session, &template).unwrap();
            assert_eq!(of("2.0.0"), Some(seen.join("half-2.0.0")));
        }
        assert_eq!(of("3.0.0"), None);
        assert_eq!(fs::read_dir(template.join(FOLDER)).unwrap().count(), 1);
        fs::remove_dir_all(root).unwrap();
    }
}
