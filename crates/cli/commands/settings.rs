//! `aftersight settings [NAME]`: everything that can be tuned, with its value here.

use aftersight_engine::did_you_mean;

use super::print;
use crate::args::WorkspaceArgs;
use crate::failure::Failure;
use crate::open::open;

pub(super) async fn run(args: &WorkspaceArgs, name: Option<&str>) -> Result<(), Failure> {
    let settings = open(args).await?.settings();
    let mut is_found = name.is_none();
    for setting in settings
        .declarations()
        .filter(|s| name.is_none_or(|name| s.name == name))
    {
        is_found = true;
        let value = settings.get(&setting.name).ok().flatten().unwrap_or("null");
        let default = setting.default.as_deref().unwrap_or("null");
        let changed = if value == default {
            String::new()
        } else {
            format!(", default {default}")
        };
        print(&format!(
            "{} = {value}  ({}{changed})\n    {}",
            setting.name,
            setting.ty.name(),
            setting.doc
        ));
    }
    if is_found {
        return Ok(());
    }
    let name = name.unwrap_or_default();
    let names = settings.declarations().map(|s| s.name.as_str());
    Err(Failure::usage(
        format!("there is no setting `{name}`"),
        did_you_mean(name, names),
    ))
}
