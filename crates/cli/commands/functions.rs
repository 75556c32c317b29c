//! `aftersight functions [NAME]`: the after-sales functions and how to call them.

use aftersight_engine::did_you_mean;
use aftersight_functions::documentation;

use super::print;
use crate::failure::Failure;

pub(crate) fn run(name: Option<&str>) -> Result<(), Failure> {
    let functions = documentation();
    let Some(name) = name else {
        let mut section = "";
        for function in &functions {
            if function.section != section {
                print(&format!(
                    "{}{}",
                    if section.is_empty() { "" } else { "\n" },
                    function.section
                ));
                section = &function.section;
            }
            let first = function
                .description
                .split_inclusive(". ")
                .next()
                .unwrap_or_default();
            print(&format!("  {}\n      {}", function.syntax, first.trim()));
        }
        return Ok(());
    };
    let Some(function) = functions.iter().find(|f| f.name == name) else {
        let names = functions.iter().map(|f| f.name.as_str());
        return Err(Failure::usage(
            format!("there is no after-sales function `{name}`"),
            did_you_mean(name, names),
        ));
    };
    print(&format!(
        "{}\n\n{}\n",
        function.syntax, function.description
    ));
    for (argument, meaning) in &function.arguments {
        print(&format!("  {argument}: {meaning}"));
    }
    print(&format!("\n{}", function.example.trim()));
    Ok(())
}
