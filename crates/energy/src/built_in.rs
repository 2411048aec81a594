//! The energies that are built into the program, by name.

use crate::{EnergyModel, Parameters};

/// A set of energies that is built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
pub enum BuiltIn {
    /// Measured energies: [`Parameters::turner2004`].
    Turner2004,
    /// Energies learned from structures: [`Parameters::rinalmo2026`].
    Rinalmo2026,
}

impl BuiltIn {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Turner2004, Self::Rinalmo2026];

    /// What users call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Turner2004 => "turner2004",
            Self::Rinalmo2026 => "rinalmo2026",
        }
    }

    /// The one of this name, if there is one.
    ///
    /// ```
    /// use rinalmo_energy::BuiltIn;
    ///
    /// assert_eq!(BuiltIn::find("turner2004"), Some(BuiltIn::Turner2004));
    /// assert_eq!(BuiltIn::find("turner1999"), None);
    /// ```
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|built_in| built_in.name() == name)
    }

    /// Its parameters.
    pub fn parameters(self) -> &'static Parameters {
        match self {
            Self::Turner2004 => Parameters::turner2004(),
            Self::Rinalmo2026 => Parameters::rinalmo2026(),
        }
    }

    /// Its energies at 37 °C.
    pub fn model(self) -> &'static EnergyModel {
        match self {
            Self::Turner2004 => EnergyModel::turner2004(),
            Self::Rinalmo2026 => EnergyModel::learned(),
        }
    }
}
