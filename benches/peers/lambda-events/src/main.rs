//! Messages of a queue on `lambda_runtime`; with the argument `s3`, objects of a bucket.

use aws_lambda_events::s3::S3Event;
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[derive(serde::Deserialize)]
struct Order {
    id: u64,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    if std::env::args().nth(1).as_deref() == Some("s3") {
        run(service_fn(stored)).await
    } else {
        run(service_fn(orders)).await
    }
}

async fn orders(event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Error> {
    let mut answer = SqsBatchResponse::default();
    for message in event.payload.records {
        let order = serde_json::from_str::<Order>(message.body.as_deref().unwrap_or_default());
        if !order.is_ok_and(|order| order.id != 0) {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = message.message_id.unwrap_or_default();
            answer.batch_item_failures.push(failure);
        }
    }
    Ok(answer)
}

async fn stored(event: LambdaEvent<S3Event>) -> Result<(), Error> {
    for record in event.payload.records {
        if record.s3.object.key.as_deref().unwrap_or_default().is_empty() {
            return Err("an object without a key".into());
        }
    }
    Ok(())
}
