//! Statements too deep for the stack of whoever walks through them.
//!
//! Parentheses are counted by the parser; chains of operators, `1 + 1 + …` or `… union all …`, are
//! not, and make trees as deep as they are long.

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

/// Operators in one chain.
pub const MAX_CHAIN: usize = 1_000;

/// The line and column at which a chain of operators in `sql` becomes too long; `None` where none
/// does, or where it is no SQL, which the parser says better.
#[must_use]
pub fn too_deep(sql: &str) -> Option<(u64, u64)> {
    let tokens = Tokenizer::new(&GenericDialect {}, sql).tokenize_with_location().ok()?;
    let mut chains = vec![0];
    for token in tokens {
        match &token.token {
            Token::LParen => chains.push(0),
            Token::RParen => {
                chains.pop();
                if chains.is_empty() {
                    chains.push(0);
                }
            }
            Token::Comma | Token::SemiColon => *chains.last_mut()? = 0,
            Token::Word(word) => match word.keyword {
                Keyword::WHEN | Keyword::THEN | Keyword::ELSE => *chains.last_mut()? = 0,
                Keyword::AND
                | Keyword::OR
                | Keyword::NOT
                | Keyword::IS
                | Keyword::UNION
                | Keyword::EXCEPT
                | Keyword::INTERSECT
                | Keyword::JOIN => *chains.last_mut()? += 1,
                _ => {}
            },
            Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::Placeholder(_)
            | Token::Whitespace(_)
            | Token::Period
            | Token::EOF => {}
            _ => *chains.last_mut()? += 1,
        }
        if *chains.last()? > MAX_CHAIN {
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
            (format!("select 1{}", times(" union all select 1", 1_500)), true),
            (format!("select (1{})", times(" * 1", 1_001)), true),
            (format!("select {}1", times("- ", 1_001)), true),
            (format!("select 1{}", times(" + 1", 1_000)), false),
            (format!("select a in (1{})", times(", 1", 30_000)), false),
            (format!("select case{} end", times(" when a = 1 then 2", 3_000)), false),
            (format!("select {}1", times("a = b, ", 3_000)), false),
            ("select 'open".to_owned(), false),
            (") ) ) +".to_owned(), false),
        ] {
            assert_eq!(too_deep(&sql).is_some(), deep, "{}", &sql[..sql.len().min(40)]);
        }
        assert_eq!(too_deep(&format!("select\n1{}", " + 1".repeat(1_001))), Some((2, 4_003)));
    }
}
