//! When two sequences belong together: identity, coverage, and whose coverage counts.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::Error;

/// Whose share in the alignment must reach [`Options::coverage`]; the numbers are those of `mmseqs --cov-mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Coverage {
    /// 0: the aligned part of both sequences.
    #[default]
    Both,
    /// 1: the aligned part of the member, so that fragments join what contains them.
    Member,
    /// 2: the aligned part of the representative.
    Representative,
    /// 3: the member's length against the representative's, whatever is aligned.
    MemberLength,
    /// 4: the representative's length against the member's, whatever is aligned.
    RepresentativeLength,
    /// 5: the shorter length against the longer one, whatever is aligned.
    ShorterLength,
}

impl Coverage {
    /// Every mode, at the place of its number.
    pub const ALL: [Self; 6] = [
        Self::Both,
        Self::Member,
        Self::Representative,
        Self::MemberLength,
        Self::RepresentativeLength,
        Self::ShorterLength,
    ];

    /// Its number in `mmseqs --cov-mode`.
    pub fn number(self) -> usize {
        self as usize
    }
}

/// When two sequences are similar. The defaults are RiNALMo's (Methods, "Pre-training data").
///
/// - **Identity** is matches ÷ columns of the best local alignment: every column between the first and the last
///   aligned pair counts, gaps included (`mmseqs --seq-id-mode 0`). A letter other than A, C, G, T, U matches nothing.
/// - **Coverage** of a sequence is the stretch from its first to its last aligned base ÷ its length.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Least identity, 0…1.
    pub identity: f64,
    /// Least coverage, 0…1.
    pub coverage: f64,
    /// Whose coverage that is.
    pub mode: Coverage,
    /// Whether a sequence may also resemble the reverse complement of its representative. RNA has a strand, so not
    /// by default; `mmseqs` always looks at both.
    pub both_strands: bool,
    /// Bytes the engine may use for its k-mers; it works in several rounds if they need more.
    pub memory: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { identity: 0.7, coverage: 0.8, mode: Coverage::Both, both_strands: false, memory: 4 << 30 }
    }
}

impl Options {
    /// Rejects limits that no pair or every pair would meet.
    ///
    /// # Errors
    /// [`Error::Options`].
    pub fn check(&self) -> Result<(), Error> {
        for (name, value) in [("identity", self.identity), ("coverage", self.coverage)] {
            if !(value > 0.0 && value <= 1.0) {
                return Err(Error::Options { name, value: value.to_string(), expected: "more than 0 and at most 1" });
            }
        }
        Ok(())
    }

    /// Whether the lengths make it possible that a member of `member` bases joins a representative of
    /// `representative` bases.
    pub(crate) fn lengths_fit(&self, representative: usize, member: usize) -> bool {
        let reaches = |part: usize, whole: usize| part as f64 >= self.coverage * whole as f64;
        match self.mode {
            Coverage::Both | Coverage::ShorterLength => {
                reaches(member, representative) && reaches(representative, member)
            }
            Coverage::Member | Coverage::RepresentativeLength => reaches(representative, member),
            Coverage::Representative | Coverage::MemberLength => reaches(member, representative),
        }
    }

    /// The last position in a representative and in a member where an alignment that covers enough can begin.
    pub(crate) fn latest_start(&self, representative: usize, member: usize) -> (usize, usize) {
        let spare = |length: usize| (length as f64 * (1.0 - self.coverage)) as usize + 1;
        match self.mode {
            Coverage::Both => (spare(representative), spare(member)),
            Coverage::Member => (representative, spare(member)),
            Coverage::Representative => (spare(representative), member),
            _ => (representative, member),
        }
    }

    /// How many edits at most turn all of a member of `member` bases into a stretch of its representative; `None`
    /// if the mode does not limit the member.
    ///
    /// An alignment that covers n bases of the member has at most n ÷ identity columns, of which a share of
    /// 1 − identity are edits; the bases it leaves out are one edit each. That is most for one end of what n may be.
    pub(crate) fn most_edits(&self, member: usize) -> Option<usize> {
        if !matches!(self.mode, Coverage::Both | Coverage::Member) {
            return None;
        }
        let edits = |covered: f64| 1.0 - covered + covered * (1.0 - self.identity) / self.identity;
        Some((member as f64 * edits(self.coverage).max(edits(1.0)) + 1e-6) as usize)
    }

