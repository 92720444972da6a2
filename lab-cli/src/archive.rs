//! Taking one member out of a tar.gz or zip archive.
//!
//! The member is written to a path of our choice, so nothing in an archive can lead outside the cache;
//! names that try are refused all the same, and so are links. Not here: getting the archive, see `source.rs`.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Component, Path};

use anyhow::{Context, Result, bail};

/// Writes the member named `member` of `archive` to `to`; at most `limit` bytes.
///
/// # Errors
/// When the archive is damaged or of another kind, the member is missing, is no plain file, or is larger.
pub fn extract(archive: &Path, member: &str, to: &Path, limit: u64) -> Result<()> {
    check_name(member)?;
    let mut file = File::open(archive)
        .with_context(|| format!("не удалось открыть архив {}", archive.display()))?;
    let mut magic = [0; 2];
    let is_known = file.read_exact(&mut magic).is_ok();
    file.seek(SeekFrom::Start(0))?;
    match &magic {
        [0x1f, 0x8b] if is_known => from_tar(file, member, to, limit),
        b"PK" if is_known => from_zip(file, member, to, limit),
        _ => bail!("это не архив tar.gz и не zip"),
    }
}

/// Writes what the gzip file `packed` holds to `to`; at most `limit` bytes.
///
/// # Errors
/// When the file is damaged or no gzip file, or holds more.
pub fn unpack(packed: &Path, to: &Path, limit: u64) -> Result<()> {
    let file = File::open(packed)
        .with_context(|| format!("не удалось открыть файл {}", packed.display()))?;
    copy(&mut flate2::read::GzDecoder::new(file), to, limit)
        .context("это не файл gzip, или он повреждён")
}

fn from_tar(file: File, member: &str, to: &Path, limit: u64) -> Result<()> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    // Without the names of the extended formats, which are read into memory whole, however long; ours are short.
    for entry in archive.entries().context("архив tar.gz повреждён")?.raw(true) {
        let mut entry = entry.context("архив tar.gz повреждён")?;
        let name = entry.path().context("архив tar.gz повреждён")?.into_owned();
        if name.strip_prefix(".").unwrap_or(&name) != Path::new(member) {
            continue;
        }
        if !entry.header().entry_type().is_file() {
            bail!("{member} в архиве не обычный файл");
        }
        return copy(&mut entry, to, limit);
    }
    bail!("в архиве нет файла {member}")
}

fn from_zip(file: File, member: &str, to: &Path, limit: u64) -> Result<()> {
    let mut archive = zip::ZipArchive::new(file).context("архив zip повреждён")?;
    let mut entry = match archive.by_name(member) {
        Ok(entry) => entry,
        Err(zip::result::ZipError::FileNotFound) => bail!("в архиве нет файла {member}"),
        Err(error) => return Err(error).context("архив zip повреждён"),
    };
    if !entry.is_file() || entry.is_symlink() {
        bail!("{member} в архиве не обычный файл");
    }
    copy(&mut entry, to, limit)
}

fn copy(from: &mut impl Read, to: &Path, limit: u64) -> Result<()> {
    let mut out =
        File::create(to).with_context(|| format!("не удалось создать {}", to.display()))?;
    let copied = io::copy(&mut from.take(limit + 1), &mut out).context("архив повреждён")?;
    if copied > limit {
        bail!("файл в архиве больше, чем должен быть ({limit} байт)");
    }
    Ok(())
}

fn check_name(member: &str) -> Result<()> {
    let is_plain = Path::new(member).components().all(|part| matches!(part, Component::Normal(_)));
    if !is_plain || member.is_empty() {
        bail!("имя «{member}» ведёт за пределы архива");
    }
    Ok(())
}

#[cfg(test)]
pub mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use std::io::Write;

    /// A tar.gz with one plain file; the name is written as it is, even a bad one.
    pub fn tar_gz(name: &str, content: &[u8]) -> Vec<u8> {
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(tar::EntryType::Regular);
        pack(header, content)
    }

    fn pack(mut header: tar::Header, content: &[u8]) -> Vec<u8> {
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        let level = flate2::Compression::fast();
        let mut builder = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), level));
        builder.append(&header, content).unwrap();
        builder.into_inner().unwrap().finish().unwrap()
    }

    fn zip(name: &str, content: &[u8]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
        writer.finish().unwrap().into_inner()
    }

    fn take(bytes: &[u8], member: &str) -> Result<Vec<u8>> {
        let dir = tempfile::tempdir().unwrap();
        let (archive, out) = (dir.path().join("a"), dir.path().join("out"));
        std::fs::write(&archive, bytes).unwrap();
        extract(&archive, member, &out, 100)?;
        Ok(std::fs::read(out).unwrap())
    }

    #[test]
    fn a_member_comes_out_of_both_kinds() {
        assert_eq!(take(&tar_gz("a/b.txt", b"tar"), "a/b.txt").unwrap(), b"tar");
        assert_eq!(take(&zip("a/b.txt", b"zip"), "a/b.txt").unwrap(), b"zip");
    }

    #[test]
    fn a_single_file_is_unpacked_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let (packed, out) = (dir.path().join("a.gz"), dir.path().join("out"));
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(&[7; 100]).unwrap();
        let bytes = writer.finish().unwrap();
        std::fs::write(&packed, &bytes).unwrap();
        unpack(&packed, &out, 100).unwrap();
        assert_eq!(std::fs::read(&out).unwrap(), [7; 100]);
        assert!(unpack(&packed, &out, 99).is_err(), "larger than it must be");
        std::fs::write(&packed, &bytes[..bytes.len() - 9]).unwrap();
        assert!(unpack(&packed, &out, 100).is_err(), "cut off");
        std::fs::write(&packed, "<html>").unwrap();
        assert!(unpack(&packed, &out, 100).is_err(), "no gzip file");
    }

    #[test]
    fn what_is_not_as_expected_is_told() {
        let big = [0; 101];
        for (bytes, member, message) in [
            (tar_gz("a", b"x"), "b", "в архиве нет файла b"),
            (zip("a", b"x"), "b", "в архиве нет файла b"),
            (tar_gz("a", &big), "a", "файл в архиве больше"),
            (zip("a", &big), "a", "файл в архиве больше"),
            (b"<html>".to_vec(), "a", "это не архив"),
            (Vec::new(), "a", "это не архив"),
            (tar_gz("a", b"x")[..30].to_vec(), "a", "архив tar.gz повреждён"),
        ] {
            let error = take(&bytes, member).unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
        }
    }

    #[test]
    fn nothing_leads_outside() {
        for name in ["../evil", "/etc/evil", "a/../../evil", ""] {
            assert!(take(&tar_gz("a", b"x"), name).is_err(), "{name}");
        }
        // Members with such names beside the wanted one are never written.
        let error = take(&tar_gz("../evil", b"x"), "evil").unwrap_err().to_string();
        assert_eq!(error, "в архиве нет файла evil");
        for kind in [tar::EntryType::Symlink, tar::EntryType::Link, tar::EntryType::Fifo] {
            let mut link = tar::Header::new_gnu();
            link.set_path("a").unwrap();
            link.set_entry_type(kind);
            link.set_link_name("/etc/passwd").unwrap();
            let error = take(&pack(link, b""), "a").unwrap_err().to_string();
            assert_eq!(error, "a в архиве не обычный файл");
        }
        let mut writer = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        writer.add_symlink("a", "/etc/passwd", options).unwrap();
        let link = writer.finish().unwrap().into_inner();
        assert_eq!(take(&link, "a").unwrap_err().to_string(), "a в архиве не обычный файл");
    }
}
