//! Where the bytes are: locations, their object stores, and the files found there.

use std::path::Path;
use std::sync::Arc;

use datafusion::datasource::listing::ListingTableUrl;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;
use object_store::ObjectMeta;
use url::Url;

use super::StoreOptions;
use super::listed::ListedOnce;
use crate::error::{Error, Result};
use crate::workspace::At;

/// Makes a location absolute: URLs and absolute paths stay, others start from the base.
pub fn absolute_location(base: &str, location: &str) -> String {
    let is_url = location.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric())
    });
    if is_url || Path::new(location).is_absolute() || base.is_empty() {
        return location.to_owned();
    }
    format!("{}/{location}", base.trim_end_matches('/'))
}

/// Registers the object store of a URL with the session, unless it is there.
pub fn register_store(
    ctx: &SessionContext,
    url: &Url,
    options: &StoreOptions,
) -> Result<(), DataFusionError> {
    if url.scheme() == "file" {
        return Ok(());
    }
    let root = &url[..url::Position::BeforePath];
    let root = Url::parse(root).map_err(|e| DataFusionError::External(Box::new(e)))?;
    if ctx
        .runtime_env()
        .object_store_registry
        .get_store(&root)
        .is_ok()
    {
        return Ok(());
    }
    let options = options
        .options
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()));
    let (store, _) = object_store::parse_url_opts(url, options)?;
    let store = ListedOnce::new(Arc::from(store));
    ctx.register_object_store(&root, Arc::new(store));
    Ok(())
}

/// Lists what a location holds; markers are left out, nothing at all is an error.
pub(crate) async fn list(
    ctx: &SessionContext,
    name: &str,
    location: &At<String>,
    absolute: &str,
    options: &StoreOptions,
) -> Result<(ListingTableUrl, Vec<ObjectMeta>)> {
    let missing = || Error::SourceMissing {
        at: Some(location.at.clone()),
        name: name.to_owned(),
        location: absolute.to_owned(),
    };
    let failed = |e: DataFusionError| Error::SourceUnreadable {
        at: Some(location.at.clone()),
        name: name.to_owned(),
        file: absolute.to_owned(),
        reason: e.strip_backtrace(),
    };
    // A local folder is a collection with or without its slash.
    let text = if Path::new(absolute).is_dir() && !absolute.ends_with('/') {
        format!("{absolute}/")
    } else {
        absolute.to_owned()
    };
    let url = ListingTableUrl::parse(&text).map_err(failed)?;
    register_store(ctx, url.get_url(), options).map_err(failed)?;
    let state = ctx.state();
    let store = state.runtime_env().object_store(&url).map_err(failed)?;
    let listed = async {
        let files = url.list_all_files(&state, store.as_ref(), "").await?;
        files.try_collect::<Vec<ObjectMeta>>().await
    };
    let mut files = match listed.await {
        Ok(files) => files,
        Err(DataFusionError::ObjectStore(e))
            if matches!(*e, object_store::Error::NotFound { .. }) =>
        {
            return Err(missing());
        }
        Err(e) => return Err(failed(e)),
    };
    files.retain(|file| !is_hidden(file));
    files.sort_by(|a, b| a.location.cmp(&b.location));
    if files.is_empty() {
        return Err(missing());
    }
    Ok((url, files))
}

/// Returns a file as a user would name it: a path, or a URL.
pub(crate) fn absolute_file(store: &str, file: &ObjectMeta) -> String {
    let store = if store.starts_with("file:") {
        "/"
    } else {
        store
    };
    format!("{}/{}", store.trim_end_matches('/'), file.location)
}

/// Markers such as `_SUCCESS` and `.crc` files are not data.
fn is_hidden(file: &ObjectMeta) -> bool {
    file.location
        .filename()
        .is_none_or(|name| name.starts_with(['_', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_locations_start_from_the_base() {
        assert_eq!(absolute_location("data", "a.parquet"), "data/a.parquet");
        assert_eq!(absolute_location("data/", "s3://lake/a/"), "s3://lake/a/");
        assert_eq!(absolute_location("s3://lake", "a/"), "s3://lake/a/");
        assert_eq!(absolute_location("data", "/a"), "/a");
    }
}
