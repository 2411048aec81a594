//! From file names to sequences: decompression by content, the format by content, several inputs as one stream.

mod contents;
mod decompress;
mod kinds;
mod record;
mod sequences;
mod zstd_frames;

pub use contents::Contents;
pub use decompress::{name_of, open};
pub use kinds::Kinds;
pub use record::{InputOptions, OnInvalid, SequenceRecord};
pub use sequences::Sequences;
