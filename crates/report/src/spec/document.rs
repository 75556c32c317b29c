//! Cuts `report.md` into front matter, words and fences.

use indexmap::IndexMap;

use super::error::{Fault, SpecError};
use super::reader::Origin;
use super::source::{SourceFile, place};
use super::words::{PAGE, Template};
use super::{Block, Names, Place, Query, Spec, front, hash};
use crate::figure::Figure;
use crate::lang::Lang;

const REPORT: &str = "report.md";
const FENCE: &str = "```";
const FRONT: &str = "+++";

pub(crate) fn parse(files: &[SourceFile]) -> Result<Spec, SpecError> {
    let Some(report) = files.iter().find(|file| file.path == REPORT) else {
        return Err(SpecError::new(start_of(REPORT), Fault::NoReport));
    };
    let document = cut(report)?;
    let queries = queries(files, &document)?;
    let names = Names::new(queries.keys().map(String::as_str));
    let origin = |base| Origin {
        path: REPORT,
        text: &report.text,
        base,
        names: &names,
    };

    let front = front::parse(document.front.text, origin(document.front.base))?;
    let mut blocks = Vec::new();
    for piece in &document.pieces {
        let slice = &piece.slice;
        let locate = |offset| place(REPORT, &report.text, slice.base + offset);
        match &piece.kind {
            PieceKind::Sql(_) => {}
            PieceKind::Prose(lang) => {
                if !slice.text.trim().is_empty() {
                    let text = Template::parse(slice.text, &names, locate)?;
                    blocks.push(Block::Prose { lang: *lang, text });
                }
            }
            PieceKind::Figure(kind) => {
                let figure = Figure::parse(kind, slice.text, origin(slice.base), &piece.place)?;
                blocks.push(Block::Figure(Box::new(figure)));
            }
        }
    }
    Ok(Spec {
        name: front.name,
        title: front.title,
        owner: front.owner,
        lang: front.lang,
        period: front.period,
        is_of_calendar: front.is_of_calendar,
        needs: front.needs,
        params: front.params,
        outputs: front.outputs,
        definitions: front.definitions,
        blocks,
        queries,
        hash: hash(files),
    })
}

fn start_of(path: &str) -> Place {
    Place {
        path: path.to_owned(),
        line: 1,
        column: 1,
    }
}

/// A part of a file and where it begins.
#[derive(Clone, Copy)]
struct Slice<'t> {
    text: &'t str,
    base: usize,
}

struct Piece<'t> {
    kind: PieceKind,
    slice: Slice<'t>,
    /// Where the fence's second word stands, or the piece itself.
    place: Place,
}

enum PieceKind {
    Prose(Option<Lang>),
    Figure(String),
    Sql(String),
}

struct Document<'t> {
    front: Slice<'t>,
    pieces: Vec<Piece<'t>>,
}

