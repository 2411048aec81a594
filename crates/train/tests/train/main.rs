//! Tests of the public interface of the loop; one program, because linking the tensor framework takes longer than
//! running.

mod checkpoints;
mod common;
mod golden;
mod golden_structure;
mod loss_weights;
mod resume;
mod steps;
mod structures;
