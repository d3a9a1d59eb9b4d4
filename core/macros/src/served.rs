//! `#[main]`: the service, or handler, that a function returns.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{FnArg, Ident, ItemFn, Path, ReturnType, Token, Type};

use crate::{app, check, program};

pub(crate) fn expand(args: TokenStream, function: &ItemFn) -> syn::Result<TokenStream> {
    let Arguments(facade) = syn::parse2(args)?;
    let facade = program::facade(facade.as_ref());
    let signature = &function.sig;
    check::callable(signature, "function that makes the service")?;
    let ReturnType::Type(_, returned) = &signature.output else {
        return Err(syn::Error::new_spanned(
            signature,
            "nothing is served: return an `axum::Router`, another tower service, or a handler; `#[anyfn::handler]` makes \
             the function itself the handler",
        ));
    };
    let cx = match signature.inputs.len() {
        0 => None,
        1 if !matches!(&signature.inputs[0], FnArg::Typed(typed) if is_reference(&typed.ty)) => Some(quote!(cx)),
        _ => {
            return Err(syn::Error::new_spanned(
                &signature.inputs,
                "nothing or one `anyfn::Context` is handed over here; what a request brings is read by the service's own \
                 routes",
            ));
        }
    };
    let mut function = function.clone();
    if function.sig.ident == "main" {
        // It cannot stay `main`: that one serves.
        function.sig.ident = format_ident!("__anyfn_main", span = function.sig.ident.span());
    }
    let name = &function.sig.ident;
    let wait = signature.asyncness.map(|_| quote!(.await));
    let call = quote!(#name(#cx)#wait);
    let made = if is_result(returned) {
        quote!(#call.map_err(#facade::Error::from))
    } else {
        quote!(::core::result::Result::<_, #facade::Error>::Ok(#call))
    };
    let argument = quote!(cx);
    // Where what is returned is nothing to serve, the compiler points here.
    let served = program::at(quote!(#facade::__private::served), returned.span());
    let served = quote_spanned! {returned.span()=>
        #served(|#argument: #facade::Context| async move { let _ = &#argument; #made })
    };
    let handler = signature.ident.to_string();
    let trigger = format!(r#"{{"kind":"http","handler":"{}"}}"#, handler.trim_start_matches("r#"));
    let main = program::main(&facade, &quote!(run_http(#served)), &[trigger]);
    Ok(quote!(#function #main))
}

fn is_reference(ty: &Type) -> bool {
    matches!(ty, Type::Reference(_))
}

/// Whether a type is written as a `Result`.
fn is_result(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Result"))
}

struct Arguments(Option<Path>);

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.is_empty() {
            return Ok(Self(None));
        }
        let name = Ident::parse_any(input)?;
        if name != "crate" {
            return Err(syn::Error::new(
                name.span(),
                format!(
                    "`#[main]` takes no `{name}`: it takes `crate = my_anyfn` alone; several triggers go into `anyfn::app!`"
                ),
            ));
        }
        input.parse::<Token![=]>()?;
        let facade = app::facade(input)?;
        if !input.is_empty() {
            return Err(input.error("`crate = my_anyfn` is all that `#[main]` takes"));
        }
        Ok(Self(Some(facade)))
    }
}
