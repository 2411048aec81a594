//! Weighted edges between neighbours, the same in both directions.

use crate::Neighbours;

/// A symmetric matrix that is mostly zeros: the edges of each point.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Graph {
    starts: Vec<usize>,
    /// The other end of an edge and its weight, by point, in the order of the other end.
    edges: Vec<(u32, f64)>,
}

impl Graph {
    /// From a weight for each neighbour of each point. An edge of two points has the weight `join(one, other)` of their
    /// weights for each other, 0 if a point is no neighbour.
    ///
    /// # Shapes
    /// - weights: `[len, count]`, as the neighbours
    pub(crate) fn symmetric(neighbours: &Neighbours, weights: &[f64], join: impl Fn(f64, f64) -> f64) -> Self {
        let count = neighbours.count();
        let mut directed: Vec<(u32, u32, f64, bool)> = Vec::with_capacity(2 * weights.len());
        for (place, &weight) in weights.iter().enumerate() {
            let (from, to) = ((place / count) as u32, neighbours.of(place / count)[place % count]);
            directed.push((from, to, weight, true));
            directed.push((to, from, weight, false));
        }
        directed.sort_unstable_by_key(|&(from, to, _, own)| (from, to, !own));
        let mut graph = Self { starts: vec![0; neighbours.len() + 1], edges: Vec::with_capacity(directed.len()) };
        for pair in directed.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let weight_of = |own: bool| pair.iter().find(|edge| edge.3 == own).map_or(0.0, |edge| edge.2);
            graph.starts[pair[0].0 as usize + 1] += 1;
            graph.edges.push((pair[0].1, join(weight_of(true), weight_of(false))));
        }
        for point in 0..neighbours.len() {
            graph.starts[point + 1] += graph.starts[point];
        }
        graph
    }

    /// The edges of a point.
    pub(crate) fn of(&self, point: usize) -> &[(u32, f64)] {
        &self.edges[self.starts[point]..self.starts[point + 1]]
    }

    /// All weights.
    pub(crate) fn weights(&self) -> impl Iterator<Item = f64> {
        self.edges.iter().map(|edge| edge.1)
    }

    /// Changes every weight.
    pub(crate) fn map(mut self, change: impl Fn(f64) -> f64) -> Self {
        self.edges.iter_mut().for_each(|edge| edge.1 = change(edge.1));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Points;

    #[test]
    fn an_edge_has_one_weight_in_both_directions() {
        let points = Points::new(vec![0.0, 1.0, 3.0, 10.0], 1).unwrap();
        let neighbours = Neighbours::find(&points, 1, &mut ()).unwrap(); // 0→1, 1→0, 2→1, 3→2
        let graph = Graph::symmetric(&neighbours, &[0.5, 0.25, 0.125, 1.0], |one, other| one + 10.0 * one.min(other));
        let edges: Vec<&[(u32, f64)]> = (0..4).map(|point| graph.of(point)).collect();
        assert_eq!(edges[0][0].0, 1);
        assert_eq!(edges[1].iter().map(|edge| edge.0).collect::<Vec<_>>(), [0, 2]);
        assert_eq!(edges[2].iter().map(|edge| edge.0).collect::<Vec<_>>(), [1, 3]);
        let union = Graph::symmetric(&neighbours, &[0.5, 0.25, 0.125, 1.0], |a, b| a + b - a * b);
        assert_eq!((union.of(0)[0].1, union.of(1)[0].1), (0.625, 0.625));
        assert_eq!((union.of(2)[1].1, union.of(3)[0].1), (1.0, 1.0));
        assert_eq!(union.weights().count(), 6);
    }
}
