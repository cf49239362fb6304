//! The load, and what is written down while something breaks.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use warren_tests::eventually::{eventually, let_pass};
use warren_tests::load::Load;
use warren_tests::load::account::{Asked, Ending};
use warren_tests::relay::Relay;
use warren_tests::stack::Stack;

use crate::status_watch::StatusWatch;
use crate::table::Measured;

/// Clients that ask all the time.
const CLIENTS: usize = 20;
/// So long no query may be disturbed before a fault counts as over.
const QUIET: Duration = Duration::from_secs(4);
/// How long it may take until then, and until the status is good.
const RECOVERY: Duration = Duration::from_secs(90);

/// Which queries a fault may make fail.
type MayFail = Box<dyn Fn(&Asked) -> bool>;

/// A stack under load.
pub(crate) struct Scene<'a> {
    pub(crate) stack: &'a Stack,
    load: Load,
    status: StatusWatch,
    fault: Cell<Duration>,
    /// How long after the fault clients were answered again, once that is known.
    settled_after: Cell<Option<Duration>>,
    may_fail: RefCell<MayFail>,
    /// What must stay until the load is over.
    kept: RefCell<Vec<Rc<dyn Any>>>,
}

impl<'a> Scene<'a> {
    /// Starts the load and waits until all clients are answered; nothing may fail before something breaks.
    pub(crate) fn begin(stack: &'a Stack) -> Result<Self> {
        let doors: Vec<String> = (0..stack.envoys.len()).map(|number| stack.url(number)).collect::<Result<_>>()?;
        let load = Load::start(CLIENTS, &doors);
        let status = StatusWatch::start(stack);
        let scene = Self {
            stack,
            load,
            status,
            fault: Cell::default(),
            settled_after: Cell::default(),
            may_fail: RefCell::new(Box::new(|_| false)),
            kept: RefCell::default(),
        };
        scene.load.wait_settled(Duration::ZERO, Duration::ZERO, RECOVERY)?;
        scene.fault();
        Ok(scene)
    }

    /// The fault begins now: times count from here.
    pub(crate) fn fault(&self) {
        self.fault.set(self.load.now());
        self.status.reset();
    }

    /// Lets the fault last.
    pub(crate) fn lasts(&self, duration: Duration) {
        let_pass(duration);
    }

    /// Queries that this cluster took until now may fail, and no others: it is not there any more.
    pub(crate) fn queries_of_may_fail(&self, cluster: &str) -> Result<()> {
        let (slug, now) = (self.slug(cluster)?, self.load.now());
        *self.may_fail.borrow_mut() = Box::new(move |asked| asked.slug == slug && asked.at <= now);
        Ok(())
    }

    /// Keeps a relay, a standby, a second `warren` until the load is over.
    pub(crate) fn keep<T: 'static>(&self, what: T) -> Rc<T> {
        let kept = Rc::new(what);
        self.kept.borrow_mut().push(Rc::<T>::clone(&kept));
        kept
    }

    /// Puts a relay in front of a coordinator, and waits until it takes queries there.
    pub(crate) fn behind_relay(&self, cluster: &str) -> Result<Rc<Relay>> {
        let relay = self.keep(Relay::start(self.stack.trino(cluster)?.port())?);
        let url = format!("http://127.0.0.1:{}", relay.port());
        let sql = format!("UPDATE gateway_backend SET backend_url = '{url}' WHERE name = '{cluster}'");
        self.stack.postgres.sql(&sql)?;
        let healthy = format!("::127.0.0.1:{}::health_flags::healthy", relay.port());
        for envoy in &self.stack.envoys {
            eventually(RECOVERY, "the coordinator behind the relay to take queries", || {
                let places = envoy.admin("/clusters")?.matches(&healthy).count();
                ensure!(places >= 2, "it is a healthy endpoint in {places} Envoy clusters, wanted 2");
                Ok(())
            })?;
        }
        let slug = self.slug(cluster)?;
        eventually(RECOVERY, "clients to be answered by it", || {
            let answered = self.load.account().asked.iter().filter(|asked| asked.slug == slug).count();
            ensure!(answered >= CLIENTS, "it answered {answered} queries");
            Ok(())
        })?;
        Ok(relay)
    }

    /// Waits until new queries are answered as if nothing had happened, whether or not the fault lasts. The first time is
    /// the one that the table tells.
    pub(crate) fn settles(&self) -> Result<()> {
        self.load.wait_settled(self.fault.get(), QUIET, RECOVERY)?;
        if self.settled_after.get().is_none() {
            self.settled_after.set(Some(self.load.account().settled_after(self.fault.get())));
        }
        Ok(())
    }

    /// The slug under which a cluster takes new queries.
    pub(crate) fn slug(&self, cluster: &str) -> Result<String> {
        let status = self.stack.status()?;
        let clusters = status["clusters"].as_array().context("the status lists no clusters")?;
        let found = clusters.iter().find(|c| c["name"] == cluster && c["retired"] == false);
        let slug = found.and_then(|c| c["slug"].as_str());
        Ok(slug.with_context(|| format!("{cluster} is not in the status"))?.to_owned())
    }

    /// Stops the load. Gives what was measured, and the queries that ended as they should not have.
    pub(crate) fn end(self) -> Result<(Measured, Vec<Asked>)> {
        let good_after = self.status.stop(RECOVERY);
        let account = self.load.stop()?;
        let may_fail = self.may_fail.into_inner();
        let should_not = |asked: &&Asked| match &asked.ending {
            Ending::Answered => false,
            Ending::Failed(_) => !may_fail(asked),
            Ending::Lost(_) => true,
        };
        let unexpected = account.asked.iter().filter(should_not).cloned().collect();
        let measured = Measured {
            answered: account.answered(),
            reasons: account.reasons(),
            lost: account.lost().count(),
            longest: account.longest(),
            settled_after: self.settled_after.get().context("the fault does not wait until clients are answered")?,
            good_after: good_after?,
        };
        Ok((measured, unexpected))
    }
}
