//! Rules as data: a workspace's own tables change the answers, and wrong ones are refused.

use crate::slt::root;
use crate::support::Scratch;

/// The hand-written shop in a folder of its own, with rules.
fn shop(rules: &str) -> Scratch {
    let scratch = Scratch::new();
    for entry in std::fs::read_dir(root("data/tiny")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        scratch.write(&name, std::fs::read(&path).unwrap());
    }
    let toml = scratch.read("aftersight.toml");
    scratch.write("aftersight.toml", format!("{toml}\n[rules]\n{rules}"));
    scratch
}

const MODEL: &str = "model,segment,r,f,m\nmine,good,4-5,*,*\nmine,rest,1-3,*,*\n";

#[test]
fn a_model_of_ones_own_reclassifies_at_once() {
    let shop = shop("segment_models = \"models.csv\"\n");
    shop.write("models.csv", MODEL);
    let query = "select segment, customers from segments order by segment";
    let with = |set: &[&str]| {
        let mut args = vec!["--format", "csv", "-c"];
        args.push(query);
        args.extend(set);
        shop.run(&args)
    };
    with(&["--set", "segment_model=mine"]).check(0, "segment,customers\ngood,3\nrest,3\n", "");
    // The published models are still there.
    let published = with(&[]);
    assert!(published.stdout.contains("champions,1"), "{published:?}");
    let script = format!("set segment_model = 'mine'; {query}");
    let ran = shop.run(&["-q", "--format", "csv", "-c", &script]);
    assert!(ran.stdout.ends_with("good,3\nrest,3\n"), "{ran:?}");
    with(&["--set", "segment_model=mini"]).check_error(
        2,
        "error: `segment_model` takes cells11, rf10, rfm10, putler11, mine, not 'mini'\n  help: did you mean `mine`?\n",
    );
}

#[test]
fn wrong_rules_are_located_before_anything_is_asked() {
    let shop = shop("segment_models = \"models.csv\"\nreason_codes = \"reasons.csv\"\n");
    let reasons = "reason,label_en,is_seller_fault\nunknown,?,false\nsize_fit,Size,false\n";
    let check = |models: &str, reasons: &str, stderr: &str| {
        shop.write("models.csv", models);
        shop.write("reasons.csv", reasons);
        shop.run(&["-c", "select 1"]).check_error(2, stderr);
    };
    check(
        "model,segment,r,f,m\nmine,good,4-5,*,*\nmine,rest,1-2,*,*\n",
        reasons,
        "error: models.csv:2:1: model `mine` does not divide the 125 cells: no row covers 311, 312, 313, 314, 315, 321, 322, 323 and 17 more\n  help: every cell (r, f, m) belongs to exactly one row\n",
    );
    check(
        MODEL,
        "reason,label_en,is_seller_fault\nunknown,?,perhaps\n",
        "error: reasons.csv:2:1: `is_seller_fault` takes true or false, not 'perhaps'\n",
    );
    check(
        MODEL,
        "reason,label_en,is_seller_fault\nunknown,?,false\nlate,Late,false\nlate,Later,false\n",
        "error: reasons.csv:4:1: (reason) = (late) stands here and in line 3\n  help: every key stands once\n",
    );
    check(
        MODEL,
        "reason,lable_en,is_seller_fault\nunknown,?,false\n",
        "error: reasons.csv:1:1: reason_codes has no column `lable_en`\n  help: did you mean `label_en`?\n",
    );
    check(
        MODEL,
        "reason,label_en\nunknown,?\n",
        "error: reasons.csv:1:1: reason_codes needs a column `is_seller_fault`: the seller sent something else than was promised\n",
    );
    check(
        MODEL,
        "reason,label_en,is_seller_fault\nsize_fit,Size,false\n",
        "error: reasons.csv:1:1: reason_codes has no row `unknown`\n  help: codes that are not in the table are counted under it\n",
    );
    // Right at last; a label nobody gave is NULL.
    shop.write("reasons.csv", reasons);
    let query = "select reason, label_en, label_zh from intermediate.reason_codes order by reason";
    shop.run(&["--format", "csv", "-c", query]).check(
        0,
        "reason,label_en,label_zh\nsize_fit,Size,\nunknown,?,\n",
        "",
    );
}

#[test]
fn rules_that_are_not_there_say_so() {
    let shop = shop("segment_model = \"models.csv\"\n");
    shop.run(&["-c", "select 1"]).check_says(
        2,
        "there is no rule table `segment_model`\n  help: did you mean `segment_models`?\n",
    );
    let toml = shop.read("aftersight.toml");
    shop.write(
        "aftersight.toml",
        toml.replace("segment_model =", "segment_models ="),
    );
    shop.run(&["-c", "select 1"])
        .check_says(2, "cannot read models.csv: No such file or directory");
}

#[test]
fn a_report_says_which_rules_it_used() {
    let shop = shop("segment_models = \"models.csv\"\n");
    shop.write("models.csv", MODEL);
    let ran = shop.run(&["-q", "report", "run", "weekly-after-sales", "--out", "dist"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let manifest = shop.read("dist/weekly-after-sales/2026-02-01/manifest.json");
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let rules = manifest["rules"].as_array().unwrap();
    let of = |name: &str| rules.iter().find(|rule| rule["name"] == name).unwrap();
    assert_eq!(of("segment_models")["file"], "models.csv");
    // printf '...' | sha256sum of MODEL.
    assert_eq!(of("segment_models")["sha256"].as_str().unwrap().len(), 64);
    assert!(of("reason_codes")["file"].is_null());
}
