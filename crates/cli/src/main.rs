//! The `rinalmo` command; everything is in the library beside it, so that tests can read the command's definitions.

/// Whether standard output is closed must be asked before `main`: Rust's runtime then opens `/dev/null` in its place, and
/// results would go there without a word.
#[cfg(any(target_os = "linux", target_vendor = "apple"))]
mod before_main {
    use std::sync::atomic::Ordering;

    // SAFETY: the loader calls the functions of this section once, before `main` and any other thread.
    #[used]
    #[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array"))]
    #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
    static LOOK: extern "C" fn() = look;

    extern "C" fn look() {
        // SAFETY: asks for the flags of a descriptor, and takes any number for one.
        let flags = unsafe { libc::fcntl(libc::STDOUT_FILENO, libc::F_GETFD) };
        rinalmo_cli::STANDARD_OUTPUT_IS_CLOSED.store(flags == -1, Ordering::Relaxed);
    }
}

fn main() -> std::process::ExitCode {
    rinalmo_cli::main()
}
