//! The packages of Python: `requirements.txt` pins each file that pip may fetch.
//!
//! pip itself refuses a file whose hash is not there, as soon as one line has a hash.

use super::{Checked, is_hex};

/// Each line is one version of one package, with the SHA-256 of its files.
pub fn check(text: &str) -> Checked {
    let text = text.replace("\\\n", " ");
    let lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let (mut complaints, mut count) = (Vec::new(), 0);
    for line in lines {
        count += 1;
        let (requirement, hashes) = line.split_once("--hash=").unwrap_or((line, ""));
        let requirement = requirement.trim();
        let name_and_version = requirement.split(';').next().unwrap_or_default().trim();
        if !is_pinned(name_and_version) {
            complaints.push(format!("«{requirement}» не одна версия одного пакета"));
        }
        let is_sha256 =
            |hash: &str| hash.trim().strip_prefix("sha256:").is_some_and(|sum| is_hex(sum, 64));
        if !hashes.split("--hash=").all(is_sha256) {
            complaints.push(format!("«{requirement}»: нет SHA-256"));
        }
    }
    Checked {
        seen: format!("{count} пакетов, каждый в одной версии и с SHA-256"), complaints
    }
}

/// `name==version` or `name[extra,...]==version`, and nothing else: no address, no folder, no option of pip.
fn is_pinned(text: &str) -> bool {
    let plain = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphanumeric())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "._-+!".contains(c))
    };
    let is_name = |name: &str| match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
        Some((name, extras)) => plain(name) && extras.split(',').all(plain),
        None => plain(name),
    };
    text.split_once("==").is_some_and(|(name, version)| is_name(name) && plain(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requirement_without_version_or_hash_is_told() {
        let hash = format!("--hash=sha256:{}", "a".repeat(64));
        let good = format!(
            "# comment\nzmq==27.1.0 \\\n    {hash} \\\n    {hash}\nmac[a,b-c]==1.0 ; sys_platform == 'darwin' \\\n    {hash}\n"
        );
        assert!(check(&good).complaints.is_empty(), "{:?}", check(&good));
        assert!(check(&good).seen.starts_with("2 "));
        for (line, complaint) in [
            ("zmq==27.1.0".to_owned(), "«zmq==27.1.0»: нет SHA-256"),
            (format!("zmq==27.1.0 {}", &hash[..40]), "«zmq==27.1.0»: нет SHA-256"),
            (format!("zmq==27.1.0 {hash} --hash=md5:aa"), "«zmq==27.1.0»: нет SHA-256"),
            (format!("zmq>=27.1.0 {hash}"), "«zmq>=27.1.0» не одна версия одного пакета"),
            (format!("zmq[]==27.1 {hash}"), "«zmq[]==27.1» не одна версия одного пакета"),
            (format!("zmq[a]b==27.1 {hash}"), "«zmq[a]b==27.1» не одна версия одного пакета"),
            (format!("zmq==27.* {hash}"), "«zmq==27.*» не одна версия одного пакета"),
            (
                format!("zmq @ https://example.org/zmq==1.whl {hash}"),
                "«zmq @ https://example.org/zmq==1.whl» не одна версия одного пакета",
            ),
            (
                format!("--index-url=https://example.org {hash}"),
                "«--index-url=https://example.org» не одна версия одного пакета",
            ),
        ] {
            assert_eq!(check(&line).complaints, [complaint]);
        }
    }
}
