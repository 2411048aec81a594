//! The setters that the options of every verb have.

/// Writes the setters of `max_memory` and `batch_tokens` for some options.
macro_rules! limits {
    ($options:ident) => {
        impl $options {
            #[doc = concat!("Sets [`", stringify!($options), "::max_memory`], in bytes.")]
            #[must_use]
            pub fn max_memory(mut self, max_memory: impl Into<Option<u64>>) -> Self {
                self.max_memory = max_memory.into();
                self
            }

            #[doc = concat!("Sets [`", stringify!($options), "::batch_tokens`].")]
            #[must_use]
            pub fn batch_tokens(mut self, batch_tokens: usize) -> Self {
                self.batch_tokens = batch_tokens;
                self
            }
        }
    };
}

pub(crate) use limits;
