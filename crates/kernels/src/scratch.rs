//! Scratch memory that a thread keeps from one call to the next.
//!
//! Fresh memory costs a page fault every 4 KiB, which is a tenth of the time of a product of a few megabytes.

use std::cell::RefCell;

use crate::aligned::Line;

/// Most lines of 64 bytes that a thread keeps, 64 MiB; larger memory is freed.
const MOST_LINES: usize = 1 << 20;

thread_local! {
    static FREE: RefCell<Vec<Vec<Line>>> = const { RefCell::new(Vec::new()) };
}

/// Calls `work` with this many values, aligned to a cache line and of any content.
///
/// Calls may be nested; each gets its own memory.
pub(crate) fn with_scratch<T>(values: usize, work: impl FnOnce(&mut [f32]) -> T) -> T {
    let mut lines = FREE.with_borrow_mut(Vec::pop).unwrap_or_default();
    let needed = values.div_ceil(Line::TERMS);
    if lines.len() < needed {
        lines = Line::zeros(values);
    }
    let result = work(&mut bytemuck::cast_slice_mut(&mut lines)[..values]);
    if lines.len() <= MOST_LINES {
        FREE.with_borrow_mut(|kept| kept.push(lines));
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_calls_get_memory_of_their_own() {
        with_scratch(40, |outer| {
            outer.fill(1.0);
            with_scratch(40, |inner| inner.fill(2.0));
            assert!(outer.iter().all(|&x| x == 1.0));
        });
        with_scratch(100, |again| assert_eq!(again.len(), 100));
    }
}
