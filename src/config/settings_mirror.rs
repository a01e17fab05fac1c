//! The YAML of `domain:`, key by key. What each setting changes stands in its docstring, which is
//! also what the JSON Schema and the data dictionary say of it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::yaml::Spanned;
use crate::domain::calendar::Fiscal;

#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Mirror {
    /// The month (1 to 12) in which the fiscal year and its quarters begin; 1 by default.
    pub(super) fiscal_year_start: Option<Spanned<u32>>,
    /// The day from which the documents are complete; quarters that begin within a year of it are
    /// warming up. By default the day of the first document.
    pub(super) history_from: Option<Spanned<String>>,
    /// Which documents of a source are purchases, where what the source knows does not settle it.
    #[serde(default)]
    pub(super) purchase_kind: Vec<PurchaseKindMirror>,
    /// The sales type of clients for whom none is known; `transactional` by default.
    pub(super) sales_type: Option<Spanned<String>>,
    /// `purchaser` (default), or `negotiated`: refusals and requests of clients who never bought
    /// count too, in scope deal and in `request_conversion`.
    pub(super) client_is: Option<Spanned<String>>,
    /// What amounts are, `with_tax` (default) or `without_tax`; named beside sums, never converted.
    pub(super) amounts: Option<Spanned<String>>,
    /// What makes two ids one client: `tax_id` (default), or `client_id`, which tells by aliases
    /// alone.
    pub(super) client_key: Option<Spanned<String>>,
    /// Tax ids with fewer characters are taken for none; 8 by default.
    pub(super) tax_id_min_length: Option<Spanned<u32>>,
    /// Tax ids that match this regular expression are taken for none.
    pub(super) tax_id_ignore: Option<Spanned<String>>,
    /// A tax id that one source gives to more ids fails a check; 5 by default.
    pub(super) tax_id_max_clients: Option<Spanned<u32>>,
    /// What a new client costs, in the base currency; what a returned one costs is set against it.
    pub(super) acquisition_cost: Option<Spanned<String>>,
    /// Units in which lost value is told too, as `payroll_month: 850000`: the name and what one
    /// costs in the base currency.
    #[serde(default)]
    pub(super) equivalents: BTreeMap<String, Spanned<String>>,
    /// Whose rhythm a client is judged by.
    #[serde(default)]
    pub(super) cycle: CycleMirror,
    /// When a client counts as asleep.
    #[serde(default)]
    pub(super) sleep: SleepMirror,
    /// When a sleeper counts as lost.
    #[serde(default)]
    pub(super) lost: LostMirror,
    /// How long a returned client is watched.
    #[serde(default)]
    pub(super) watch: WatchMirror,
    /// When a client is to be called before he falls asleep.
    #[serde(default)]
    pub(super) overdue: OverdueMirror,
    /// What a spoken refusal leaves open.
    #[serde(default)]
    pub(super) refusal: RefusalMirror,
    /// Tiers and other measures of value.
    #[serde(default)]
    pub(super) value: ValueMirror,
    /// Signs of a client who is about to leave.
    #[serde(default)]
    pub(super) signs: SignsMirror,
    /// Who stands on the list of sleepers to call.
    #[serde(default)]
    pub(super) list: ListMirror,
    /// Calls that lose sales when forgotten.
    #[serde(default)]
    pub(super) follow_up: FollowUpMirror,
    /// Rules whose breaches are shown: `off` silences one.
    #[serde(default)]
    pub(super) rules: RulesMirror,
    /// When key clients are due to be contacted.
    #[serde(default)]
    pub(super) key: KeyMirror,
    /// When what is known of clients is out of date.
    #[serde(default)]
    pub(super) data: DataMirror,
    /// How clients are woken.
    #[serde(default)]
    pub(super) channels: ChannelsMirror,
    /// What loss of clients in a year is normal.
    #[serde(default)]
    pub(super) norms: NormsMirror,
    /// Exchange rates.
    #[serde(default)]
    pub(super) rates: RatesMirror,
    /// How attempts to win clients back are judged.
    #[serde(default)]
    pub(super) conversion: ConversionMirror,
    /// The odds of silence.
    #[serde(default)]
    pub(super) odds: OddsMirror,
    /// When the books of a quarter are closed.
    #[serde(default)]
    pub(super) quarters: QuartersMirror,
    /// What is told of quarters that have changed since they were published.
    #[serde(default)]
    pub(super) restatements: RestatementsMirror,
    /// Sleep within a direction.
    #[serde(default)]
    pub(super) direction: DirectionMirror,
}

