//! Properties for any map, sequence and constraint: the decoders compared with slow, simple ones.

use proptest::prelude::*;

use super::candidates::{Candidate, Candidates, collect};
use super::*;

/// A small problem: letters, a map with many ties, options.
#[derive(Debug, Clone)]
struct Problem {
    map: Vec<f32>,
    sequence: Vec<u8>,
    options: DecodeOptions,
}

impl Problem {
    fn candidates(&self) -> Candidates {
        collect(&Map::from(&self.map).rows(self.sequence.len()).unwrap(), &self.sequence, &self.options).unwrap()
    }

    fn greedy(&self) -> Decoded {
        greedy(&self.map, &self.sequence, &self.options).unwrap()
    }

    fn nested(&self) -> Decoded {
        nested(&self.map, &self.sequence, &self.options).unwrap()
    }

    fn f1(&self) -> Decoded {
        f1(&self.map, &self.sequence, &self.options).unwrap()
    }

    /// The best expected F1 of all nested subsets, by enumeration.
    fn best_expected_f1(&self, left: &[Candidate], chosen: &mut Vec<Candidate>) -> f32 {
        let Some((next, rest)) = left.split_first() else {
            let pairs = chosen.iter().map(|c| (c.i, c.j, c.p)).collect();
            return Decoded::new(self.sequence.len(), pairs, 0.0).expected_f1(&self.map, self.options.min_loop);
        };
        let without = self.best_expected_f1(rest, chosen);
        if chosen.iter().any(|c| clash(c, next)) {
            return without;
        }
        chosen.push(*next);
        let with = self.best_expected_f1(rest, chosen);
        chosen.pop();
        with.max(without)
    }

    /// The largest expected accuracy of nested choices among candidates.
    fn best_accuracy(&self, left: &[Candidate], chosen: &mut Vec<Candidate>) -> f64 {
        let Some((next, rest)) = left.split_first() else {
            let pairs = chosen.iter().map(|c| (c.i, c.j, c.p)).collect();
            return Decoded::new(self.sequence.len(), pairs, 0.0).expected_accuracy(&self.map, self.options.gamma);
        };
        let without = self.best_accuracy(rest, chosen);
        if chosen.iter().any(|c| clash(c, next)) {
            return without;
        }
        chosen.push(*next);
        let with = self.best_accuracy(rest, chosen);
        chosen.pop();
        with.max(without)
    }

    fn by(&self, method: Method) -> Decoded {
        method.decode(&self.map, &self.sequence, &self.options).unwrap()
    }

    /// What `nested` maximises: the number of satisfied bases, then the sum, over pairs that were not forced.
    fn objective(&self, chosen: &[Candidate]) -> (u32, f64) {
        let threshold = f64::from(self.options.threshold);
        let gain = |c: &Candidate| f64::from(c.p) - threshold;
        (chosen.iter().map(|c| u32::from(c.asked)).sum(), chosen.iter().map(gain).sum())
    }

    /// The candidates among the pairs of a result.
    fn chosen(&self, decoded: &Decoded) -> Vec<Candidate> {
        let free = self.candidates().free;
        free.into_iter().filter(|c| decoded.pairs.contains(&(c.i, c.j, c.p))).collect()
    }
}

/// A constraint line with balanced brackets that enclose at least `min_loop`.
fn line(len: usize, min_loop: usize) -> impl Strategy<Value = String> {
    let marks = prop::collection::vec(prop::sample::select(b"......x|<>()".to_vec()), len);
    marks.prop_map(move |mut marks| {
        let mut open = Vec::new();
        for (j, mark) in marks.iter_mut().enumerate() {
            match *mark {
                b'(' => open.push(j),
                b')' if open.last().is_some_and(|i| j - i > min_loop) => _ = open.pop(),
                b')' => *mark = b'.',
                _ => {}
            }
        }
        open.into_iter().for_each(|i| marks[i] = b'.');
        String::from_utf8(marks).unwrap()
    })
}

