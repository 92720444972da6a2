//! For those who shut a program in: its namespaces, the addresses it gets, and a shell function that makes all that is mounted
//! read-only.
//!
//! The function is used inside a mount namespace of its own (`grade/sandbox.rs`, `hub/walls.rs`, `course.rs`), where
//! nobody else sees it.

/// The options of `unshare` for namespaces of a program's own; all its processes end when the first one does.
pub const ALONE: [&str; 7] =
    ["--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];

/// Bytes of address space of a process: more than any step of the lab takes, and little enough that one mistaken size of a
/// tensor ends the student's own kernel, not the machine's other programs.
pub const ADDRESS_SPACE: u64 = 8 << 30;

/// `read_only POINT…` leaves the mounts at the given points and the processes' /proc as they are. The kernel's
/// settings below /proc/sys obey root's number even where it has no rights; so they are closed too.
pub const READ_ONLY: &str = r#"
set -e
read_only() {
  while read -r _ _ _ _ point options _; do
    case "$options" in rw|rw,*) ;; *) continue ;; esac
    case "$point" in *\\*) point=$(printf '%b' "$point") ;; esac
    case "$point" in /proc|/proc/*) continue ;; esac
    for kept in "$@"; do
      if [ "$point" = "$kept" ]; then continue 2; fi
    done
    case "$point" in
      /) mount -o remount,bind,ro / ;;
      *) mount -o "remount,bind,ro${options#rw}" "$point" 2>/dev/null || true ;;
    esac
  done < /proc/self/mountinfo
  mount --bind /proc/sys /proc/sys
  mount -o remount,bind,ro /proc/sys
}
"#;
