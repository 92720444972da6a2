//! A data set that is a folder of images: unpacking it from a zip archive, and its hash.
//!
//! The archive itself is not compared with anything: the same images are packed in more than one way. The
//! hash is taken over the images alone. Not here: archives of one file (`archive.rs`). Read next: `fetch.rs`.

use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::stamp;

/// What counts as an image, in lower case; other files are left in the archive.
const EXTENSIONS: [&str; 3] = ["jpg", "jpeg", "png"];
/// An archive of more members is not one of ours.
const MAX_MEMBERS: usize = 100_000;

/// Writes the images below the folder `top` of the zip file `archive` to the folder `to`; at most `limit` bytes.
///
/// # Errors
/// When the archive is damaged or holds more, or a member is a link or leads outside.
pub fn unpack(archive: &Path, top: &str, to: &Path, limit: u64) -> Result<()> {
    let file = File::open(archive)
        .with_context(|| format!("не удалось открыть архив {}", archive.display()))?;
    let mut archive = zip::ZipArchive::new(file).context("это не архив zip, или он повреждён")?;
    if archive.len() > MAX_MEMBERS {
        bail!("в архиве слишком много файлов: {}", archive.len());
    }
    let mut room = limit;
    for i in 0..archive.len() {
        let mut entry = archive.by_index(i).context("архив zip повреждён")?;
        let name = entry.name().context("архив zip повреждён")?.into_owned();
        let Some(below) = place(&name, top)? else { continue };
        if !entry.is_file() || entry.is_symlink() {
            bail!("{name} в архиве не обычный файл");
        }
        let path = to.join(below);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)
                .with_context(|| format!("не удалось создать папку {}", parent.display()))?;
        }
        let mut out = File::create(&path)
            .with_context(|| format!("не удалось создать {}", path.display()))?;
        let mut bounded = io::Read::take(&mut entry, room + 1);
        let copied = io::copy(&mut bounded, &mut out).context("архив повреждён")?;
        room = match room.checked_sub(copied) {
            Some(room) => room,
            None => bail!("в архиве больше данных, чем должно быть ({limit} байт)"),
        };
    }
    Ok(())
}

/// Where the member `name` belongs below the folder; `None` for what is not an image of the set.
fn place(name: &str, top: &str) -> Result<Option<PathBuf>> {
    let path = Path::new(name);
    let is_plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    if !is_plain || name.contains('\\') {
        bail!("имя «{name}» ведёт за пределы архива");
    }
    let below = path.strip_prefix(top).ok().filter(|below| is_image(below) && !name.ends_with('/'));
    Ok(below.map(Path::to_path_buf))
}

fn is_image(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    EXTENSIONS.contains(&extension.as_str())
}

