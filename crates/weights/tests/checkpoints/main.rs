//! Checkpoints of every family and form: the reference fixtures, what we write ourselves, and files made to do harm.

mod absurd;
mod fixtures;
mod hostile;
mod laws;
mod multimolecule;
mod own;
mod pt;
mod round_trip;
