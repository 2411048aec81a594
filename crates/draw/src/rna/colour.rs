//! Colours that colour-blind readers can tell apart: eight for kinds (Okabe and Ito, "Color Universal Design", 2008), and
//! scales for numbers.

use std::fmt;

/// A colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    pub(crate) const BLACK: Self = Self(0, 0, 0);
    pub(crate) const WHITE: Self = Self(0xff, 0xff, 0xff);
    pub(crate) const DARK: Self = Self(0x33, 0x33, 0x33);
    pub(crate) const GREY: Self = Self(0x99, 0x99, 0x99);
    pub(crate) const LIGHT: Self = Self(0xe4, 0xe4, 0xe4);
    pub(crate) const ORANGE: Self = Self(0xe6, 0x9f, 0x00);
    pub(crate) const SKY: Self = Self(0x56, 0xb4, 0xe9);
    pub(crate) const GREEN: Self = Self(0x00, 0x9e, 0x73);
    pub(crate) const YELLOW: Self = Self(0xf0, 0xe4, 0x42);
    pub(crate) const BLUE: Self = Self(0x00, 0x72, 0xb2);
    pub(crate) const VERMILION: Self = Self(0xd5, 0x5e, 0x00);
    pub(crate) const PURPLE: Self = Self(0xcc, 0x79, 0xa7);

    /// Black or white, whichever can be read on this colour.
    pub(crate) fn ink(self) -> Self {
        let Self(red, green, blue) = self;
        let light = 0.299 * f64::from(red) + 0.587 * f64::from(green) + 0.114 * f64::from(blue);
        if light < 120.0 { Self::WHITE } else { Self::BLACK }
    }

    /// The same colour, dark enough for letters on white.
    pub(crate) fn on_white(self) -> Self {
        if self == Self::WHITE {
            return Self::BLACK;
        }
        if self.ink() == Self::WHITE { self } else { self.mixed(Self::BLACK, 0.35) }
    }

    fn mixed(self, other: Self, part: f64) -> Self {
        let mix = |a: u8, b: u8| (f64::from(a) + part * (f64::from(b) - f64::from(a))).round() as u8;
        Self(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// The colours of numbers, from the least to the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Palette {
    /// From dark blue over green to yellow.
    #[default]
    Viridis,
    /// From dark blue over grey to yellow; the same for readers who do not see red or green.
    Cividis,
    /// From white to dark orange.
    Orange,
    /// From white to black.
    Grey,
}

const VIRIDIS: &[u32] = &[0x440154, 0x472d7b, 0x3b528b, 0x2c728e, 0x21918c, 0x28ae80, 0x5ec962, 0xaddc30, 0xfde725];
const CIVIDIS: &[u32] =
    &[0x00204d, 0x00336f, 0x39486b, 0x575c6d, 0x707173, 0x8a8779, 0xa69d75, 0xc4b56c, 0xe4cf5b, 0xffea46];
const ORANGE: &[u32] = &[0xffffff, 0xfdd49e, 0xe69f00, 0xd55e00, 0x8c2d04];
const GREY: &[u32] = &[0xffffff, 0x000000];

impl Palette {
    /// Every palette with its name on the command line and in Python.
    pub const NAMES: [(&str, Self); 4] =
        [("viridis", Self::Viridis), ("cividis", Self::Cividis), ("orange", Self::Orange), ("grey", Self::Grey)];

    /// The palette of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.into_iter().find_map(|(known, palette)| (known == name).then_some(palette))
    }

    /// The colour at `part` of the way from the least to the greatest number.
    pub fn at(self, part: f64) -> Colour {
        let stops = match self {
            Self::Viridis => VIRIDIS,
            Self::Cividis => CIVIDIS,
            Self::Orange => ORANGE,
            Self::Grey => GREY,
        };
        let place = part.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
        let low = (place as usize).min(stops.len() - 2);
        let colour = |stop: u32| Colour((stop >> 16) as u8, (stop >> 8) as u8, stop as u8);
        colour(stops[low]).mixed(colour(stops[low + 1]), place - low as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_begin_and_end_with_their_colours() {
        assert_eq!(Palette::Viridis.at(0.0).to_string(), "#440154");
        assert_eq!(Palette::Viridis.at(7.0).to_string(), "#fde725");
        assert_eq!(Palette::Grey.at(0.5).to_string(), "#808080");
        assert_eq!((Palette::Viridis.at(0.0).ink(), Colour::YELLOW.ink()), (Colour::WHITE, Colour::BLACK));
    }
}
