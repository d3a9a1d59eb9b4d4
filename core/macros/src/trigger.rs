//! The kinds of triggers, and what may be written behind them.

use syn::{Ident, LitStr};

/// What a trigger's parentheses hold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    /// A path, or nothing for all paths.
    Path,
    Cron,
    /// A logical name; the text says of what.
    Logical(&'static str),
    Nothing,
}

pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) named: Named,
    /// What people call it elsewhere.
    also: &'static [&'static str],
}

const KINDS: [Kind; 8] = [
    Kind {
        name: "http",
        named: Named::Path,
        also: &["https", "get", "post", "put", "delete", "patch", "route", "path", "web", "fetch", "request", "url"],
    },
    Kind {
        name: "schedule",
        named: Named::Cron,
        also: &["cron", "scheduled", "timer", "every", "rate", "daily", "interval"],
    },
    Kind { name: "queue", named: Named::Logical("queue"), also: &["sqs", "kinesis", "stream", "job", "jobs", "kafka"] },
    Kind {
        name: "object_created",
        named: Named::Logical("bucket"),
        also: &["object", "s3", "r2", "blob", "bucket", "storage", "upload", "object_put", "created"],
    },
    Kind {
        name: "object_removed",
        named: Named::Logical("bucket"),
        also: &["object_deleted", "object_delete", "removed", "deleted"],
    },
    Kind {
        name: "change",
        named: Named::Logical("table"),
        also: &["changed", "table", "row", "dynamodb", "database", "db", "d1"],
    },
    Kind {
        name: "message",
        named: Named::Logical("topic"),
        also: &["sns", "topic", "pubsub", "publish", "published", "event", "eventbridge"],
    },
    Kind {
        name: "custom",
        named: Named::Nothing,
        also: &["any", "other", "raw", "invoke", "json", "cloudevent", "default"],
    },
];

impl Kind {
    pub(crate) fn of(name: &Ident) -> syn::Result<&'static Self> {
        let written = name.to_string();
        KINDS.iter().find(|kind| kind.name == written).ok_or_else(|| {
            let all = KINDS.map(|kind| format!("`{}`", kind.name)).join(", ");
            let meant = Self::meant(&written).map(|kind| format!("did you mean `{kind}`? ")).unwrap_or_default();
            syn::Error::new(name.span(), format!("there is no trigger `{written}`: {meant}the triggers are {all}"))
        })
    }

    /// The kind that somebody who wrote `written` had in mind.
    pub(crate) fn meant(written: &str) -> Option<&'static str> {
        let written = written.to_lowercase();
        let alias = KINDS.iter().find(|kind| kind.also.contains(&written.as_str()));
        let near = || KINDS.iter().find(|kind| distance(kind.name, &written) <= 2);
        alias.or_else(near).map(|kind| kind.name)
    }

    /// How the trigger is written.
    pub(crate) fn usage(&self) -> String {
        match self.named {
            Named::Path | Named::Nothing => format!("`{} => function`", self.name),
            Named::Cron => format!("`{}(\"0 3 * * *\") => function`", self.name),
            Named::Logical(what) => format!("`{}(\"{what}\") => function`", self.name),
        }
    }

    /// Whether this name, or none, can stand behind the kind.
    pub(crate) fn check(&self, name: Option<&LitStr>, kind: &Ident) -> syn::Result<()> {
        let Some(name) = name else {
            return match self.named {
                Named::Path | Named::Nothing => Ok(()),
                Named::Cron => {
                    Err(syn::Error::new(kind.span(), format!("`{kind}` needs its times: write {}", self.usage())))
                }
                Named::Logical(what) => Err(syn::Error::new(
                    kind.span(),
                    format!("`{kind}` needs the {what}'s name: write {}", self.usage()),
                )),
            };
        };
        let text = name.value();
        let refused = |why: String| Err(syn::Error::new(name.span(), why));
        match self.named {
            Named::Nothing => refused(format!("`{kind}` has no name: write {}", self.usage())),
            Named::Cron => match text.parse::<anyfn_cron::Cron>() {
                Ok(_) => Ok(()),
                Err(error) => refused(error.to_string()),
            },
            Named::Path if !text.starts_with('/') => refused(format!("a path begins with `/`: write \"/{text}\"")),
            Named::Path => match matchit::Router::new().insert(text.as_str(), ()) {
                Ok(()) => Ok(()),
                Err(error) => refused(format!(
                    "`{text}` is no path: {error}; a parameter is a whole segment, `/users/{{id}}`, and `/files/{{*rest}}` \
                     takes all that follows"
                )),
            },
            Named::Logical(what) if !is_logical(&text) => refused(format!(
                "`{text}` is no {what}'s name: it is letters, digits, `-`, `_` and `.`; an address or an ARN stands in \
                 `[package.metadata.anyfn.bind.NAME]` of Cargo.toml"
            )),
            Named::Logical(_) => Ok(()),
        }
    }
}

fn is_logical(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// How many letters are to be changed to get from `a` to `b`.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{Kind, distance};

    #[test]
    fn what_was_meant_is_found_by_its_other_names_and_by_slips() {
        for (written, meant) in [
            ("cron", "schedule"),
            ("SQS", "queue"),
            ("shedule", "schedule"),
            ("htpp", "http"),
            ("object_remove", "object_removed"),
        ] {
            assert_eq!(Kind::meant(written), Some(meant));
        }
        assert_eq!(Kind::meant("frobnicate"), None);
        assert_eq!((distance("abc", "abc"), distance("", "ab"), distance("kitten", "sitting")), (0, 2, 3));
    }
}
