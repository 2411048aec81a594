//! Small answers held in memory: listings, lists of checksums, and the declared size of a file.

use std::io::Read;

use ureq::http::StatusCode;

use super::http::{Failure, agent, broken_off, network, refusal};
use super::transfer::Patience;
use super::{Error, Options, Progress, Wanted};

// Bytes; Ensembl's listing of all species has some 10^5.
const LONGEST: u64 = 16 << 20;

/// The text at an address; `wanted` are the files to copy by hand without a network.
///
/// # Errors
/// The server cannot be reached, refuses, keeps failing, or sends anything but a text of at most 16 MiB.
pub fn read_text(
    url: &str,
    wanted: &[Wanted],
    options: &Options,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<String, Error> {
    progress(Progress::Asking { url });
    let agent = agent(url, options);
    let mut patience = Patience::new(url, options);
    loop {
        let attempt = agent.get(url).call().map_err(|error| network(error, url)).and_then(|mut response| {
            if response.status() != StatusCode::OK {
                return Err(refusal(url, response.status(), response.headers()));
            }
            let mut bytes = Vec::new();
            response.body_mut().as_reader().take(LONGEST + 1).read_to_end(&mut bytes).map_err(broken_off)?;
            let fault = |cause: &str| Failure::Fatal(Error::Protocol { url: url.to_owned(), cause: cause.to_owned() });
            if bytes.len() as u64 > LONGEST {
                return Err(fault("expected a short text, found more than 16 MiB"));
            }
            String::from_utf8(bytes).map_err(|_| fault("expected a text, found other bytes"))
        });
        match attempt {
            Ok(text) => return Ok(text),
            Err(failure) => {
                let retry = patience.after(failure, false, wanted, (0, None))?;
                retry.wait(url, progress);
            }
        }
    }
}

/// The size in bytes that the server declares for a file, if it does; nothing is fetched.
///
/// # Errors
/// The server cannot be reached or refuses.
pub fn size(url: &str, wanted: &[Wanted], options: &Options) -> Result<Option<u64>, Error> {
    let agent = agent(url, options);
    let mut patience = Patience::new(url, options);
    loop {
        let failure = match agent.head(url).call() {
            Ok(response) if response.status() == StatusCode::OK => {
                let length = response.headers().get("content-length");
                return Ok(length.and_then(|text| text.to_str().ok()?.parse().ok()));
            }
            Ok(response) => refusal(url, response.status(), response.headers()),
            Err(error) => network(error, url),
        };
        patience.after(failure, false, wanted, (0, None))?.wait(url, &mut |_| ());
    }
}
