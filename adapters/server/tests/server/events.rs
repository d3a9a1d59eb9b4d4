//! Events that are no requests.

use anyfn_core::App;
use anyfn_core::cloudevents::TOKEN;

use crate::common::{start, start_with};

#[tokio::test]
async fn events_over_http_are_off_without_a_token() {
    assert!(std::env::var_os(TOKEN).is_none());
    let server = start(App::builder().custom(|| async {}).build()).await;
    let event = "POST /_anyfn/events HTTP/1.1\r\nhost: h\r\nauthorization: Bearer \r\nce-specversion: 1.0\r\nce-id: 1\r\n\
                 ce-source: /jobs\r\nce-type: com.example.made\r\ncontent-length: 2\r\n\r\n{}";
    let answer = server.ask(event).await;
    assert_eq!(answer.status, 401);
    assert!(answer.text().contains("takes no events over HTTP"), "{}", answer.text());
}

#[tokio::test]
async fn where_only_the_cluster_reaches_it_events_need_no_token() {
    let server =
        start_with(App::builder().custom(|| async {}).build(), |settings| settings.events_from_anyone = true).await;
    let event = "POST /_anyfn/events HTTP/1.1\r\nhost: h\r\nce-specversion: 1.0\r\nce-id: 1\r\n\
                 ce-source: /jobs\r\nce-type: com.example.made\r\ncontent-length: 2\r\n\r\n{}";
    assert_eq!(server.ask(event).await.status, 204);
}