fn problem(len: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Problem> {
    (len, 0..=3usize).prop_flat_map(|(len, min_loop)| {
        let letters = prop::collection::vec(prop::sample::select(b"ACGUacgutN".to_vec()), len);
        let levels = [0.0, 0.1, 0.25, 0.25, 0.4, 0.55, 0.7, 0.9, 1.0, f32::NAN].to_vec();
        let map = prop::collection::vec(prop::sample::select(levels), len * len);
        let constraint = prop::option::of(line(len, min_loop));
        let threshold = prop::sample::select(vec![0.0, 0.05, 0.25, 0.5]);
        let f1_share = prop::sample::select(vec![0.2, 0.35, 0.5, 1.0]);
        (letters, map, constraint, (threshold, f1_share), any::<bool>()).prop_map(
            move |(sequence, map, constraint, (threshold, f1_share), non_canonical)| {
                let constraint = constraint.map(|line| line.parse().unwrap());
                let options = DecodeOptions {
                    threshold,
                    min_loop,
                    non_canonical,
                    f1_share,
                    constraint,
                    ..DecodeOptions::default()
                };
                Problem { map, sequence, options }
            },
        )
    })
}

/// The published loop: find the maximum of the whole map, clear its rows and columns, repeat.
fn rescanning(problem: &Problem) -> Vec<(usize, usize, f32)> {
    let len = problem.sequence.len();
    let Candidates { forced, free } = problem.candidates();
    let mut pairs = forced;
    let mut taken = vec![false; len];
    for first_pass in [true, false] {
        let mut map = vec![0.0f32; len * len];
        for c in free.iter().filter(|c| !first_pass || c.asked > 0) {
            map[c.i * len + c.j] = c.p;
            map[c.j * len + c.i] = c.p;
        }
        loop {
            let (mut at, mut most) = (0, 0.0);
            for (index, &p) in map.iter().enumerate() {
                if p > most && !taken[index / len] && !taken[index % len] {
                    (at, most) = (index, p);
                }
            }
            if most == 0.0 {
                break;
            }
            let (i, j) = (at / len, at % len);
            (taken[i], taken[j]) = (true, true);
            pairs.push((i.min(j), i.max(j), most));
        }
    }
    pairs.sort_by_key(|&(i, ..)| i);
    pairs
}

/// The best objective over all nested subsets, by enumeration.
fn exhaustive(problem: &Problem, left: &[Candidate], chosen: &mut Vec<Candidate>) -> (u32, f64) {
    let Some((next, rest)) = left.split_first() else {
        return problem.objective(chosen);
    };
    let without = exhaustive(problem, rest, chosen);
    if chosen.iter().any(|c| clash(c, next)) {
        return without;
    }
    chosen.push(*next);
    let with = exhaustive(problem, rest, chosen);
    chosen.pop();
    if with > without { with } else { without }
}

/// Whether two pairs share a base or cross.
fn clash(a: &Candidate, b: &Candidate) -> bool {
    let inside = |x: usize| a.i < x && x < a.j;
    [b.i, b.j].iter().any(|x| [a.i, a.j].contains(x)) || inside(b.i) != inside(b.j)
}

fn close(a: (u32, f64), b: (u32, f64)) -> bool {
    a.0 == b.0 && (a.1 - b.1).abs() < 1e-9
}

proptest! {
    #[test]
    fn a_base_has_one_partner_and_pairs_are_candidates(problem in problem(0..=24)) {
        for decoded in [problem.greedy(), problem.nested()] {
            prop_assert!(!decoded.structure().has_multiplets());
            prop_assert!(decoded.pairs.iter().all(|&(i, j, _)| i < j));
            let forced = problem.candidates().forced.len();
            prop_assert_eq!(problem.chosen(&decoded).len() + forced, decoded.pairs.len());
        }
    }

    #[test]
    fn greedy_takes_what_the_rescanning_loop_takes(problem in problem(0..=24)) {
        prop_assert_eq!(problem.greedy().pairs, rescanning(&problem));
    }

    #[test]
    fn greedy_leaves_no_candidate_with_both_bases_free(problem in problem(0..=24)) {
        let partners = problem.greedy().structure().partners().unwrap();
        for c in problem.candidates().free {
            prop_assert!(partners[c.i].is_some() || partners[c.j].is_some());
        }
    }

    #[test]
    fn nested_is_nested_and_beats_any_nested_greedy_result(problem in problem(0..=24)) {
        let (nested, greedy) = (problem.nested(), problem.greedy());
        prop_assert!(nested.structure().is_nested());
        if greedy.structure().is_nested() {
            let [ours, theirs] = [nested, greedy].map(|d| problem.objective(&problem.chosen(&d)));
            prop_assert!(ours >= theirs || close(ours, theirs), "{ours:?} < {theirs:?}");
        }
    }

    #[test]
    fn nested_finds_the_optimum(problem in problem(0..=10)) {
        let Candidates { forced, free } = problem.candidates();
        let forced = forced.iter().map(|&(i, j, p)| Candidate { i, j, p, asked: 0 });
        let forced: Vec<_> = forced.collect();
        let open: Vec<_> = free.into_iter().filter(|c| !forced.iter().any(|f| clash(f, c))).collect();
        let ours = problem.objective(&problem.chosen(&problem.nested()));
        let best = exhaustive(&problem, &open, &mut Vec::new());
        prop_assert!(close(ours, best), "{ours:?} is not {best:?}");
    }

    #[test]
    fn f1_finds_the_best_that_can_be_expected(mut problem in problem(0..=10)) {
        (problem.options.constraint, problem.options.threshold, problem.options.f1_share) = (None, 0.0, 0.5);
        let decoded = problem.f1();
        let ours = decoded.expected_f1(&problem.map, problem.options.min_loop);
        let best = problem.best_expected_f1(&problem.candidates().free, &mut Vec::new());
        prop_assert!((ours - best).abs() < 1e-5, "{ours} is not {best}");
        prop_assert!(decoded.pairs.iter().all(|(.., p)| *p > decoded.threshold));
    }

    #[test]
    fn mea_finds_the_largest_expected_accuracy(mut problem in problem(0..=10), gamma in 0.1f32..4.0) {
        (problem.options.constraint, problem.options.threshold, problem.options.gamma) = (None, 0.0, gamma);
        let ours = problem.by(Method::Mea).expected_accuracy(&problem.map, gamma);
        let best = problem.best_accuracy(&problem.candidates().free, &mut Vec::new());
        prop_assert!((ours - best).abs() < 1e-6, "{ours} is not {best}");
    }

    #[test]
    fn f1_keeps_to_the_threshold_of_the_options(mut problem in problem(0..=24)) {
        problem.options.constraint = None;
        let decoded = problem.f1();
        prop_assert!(decoded.threshold >= problem.options.threshold);
        problem.options.threshold = decoded.threshold;
        prop_assert_eq!(decoded, problem.nested());
    }

    #[test]
    fn constraints_are_obeyed(problem in problem(0..=24)) {
        let Some(constraint) = &problem.options.constraint else { return Ok(()) };
        let more = [Method::Mea, Method::Centroid].map(|method| problem.by(method));
        for decoded in [problem.greedy(), problem.nested(), problem.f1()].into_iter().chain(more) {
            let structure = decoded.structure();
            for pair in constraint.forced() {
                prop_assert!(structure.pairs().contains(&pair));
            }
            for &(i, j) in structure.pairs() {
                prop_assert!(constraint.allows(i, j) || constraint.forced().any(|f| f == (i, j)));
            }
        }
        // With pseudoknots allowed, a base that must pair stays unpaired only if all partners were taken.
        let partners = problem.greedy().structure().partners().unwrap();
        for c in problem.candidates().free.iter().filter(|c| c.asked > 0) {
            prop_assert!(partners[c.i].is_some() || partners[c.j].is_some());
        }
    }

    #[test]
    fn spelling_and_the_lower_triangle_change_nothing(problem in problem(0..=16)) {
        let mut other = problem.clone();
        other.sequence = problem.sequence.iter().map(|base| match base.to_ascii_uppercase() {
            b'U' => b't',
            base => base,
        }).collect();
        let len = other.sequence.len();
        for i in 0..len {
            other.map[i * len..=i * len + i].fill(0.99);
        }
        prop_assert_eq!(problem.greedy(), other.greedy());
        prop_assert_eq!(problem.nested(), other.nested());
        prop_assert_eq!(problem.f1(), other.f1());
    }

    #[test]
    fn reading_backwards_gives_an_equally_good_nested_structure(mut problem in problem(0..=16)) {
        problem.options.constraint = None;
        let len = problem.sequence.len();
        let mut mirror = problem.clone();
        mirror.sequence.reverse();
        for i in 0..len {
            for j in i + 1..len {
                mirror.map[(len - 1 - j) * len + (len - 1 - i)] = problem.map[i * len + j];
            }
        }
        let [ours, theirs] = [&problem, &mirror].map(|p| p.objective(&p.chosen(&p.nested())));
        prop_assert!(close(ours, theirs), "{ours:?} is not {theirs:?}");
    }
}
