//! Clients that may be one buyer, and why.
//!
//! Keeps true: clients of one `client_key` are settled and never a pair; clients with two valid tax
//! ids of one country are two legal persons, so that names alone do not pair them. A group beyond
//! its limit is left out and told. The work grows with the groups, not with all pairs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use super::company_name;
use super::tax_id::{Validity, examine, is_nobody};

/// Clients that may share a phone or a mail before it tells nothing (a switchboard, a bookkeeper).
const SHARED_BY: usize = 5;

/// Clients of one tax id, one name or one block of similar names that are still paired.
const GROUP: usize = 200;

/// The likeness (Jaro and Winkler) from which two names are nearly equal, in percent.
const LIKE: f64 = 93.0;

/// Letters below which a name is only equal or not.
const SHORT: usize = 4;

/// Digits below which a phone is none.
const PHONE: usize = 7;

/// A client as a source knows him.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Client {
    /// `source:client_id`.
    pub id: String,
    /// The client he is now.
    pub key: String,
    /// His name.
    pub name: String,
    /// His tax id, as the source has it.
    pub tax_id: Option<String>,
    /// His phones, parted by `,` or `;`.
    pub phone: Option<String>,
    /// His mails, parted by `,`, `;` or a space.
    pub email: Option<String>,
}

/// Why two clients may be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The same tax id, leading zeros apart.
    TaxId,
    /// The same mail.
    Mail,
    /// The same last 10 digits of a phone.
    Phone,
    /// The same name without its legal form.
    Name,
    /// A name so like the other, in percent.
    LikeName(u8),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TaxId => f.write_str("tax id"),
            Self::Mail => f.write_str("mail"),
            Self::Phone => f.write_str("phone"),
            Self::Name => f.write_str("name"),
            Self::LikeName(percent) => write!(f, "name {percent} % alike"),
        }
    }
}

impl Reason {
    /// How much it tells by itself, in percent; half where two valid tax ids speak against it.
    fn weight(self, against: bool) -> u32 {
        let weight = match self {
            Self::TaxId => 95,
            Self::Mail => 70,
            Self::Phone => 60,
            Self::Name => 80,
            Self::LikeName(percent) => u32::from(percent) * 6 / 10,
        };
        if against { weight / 2 } else { weight }
    }
}

/// Two clients that may be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The place in the slice of the client whose id comes first.
    pub left: usize,
    /// That of the other.
    pub right: usize,
    /// Why, the strongest first.
    pub reasons: Vec<Reason>,
    /// How likely, from 0 to 100: each reason takes its share of the doubt that the others leave.
    pub score: u32,
}

/// A group too large to be paired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// What its clients share.
    pub shared: String,
    /// How many they are.
    pub clients: usize,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Duplicates {
    /// The pairs, the likeliest first, then by their ids.
    pub pairs: Vec<Pair>,
    /// Groups too large.
    pub left_out: Vec<LeftOut>,
}

/// What of a client is compared.
struct Traits {
    tax_id: Option<String>,
    /// The scheme of a valid tax id.
    scheme: Option<&'static str>,
    phones: Vec<String>,
    mails: Vec<String>,
    name: String,
}

impl Traits {
    fn of(client: &Client) -> Self {
        let known = client.tax_id.as_deref().map(examine);
        let known = known.filter(|known| !is_nobody(&known.normalised));
        let scheme = known.as_ref().filter(|known| known.validity == Validity::Valid);
        Self {
            scheme: scheme.and_then(|known| known.kind),
            tax_id: known.map(|known| known.normalised.trim_start_matches('0').to_owned()),
            phones: phones(client.phone.as_deref().unwrap_or_default()),
            mails: mails(client.email.as_deref().unwrap_or_default()),
            name: company_name::normalise(&client.name),
        }
    }

    /// Whether both have a valid tax id of one scheme, and not the same.
    fn contradicts(&self, other: &Self) -> bool {
        self.scheme.is_some() && self.scheme == other.scheme && self.tax_id != other.tax_id
    }
}

/// The scheme of the client's tax id and the id, where it is valid: two of one scheme are two legal
/// persons.
pub(super) fn legal_person(client: &Client) -> Option<(&'static str, String)> {
    let traits = Traits::of(client);
    traits.scheme.zip(traits.tax_id)
}

/// The last ten digits of each phone in `text`, parted by `,` or `;`.
#[must_use]
pub fn phones(text: &str) -> Vec<String> {
    text.split([',', ';']).filter_map(phone).collect()
}

