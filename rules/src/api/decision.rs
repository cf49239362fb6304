//! `route(…)` and `deny(…)`: what they make, and what may be added to it.

use std::rc::Rc;

use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString, NativeCallContext};

use crate::external::ExternalAnswer;
use crate::limit::{LimitBy, Rate};
use crate::runtime::{Ended, Runtime};
use crate::{headers, limits, suggest};

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

/// Where in the rule set a decision was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The file, by its place in the rule set.
    pub(crate) file: usize,
    pub(crate) line: usize,
}

/// A query goes somewhere.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) groups: Vec<ImmutableString>,
    pub(crate) cluster: Option<ImmutableString>,
    pub(crate) only: bool,
    pub(crate) cache: Option<u32>,
    pub(crate) limit: Option<(LimitBy, Rate, Place)>,
    pub(crate) headers: Vec<(ImmutableString, ImmutableString)>,
    pub(crate) tags: Vec<ImmutableString>,
    pub(crate) place: Place,
}

/// Headers and tags for whatever a later rule decides.
#[derive(Clone, Debug, Default)]
pub(crate) struct Addition {
    pub(crate) headers: Vec<(ImmutableString, ImmutableString)>,
    pub(crate) tags: Vec<ImmutableString>,
}

/// A query goes nowhere.
#[derive(Clone, Debug)]
pub(crate) struct Denial {
    pub(crate) message: ImmutableString,
    pub(crate) tags: Vec<ImmutableString>,
    pub(crate) place: Place,
}

pub(crate) fn register(engine: &mut Engine, runtime: &Rc<Runtime>) {
    engine
        .register_type_with_name::<Route>("decision")
        .register_type_with_name::<Denial>("denial")
        .register_type_with_name::<Addition>("addition");

    let shared = Rc::clone(runtime);
    engine.register_fn("route", move |ctx: NativeCallContext, group: ImmutableString| -> Result<Route> {
        Ok(route_to(named("route", group)?, Vec::new(), place(&ctx, &shared)))
    });
    let shared = Rc::clone(runtime);
    engine.register_fn("external", move |ctx: NativeCallContext, service: ImmutableString| -> Result<Route> {
        external(&shared, &service, place(&ctx, &shared))
    });
    let shared = Rc::clone(runtime);
    engine.register_fn("deny", move |ctx: NativeCallContext, message: ImmutableString| -> Result<Denial> {
        Ok(Denial { message: named("deny", message)?, tags: Vec::new(), place: place(&ctx, &shared) })
    });

    engine.register_fn("or", |mut route: Route, group: ImmutableString| -> Result<Route> {
        push_group(&mut route, group)?;
        Ok(route)
    });
    engine.register_fn("or", |mut route: Route, groups: Array| -> Result<Route> {
        for group in groups {
            push_group(&mut route, string("or", group)?)?;
        }
        Ok(route)
    });
    engine.register_fn("only", |mut route: Route| {
        route.only = true;
        route
    });
    engine.register_fn("cluster", |mut route: Route, name: ImmutableString| -> Result<Route> {
        route.cluster = Some(named("cluster", name)?);
        Ok(route)
    });
    engine.register_fn("cache", |mut route: Route, time: ImmutableString| -> Result<Route> {
        route.cache = Some(cache_seconds(&time).map_err(fail)?);
        Ok(route)
    });
    let shared = Rc::clone(runtime);
    engine.register_fn(
        "limit",
        move |ctx: NativeCallContext, mut route: Route, by: ImmutableString, rate: ImmutableString| -> Result<Route> {
            let by = LimitBy::parse(&by).ok_or_else(|| fail(not_who(&by)))?;
            let rate = Rate::parse(&rate).ok_or_else(|| fail(no_rate(&rate)))?;
            route.limit = Some((by, rate, place(&ctx, &shared)));
            Ok(route)
        },
    );
    engine.register_fn("header", |mut route: Route, name: ImmutableString, value: ImmutableString| {
        route.headers.push(header(name, value)?);
        Ok::<_, Box<EvalAltResult>>(route)
    });
    engine.register_fn("header", |mut addition: Addition, name: ImmutableString, value: ImmutableString| {
        addition.headers.push(header(name, value)?);
        Ok::<_, Box<EvalAltResult>>(addition)
    });
    engine.register_fn("header", |name: ImmutableString, value: ImmutableString| -> Result<Addition> {
        Ok(Addition { headers: vec![header(name, value)?], tags: Vec::new() })
    });
    engine.register_fn("tag", |tag: ImmutableString| -> Result<Addition> {
        Ok(Addition { headers: Vec::new(), tags: vec![named("tag", tag)?] })
    });
    engine.register_fn("tag", |mut addition: Addition, tag: ImmutableString| -> Result<Addition> {
        addition.tags.push(named("tag", tag)?);
        Ok(addition)
    });
    engine.register_fn("tag", |mut route: Route, tag: ImmutableString| -> Result<Route> {
        route.tags.push(named("tag", tag)?);
        Ok(route)
    });
    engine.register_fn("tag", |mut denial: Denial, tag: ImmutableString| -> Result<Denial> {
        denial.tags.push(named("tag", tag)?);
        Ok(denial)
    });
}

