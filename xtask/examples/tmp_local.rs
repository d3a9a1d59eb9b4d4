use anyfn_xtask::local::{Options, cloudflare, lambda};
#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let a: Vec<String> = std::env::args().collect();
    let o = Options::new().env("ECHO_A", "x").on_log(|l| eprintln!("| {l}"));
    let t = std::time::Instant::now();
    let r = match a[1].as_str() {
        "cf" => cloudflare::start(a[2].as_ref(), &o).await?,
        "rie" => lambda::start(a[2].as_ref(), &lambda::Lambda::emulator(lambda::Shape::Url), &o).await?,
        _ => unreachable!(),
    };
    println!("{} after {:?}", r.addr(), t.elapsed());
    tokio::time::sleep(std::time::Duration::from_secs(a[3].parse()?)).await;
    if a.len() > 4 { std::process::abort(); }
    r.stop().await;
    println!("stopped {:?}", r.violations());
    Ok(())
}