/// Each mail in `text`, parted by `,`, `;` or a space, in lower case.
#[must_use]
pub fn mails(text: &str) -> Vec<String> {
    text.split([',', ';', ' ']).filter_map(mail).collect()
}

/// The last 10 digits.
fn phone(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let last = digits.get(digits.len().saturating_sub(10)..)?;
    (last.len() >= PHONE && !is_nobody(last)).then(|| last.to_owned())
}

fn mail(text: &str) -> Option<String> {
    text.contains('@').then(|| text.trim().to_lowercase())
}

/// Reasons by pair, the places in order.
type Found = HashMap<(usize, usize), BTreeSet<Reason>>;

/// Finds the pairs among `clients`, whose ids are all different.
#[must_use]
pub fn duplicates(clients: &[Client]) -> Duplicates {
    let traits: Vec<Traits> = clients.iter().map(Traits::of).collect();
    let mut found = Found::new();
    let mut left_out = Vec::new();
    let mut each =
        |shared: &str, most: usize, keys: &dyn Fn(&Traits) -> Vec<String>, pair: Rule<'_>| {
            for (value, group) in groups(&traits, keys) {
                let buyers: BTreeSet<&str> =
                    group.iter().map(|place| clients[*place].key.as_str()).collect();
                if buyers.len() > most {
                    let shared = format!("{shared} {value}");
                    left_out.extend(
                        (most == GROUP).then_some(LeftOut { shared, clients: buyers.len() }),
                    );
                    continue;
                }
                if buyers.len() < 2 {
                    continue;
                }
                for (index, &one) in group.iter().enumerate() {
                    for &other in &group[index + 1..] {
                        if clients[one].key == clients[other].key {
                            continue;
                        }
                        if let Some(reason) = pair(&traits[one], &traits[other]) {
                            let swapped = clients[one].id > clients[other].id;
                            let places = if swapped { (other, one) } else { (one, other) };
                            found.entry(places).or_default().insert(reason);
                        }
                    }
                }
            }
        };
    each("tax id", GROUP, &|of| of.tax_id.iter().cloned().collect(), &|_, _| Some(Reason::TaxId));
    each("mail", SHARED_BY, &|of| of.mails.clone(), &|_, _| Some(Reason::Mail));
    each("phone", SHARED_BY, &|of| of.phones.clone(), &|_, _| Some(Reason::Phone));
    each("name", GROUP, &|of| named(of.name.clone()), &|one, other| {
        (!one.contradicts(other)).then_some(Reason::Name)
    });
    each("names that begin with", GROUP, &|of| named(company_name::block(&of.name)), &alike);
    let mut pairs: Vec<Pair> = found
        .into_iter()
        .map(|((left, right), reasons)| {
            let against = traits[left].contradicts(&traits[right]);
            let doubt = reasons
                .iter()
                .fold(10_000, |doubt, reason| doubt * (100 - reason.weight(against)) / 100);
            let reasons = reasons.into_iter().collect();
            Pair { left, right, reasons, score: 100 - doubt.div_ceil(100) }
        })
        .collect();
    let id = |place: usize| clients[place].id.as_str();
    pairs.sort_by_key(|pair| (std::cmp::Reverse(pair.score), id(pair.left), id(pair.right)));
    Duplicates { pairs, left_out }
}

/// What two clients of one group tell about being one.
type Rule<'a> = &'a dyn Fn(&Traits, &Traits) -> Option<Reason>;

fn named(name: String) -> Vec<String> {
    if name.is_empty() { Vec::new() } else { vec![name] }
}

/// The places of the clients by what they share; each client once in a group.
fn groups(
    traits: &[Traits],
    keys: &dyn Fn(&Traits) -> Vec<String>,
) -> BTreeMap<String, Vec<usize>> {
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, of) in traits.iter().enumerate() {
        for key in keys(of).into_iter().collect::<BTreeSet<_>>() {
            groups.entry(key).or_default().push(place);
        }
    }
    groups
}

/// Whether two names of one block are nearly equal, and no number in them differs: shop 1 is not
/// shop 2.
fn alike(one: &Traits, other: &Traits) -> Option<Reason> {
    let digits = |name: &str| name.chars().filter(char::is_ascii_digit).collect::<String>();
    let long = |name: &str| name.chars().count() > SHORT;
    let (a, b) = (one.name.as_str(), other.name.as_str());
    if a == b || !long(a) || !long(b) || digits(a) != digits(b) || one.contradicts(other) {
        return None;
    }
    let likeness = strsim::jaro_winkler(a, b) * 100.0;
    // From 93 to 100: no truncation worth the name.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    (likeness >= LIKE).then_some(Reason::LikeName(likeness as u8))
}