fn route_to(group: ImmutableString, headers: Vec<(ImmutableString, ImmutableString)>, place: Place) -> Route {
    Route {
        groups: vec![group],
        cluster: None,
        only: false,
        cache: None,
        limit: None,
        headers,
        tags: Vec::new(),
        place,
    }
}

/// The group that a routing service names. Where it names none, the rule ends here.
fn external(runtime: &Runtime, service: &ImmutableString, place: Place) -> Result<Route> {
    let Some(query) = runtime.query() else { return Err(fail("`external` asks about a query, and here is none")) };
    let ended = match query.external(service) {
        None => Ended::Asks(service.clone()),
        Some(Err(why)) => return Err(fail(format!("the routing service `{service}` was of no help: {why}"))),
        Some(Ok(ExternalAnswer::Errors(errors))) => {
            Ended::Denies(Denial { message: errors.join("; ").into(), tags: Vec::new(), place })
        }
        Some(Ok(ExternalAnswer::Group { group, headers })) => {
            let headers = headers.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
            if !group.is_empty() {
                return Ok(route_to(group.into(), headers, place));
            }
            Ended::Passes(headers)
        }
    };
    runtime.end(ended);
    // No rule can catch this.
    Err(EvalAltResult::ErrorTerminated(Dynamic::UNIT, rhai::Position::NONE).into())
}

/// Seconds of a time such as `30s`, `5m`, `2h`, `1d`.
pub(crate) fn cache_seconds(time: &str) -> std::result::Result<u32, String> {
    let units = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)];
    let seconds = units.into_iter().find_map(|(unit, seconds)| {
        let number: u32 = time.strip_suffix(unit)?.parse().ok()?;
        number.checked_mul(seconds).filter(|seconds| (1..=limits::CACHE_SECONDS).contains(seconds))
    });
    seconds.ok_or_else(|| format!("`{time}` is no time from 1s to 7d"))
}

/// Why this says of nobody that they have a bucket of their own.
pub(crate) fn not_who(by: &str) -> String {
    format!("`limit` counts by {}, not by `{by}`", suggest::list(LimitBy::words()))
}

/// Why this is no rate.
pub(crate) fn no_rate(rate: &str) -> String {
    format!("`{rate}` is no rate such as `10/s`, `100/m`, `1000/h` or `5000/d`")
}

fn header(name: ImmutableString, value: ImmutableString) -> Result<(ImmutableString, ImmutableString)> {
    match headers::refuse_name(&name).or_else(|| headers::refuse_value(&value)) {
        Some(why) => Err(fail(format!("header `{}` {why}", name.escape_default()))),
        None => Ok((name, value)),
    }
}

fn push_group(route: &mut Route, group: ImmutableString) -> Result<()> {
    let group = named("or", group)?;
    if !route.groups.contains(&group) {
        route.groups.push(group);
    }
    Ok(())
}

fn place(ctx: &NativeCallContext, runtime: &Runtime) -> Place {
    // A function knows its file, which may not be the rule's.
    let file = ctx.call_source().and_then(|source| source.parse().ok()).unwrap_or_else(|| runtime.file());
    Place { file, line: ctx.call_position().line().unwrap_or_default() }
}

fn string(function: &str, value: Dynamic) -> Result<ImmutableString> {
    let kind = super::Type::of(&value);
    value
        .try_cast::<ImmutableString>()
        .ok_or_else(|| fail(format!("`{function}` takes strings; this list holds {}", kind.words())))
}

fn named(function: &str, text: ImmutableString) -> Result<ImmutableString> {
    if text.is_empty() {
        return Err(fail(format!("`{function}` was given an empty string")));
    }
    Ok(text)
}

pub(super) fn fail(message: impl Into<String>) -> Box<EvalAltResult> {
    EvalAltResult::ErrorRuntime(message.into().into(), rhai::Position::NONE).into()
}
