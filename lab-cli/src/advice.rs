//! What to do about an error of the system: a full disk, a folder that cannot be written.
//!
//! Not here: what was being done, which the error itself says.

use std::io::{self, ErrorKind};

/// The advice, in the student's language; `None` where the system is not to blame, or the error has its own.
pub fn of(error: &anyhow::Error) -> Option<&'static str> {
    error.chain().find_map(|cause| cause.downcast_ref::<io::Error>()).and_then(about)
}

fn about(error: &io::Error) -> Option<&'static str> {
    Some(match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "на диске нет места; освободите его (сколько нужно, скажет cargo lab doctor) и повторите команду. \
             То, что было, осталось как было"
        }
        ErrorKind::FileTooLarge => {
            "система не разрешает файлы такой величины (ulimit -f); снимите предел и повторите команду"
        }
        ErrorKind::ReadOnlyFilesystem => {
            "сюда можно только читать; скопируйте папку лабораторной туда, где можно писать, и повторите там"
        }
        ErrorKind::PermissionDenied => {
            "нет прав на этот файл или папку; посмотрите, чьи они (ls -l), и работайте под тем же именем"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use anyhow::Context;

    #[test]
    fn the_cause_decides_whatever_stands_around_it() {
        let full: anyhow::Result<()> = Err(io::Error::from(ErrorKind::StorageFull).into());
        let error = full.context("не удалось записать").unwrap_err();
        assert!(of(&error).unwrap().contains("освободите"));
        assert!(of(&anyhow::anyhow!("нет места")).is_none());
        assert!(of(&io::Error::from(ErrorKind::NotFound).into()).is_none());
    }
}
