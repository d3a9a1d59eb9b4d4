//! What each vendor's configuration says of a program's triggers.

use anyfn_core::manifest::{Declared, Manifest};
use serde_json::{Value, json};

use super::{Wiring, cloudflare, lambda, server, vercel};
use crate::project::Function;
use crate::settings::Settings;

fn function(settings: &Value) -> Function {
    let settings = Settings::from_metadata("shop", &json!({ "anyfn": settings })).unwrap();
    let name = || "shop".to_owned();
    Function { package: name(), description: None, bin: name(), facade: "anyfn".to_owned(), settings }
}

fn triggers(triggers: &Value) -> Vec<Declared> {
    serde_json::from_value::<Manifest>(json!({ "version": 1, "triggers": triggers })).unwrap().triggers
}

fn all() -> Vec<Declared> {
    triggers(&json!([
        { "kind": "http" },
        { "kind": "schedule", "name": "0 9 * * 1-5" },
        { "kind": "queue", "name": "orders-to-ship" },
        { "kind": "object_created", "name": "pictures" },
        { "kind": "object_removed", "name": "pictures" },
        { "kind": "change", "name": "orders" },
        { "kind": "message", "name": "payments" },
        { "kind": "custom" },
    ]))
}

#[test]
fn on_lambda_each_trigger_has_its_source_and_what_is_not_bound_is_made() {
    let (function, triggers) = (function(&json!({ "timeout": 30 })), all());
    let wired = lambda::wire(&Wiring::new(&function, &triggers)).unwrap();
    let source = |name: &str| (wired.events[name]["Type"].clone(), wired.events[name]["Properties"].clone());
    assert_eq!(source("Schedule0").1["Schedule"], "cron(0 9 ? * MON-FRI *)");
    let (kind, queue) = source("QueueOrdersToShip");
    assert_eq!((kind, &queue["FunctionResponseTypes"]), (json!("SQS"), &json!(["ReportBatchItemFailures"])));
    assert_eq!(wired.resources["QueueOrdersToShip"]["Properties"]["VisibilityTimeout"], 180);
    assert!(wired.resources.contains_key("QueueOrdersToShipFailed"));
    let (kind, bucket) = source("BucketPictures");
    assert_eq!(
        (kind, &bucket["Pattern"]["detail-type"]),
        (json!("EventBridgeRule"), &json!(["Object Created", "Object Deleted"]))
    );
    assert_eq!(source("TableOrders").1["BisectBatchOnFunctionError"], true);
    assert_eq!(source("TopicPayments").1["Topic"], json!({ "Ref": "TopicPayments" }));
    let names = wired.variable().unwrap();
    let text = names["Fn::Sub"][0].as_str().unwrap();
    let names: Value = serde_json::from_str(text).unwrap();
    assert_eq!(names["${AWS::StackName}-schedule-0"], "0 9 * * 1-5");
    assert_eq!(names["${QueueOrdersToShip}"], "orders-to-ship");
    assert_eq!(wired.known["QueueOrdersToShip"], json!({ "Fn::GetAtt": ["QueueOrdersToShip", "QueueName"] }));
    assert!(wired.by_hand.is_empty(), "{:?}", wired.by_hand);
}

#[test]
fn what_is_bound_on_lambda_is_not_made_again() {
    let bind = json!({ "bind": {
        "orders-to-ship": { "arn": "arn:aws:kinesis:eu-west-1:1:stream/jobs", "batch-size": 7 },
        "pictures": { "arn": "arn:aws:s3:::old-pictures" },
        "orders": { "arn": "arn:aws:dynamodb:eu-west-1:1:table/Orders/stream/2026-11-23T00:00:00.000" },
        "payments": { "arn": "arn:aws:sns:eu-west-1:1:paid" },
    } });
    let (function, triggers) = (function(&bind), all());
    let wired = lambda::wire(&Wiring::new(&function, &triggers)).unwrap();
    assert!(wired.resources.is_empty() && wired.known.is_empty());
    assert_eq!(wired.events["QueueOrdersToShip"]["Type"], "Kinesis");
    assert_eq!(wired.events["QueueOrdersToShip"]["Properties"]["BatchSize"], 7);
    for (physical, name) in
        [("jobs", "orders-to-ship"), ("old-pictures", "pictures"), ("Orders", "orders"), ("paid", "payments")]
    {
        assert_eq!(wired.names[physical], name);
    }
    assert!(wired.by_hand[0].starts_with("aws s3api put-bucket-notification-configuration --bucket old-pictures"));
}

