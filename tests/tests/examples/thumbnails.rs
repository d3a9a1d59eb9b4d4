//! `examples/thumbnails`: photos come and go as each platform says it, and their thumbnails with them.

use anyfn_xtask::build::Target;
use anyfn_xtask::local::events::{Event, Told};
use http::Request;

use crate::program::{Program, get};

/// A PNG, 2 by 1: red and blue.
const PHOTO: &[u8] =
    b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x02\x00\x00\x00\x01\x08\x02\x00\x00\x00{@\
    \xe8\xdd\x00\x00\x00\x0dIDATx\xdac\xf8\xcf\x00\x04\xff\x01\x07\x00\x01\xff=}\x8cI\x00\x00\x00\x00IEN\
    D\xaeB`\x82";

fn photo(method: &str, key: &str, bytes: &[u8]) -> Request<Vec<u8>> {
    let request = Request::builder().method(method).uri(format!("http://fn.example/photos/{key}"));
    request.header("content-type", "image/png").body(bytes.to_vec()).unwrap()
}

fn event(created: bool, key: &str) -> Event {
    Event::Object { created, bucket: "photos".to_owned(), key: key.to_owned(), size: None }
}

/// The status of each thumbnail.
fn kept(program: &Program, key: &str) -> Vec<u16> {
    let ask = |size| program.ask(&get(&format!("http://fn.example/thumbnails/{size}/{key}")));
    [960, 320, 96].map(|size| ask(size).status).to_vec()
}

fn photos_come_and_go(target: Target, variables: &[(&str, &str)]) {
    let program = Program::start("thumbnails", target, None, variables);
    let done = Told::Again(vec![]);
    let stored = |key: &str, bytes: &[u8]| {
        assert_eq!(program.ask(&photo("PUT", key, bytes)).status, 201, "{:?}", program.logs());
        assert_eq!(program.tell(&event(true, key)), done, "{:?}", program.logs());
    };
    stored("trips/a.png", PHOTO);
    assert_eq!(kept(&program, "trips/a.png"), [200; 3], "{:?}", program.logs());
    let reply = program.ask(&get("http://fn.example/thumbnails/96/trips/a.png"));
    assert_eq!(reply.header("content-type"), [b"image/png"]);
    assert_eq!(&reply.body[1..4], b"PNG");
    program.logged(0, &["trips/a.png: its thumbnails are made"]);
    // Twice.
    assert_eq!(program.tell(&event(true, "trips/a.png")), done);
    // No picture: it does not come again, and what comes after it is done.
    stored("broken.png", &PHOTO[..40]);
    program.logged(0, &["broken.png: "]);
    assert_eq!(kept(&program, "broken.png"), [404; 3]);
    stored("b.png", PHOTO);
    // Its own output, and a late event of what is there still.
    assert_eq!(program.tell(&event(true, "thumbnails/96/b.png")), done);
    program.logged(0, &["what begins with thumbnails/ is a thumbnail"]);
    assert_eq!(program.tell(&event(false, "b.png")), done);
    assert_eq!(program.ask(&photo("DELETE", "trips/a.png", b"")).status, 204);
    assert_eq!(program.tell(&event(false, "trips/a.png")), done, "{:?}", program.logs());
    assert_eq!((kept(&program, "trips/a.png"), kept(&program, "b.png")), (vec![404; 3], vec![200; 3]));
}

#[test]
fn the_server_makes_thumbnails_in_a_folder() {
    let folder = std::env::temp_dir().join(format!("anyfn-thumbnails-{}", std::process::id()));
    photos_come_and_go(Target::Server, &[("STORE", folder.to_str().unwrap())]);
    let kept = |path: &str| folder.join(path).is_file();
    assert!(kept("photos/b.png") && kept("thumbnails/thumbnails/96/b.png"));
    assert!(!kept("photos/trips/a.png") && !kept("thumbnails/thumbnails/96/trips/a.png"));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn workers_make_thumbnails() {
    photos_come_and_go(Target::Cloudflare, &[]);
}

#[test]
fn vercel_makes_thumbnails() {
    photos_come_and_go(Target::Vercel, &[]);
}

#[test]
fn lambda_makes_thumbnails() {
    photos_come_and_go(Target::Lambda, &[]);
}
