//! The part of a structure that each base is in.

use super::Nested;
use super::colour::Colour;

/// A part of a structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Stem,
    Hairpin,
    /// Inner loops and bulges.
    Inner,
    Branching,
    Exterior,
    /// Pairs that cross the others.
    Crossing,
}

impl Part {
    pub(crate) const ALL: [Self; 6] =
        [Self::Stem, Self::Hairpin, Self::Inner, Self::Branching, Self::Exterior, Self::Crossing];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Stem => "stem",
            Self::Hairpin => "hairpin loop",
            Self::Inner => "inner loop, bulge",
            Self::Branching => "multiloop",
            Self::Exterior => "exterior",
            Self::Crossing => "pseudoknot",
        }
    }

    pub(crate) fn colour(self) -> Colour {
        match self {
            Self::Stem => Colour::SKY,
            Self::Hairpin => Colour::ORANGE,
            Self::Inner => Colour::YELLOW,
            Self::Branching => Colour::GREEN,
            Self::Exterior => Colour::LIGHT,
            Self::Crossing => Colour::PURPLE,
        }
    }
}

/// The part of each base.
pub(crate) fn parts(nested: &Nested) -> Vec<Part> {
    let mut parts = vec![Part::Exterior; nested.partners.len()];
    let open_loop = nested.closes_nick();
    let mut open: Vec<(Vec<usize>, usize)> = Vec::new(); // unpaired bases and arms of the loops around this place
    for (base, partner) in nested.partners.iter().enumerate() {
        match partner {
            Some(partner) if *partner > base => {
                parts[base] = Part::Stem;
                if let Some(around) = open.last_mut() {
                    around.1 += 1;
                }
                open.push((Vec::new(), 0));
            }
            Some(partner) => {
                parts[base] = Part::Stem;
                let (unpaired, arms) = open.pop().unwrap_or_default();
                let part = match arms {
                    _ if open_loop == Some(*partner) => Part::Exterior,
                    0 => Part::Hairpin,
                    1 => Part::Inner,
                    _ => Part::Branching,
                };
                unpaired.into_iter().for_each(|inner| parts[inner] = part);
            }
            None => open.iter_mut().last().into_iter().for_each(|around| around.0.push(base)),
        }
    }
    for &(i, j) in &nested.others {
        (parts[i], parts[j]) = (Part::Crossing, Part::Crossing);
    }
    parts
}

#[cfg(test)]
mod tests {
    use rinalmo_seq::Structure;

    use super::*;

    #[test]
    fn the_loop_around_a_nick_is_open() {
        let structure = Structure::parse_strands("(.(..&(..).).)").unwrap();
        let initials: String = parts(&Nested::new(&structure)).iter().map(|part| &part.name()[..1]).collect();
        assert_eq!(initials, "siseeshhsesis");
    }

    #[test]
    fn every_base_is_in_a_part() {
        let structure = Structure::parse_dot_bracket(".(.(..).(.(.)).)").unwrap();
        let initials: String = parts(&Nested::new(&structure)).iter().map(|part| &part.name()[..1]).collect();
        assert_eq!(initials, "esmshhsmsishssms");
    }
}
