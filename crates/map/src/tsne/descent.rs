//! Gradient descent with momentum and a step size for each coordinate, as scikit-learn's.

use rayon::prelude::*;

use super::Tsne;
use super::tree::Tree;
use crate::Map;
use crate::graph::Graph;

/// How much more neighbours attract in the first part: groups form before they are in each other's way.
const EXAGGERATION: f64 = 12.0;
/// Momentum in the first part and after it.
const MOMENTUM: [f64; 2] = [0.5, 0.8];
/// No step size is smaller (van der Maaten's code).
const LEAST_GAIN: f64 = 0.01;
/// The learning rate is `len / EXAGGERATION / 4`, and at least this (Belkina et al. 2019).
const LEAST_RATE: f64 = 50.0;
/// Points of a thread's piece of work.
const PIECE: usize = 64;

pub(super) struct Descent<'a> {
    affinities: &'a Graph,
    map: Map,
    moves: Map,
    gains: Map,
    rate: f64,
    theta: f64,
    /// Steps of the first part.
    early: usize,
}

impl<'a> Descent<'a> {
    pub(super) fn new(affinities: &'a Graph, map: Map, options: &Tsne) -> Self {
        let len = map.len();
        let rate = (len as f64 / EXAGGERATION / 4.0).max(LEAST_RATE);
        let (moves, gains) = (vec![[0.0; 2]; len], vec![[1.0; 2]; len]);
        Self { affinities, map, moves, gains, rate, theta: options.theta, early: options.steps / 4 }
    }

    /// Takes step number `done`.
    pub(super) fn step(&mut self, done: usize) {
        let is_early = done < self.early;
        if done == self.early {
            // Other forces: what was learned of the first ones does not hold.
            self.moves.fill([0.0; 2]);
            self.gains.fill([1.0; 2]);
        }
        let gradient = self.gradient(if is_early { EXAGGERATION } else { 1.0 });
        let momentum = MOMENTUM[usize::from(!is_early)];
        let all = self.map.iter_mut().zip(&mut self.moves).zip(&mut self.gains).zip(&gradient);
        for (((place, moves), gains), gradient) in all {
            for axis in 0..2 {
                let turns = moves[axis] * gradient[axis] < 0.0;
                gains[axis] = (if turns { gains[axis] + 0.2 } else { gains[axis] * 0.8 }).max(LEAST_GAIN);
                moves[axis] = momentum * moves[axis] - self.rate * gains[axis] * gradient[axis];
                place[axis] += moves[axis];
            }
        }
    }

    pub(super) fn into_map(self) -> Map {
        self.map
    }

    /// `4 Σ (exaggeration · p − q / Σq) q (y − y')`, with `q = 1 / (1 + |y − y'|²)`.
    fn gradient(&self, exaggeration: f64) -> Map {
        let tree = Tree::new(&self.map);
        let ranks = (0..self.map.len()).into_par_iter().with_min_len(PIECE);
        let repulsions: Vec<([f64; 2], f64)> = ranks.map(|rank| tree.repulsion(rank, self.theta)).collect();
        let sum: f64 = repulsions.iter().map(|repulsion| repulsion.1).sum::<f64>().max(f64::MIN_POSITIVE);
        let mut gradient = vec![[0.0; 2]; self.map.len()];
        for (&point, (force, _)) in tree.order().iter().zip(&repulsions) {
            gradient[point as usize] = force.map(|value| -4.0 * value / sum);
        }
        gradient.par_iter_mut().with_min_len(PIECE).enumerate().for_each(|(point, gradient)| {
            let force = self.attraction(point);
            (0..2).for_each(|axis| gradient[axis] += 4.0 * exaggeration * force[axis]);
        });
        gradient
    }

    /// `Σ p q (y − y')` over the neighbours of a point.
    fn attraction(&self, point: usize) -> [f64; 2] {
        let own = self.map[point];
        self.affinities.of(point).iter().fold([0.0; 2], |force, &(other, weight)| {
            let other = self.map[other as usize];
            let (x, y) = (own[0] - other[0], own[1] - other[1]);
            let factor = weight / (1.0 + x * x + y * y);
            [force[0] + factor * x, force[1] + factor * y]
        })
    }
}
