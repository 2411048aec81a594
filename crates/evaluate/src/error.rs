//! Errors of evaluation.

/// Everything that an evaluation can fail with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A model could not be loaded or run.
    #[error(transparent)]
    Infer(#[from] rinalmo_infer::Error),

    /// The masked-language task could not be set up or run.
    #[error(transparent)]
    Train(#[from] rinalmo_train::Error),

    /// A checkpoint could not be read or written.
    #[error(transparent)]
    Weights(#[from] rinalmo_weights::Error),

    /// Options that contradict each other, the data or the model.
    #[error("{0}")]
    Options(String),

    /// A corpus could not be opened or sampled.
    #[error(transparent)]
    Corpus(#[from] rinalmo_corpus::Error),

    /// Labelled data could not be read.
    #[error(transparent)]
    Data(#[from] rinalmo_seq::table::Error),

    /// A file of sequences or structures cannot be used.
    #[error(transparent)]
    Sequences(#[from] rinalmo_seq::Error),
}