impl Mirror {
    /// The fiscal calendar, where it is given and one.
    pub(super) fn fiscal(&self) -> Option<Fiscal> {
        Fiscal::new(self.fiscal_year_start.as_ref()?.value)
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PurchaseKindMirror {
    /// The source.
    pub(super) source: Spanned<String>,
    /// `shipment`, `paid_invoice`, `invoice` or `order`.
    pub(super) kind: Spanned<String>,
    /// The first day it holds for.
    pub(super) from: Option<Spanned<String>>,
    /// The last day it holds for.
    pub(super) until: Option<Spanned<String>>,
}

macro_rules! mirror {
    ($name:ident { $($(#[$meta:meta])* $field:ident: $kind:ty),* $(,)? }) => {
        #[derive(Deserialize, Default, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name { $($(#[$meta])* pub(super) $field: Option<Spanned<$kind>>,)* }
    };
}

mirror!(CycleMirror {
    /// Where the cycle is looked for first: `client` (default; his own, else his sales type's,
    /// else the company's), `segment` or `company`.
    base: String,
    /// One cycle for everybody, in days; replaces all others.
    fixed_days: u32,
    /// How a client's own cycle is measured: `mean_gap` (default), `median_gap`, `quantile`,
    /// `window_rate` or `shrunk`.
    method: String,
    /// Purchases from which a client has a cycle of his own; 3 by default.
    min_purchases: u32,
    /// The time up to a purchase whose purchases its cycle is measured by; `12 months` by default.
    window: String,
    /// The quantile of the gaps for method `quantile`; 0.75 by default.
    quantile: String,
    /// Clients from which a sales type or the company has a cycle; 30 by default.
    min_clients: u32,
    /// The cycle in days where nothing else tells one; 90 by default.
    default_days: u32,
});
mirror!(LostMirror {
    /// Days asleep after which a client counts as lost; 365 by default.
    after_days: u32,
});
mirror!(WatchMirror {
    /// Purchases after a return until which a client is watched; 2 by default.
    purchases: u32,
});
mirror!(OverdueMirror {
    /// Days after one cycle from which a client is to be called; 5 by default.
    grace_days: u32,
});
mirror!(RefusalMirror {
    /// Days after a spoken refusal in which purchases end no spell; 0 by default.
    tail_days: u32,
});
mirror!(SignsMirror {
    /// Months without a request after which the sign `no_requests` shows; 3 by default.
    no_request_months: u32,
    /// Last requests without an order that make the sign `requests_without_order`, and requests
    /// that put who never bought on `never_ordered`; 3 by default.
    requests: u32,
    /// Last contacts without an answer that make the sign `no_answer`; 3 by default.
    unanswered: u32,
    /// Months for which a low score makes the sign `detractor`; 12 by default.
    score_months: u32,
    /// Days without a contact of ours that make the sign `no_outreach`; 180 by default.
    neglect_days: u32,
    /// The share of the usual volume below which `falling_volume` and `falling_invoices` show; 0.50
    /// by default.
    volume_drop: String,
    /// How many times his cycle a client's last gap is when `falling_frequency` shows; 1.5 by
    /// default.
    frequency_drop: String,
    /// Days in which an order or purchase answers a request; 30 by default.
    request_window_days: u32,
});
mirror!(FollowUpMirror {
    /// Days after an invoice or offer from which it is to be followed up; 2 by default.
    days: u32,
    /// Days from which the call is late; 7 by default.
    late_days: u32,
    /// Days after which it is dropped; 60 by default.
    drop_days: u32,
});
mirror!(RulesMirror {
    /// The manager who lost a client tries to win him back.
    called_by_loser: Switch,
    /// A client who left for an unknown reason still stands with the manager who lost him.
    unknown_reason_same_manager: Switch,
    /// Who must not be contacted was.
    do_not_contact: Switch,
    /// A client who was lost twice was tried again.
    lost_twice_attempted: Switch,
    /// An attempt was closed before its window had ended.
    judged_early: Switch,
    /// The letter went out after the call that it should prepare.
    letter_after_call: Switch,
    /// A listed client was not called within 14 days.
    listed_not_called: Switch,
    /// A gold client was lost, and nobody above his manager spoke with him.
    head_silent: Switch,
    /// Days after the loss of a gold client from which that is a breach; 7 by default.
    head_silent_days: u32,
    /// A sleeper was woken before anybody had asked him why he left.
    woken_before_survey: Switch,
    /// A client with a claim was woken though nothing had been done about it.
    offended_without_improvement: Switch,
    /// A client was woken by no channel of `channels.allowed`.
    mail_only: Switch,
    /// A client who had come back complained of the same thing again.
    same_problem_again: Switch,
});
mirror!(ChannelsMirror {
    /// Kinds of contacts by which a client may be woken: `call` and `visit` by default.
    allowed: Vec<Spanned<String>>,
});
mirror!(NormsMirror {
    /// The share of clients lost in a year up to which all is well; 0.10 by default.
    fine: String,
    /// The share of clients lost in a year from which there is alarm; 0.20 by default.
    alarm: String,
});
mirror!(RatesMirror {
    /// Days after which an exchange rate is too old to be used; 10 by default.
    max_age_days: u32,
});
mirror!(KeyMirror {
    /// Days after which a key client is to be contacted by his manager or somebody above; 180 by
    /// default.
    contact_days: u32,
    /// Months after which he is to be visited; 12 by default.
    visit_months: u32,
});
mirror!(DataMirror {
    /// Months after which a client's card counts as out of date; 12 by default.
    stale_months: u32,
});
mirror!(LeastMirror {
    /// The share of what was published from which a change is told; 0.001 by default.
    share: String,
    /// The amount or number from which a change is told; 0 by default.
    amount: String,
});
mirror!(DirectionMirror {
    /// Purchases from which a client and direction have spells; 3 by default.
    min_purchases: u32,
});
mirror!(QuartersMirror {
    /// Days after a quarter's end when its books are closed, before which it is not kept; 20 by
    /// default.
    settle_days: u32,
});
mirror!(ConversionMirror {
    /// Cycles of the client that an attempt has to succeed; 1.5 by default.
    cycles: String,
    /// Days that an attempt has at least; 30 by default.
    min_days: u32,
    /// Matured attempts below which a conversion is too few to be held against others; 10 by default.
    min_attempts: u32,
    /// The conversion that calls alone are said to reach; 0.05 by default.
    calls_alone: String,
    /// The conversion that the method is said to reach on average; 0.30 by default.
    average: String,
    /// The best conversion that the method's authors recorded; 0.61 by default.
    best: String,
});
mirror!(OddsMirror {
    /// Days ahead for which `p_silent` is told; 90 by default.
    horizon_days: u32,
    /// The parameter r where no fit is used; 1 by default.
    fixed_r: String,
    /// The parameter a where no fit is used; 0.5 by default.
    fixed_a: String,
    /// The parameter b where no fit is used; 2 by default.
    fixed_b: String,
    /// Clients with a repeat purchase from which fitted parameters may be used; 200 by default.
    min_clients: u32,
});
mirror!(TiersMirror {
    /// Share of all annual value that the gold clients make up; 0.75 by default.
    gold: String,
    /// Share of all annual value that gold and silver clients make up; 0.95 by default.
    silver: String,
});
mirror!(AbcMirror {
    /// Share of all annual value that the A clients make up; 0.80 by default.
    a: String,
    /// Share of all annual value that A and B clients make up; 0.95 by default.
    b: String,
});
mirror!(XyzMirror {
    /// Coefficient of variation of quarterly net purchases up to which a client is X; 0.50 by
    /// default.
    x: String,
    /// Coefficient of variation up to which he is Y; 1.00 by default.
    y: String,
});

/// Whether a rule is watched.
#[derive(Deserialize, JsonSchema, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Switch {
    /// Its breaches are shown.
    On,
    /// It is silent.
    Off,
}

#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListMirror {
    /// Clients whose firm has closed: `exclude` (default), or `successor_check`: listed for one
    /// call to the old numbers.
    pub(super) closed: Option<Spanned<String>>,
    /// Clients who were lost before: `exclude` (default; won back by an attempt, or left by
    /// refusal, or slept longer than `lost.after_days`), `keep`, or `any_spell`: everyone who has
    /// slept before.
    pub(super) lost_twice: Option<Spanned<String>>,
    /// A SQL condition on the client's columns that a client must meet to be listed, as
    /// `region = 'Kazan' and purchases > 2`.
    pub(super) only: Option<Spanned<String>>,
    /// Tiers that are listed; all by default.
    pub(super) tiers: Option<Vec<Spanned<String>>>,
    /// The role of those who call, by sales type, as `managers` names roles: `account_manager` by
    /// default for consultative and strategic, `developer` for the others.
    #[serde(default)]
    pub(super) role: BTreeMap<String, Spanned<String>>,
    /// What orders the list after importance: `expected_gain` (default), `annual_value`,
    /// `return_odds` or `days_asleep` (the freshest first).
    pub(super) order: Option<Spanned<String>>,
    /// The day from which listed clients are to be called within 14 days; without it nobody is
    /// told off for not calling.
    pub(super) since: Option<Spanned<String>>,
    /// Signs for which an awake client stands on the call list too: `detractor`, `no_answer`,
    /// `complaint` or any other; none by default.
    #[serde(default)]
    pub(super) also: Vec<Spanned<String>>,
    /// Signs that put a client on `fading_clients`; all by default.
    pub(super) fading: Option<Vec<Spanned<String>>>,
    /// Clients whom an attempt is running on: `mark` (default) keeps them on the call list, `exclude`
    /// takes them off.
    pub(super) in_attempt: Option<Spanned<String>>,
    /// Attempts that failed in one sleep, from which a client is no longer listed: 3 by default, or
    /// `never`, as on a narrow market.
    pub(super) max_attempts: Option<Spanned<String>>,
    /// The share of clients about to fall silent that a call in time keeps: what their call is worth
    /// until 30 attempts have measured it; 0.5 by default.
    pub(super) keep_rate: Option<Spanned<String>>,
    /// Who calls gold and important clients: `off` (default: as all others) or `head`, the head above
    /// their manager.
    pub(super) gold_by: Option<Spanned<String>>,
    /// Who calls while nobody knows why the client left: `another` (default) person than his own
    /// manager, or `anyone`.
    pub(super) unknown_reason: Option<Spanned<String>>,
}

#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RestatementsMirror {
    /// Changes of less are not told.
    #[serde(default)]
    pub(super) min: LeastMirror,
}

#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ValueMirror {
    /// The bounds of the tiers.
    #[serde(default)]
    pub(super) tiers: TiersMirror,
    /// The bounds of the classes A, B and C.
    #[serde(default)]
    pub(super) abc: AbcMirror,
    /// The bounds of the classes X, Y and Z.
    #[serde(default)]
    pub(super) xyz: XyzMirror,
    /// Annual value below which a client is too small to be listed; 0 by default.
    pub(super) small: Option<Spanned<String>>,
    /// Potential from which a small client is listed all the same; 0 by default.
    pub(super) small_potential: Option<Spanned<String>>,
}

#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SleepMirror {
    /// The rule of each sales type: `cycles`, `days` or `lost_deal`.
    #[serde(default)]
    pub(super) rules: BTreeMap<String, Spanned<RuleMirror>>,
    /// Silent days that are allowed at least, however short the cycle; 14 by default.
    pub(super) min_days: Option<Spanned<u32>>,
    /// Silent days that are allowed at most, however long the cycle; 730 by default.
    pub(super) max_days: Option<Spanned<u32>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum RuleMirror {
    /// Asleep after so many cycles without a purchase.
    Cycles(Spanned<String>),
    /// Asleep after so many days without a purchase, or `never`.
    Days(Spanned<String>),
    /// Asleep by a deal lost to a competitor, or at last after so many days.
    LostDeal(LostDealMirror),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LostDealMirror {
    /// Days without a purchase after which the client is asleep though nothing was said, or
    /// `never`.
    pub(super) days: Spanned<String>,
}
