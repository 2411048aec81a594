//! Dot-bracket text: one character per base, each layer of nested pairs (a page) with brackets of its own.

use super::{Structure, pages};
use crate::Error;
use crate::alphabet::NICK;

/// How many pages WUSS text has: `()` and the letters.
pub const WUSS_PAGES: usize = 27;

/// The brackets of each page, in the order they are used: the main fold, then pseudoknots.
pub const PAGES: [(char, char); 30] = {
    let mut pages = [('(', ')'); 30];
    pages[1] = ('[', ']');
    pages[2] = ('{', '}');
    pages[3] = ('<', '>');
    let mut letter = 0;
    while letter < 26 {
        pages[4 + letter as usize] = ((b'A' + letter) as char, (b'a' + letter) as char);
        letter += 1;
    }
    pages
};

const UNPAIRED: &str = ".-_,:~";

impl Structure {
    /// Reads dot-bracket text: pages `()[]{}<>Aa…Zz`, unpaired `.` and, as in Stockholm files, `-` `_` `,` `:` `~`.
    ///
    /// # Errors
    /// [`Error::UnbalancedBracket`] and [`Error::UnknownBracket`] give the column of the mistake.
    pub fn parse_dot_bracket(text: &str) -> Result<Self, Error> {
        Self::parse(text, None)
    }

    /// As [`parse_dot_bracket`](Self::parse_dot_bracket), of one strand or of two that `&` joins.
    ///
    /// ```
    /// let duplex = rinalmo_seq::Structure::parse_strands("((.&.))")?;
    /// assert_eq!((duplex.pairs(), duplex.nick()), (&[(0, 5), (1, 4)][..], Some(3)));
    /// assert_eq!(duplex.to_dot_bracket()?, "((.&.))");
    /// # Ok::<(), rinalmo_seq::Error>(())
    /// ```
    ///
    /// # Errors
    /// Also for a second `&`, or one without a base on either side.
    pub fn parse_strands(text: &str) -> Result<Self, Error> {
        Self::parse(text, nick_of(text.chars()))
    }

    /// Reads the text without the mark at `nick`, if there is one.
    fn parse(text: &str, nick: Option<usize>) -> Result<Self, Error> {
        let mut open: [Vec<usize>; PAGES.len()] = Default::default();
        let mut pairs = Vec::new();
        let mut len = 0;
        let column = |position: usize| position + 1 + usize::from(nick.is_some_and(|nick| nick <= position));
        let characters = text.chars().enumerate().filter(|(at, _)| Some(*at) != nick).map(|(_, character)| character);
        for (position, character) in characters.enumerate() {
            len += 1;
            if let Some(page) = PAGES.iter().position(|&(opens, _)| opens == character) {
                open[page].push(position);
            } else if let Some(page) = PAGES.iter().position(|&(_, closes)| closes == character) {
                let Some(start) = open[page].pop() else {
                    return Err(Error::UnbalancedBracket { bracket: character, column: column(position) });
                };
                pairs.push((start, position));
            } else if !UNPAIRED.contains(character) {
                return Err(Error::UnknownBracket { character, column: column(position) });
            }
        }
        let left_open = open.iter().enumerate().flat_map(|(page, starts)| starts.iter().map(move |s| (*s, page)));
        if let Some((position, page)) = left_open.min() {
            return Err(Error::UnbalancedBracket { bracket: PAGES[page].0, column: column(position) });
        }
        Ok(Structure::new(len, pairs)?.with_nick(nick))
    }

    /// Writes dot-bracket text, two strands joined by `&`: the largest nested set of pairs in `()`, what crosses it in
    /// `[]`, and so on.
    ///
    /// # Errors
    /// [`Error::Multiplet`] if a base has two partners, [`Error::TooManyPages`] if thirty pages do not suffice.
    pub fn to_dot_bracket(&self) -> Result<String, Error> {
        self.write_with(&PAGES)
    }

    /// Writes WUSS text as Stockholm files want it: the main fold in `()`, every pseudoknot in letters `Aa…Zz`.
    ///
    /// # Errors
    /// As [`to_dot_bracket`](Self::to_dot_bracket), with 27 pages.
    pub fn to_wuss(&self) -> Result<String, Error> {
        let mut pages = PAGES;
        pages[PAGES.len() - WUSS_PAGES] = PAGES[0];
        self.write_with(&pages[PAGES.len() - WUSS_PAGES..])
    }

    /// In how many pages the pairs are written; 0 without pairs. Bases with several partners are not looked for.
    pub fn page_count(&self) -> usize {
        pages::assign(self.pairs()).len()
    }

    /// The pairs that the first `pages` pages hold: what can be written where there are no more brackets.
    pub fn within_pages(&self, pages: usize) -> Self {
        let mut pairs: Vec<_> = pages::assign(self.pairs()).into_iter().take(pages).flatten().collect();
        pairs.sort_unstable();
        Self { pairs, ..self.clone() }
    }

