//! The law of plane layouts: no two strands or pair bonds cross or come near each other, whatever the structure.

mod random;

use std::collections::HashMap;
use std::path::Path;

use proptest::prelude::*;
use rinalmo_draw::rna::{Layout, Nested, Point, positions};
use rinalmo_seq::Structure;
use rinalmo_seq::labelled::structures;

/// The least distance of two lines that share no base, in pixels; the strands of a stem are 24 apart.
const LEAST: f64 = 8.0;
/// The size of the cells in which near lines are searched, in pixels.
const CELL: f64 = 64.0;

/// A lone pair closes a large loop, and its neighbour on the other side is in line with it.
const FLAT_NECK: &str = "..((().().......)..).(()())(.(())).((.)().(.)().)...(..).(()()).()()(((.)(.)..(.)..).())....()()..(((..(.)(.)(((((()().))...)()().)()(.)).)((.)..()).()..(.(.()((())(((())(..)))(()))).((..(((.)(...)())(()(.)))((..(...((.)).)..)).)().)(.)).)(..(((.(.).)).)().)(.)()().(.).(.(..((.(.().)))))..).....(.)";

/// A line between two bases.
type Line = (usize, usize);

/// The lines of a drawing: strands and pairs.
fn lines(nested: &Nested) -> Vec<Line> {
    let pairs = nested.partners.iter().enumerate().filter_map(|(i, j)| Some((i, (*j)?)));
    let strand = (1..nested.partners.len()).map(|i| (i - 1, i));
    strand.chain(pairs.filter(|(i, j)| i + 1 < *j)).collect()
}

/// The first two lines that are too near to each other, with their distance.
fn too_near(nested: &Nested, points: &[Point]) -> Option<(Line, Line, f64)> {
    let mut grid: HashMap<(i64, i64), Vec<Line>> = HashMap::new();
    let cells =
        |a: f64, b: f64| ((a.min(b) - LEAST) / CELL).floor() as i64..=((a.max(b) + LEAST) / CELL).floor() as i64;
    for line in lines(nested) {
        let [a, b] = [points[line.0], points[line.1]];
        for at in cells(a.x, b.x).flat_map(|x| cells(a.y, b.y).map(move |y| (x, y))) {
            let here = grid.entry(at).or_default();
            for &other in here.iter() {
                let shared = [other.0, other.1].iter().any(|base| *base == line.0 || *base == line.1);
                let distance = distance([a, b], [points[other.0], points[other.1]]);
                if !shared && distance < LEAST {
                    return Some((other, line, distance));
                }
            }
            here.push(line);
        }
    }
    None
}

/// The least distance of two line segments, computed apart from the layout's own geometry.
fn distance([a, b]: [Point; 2], [c, d]: [Point; 2]) -> f64 {
    let side = |p: Point, q: Point, r: Point| (q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x);
    if side(a, b, c) * side(a, b, d) < 0.0 && side(c, d, a) * side(c, d, b) < 0.0 {
        return 0.0;
    }
    let from = |p: Point, q: Point, r: Point| {
        let (x, y) = (r.x - q.x, r.y - q.y);
        let part = (((p.x - q.x) * x + (p.y - q.y) * y) / (x * x + y * y)).clamp(0.0, 1.0);
        (p.x - q.x - part * x).hypot(p.y - q.y - part * y)
    };
    from(a, c, d).min(from(b, c, d)).min(from(c, a, b)).min(from(d, a, b))
}

#[track_caller]
fn check(structure: &Structure) {
    let nested = Nested::new(structure);
    for layout in [Layout::Straight, Layout::Radial] {
        let points = positions(&nested, layout);
        assert!(points.iter().all(|point| point.x.is_finite() && point.y.is_finite()));
        let near = too_near(&nested, &points);
        assert!(near.is_none(), "{layout:?}: {near:?} in {}", structure.to_dot_bracket().unwrap_or_default());
    }
}

/// Random nested structures: `turns` decides at each base whether to open a pair, close one or leave it unpaired.
fn structure(turns: &[u8]) -> Structure {
    let (mut open, mut pairs) = (Vec::new(), Vec::new());
    for (i, turn) in turns.iter().enumerate() {
        match turn {
            0..3 => open.push(i),
            3..6 => pairs.extend(open.pop().map(|j| (j, i))),
            _ => {}
        }
    }
    Structure::new(turns.len(), pairs).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn nothing_crosses_in_random_structures(turns in proptest::collection::vec(0..9_u8, 0..300)) {
        check(&structure(&turns));
    }

    /// Long stems, drawn from runs of equal turns: their bodies are large and curl.
    #[test]
    fn nothing_crosses_in_random_structures_of_stems(runs in proptest::collection::vec((0..8_u8, 1..9_usize), 0..120)) {
        let turns: Vec<u8> = runs.iter().flat_map(|&(turn, count)| std::iter::repeat_n(turn, count)).collect();
        check(&structure(&turns));
    }
}

#[test]
fn nothing_crosses_in_odd_structures() {
    let many = |count: usize, part: &str| part.repeat(count);
    for text in [
        "".to_owned(),
        ".".to_owned(),
        "..".to_owned(),
        "()".to_owned(),
        "(())".to_owned(),
        "()()".to_owned(),
        "(()())".to_owned(),
        format!("({})", many(60, "(...)")),
        format!("(((({}))))", many(60, "((((...))))")),
        format!("({}{})", many(200, "."), many(3, "((...))")),
        format!("{}{}", many(300, "(."), many(300, ")")),
        format!("{}...{}", many(80, "((...)"), many(80, ")")),
        format!("{}...{}", many(80, "("), many(80, "(...))")),
        format!("{}...{}", many(40, "(((((...))"), many(40, "(((...))))))")),
        many(400, "."),
        many(80, "((((...))))..."),
        FLAT_NECK.to_owned(),
    ] {
        check(&Structure::parse_dot_bracket(&text).unwrap());
    }
}

#[test]
fn nothing_crosses_in_long_structures() {
    (0..4).for_each(|seed| check(&random::structure(5000, seed)));
}

/// All structures of ArchiveII, where the file is next to the project.
#[test]
fn nothing_crosses_in_archive_ii() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/structure/ArchiveII.csv.gz");
    if !path.exists() {
        rinalmo_skips::skip!("{} is missing", path.display());
        return;
    }
    let found = structures::read(&path, &structures::ReadOptions::default()).unwrap();
    assert_eq!(found.entries.len(), 3864);
    found.entries.iter().for_each(|entry| check(&entry.structure));
}
