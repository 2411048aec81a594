//! Secondary structures by their free energies: the nearest-neighbour model, minimum free energies, partition functions.
//!
//! Experiments have assigned a free energy to every loop of a secondary structure (Turner 2004), so every structure has
//! an energy E, and at equilibrium a probability proportional to `exp(-E / RT)`. McCaskill's recursions (Biopolymers 29
//! (1990) 1105) sum over all structures that contain a pair without listing them. That sum is the pair's probability.
//!
//! The same recursions over energies, with the least of two in place of their sum, give the structure of minimum free
//! energy. [`EnergyModel`] is [`Parameters`] under [`Conditions`]: it evaluates given structures, finds the one of minimum
//! free energy and all others near it, computes [`Ensemble`]s and draws structures from them, of which [`clusters`] makes a
//! few alternatives. [`Restraints`] are what is known of a sequence besides.
//!
//! The default is ViennaRNA's (`RNAfold -p`), to which all results are equal:
//!
//! - Turner 2004 at 37 °C; other temperatures and parameter files can be had;
//! - dangling ends and mismatches on both sides of every branch (`-d2`), or none (`-d0`);
//! - isolated pairs are allowed;
//! - a hairpin has at least three unpaired bases, an internal loop or bulge at most thirty;
//! - no coaxial stacking, no pseudoknots.
//!
//! ```
//! use rinalmo_energy::{EnergyModel, Ensemble};
//!
//! let mfe = EnergyModel::turner2004().mfe(b"GGCACGAAAGUGCC");
//! assert_eq!(mfe.pairs, [(0, 13), (1, 12), (2, 11), (3, 10), (4, 9)]);
//!
//! let ensemble = Ensemble::new(b"GGCACGAAAGUGCC");
//! assert!(ensemble.energy() < -7.0); // kcal/mol
//! assert!(ensemble.probability(1, 12) > 0.99);
//! assert!(ensemble.unpaired()[5] > 0.99);
//! ```

mod beam;
#[cfg(test)]
mod brute_force;
mod built_in;
mod clusters;
mod conditions;
mod energies;
mod ensemble;
mod equilibrium;
mod evaluate;
mod exterior;
mod fold;
mod inside;
mod interior;
pub mod learn;
mod least;
mod letters;
mod loops;
mod model;
mod nick;
mod number;
mod outside;
mod pairs;
mod parameters;
mod products;
mod reactivities;
mod restraints;
mod ring;
mod suboptimal;
mod sums;
mod trace;
mod triangle;
mod weights;
mod workers;

pub use built_in::BuiltIn;
pub use clusters::{Cluster, clusters};
pub use conditions::{Conditions, Dangles, TemperatureError};
pub use ensemble::{Ensemble, Strands, memory, memory_in_beam, memory_within};
pub use equilibrium::{Dimers, Equilibrium};
pub use evaluate::{Evaluation, EvaluationError, Loop, LoopKind};
pub use fold::Conformation;
pub use model::EnergyModel;
pub use pairs::Row;
pub use parameters::{Parameters, ParametersError};
pub use reactivities::{Deigan, Reagent};
pub use restraints::Restraints;
pub use suboptimal::TooMany;
