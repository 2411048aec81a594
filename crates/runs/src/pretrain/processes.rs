//! The processes that share a run: those that `mpirun` or `srun` started, or this one alone.

use rinalmo_train::{Alone, Exchange, Gradients, Share};

use crate::Error;

/// The processes of a run, with feature `mpi`. Keep it until the program ends: when it is dropped, each process waits
/// for all others.
#[derive(Debug)]
pub struct Processes {
    #[cfg(feature = "mpi")]
    mpi: Option<rinalmo_train::Mpi>,
    alone: Alone,
}

impl Processes {
    /// Joins the other processes that were started with this one, if there are any.
    ///
    /// # Errors
    /// Others were started, but this program cannot communicate with them.
    pub fn join() -> Result<Self, Error> {
        let launch = Launch::of(|name| std::env::var(name).ok());
        match launch {
            Launch::Strangers(count) => Err(Error::Options(format!(
                "this is one of {count} processes of a Slurm step that do not know each other\nhint: `srun \
                 --mpi=pmix`, or `mpirun` in the batch script"
            ))),
            #[cfg(not(feature = "mpi"))]
            Launch::Mpi(count) if count != Some(1) => Err(Error::Options(
                "several processes were started, but this program is built for one\nhint: build with `--features mpi`, or \
                 start it without `mpirun`"
                    .into(),
            )),
            #[cfg(feature = "mpi")]
            Launch::Mpi(_) => Ok(Self { mpi: Some(rinalmo_train::Mpi::begin()?), alone: Alone }),
            #[cfg(feature = "mpi")]
            Launch::Alone => Ok(Self { mpi: None, alone: Alone }),
            #[cfg(not(feature = "mpi"))]
            _ => Ok(Self { alone: Alone }),
        }
    }

    /// Is this the process that reports and writes?
    pub fn leads(&self) -> bool {
        self.share().rank == 0
    }

    /// The rank of this process among those on the same machine.
    pub fn here(&self) -> Share {
        #[cfg(feature = "mpi")]
        if let Some(mpi) = &self.mpi {
            return mpi.here();
        }
        Share::default()
    }

    /// Threads that this process should use, so that processes on the same machine do not compete; `None` (all) if it
    /// runs alone.
    pub fn threads(&self) -> Option<usize> {
        #[cfg(feature = "mpi")]
        if let Some(mpi) = self.mpi.as_ref().filter(|mpi| mpi.share().ranks > 1) {
            return Some(mpi.threads());
        }
        None
    }

    /// Ends all processes, including this one, with an exit code. Others that fail at the same time have a second to
    /// report why.
    pub fn fail(&mut self, code: i32) -> ! {
        #[cfg(feature = "mpi")]
        if let Some(mpi) = &mut self.mpi {
            mpi.fail(code);
        }
        std::process::exit(code)
    }

    fn exchange(&mut self) -> &mut dyn Exchange {
        #[cfg(feature = "mpi")]
        if let Some(mpi) = &mut self.mpi {
            return mpi;
        }
        &mut self.alone
    }
}

impl Exchange for Processes {
    fn share(&self) -> Share {
        #[cfg(feature = "mpi")]
        if let Some(mpi) = &self.mpi {
            return mpi.share();
        }
        Share::default()
    }

    fn sum(&mut self, numbers: &mut [f64]) -> Result<(), rinalmo_train::Error> {
        self.exchange().sum(numbers)
    }

    fn start(&mut self, piece: Gradients) -> Result<(), rinalmo_train::Error> {
        self.exchange().start(piece)
    }

    fn collect(&mut self) -> Result<Gradients, rinalmo_train::Error> {
        self.exchange().collect()
    }
}

/// How this process was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Launch {
    /// As the only process.
    Alone,
    /// By an MPI launcher, with the number of processes if it gives one.
    Mpi(Option<usize>),
    /// By Slurm as one of this many, but without MPI.
    Strangers(usize),
}

impl Launch {
    /// From the environment: Open MPI's `mpirun`, `srun --mpi=pmix`, and MPICH's and Intel's `mpirun`.
    fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let number = |name: &str| variable(name).and_then(|count| count.parse::<usize>().ok());
        if ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"].into_iter().any(|name| variable(name).is_some()) {
            return Self::Mpi(number("OMPI_COMM_WORLD_SIZE").or_else(|| number("PMI_SIZE")));
        }
        match number("SLURM_STEP_NUM_TASKS") {
            Some(count) if count > 1 => Self::Strangers(count),
            _ => Self::Alone,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Launch {
        Launch::of(|name| variables.iter().find(|(of, _)| *of == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn launchers_are_recognized_by_the_environment() {
        assert_eq!(of(&[("HOME", "/root")]), Launch::Alone);
        assert_eq!(of(&[("OMPI_COMM_WORLD_RANK", "0"), ("OMPI_COMM_WORLD_SIZE", "4")]), Launch::Mpi(Some(4)));
        assert_eq!(of(&[("PMIX_RANK", "1"), ("SLURM_STEP_NUM_TASKS", "2")]), Launch::Mpi(None));
        assert_eq!(of(&[("SLURM_STEP_NUM_TASKS", "2")]), Launch::Strangers(2));
        assert_eq!(of(&[("SLURM_STEP_NUM_TASKS", "1")]), Launch::Alone);
    }
}
