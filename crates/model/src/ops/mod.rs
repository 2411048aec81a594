//! Operations a device may do better than a chain of ordinary tensor operations.

use burn::tensor::activation::softmax;
use burn::tensor::module::attention as fused_attention;
use burn::tensor::{Tensor, ops::AttentionModuleOptions};

/// `softmax(q kᵀ / √head_dim) v`.
///
/// # Shapes
/// - query, key, value and returns: `[items, heads, len, head_dim]`
pub fn attention(query: Tensor<4>, key: Tensor<4>, value: Tensor<4>) -> Tensor<4> {
    fused_attention(query, key, value, None, None, AttentionModuleOptions::default())
}

/// `softmax(q kᵀ / √head_dim)`, for those who want to look at it.
///
/// # Shapes
/// - query, key: `[items, heads, len, head_dim]`
/// - returns: `[items, heads, len, len]`
pub fn attention_weights(query: Tensor<4>, key: Tensor<4>) -> Tensor<4> {
    let head_dim = query.dims()[3] as f64;
    softmax(query.matmul(key.swap_dims(2, 3)) / head_dim.sqrt(), 3)
}
