#!/usr/bin/env bash
# A table and its stream with the AWS CLI, against AWS_ENDPOINT_URL.
set -euo pipefail

# is WANT COMMAND...: the command's output must be that.
is() {
  local want=$1 got
  shift
  got=$("$@" --output text)
  if [ "$got" != "$want" ]; then
    printf 'awscli: %s\n printed %q, want %q\n' "$*" "$got" "$want" >&2
    exit 1
  fi
}

is CREATING aws dynamodb create-table --table-name cli --billing-mode PAY_PER_REQUEST \
  --attribute-definitions AttributeName=id,AttributeType=S AttributeName=email,AttributeType=S \
  --key-schema AttributeName=id,KeyType=HASH AttributeName=email,KeyType=RANGE \
  --stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES \
  --query TableDescription.TableStatus
aws dynamodb wait table-exists --table-name cli
is ENABLED aws dynamodb update-time-to-live --table-name cli \
  --time-to-live-specification Enabled=true,AttributeName=ttl \
  --query "TimeToLiveSpecification.Enabled && 'ENABLED'"

for n in 1 2 3; do
  aws dynamodb put-item --table-name cli \
    --item "{\"id\":{\"S\":\"ada\"},\"email\":{\"S\":\"ada$n@example.com\"},\"n\":{\"N\":\"$n\"}}"
done
is 13 aws dynamodb update-item --table-name cli \
  --key '{"id":{"S":"ada"},"email":{"S":"ada3@example.com"}}' \
  --update-expression 'SET n = n + :ten' --expression-attribute-values '{":ten":{"N":"10"}}' \
  --return-values UPDATED_NEW --query Attributes.n.N
aws dynamodb delete-item --table-name cli --key '{"id":{"S":"ada"},"email":{"S":"ada1@example.com"}}'
is $'2\n13' aws dynamodb query --table-name cli --key-condition-expression 'id = :id' \
  --expression-attribute-values '{":id":{"S":"ada"}}' --page-size 1 --query 'Items[].n.N'

arn=$(aws dynamodb describe-table --table-name cli --query Table.TableArn --output text)
aws dynamodb tag-resource --resource-arn "$arn" --tags Key=team,Value=streams
is streams aws dynamodb list-tags-of-resource --resource-arn "$arn" --query 'Tags[0].Value'

# The stream has each of the five changes.
arn=$(aws dynamodbstreams list-streams --table-name cli --query 'Streams[0].StreamArn' --output text)
shard=$(aws dynamodbstreams describe-stream --stream-arn "$arn" \
  --query 'StreamDescription.Shards[0].ShardId' --output text)
iterator=$(aws dynamodbstreams get-shard-iterator --stream-arn "$arn" --shard-id "$shard" \
  --shard-iterator-type TRIM_HORIZON --query ShardIterator --output text)
is $'INSERT\tINSERT\tINSERT\tMODIFY\tREMOVE' \
  aws dynamodbstreams get-records --shard-iterator "$iterator" --query 'Records[].eventName'

is UPDATING aws dynamodb update-table --table-name cli --deletion-protection-enabled \
  --query TableDescription.TableStatus
if aws dynamodb delete-table --table-name cli 2>/dev/null; then
  echo "awscli: a protected table was deleted" >&2
  exit 1
fi
is False aws dynamodb update-table --table-name cli --no-deletion-protection-enabled \
  --query TableDescription.DeletionProtectionEnabled
is DELETING aws dynamodb delete-table --table-name cli --query TableDescription.TableStatus
aws dynamodb wait table-not-exists --table-name cli
echo "the AWS CLI did all that it should"
