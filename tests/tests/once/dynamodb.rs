//! The store in DynamoDB against the rules of all stores, its signatures against AWS' own signer, and its way with failures.

use std::time::{Duration, SystemTime};

use anyfn_core::test::Memory;
use anyfn_core::{Context, Error};
use anyfn_idempotency::{Begun, Claim, Credentials, DynamoDb, Store as _, conformance};

use crate::moto::{Moto, TABLE, VARIABLES};

fn context(url: &str) -> Context {
    let there = [("AWS_ENDPOINT_URL_DYNAMODB", url)];
    let variables = VARIABLES.iter().chain(&there);
    variables.fold(Memory::default(), |memory, (name, value)| memory.env(name, value)).context()
}

fn claim(key: &str) -> Claim {
    let now = SystemTime::now();
    Claim::new(key, now, now + Duration::from_secs(60), now + Duration::from_secs(3600))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_dynamodb_holds_to_every_rule() {
    let moto = Moto::start();
    let cx = context(&moto.url());
    let store = DynamoDb::table(TABLE);
    conformance::check(&store, &cx, "first run").await.unwrap();
    conformance::check(&store, &cx, "second run").await.unwrap();
    conformance::race(&store, &cx, "race", 20).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_made_again_where_it_helps_and_none_is_done_twice() {
    let moto = Moto::start();
    let cx = context(&moto.url());
    let store = DynamoDb::table(TABLE);
    // Its answer is lost, or an error, after it was done.
    for (n, how) in ["lose", "break", "throttle", "lose break throttle"].into_iter().enumerate() {
        moto.fail(how);
        let Begun::Started(held) = store.begin(&cx, &claim(how)).await.unwrap() else { panic!("{how} {n}") };
        assert_eq!(held.token, 1, "{how}");
        assert!(matches!(store.begin(&cx, &claim(how)).await, Ok(Begun::InProgress { .. })), "{how}");
        moto.fail(how);
        assert!(
            store.finish(&cx, &held, Some("answer".into()), SystemTime::now() + Duration::from_secs(60)).await.unwrap()
        );
        moto.fail(how);
        let Begun::Done { answer, .. } = store.begin(&cx, &claim(how)).await.unwrap() else { panic!("{how}") };
        assert_eq!(answer.unwrap(), "answer", "{how}");
    }
    moto.fail("throttle throttle throttle throttle");
    let error = store.begin(&cx, &claim("never")).await.unwrap_err();
    assert_eq!(error.status(), 503);
    assert!(error.to_string().contains("ThrottlingException"), "{error}");
    // What would fail again is not tried again.
    moto.fail("refuse");
    let error = store.begin(&cx, &claim("never")).await.unwrap_err();
    assert_eq!((error.status().as_u16(), error.to_string().contains("ValidationException")), (500, true), "{error}");
    assert!(matches!(store.begin(&cx, &claim("never")).await, Ok(Begun::Started(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_right_is_told() {
    let moto = Moto::start();
    let cx = context(&moto.url());
    let told = async |store: DynamoDb, cx: &Context| {
        let error: Error = store.begin(cx, &claim("key")).await.unwrap_err();
        error.to_string()
    };
    let error = told(DynamoDb::table("another"), &cx).await;
    assert!(error.contains("the table `another`") && error.contains("ResourceNotFoundException"), "{error}");
    let wrong = DynamoDb::table(TABLE).credentials(async |_| Ok(Credentials::new("AKIDEXAMPLE", "wrong", None)));
    let error = told(wrong, &cx).await;
    assert!(error.contains("InvalidSignatureException"), "{error}");
    let nothing = Memory::default().context();
    assert!(told(DynamoDb::table(TABLE), &nothing).await.contains("AWS_REGION"));
    assert!(told(DynamoDb::table(TABLE).region("eu-west-1"), &nothing).await.contains("AWS_ACCESS_KEY_ID"));
    let nobody = DynamoDb::table(TABLE).endpoint("http://127.0.0.1:1");
    let error = told(nobody, &cx).await;
    assert!(error.contains("UpdateItem at http://127.0.0.1:1/ failed") && error.contains("refused"), "{error}");
    // With everything said in code.
    let [_, (_, id), (_, secret), (_, token)] = VARIABLES;
    let said = DynamoDb::table(TABLE).region("eu-west-1").endpoint(moto.url()).credentials(move |_| {
        let credentials = Credentials::new(id, secret, Some(token.to_owned()));
        async { Ok(credentials) }
    });
    assert!(matches!(said.begin(&nothing, &claim("key")).await, Ok(Begun::Started(_))));
}
