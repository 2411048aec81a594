//! The kernels of [`crate::backward`].

pub(crate) mod activation;
pub(crate) mod attention;
pub(crate) mod dropout;
pub(crate) mod layer_norm;
