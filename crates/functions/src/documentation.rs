//! What the functions say about themselves, for help, manual and README.

use std::fmt;

use crate::{Function, functions};

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Once for each row.
    Scalar,
    /// Over a group, or over a window with `over`.
    Aggregate,
    /// Over a window only.
    Window,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scalar => "scalar",
            Self::Aggregate => "aggregate",
            Self::Window => "window",
        })
    }
}

/// The manual entry of one function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionDoc {
    /// Name in SQL.
    pub name: String,
    /// How it is called.
    pub kind: Kind,
    /// The call with its arguments; optional ones in brackets.
    pub syntax: String,
    /// What it computes, with units, NULL, empty input and source.
    pub description: String,
    /// Names and descriptions of the arguments.
    pub arguments: Vec<(String, String)>,
    /// A query and the table it prints, in Markdown; a test runs it.
    pub example: String,
    /// The chapter it belongs to.
    pub section: String,
}

impl FunctionDoc {
    /// Returns the first sentence of the description.
    pub fn summary(&self) -> &str {
        match self.description.split_once(". ") {
            Some((first, _)) => first,
            None => self.description.trim_end_matches('.'),
        }
    }
}

/// Returns the manual entries of all functions, in the order of the manual.
pub fn documentation() -> Vec<FunctionDoc> {
    functions().iter().filter_map(entry).collect()
}

fn entry(function: &Function) -> Option<FunctionDoc> {
    let documentation = function.documentation()?;
    Some(FunctionDoc {
        name: function.name().to_string(),
        kind: match function {
            Function::Scalar(_) => Kind::Scalar,
            Function::Aggregate(_) => Kind::Aggregate,
            Function::Window(_) => Kind::Window,
        },
        syntax: documentation.syntax_example.clone(),
        description: documentation.description.clone(),
        arguments: documentation.arguments.clone().unwrap_or_default(),
        example: documentation.sql_example.clone().unwrap_or_default(),
        section: documentation.doc_section.label.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use arrow::util::pretty::pretty_format_batches;
    use datafusion::prelude::SessionContext;

    use super::*;
    use crate::register_all;

    #[test]
    fn no_two_functions_share_a_name() {
        let mut seen = HashSet::new();
        for function in functions() {
            assert!(seen.insert(function.name().to_string()), "{function:?}");
        }
    }

    #[test]
    fn every_function_is_documented_in_full() {
        let documented = documentation();
        assert_eq!(documented.len(), functions().len());
        for doc in documented {
            assert!(
                doc.syntax.starts_with(&format!("{}(", doc.name)),
                "{}",
                doc.name
            );
            assert!(!doc.arguments.is_empty(), "{} names no argument", doc.name);
            for (argument, description) in &doc.arguments {
                assert!(doc.syntax.contains(argument), "{}: {argument}", doc.name);
                assert!(description.ends_with('.'), "{}: {argument}", doc.name);
            }
            // A reader must find what happens to NULL.
            assert!(doc.description.contains("NULL"), "{}", doc.name);
            assert!(doc.description.ends_with('.'), "{}", doc.name);
        }
    }

    /// Splits an example into its query and the table it promises.
    fn parts(example: &str) -> (&str, &str) {
        let inner = example
            .trim()
            .strip_prefix("```sql\n")
            .and_then(|e| e.strip_suffix("\n```"))
            .expect("an example is a fenced sql block");
        let (query, table) = inner.split_once(";\n").expect("a query ends with ;");
        (query, table)
    }

    #[tokio::test]
    async fn every_example_prints_what_it_promises() {
        let ctx = SessionContext::new();
        register_all(&ctx).unwrap();
        let mut wrong = vec![];
        for doc in documentation() {
            let (query, promised) = parts(&doc.example);
            assert!(query.contains(&format!("{}(", doc.name)), "{}", doc.name);
            let printed = match ctx.sql(query).await {
                Ok(df) => match df.collect().await {
                    Ok(batches) => pretty_format_batches(&batches).unwrap().to_string(),
                    Err(e) => e.to_string(),
                },
                Err(e) => e.to_string(),
            };
            if printed != promised {
                wrong.push(format!("{}:\n{printed}\n", doc.name));
            }
        }
        assert!(wrong.is_empty(), "examples print\n{}", wrong.join("\n"));
    }
}
