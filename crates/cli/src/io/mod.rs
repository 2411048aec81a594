//! Input and output: records, tables, progress, failures.

mod arrays;
mod download;
mod failures;
pub mod files;
mod hints;
mod input;
mod job;
mod literal;
mod output;
mod overwrite;
mod part_file;
mod plain;
mod progress;
mod record_files;
mod renamed;
mod rows;
mod say;

pub use arrays::{Arrays, WhenStopped, kept};
pub use download::DownloadBar;
pub use failures::{FailureArgs, Failures, OutputFailure, chain, first_of, is_closed_pipe, is_output_failure};
pub use input::{Feed, InputArgs, Read, feed};
pub use job::{Asked, Job, run};
pub use output::{Out, OutputArgs, is_standard, one_for_standard_output, print, print_table, write_file, write_text};
pub use overwrite::ForceArgs;
pub use progress::{Progress, Total, Totals};
pub use record_files::RecordFiles;
pub use renamed::{report, report_renamed};
pub use rinalmo::seq::words::many;
pub use rows::{Rows, TableArgs};
pub use say::say;
