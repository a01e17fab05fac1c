//! Names: what may name a thing, and which known name a misspelt one is nearest to.
//!
//! Keeps true: names that reach file paths and column headers are lower-case ASCII, so every BI
//! tool and every file system can carry them.

/// The longest name allowed anywhere, in bytes.
pub const MAX_NAME_BYTES: usize = 64;

/// Whether `name` is `[a-z][a-z0-9_]*`, at most [`MAX_NAME_BYTES`] long.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    name.len() <= MAX_NAME_BYTES
        && bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// A header in one spelling: in lower case, `ё` as `е`, without spaces, line breaks, `_` and hyphens,
/// so that `Invoice Number`, `invoice_number`, `InvoiceNumber` and «Показа-⏎тели» are what they look
/// like.
#[must_use]
pub fn spelling(header: &str) -> String {
    let unseen = |char: &char| {
        char.is_whitespace() || "_-\u{ad}\u{2010}\u{2011}\u{200b}\u{feff}".contains(*char)
    };
    let lower = header.chars().filter(|char| !unseen(char)).flat_map(char::to_lowercase);
    lower.map(|char| if char == 'ё' { 'е' } else { char }).collect()
}

/// `headers`, those that are the same numbered: two of `Amount` are `Amount (1)` and `Amount (2)`.
#[must_use]
pub fn numbered(headers: &[String]) -> Vec<String> {
    let count = |among: &[String], header: &String| among.iter().filter(|it| *it == header).count();
    let place = |(place, header): (usize, &String)| {
        if header.is_empty() || count(headers, header) < 2 {
            return header.clone();
        }
        format!("{header} ({})", count(&headers[..=place], header))
    };
    headers.iter().enumerate().map(place).collect()
}

/// The scheme of `url` where it is another than `file`.
#[must_use]
pub fn foreign_scheme(url: &str) -> Option<&str> {
    let (scheme, _) = url.split_once("://")?;
    (scheme != "file").then_some(scheme)
}

/// Whether `url` lies in `scope`, a URL that it begins with at a boundary of paths.
#[must_use]
pub fn lies_in(url: &str, scope: &str) -> bool {
    let scope = scope.trim_end_matches('/');
    url.strip_prefix(scope).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

/// The known name nearest to `wrong`, if one is near enough to be what was meant.
#[must_use]
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong_lower = wrong.to_lowercase();
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&wrong_lower, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= 1 + name.chars().count() / 4)
        .min()
        .map(|(_, name)| name)
}

/// `did you mean "x"?` when a known name is near, else the list of known names.
#[must_use]
pub fn suggest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let mut known: Vec<&str> = known.into_iter().collect();
    known.sort_unstable();
    known.dedup();
    match nearest(wrong, known.iter().copied()) {
        Some(name) => format!("did you mean \"{name}\"?"),
        None if known.is_empty() => "nothing of the kind is known here".to_owned(),
        None => format!("known are: {}", known.join(", ")),
    }
}

/// Whether `text` matches `pattern`, in which `*` stands for any run of characters.
#[must_use]
pub fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == b'*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && pattern[p] == text[t] {
            p += 1;
            t += 1;
        } else if let Some((star_p, star_t)) = star {
            p = star_p + 1;
            t = star_t + 1;
            star = Some((star_p, star_t + 1));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// [`like`] in which capital and small letters are the same.
#[must_use]
pub fn like_any_case(pattern: &str, text: &str) -> bool {
    let same = |one: char, other: char| one == other || one.to_lowercase().eq(other.to_lowercase());
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    let mut star = None;
    loop {
        match (pattern.clone().next(), text.clone().next()) {
            (Some('*'), _) => {
                pattern.next();
                star = Some((pattern.clone(), text.clone()));
            }
            (Some(one), Some(other)) if same(one, other) => {
                pattern.next();
                text.next();
            }
            (None, None) => return true,
            (_, None) => return false,
            _ => {
                let Some((behind, from)) = &mut star else { return false };
                from.next();
                (pattern, text) = (behind.clone(), from.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{is_name, like, like_any_case, nearest};

    #[test]
    fn a_star_stands_for_any_run() {
        for (pattern, text, expected) in [
            ("Реализация*", "Реализация товаров", true),
            ("*", "", true),
            ("C*", "536365", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b", "aXbY", false),
            ("", "x", false),
        ] {
            assert_eq!(like(pattern, text), expected, "{pattern} {text}");
            assert_eq!(like_any_case(pattern, &text.to_uppercase()), expected, "{pattern} {text}");
        }
        assert!(like_any_case("итого*", "ИТОГО по складу") && !like_any_case("итого", "ИТОГО:"));
    }

    #[test]
    fn a_misspelt_name_finds_its_neighbour() {
        assert_eq!(nearest("delimeter", ["delimiter", "decimal"]), Some("delimiter"));
        assert_eq!(nearest("zzz", ["delimiter", "decimal"]), None);
    }

    #[test]
    fn names_are_lower_case_ascii() {
        assert!(is_name("sales_1c"));
        assert!(!is_name("Sales") && !is_name("1c") && !is_name("a-b") && !is_name(""));
    }
}