#[test]
fn a_streams_record_is_given_up_only_where_it_says_so_and_is_told() {
    let arn = "arn:aws:kinesis:eu-west-1:1:stream/jobs";
    let bind = json!({ "bind": { "orders": { "retries": 5 }, "orders-to-ship": { "arn": arn, "retries": 0 } } });
    let (often, triggers) = (function(&bind), all());
    let wired = lambda::wire(&Wiring::new(&often, &triggers)).unwrap();
    for (source, retries) in [("TableOrders", 5), ("QueueOrdersToShip", 0)] {
        let dead = format!("{source}Failed");
        let properties = &wired.events[source]["Properties"];
        assert_eq!(properties["MaximumRetryAttempts"], retries);
        let told = json!({ "OnFailure": { "Type": "SQS", "Destination": { "Fn::GetAtt": [dead, "Arn"] } } });
        assert_eq!(properties["DestinationConfig"], told);
        assert_eq!(wired.resources[&dead]["Type"], "AWS::SQS::Queue");
    }
    let always = function(&json!({}));
    let wired = lambda::wire(&Wiring::new(&always, &triggers)).unwrap();
    assert_eq!(wired.events["TableOrders"]["Properties"].get("MaximumRetryAttempts"), None);
}

#[test]
fn what_cannot_be_wired_is_an_error_that_says_why() {
    for (declared, bind, says) in [
        (json!([{ "kind": "schedule", "name": "0 9 13 * fri" }]), json!({}), "AWS has no schedule"),
        (json!([{ "kind": "schedule", "name": "soon" }]), json!({}), "the schedule `soon`"),
        (json!([{ "kind": "queue", "name": "q" }]), json!({ "q": { "arn": "arn:aws:s3:::b" } }), "no SQS queue"),
        (
            json!([{ "kind": "change", "name": "t" }]),
            json!({ "t": { "arn": "arn:aws:dynamodb:r:1:table/T" } }),
            "/stream/TIME",
        ),
    ] {
        let (function, triggers) = (function(&json!({ "bind": bind })), triggers(&declared));
        let error = format!("{:#}", lambda::wire(&Wiring::new(&function, &triggers)).unwrap_err());
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn on_workers_schedules_are_crons_and_the_rest_comes_through_queues() {
    let bind = json!({ "bind": { "orders-to-ship": { "queue": "ship", "batch-size": 5, "retries": 2 }, "pictures": { "bucket": "pics" } } });
    let (function, triggers) = (function(&bind), all());
    let wired = cloudflare::wire(&Wiring::new(&function, &triggers)).unwrap();
    assert_eq!(wired.crons, ["0 9 * * MON-FRI"]);
    assert_eq!(wired.names["0 9 * * MON-FRI"], "0 9 * * 1-5");
    assert_eq!((wired.names["ship"].as_str(), wired.names["pics"].as_str()), ("orders-to-ship", "pictures"));
    assert_eq!(wired.consumers[0], json!({ "queue": "ship", "max_batch_size": 5, "max_retries": 2 }));
    let queues: Vec<_> = wired.consumers.iter().map(|consumer| consumer["queue"].as_str().unwrap()).collect();
    assert_eq!(queues, ["ship", "shop-pictures-objects", "shop-orders", "shop-payments"]);
    let notify =
        "npx wrangler r2 bucket notification create pics --event-type object-create --queue shop-pictures-objects";
    assert!(wired.by_hand.iter().any(|line| line == notify), "{:?}", wired.by_hand);
    let place = |text: &str| wired.by_hand.iter().position(|line| line.contains(text)).unwrap();
    assert!(place("queues create shop-pictures-objects") < place("notification create"));
}

#[test]
fn on_vercel_schedules_have_paths_and_queues_functions_of_their_own() {
    let (function, triggers) = (function(&json!({ "bind": { "orders-to-ship": { "topic": "ship" } } })), all());
    let wired = vercel::wire(&Wiring::new(&function, &triggers)).unwrap();
    assert_eq!(wired.crons, [json!({ "path": "/_anyfn/cron/0", "schedule": "0 9 * * 1-5" })]);
    assert_eq!((&*wired.names["/_anyfn/cron/0"], &*wired.names["ship"]), ("0 9 * * 1-5", "orders-to-ship"));
    let (path, trigger) = &wired.functions[0];
    assert_eq!(path, "_anyfn/queue/ship");
    assert_eq!(trigger[0], json!({ "type": "queue/v2beta", "topic": "ship", "consumer": "__anyfn_Squeue_Sship" }));
    assert!(wired.by_hand.iter().any(|line| line.contains("CRON_SECRET")));
}

/// Whether a filter of Knative's lets an event pass (the CloudEvents subscriptions API's dialects).
fn passes(filter: &Value, event: &Value) -> bool {
    let attribute = |test: fn(&str, &str) -> bool, wanted: &Value| {
        let (name, wanted) = wanted.as_object().unwrap().iter().next().unwrap();
        event[name].as_str().is_some_and(|value| test(value, wanted.as_str().unwrap()))
    };
    let (dialect, of) = filter.as_object().unwrap().iter().next().unwrap();
    match dialect.as_str() {
        "any" => of.as_array().unwrap().iter().any(|filter| passes(filter, event)),
        "not" => !passes(of, event),
        "exact" => attribute(|value, wanted| value == wanted, of),
        "prefix" => attribute(|value, wanted| value.starts_with(wanted), of),
        "suffix" => attribute(|value, wanted| value.ends_with(wanted), of),
        other => panic!("{other}"),
    }
}

#[test]
fn in_a_cluster_each_event_comes_to_one_trigger_and_ticks_come_by_the_name_in_the_program() {
    let bind = json!({ "payments": { "retries": 9 }, "orders": { "source": "inventory.orders_v2" } });
    let (function, triggers) = (function(&json!({ "bind": bind })), all());
    let objects = server::objects(&function, &Wiring::new(&function, &triggers)).unwrap();
    let ping = objects.iter().find(|object| object["kind"] == "PingSource").unwrap();
    assert_eq!((&ping["spec"]["schedule"], &ping["spec"]["timezone"]), (&json!("0 9 * * 1-5"), &json!("UTC")));
    assert_eq!(ping["spec"]["ceOverrides"]["extensions"]["anyfnname"], "0 9 * * 1-5");
    for (kind, source, more, expected) in [
        ("dev.anyfn.queue.message", "/queues/orders-to-ship", json!({}), "shop-queue-orders-to-ship"),
        (
            "dev.anyfn.queue.message",
            "/elsewhere",
            json!({ "anyfnname": "orders-to-ship" }),
            "shop-queue-orders-to-ship",
        ),
        ("dev.knative.kafka.event", "/apis/v1/n/kafkasources/x#orders-to-ship", json!({}), "shop-queue-orders-to-ship"),
        ("dev.anyfn.queue.message", "/queues/others", json!({}), ""),
        ("com.amazonaws.s3.ObjectCreated:Put", "aws:s3.eu-west-1.pictures", json!({}), "shop-object-created-pictures"),
        (
            "google.cloud.storage.object.v1.deleted",
            "//storage.googleapis.com/projects/_/buckets/pictures",
            json!({}),
            "shop-object-removed-pictures",
        ),
        (
            "io.debezium.mysql.datachangeevent",
            "/debezium/x",
            json!({ "iodebeziumtable": "inventory.orders_v2" }),
            "shop-change-orders",
        ),
        ("dev.anyfn.change.update", "/tables/inventory.orders_v2", json!({}), "shop-change-orders"),
        ("dev.anyfn.change.update", "/tables/orders", json!({}), ""),
        ("dev.anyfn.change.update", "/any", json!({ "anyfnname": "orders" }), "shop-change-orders"),
        ("com.amazonaws.sns.Notification", "arn:aws:sns:eu-west-1:1:payments", json!({}), "shop-message-payments"),
        ("com.example.made", "/anything", json!({}), "shop-custom"),
        ("dev.knative.sources.ping", "/apis/v1/n/pingsources/another", json!({}), ""),
    ] {
        let mut event = more;
        (event["type"], event["source"]) = (kind.into(), source.into());
        let triggers = objects.iter().filter(|object| object["kind"] == "Trigger");
        let matching: Vec<&str> = triggers
            .filter(|trigger| {
                trigger["spec"]["filters"].as_array().unwrap().iter().all(|filter| passes(filter, &event))
            })
            .map(|trigger| trigger["metadata"]["name"].as_str().unwrap())
            .collect();
        assert_eq!(matching.join(" "), expected, "{event}");
    }
    let retries = |name: &str| {
        objects
            .iter()
            .find(|object| object["metadata"]["name"] == name)
            .map(|object| &object["spec"]["delivery"]["retry"])
    };
    assert_eq!((retries("shop-message-payments"), retries("shop-custom")), (Some(&json!(9)), Some(&json!(3))));
    for service in objects.iter().filter(|object| object["kind"] == "Service") {
        let env = service["spec"]["template"]["spec"]["containers"][0]["env"].as_array().unwrap();
        let names = json!({ "name": "ANYFN_NAMES", "value": r#"{"inventory.orders_v2":"orders"}"# });
        assert!(env.contains(&names), "{service}");
    }
}

#[test]
fn two_names_that_kubernetes_cannot_tell_apart_are_refused() {
    let two = triggers(&json!([{ "kind": "queue", "name": "my.jobs" }, { "kind": "queue", "name": "my_jobs" }]));
    let function = function(&json!({}));
    let error = server::objects(&function, &Wiring::new(&function, &two)).unwrap_err().to_string();
    assert!(error.contains("shop-queue-my-jobs") && error.contains("call one of them otherwise"), "{error}");
}

#[test]
fn a_program_of_http_alone_adds_nothing() {
    let (function, triggers) = (function(&json!({})), triggers(&json!([{ "kind": "http" }])));
    let wiring = Wiring::new(&function, &triggers);
    assert!(lambda::wire(&wiring).unwrap().variable().is_none());
    assert!(cloudflare::wire(&wiring).unwrap().by_hand.is_empty());
    assert!(vercel::wire(&wiring).unwrap().names.is_empty());
}