/// The number of images below a folder, their bytes and their common SHA-256; `None` when there is no such folder.
///
/// The hash is that of the lines `path SHA-256`, sorted by path, with `/` between folders.
///
/// # Errors
/// When something there cannot be read.
pub fn sha256(dir: &Path) -> Result<Option<(usize, u64, String)>> {
    if !dir.is_dir() {
        return Ok(None);
    }
    let (mut lines, mut size) = (Vec::new(), 0);
    let mut folders = vec![(dir.to_path_buf(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        let failed = || format!("не удалось прочитать {}", folder.display());
        for entry in fs::read_dir(&folder).with_context(failed)? {
            let entry = entry.with_context(failed)?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type().with_context(failed)?.is_dir() {
                folders.push((entry.path(), name + "/"));
            } else if is_image(&entry.path()) {
                let hash = stamp::sha256(&entry.path())?.unwrap_or_default();
                size += entry.metadata().with_context(failed)?.len();
                lines.push((name, hash));
            }
        }
    }
    lines.sort();
    let mut hash = Sha256::new();
    lines.iter().for_each(|(name, content)| hash.update(format!("{name} {content}\n")));
    Ok(Some((lines.len(), size, stamp::hex(&hash.finalize()))))
}

/// Compares a folder with the size and the hash it must have.
///
/// # Errors
/// When it holds other images (both numbers are told).
pub fn check(dir: &Path, size: u64, sha256_of_all: &str) -> Result<()> {
    let (count, found_size, found) = sha256(dir)?.unwrap_or_default();
    if found_size == size && found == sha256_of_all {
        return Ok(());
    }
    bail!(
        "пришёл не тот набор: {count} картинок, {found_size} байт, SHA-256 {found}; ожидалось {size} байт, \
         SHA-256 {sha256_of_all}"
    )
}

#[cfg(test)]
pub mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io::Write;

    /// A zip file of the given members; the names are written as they are, even bad ones.
    pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        for (name, content) in members {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn unpacked(bytes: &[u8], limit: u64) -> Result<(tempfile::TempDir, usize)> {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.zip"), bytes).unwrap();
        unpack(&dir.path().join("a.zip"), "set", &dir.path().join("in/out"), limit)?;
        let count = sha256(&dir.path().join("in/out"))?.map_or(0, |(count, ..)| count);
        Ok((dir, count))
    }

    #[test]
    fn images_below_the_top_folder_come_out_and_nothing_else() {
        let members: [(&str, &[u8]); 6] = [
            ("set/train/b/2.JPG", b"22"),
            ("set/train/a/1 x.jpeg", b"1"),
            ("set/train/a/x.gif", b"gif"),
            ("set/.DS_Store", b"x"),
            ("other/3.png", b"x"),
            ("4.png", b"x"),
        ];
        let (dir, count) = unpacked(&zip(&members), 3).unwrap();
        assert_eq!(count, 2);
        assert_eq!(fs::read(dir.path().join("in/out/train/b/2.JPG")).unwrap(), b"22");
        let (count, size, hash) = sha256(&dir.path().join("in/out")).unwrap().unwrap();
        // printf 'train/a/1 x.jpeg %s\ntrain/b/2.JPG %s\n' $(printf 1 | sha256sum | cut -c-64)
        //     $(printf 22 | sha256sum | cut -c-64) | sha256sum
        let expected = "905a258b8cd25cf87680b7cbeec53d16362e42450a72cd33a3fdb636a2f52967";
        assert_eq!((count, size, hash.as_str()), (2, 3, expected));
        fs::write(dir.path().join("in/out/note.txt"), "x").unwrap();
        check(&dir.path().join("in/out"), 3, expected).unwrap();
        fs::write(dir.path().join("in/out/train/b/2.JPG"), "23").unwrap();
        let error = check(&dir.path().join("in/out"), 3, expected).unwrap_err().to_string();
        assert!(error.starts_with("пришёл не тот набор: 2 картинок, 3 байт"), "{error}");
        assert_eq!(sha256(&dir.path().join("none")).unwrap(), None);
    }

    #[test]
    fn nothing_leads_outside() {
        for name in ["set/../../evil.jpg", "../evil.jpg", "/evil.jpg", "set/..\\..\\evil.jpg"] {
            let error = unpacked(&zip(&[(name, b"x")]), 9).unwrap_err().to_string();
            assert!(error.contains("ведёт за пределы архива"), "{name}: {error}");
        }
        let mut writer = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        writer.add_symlink("set/a.jpg", "/etc/passwd", options).unwrap();
        let link = writer.finish().unwrap().into_inner();
        let error = unpacked(&link, 99).unwrap_err().to_string();
        assert_eq!(error, "set/a.jpg в архиве не обычный файл");
    }

    #[test]
    fn too_much_and_damage_are_told() {
        let two = zip(&[("set/a.jpg", b"12"), ("set/b.jpg", b"34")]);
        assert!(unpacked(&two, 4).is_ok());
        assert!(unpacked(&two, 3).unwrap_err().to_string().contains("(3 байт)"));
        assert!(unpacked(&two[..two.len() / 2], 9).is_err());
        assert!(unpacked(b"<html>", 9).unwrap_err().to_string().contains("это не архив zip"));
    }
}