fn cut(report: &SourceFile) -> Result<Document<'_>, SpecError> {
    let text = report.text.as_str();
    let at = |offset| place(REPORT, text, offset);
    let mut lines = lines(text).peekable();

    let mut front = None;
    match lines.next() {
        Some((_, line)) if line.trim_end() == FRONT => {
            let base = lines.peek().map_or(text.len(), |(offset, _)| *offset);
            for (offset, line) in lines.by_ref() {
                if line.trim_end() == FRONT {
                    front = Some(Slice {
                        text: &text[base..offset],
                        base,
                    });
                    break;
                }
            }
            if front.is_none() {
                let fault = Fault::FrontMatter("the second line `+++` is missing");
                return Err(SpecError::new(at(0), fault));
            }
        }
        _ => {
            let fault = Fault::FrontMatter("the first line is something else");
            return Err(SpecError::new(at(0), fault));
        }
    }
    let Some(front) = front else {
        return Err(SpecError::new(at(0), Fault::FrontMatter("it is missing")));
    };

    let mut pieces = Vec::new();
    let mut prose_start = lines.peek().map_or(text.len(), |(offset, _)| *offset);
    let prose = |start: usize, end: usize| Piece {
        kind: PieceKind::Prose(None),
        slice: Slice {
            text: &text[start..end],
            base: start,
        },
        place: at(start),
    };
    while let Some((offset, line)) = lines.next() {
        let Some(info) = line.strip_prefix(FENCE) else {
            continue;
        };
        let body = lines.peek().map_or(text.len(), |(offset, _)| *offset);
        let mut end = None;
        for (close, line) in lines.by_ref() {
            if line.trim_end() == FENCE {
                end = Some((close, close + line.len()));
                break;
            }
        }
        let Some((close, after)) = end else {
            let info = info.trim().to_owned();
            return Err(SpecError::new(at(offset), Fault::OpenFence(info)));
        };
        let mut words = info.split_whitespace();
        let first = words.next().unwrap_or_default();
        let second = words.next();
        let second_at = second.and_then(|word| line.rfind(word)).unwrap_or(0);
        let word_place = at(offset + second_at);
        let bare = |fence, needs| SpecError::new(at(offset), Fault::BareFence { fence, needs });
        let kind = match first {
            "figure" => {
                PieceKind::Figure(second.ok_or_else(|| bare("figure", "a kind"))?.to_owned())
            }
            // A plain ```sql block without a name is an example for the reader.
            "sql" if second.is_some() => PieceKind::Sql(second.unwrap_or_default().to_owned()),
            "words" => {
                let code = second.ok_or_else(|| bare("words", "a language, en or zh"))?;
                let lang = Lang::from_code(code).ok_or_else(|| {
                    SpecError::unknown_name(word_place.clone(), "language", code, &["en", "zh"])
                })?;
                PieceKind::Prose(Some(lang))
            }
            _ => continue,
        };
        pieces.push(prose(prose_start, offset));
        let slice = Slice {
            text: &text[body..close],
            base: body,
        };
        pieces.push(Piece {
            kind,
            slice,
            place: word_place,
        });
        prose_start = lines
            .peek()
            .map_or(after.min(text.len()), |(offset, _)| *offset);
    }
    pieces.push(prose(prose_start, text.len()));
    Ok(Document { front, pieces })
}

/// Lines with the offset at which they begin, without their line ends.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut offset = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = offset;
        offset += line.len();
        (start, line.trim_end_matches(['\n', '\r']))
    })
}

fn queries(
    files: &[SourceFile],
    document: &Document<'_>,
) -> Result<IndexMap<String, Query>, SpecError> {
    let mut found: Vec<Query> = Vec::new();
    for file in files.iter().filter(|file| file.path != REPORT) {
        let stem = file
            .path
            .strip_prefix("sql/")
            .and_then(|rest| rest.strip_suffix(".sql"));
        let Some(stem) = stem.filter(|stem| !stem.contains('/')) else {
            let fault = Fault::StrangeFile(file.path.clone());
            return Err(SpecError::new(start_of(&file.path), fault));
        };
        let place = start_of(&file.path);
        found.push(Query {
            name: stem.to_owned(),
            sql: file.text.clone(),
            place,
        });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    for piece in &document.pieces {
        if let PieceKind::Sql(name) = &piece.kind {
            let (sql, place) = (piece.slice.text.to_owned(), piece.place.clone());
            found.push(Query {
                name: name.clone(),
                sql,
                place,
            });
        }
    }
    let mut queries = IndexMap::new();
    for query in found {
        if query.sql.trim().is_empty() {
            return Err(SpecError::new(query.place, Fault::EmptyQuery(query.name)));
        }
        let taken = query.name == PAGE || queries.contains_key(&query.name);
        if taken {
            return Err(SpecError::new(query.place, Fault::TwiceDefined(query.name)));
        }
        queries.insert(query.name.clone(), query);
    }
    Ok(queries)
}
