//! Checkpoints of every family and format: the reference fixtures, files that we write ourselves, and malicious files.

mod absurd;
mod fixtures;
mod hostile;
mod laws;
mod multimolecule;
mod own;
mod pt;
mod round_trip;
