//! Opening a device swaps the process's panic hook for a moment. Alone in its file, as the hook is
//! shared by all tests of one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rinalmo::Device;

const NAMES: [&str; 5] = ["auto", "cpu", "wgpu", "wgpu:97", "tch:cuda"];

#[test]
fn opening_devices_on_many_threads_leaves_the_panic_hook_alone() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        counter.fetch_add(1, Ordering::SeqCst);
        before(panic);
    }));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| NAMES.iter().for_each(|name| drop(Device::open(name.parse().unwrap()))));
        }
    });
    assert_eq!(calls.load(Ordering::SeqCst), 0, "opening printed a panic");
    assert!(std::panic::catch_unwind(|| panic!("this message belongs to the test")).is_err());
    assert_eq!(calls.load(Ordering::SeqCst), 1, "the hook is no longer there");
}
