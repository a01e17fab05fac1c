//! Statements too deep for the stack of whoever walks through them.
//!
//! The parser counts parentheses, but not chains: `1 + 1 + …`, `a like b like …`, `… union all …` make
//! trees as deep as they are long. Lists do not: items between commas, branches of a `case`.

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

/// Words and signs of one expression, which what stands in parentheses or in a `case` is for itself.
pub const MAX_EXPRESSION: usize = 2_000;

/// Selects that are put together, or tables that are joined, at one level of parentheses.
const MAX_SETS: usize = 500;

/// What was counted at one level of parentheses and cases.
#[derive(Default)]
struct Level {
    expression: usize,
    sets: usize,
    case: bool,
}

/// The line and column at which an expression of `sql` becomes too long; `None` where none does, or
/// where it is no SQL, which the parser says better.
#[must_use]
pub fn too_deep(sql: &str) -> Option<(u64, u64)> {
    let tokens = Tokenizer::new(&GenericDialect {}, sql).tokenize_with_location().ok()?;
    let mut levels = vec![Level::default()];
    for token in tokens {
        let keyword = match &token.token {
            Token::Whitespace(_) | Token::EOF => continue,
            Token::Word(word) => word.keyword,
            _ => Keyword::NoKeyword,
        };
        let depth = levels.len();
        let last = levels.last_mut()?;
        last.expression += 1;
        match (&token.token, keyword) {
            (Token::LParen, _) => levels.push(Level::default()),
            (_, Keyword::CASE) => levels.push(Level { case: true, ..Level::default() }),
            (Token::RParen, _) if depth > 1 => drop(levels.pop()),
            (_, Keyword::END) if last.case => drop(levels.pop()),
            (Token::Comma | Token::SemiColon, _) => last.expression = 0,
            (_, Keyword::WHEN | Keyword::THEN | Keyword::ELSE) if last.case => last.expression = 0,
            (_, Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::JOIN) => {
                last.sets += 1;
            }
            _ => {}
        }
        let last = levels.last()?;
        if last.expression > MAX_EXPRESSION || last.sets > MAX_SETS {
            return Some((token.span.start.line, token.span.start.column));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::too_deep;

    #[test]
    fn long_chains_are_too_deep_and_long_lists_are_not() {
        let times = |text: &str, count: usize| text.repeat(count);
        for (sql, deep) in [
            (format!("select 1{}", times(" + 1", 30_000)), true),
            (format!("select 1{}", times(" or a = 1", 600)), true),
            (format!("select 'a'{}", times(" like 'a'", 9_000)), true),
            (format!("select x{}", times(" at time zone 'Z'", 7_000)), true),
            (format!("select 1, 2{}", times(" union select 1, 2", 7_000)), true),
            (format!("select 1{}", times(" + case when 1 = 1 then 1 end", 4_500)), true),
            (format!("select (1{})", times(" * 1", 1_001)), true),
            (format!("select {}1", times("- ", 2_001)), true),
            (format!("select 1{}", times(" + 1", 900)), false),
            (format!("select a in (1{})", times(", 1", 30_000)), false),
            (format!("select case{} end", times(" when a = 1 then 2", 3_000)), false),
            (format!("select {}1", times("a = b, ", 3_000)), false),
            (format!("select a{}", times(" union all select a", 400)), false),
            ("select 'open".to_owned(), false),
            (") ) ) + end end".to_owned(), false),
        ] {
            assert_eq!(too_deep(&sql).is_some(), deep, "{}", &sql[..sql.len().min(40)]);
        }
    }
}
