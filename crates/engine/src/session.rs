//! The DataFusion session as aftersight configures it.
//!
//! Listings are never cached, so replaced and added files are seen; memory is
//! bounded and shared among the operators at work; operators that multiply rows can be cancelled.

use std::num::NonZeroUsize;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::TrackConsumersPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::call::ViewCalls;
use crate::catalog::{CATALOG, MAIN, Names};
use crate::durations::DaysOfHours;
use crate::memory::ActivePool;
use crate::settings::Settings;
use crate::shared::PlanOnce;
use crate::{keys, optimizer, physical};

/// What a session may take of the machine.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of memory for all queries together.
    pub memory_bytes: usize,
    /// Bytes that spilling may write to disk.
    pub disk_bytes: u64,
    /// Folder to spill to; the system's own when `None`.
    pub spill_dir: Option<std::path::PathBuf>,
    /// Tasks a query may run in parallel; the number of cores when `None`.
    pub target_partitions: Option<usize>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            // A modest share of any machine; the program gives its real share.
            memory_bytes: 2 << 30,
            disk_bytes: 100 << 30,
            spill_dir: None,
            target_partitions: None,
        }
    }
}

fn runtime(limits: &Limits) -> Result<Arc<RuntimeEnv>> {
    let top_consumers = NonZeroUsize::MIN.saturating_add(4);
    let pool = TrackConsumersPool::new(ActivePool::new(limits.memory_bytes), top_consumers);
    let mode = match &limits.spill_dir {
        Some(dir) => DiskManagerMode::Directories(vec![dir.clone()]),
        None => DiskManagerMode::OsTmpDirectory,
    };
    let disk = DiskManagerBuilder::default()
        .with_mode(mode)
        .with_max_temp_directory_size(limits.disk_bytes);
    RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(pool))
        .with_disk_manager_builder(disk)
        // The default cache never expires: new files stay invisible and a file
        // replaced in place is read with its old footer.
        .with_object_list_cache_limit(0)
        // Thousands of footers fit; each is kept by size and modification time.
        .with_metadata_cache_limit(256 << 20)
        .build_arc()
}

/// Makes a session over `names`.
pub(crate) fn session(
    names: &Arc<Names>,
    settings: Settings,
    limits: &Limits,
) -> Result<SessionContext> {
    let zone = settings.time_zone();
    let mut config = SessionConfig::new()
        .with_information_schema(true)
        .with_default_catalog_and_schema(CATALOG, MAIN)
        .with_create_default_catalog_and_schema(false)
        .with_option_extension(settings)
        .set_str("datafusion.execution.spill_compression", "lz4_frame")
        .set_str("datafusion.execution.time_zone", zone.name())
        // It gives extracted fields names that collide where two joined queries extract
        // the same one ("Schema contains qualified field name ...__datafusion_extracted").
        .set_bool(
            "datafusion.optimizer.enable_leaf_expression_pushdown",
            false,
        )
        // To look for idle sorts, every relation's plan would be copied, and a step that is
        // read twice no longer be one: see `shared::steps`.
        .set_bool(
            "datafusion.sql_parser.enable_subquery_sort_elimination",
            false,
        )
        // All that is to be done is in the rules once: see `optimizer`.
        .set_usize("datafusion.optimizer.max_passes", 1)
        .set_bool("datafusion.explain.show_sizes", false)
        .set_bool("datafusion.sql_parser.collect_spans", true);
    if let Some(n) = limits.target_partitions {
        config = config.with_target_partitions(n.max(1));
    }
    // Every sort reserves this before it starts: a small pool must not be eaten by reservations.
    let share = limits.memory_bytes / (8 * config.target_partitions().max(1));
    let config = config.with_sort_spill_reservation_bytes(share.min(10 << 20));
    let state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime(limits)?)
        .with_default_features()
        .with_analyzer_rule(Arc::new(DaysOfHours))
        .with_optimizer_rules(optimizer::rules())
        .with_physical_optimizer_rules(physical::rules())
        .with_query_planner(Arc::new(PlanOnce))
        .build();
    let ctx = SessionContext::new_with_state(state);
    aftersight_functions::register_all(&ctx)?;
    aftersight_functions::register_steady_sums(&ctx);
    names.attach(&ctx);
    ctx.register_relation_planner(Arc::new(ViewCalls::new(Arc::clone(names))))?;
    // Asked before the one above, since the last comes first.
    ctx.register_relation_planner(Arc::new(keys::TrueRelations))?;
    Ok(ctx)
}
