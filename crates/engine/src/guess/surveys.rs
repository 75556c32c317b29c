//! Questionnaires: which question was asked, on which scale, one row an answer.
//!
//! A source with a column for each question is read once for each of them.

use super::assign::is_answer;
use super::complete::column_of;
use super::dictionary::Dictionary;
use super::fit::quoted;
use super::look::{ColumnLook, SourceLook};
use super::propose::{Answer, TableGuess, add, expr_of};

pub(super) fn survey_kind(source: &SourceLook, guess: &mut TableGuess) {
    let Some(score) = column_of(source, guess, "score") else {
        return;
    };
    let name = source.name.to_lowercase();
    let named = ["nps", "csat", "ces"]
        .into_iter()
        .find(|k| name.contains(k));
    let is_within = |low, high| score.shape.is_within(low, high);
    let high = score.shape.range.map_or(0.0, |(_, high)| high);
    let (kind, confidence, why) = match named {
        Some(kind) => (kind, 0.8, "by the files' name"),
        None if is_within(0.0, 10.0) && high > 7.0 => ("nps", 0.55, "answers from 0 to 10"),
        None if is_within(1.0, 7.0) => ("csat", 0.55, "answers from 1 to 5 or 7"),
        None => return,
    };
    add(guess, "kind", format!("'{kind}'"), confidence, why);
    if kind != "nps"
        && let Some(scale) = scale_of(score)
    {
        add(
            guess,
            "scale",
            scale.to_string(),
            0.6,
            "the highest answer in the sample",
        );
    }
}

pub(super) fn scale_of(column: &ColumnLook) -> Option<i64> {
    let (_, high) = column.shape.range?;
    [5, 7, 10].into_iter().find(|scale| high <= *scale as f64)
}

/// Takes the columns of a questionnaire that are questions.
pub(super) fn answers(source: &SourceLook, guess: &mut TableGuess) {
    let questions: Vec<(usize, &ColumnLook)> = source
        .columns
        .iter()
        .enumerate()
        .filter(|(_, c)| is_answer(c))
        .collect();
    if questions.is_empty() || expr_of(guess, "kind").is_some() {
        return;
    }
    guess.columns.retain(|c| c.column.name != "score");
    for (_, column) in &questions {
        let Some(kind) = Dictionary::get().answer(&column.words) else {
            continue;
        };
        guess.answers.push(Answer {
            kind: kind.to_owned(),
            name: quoted(&column.name),
            scale: (kind != "nps").then(|| scale_of(column)).flatten(),
        });
    }
    if guess.answers.iter().any(|a| a.kind == "ces") {
        guess.notes.push(
            "ces: whether a high answer means ease or effort the files do not say; add 'ease' or 'effort' as direction"
                .to_owned(),
        );
    }
}

/// Whether a column is a question that became rows.
pub(super) fn is_asked(guess: &TableGuess, column: &ColumnLook) -> bool {
    !guess.answers.is_empty() && is_answer(column)
}
