//! Where energies apply: the temperature, and what is next to the ends of helices.

/// 0 °C in kelvin.
const FREEZING: f64 = 273.15;

/// Temperature of the energies in parameter files, in °C.
const MEASURED: f64 = 37.0;

/// Gas constant in kcal/(mol·K).
const GAS: f64 = 1.98717e-3;

/// Temperatures in °C for which energies are computed. Far from 37 °C they are extrapolations.
const RANGE: std::ops::RangeInclusive<f64> = -100.0..=200.0;

/// What unpaired bases next to a branch of a multiloop or of the exterior loop contribute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dangles {
    /// Nothing (`-d0` in ViennaRNA).
    None,
    /// Both neighbours of every branch contribute, also if they are paired (`-d2`).
    #[default]
    Both,
}

/// Temperature and dangling ends.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Conditions {
    /// In °C.
    pub temperature: f64,
    /// Dangling ends.
    pub dangles: Dangles,
}

impl Default for Conditions {
    /// 37 °C and [`Dangles::Both`].
    fn default() -> Self {
        Self { temperature: MEASURED, dangles: Dangles::Both }
    }
}

/// A temperature for which there are no energies.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("temperature: expected {} to {} °C, found {found}", RANGE.start(), RANGE.end())]
pub struct TemperatureError {
    /// The temperature, in °C.
    pub found: f64,
}

impl Conditions {
    /// Sets [`Conditions::temperature`], in °C.
    #[must_use]
    pub fn temperature(mut self, temperature: f64) -> Self {
        self.temperature = temperature;
        self
    }

    /// Sets [`Conditions::dangles`].
    #[must_use]
    pub fn dangles(mut self, dangles: Dangles) -> Self {
        self.dangles = dangles;
        self
    }

    /// Checks that there are energies at the temperature.
    ///
    /// # Errors
    /// It is not between -100 and 200 °C.
    pub fn check(self) -> Result<(), TemperatureError> {
        let found = self.temperature;
        if RANGE.contains(&found) { Ok(()) } else { Err(TemperatureError { found }) }
    }

    /// R·T in kcal/mol.
    pub fn rt(self) -> f64 {
        GAS * (FREEZING + self.temperature)
    }

    /// The temperature over that of the energies in files.
    pub(crate) fn relative(self) -> f64 {
        (FREEZING + self.temperature) / (FREEZING + MEASURED)
    }
}
