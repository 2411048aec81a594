//! How likely is each base pair, by the energy of structures: the nearest-neighbour model and its partition function.
//!
//! Experiments have given every loop of a secondary structure a free energy (Turner 2004), so every structure has one, and
//! at equilibrium a share of `exp(-E / RT)`. McCaskill's recursions (Biopolymers 29 (1990) 1105) add up the shares of all
//! structures that have a pair, without a list of them: that is the pair's probability.
//!
//! The model is what ViennaRNA computes by default (`RNAfold -p`): 37 °C, dangling ends and mismatches on both sides of
//! every branch (`-d2`), isolated pairs allowed, at least three bases in a hairpin, at most thirty unpaired in an internal
//! loop or bulge, no coaxial stacking, no pseudoknots.
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
mod ensemble;
mod exterior;
mod inside;
mod interior;
mod letters;
mod loops;
mod number;
mod outside;
mod parameters;
mod products;
mod ring;
mod triangle;
mod weights;
mod workers;

pub use ensemble::{Ensemble, memory};
