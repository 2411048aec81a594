//! What comes in and what goes out: records, tables, progress, failures.

mod download;
mod failures;
mod input;
mod job;
mod literal;
mod output;
mod plain;
mod progress;
mod renamed;
mod rows;

pub use download::DownloadBar;
pub use failures::{Failures, OutputFailure, chain, first_of, is_closed_pipe, is_output_failure, many};
pub use input::{Feed, InputArgs, Read, feed};
pub use job::{Job, run};
pub use output::{OutputArgs, create};
pub use progress::Progress;
pub use renamed::{report, report_renamed};
pub use rows::{Field, Rows, TableArgs, number};
