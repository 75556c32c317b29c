//! The views that are compiled in: the files of `sql/`, a view after those it reads.

macro_rules! views {
    ($($schema:literal / $name:literal),* $(,)?) => {
        &[$(($schema, $name, include_str!(concat!("../../../sql/", $schema, "/", $name, ".sql")))),*]
    };
}

/// `(schema, name, file)` of every built-in view. A test holds the list against the folder.
pub(crate) const VIEWS: &[(&str, &str, &str)] = views![];
