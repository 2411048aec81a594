//! How the program's heap behaves.

/// Keeps freed buffers for the next step instead of returning each to the system and asking for zeroed pages again:
/// training allocates and frees the same hundreds of MiB at every step. Up to 2 GiB at the end of the heap are kept.
///
/// Does nothing if the C library is not glibc.
pub fn keep_buffers() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        const PAD: libc::c_int = 256 << 20;
        let keep = [
            (libc::M_MMAP_THRESHOLD, libc::c_int::MAX),
            (libc::M_TRIM_THRESHOLD, libc::c_int::MAX),
            (libc::M_TOP_PAD, PAD),
        ];
        for (setting, bytes) in keep {
            // SAFETY: glibc's `mallopt` takes any parameter and value, under a lock of its own.
            unsafe { libc::mallopt(setting, bytes) };
        }
    }
}
