//! The `rinalmo` command. Its code is in the library next to it, so that tests can read the definitions of the
//! commands.

/// Checks before `main` whether standard output is closed: Rust's runtime opens `/dev/null` in its place, and results
/// would be lost without an error.
#[cfg(any(target_os = "linux", target_vendor = "apple"))]
mod before_main {
    use std::sync::atomic::Ordering;

    // SAFETY: the loader calls the functions of this section once, before `main` and any other thread.
    #[used]
    #[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array"))]
    #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
    static CHECK: extern "C" fn() = check;

    extern "C" fn check() {
        // SAFETY: reads the flags of a descriptor; any number is accepted.
        let flags = unsafe { libc::fcntl(libc::STDOUT_FILENO, libc::F_GETFD) };
        rinalmo_cli::STANDARD_OUTPUT_IS_CLOSED.store(flags == -1, Ordering::Relaxed);
    }
}

fn main() -> std::process::ExitCode {
    rinalmo_cli::main()
}
