//! The API. What OpenAPI's document says of a function stands above it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::todos::{Patch, Store, Todo};

const LONGEST: usize = 200;

#[derive(OpenApi)]
#[openapi(info(title = "Todo", description = "A list of things to do."))]
struct Document;

/// The routes, and the document that describes them.
pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::<Shared>::with_openapi(Document::openapi())
        .routes(routes!(list, add))
        .routes(routes!(change, remove))
        .routes(routes!(crate::events::events))
}

/// What went wrong, as problem details (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    status: u16,
    title: &'static str,
    detail: String,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self { status: status.as_u16(), title, detail: detail.into() }
    }

    fn unknown(id: u64) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("there is no todo {id}"))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, [(header::CONTENT_TYPE, "application/problem+json")], Json(self)).into_response()
    }
}

fn title(text: &str) -> Result<String, Problem> {
    match text.trim() {
        "" => Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "a todo has a title")),
        title if title.chars().count() > LONGEST => {
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("a title has {LONGEST} characters at most")))
        }
        title => Ok(title.to_owned()),
    }
}

#[derive(Deserialize, IntoParams)]
struct Filter {
    /// Only what is done, or only what is not.
    done: Option<bool>,
}

/// The whole list, or a part of it.
#[utoipa::path(get, path = "/api/todos", params(Filter), responses((status = OK, body = [Todo])))]
async fn list(State(todos): State<Arc<dyn Store>>, Query(filter): Query<Filter>) -> Json<Vec<Todo>> {
    let mut todos = todos.list().await.todos;
    todos.retain(|todo| filter.done.is_none_or(|done| todo.done == done));
    Json(todos)
}

#[derive(Deserialize, ToSchema)]
struct Draft {
    #[schema(example = "buy tea", min_length = 1, max_length = 200)]
    title: String,
}

/// Adds an entry.
#[utoipa::path(
    post,
    path = "/api/todos",
    request_body = Draft,
    responses(
        (status = CREATED, body = Todo, headers(("location" = String, description = "where it is"))),
        (status = UNPROCESSABLE_ENTITY, body = Problem, content_type = "application/problem+json"),
    )
)]
async fn add(
    State(todos): State<Arc<dyn Store>>,
    Json(draft): Json<Draft>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<Todo>), Problem> {
    let todo = todos.add(title(&draft.title)?).await;
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("/api/todos/{}", todo.id))], Json(todo)))
}

/// Changes an entry's title, or whether it is done.
#[utoipa::path(
    patch,
    path = "/api/todos/{id}",
    params(("id" = u64, Path, description = "which one")),
    request_body = Patch,
    responses(
        (status = OK, body = Todo),
        (status = NOT_FOUND, body = Problem, content_type = "application/problem+json"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, content_type = "application/problem+json"),
    )
)]
async fn change(
    State(todos): State<Arc<dyn Store>>,
    Path(id): Path<u64>,
    Json(mut patch): Json<Patch>,
) -> Result<Json<Todo>, Problem> {
    patch.title = patch.title.as_deref().map(title).transpose()?;
    todos.change(id, patch).await.map(Json).ok_or_else(|| Problem::unknown(id))
}

/// Removes an entry.
#[utoipa::path(
    delete,
    path = "/api/todos/{id}",
    params(("id" = u64, Path, description = "which one")),
    responses(
        (status = NO_CONTENT),
        (status = NOT_FOUND, body = Problem, content_type = "application/problem+json"),
    )
)]
async fn remove(State(todos): State<Arc<dyn Store>>, Path(id): Path<u64>) -> Result<StatusCode, Problem> {
    if todos.remove(id).await { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::unknown(id)) }
}
