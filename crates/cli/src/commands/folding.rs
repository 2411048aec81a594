//! How a model folds: flags of every command that folds.

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use rinalmo::{Error, FoldOptions, Method};

/// Threshold and decoding.
#[derive(Args, Clone, Debug)]
pub struct FoldingArgs {
    /// Predict only pairs of at least this probability; `--decode f1` may raise it [default: the model's own, tuned on
    /// validation data]
    #[arg(short, long, value_name = "P", allow_negative_numbers = true)]
    pub threshold: Option<f32>,
    /// Choose pairs by this method [default: as the model was tuned, else greedy as in the paper]
    #[arg(long, value_enum)]
    pub decode: Option<DecodeArg>,
    /// With `--decode f1`, predict only pairs more probable than this share of the expected F1: more pairs with a
    /// smaller share, surer ones with a larger
    #[arg(long, value_name = "SHARE", default_value_t = FoldOptions::default().f1_share)]
    pub f1_share: f32,
    /// With `--decode mea`, let a base in a right pair count GAMMA times as much as a right unpaired base: more pairs with
    /// a larger one
    #[arg(long, value_name = "GAMMA", default_value_t = FoldOptions::default().gamma)]
    pub gamma: f32,
    /// Give energies this share in the probabilities of pairs, from 0 to 1, instead of the model's own share; more helps
    /// where the model has seen nothing similar
    ///
    /// The share is that of the learned energy model. A model that was trained in an ensemble of energies adds so much less
    /// to them instead: at 1 they decide alone.
    #[arg(long, value_name = "SHARE")]
    pub energy_share: Option<f32>,
    /// Allow pairs other than AU, GC and GU
    #[arg(long)]
    pub non_canonical: bool,
    /// Also predict helices that cross the structure
    ///
    /// They are searched among the bases that the structure leaves unpaired, with the model's ensemble of structures, such as
    /// that of nano. Networks without one cross pairs with `--decode greedy`. Structures of --alternatives, --samples and
    /// --band have none.
    #[arg(long)]
    pub pseudoknots: bool,
    /// Require at least N unpaired bases in a hairpin loop
    #[arg(long, value_name = "N", default_value_t = FoldOptions::default().min_loop)]
    pub min_loop: usize,
    /// Encode N tokens at a time
    #[arg(long, value_name = "N", default_value_t = FoldOptions::default().batch_tokens)]
    pub batch_tokens: usize,
}

/// `--decode`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum DecodeArg {
    /// The paper's method: the most probable pair, then the next that does not conflict; pseudoknots are allowed
    Greedy,
    /// The best structure without pseudoknots, by dynamic programming
    Nested,
    /// The best structure without pseudoknots, of pairs more probable than a share (--f1-share) of the expected F1
    F1,
    /// The structure without pseudoknots of maximum expected accuracy, as `RNAfold --MEA`
    Mea,
    /// The pairs more probable than 0.5, without pseudoknots
    Centroid,
    /// The structure of minimum free energy; only with an energy model, whose default it is
    Mfe,
}

impl FoldingArgs {
    /// The options of a network, as the library takes them.
    pub fn resolve(&self) -> Result<FoldOptions> {
        if matches!(self.decode, Some(DecodeArg::Mfe)) {
            bail!("--decode mfe: only an energy model has free energies\nhint: `rinalmo fold --model turner2004`");
        }
        self.resolve_for_energies()
    }

    /// The same for an energy model.
    pub fn resolve_for_energies(&self) -> Result<FoldOptions> {
        let method = self.decode.and_then(|decode| match decode {
            DecodeArg::Greedy => Some(Method::Greedy),
            DecodeArg::Nested => Some(Method::Nested),
            DecodeArg::F1 => Some(Method::F1),
            DecodeArg::Mea => Some(Method::Mea),
            DecodeArg::Centroid => Some(Method::Centroid),
            DecodeArg::Mfe => None, // an energy model's own
        });
        let options = FoldOptions::default() // memory is limited by the model's own options
            .threshold(self.threshold)
            .method(method)
            .min_loop(self.min_loop)
            .f1_share(self.f1_share)
            .gamma(self.gamma)
            .energy_share(self.energy_share)
            .non_canonical(self.non_canonical)
            .pseudoknots(self.pseudoknots)
            .batch_tokens(self.batch_tokens.max(1));
        checked(options)
    }
}

/// Options whose numbers are in their ranges.
///
/// # Errors
/// As [`FoldOptions::check`], with the name of the flag.
pub fn checked(options: FoldOptions) -> Result<FoldOptions> {
    match options.check() {
        Ok(()) => Ok(options),
        Err(Error::Range { option, expected, found }) => {
            bail!("--{}: expected {expected}, found {found}", option.replace('_', "-"))
        }
        Err(other) => Err(other.into()),
    }
}
