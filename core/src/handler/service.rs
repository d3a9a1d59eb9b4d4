//! `tower` services as handlers.

use std::future::Future;
use std::marker::PhantomData;

use super::{Handler, IntoHandler};
use crate::state::StateCell;
use crate::{Body, BoxError, Context, Error, ErrorKind, Event, MaybeSend, MaybeSync, Response};

/// A `tower::Service` of HTTP requests as a handler.
#[derive(Debug)]
pub struct ServiceHandler<V>(V);

type Served<V, B> = ServiceHandler<(V, PhantomData<fn() -> B>)>;

/// Marks `tower` services.
#[derive(Debug)]
pub struct IsService<B>(PhantomData<fn() -> B>);

/// Marks functions from the state to a `tower` service.
#[derive(Debug)]
pub struct MakesService<V, B>(PhantomData<fn() -> (V, B)>);

/// What a service must be to serve anyfn's requests. Implemented for every fitting `tower::Service`.
trait HttpService<B>: MaybeSend + MaybeSync + 'static {
    fn serve(
        &self,
        request: http::Request<Body>,
    ) -> impl Future<Output = Result<http::Response<Body>, Error>> + MaybeSend;
}

macro_rules! http_service {
    ($($bound:tt)*) => {
        impl<V, B> HttpService<B> for V
        where
            V: tower_service::Service<http::Request<Body>, Response = http::Response<B>> + Clone + MaybeSend + MaybeSync + 'static,
            V::Error: Into<BoxError>,
            V::Future: $($bound)*,
            B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
            B::Error: Into<BoxError>,
        {
            async fn serve(&self, request: http::Request<Body>) -> Result<http::Response<Body>, Error> {
                let mut service = self.clone();
                std::future::poll_fn(|cx| service.poll_ready(cx)).await.map_err(Error::internal)?;
                let response = service.call(request).await.map_err(Error::internal)?;
                let (parts, body) = response.into_parts();
                Ok(http::Response::from_parts(parts, Body::new(body).buffered().await?))
            }
        }
    };
}
http_service!(MaybeSend);

#[allow(private_bounds)]
impl<V: HttpService<B>, B: 'static> Handler for ServiceHandler<(V, PhantomData<fn() -> B>)> {
    const EAGER: bool = false;

    async fn call(&self, event: Event, cx: Context) -> Result<Response, Error> {
        let Event::Http(mut request) = event else {
            return Err(Error::of(ErrorKind::Mismatch)
                .source(format!("a {} event came to a service that answers HTTP alone", event.trigger())));
        };
        request.extensions_mut().insert(cx);
        self.0.0.serve(request).await.map(Response::Http)
    }
}

#[allow(private_bounds)]
impl<V, B, S> IntoHandler<IsService<B>, S> for V
where
    V: HttpService<B> + tower_service::Service<http::Request<Body>>,
    B: 'static,
{
    type Handler = ServiceHandler<(V, PhantomData<fn() -> B>)>;

    fn into_handler(self, _: StateCell<S>) -> Self::Handler {
        ServiceHandler((self, PhantomData))
    }
}

/// A service that is made of the state, once.
#[allow(missing_debug_implementations)]
pub struct MadeService<F, V, B, S> {
    make: F,
    state: StateCell<S>,
    service: std::sync::OnceLock<Served<V, B>>,
}

#[allow(private_bounds)]
impl<F, V, B, S> Handler for MadeService<F, V, B, S>
where
    F: Fn(S) -> V + MaybeSend + MaybeSync + 'static,
    V: HttpService<B>,
    B: 'static,
    S: Clone + MaybeSend + MaybeSync + 'static,
{
    const EAGER: bool = false;

    async fn call(&self, event: Event, cx: Context) -> Result<Response, Error> {
        let state = self.state.get(&cx).await?;
        let service = self.service.get_or_init(|| ServiceHandler(((self.make)(state.clone()), PhantomData)));
        service.call(event, cx).await
    }

    async fn start(&self, cx: Context) -> Result<(), Error> {
        self.state.get(&cx).await.map(drop)
    }
}

#[allow(private_bounds)]
impl<F, V, B, S> IntoHandler<MakesService<V, B>, S> for F
where
    F: Fn(S) -> V + MaybeSend + MaybeSync + 'static,
    V: HttpService<B> + tower_service::Service<http::Request<Body>>,
    B: 'static,
    S: Clone + MaybeSend + MaybeSync + 'static,
{
    type Handler = MadeService<F, V, B, S>;

    fn into_handler(self, state: StateCell<S>) -> Self::Handler {
        MadeService { make: self, state, service: std::sync::OnceLock::new() }
    }
}
