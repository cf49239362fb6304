//! The sandboxed engine: chosen packages, every limit set, nothing that reaches outside.

use std::rc::Rc;

use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage, BasicMathPackage,
    BasicStringPackage, LanguageCorePackage, LogicPackage, MoreStringPackage, Package,
};
use rhai::{Dynamic, Engine, OptimizationLevel};

use crate::runtime::{Budget, Runtime};
use crate::{api, limits};

/// An engine for one rule set.
///
/// Which of its functions a script may name is checked against [`api::table`] when it is compiled.
pub(crate) fn build(runtime: &Rc<Runtime>) -> Engine {
    let mut engine = Engine::new_raw();
    LanguageCorePackage::new().register_into_engine(&mut engine);
    ArithmeticPackage::new().register_into_engine(&mut engine);
    LogicPackage::new().register_into_engine(&mut engine);
    BasicMathPackage::new().register_into_engine(&mut engine);
    BasicStringPackage::new().register_into_engine(&mut engine);
    MoreStringPackage::new().register_into_engine(&mut engine);
    BasicArrayPackage::new().register_into_engine(&mut engine);
    BasicMapPackage::new().register_into_engine(&mut engine);
    BasicIteratorPackage::new().register_into_engine(&mut engine);
    BasicFnPackage::new().register_into_engine(&mut engine);

    engine
        .set_max_operations(limits::OPERATIONS_PER_RULE)
        .set_max_call_levels(limits::CALL_LEVELS)
        .set_max_expr_depths(limits::EXPRESSION_DEPTH, limits::FUNCTION_EXPRESSION_DEPTH)
        .set_max_string_size(limits::STRING_BYTES)
        .set_max_array_size(limits::ARRAY_ELEMENTS)
        .set_max_map_size(limits::MAP_ENTRIES)
        .set_max_variables(limits::VARIABLES)
        .set_max_functions(limits::FUNCTIONS)
        // What an author wrote is checked as written; `ruleset` optimises afterwards, with `Simple`: `Full` would call
        // our functions at compile time.
        .set_optimization_level(OptimizationLevel::None);
    engine.set_max_strings_interned(limits::INTERNED_STRINGS);
    // A missing key of a map is `()`, as everywhere in Rhai; the comparison with a string is then false.
    engine.set_fail_on_invalid_map_property(false);
    engine.on_print(|_| {});
    engine.on_debug(|_, _, _| {});

    let constants = Rc::clone(runtime);
    #[expect(deprecated, reason = "not deprecated but volatile, as Rhai says; functions see no constants otherwise")]
    engine.on_var(move |name, _, context| {
        // A rule has them in its scope.
        Ok(constants.constant(name, || context.scope().contains(name)))
    });

    let budget = Rc::clone(runtime);
    // The token tells `messages` whose budget it was.
    engine.on_progress(move |_| match budget.operation() {
        Budget::Left => None,
        Budget::SpentByRule => Some(Dynamic::TRUE),
        Budget::SpentByAll => Some(Dynamic::UNIT),
    });

    api::data::register(&mut engine, runtime);
    api::query::register(&mut engine, runtime);
    api::decision::register(&mut engine, runtime);
    engine
}
