//! `copy ... to`: whole or not at all.
//!
//! DataFusion's own COPY closes the file properly when its query fails, so a
//! good file is replaced by a valid, truncated one; a folder gets new files
//! beside the old; a NULL in a partition column becomes a zero. Here the rows go
//! to a temporary name first and are moved when all are written, a folder that
//! holds files is refused, and NULL partitions get Hive's name for them, which
//! sources read as NULL again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result, plan_err};
use datafusion::datasource::listing::ListingTableUrl;
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::logical_expr::dml::CopyTo;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, cast, lit};
use datafusion::physical_plan::collect;
use datafusion::prelude::{SessionContext, ident};
use futures::TryStreamExt;
use object_store::path::Path as StorePath;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::blame::{Places, blame};
use crate::engine::Outcome;
use crate::source::partitions::HIVE_NULL;

/// Runs a COPY.
pub(crate) async fn run(
    ctx: &SessionContext,
    mut copy: CopyTo,
    places: &Places,
) -> Result<Outcome> {
    let target = copy.output_url.clone();
    copy.input = Arc::new(with_named_nulls(&copy.input, &copy.partition_by)?);
    let rows = if target.contains("://") {
        remote(ctx, copy, &target, places).await?
    } else {
        local(ctx, copy, Path::new(&target), places).await?
    };
    Ok(Outcome::Done(format!("{rows} rows written to {target}")))
}

/// Partition values become text and NULL gets the name Hive gives it.
fn with_named_nulls(input: &LogicalPlan, partition_by: &[String]) -> Result<LogicalPlan> {
    if partition_by.is_empty() {
        return Ok(input.clone());
    }
    let columns = input.schema().fields().iter().map(|field| {
        let column = ident(field.name());
        if partition_by.contains(field.name()) {
            coalesce(vec![cast(column, DataType::Utf8), lit(HIVE_NULL)]).alias(field.name())
        } else {
            column
        }
    });
    LogicalPlanBuilder::from(input.clone())
        .project(columns.collect::<Vec<_>>())?
        .build()
}

async fn execute(ctx: &SessionContext, copy: CopyTo, places: &Places) -> Result<u64> {
    let state = ctx.state();
    let plan = state.create_physical_plan(&LogicalPlan::Copy(copy)).await?;
    let task = state.task_ctx();
    let batches = match collect(Arc::clone(&plan), Arc::clone(&task)).await {
        Ok(batches) => batches,
        Err(error) => return Err(blame(&plan, &task, places, error).await),
    };
    let count = batches.first().and_then(|b| {
        let column = b
            .column(0)
            .as_any()
            .downcast_ref::<arrow::array::UInt64Array>()?;
        (!column.is_empty()).then(|| column.value(0))
    });
    Ok(count.unwrap_or(0))
}

/// A target with an extension is one file, as in DataFusion.
fn is_file(target: &str) -> bool {
    !target.ends_with('/') && Path::new(target).extension().is_some()
}

async fn local(
    ctx: &SessionContext,
    mut copy: CopyTo,
    target: &Path,
    places: &Places,
) -> Result<u64> {
    let failed = |e: std::io::Error| {
        let text = format!("cannot write {}: {e}", target.display());
        DataFusionError::Execution(text)
    };
    let name = target.file_name().map(|n| n.to_string_lossy().into_owned());
    let Some(name) = name else {
        return plan_err!("{} is no file name", target.display());
    };
    let folder = match target.parent() {
        Some(parent) if parent.as_os_str().is_empty() => PathBuf::from("."),
        Some(parent) => parent.to_path_buf(),
        None => PathBuf::from("."),
    };
    let single = is_file(&copy.output_url) && copy.partition_by.is_empty();
    // A rename would put a file in the place of a device.
    if std::fs::metadata(target).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        return plan_err!(
            "{} is a device or a pipe; copy writes files, `-o` writes to devices too",
            target.display()
        );
    }
    if !single
        && target
            .read_dir()
            .is_ok_and(|mut entries| entries.next().is_some())
    {
        return plan_err!(
            "{} holds files already, and copy would add to them",
            target.display()
        );
    }
    std::fs::create_dir_all(&folder).map_err(failed)?;
    // In a folder of its own beside the target, so that no table lists it meanwhile.
    let temporary = folder.join(format!(".{name}.aftersight-tmp-{}", std::process::id()));
    let cleanup = Cleanup(temporary.clone());
    std::fs::create_dir_all(&temporary).map_err(failed)?;
    let inner = temporary.join(&name);
    copy.output_url = if single {
        inner.display().to_string()
    } else {
        format!("{}/", inner.display())
    };
    let rows = execute(ctx, copy, places).await?;
    if !single {
        // An empty folder would stop the rename; a full one was refused above.
        let _ = std::fs::remove_dir(target);
        std::fs::create_dir_all(&inner).map_err(failed)?;
    }
    std::fs::rename(&inner, target).map_err(failed)?;
    drop(cleanup);
    Ok(rows)
}

/// Removes what a failed write left.
struct Cleanup(PathBuf);

impl Drop for Cleanup {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn remote(
    ctx: &SessionContext,
    mut copy: CopyTo,
    target: &str,
    places: &Places,
) -> Result<u64> {
    let url = ListingTableUrl::parse(target)?;
    let store = ctx.runtime_env().object_store(&url)?;
    let prefix = url.prefix().clone();
    let single = is_file(target) && copy.partition_by.is_empty();
    if !single {
        let first = store.list(Some(&prefix)).try_next().await?;
        if first.is_some() {
            return plan_err!("{target} holds objects already, and copy would add to them");
        }
    }
    let name = prefix.filename().unwrap_or("copy").to_owned();
    let mut folder: Vec<_> = prefix.parts().collect();
    folder.pop();
    let temporary = StorePath::from_iter(folder).join(format!(".{name}.aftersight-tmp"));
    let inner = temporary.clone().join(name);
    let root = url.object_store();
    let end = if single { "" } else { "/" };
    copy.output_url = format!("{}{inner}{end}", root.as_str());
    let written = execute(ctx, copy, places).await;
    let published = match written {
        Ok(rows) => publish(store.as_ref(), &inner, &prefix, single)
            .await
            .map(|()| rows),
        Err(error) => Err(error),
    };
    remove_all(store.as_ref(), &temporary).await;
    published
}

async fn publish(
    store: &dyn ObjectStore,
    from: &StorePath,
    to: &StorePath,
    single: bool,
) -> Result<()> {
    if single {
        return Ok(store.copy(from, to).await?);
    }
    let files: Vec<_> = store.list(Some(from)).try_collect().await?;
    for file in files {
        let rest = file.location.prefix_match(from);
        let path = rest
            .into_iter()
            .flatten()
            .fold(to.clone(), |path, part| path.join(part));
        store.copy(&file.location, &path).await?;
    }
    Ok(())
}

/// Best effort: what cannot be removed is left to the bucket's life-cycle rule.
async fn remove_all(store: &dyn ObjectStore, folder: &StorePath) {
    let Ok(files) = store.list(Some(folder)).try_collect::<Vec<_>>().await else {
        return;
    };
    for file in files {
        let _ = store.delete(&file.location).await;
    }
}
