use worker::*;

#[event(fetch)]
async fn fetch(request: Request, env: Env, _: worker::Context) -> Result<Response> {
    let greeting = env.var("GREETING")?.to_string();
    Response::ok(format!("{greeting}, {}", request.path()))
}
