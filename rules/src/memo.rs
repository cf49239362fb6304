//! What was decided before, found again without asking a rule.
//!
//! Rules are functions of the query: what they read next depends on nothing but the answers to what they read before. So
//! the facts that a decision was made by, in the order in which they were read, are a path in a tree:
//!
//! ```text
//! source? ── "airflow" ──► has_tag("etl")? ── true ──► route("etl")
//!         │                                └─ false ─► user? ── …
//!         └─ "superset" ─► …
//! ```
//!
//! A query that gives the same answers gets the same decision, however many rules there are. The text of a query is as
//! good as never the same twice: where it is read, the rules are asked.

use std::hash::{BuildHasher, RandomState};
use std::rc::Rc;

use hashbrown::HashTable;

use crate::answer::{Answer, Fact};
use crate::decision::Decision;
use crate::query::Query;

/// Bytes of the tree, at most: some 40,000 nodes.
const BYTES: usize = 8 * 1024 * 1024;
/// Decisions that a new one is compared with.
const DECISIONS: usize = 100;
/// An answer longer than this is not worth its place.
const ANSWER_BYTES: usize = 1024;
/// A tree that filled up before it was of use twice a node is of no use: rules read what differs from query to query.
const REST: u32 = 100_000;

/// Decisions by what they were made from.
pub(crate) struct Memo {
    nodes: Vec<Node>,
    bytes: usize,
    found: usize,
    /// The latest that differ from each other. Most are made again and again from other facts, and are kept once.
    decisions: Vec<Rc<Decision>>,
    /// Decisions for which nothing is remembered.
    rest: u32,
    hasher: RandomState,
}

enum Node {
    /// Not known yet.
    New,
    /// This is asked next; the answers lead on.
    Asks(Box<Fork>),
    Decided(Rc<Decision>),
    /// What comes next is not remembered.
    AskTheRules,
}

