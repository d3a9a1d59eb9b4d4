//! The book, as mdBook makes pages of it: left in `target/book`.

use std::fs;
use std::path::{Path, PathBuf};

use mdbook_driver::MDBook;
use mdbook_driver::book::BookItem;

#[test]
fn every_chapter_becomes_a_page_and_every_link_in_it_leads_to_one() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR"));
    let book = MDBook::load(docs).unwrap_or_else(|error| panic!("{error:#}"));
    book.build().unwrap_or_else(|error| panic!("{error:#}"));
    let html = docs.join("../target/book");
    let chapters = book.iter().filter_map(|item| match item {
        BookItem::Chapter(chapter) => chapter.path.clone(),
        _ => None,
    });
    let mut seen = 0;
    for chapter in chapters {
        let path = html.join(chapter.with_extension("html"));
        let page = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(page.contains("<main>") && page.contains("</main>"), "{} is no page", path.display());
        let main = page.split("<main>").nth(1).and_then(|rest| rest.split("</main>").next()).unwrap();
        assert!(!main.contains("{{#"), "{} has an include that nothing replaced", path.display());
        for link in targets(main) {
            let target = path.parent().unwrap().join(&link);
            assert!(target.exists(), "{} links to {}, which is not there", path.display(), link.display());
            seen += 1;
        }
    }
    assert!(seen > 5, "{seen} links: are they read?");
}

/// Where links and pictures lead that are no addresses, without the part after `#`.
fn targets(page: &str) -> Vec<PathBuf> {
    let found = ["href=\"", "src=\""].into_iter().flat_map(|name| page.split(name).skip(1));
    found
        .filter_map(|rest| rest.split('"').next()?.split('#').next())
        .filter(|target| !target.is_empty() && !target.contains("://"))
        .map(PathBuf::from)
        .collect()
}