    fn write_with(&self, brackets: &[(char, char)]) -> Result<String, Error> {
        self.partners()?;
        let mut text = vec!['.'; self.len()];
        for (page, pairs) in pages::assign(self.pairs()).into_iter().enumerate() {
            let (opens, closes) = *brackets.get(page).ok_or(Error::TooManyPages { pages: brackets.len() })?;
            for (i, j) in pairs {
                text[i] = opens;
                text[j] = closes;
            }
        }
        Ok(with_nick(text.into_iter().collect(), self.nick()))
    }
}

/// A text of one character for each base, with `&` before base `nick`.
pub fn with_nick(mut text: String, nick: Option<usize>) -> String {
    if let Some((at, _)) = nick.and_then(|nick| text.char_indices().nth(nick)) {
        text.insert(at, char::from(NICK));
    }
    text
}

/// Where the mark between two strands is, if there is one mark and both strands have a letter.
pub(crate) fn nick_of(letters: impl Iterator<Item = char>) -> Option<usize> {
    let (mut len, mut nicks, mut last) = (0, 0, 0);
    for (place, letter) in letters.enumerate() {
        len = place + 1;
        if letter == char::from(NICK) {
            (nicks, last) = (nicks + 1, place);
        }
    }
    (nicks == 1 && last > 0 && last + 1 < len).then_some(last)
}

/// How messages say where the second of two strands begins.
pub fn nick_in_words(nick: Option<usize>) -> String {
    nick.map_or("one strand".into(), |nick| format!("`&` after base {nick}"))
}

/// The message about a sequence and a structure that are not parted at the same base.
pub(crate) fn different(sequence: Option<usize>, structure: Option<usize>) -> String {
    let [sequence, structure] = [sequence, structure].map(nick_in_words);
    format!("{sequence} in the sequence, but {structure} in the structure")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read_independently() {
        let structure = Structure::parse_dot_bracket("(([[..A)).]]_a").unwrap();
        assert_eq!(structure.pairs(), [(0, 8), (1, 7), (2, 11), (3, 10), (6, 13)]);
    }

    #[test]
    fn mistakes_are_told_by_column() {
        let message = |text| Structure::parse_dot_bracket(text).unwrap_err().to_string();
        assert_eq!(message("(..))"), "unbalanced bracket `)` at column 5");
        assert_eq!(message(".((.)"), "unbalanced bracket `(` at column 2");
        assert_eq!(message("(.]"), "unbalanced bracket `]` at column 3");
        assert_eq!(message("(.é.)"), "character `é` at column 3 is no part of a dot-bracket structure");
    }

    #[test]
    fn two_strands_are_read_and_written_with_their_nick() {
        for text in ["((.&.))", ".&.", "([&)]", "..((&))(.)"] {
            assert_eq!(Structure::parse_strands(text).unwrap().to_dot_bracket().unwrap(), text);
        }
        assert_eq!(Structure::parse_strands("(.)").unwrap().nick(), None);
        let message = |text| Structure::parse_strands(text).unwrap_err().to_string();
        assert_eq!(message("((&))&."), "character `&` at column 3 is no part of a dot-bracket structure");
        assert_eq!(message("&(.)"), "character `&` at column 1 is no part of a dot-bracket structure");
        assert_eq!(message("((&.)))"), "unbalanced bracket `)` at column 7");
        assert_eq!(message("(.é&.)"), "character `é` at column 3 is no part of a dot-bracket structure");
    }

    #[test]
    fn the_main_fold_is_written_in_round_brackets() {
        let text = "[[..((((..]]..))))";
        assert_eq!(Structure::parse_dot_bracket(text).unwrap().to_dot_bracket().unwrap(), text);
        let swapped = Structure::parse_dot_bracket("((..[[[[..))..]]]]").unwrap();
        assert_eq!(swapped.to_dot_bracket().unwrap(), text);
    }

    #[test]
    fn wuss_keeps_brackets_for_the_main_fold() {
        let knot = Structure::parse_dot_bracket("[[..((((..]]..))))").unwrap();
        assert_eq!(knot.to_wuss().unwrap(), "AA..((((..aa..))))");
        assert_eq!(knot.page_count(), 2);
    }

    #[test]
    fn thirty_layers_can_be_written_and_no_more() {
        let layered = |n| Structure::new(2 * n, (0..n).map(|i| (i, i + n)).collect()).unwrap();
        let text = layered(30).to_dot_bracket().unwrap();
        assert_eq!(Structure::parse_dot_bracket(&text).unwrap(), layered(30));
        assert!(matches!(layered(31).to_dot_bracket(), Err(Error::TooManyPages { pages: 30 })));
        assert_eq!(layered(31).within_pages(30).pairs().len(), 30);
        assert_eq!(layered(30).within_pages(30), layered(30));
    }
}
