"""Lambda's event sources, in small, over moto's SQS, S3 and DynamoDB: they hand a running function what those APIs give,
delete or repeat what it says, and print what came of it as JSON.

Usage: aws_apis.py URL, to which the function's events are posted."""
import base64, datetime, json, os, sys, urllib.request

os.environ.update(
    AWS_ACCESS_KEY_ID="none", AWS_SECRET_ACCESS_KEY="none", AWS_DEFAULT_REGION="us-east-1",
    # An endpoint for each account, which moto does not know.
    AWS_ACCOUNT_ID_ENDPOINT_MODE="disabled",
)
import boto3
from moto import mock_aws


def written(value):
    """As Lambda writes what JSON has no type for."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value.timestamp()


def again(records):
    """The identifiers that come again."""
    event = json.dumps({"Records": records}, default=written).encode()
    with urllib.request.urlopen(urllib.request.Request(sys.argv[1], event, {"content-type": "application/json"})) as answer:
        return {failure["itemIdentifier"] for failure in json.load(answer)["batchItemFailures"]}


class Queue:
    """A queue whose failed messages come again at once, with one for those that failed too often."""

    def __init__(self, name, often):
        kind = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} if name.endswith(".fifo") else {}
        self.sqs = boto3.client("sqs")
        self.failed = self.sqs.create_queue(QueueName="failed-" + name, Attributes=kind)["QueueUrl"]
        redrive = json.dumps({"deadLetterTargetArn": self.arn(self.failed), "maxReceiveCount": often})
        kind |= {"RedrivePolicy": redrive}
        self.url = self.sqs.create_queue(QueueName=name, Attributes=kind)["QueueUrl"]

    def arn(self, url):
        return self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def send(self, body, **more):
        self.sqs.send_message(QueueUrl=self.url, MessageBody=body, **more)

    def receive(self, url):
        received = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"])
        return received.get("Messages", [])

    def invoke(self):
        """One invocation: each message's body, how often it was received, and whether it is done."""
        messages = self.receive(self.url)
        if not messages:
            return []
        lower = lambda name: name[0].lower() + name[1:]
        common = {"messageAttributes": {}, "eventSource": "aws:sqs", "eventSourceARN": self.arn(self.url), "awsRegion": "us-east-1"}
        records = [{lower(name).replace("mD5", "md5"): value for name, value in message.items()} | common for message in messages]
        failed = again(records)
        for message in messages:
            one = {"QueueUrl": self.url, "ReceiptHandle": message["ReceiptHandle"]}
            if message["MessageId"] in failed:
                self.sqs.change_message_visibility(**one, VisibilityTimeout=0)
            else:
                self.sqs.delete_message(**one)
        return [
            [message["Body"], int(message["Attributes"]["ApproximateReceiveCount"]), message["MessageId"] not in failed]
            for message in messages
        ]

    def invoke_all(self):
        invocations = []
        while invocation := self.invoke():
            invocations.append(invocation)
        return invocations


def sqs():
    queue = Queue("echo", often=3)
    for body in ['{"n":0}', "no JSON", '{"n":2}', '{"fail":true}', '{"n":4}', '{"n":5}', '{"panic":true}', '{"n":7}', '{"n":8}', '{"n":9}']:
        queue.send(body)
    return {"invocations": queue.invoke_all(), "failed": [message["Body"] for message in queue.receive(queue.failed)]}


def fifo():
    queue = Queue("echo.fifo", often=100)
    for group, body in [("a", '{"n":0}'), ("a", '{"fail":true}'), ("b", '{"n":1}'), ("a", '{"n":2}')]:
        queue.send(body, MessageGroupId=group)
    return {"invocations": [queue.invoke(), queue.invoke()]}


def s3():
    queue, s3 = Queue("notifications", often=3), boto3.client("s3")
    for bucket in ["echo", "another"]:
        s3.create_bucket(Bucket=bucket)
        notify = {"QueueArn": queue.arn(queue.url), "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]}
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [notify]})
    s3.put_object(Bucket="echo", Key="a b+c/ü%2F.png", Body=b"1234567")
    s3.put_object(Bucket="another", Key="k", Body=b"")
    s3.delete_object(Bucket="echo", Key="a b+c/ü%2F.png")
    return {"invocations": [[done for _, _, done in invocation] for invocation in queue.invoke_all()]}


def dynamodb(attempts=2):
    db, streams = boto3.client("dynamodb"), boto3.client("dynamodbstreams")
    db.create_table(
        TableName="echo",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    one = {"id": {"N": "1"}, "bytes": {"B": b"\0\1"}, "set": {"SS": ["x"]}}
    db.put_item(TableName="echo", Item=one)
    db.put_item(TableName="echo", Item={"id": {"N": "1"}, "deep": {"M": {"list": {"L": [{"NULL": True}, {"BOOL": False}]}}}})
    db.put_item(TableName="echo", Item={"id": {"N": "2"}, "fail": {"BOOL": True}})
    db.put_item(TableName="echo", Item={"id": {"N": "3"}})
    db.delete_item(TableName="echo", Key={"id": {"N": "1"}})
    arn = streams.list_streams(TableName="echo")["Streams"][0]["StreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    place, tried, invocations = {"ShardIteratorType": "TRIM_HORIZON"}, {}, []
    while True:
        begin = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, **place)["ShardIterator"]
        records = streams.get_records(ShardIterator=begin)["Records"]
        if not records:
            return {"invocations": invocations}
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        failed = again([record | {"eventSourceARN": arn} for record in records])
        # All from the first that failed on comes again, and after so many attempts all behind it.
        first = next((number for number in numbers if number in failed), None)
        invocations.append([len(records), None if first is None else numbers.index(first)])
        if first is None:
            place = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": numbers[-1]}
            continue
        tried[first] = tried.get(first, 0) + 1
        where = "AFTER" if tried[first] == attempts else "AT"
        place = {"ShardIteratorType": f"{where}_SEQUENCE_NUMBER", "SequenceNumber": first}


with mock_aws():
    print(json.dumps({source.__name__: source() for source in [sqs, fifo, s3, dynamodb]}))
