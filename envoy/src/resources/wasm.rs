//! ECDS: the filter and its configuration. Envoy fetches the module from the control service, by its checksum.

use super::{CONTROL, FILTER, any, millis};
use envoy_types::pb::envoy::config::core::v3::http_uri::HttpUpstreamType;
use envoy_types::pb::envoy::config::core::v3::{
    AsyncDataSource, BackoffStrategy, DataSource, HttpUri, RemoteDataSource, TypedExtensionConfig, async_data_source,
    data_source,
};
use envoy_types::pb::envoy::extensions::filters::http::wasm::v3::Wasm;
use envoy_types::pb::envoy::extensions::wasm::v3::{
    FailurePolicy, PluginConfig, ReloadConfig, VmConfig, plugin_config::Vm,
};
use envoy_types::pb::google::protobuf::{BoolValue, StringValue};
use serde::Serialize;

/// What the filter's resource is made of.
#[derive(Serialize)]
pub(crate) struct FilterSpec<'a> {
    pub(crate) module: &'a Module,
    pub(crate) config: &'a warren_rules::PluginConfig,
}

/// Where Envoys find the module.
#[derive(Serialize, Clone, Debug)]
pub(crate) enum Module {
    /// On the control service's xDS port, by the SHA-256 of its content, in hex.
    Fetched { sha256: String },
    /// On their own disks.
    OnEnvoy { path: String },
}

/// What an Envoy does that does not have the module at hand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lacking {
    /// It takes the filter and fetches the module, and until it has it, requests go past the filter. Good at its start only,
    /// when the listener waits for it.
    Fetches,
    /// It refuses the filter, serves on with the one it has, and fetches the module for when it is offered again.
    Refuses,
}

/// Path on the control service's xDS port where the module with this checksum is served.
pub(crate) fn module_path(sha256: &str) -> String {
    format!("/filter/{sha256}.wasm")
}

/// The filter. Rules stand in `configuration`, which a running VM takes at once; nothing that changes stands in `vm_config`,
/// since a change there makes Envoy compile the module again.
pub(crate) fn filter(spec: &FilterSpec<'_>, lacking: Lacking) -> TypedExtensionConfig {
    let configuration = serde_json::to_string(spec.config).unwrap_or_default();
    let wasm = Wasm {
        config: Some(PluginConfig {
            name: FILTER.to_owned(),
            root_id: FILTER.to_owned(),
            configuration: Some(any(&StringValue { value: configuration })),
            // A trap must cost the query that met it, not those after it.
            failure_policy: FailurePolicy::FailReload.into(),
            reload_config: Some(ReloadConfig {
                backoff: Some(BackoffStrategy { base_interval: millis(100), max_interval: millis(1_000) }),
            }),
            // Lets the filter wait for the body; without it a pause in the header phase hangs the query.
            allow_on_headers_stop_iteration: Some(BoolValue { value: true }),
            vm: Some(Vm::VmConfig(VmConfig {
                vm_id: FILTER.to_owned(),
                runtime: "envoy.wasm.runtime.v8".to_owned(),
                code: Some(AsyncDataSource { specifier: Some(code(spec.module)) }),
                nack_on_code_cache_miss: lacking == Lacking::Refuses,
                ..VmConfig::default()
            })),
            ..PluginConfig::default()
        }),
    };
    TypedExtensionConfig { name: FILTER.to_owned(), typed_config: Some(any(&wasm)) }
}

fn code(module: &Module) -> async_data_source::Specifier {
    match module {
        Module::Fetched { sha256 } => async_data_source::Specifier::Remote(RemoteDataSource {
            http_uri: Some(HttpUri {
                uri: format!("http://{CONTROL}{}", module_path(sha256)),
                timeout: millis(10_000),
                http_upstream_type: Some(HttpUpstreamType::Cluster(CONTROL.to_owned())),
            }),
            sha256: sha256.clone(),
            ..RemoteDataSource::default()
        }),
        Module::OnEnvoy { path } => async_data_source::Specifier::Local(DataSource {
            specifier: Some(data_source::Specifier::Filename(path.clone())),
            ..DataSource::default()
        }),
    }
}
