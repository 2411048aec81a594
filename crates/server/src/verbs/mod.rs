//! The verbs: each reads its request, asks the queue, and answers.

pub mod draw;
pub mod embed;
pub mod fold;
pub mod openai;
pub mod predict;
mod reply;
pub mod score;
pub mod variants;
