//! Rules as data: a workspace's own tables change the answers, and wrong ones are refused.

use crate::support::Scratch;

/// The hand-written shop in a folder of its own, with rules.
fn shop(rules: &str) -> Scratch {
    let scratch = Scratch::with_tiny();
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
fn words_of_ones_own_stand_on_the_pages_and_codes_in_the_files() {
    let shop = shop("labels = \"labels.csv\"\n");
    let labels =
        "kind,code,label_en,label_zh\nsegment,champions,Stars,明星客户\nsegment,lost,,走了\n";
    shop.write("labels.csv", labels);
    let report = ["-q", "report", "run", "weekly-after-sales", "--out", "dist"];
    let ran = shop.run(&report);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let file = |name: &str| shop.read(&format!("dist/weekly-after-sales/2026-01-26/{name}"));
    let (en, zh) = (file("index.html"), file("index.zh.html"));
    assert!(en.contains(">Stars<") && !en.contains("Champions"), "{en}");
    assert!(zh.contains(">明星客户<") && zh.contains(">走了<"), "{zh}");
    // What the workspace did not say is as it was.
    assert!(
        en.contains(">Lost<") && en.contains(">New customers<"),
        "{en}"
    );
    assert!(zh.contains(">新客户<"), "{zh}");
    let csv = file("csv/segments.csv");
    assert!(
        csv.contains("champions,") && !csv.contains("Stars"),
        "{csv}"
    );
    let manifest: serde_json::Value = serde_json::from_str(&file("manifest.json")).unwrap();
    let rules = manifest["rules"].as_array().unwrap();
    let of_labels = rules.iter().find(|rule| rule["name"] == "labels").unwrap();
    assert_eq!(of_labels["file"], "labels.csv");
    // A finding is found by its word and by its code.
    let rows = |segment: &str| {
        let args = [
            "-q",
            "--format",
            "csv",
            "rows",
            "weekly-after-sales",
            "segments",
        ];
        shop.run(&[args.as_slice(), &[segment]].concat()).stdout
    };
    assert!(rows("segment=Stars").contains("ann"));
    assert_eq!(rows("segment=Stars"), rows("segment=champions"));
}

#[test]
fn labels_of_nothing_are_refused() {
    let shop = shop("labels = \"labels.csv\"\n");
    let check = |labels: &str, stderr: &str| {
        shop.write("labels.csv", labels);
        shop.check_refused(stderr);
    };
    check(
        "kind,code,label_en,label_de\nsegment,lost,Lost,Verloren\n",
        "error: labels.csv:1:20: no page is in the language `de`\n  help: label_en for English, label_zh for Chinese\n",
    );
    check(
        "kind,code,label_en,label_en\nsegment,lost,Lost,Gone\n",
        "error: labels.csv:1:20: column `label_en` stands twice\n",
    );
    check(
        "kind,code,label_en\nsegment,lost,Lost\nsegment,lost,Gone\n",
        "error: labels.csv:3:1: (kind, code) = (segment, lost) stands here and in line 2\n  help: every key stands once\n",
    );
    check(
        "kind,code,label_en\nsegment,chamions,Stars\n",
        "error: labels.csv:2:9: there is no segment `chamions`\n  help: did you mean `champions`?\n",
    );
}

/// Classes of all customers, in the order of their names.
fn classes(shop: &Scratch, args: &[&str]) -> String {
    let query = "select string_agg(concat(customer_id, ' ', returner_class), ', ' order by customer_id) as classes from returner_classes";
    let ran = shop.run(&[&["-q", "--format", "tsv", "-c", query], args].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran.stdout.lines().last().unwrap_or_default().to_owned()
}

#[test]
fn thresholds_of_ones_own_reclassify_at_once() {
    let usual = classes(&shop(""), &[]);
    let own = shop("thresholds = \"thresholds.csv\"\n");
    own.write(
        "thresholds.csv",
        "threshold,value\nfrequent_returner_min_orders,1\nfrequent_returner_share,0\nfrequent_returner_min_share,0\n",
    );
    // Whoever sent back one order of the window is frequent now.
    let strict = classes(&own, &[]);
    assert_ne!(usual, strict);
    assert!(!strict.contains("occasional"), "{strict}");
    // What the session sets counts for the session.
    let back = [
        "--set",
        "frequent_returner_min_orders=3",
        "--set",
        "frequent_returner_min_share=0.3",
        "--set",
        "frequent_returner_share=0.5",
    ];
    assert_eq!(classes(&own, &back), usual);
    let query =
        "select value from intermediate.thresholds where threshold = 'frequent_returner_share'";
    own.run(&["--format", "csv", "-c", query])
        .check(0, "value\n0.0\n", "");
}

#[test]
fn every_threshold_there_is_can_stand_in_a_file() {
    let own = shop("thresholds = \"thresholds.csv\"\n");
    // Whole numbers are written as such.
    let query = "select threshold, case when value = floor(value) then cast(cast(value as bigint) as varchar) else cast(value as varchar) end as value from intermediate.thresholds";
    own.write("thresholds.csv", "threshold,value\nchurn_at_risk_days,90\n");
    let all = own.run(&["-q", "--format", "csv", "-c", query]);
    assert_eq!(all.stdout.lines().count(), 19, "{all:?}");
    own.write("thresholds.csv", &all.stdout);
    own.run(&["-q", "--format", "csv", "-c", query])
        .check(0, &all.stdout, "");
}

#[test]
fn thresholds_that_contradict_each_other_are_refused_wherever_they_stand() {
    let own = shop("thresholds = \"thresholds.csv\"\n");
    let check = |thresholds: &str, stderr: &str| {
        own.write("thresholds.csv", format!("threshold,value\n{thresholds}"));
        own.check_refused(stderr);
    };
    check(
        "churn_at_risk_days,200\n",
        "error: thresholds.csv:2:20: churn_at_risk_days = 200 is not below churn_churned_days = 180: nobody would ever be at risk\n  help: churn_at_risk_days below 180, or churn_churned_days above 200\n",
    );
    check(
        "value_high_share,0.6\nvalue_low_share,0.5\n",
        "error: thresholds.csv:3:17: value_high_share = 0.6 is more than what is left by value_low_share = 0.5: the high and the low tier would overlap\n  help: two shares that sum to 1 at most, as 0.6 and 0.4\n",
    );
    check(
        "churn_at_risk_share,1.2\n",
        "error: thresholds.csv:2:21: `churn_at_risk_share` takes a share from 0 to 1, not '1.2'\n  help: the default is 0.8\n",
    );
    check(
        "churn_at_risk,90\n",
        "error: thresholds.csv:2:1: there is no threshold `churn_at_risk`\n  help: did you mean `churn_at_risk_days`?\n",
    );
    check(
        "churn_at_risk_days,90\nchurn_at_risk_days,80\n",
        "error: thresholds.csv:3:1: (threshold) = (churn_at_risk_days) stands here and in line 2\n  help: every key stands once\n",
    );
    let scratch = Scratch::with_workspace("version = 1\n[settings]\nchurn_churned_days = 60\n");
    scratch.check_refused(
        "error: aftersight.toml:3:1: churn_at_risk_days = 90 is not below churn_churned_days = 60: nobody would ever be at risk\n  help: churn_at_risk_days below 60, or churn_churned_days above 90\n",
    );
    let scratch = Scratch::with_workspace("version = 1\n");
    let set = |script: &str, args: &[&str]| {
        let more = ["--format", "csv", "-q", "-c", script];
        scratch.run(&[args, &more].concat())
    };
    set("set churn_churned_days = 60", &[]).check_says(1, "churn_at_risk_days below 60");
    // Flags are one wish, in whatever order they stand.
    let both = [
        "--set",
        "churn_churned_days=60",
        "--set",
        "churn_at_risk_days=30",
    ];
    set("show churn_churned_days", &both).check(
        0,
        "name,value,default,type,meaning\nchurn_churned_days,60,180,integer,\"days without a purchase after which a customer is lost, by the method fixed\"\n",
        "",
    );
}

#[test]
fn holidays_and_rates_come_as_rules_without_a_mapping() {
    let toml = "version = 1\n[workspace]\ncurrency = \"CNY\"\n[settings]\nas_of = \"2026-02-01\"\n[rules]\nholidays = \"holidays.toml\"\ncost_rates = \"rates.csv\"\n";
    let scratch = Scratch::with_workspace(toml);
    let holidays = "[[rows]]\ncalendar = \"desk\"\nday = 2026-10-01\nname = \"国庆节\"\n";
    scratch.write("holidays.toml", holidays);
    let rates = "activity,valid_from,unit,rate,currency\nagent,2025-01-01,minute,1.20,CNY\n";
    scratch.write("rates.csv", rates);
    let query = "select calendar, day, name from staging.holidays; select activity, unit, rate from staging.cost_rates";
    scratch.run(&["-q", "--format", "csv", "-c", query]).check(
        0,
        "calendar,day,name\ndesk,2026-10-01,国庆节\nactivity,unit,rate\nagent,minute,1.20\n",
        "",
    );
    scratch.write("rates.csv", rates.replace("1.20", "-1.20"));
    scratch
        .check_refused("error: rates.csv:2:25: `rate` takes a number of at least 0, not '-1.20'\n");
    // What a source is mapped to is no rule.
    let tables = "[sources.h]\nlocation = \"h.csv\"\n[tables.holidays]\nfrom = \"h\"\n";
    scratch.write("rates.csv", rates);
    scratch.write("h.csv", "calendar,day\ndesk,2026-05-01\n");
    scratch.write("aftersight.toml", format!("{toml}{tables}"));
    scratch.check_refused(
        "error: aftersight.toml:7:1: holidays is mapped under [tables] already\n  help: one of the two\n",
    );
}

#[test]
fn codes_that_no_other_table_has_are_refused() {
    let shop = shop("playbook_actions = \"playbook.csv\"\n");
    let header = "segment_kind,segment,action,action_en,action_zh,owner,offer,service_level\n";
    let check = |row: &str, stderr: &str| {
        shop.write("playbook.csv", format!("{header}{row}"));
        shop.check_refused(stderr);
    };
    check(
        "rfm_segment,champion,reward,Thank,,loyalty,,priority\n",
        "error: playbook.csv:2:13: there is no rfm segment `champion`\n  help: did you mean `champions`?\n",
    );
    check(
        "reason,defectiv,fix,Fix,,quality,,\n",
        "error: playbook.csv:2:8: there is no reason `defectiv`\n  help: did you mean `defective`?\n",
    );
    check(
        "rfm_segment,champions,reward,Thank,,loyalty,,top\n",
        "error: playbook.csv:2:46: there is no service level `top`\n  help: one of: basic, priority, reviewed, standard\n",
    );
}

#[test]
fn wrong_rules_are_located_before_anything_is_asked() {
    let shop = shop("segment_models = \"models.csv\"\nreason_codes = \"reasons.csv\"\n");
    let reasons = "reason,label_en,is_seller_fault\nunknown,?,false\nsize_fit,Size,false\n";
    let check = |models: &str, reasons: &str, stderr: &str| {
        shop.write("models.csv", models);
        shop.write("reasons.csv", reasons);
        shop.check_refused(stderr);
    };
    check(
        "model,segment,r,f,m\nmine,good,4-5,*,*\nmine,rest,1-2,*,*\n",
        reasons,
        "error: models.csv:2:1: model `mine` does not divide the 125 cells: no row covers 311, 312, 313, 314, 315, 321, 322, 323 and 17 more\n  help: every cell (r, f, m) belongs to exactly one row\n",
    );
    check(
        MODEL,
        "reason,label_en,is_seller_fault\nunknown,?,perhaps\n",
        "error: reasons.csv:2:11: `is_seller_fault` takes true or false, not 'perhaps'\n",
    );
    check(
        MODEL,
        "reason,label_en,is_seller_fault\nunknown,?,false\nlate,Late,false\nlate,Later,false\n",
        "error: reasons.csv:4:1: (reason) = (late) stands here and in line 3\n  help: every key stands once\n",
    );
    check(
        MODEL,
        "reason,lable_en,is_seller_fault\nunknown,?,false\n",
        "error: reasons.csv:1:8: reason_codes has no column `lable_en`\n  help: did you mean `label_en`?\n",
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
    let manifest = shop.read("dist/weekly-after-sales/2026-01-26/manifest.json");
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let rules = manifest["rules"].as_array().unwrap();
    let of = |name: &str| rules.iter().find(|rule| rule["name"] == name).unwrap();
    assert_eq!(of("segment_models")["file"], "models.csv");
    // printf '...' | sha256sum of MODEL.
    assert_eq!(of("segment_models")["sha256"].as_str().unwrap().len(), 64);
    assert!(of("reason_codes")["file"].is_null());
}
