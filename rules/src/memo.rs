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

/// Nodes of the tree, at most.
const NODES: usize = 10_000;
/// Bytes of answers and decisions in it, at most.
const BYTES: usize = 4 * 1024 * 1024;
/// An answer longer than this is not worth its place.
const ANSWER_BYTES: usize = 1024;
/// A tree that filled up before it was of use twice a node is of no use: rules read what differs from query to query.
const REST: u32 = 100_000;

/// Decisions by what they were made from.
pub(crate) struct Memo {
    nodes: Vec<Node>,
    bytes: usize,
    found: usize,
    /// Decisions for which nothing is remembered.
    rest: u32,
    hasher: RandomState,
}

enum Node {
    /// Not known yet.
    New,
    /// This is asked next; the answers lead on.
    Asks(Fact, HashTable<(Answer<'static>, usize)>),
    Decided(Rc<Decision>),
    /// What comes next is not remembered.
    AskTheRules,
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
        Memo { nodes: vec![Node::New], bytes: 0, found: 0, rest: 0, hasher: RandomState::new() }
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
                Some(Node::Asks(fact, answers)) => {
                    let answer = query.answer(fact);
                    let hash = self.hasher.hash_one(&answer);
                    match answers.find(hash, |(known, _)| *known == answer) {
                        Some((_, next)) => place = *next,
                        None => return Found::New,
                    }
                }
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
        if self.nodes.len() + read.len() > NODES || self.bytes > BYTES {
            let of_use = self.found > 2 * self.nodes.len();
            *self = Memo { rest: if of_use { 0 } else { REST }, ..Memo::default() };
        }
        let mut place = 0;
        for fact in read {
            if fact == Fact::Text {
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
        self.bytes += decision.bytes();
        self.put(place, Node::Decided(Rc::clone(decision)));
    }

    /// The node to which an answer leads; a new one if it was not given before.
    fn lead(&mut self, place: usize, fact: Fact, answer: Answer<'static>) -> Option<usize> {
        let next = self.nodes.len();
        let hash = self.hasher.hash_one(&answer);
        let node = self.nodes.get_mut(place)?;
        if matches!(node, Node::New) {
            *node = Node::Asks(fact.clone(), HashTable::new());
        }
        let Node::Asks(known, answers) = node else { return None };
        // Rules that read otherwise after the same answers would not be functions of them: nothing is built on that.
        if *known != fact {
            debug_assert!(false, "rules read {fact:?} where they read {known:?} before");
            return None;
        }
        if let Some((_, next)) = answers.find(hash, |(known, _)| *known == answer) {
            return Some(*next);
        }
        self.bytes += answer.bytes() + size_of::<Node>() + size_of::<(Answer<'_>, usize)>();
        answers.insert_unique(hash, (answer, next), |(known, _)| self.hasher.hash_one(known));
        self.nodes.push(Node::New);
        Some(next)
    }

    fn put(&mut self, place: usize, node: Node) {
        if let Some(known) = self.nodes.get_mut(place) {
            *known = node;
        }
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
        Rc::new(Decision { action, rule: None, file: None, line: None, headers: vec![], tags: vec![], trace })
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
            let before = memo.nodes.len();
            (before..=NODES).for_each(|n| memo.remember(&query(&n.to_string()), vec![Fact::User], &decision("a")));
        };
        fill(&mut memo);
        assert_eq!((memo.nodes.len(), memo.rest), (2, REST), "nothing was found in it");
        memo.rest = 0;
        memo.remember(&query("ann"), vec![Fact::User], &decision("a"));
        for _ in 0..3 * NODES {
            assert!(found(&mut memo, "ann").is_some());
        }
        fill(&mut memo);
        assert_eq!((memo.nodes.len(), memo.rest), (2, 0));
        assert_eq!(found(&mut memo, "ann"), None);
    }
}
