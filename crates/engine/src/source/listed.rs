//! A store whose files are listed once a statement.
//!
//! A table that a statement reads in twenty places would be listed twenty times: on
//! an object store that is a request each, two at a time while a statement is planned,
//! and files that arrive meanwhile would be in some of the places only. Outside of
//! a statement everything is asked anew.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    Attributes, CopyOptions, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use std::future::Future;
use tokio::sync::OnceCell;

use crate::engine::lock;

/// Plans a statement: what it lists, it lists once.
pub(crate) async fn statement<F: Future>(work: F) -> F::Output {
    LISTED.scope(Arc::default(), work).await
}

tokio::task_local! {
    static LISTED: Arc<Listed>;
}

/// What a statement has learned of stores, by store and path.
#[derive(Default)]
struct Listed {
    files: Once<Option<Path>, Vec<ObjectMeta>>,
    heads: Once<Path, Head>,
}

type Head = (ObjectMeta, Attributes);

/// Answers by store and question, each asked for once, also by those who ask together.
struct Once<K, V>(Mutex<HashMap<(usize, K), Answer<V>>>);

type Answer<V> = Arc<OnceCell<Arc<V>>>;

impl<K, V> Default for Once<K, V> {
    fn default() -> Self {
        Once(Mutex::default())
    }
}

impl<K: Eq + Hash, V> Once<K, V> {
    /// An error is nobody's answer but of who asked.
    async fn answer(
        &self,
        store: &Arc<dyn ObjectStore>,
        question: K,
        ask: impl Future<Output = Result<V>>,
    ) -> Result<Arc<V>> {
        let store = Arc::as_ptr(store).cast::<()>().addr();
        let cell = {
            let mut cells = lock(&self.0);
            Arc::clone(cells.entry((store, question)).or_default())
        };
        let answer = cell.get_or_try_init(|| async { ask.await.map(Arc::new) });
        answer.await.map(Arc::clone)
    }
}

/// A store that keeps what it lists while a statement is planned.
#[derive(Debug)]
pub(super) struct ListedOnce(Arc<dyn ObjectStore>);

impl ListedOnce {
    pub(super) fn new(store: Arc<dyn ObjectStore>) -> Self {
        ListedOnce(store)
    }
}

impl fmt::Display for ListedOnce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for ListedOnce {
    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let Ok(listed) = LISTED.try_with(Arc::clone) else {
            return self.0.list(prefix);
        };
        let (store, prefix) = (Arc::clone(&self.0), prefix.cloned());
        let files = async move {
            let ask = store.list(prefix.as_ref()).try_collect();
            let files = listed.files.answer(&store, prefix, ask).await?;
            let n_files = files.len();
            let files = (0..n_files).filter_map(move |at| files.get(at).cloned());
            Ok::<_, object_store::Error>(stream::iter(files.map(Ok)))
        };
        stream::once(files).try_flatten().boxed()
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let asks_for_more = options.if_match.is_some()
            || options.if_none_match.is_some()
            || options.if_modified_since.is_some()
            || options.if_unmodified_since.is_some()
            || options.range.is_some()
            || options.version.is_some();
        let listed = LISTED.try_with(Arc::clone);
        let (true, false, Ok(listed)) = (options.head, asks_for_more, listed) else {
            return self.0.get_opts(location, options).await;
        };
        let ask = async {
            let found = self.0.get_opts(location, options).await?;
            Ok((found.meta, found.attributes))
        };
        let head = listed.heads.answer(&self.0, location.clone(), ask).await?;
        let (meta, attributes) = head.as_ref().clone();
        Ok(GetResult {
            payload: GetResultPayload::Stream(stream::empty().boxed()),
            range: 0..meta.size,
            meta,
            attributes,
        })
    }

    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.0.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.0.put_multipart_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.0.delete_stream(locations)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.0.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.copy_opts(from, to, options).await
    }
}
