//! `#[handler]`: the arguments, and the program that has this one function.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Ident, ItemFn, LitStr, Token, parse_quote};

use crate::check;
use crate::program::{Entry, Program};
use crate::trigger::Kind;

pub(crate) fn expand(args: TokenStream, function: &ItemFn) -> syn::Result<TokenStream> {
    check::handler(&function.sig)?;
    let name = &function.sig.ident;
    let Arguments { mut program, triggers } = syn::parse2(args)?;
    let http = || (Ident::new("http", name.span()), None);
    let triggers = if triggers.is_empty() { vec![http()] } else { triggers };
    for (written, text) in triggers {
        // `path` is `http` with a name.
        let kind = Kind::of(&if written == "path" { http().0 } else { written.clone() })?;
        kind.check(text.as_ref(), &written)?;
        program.entries.push(Entry { kind, written, name: text, handler: parse_quote!(#name) });
    }
    program.check()?;
    program.named_apart()?;
    program.signature = Some(function.sig.clone());
    let program = program.expand();
    Ok(quote!(#function #program))
}

/// `queue = "thumbnails", state = connect`.
struct Arguments {
    program: Program,
    triggers: Vec<(Ident, Option<LitStr>)>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let (mut program, mut triggers) = (Program::default(), Vec::new());
        while !input.is_empty() {
            let name = Ident::parse_any(input)?;
            let has_value = input.peek(Token![=]);
            if has_value {
                input.parse::<Token![=]>()?;
            }
            let twice = match name.to_string().as_str() {
                "state" | "on_shutdown" | "app" | "crate" if !has_value => {
                    return Err(syn::Error::new(name.span(), format!("`{name}` needs a value: `{name} = …`")));
                }
                "state" => program.state.replace(input.parse::<Expr>()?).is_some(),
                "on_shutdown" => program.on_shutdown.replace(input.parse::<Expr>()?).is_some(),
                "app" => program.app.replace(input.parse()?).is_some(),
                "crate" => program.facade.replace(crate::app::facade(input)?).is_some(),
                "path" if !has_value => {
                    return Err(syn::Error::new(name.span(), "`path` needs a value: `path = \"/users/{id}\"`"));
                }
                "http" if has_value => {
                    return Err(syn::Error::new(name.span(), "write `path = \"/users/{id}\"` for one path"));
                }
                _ => {
                    triggers.push((known(name.clone())?, text(input, has_value)?));
                    false
                }
            };
            if twice {
                return Err(syn::Error::new(name.span(), format!("`{name}` is set twice: remove one")));
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(Self { program, triggers })
    }
}

fn known(name: Ident) -> syn::Result<Ident> {
    if name == "path" || Kind::of(&name).is_ok() {
        return Ok(name);
    }
    let meant = match Kind::meant(&name.to_string()) {
        Some("http") => "did you mean `path`? ".to_owned(),
        Some(kind) => format!("did you mean `{kind}`? "),
        None => String::new(),
    };
    Err(syn::Error::new(
        name.span(),
        format!(
            "`#[handler]` takes no `{name}`: {meant}it takes `path = \"/users/{{id}}\"`, `schedule = \"0 3 * * *\"`, `queue`, \
             `object_created`, `object_removed`, `change` and `message` with a name, `custom`, and `state = connect`, `on_shutdown = \
             close`, `app = name`, `crate = my_anyfn`"
        ),
    ))
}

fn text(input: ParseStream<'_>, has_value: bool) -> syn::Result<Option<LitStr>> {
    if !has_value {
        return Ok(None);
    }
    if !input.peek(LitStr) {
        return Err(input.error("the build reads this out of the program: write a text in quotes"));
    }
    input.parse().map(Some)
}
