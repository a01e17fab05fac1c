//! Number formats of a workbook: which cells are days, which carry an identity.

/// What a number format makes of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Format {
    /// Whatever it shows, the number is what counts.
    Plain,
    /// A day, perhaps with a time.
    Day,
    /// A time of day, or a length of time.
    Time,
    /// Zeros that pad, or letters joined to a digit, as `00` or `0".Н"`: what is shown is a code, and
    /// no number with its unit, as `0" руб."`. `None` is a digit.
    Identity(Vec<Option<char>>),
}

impl Format {
    /// The format with the code `code`.
    ///
    /// The grammar is that of ECMA-376 part 1, 18.8.31; only the first section counts.
    pub(super) fn of(code: &str) -> Self {
        let mut places = Vec::new();
        let mut identity = true;
        let (mut day, mut time, mut month) = (false, false, false);
        let mut chars = code.chars();
        while let Some(char) = chars.next() {
            match char {
                '\\' => places.extend(chars.next().map(Some)),
                '"' => places.extend(chars.by_ref().take_while(|char| *char != '"').map(Some)),
                '0' => places.push(None),
                ';' => {
                    identity = false;
                    break;
                }
                '[' => {
                    identity = false;
                    let inside: String = chars.by_ref().take_while(|char| *char != ']').collect();
                    let inside = inside.to_ascii_lowercase();
                    let elapsed = |unit: char| inside.chars().all(|char| char == unit);
                    time |= !inside.is_empty() && ['h', 'm', 's'].into_iter().any(elapsed);
                }
                '_' | '*' => {
                    identity = false;
                    chars.next();
                }
                _ => {
                    identity = false;
                    match char.to_ascii_lowercase() {
                        'd' | 'y' => day = true,
                        'h' | 's' => time = true,
                        'm' => month = true,
                        _ => {}
                    }
                }
            }
        }
        match (day, time, month) {
            _ if code.eq_ignore_ascii_case("general") => Self::Plain,
            (true, ..) | (false, false, true) => Self::Day,
            (false, true, _) => Self::Time,
            _ if identity => Self::of_places(places),
            _ => Self::Plain,
        }
    }

    /// The format of these digits and literals and nothing else.
    pub(super) fn of_places(places: Vec<Option<char>>) -> Self {
        let mut digits = places.iter().enumerate().filter(|(_, place)| place.is_none());
        let Some((first, _)) = digits.next() else { return Self::Plain };
        let padded = digits.next().is_some();
        let joins =
            |place: Option<&Option<char>>| matches!(place, Some(Some('.' | '-' | '/' | '_')));
        let joined = joins(places.get(first + 1))
            || first.checked_sub(1).is_some_and(|before| joins(places.get(before)));
        let code = places.iter().flatten().any(|literal| literal.is_alphanumeric());
        let spaced = places.iter().flatten().any(|literal| literal.is_whitespace());
        if padded || joined && code && !spaced { Self::Identity(places) } else { Self::Plain }
    }

    /// The format that every workbook has under `id`; those of other locales are days too.
    pub(super) fn builtin(id: u32) -> Self {
        match id {
            14..=17 | 22 | 27..=31 | 36 | 50..=54 | 57 | 58 => Self::Day,
            18..=21 | 32..=35 | 45..=47 | 55 | 56 => Self::Time,
            _ => Self::Plain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Format;

    #[test]
    fn days_times_and_codes_are_told_apart() {
        for (code, expected) in [
            ("General", Format::Plain),
            ("@", Format::Plain),
            ("0", Format::Plain),
            ("0.00E+00", Format::Plain),
            ("#,##0.00;[Red]-#,##0.00", Format::Plain),
            ("dd.mm.yyyy", Format::Day),
            ("[$-419]mmmm yyyy;@", Format::Day),
            ("mmm", Format::Day),
            ("dd/mm/yyyy h:mm", Format::Day),
            ("h:mm:ss", Format::Time),
            ("[h]:mm:ss", Format::Time),
            ("[Red]0", Format::Plain),
            ("\"дней \"0", Format::Plain),
            ("0\" руб.\"", Format::Plain),
            ("0\"шт\"", Format::Plain),
            ("0\\ \"кг\"", Format::Plain),
            ("\"№\"0", Format::Plain),
            ("0\"-\"", Format::Plain),
            ("# ##0\"шт\"", Format::Plain),
            ("0\".Н\"", Format::Identity(vec![None, Some('.'), Some('Н')])),
            ("\"А-\"0", Format::Identity(vec![Some('А'), Some('-'), None])),
            ("00", Format::Identity(vec![None, None])),
            ("00;-00", Format::Plain),
        ] {
            assert_eq!(Format::of(code), expected, "{code}");
        }
    }
}
