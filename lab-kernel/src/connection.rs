//! The connection file: where Jupyter tells the kernel to listen, and the key of its messages.
//!
//! A kernel runs whatever a message says, so only programs of this machine that can read the file may talk
//! to it. Every Jupyter client starts its kernels that way unless it is told otherwise; a file that says
//! otherwise is refused. Sockets in a private folder instead of ports keep out the other users of the machine, too: what
//! a kernel publishes goes to whoever connects. Not here: the channels themselves, see `server.rs`.

use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use jupyter_protocol::{ConnectionInfo, Transport};
use rustix::process::geteuid;

/// The one way of signing that the protocol library knows.
const SCHEME: &str = "hmac-sha256";

/// Reads the connection file.
///
/// # Errors
/// When it cannot be read, or does not ask for signed messages on the loopback interface or on sockets in a folder of
/// this user's own; when sockets of an earlier run of this kernel cannot be taken away.
pub fn read(file: &Path) -> Result<ConnectionInfo> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("не прочитан файл соединения {}", file.display()))?;
    let connection = serde_json::from_str(&text)
        .with_context(|| format!("{} не файл соединения Jupyter", file.display()))?;
    check(&connection).with_context(|| format!("файл соединения {} не принят", file.display()))?;
    if matches!(connection.transport, Transport::IPC) {
        forget_earlier_sockets(&connection)?;
    }
    Ok(connection)
}

/// A kernel that is started again gets the file of the one before it, whose sockets are still there if it was killed.
fn forget_earlier_sockets(connection: &ConnectionInfo) -> Result<()> {
    let ports = [
        connection.shell_port,
        connection.iopub_port,
        connection.stdin_port,
        connection.control_port,
        connection.hb_port,
    ];
    for port in ports {
        let socket = format!("{}-{port}", connection.ip);
        match fs::remove_file(&socket) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("прежний сокет {socket} не убран"));
            }
            _ => {}
        }
    }
    Ok(())
}

fn check(connection: &ConnectionInfo) -> Result<()> {
    let ip = connection.ip.as_str();
    match connection.transport {
        Transport::TCP if ip == "localhost" => {}
        Transport::TCP if ip.parse().is_ok_and(|ip: IpAddr| ip.is_loopback()) => {}
        Transport::TCP => bail!(
            "ip «{ip}», ожидался адрес этого компьютера (127.0.0.1): сообщения ядра не шифруются, и по сети \
             их прочёл бы любой. Уберите настройку KernelManager.ip; сервер Jupyter, открытый в сеть или в \
             контейнер (ServerApp.ip), говорит с ядром через 127.0.0.1"
        ),
        Transport::IPC if is_private(Path::new(ip)) => {}
        Transport::IPC => bail!(
            "transport «ipc» с ip «{ip}» (начало имён сокетов), ожидалось место в своей папке с правами 0700: в \
             чужую или открытую папку за сокетом пришёл бы любой. Уберите настройку KernelManager.ip, задайте JUPYTER_RUNTIME_DIR"
        ),
    }
    if connection.key.is_empty() {
        bail!(
            "key пуст, ожидался ключ подписи: ядро без ключа выполнило бы код любой программы этого \
             компьютера. Уберите настройку Session.key, Jupyter сам придумает ключ"
        );
    }
    if connection.signature_scheme != SCHEME {
        bail!(
            "signature_scheme «{}», ожидалось «{SCHEME}»: другой подписи у этого ядра нет; уберите настройку \
             Session.signature_scheme",
            connection.signature_scheme
        );
    }
    Ok(())
}

/// Whether only this user gets to sockets whose names begin so.
fn is_private(socket: &Path) -> bool {
    let is_own = |folder: fs::Metadata| {
        folder.is_dir() && folder.mode() & 0o077 == 0 && folder.uid() == geteuid().as_raw()
    };
    let folder = socket.parent().filter(|_| socket.is_absolute());
    folder.is_some_and(|folder| fs::metadata(folder).is_ok_and(is_own))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// The file as jupyter_client 8 writes it, with some fields changed.
    fn file(changes: &serde_json::Value) -> Result<ConnectionInfo> {
        let mut fields = serde_json::json!({
            "shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5,
            "ip": "127.0.0.1", "key": "c6ea5bd8-f14e3c2d9e8a4b5f6a7b8c9d", "transport": "tcp",
            "signature_scheme": "hmac-sha256", "kernel_name": "rust", "jupyter_session": "a.ipynb",
        });
        for (name, value) in changes.as_object().unwrap() {
            fields[name] = value.clone();
        }
        let path = std::env::temp_dir().join(uuid::Uuid::new_v4().to_string());
        std::fs::write(&path, fields.to_string()).unwrap();
        let connection = read(&path);
        std::fs::remove_file(&path).unwrap();
        connection
    }

    #[test]
    fn what_clients_write_is_taken() {
        for ip in ["127.0.0.1", "127.1.2.3", "localhost", "::1"] {
            assert_eq!(file(&serde_json::json!({ "ip": ip })).unwrap().ip, ip);
        }
    }

    #[test]
    fn sockets_are_taken_in_a_private_folder_only_and_earlier_ones_go() {
        let folder = std::env::temp_dir().join(uuid::Uuid::new_v4().to_string());
        fs::create_dir(&folder).unwrap();
        let name = folder.join("kernel-ipc").to_string_lossy().into_owned();
        let open = |mode| {
            fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
            file(&serde_json::json!({ "transport": "ipc", "ip": name }))
        };
        for mode in [0o755, 0o770, 0o701] {
            let error = format!("{:#}", open(mode).unwrap_err());
            assert!(error.contains(&name) && error.contains("JUPYTER_RUNTIME_DIR"), "{error}");
        }
        for earlier in [1, 5, 6] {
            fs::write(format!("{name}-{earlier}"), "").unwrap();
        }
        assert_eq!(open(0o700).unwrap().ip, name);
        let left: Vec<_> = fs::read_dir(&folder).unwrap().collect();
        assert_eq!(left.len(), 1, "only the file that is no socket of this kernel stays");
        for other in ["kernel-ipc", "/no/such/folder/kernel-ipc"] {
            assert!(file(&serde_json::json!({ "transport": "ipc", "ip": other })).is_err());
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_opens_the_kernel_to_others_is_refused_with_a_cure() {
        for (field, value, expected) in [
            ("ip", "0.0.0.0", "KernelManager.ip"),
            ("ip", "", "KernelManager.ip"),
            ("ip", "*", "KernelManager.ip"),
            ("ip", "::", "KernelManager.ip"),
            ("ip", "192.168.0.7", "KernelManager.ip"),
            ("ip", "::ffff:10.0.0.1", "KernelManager.ip"),
            ("ip", "localhost.example.org", "KernelManager.ip"),
            ("key", "", "Session.key"),
            ("signature_scheme", "hmac-md5", "Session.signature_scheme"),
            ("signature_scheme", "", "Session.signature_scheme"),
        ] {
            let error = format!("{:#}", file(&serde_json::json!({ field: value })).unwrap_err());
            assert!(error.contains(expected), "{field} {value}: {error}");
            assert!(error.contains(&format!("{field} ")), "{field} {value}: {error}");
        }
        let error = format!("{:#}", file(&serde_json::json!({ "key": null })).unwrap_err());
        assert!(error.contains("не файл соединения Jupyter"), "{error}");
    }
}