/// A fact, and where each answer leads. Most have seen one answer only, so the first is beside the table.
struct Fork {
    fact: Fact,
    first: (Answer<'static>, usize),
    others: HashTable<(Answer<'static>, usize)>,
}

/// What the tree knows of a query.
pub(crate) enum Found {
    Decision(Rc<Decision>),
    /// Ask the rules, and tell what they read.
    New,
    /// Ask the rules.
    AskTheRules,
}

impl Default for Memo {
    fn default() -> Memo {
        Memo { nodes: vec![Node::New], bytes: 0, found: 0, decisions: Vec::new(), rest: 0, hasher: RandomState::new() }
    }
}

impl Memo {
    /// The decision for a query whose answers were seen before.
    pub(crate) fn find(&mut self, query: &Query) -> Found {
        if self.rest > 0 {
            self.rest -= 1;
            return Found::AskTheRules;
        }
        let mut place = 0;
        loop {
            match self.nodes.get(place) {
                Some(Node::Asks(fork)) => match fork.leads(&query.answer(&fork.fact), &self.hasher) {
                    Some(next) => place = next,
                    None => return Found::New,
                },
                Some(Node::Decided(decision)) => {
                    self.found += 1;
                    return Found::Decision(Rc::clone(decision));
                }
                Some(Node::AskTheRules) => return Found::AskTheRules,
                Some(Node::New) | None => return Found::New,
            }
        }
    }

    /// Remembers what was decided, and by which facts.
    pub(crate) fn remember(&mut self, query: &Query, read: Vec<Fact>, decision: &Rc<Decision>) {
        if self.bytes > BYTES {
            let of_use = self.found > 2 * self.nodes.len();
            *self = Memo { rest: if of_use { 0 } else { REST }, ..Memo::default() };
        }
        let mut place = 0;
        for fact in read {
            if fact.is_unique() {
                self.put(place, Node::AskTheRules);
                return;
            }
            let answer = query.answer(&fact);
            if answer.bytes() > ANSWER_BYTES {
                return;
            }
            match self.lead(place, fact, answer.into_owned()) {
                Some(next) => place = next,
                None => return,
            }
        }
        let decision = self.once(decision);
        self.put(place, Node::Decided(decision));
    }

    /// The same decision, as it is kept already if it is.
    fn once(&mut self, decision: &Rc<Decision>) -> Rc<Decision> {
        if let Some(known) = self.decisions.iter().find(|known| *known == decision) {
            return Rc::clone(known);
        }
        self.bytes += decision.bytes();
        if self.decisions.len() >= DECISIONS {
            self.decisions.remove(0);
        }
        self.decisions.push(Rc::clone(decision));
        Rc::clone(decision)
    }

    /// The node to which an answer leads; a new one if it was not given before.
    fn lead(&mut self, place: usize, fact: Fact, answer: Answer<'static>) -> Option<usize> {
        let next = self.nodes.len();
        let bytes = answer.bytes() + size_of::<Node>();
        match self.nodes.get_mut(place)? {
            Node::Asks(fork) => {
                // Rules that read otherwise after the same answers would not be functions of them: nothing is built on that.
                if fork.fact != fact {
                    debug_assert!(false, "rules read {fact:?} where they read {:?} before", fork.fact);
                    return None;
                }
                if let Some(known) = fork.leads(&answer, &self.hasher) {
                    return Some(known);
                }
                let hash = self.hasher.hash_one(&answer);
                fork.others.insert_unique(hash, (answer, next), |(known, _)| self.hasher.hash_one(known));
                // A table is at most as good as empty after it grew.
                self.bytes += 2 * size_of::<(Answer<'_>, usize)>();
            }
            node @ Node::New => {
                *node = Node::Asks(Box::new(Fork { fact, first: (answer, next), others: HashTable::new() }));
                self.bytes += size_of::<Fork>();
            }
            Node::Decided(_) | Node::AskTheRules => return None,
        }
        self.bytes += bytes;
        self.nodes.push(Node::New);
        Some(next)
    }

    fn put(&mut self, place: usize, node: Node) {
        if let Some(known) = self.nodes.get_mut(place) {
            *known = node;
        }
    }
}

impl Fork {
    fn leads(&self, answer: &Answer<'_>, hasher: &RandomState) -> Option<usize> {
        if self.first.0 == *answer {
            return Some(self.first.1);
        }
        if self.others.is_empty() {
            return None;
        }
        self.others.find(hasher.hash_one(answer), |(known, _)| known == answer).map(|(_, next)| *next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::Action;
    use crate::trace::Trace;

    fn decision(group: &str) -> Rc<Decision> {
        let action = Action::Route { groups: vec![group.to_owned()], cluster: None, only: false };
        let trace = Trace::default();
        Rc::new(Decision { action, trace, ..Decision::default() })
    }

    fn query(user: &str) -> Query {
        Query::new("POST", "/v1/statement", vec![("x-trino-user".to_owned(), user.to_owned())])
    }

    fn found(memo: &mut Memo, user: &str) -> Option<Rc<Decision>> {
        match memo.find(&query(user)) {
            Found::Decision(decision) => Some(decision),
            Found::New | Found::AskTheRules => None,
        }
    }

    #[test]
    fn a_query_that_answers_alike_gets_the_same_decision() {
        let mut memo = Memo::default();
        assert_eq!(found(&mut memo, "ann"), None);
        memo.remember(&query("ann"), vec![Fact::User], &decision("a"));
        memo.remember(&query("bob"), vec![Fact::User, Fact::Method], &decision("b"));
        assert_eq!(found(&mut memo, "ann"), Some(decision("a")));
        assert_eq!(found(&mut memo, "bob"), Some(decision("b")));
        assert_eq!(found(&mut memo, "eve"), None);
    }

    #[test]
    fn a_decision_by_the_text_is_not_remembered() {
        let mut memo = Memo::default();
        memo.remember(&query("ann"), vec![Fact::User, Fact::Text], &decision("a"));
        assert!(matches!(memo.find(&query("ann")), Found::AskTheRules));
        assert!(matches!(memo.find(&query("bob")), Found::New));
    }

    #[test]
    fn a_long_answer_is_not_kept() {
        let mut memo = Memo::default();
        let long = "x".repeat(ANSWER_BYTES + 1);
        memo.remember(&query(&long), vec![Fact::User], &decision("a"));
        assert_eq!((found(&mut memo, &long), memo.bytes), (None, 0));
    }

    #[test]
    fn a_full_tree_is_begun_anew_if_it_was_of_use_and_rests_if_not() {
        let mut memo = Memo::default();
        let fill = |memo: &mut Memo| {
            let mut users = 0..;
            while memo.bytes <= BYTES {
                let user = users.next().unwrap_or(0).to_string();
                memo.remember(&query(&user), vec![Fact::User], &decision("a"));
            }
            memo.remember(&query("zoe"), vec![Fact::User], &decision("a"));
        };
        fill(&mut memo);
        assert_eq!((memo.nodes.len(), memo.rest), (2, REST), "nothing was found in it");
        memo.rest = 0;
        memo.remember(&query("ann"), vec![Fact::User], &decision("a"));
        for _ in 0..BYTES / size_of::<Node>() {
            assert!(found(&mut memo, "ann").is_some());
        }
        fill(&mut memo);
        assert_eq!((memo.nodes.len(), memo.rest), (2, 0));
        assert_eq!(found(&mut memo, "ann"), None);
    }

    #[test]
    fn an_answer_that_came_second_leads_on_too() {
        let mut memo = Memo::default();
        for user in ["ann", "bob", "eve"] {
            memo.remember(&query(user), vec![Fact::User], &decision(user));
        }
        for user in ["ann", "bob", "eve"] {
            assert_eq!(found(&mut memo, user), Some(decision(user)));
        }
    }
}
