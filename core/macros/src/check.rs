//! What a function must look like to be called by anyfn.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{FnArg, Ident, ReturnType, Signature};

/// A handler: async, free, and with arguments that it owns.
pub(crate) fn handler(signature: &Signature) -> syn::Result<()> {
    if signature.ident == "main" {
        return Err(syn::Error::new_spanned(
            &signature.ident,
            "`#[handler]` writes `main` itself: give this function another name",
        ));
    }
    if signature.asyncness.is_none() {
        return Err(syn::Error::new_spanned(signature.fn_token, "a handler is async: write `async fn`"));
    }
    callable(signature, "handler")?;
    if signature.inputs.len() > 8 {
        return Err(syn::Error::new_spanned(
            &signature.inputs,
            "a handler has eight arguments at most: read several from one `Query<T>`, or take the `Event`",
        ));
    }
    for input in &signature.inputs {
        if let FnArg::Typed(typed) = input
            && names(typed.ty.to_token_stream(), "impl")
        {
            return Err(syn::Error::new_spanned(
                &typed.ty,
                "a handler's arguments are of one type each, for nobody could choose it: name the types",
            ));
        }
        if let FnArg::Typed(typed) = input
            && borrows(typed.ty.to_token_stream())
        {
            return Err(syn::Error::new_spanned(
                &typed.ty,
                "a handler owns its arguments: take the value, not a reference (`String` for `&str`, `Bytes` for `&[u8]`)",
            ));
        }
    }
    Ok(())
}

/// What anyfn can call at all.
pub(crate) fn callable(signature: &Signature, what: &str) -> syn::Result<()> {
    if let Some(FnArg::Receiver(receiver)) = signature.inputs.first() {
        return Err(syn::Error::new_spanned(
            receiver,
            format!("a {what} is a free function: move it out of the `impl`, and take `State<S>` in place of `self`"),
        ));
    }
    if !signature.generics.params.is_empty() {
        return Err(syn::Error::new_spanned(
            &signature.generics,
            format!("a {what} has no generics, for nobody could choose them: name the types"),
        ));
    }
    if let Some(unsafety) = &signature.unsafety {
        return Err(syn::Error::new_spanned(unsafety, format!("a {what} is safe to call: remove `unsafe`")));
    }
    Ok(())
}

/// Asks of each argument, and of what is returned, whether it fits: the compiler then says so at that very place.
pub(crate) fn parts(signature: &Signature, parts: &Ident) -> TokenStream {
    let typed = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(&typed.ty),
        FnArg::Receiver(_) => None,
    });
    let typed: Vec<_> = typed.collect();
    let last = typed.len().saturating_sub(1);
    let arguments = typed.iter().enumerate().map(|(at, ty)| match at {
        at if at == last => quote_spanned!(ty.span()=> #parts.last_argument::<_, #ty>();),
        _ => quote_spanned!(ty.span()=> #parts.argument::<#ty>();),
    });
    let answer = match &signature.output {
        ReturnType::Type(_, ty) if !names(ty.to_token_stream(), "impl") => {
            Some(quote_spanned!(ty.span()=> #parts.answer::<#ty>();))
        }
        _ => None,
    };
    let name = &signature.ident;
    let handed: Vec<_> = (0..typed.len()).map(|at| format_ident!("argument{at}", span = Span::mixed_site())).collect();
    let future = quote_spanned! {name.span()=>
        let _ = |#(#handed: #typed),*| #parts.future(#name(#(#handed),*));
    };
    quote!(#(#arguments)* #answer #future)
}

/// Whether this word stands in the tokens.
fn names(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => names(group.stream(), word),
        _ => false,
    })
}

/// Whether a type names a reference or a lifetime that is not `'static`.
fn borrows(tokens: TokenStream) -> bool {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) if borrows(group.stream()) => return true,
            TokenTree::Punct(punct)
                if punct.as_char() == '&'
                    && !matches!(tokens.peek(), Some(TokenTree::Punct(tick)) if tick.as_char() == '\'') =>
            {
                return true;
            }
            TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                let name = tokens.next();
                if !matches!(name, Some(TokenTree::Ident(name)) if name == "static") {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_what_lives_as_long_as_the_program_is_not_borrowed() {
        let borrows = |ty: &str| super::borrows(ty.parse().unwrap());
        assert!(borrows("&str") && borrows("Option<&[u8]>") && borrows("Cow<'_, str>") && borrows("(u8, &'a T)"));
        assert!(!borrows("&'static str") && !borrows("Json<Vec<u8>>") && !borrows("Cow<'static, str>"));
    }
}
