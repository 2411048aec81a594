//! How the program reports panics.

/// Does not print panics by which devices report a failure: they are returned as errors with their own messages.
pub fn leave_devices_to_errors() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !rinalmo::is_device_failure(panic) {
            before(panic);
        }
    }));
}
