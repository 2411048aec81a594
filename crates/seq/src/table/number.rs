//! Numbers as people and spreadsheets write them.

/// Why a text is not a number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NumberError {
    /// It has marks between thousands.
    #[error("`{text}`, expected a number without marks between thousands")]
    Thousands {
        /// The text.
        text: String,
    },
    /// Its comma may be the decimal sign or a mark between thousands.
    #[error("`{text}` may be {before}.{after} or {before}{after}, write it with a decimal point")]
    Doubtful {
        /// The text.
        text: String,
        /// The digits before the comma, with their sign.
        before: String,
        /// The digits after the comma.
        after: String,
    },
    /// It is something else, or not finite.
    #[error("`{text}`, expected a finite number")]
    Other {
        /// The text.
        text: String,
    },
}

/// What a comma within a number means in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Comma {
    /// The decimal sign: in tables of semicolons, which spreadsheets write where commas are decimal signs.
    Decimal,
    /// The decimal sign too, unless three digits after it could be thousands.
    #[default]
    Doubtful,
}

impl Comma {
    /// Reads a finite number; `0,5`, `1,5e-3` and a minus sign `−` are numbers too.
    ///
    /// # Errors
    /// The text is not a number, or which number it is remains doubtful.
    pub fn number(self, text: &str) -> Result<f64, NumberError> {
        let text = text.trim();
        let plain = text.replace('\u{2212}', "-");
        if let Some((before, after)) = plain.split_once(',') {
            if after.contains(',') || plain.contains('.') {
                return Err(NumberError::Thousands { text: text.to_owned() });
            }
            if self == Self::Doubtful && may_be_thousands(before, after) {
                let [text, before, after] = [text, before, after].map(str::to_owned);
                return Err(NumberError::Doubtful { text, before, after });
            }
        }
        match plain.replace(',', ".").parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            _ => Err(NumberError::Other { text: text.to_owned() }),
        }
    }
}

/// Whether `before,after` may be thousands: `1,234` may, `0,125`, `3,5` and `1234,567` may not.
fn may_be_thousands(before: &str, after: &str) -> bool {
    let digits = before.trim_start_matches(['-', '+']);
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (1..=3).contains(&digits.len())
        && !digits.starts_with('0')
        && are_digits(digits)
        && after.len() == 3
        && are_digits(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_commas_are_read_and_doubtful_ones_refused() {
        let both =
            [("3.5", 3.5), ("3,5", 3.5), (" -0,125 ", -0.125), ("1,5e-3", 1.5e-3), ("1e3", 1e3), ("\u{2212}2", -2.0)];
        for (text, number) in both {
            assert_eq!([Comma::Decimal, Comma::Doubtful].map(|comma| comma.number(text)), [Ok(number), Ok(number)]);
        }
        assert_eq!(Comma::Decimal.number("1,234"), Ok(1.234));
        assert_eq!(
            Comma::Doubtful.number("1,234").unwrap_err().to_string(),
            "`1,234` may be 1.234 or 1234, write it with a decimal point"
        );
        assert_eq!(Comma::Doubtful.number("1234,567"), Ok(1234.567));
    }

    #[test]
    fn what_is_no_number_is_quoted() {
        for text in ["", "x", "inf", "NaN", "1;2", "1, 2", "0x1"] {
            assert_eq!(
                Comma::Decimal.number(text).unwrap_err().to_string(),
                format!("`{text}`, expected a finite number")
            );
        }
        for text in ["1.234,5", "1,234.5", "1,2,3"] {
            let message = Comma::Decimal.number(text).unwrap_err().to_string();
            assert_eq!(message, format!("`{text}`, expected a number without marks between thousands"));
        }
    }
}
