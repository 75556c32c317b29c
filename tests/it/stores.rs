//! Object storage: `s3://` sources and targets against a real S3 protocol in this process.
//!
//! The server checks signatures, so a wrong secret is refused as a cloud would
//! refuse it. Credentials are handed in, never taken from the environment.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aftersight_engine::{Engine, Options, StoreOptions, Workspace};
use arrow::array::Int64Array;
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper::{Method, Request};
use hyper_util::rt::{TokioExecutor, TokioIo};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;

use crate::support::{Scratch, column, error, rows, write_parquet};

const KEY: &str = "AKIATEST";
const SECRET: &str = "secretsecret";

/// Serves the folders of `root` as buckets and returns the port.
async fn serve(root: &Path) -> u16 {
    serve_counting(root, Arc::default()).await
}

/// Counts the requests that list files or ask about one.
async fn serve_counting(root: &Path, asked: Arc<AtomicUsize>) -> u16 {
    let files = s3s_fs::FileSystem::new(root)
        .map_err(|e| format!("{e:?}"))
        .unwrap();
    let mut service = S3ServiceBuilder::new(files);
    service.set_auth(SimpleAuth::from_single(KEY, SECRET));
    let service = service.build();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (service, asked) = (service.clone(), Arc::clone(&asked));
            let service = service_fn(move |request: Request<Incoming>| {
                let lists = request
                    .uri()
                    .query()
                    .is_some_and(|q| q.contains("list-type"));
                if lists || request.method() == Method::HEAD {
                    asked.fetch_add(1, Ordering::Relaxed);
                }
                Service::call(&service, request)
            });
            tokio::spawn(async move {
                let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                // A client that hangs up is no concern of the server.
                let _ = server.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    port
}

/// A lake with one table in two partitions, and one that is NULL.
fn lake() -> Scratch {
    let lake = Scratch::new();
    for (folder, ids) in [
        ("month=2026-10-01", vec![1, 2, 3]),
        ("month=2026-11-01", vec![4, 5]),
        ("month=__HIVE_DEFAULT_PARTITION__", vec![6]),
    ] {
        let file = lake.path(&format!("lake/orders/{folder}/part-0.parquet"));
        write_parquet(&file, vec![("order_id", column(Int64Array::from(ids)))], 10);
    }
    lake
}

const WORKSPACE: &str = "\
[sources.lines]
location = \"s3://lake/orders/\"

[tables.orders]
from = \"lines\"
columns = { order_id = \"order_id\", ordered_at = \"month\" }
";

fn options(port: u16, secret: &str) -> Options {
    let options = [
        ("aws_access_key_id", KEY),
        ("aws_secret_access_key", secret),
        ("aws_region", "us-east-1"),
        ("aws_endpoint", &format!("http://127.0.0.1:{port}")),
        ("aws_allow_http", "true"),
    ];
    Options {
        stores: StoreOptions {
            base: String::new(),
            options: options.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec(),
        },
        allow_files: true,
        ..Options::default()
    }
}

/// Opens a workspace whose file, were there one, would be in a folder of nothing else.
async fn open(toml: &str, options: Options) -> aftersight_engine::Result<Engine> {
    let tables = aftersight_engine::table::CanonicalTables::get();
    Engine::open(
        Workspace::parse("nowhere/lake.toml", toml, tables)?,
        options,
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lake_on_s3_is_read_with_its_partitions() {
    let lake = lake();
    let port = serve(&lake.path("")).await;
    let engine = open(WORKSPACE, options(port, SECRET)).await.unwrap();
    let sql = "select ordered_at, count(*), sum(order_id) from raw.orders group by 1 order by 1";
    assert_eq!(
        rows(&engine, sql).await,
        [
            "2026-10-01T00:00:00Z 3 6",
            "2026-11-01T00:00:00Z 2 9",
            "- 1 6"
        ]
    );
    let sql = "select sum(order_id) from source.lines where month = date '2026-11-01'";
    assert_eq!(rows(&engine, sql).await, ["9"]);
    // By URL in a query, and a file that was added since.
    let new = lake.path("lake/orders/month=2026-12-01/part-0.parquet");
    write_parquet(
        &new,
        vec![("order_id", column(Int64Array::from(vec![10])))],
        10,
    );
    assert_eq!(
        rows(&engine, "select sum(order_id) from raw.orders").await,
        ["31"]
    );
    let sql = "select sum(order_id) from 's3://lake/orders/month=2026-12-01/part-0.parquet'";
    assert_eq!(rows(&engine, sql).await, ["10"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_lists_a_table_once_however_often_it_reads_it() {
    let lake = lake();
    let asked = Arc::<AtomicUsize>::default();
    let port = serve_counting(&lake.path(""), Arc::clone(&asked)).await;
    let engine = open(WORKSPACE, options(port, SECRET)).await.unwrap();
    let file = "'s3://lake/orders/month=2026-10-01/part-0.parquet'";
    for from in ["raw.orders", "source.lines", file] {
        let read = |times: usize| {
            let all = vec![format!("select order_id from {from}"); times].join(" union all ");
            format!("select count(*), sum(order_id) from ({all})")
        };
        let (once, often) = (read(1), read(5));
        asked.store(0, Ordering::Relaxed);
        let one = rows(&engine, &once).await;
        let of_one = asked.swap(0, Ordering::Relaxed);
        let five = rows(&engine, &often).await;
        let of_five = asked.load(Ordering::Relaxed);
        assert_ne!(one, five);
        assert!(of_one > 0, "{from}");
        assert_eq!(of_five, of_one, "{from}");
    }
    // Files come and go between statements.
    let sum =
        "select sum(a.order_id) from raw.orders as a inner join raw.orders as b using (order_id)";
    assert_eq!(rows(&engine, sum).await, ["21"]);
    let new = lake.path("lake/orders/month=2026-12-01/part-0.parquet");
    write_parquet(
        &new,
        vec![("order_id", column(Int64Array::from(vec![10])))],
        10,
    );
    assert_eq!(rows(&engine, sum).await, ["31"]);
    std::fs::remove_file(new).unwrap();
    assert_eq!(rows(&engine, sum).await, ["21"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relative_location_starts_from_the_lake() {
    let lake = lake();
    let port = serve(&lake.path("")).await;
    let mut options = options(port, SECRET);
    options.stores.base = "s3://lake".into();
    let toml = WORKSPACE.replace("s3://lake/", "");
    let engine = open(&toml, options).await.unwrap();
    assert_eq!(
        rows(&engine, "select count(*) from raw.orders").await,
        ["6"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_and_a_wrong_place_say_so() {
    let lake = lake();
    let port = serve(&lake.path("")).await;
    let refused = open(WORKSPACE, options(port, "wrong")).await.unwrap_err();
    let text = refused.to_string();
    assert!(
        text.starts_with(
            "nowhere/lake.toml:2:12: source 'lines' cannot be read: s3://lake/orders/: "
        ) && text.contains("SignatureDoesNotMatch"),
        "{text}"
    );
    assert_eq!(refused.kind(), aftersight_engine::ErrorKind::Failed);
    let nowhere = WORKSPACE.replace("orders/", "nowhere/");
    let missing = open(&nowhere, options(port, SECRET)).await.unwrap_err();
    assert_eq!(
        missing.to_string(),
        "nowhere/lake.toml:2:12: source 'lines' matches no file: s3://lake/nowhere/"
    );
    assert_eq!(missing.kind(), aftersight_engine::ErrorKind::MissingData);
}

#[tokio::test(flavor = "multi_thread")]
async fn copy_to_s3_is_whole_or_not_at_all() {
    let lake = lake();
    let port = serve(&lake.path("")).await;
    let engine = open(WORKSPACE, options(port, SECRET)).await.unwrap();
    let target = "s3://lake/out/orders.parquet";
    rows(
        &engine,
        &format!("copy (select order_id from raw.orders) to '{target}'"),
    )
    .await;
    let sum = format!("select sum(order_id) from '{target}'");
    assert_eq!(rows(&engine, &sum).await, ["21"]);
    // Fails after 900,000 rows were written.
    let late = "select 1 / (value - 900000) as order_id from generate_series(1, 1000000)";
    let failed = error(&engine, &format!("copy ({late}) to '{target}'")).await;
    assert!(failed.contains("Divide by zero"), "{failed}");
    assert_eq!(rows(&engine, &sum).await, ["21"]);
    // A good one replaces it; nothing else is left.
    rows(
        &engine,
        &format!("copy (select 7 as order_id) to '{target}'"),
    )
    .await;
    assert_eq!(rows(&engine, &sum).await, ["7"]);
    assert_eq!(files(&lake, "lake/out"), ["orders.parquet"]);

    // A folder with partitions, and the refusal to add to it.
    let folder = "copy (select order_id, month from source.lines) to 's3://lake/again/' stored as parquet partitioned by (month)";
    rows(&engine, folder).await;
    let back = "select month, sum(order_id) from 's3://lake/again/' group by 1 order by 1";
    assert_eq!(
        rows(&engine, back).await,
        ["2026-10-01 6", "2026-11-01 9", "- 6"]
    );
    let refused = error(&engine, folder).await;
    assert!(refused.contains("holds objects already"), "{refused}");
}

/// Objects below a prefix; empty folders are no objects.
fn files(lake: &Scratch, folder: &str) -> Vec<String> {
    let is_file = |name: &String| lake.path(&format!("{folder}/{name}")).is_file();
    lake.names(folder).into_iter().filter(is_file).collect()
}
