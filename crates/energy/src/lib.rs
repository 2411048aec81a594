//! Base-pair probabilities from the energy of structures: the nearest-neighbour model and its partition function.
//!
//! Experiments have assigned a free energy to every loop of a secondary structure (Turner 2004), so every structure has
//! an energy E, and at equilibrium a probability proportional to `exp(-E / RT)`. McCaskill's recursions (Biopolymers 29
//! (1990) 1105) sum over all structures that contain a pair without listing them. That sum is the pair's probability.
//!
//! The model is ViennaRNA's default (`RNAfold -p`):
//!
//! - 37 °C;
//! - dangling ends and mismatches on both sides of every branch (`-d2`);
//! - isolated pairs are allowed;
//! - a hairpin has at least three unpaired bases, an internal loop or bulge at most thirty;
//! - no coaxial stacking, no pseudoknots.
//!
//! ```
//! use rinalmo_energy::Ensemble;
//!
//! let ensemble = Ensemble::new(b"GGCACGAAAGUGCC");
//! assert!(ensemble.energy() < -7.0); // kcal/mol
//! assert!(ensemble.probability(1, 12) > 0.99);
//! assert!(ensemble.unpaired()[5] > 0.99);
//! ```

#[cfg(test)]
mod brute_force;
mod conditions;
mod energies;
mod ensemble;
mod evaluate;
mod exterior;
mod fold;
mod inside;
mod interior;
mod least;
mod letters;
mod loops;
mod model;
mod number;
mod outside;
mod parameters;
mod products;
mod ring;
mod sums;
mod trace;
mod triangle;
mod weights;
mod workers;

pub use conditions::{Conditions, Dangles, TemperatureError};
pub use ensemble::{Ensemble, memory};
pub use evaluate::{Evaluation, EvaluationError, Loop, LoopKind};
pub use fold::Mfe;
pub use model::EnergyModel;
pub use parameters::{Parameters, ParametersError};
