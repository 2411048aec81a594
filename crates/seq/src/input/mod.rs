//! From file names to sequences: decompression by content, the encoding and the format by content, several inputs as
//! one stream.

mod alignment;
mod contents;
mod decompress;
mod flat;
mod format;
mod gzip_members;
mod kinds;
mod line_ends;
mod record;
mod remarks;
mod sequences;
mod table;
mod text;
mod zstd_frames;

pub use contents::Contents;
pub use decompress::{name_of, open, open_bytes};
pub use kinds::Kinds;
pub use record::{Gaps, InputOptions, OnInvalid, Remarks, SequenceRecord};
pub use remarks::FileRemarks;
pub use sequences::Sequences;
