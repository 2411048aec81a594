//! A tree of squares over the points, each with its centre of mass, for the forces of many far points at once (Barnes and
//! Hut 1986, van der Maaten 2014).
//!
//! Nodes are in the order of a walk through the tree, and each knows the node after its last child: a walk needs no
//! stack.

use crate::Map;

/// Points in a square that is not divided.
const LEAF: usize = 8;
/// Squares within squares; equal points would be divided for ever.
const DEEPEST: usize = 48;

pub(super) struct Tree {
    nodes: Vec<Node>,
    /// The numbers of all points, those of a square next to each other.
    order: Vec<u32>,
    /// Their places.
    places: Map,
}

struct Node {
    centre: [f64; 2],
    count: f64,
    /// The square of its width.
    squared: f64,
    /// The node after its last child.
    next: u32,
    /// Its points in the order, if it is not divided.
    points: Option<(u32, u32)>,
}

impl Tree {
    pub(super) fn new(map: &[[f64; 2]]) -> Self {
        let ends = |axis: usize| {
            let values = || map.iter().map(move |place| place[axis]);
            (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max))
        };
        let [x, y] = [ends(0), ends(1)];
        let half = ((x.1 - x.0).max(y.1 - y.0) / 2.0).max(f64::MIN_POSITIVE);
        let mut order: Vec<u32> = (0..map.len() as u32).collect();
        let mut nodes = Vec::with_capacity(map.len() / 2 + 8);
        divide(map, &mut order, 0, ([(x.0 + x.1) / 2.0, (y.0 + y.1) / 2.0], half), 0, &mut nodes);
        let places = order.iter().map(|&point| map[point as usize]).collect();
        Self { nodes, order, places }
    }

    /// The numbers of all points; points next to each other in the list are near each other.
    pub(super) fn order(&self) -> &[u32] {
        &self.order
    }

    /// The repulsion of point number `rank` of the order: `Σ q² (y − y')` and `Σ q`, with `q = 1 / (1 + |y − y'|²)`.
    pub(super) fn repulsion(&self, rank: usize, theta: f64) -> ([f64; 2], f64) {
        let own = self.places[rank];
        let limit = theta * theta;
        let mut force = [0.0; 2];
        let mut sum = 0.0;
        let mut add = |[x, y]: [f64; 2], count: f64| {
            let (x, y) = (own[0] - x, own[1] - y);
            let q = 1.0 / (1.0 + x * x + y * y);
            sum += count * q;
            force[0] += count * q * q * x;
            force[1] += count * q * q * y;
        };
        let mut place = 0;
        while let Some(node) = self.nodes.get(place) {
            let (x, y) = (own[0] - node.centre[0], own[1] - node.centre[1]);
            if node.squared < limit * (x * x + y * y) {
                add(node.centre, node.count);
                place = node.next as usize;
            } else if let Some((from, to)) = node.points {
                let all = from as usize..to as usize;
                all.filter(|&other| other != rank).for_each(|other| add(self.places[other], 1.0));
                place = node.next as usize;
            } else {
                place += 1;
            }
        }
        (force, sum)
    }
}

/// Adds the nodes of a square, given by its middle and half its width, with the points `order`, which begin at `first`.
fn divide(
    map: &[[f64; 2]],
    order: &mut [u32],
    first: usize,
    (middle, half): ([f64; 2], f64),
    depth: usize,
    nodes: &mut Vec<Node>,
) {
    let count = order.len() as f64;
    let sum = order.iter().fold([0.0; 2], |sum, &point| {
        let [x, y] = map[point as usize];
        [sum[0] + x, sum[1] + y]
    });
    let is_leaf = order.len() <= LEAF || depth == DEEPEST;
    let points = is_leaf.then_some((first as u32, (first + order.len()) as u32));
    let own = nodes.len();
    let centre = [sum[0] / count, sum[1] / count];
    nodes.push(Node { centre, count, squared: 4.0 * half * half, next: 0, points });
    if !is_leaf {
        let across = partition(order, |point| map[point as usize][0] < middle[0]);
        let (left, right) = order.split_at_mut(across);
        let mut start = first;
        for (column, x) in [(left, middle[0] - half / 2.0), (right, middle[0] + half / 2.0)] {
            let up = partition(column, |point| map[point as usize][1] < middle[1]);
            let (lower, upper) = column.split_at_mut(up);
            for (square, y) in [(lower, middle[1] - half / 2.0), (upper, middle[1] + half / 2.0)] {
                let len = square.len();
                if len > 0 {
                    divide(map, square, start, ([x, y], half / 2.0), depth + 1, nodes);
                }
                start += len;
            }
        }
    }
    nodes[own].next = nodes.len() as u32;
}

/// Moves what fits to the front, and counts it.
fn partition(order: &mut [u32], fits: impl Fn(u32) -> bool) -> usize {
    let mut count = 0;
    for place in 0..order.len() {
        if fits(order[place]) {
            order.swap(place, count);
            count += 1;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(map: &[[f64; 2]], point: usize) -> ([f64; 2], f64) {
        let (mut force, mut sum) = ([0.0; 2], 0.0);
        for (_, other) in map.iter().enumerate().filter(|(other, _)| *other != point) {
            let [x, y] = [map[point][0] - other[0], map[point][1] - other[1]];
            let q = 1.0 / (1.0 + x * x + y * y);
            sum += q;
            force = [force[0] + q * q * x, force[1] + q * q * y];
        }
        (force, sum)
    }

    #[test]
    fn without_shortcuts_the_forces_are_exact_and_with_them_nearly() {
        let mut random = fastrand::Rng::with_seed(5);
        let mut map: Map = (0..600).map(|_| [30.0 * random.f64(), 9.0 * random.f64()]).collect();
        map.extend([[1.0, 1.0]; 40]); // equal points
        let tree = Tree::new(&map);
        for (rank, &point) in tree.order().iter().enumerate() {
            let (force, sum) = exact(&map, point as usize);
            let (found, found_sum) = tree.repulsion(rank, 0.0);
            assert!((sum - found_sum).abs() < 1e-9 && (force[0] - found[0]).abs() < 1e-9);
            let (_, near) = tree.repulsion(rank, 0.5);
            assert!((sum - near).abs() < 0.05 * sum, "{sum} {near}");
        }
    }

    #[test]
    fn one_point_and_equal_points_make_a_tree() {
        assert_eq!(Tree::new(&[[3.0, 4.0]]).repulsion(0, 0.5), ([0.0; 2], 0.0));
        let equal = Tree::new(&[[3.0, 4.0]; 20]);
        assert_eq!(equal.repulsion(4, 0.5), ([0.0; 2], 19.0));
    }
}
