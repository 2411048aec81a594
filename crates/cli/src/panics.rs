//! What the program prints of panics.

/// Keeps quiet about panics by which devices say that they failed: those come back as errors, in words of their own.
pub fn leave_devices_to_errors() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !rinalmo::is_device_failure(panic) {
            before(panic);
        }
    }));
}
