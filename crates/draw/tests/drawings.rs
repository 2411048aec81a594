//! Every kind of drawing of structures of every kind: well-formed, complete, of finite numbers.

use proptest::prelude::*;
use rinalmo_draw::rna::{Change, Fill, Layout, Palette, Rna, Style, Track, Turn, View, svg};
use rinalmo_draw::{pdf, png};
use rinalmo_seq::Structure;

const VIEWS: [View; 6] = [
    View::Bases(Layout::Straight),
    View::Bases(Layout::Radial),
    View::Bases(Layout::Arcs),
    View::Bases(Layout::Circular),
    View::DotPlot,
    View::Mountain,
];

/// The elements of an SVG text that are open at its end; panics if one is closed that is not open.
fn open_elements(svg: &str) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    for tag in svg.split('<').skip(1) {
        let (inside, _) = tag.split_once('>').expect("a tag ends");
        let name = inside.split(' ').next().unwrap_or_default();
        if let Some(closed) = name.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(closed));
        } else if !inside.ends_with('/') {
            open.push(name.to_owned());
        }
    }
    open
}

fn check(rna: &Rna, style: &Style) {
    let text = svg(rna, style);
    assert!(open_elements(&text).is_empty());
    assert!(!text.contains("NaN") && !text.contains("inf"), "{style:?}");
    if let View::Bases(_) = style.view {
        let missing = (1..=rna.len()).find(|base| !text.contains(&format!("<g id=\"b{base}\"><title>{base}")));
        assert_eq!(missing, None);
    }
    assert!(pdf(&text).is_ok());
}

/// Structures with pseudoknots and bases of several partners, of one strand or two.
fn any_rna() -> impl Strategy<Value = Rna> {
    let pairs = proptest::collection::vec((0..40_usize, 0..40_usize), 0..14);
    let letters = proptest::collection::vec(proptest::sample::select(b"ACGUTNacgu<&".to_vec()), 40);
    let nick = proptest::option::of(1..40_usize);
    (letters, pairs.clone(), pairs, nick).prop_map(|(letters, one, other, nick)| {
        let structure = |pairs: Vec<(usize, usize)>| {
            Structure::new(40, pairs.into_iter().filter(|(i, j)| i != j).collect()).unwrap()
        };
        let mut rna = Rna::new(letters, structure(one).with_nick(nick));
        rna.probabilities = rna.structure.pairs().iter().map(|&(i, j)| (i, j, 0.5)).collect();
        rna.reference = Some(structure(other));
        rna
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(12) })]

    #[test]
    fn any_structure_is_drawn_in_every_way(mut rna in any_rna()) {
        for view in VIEWS {
            for fill in [Fill::Plain, Fill::Letters, Fill::Parts, Fill::Track] {
                rna.track = Some(rna.entropy());
                let turns = (0..42).map(|base| Turn { base, change: Change::Degrees(7.0 * base as f64) }).collect();
                check(&rna, &Style { view, fill, turns, title: "<a & b>".into(), ..Style::default() });
            }
        }
    }
}

#[test]
fn the_smallest_structures_are_drawn() {
    for len in 0..4 {
        for view in VIEWS {
            let pairs = if len > 1 { vec![(0, len - 1)] } else { Vec::new() };
            let mut rna = Rna::new("ACGU"[..len].to_owned(), Structure::new(len, pairs).unwrap());
            rna.highlights.push(0..len);
            let style = Style { view, ..Style::default() };
            check(&rna, &style);
            assert!(png(&svg(&rna, &style)).is_ok());
        }
    }
}

#[test]
fn numbers_that_are_none_and_long_sequences_do_not_matter() {
    let mut rna = Rna::new("", Structure::new(3000, vec![(0, 2999), (10, 500)]).unwrap());
    let values = (0..3000).map(|n| if n % 2 == 0 { Some(f64::NAN) } else { None }).collect();
    rna.track = Some(Track { name: "x".into(), values, range: None });
    rna.highlights = vec![10..20, 2990..9000];
    for view in VIEWS {
        let style = Style { view, fill: Fill::Track, palette: Palette::Cividis, circles: false, ..Style::default() };
        check(&rna, &style);
    }
}

#[test]
fn a_pseudoknot_a_wobble_and_another_pair_are_told_apart() {
    let structure = Structure::parse_dot_bracket("((((..[[..))))..]]").unwrap();
    let rna = Rna::new("GGAAAAGGAAUGUCAACC", structure);
    let text = svg(&rna, &Style::default());
    for name in ["pseudoknot", "G–U pair", "other pair"] {
        assert!(text.contains(name), "{name}");
    }
    assert_eq!(text.matches("stroke=\"#cc79a7\"").count(), 3, "two curves and a line of the legend");
    let without = svg(&rna, &Style { legend: false, ..Style::default() });
    assert!(!without.contains("pseudoknot"));
}
