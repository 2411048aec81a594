//! The process's panic hook belongs to the program. This test has its own file, as all tests of a file share the hook.

use std::panic::{catch_unwind, set_hook, take_hook};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rinalmo::Device;

const NAMES: [&str; 5] = ["auto", "cpu", "wgpu", "wgpu:97", "tch:cuda"];

#[test]
fn opening_devices_never_takes_the_panic_hook_away() {
    let (calls, done) = (Arc::new(AtomicUsize::new(0)), AtomicBool::new(false));
    let counter = calls.clone();
    let before = take_hook();
    set_hook(Box::new(move |panic| match panic.payload().downcast_ref::<&str>() {
        Some(&"this message belongs to the test") => drop(counter.fetch_add(1, Ordering::SeqCst)),
        _ if rinalmo::is_device_failure(panic) => {}
        _ => before(panic),
    }));
    let mut thrown = 0;
    std::thread::scope(|scope| {
        let openers: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| NAMES.iter().for_each(|name| drop(Device::open(name.parse().unwrap())))))
            .collect();
        let panics = scope.spawn(|| {
            let mut thrown = 0;
            while thrown == 0 || !done.load(Ordering::SeqCst) {
                assert!(catch_unwind(|| panic!("this message belongs to the test")).is_err());
                thrown += 1;
            }
            thrown
        });
        openers.into_iter().for_each(|opener| opener.join().unwrap());
        done.store(true, Ordering::SeqCst);
        thrown = panics.join().unwrap();
    });
    assert_eq!(calls.load(Ordering::SeqCst), thrown, "the hook was away for a while");
}