    /// The lengths of members of which [`lengths_fit`](Self::lengths_fit) holds.
    pub(crate) fn fitting_members(&self, representative: usize) -> RangeInclusive<usize> {
        let longest = (representative as f64 / self.coverage) as usize + 1;
        let shortest = (representative as f64 * self.coverage) as usize;
        let (shortest, longest) = match self.mode {
            Coverage::Both | Coverage::ShorterLength => (shortest, longest),
            Coverage::Member | Coverage::RepresentativeLength => (0, longest),
            Coverage::Representative | Coverage::MemberLength => (shortest, usize::MAX),
        };
        // Rounded outwards; at most one at either end is too much.
        let fits = |member: usize| self.lengths_fit(representative, member);
        shortest + usize::from(!fits(shortest))..=longest - usize::from(!fits(longest))
    }

    /// Whether an alignment over `of_representative` and `of_member` bases covers enough.
    pub(crate) fn covers(
        &self,
        (of_representative, representative): (usize, usize),
        (of_member, member): (usize, usize),
    ) -> bool {
        let reaches = |part: usize, whole: usize| part as f64 >= self.coverage * whole as f64;
        match self.mode {
            Coverage::Both => reaches(of_representative, representative) && reaches(of_member, member),
            Coverage::Member => reaches(of_member, member),
            Coverage::Representative => reaches(of_representative, representative),
            _ => self.lengths_fit(representative, member),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_modes_have_the_numbers_of_mmseqs() {
        assert_eq!(Coverage::ALL.map(Coverage::number), [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn each_mode_looks_at_its_own_share() {
        let covers = |mode| {
            let options = Options { mode, ..Options::default() };
            (options.lengths_fit(100, 50), options.covers((45, 100), (45, 50)), options.covers((90, 100), (45, 50)))
        };
        assert_eq!(covers(Coverage::Both), (false, false, true));
        assert_eq!(covers(Coverage::Member), (true, true, true));
        assert_eq!(covers(Coverage::Representative), (false, false, true));
        assert_eq!(covers(Coverage::MemberLength), (false, false, false));
        assert_eq!(covers(Coverage::RepresentativeLength), (true, true, true));
        assert_eq!(covers(Coverage::ShorterLength), (false, false, false));
    }

    #[test]
    fn the_lengths_that_fit_are_a_range() {
        for (mode, coverage) in Coverage::ALL.into_iter().flat_map(|mode| [0.1, 0.3, 0.8, 0.9, 1.0].map(|c| (mode, c)))
        {
            let options = Options { mode, coverage, ..Options::default() };
            for representative in 1..60 {
                let range = options.fitting_members(representative);
                let all = (0..700).all(|member| range.contains(&member) == options.lengths_fit(representative, member));
                assert!(all, "{options:?} {representative} {range:?}");
            }
        }
    }

    #[test]
    fn edits_are_bounded_where_the_member_must_be_covered() {
        let most = |identity, mode| Options { identity, mode, ..Options::default() }.most_edits(100);
        assert_eq!(most(0.8, Coverage::Member), Some(40));
        assert_eq!(most(1.0, Coverage::Both), Some(20));
        assert_eq!(most(0.4, Coverage::Both), Some(150));
        assert_eq!(most(0.8, Coverage::Representative), None);
    }

    #[test]
    fn limits_outside_zero_to_one_are_refused() {
        for identity in [0.0, -0.1, 1.1, f64::NAN] {
            assert!(Options { identity, ..Options::default() }.check().is_err(), "{identity}");
        }
        let error = Options { coverage: 80.0, ..Options::default() }.check().unwrap_err();
        assert_eq!(error.to_string(), "clusters: coverage is 80, expected more than 0 and at most 1");
    }
}
