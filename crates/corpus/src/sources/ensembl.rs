//! Ensembl's folders: a species has `<species>/ncrna/` with a file whose name contains the assembly. Only the folder
//! itself shows that name: in its `CHECKSUMS` (the output of BSD `sum`), or in its listing.

use rinalmo_download::{Error as TransferError, Expected, FetchedFile, Job, Progress, Sums, Wanted, read_text};

use super::{Error, Place};

const ENDING: &str = ".ncrna.fa.gz";

// Folders of many small genomes each, in the divisions of Ensembl Genomes.
const COLLECTION: &str = "_collection";

/// Fetches the file of one species.
pub(super) fn fetch(
    place: &Place<'_>,
    species: &str,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Vec<FetchedFile>, Error> {
    let folder = format!("{}/{species}/ncrna", place.url);
    let (name, expected) = match here(place, species) {
        Some(name) => (name, Expected::default()),
        None => named(place, species, &folder, progress)?.ok_or_else(|| Error::NoSpecies {
            url: folder.clone(),
            species: species.into(),
            list: place.url.clone(),
        })?,
    };
    let job = Job { expected, ..place.job(&format!("{folder}/{name}"))? };
    place.fetch_job(job, progress)
}

/// Fetches the files of every species that has one.
pub(super) fn fetch_all(place: &Place<'_>, progress: &mut dyn FnMut(Progress<'_>)) -> Result<Vec<FetchedFile>, Error> {
    let mut files = Vec::new();
    for species in all_species(place, progress)? {
        match fetch(place, &species, progress) {
            Ok(fetched) => files.extend(fetched),
            // Not every folder has non-coding RNA.
            Err(Error::NoSpecies { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    if files.is_empty() {
        return Err(Error::NoSpecies {
            url: place.url.clone(),
            species: "any species".into(),
            list: place.url.clone(),
        });
    }
    Ok(files)
}

/// The species that the page of the release lists, those in collections with the collection before them.
fn all_species(place: &Place<'_>, progress: &mut dyn FnMut(Progress<'_>)) -> Result<Vec<String>, Error> {
    let mut list = |url: &str| -> Result<Vec<String>, Error> {
        let wanted = [Wanted { url: url.to_owned(), path: place.folder.join(format!("<Species>.<assembly>{ENDING}")) }];
        let page = read_text(&format!("{url}/"), &wanted, &place.options.transfer, progress)?;
        Ok(folders(&page).map(str::to_owned).collect())
    };
    let mut species = Vec::new();
    for name in list(&place.url)? {
        if name.ends_with(COLLECTION) {
            let members = list(&format!("{}/{name}", place.url))?;
            species.extend(members.into_iter().map(|member| format!("{name}/{member}")));
        } else {
            species.push(name);
        }
    }
    Ok(species)
}

/// How the names of a species' files begin: `Homo_sapiens.`.
fn beginning(species: &str) -> String {
    let last = species.rsplit('/').next().unwrap_or(species);
    let (first, rest) = last.split_at(last.len().min(1));
    format!("{}{rest}.", first.to_ascii_uppercase())
}

fn is_of(name: &str, beginning: &str) -> bool {
    // Some assemblies of Ensembl Genomes spell the rest in capitals.
    let begins = name.get(..beginning.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(beginning));
    begins && name.ends_with(ENDING) && !name.contains(['/', '\\'])
}

/// The species' file that is in place, if it is the only one and is not to be fetched again.
fn here(place: &Place<'_>, species: &str) -> Option<String> {
    if place.options.transfer.force {
        return None;
    }
    let beginning = beginning(species);
    let names =
        std::fs::read_dir(&place.folder).ok()?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut names = names.filter(|name| is_of(name, &beginning));
    names.next().filter(|_| names.next().is_none())
}

/// Name and checksum of the species' file on the server; `None` if it has none.
fn named(
    place: &Place<'_>,
    species: &str,
    folder: &str,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Option<(String, Expected)>, Error> {
    let beginning = beginning(species);
    let path = place.folder.join(format!("{beginning}<assembly>{ENDING}"));
    let wanted = [Wanted { url: format!("{folder}/"), path }];
    let mut read = |file: &str| match read_text(&format!("{folder}/{file}"), &wanted, &place.options.transfer, progress)
    {
        Err(TransferError::Status { status: 404 | 410, .. }) => Ok(None),
        answer => answer.map(Some),
    };
    if let Some(list) = read("CHECKSUMS")?
        && let Some(line) = Sums::parse(&list).find(|line| is_of(&line.file, &beginning))
    {
        return Ok(Some((line.file, line.expected)));
    }
    let page = read("")?.unwrap_or_default();
    let name = links(&page).find(|name| is_of(name, &beginning)).map(str::to_owned);
    Ok(name.map(|name| (name, Expected::default())))
}

/// The addresses that a page links to, as they are written.
fn links(page: &str) -> impl Iterator<Item = &str> {
    page.split("href=\"").skip(1).filter_map(|rest| rest.split_once('"').map(|(link, _)| link))
}

/// The folders right below a page that lists them.
fn folders(page: &str) -> impl Iterator<Item = &str> {
    let word = |name: &&str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    links(page).filter_map(|link| link.strip_suffix('/')).filter(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_read_from_a_listing_and_nothing_else() {
        let page = "<a href=\"?C=N;O=D\">Name</a> <a href=\"/pub/\">Parent</a> <a href=\"../\">up</a>\n\
                    <a href=\"homo_sapiens/\">homo_sapiens/</a> <a href=\"README\">README</a> <a href=\"a/b/\">deep</a>";
        assert_eq!(folders(page).collect::<Vec<_>>(), ["homo_sapiens"]);
    }

    #[test]
    fn a_file_is_of_its_species_and_of_no_other_that_begins_alike() {
        let begin = beginning("mus_musculus");
        assert_eq!(begin, "Mus_musculus.");
        assert!(is_of("Mus_musculus.GRCm39.ncrna.fa.gz", &begin));
        assert!(!is_of("Mus_musculus_129s1svimj.129S1_SvImJ_v1.ncrna.fa.gz", &begin));
        assert!(!is_of("Mus_musculus.GRCm39.cdna.all.fa.gz", &begin));
        assert!(!is_of("Mus_musculus.../../x.ncrna.fa.gz", &begin));
        assert_eq!(beginning("fungi_x_collection/aspergillus_niger"), "Aspergillus_niger.");
    }
}
