//! Runs one SQL file over a yardstick lake, with aftersight or with stock DataFusion.
//!
//! Speaks the protocol of the yardstick's native engines: one JSON object an
//! iteration (`wall`, `cpu`, `rows`), a last one with the peak memory. Both
//! engines are compiled into this one program, so that versions, flags and
//! allocator are the same and the ratio shows our own doing only.
//!
//! `yardstick --data LAKE --sql FILE [--iters N] [--threads N] [--mem MB] [--out FILE] [--set engine=stock]`

#![expect(clippy::print_stdout, reason = "a program that speaks by printing")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use aftersight_engine::{Engine, Limits, Options, Outcome, StoreOptions};
use arrow::array::RecordBatch;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use futures::TryStreamExt;

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Anything<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const TABLES: [&str; 7] = [
    "customers",
    "products",
    "orders",
    "order_items",
    "returns",
    "surveys",
    "tickets",
];

struct Args {
    data: PathBuf,
    sql: String,
    iters: usize,
    threads: usize,
    mem_mb: Option<usize>,
    out: Option<PathBuf>,
    is_stock: bool,
}

fn parse() -> Anything<Args> {
    let mut args = Args {
        data: PathBuf::new(),
        sql: String::new(),
        iters: 1,
        threads: 2,
        mem_mb: None,
        out: None,
        is_stock: false,
    };
    let mut words = std::env::args().skip(1);
    while let Some(flag) = words.next() {
        let value = words
            .next()
            .ok_or_else(|| format!("{flag} takes a value"))?;
        match flag.as_str() {
            "--data" => args.data = value.into(),
            "--sql" => args.sql = std::fs::read_to_string(value)?,
            "--iters" => args.iters = value.parse()?,
            "--threads" => args.threads = value.parse()?,
            "--mem" => args.mem_mb = Some(value.parse()?),
            "--out" => args.out = Some(value.into()),
            "--set" => args.is_stock = value == "engine=stock",
            _ => return Err(format!("unknown flag {flag}").into()),
        }
    }
    Ok(args)
}

/// CPU seconds of this process so far, and its peak memory in kB.
fn usage() -> (f64, u64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name in brackets may hold blanks; user and system ticks are 12 and 13 behind it.
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks = |i: usize| {
        fields
            .get(i)
            .and_then(|t| t.parse::<f64>().ok())
            .unwrap_or_default()
    };
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak
        .and_then(|t| t.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or_default();
    ((ticks(11) + ticks(12)) / 100.0, peak)
}

async fn stock(args: &Args) -> Anything<SessionContext> {
    let mut runtime = RuntimeEnvBuilder::new();
    if let Some(mb) = args.mem_mb {
        runtime = runtime.with_memory_pool(Arc::new(FairSpillPool::new(mb << 20)));
    }
    let config = SessionConfig::new().with_target_partitions(args.threads);
    let ctx = SessionContext::new_with_config_rt(config, runtime.build_arc()?);
    for table in TABLES {
        let path = format!("{}/", args.data.join(table).display());
        ctx.register_parquet(table, path, ParquetReadOptions::default())
            .await?;
    }
    Ok(ctx)
}

async fn ours(args: &Args) -> Anything<Engine> {
    let limits = Limits {
        target_partitions: Some(args.threads),
        memory_bytes: args.mem_mb.map_or(16 << 30, |mb| mb << 20),
        ..Limits::default()
    };
    let base = args.data.display().to_string();
    let options = Options {
        limits,
        stores: StoreOptions {
            base,
            options: Vec::new(),
        },
        allow_files: false,
        ..Options::default()
    };
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/yardstick/aftersight.toml");
    Ok(Engine::open_file(&workspace, options).await?)
}

async fn statements(engine: &Engine, sql: &str) -> Anything<Vec<RecordBatch>> {
    let mut last = Vec::new();
    for statement in engine.parse(sql)? {
        if let Outcome::Rows(rows) = engine.run(statement).await? {
            last = rows.stream.try_collect().await?;
        }
    }
    Ok(last)
}

#[tokio::main]
async fn main() -> Anything<()> {
    let args = parse()?;
    let stock = if args.is_stock {
        Some(stock(&args).await?)
    } else {
        None
    };
    let ours = if args.is_stock {
        None
    } else {
        Some(ours(&args).await?)
    };
    for i in 0..args.iters {
        let (start, (cpu, _)) = (Instant::now(), usage());
        let batches = match (&stock, &ours) {
            (Some(ctx), _) => {
                ctx.sql(args.sql.trim().trim_end_matches(';'))
                    .await?
                    .collect()
                    .await?
            }
            (None, Some(engine)) => statements(engine, &args.sql).await?,
            (None, None) => Vec::new(),
        };
        let wall = start.elapsed().as_secs_f64();
        let cpu = usage().0 - cpu;
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        println!("{{\"wall\":{wall},\"cpu\":{cpu},\"rows\":{rows}}}");
        if let (0, Some(path), Some(first)) = (i, &args.out, batches.first()) {
            let mut writer = parquet::arrow::ArrowWriter::try_new(
                std::fs::File::create(path)?,
                first.schema(),
                None,
            )?;
            for batch in &batches {
                writer.write(batch)?;
            }
            writer.close()?;
        }
    }
    println!(
        "{{\"maxrss_kb\":{},\"version\":\"{}\"}}",
        usage().1,
        env!("CARGO_PKG_VERSION")
    );
    Ok(())
}
