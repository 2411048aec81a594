//! Data with known answers, to train on or to be judged by: structures from any format, and tables of labels. Training and
//! evaluation read the same files in the same way.

pub mod labels;
pub mod structures;
