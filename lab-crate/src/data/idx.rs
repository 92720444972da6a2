//! The idx format of the MNIST files: a header of sizes, then bytes (LeCun, Cortes, Burges, 1998).
//!
//! Not here: which files there are (`mnist.rs`).

use crate::{Error, Result};

/// The header's third byte for unsigned bytes, the only type the set uses.
const UNSIGNED_BYTES: u8 = 8;

/// The sizes and the bytes of an idx file of rank `rank`; the bytes are as many as the sizes say.
///
/// # Errors
/// The header is another one, or there are more or fewer bytes (the numbers are told).
pub(crate) fn parse<'a>(
    title: &str,
    file: &'a [u8],
    rank: usize,
) -> Result<(Vec<usize>, &'a [u8])> {
    let wrong = |what: String| Error::Data(format!("{title}: {what}"));
    let magic = [0, 0, UNSIGNED_BYTES, rank as u8];
    if file.get(..4) != Some(&magic[..]) {
        let found = &file[..file.len().min(4)];
        return Err(wrong(format!("файл начинается с {found:?}, а у idx здесь {magic:?}")));
    }
    let Some((header, bytes)) = file[4..].split_at_checked(4 * rank) else {
        return Err(wrong(format!("файл обрывается в заголовке: в нём {} байт", file.len())));
    };
    let (sizes, _) = header.as_chunks::<4>();
    let sizes: Vec<usize> = sizes.iter().map(|size| u32::from_be_bytes(*size) as usize).collect();
    let expected = sizes.iter().try_fold(1usize, |product, &size| product.checked_mul(size));
    if expected != Some(bytes.len()) {
        return Err(wrong(format!(
            "в заголовке размеры {sizes:?}, а байт после него {}",
            bytes.len()
        )));
    }
    Ok((sizes, bytes))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Rng;

    /// Two images of 1 x 3.
    const FILE: [u8; 22] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255];

    #[test]
    fn sizes_and_bytes_come_out() {
        let (sizes, bytes) = parse("Проба", &FILE, 3).unwrap();
        assert_eq!((&sizes[..], bytes), (&[2, 1, 3][..], &[1, 2, 3, 4, 5, 255][..]));
    }

    #[test]
    fn damaged_files_are_told_and_never_panic() {
        let error = |file: &[u8], rank| parse("Проба", file, rank).unwrap_err().to_string();
        assert_eq!(
            error(&FILE[..20], 3),
            "Проба: в заголовке размеры [2, 1, 3], а байт после него 4"
        );
        assert!(error(&FILE, 1).contains("начинается с [0, 0, 8, 3], а у idx здесь [0, 0, 8, 1]"));
        assert!(error(&FILE[..9], 3).contains("обрывается в заголовке: в нём 9 байт"));
        assert!(error(&[], 3).contains("начинается с []"));
        let mut huge = FILE;
        huge[4..16].fill(255);
        assert!(error(&huge, 3).contains("4294967295"));
        let mut rng = Rng::seed(4);
        for _ in 0..2000 {
            let mut file = FILE[..rng.below(FILE.len() + 1)].to_vec();
            if let Some(byte) = file.len().checked_sub(1).map(|last| rng.below(last + 1)) {
                file[byte] = rng.below(256) as u8;
            }
            if let Ok((sizes, bytes)) = parse("Проба", &file, 3) {
                assert_eq!(sizes.iter().product::<usize>(), bytes.len());
            }
        }
    }
}
