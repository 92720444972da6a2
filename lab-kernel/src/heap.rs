//! Memory that an idle kernel gives back to the system.
//!
//! The compiler's front end in the kernel frees a quarter of what it takes for a session's first cell, and the allocator keeps
//! it: with thirty kernels of a class that is two gigabytes. Not here: the memory of the cells, which is another
//! process's and stays as the library's settings say.

#![allow(unsafe_code, reason = "glibc's allocator is asked by a C function")]

/// Gives free memory back to the system, where the allocator is glibc's. Takes a tenth of a second.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: the function may be called at any time from any thread, as malloc itself; it keeps no pointer.
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[test]
    fn freed_memory_between_used_blocks_goes_back() {
        let resident = || {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
            line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap()
        };
        // Blocks too small for pages of their own; every 64th stays, so that the heap cannot shrink at its end.
        let mut blocks: Vec<_> = (0..16_384).map(|i| Some(vec![i as u8; 4096])).collect();
        for (i, block) in blocks.iter_mut().enumerate() {
            if i % 64 != 0 {
                *block = None;
            }
        }
        let before = resident();
        super::give_back();
        let after = resident();
        assert!(before > after + (32 << 10), "{before} KiB, then {after} KiB");
        assert_eq!(blocks.iter().flatten().count(), 256);
    }
}
