//! The views that are compiled in: the files of `sql/`, listed by the build script.

/// `(schema, name, file)` of every built-in view, by schema and name.
pub(crate) const VIEWS: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/views.rs"));
