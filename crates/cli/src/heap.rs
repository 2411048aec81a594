//! How the program's heap behaves.

/// Has freed buffers kept for the next step instead of handing each back to the system and asking for zeroed pages again:
/// training allocates and frees the same hundreds of MiB at every step. Up to 2 GiB at the heap's end stay.
///
/// Does nothing where the C library is not glibc.
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
