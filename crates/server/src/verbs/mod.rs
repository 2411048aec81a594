//! The verbs: each reads its request, asks the queue, and answers.

pub mod draw;
pub mod embed;
pub mod fold;
pub mod format;
pub mod jobs;
pub mod map;
pub mod openai;
pub mod plan;
pub mod predict;
pub mod score;
pub mod variants;
