//! Numbers as files write them: one in a cell, several in a line.

use rinalmo::seq::table::{Comma, NumberError};

/// What SHAPE files have where nothing was measured: numbers up to this.
const NOT_MEASURED: f64 = -500.0;
/// What other files have there.
const MISSING: [&str; 8] = ["", "NA", "na", "NaN", "nan", ".", "-", "null"];

/// The number in a cell, `None` where nothing was measured.
///
/// # Errors
/// It is something else, or could be one of two numbers.
pub fn cell(text: &str, comma: Comma) -> Result<Option<f64>, String> {
    if MISSING.contains(&text) {
        return Ok(None);
    }
    let number = text.parse::<f64>().or_else(|_| comma.number(text)).map_err(|error| match error {
        NumberError::Other { text } => format!("expected a number, found `{text}`"),
        doubt => doubt.to_string(),
    })?;
    Ok((number.is_finite() && number > NOT_MEASURED).then_some(number))
}

/// Is this a number, or what stands for none?
pub fn is_number(text: &str) -> bool {
    cell(text, Comma::Decimal).is_ok()
}

/// Is this the letter of a base?
pub fn is_letter(text: &str) -> bool {
    matches!(text.as_bytes(), [letter] if letter.is_ascii_alphabetic())
}

/// The cells of a line.
pub struct Cells<'l> {
    pub cells: Vec<&'l str>,
    /// What a comma in them means; `None` if commas separate them.
    comma: Option<Comma>,
}

impl<'l> Cells<'l> {
    /// Cells that blanks, tabs or semicolons separate; only if none of these does, commas do. So `1 0,5` and `1;0,5` are
    /// two cells, as `1,0.5` and `1, 0.5` are.
    pub fn of(line: &'l str) -> Self {
        let cells: Vec<&str> = line.split(is_blank).map(trimmed).filter(|cell| !cell.is_empty()).collect();
        let comma = if line.contains(';') { Comma::Decimal } else { Comma::Doubtful };
        match cells[..] {
            [only] if only.contains(',') => {
                let cells = only.split(',').filter(|cell| !cell.is_empty());
                Self { cells: cells.collect(), comma: None }
            }
            _ => Self { cells, comma: Some(comma) },
        }
    }

    /// The number of a cell.
    ///
    /// # Errors
    /// As [`cell`]; or the comma after it may be its decimal sign, as in `1,0,5`.
    pub fn number(&self, place: usize) -> Result<Option<f64>, String> {
        let text = self.cells[place];
        let number = cell(text, self.comma.unwrap_or_default())?;
        let Some(next) = self.cells.get(place + 1).filter(|_| self.comma.is_none()) else { return Ok(number) };
        let is_whole = |text: &str| text.bytes().all(|letter| letter.is_ascii_digit());
        if is_whole(text.trim_start_matches(['-', '+'])) && is_whole(next) {
            let other = cell(&format!("{text}.{next}"), Comma::Decimal)?;
            if other != number {
                return Err(format!(
                    "`{text},{next}` may be {text}.{next}, or {text} and {next}\nhint: decimal points"
                ));
            }
        }
        Ok(number)
    }
}

/// The numbers of a text, separated by blanks, tabs, semicolons or commas.
///
/// # Errors
/// There is something else.
pub fn numbers(text: &str, comma: Comma) -> Result<Vec<Option<f64>>, String> {
    let words: Vec<&str> = text.split(is_blank).filter(|word| !word.is_empty()).collect();
    let both = words.iter().any(|word| trimmed(word) != *word) && words.iter().any(|word| trimmed(word).contains(','));
    if words.len() > 1 && !both {
        let words = words.iter().map(|word| trimmed(word)).filter(|word| !word.is_empty());
        return words.map(|word| cell(word, comma)).collect();
    }
    let cells = text.split(|letter| is_blank(letter) || letter == ',').filter(|part| !part.is_empty());
    cells.map(|part| cell(part, comma)).collect()
}

fn is_blank(letter: char) -> bool {
    letter.is_whitespace() || letter == ';'
}

/// Without the commas around it, which separate it from others.
fn trimmed(word: &str) -> &str {
    word.trim_matches(',')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Result<Vec<Option<f64>>, String> {
        let cells = Cells::of(text);
        (0..cells.cells.len()).map(|place| cells.number(place)).collect()
    }

    #[test]
    fn commas_are_decimal_signs_where_something_else_separates() {
        for text in ["1\t0,5", "1 0,5", "1;0,5", "1; 0,5 ", "1,0.5", "1, 0.5", "1, 0,5", "1 , 0.5"] {
            assert_eq!(line(text), Ok(vec![Some(1.0), Some(0.5)]), "{text}");
        }
        assert_eq!(line("1;1,234"), Ok(vec![Some(1.0), Some(1.234)]));
        assert!(line("1\t1,234").unwrap_err().starts_with("`1,234` may be 1.234 or 1234"));
        assert_eq!(line("7,-999,0"), Ok(vec![Some(7.0), None, Some(0.0)]), "both ways nothing is measured");
        let doubt = Cells::of("1,0,5").number(1).unwrap_err();
        assert!(doubt.starts_with("`0,5` may be 0.5, or 0 and 5\nhint: "), "{doubt}");
        assert_eq!(Cells::of("1,0.5,2").number(1), Ok(Some(0.5)));
    }

    #[test]
    fn lists_are_separated_by_what_they_have() {
        let of = |text: &str| numbers(text, Comma::Doubtful);
        let three = Ok(vec![Some(1.0), Some(2.0), Some(3.0)]);
        for text in ["1,2,3", "1, 2, 3", "1 2 3", "1;2;3", "1,2, 3", "1\t2\t3"] {
            assert_eq!(of(text), three, "{text}");
        }
        assert_eq!(of("0,5 NA\t0,25"), Ok(vec![Some(0.5), None, Some(0.25)]));
        assert_eq!(of("1,x").unwrap_err(), "expected a number, found `x`");
    }
}
