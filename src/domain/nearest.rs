//! The names that come nearest to one: what a person looks at when an id fits no client.

use std::collections::{BTreeMap, BTreeSet};

use super::company_name::normalise;

/// Names told at most.
const MOST: usize = 3;

/// The likeness below which a name is not told, by Jaro and Winkler.
const LEAST: f64 = 0.8;

/// The shortest word by which names are brought together.
const MIN_WORD: usize = 3;

/// Names to be looked through.
#[derive(Debug)]
pub struct Names<'a> {
    names: Vec<(&'a str, String)>,
    by_word: BTreeMap<String, Vec<usize>>,
}

impl<'a> Names<'a> {
    /// The names of `clients`, as they compare.
    pub fn of(clients: impl Iterator<Item = &'a str>) -> Self {
        let names: Vec<(&str, String)> = clients.map(|name| (name, normalise(name))).collect();
        let mut by_word: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (place, (_, plain)) in names.iter().enumerate() {
            for word in words(plain) {
                by_word.entry(word.to_owned()).or_default().push(place);
            }
        }
        Self { names, by_word }
    }

    /// Up to three names that share a word with `name` and are most like it, the likest first.
    #[must_use]
    pub fn nearest(&self, name: &str) -> Vec<&'a str> {
        let plain = normalise(name);
        let places = words(&plain).filter_map(|word| self.by_word.get(word)).flatten();
        let places: BTreeSet<usize> = places.copied().collect();
        let likeness = |place: usize| strsim::jaro_winkler(&plain, &self.names[place].1);
        let scored = places.into_iter().map(|place| (likeness(place), place));
        let mut scored: Vec<(f64, usize)> = scored.filter(|(score, _)| *score >= LEAST).collect();
        scored.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
        scored.iter().take(MOST).map(|(_, place)| self.names[*place].0).collect()
    }
}

fn words(plain: &str) -> impl Iterator<Item = &str> {
    plain.split(' ').filter(|word| word.chars().count() >= MIN_WORD)
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn the_likest_names_come_first_and_what_shares_no_word_is_not_told() {
        let clients = ["ООО «Ромашка»", "Ромашка Плюс", "Ромашки", "Лютик", "АО Ромашка-Сервис"];
        let names = Names::of(clients.into_iter());
        let expected = ["ООО «Ромашка»", "Ромашка Плюс", "АО Ромашка-Сервис"];
        assert_eq!(names.nearest("ромашка, зао"), expected);
        assert!(names.nearest("Василёк").is_empty());
        assert!(names.nearest("").is_empty());
    }
}
