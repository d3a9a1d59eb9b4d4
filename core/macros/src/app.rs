//! The text of `app!`.

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Ident, LitStr, Path, Token, parenthesized};

use crate::program::{Entry, Program};
use crate::trigger::Kind;

impl Parse for Program {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut program = Self::default();
        while input.peek2(Token![=]) && !input.peek2(Token![=>]) {
            program.setting(input)?;
        }
        while !input.is_empty() {
            program.entries.push(input.parse()?);
            if input.is_empty() {
                break;
            }
            if !input.peek(Token![,]) {
                return Err(input.error("a comma stands between two triggers: `http => web, queue(\"jobs\") => job`"));
            }
            input.parse::<Token![,]>()?;
        }
        if program.entries.is_empty() {
            return Err(input.error("nothing would ever call this program: add a trigger, `http => function`"));
        }
        program.check()?;
        program.named_apart()?;
        Ok(program)
    }
}

impl Program {
    /// `state = connect;`
    fn setting(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let name = Ident::parse_any(input)?;
        input.parse::<Token![=]>()?;
        let twice = match name.to_string().as_str() {
            "state" => self.state.replace(input.parse()?).is_some(),
            "on_shutdown" => self.on_shutdown.replace(input.parse()?).is_some(),
            "app" => self.app.replace(input.parse()?).is_some(),
            "crate" => self.facade.replace(facade(input)?).is_some(),
            other => {
                let hint = Kind::meant(other).map(|kind| format!("; a trigger is written `{kind}(…) => function`"));
                return Err(syn::Error::new(
                    name.span(),
                    format!(
                        "there is no setting `{other}`: the settings are `state = connect;`, `on_shutdown = close;`, `app = name;` and \
                         `crate = my_anyfn;`{}",
                        hint.unwrap_or_default()
                    ),
                ));
            }
        };
        if twice {
            return Err(syn::Error::new(name.span(), format!("`{name}` is set twice: remove one")));
        }
        if !input.peek(Token![;]) {
            return Err(input.error(format!("a semicolon ends a setting: `{name} = …;`")));
        }
        input.parse::<Token![;]>().map(drop)
    }

    /// A handler called as the function that `app!` writes would be a riddle.
    pub(crate) fn named_apart(&self) -> syn::Result<()> {
        let app = self.app.as_ref().map_or_else(|| "app".to_owned(), Ident::to_string);
        let functions = self.entries.iter().map(|entry| &entry.handler).chain(&self.state).chain(&self.on_shutdown);
        for function in functions {
            if let Expr::Path(path) = function
                && path.path.is_ident(&app)
            {
                return Err(syn::Error::new_spanned(
                    function,
                    format!(
                        "`{app}` is the function that anyfn makes the program in: rename this one, or set `app = another_name`"
                    ),
                ));
            }
        }
        Ok(())
    }
}

impl Parse for Entry {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let written = Ident::parse_any(input)?;
        if input.peek(Token![=]) && !input.peek(Token![=>]) {
            return Err(syn::Error::new(
                written.span(),
                format!(
                    "settings come before the triggers: move `{written} = …;` up, or write `{written} => function`"
                ),
            ));
        }
        let kind = Kind::of(&written)?;
        let name = if input.peek(syn::token::Paren) {
            let inner;
            parenthesized!(inner in input);
            if !inner.peek(LitStr) {
                return Err(inner.error(format!(
                    "the build reads this out of the program: write a text in quotes, {}",
                    kind.usage()
                )));
            }
            let name = inner.parse::<LitStr>()?;
            if !inner.is_empty() {
                return Err(inner.error(format!("one text stands here: give `{written}` a line for each")));
            }
            Some(name)
        } else {
            None
        };
        kind.check(name.as_ref(), &written)?;
        if !input.peek(Token![=>]) {
            return Err(input.error(format!("`=>` and the handler follow: {}", kind.usage())));
        }
        input.parse::<Token![=>]>()?;
        let handler: Expr = input.parse()?;
        if matches!(handler, Expr::Lit(_)) {
            let shown = handler.to_token_stream();
            return Err(syn::Error::new_spanned(&handler, format!("`{shown}` is no function: name the handler")));
        }
        Ok(Self { kind, written, name, handler })
    }
}

/// `my_anyfn`, or `"my_anyfn"` as other macros have it.
pub(crate) fn facade(input: ParseStream<'_>) -> syn::Result<Path> {
    if input.peek(LitStr) {
        return input.parse::<LitStr>()?.parse_with(Path::parse_mod_style);
    }
    input.call(Path::parse_mod_style)
}
