package main

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"dynamostreamer/internal/table"
)

const (
	aboutTable    = "A stream is a property of a table"
	aboutCreating = "Creating is not instant"
	aboutTTL      = "TTL needs an attribute"
	aboutThree    = "A. Three DynamoDBs"
)

var tableFacts = []fact{
	{aboutCreating, "CreateTable returns while the table is still being made", func(w *world) {
		w.want(w.created == types.TableStatusCreating, "the status %s at once", w.created)
	}},
	{aboutCreating, "a table that exists can't be made once more", func(w *world) {
		_, _, err := w.create(w.fullName)
		w.refused(err, "ResourceInUseException")
	}},
	{aboutTable, "a table's description has its stream's view type", func(w *world) {
		spec := w.table.StreamSpecification
		w.want(spec != nil && spec.StreamViewType == types.StreamViewTypeNewAndOldImages, "%+v", spec)
	}},
	{aboutTable, "the ARN of a stream ends with the time at which it was made", func(w *world) {
		arn := *w.table.LatestStreamArn
		at, err := time.Parse("2006-01-02T15:04:05.000", arn[strings.LastIndex(arn, "/")+1:])
		age := time.Since(at)
		w.want(err == nil && age > -5*time.Minute && age < 10*time.Minute, "%s", arn)
		w.want(strings.HasSuffix(arn, w.fullName+"/stream/"+aws.ToString(w.table.LatestStreamLabel)), "the ARN %s and the label %s", arn, aws.ToString(w.table.LatestStreamLabel))
	}},
	{aboutThree, "the region in an ARN is the one that was called", func(w *world) {
		region := strings.Split(*w.table.LatestStreamArn, ":")[3]
		w.want(region == w.db.Options().Region, "%s, and %s was called", region, w.db.Options().Region)
	}},
	{aboutTable, "a stream keeps its view type", func(w *world) {
		_, err := w.db.UpdateTable(w.ctx, &dynamodb.UpdateTableInput{TableName: &w.fullName, StreamSpecification: stream(types.StreamViewTypeKeysOnly)})
		w.refused(err, "ValidationException", "ResourceInUseException")
	}},
	{"A new table has a new stream", "ListStreams has the table's stream", func(w *world) {
		w.lists(w.fullName, *w.table.LatestStreamArn)
	}},
}

// lists wants ListStreams to have these streams of a table, and no others.
func (w *world) lists(name string, want ...string) {
	var got []string
	slices.Sort(want)
	listed := w.eventually(func() bool {
		out, err := w.streams.ListStreams(w.ctx, &dynamodbstreams.ListStreamsInput{TableName: &name})
		w.must(err)
		got = nil
		for _, s := range out.Streams {
			got = append(got, *s.StreamArn)
		}
		slices.Sort(got)
		return slices.Equal(got, want)
	})
	w.want(listed, "%q, not %q", got, want)
}

// The rows by whose ttl DynamoDB removes them, or not.
const (
	expires   = "expires"
	prolonged = "prolonged"
	textTTL   = "text"
	milliTTL  = "milliseconds"
	longAgo   = "long-ago"
)

var ttlFacts = []fact{
	{aboutTTL, "TTL is disabled at first, and has no attribute", func(w *world) {
		ttl := w.ttl()
		w.want(ttl.TimeToLiveStatus == types.TimeToLiveStatusDisabled && ttl.AttributeName == nil, "%s, of %q", ttl.TimeToLiveStatus, aws.ToString(ttl.AttributeName))
	}},
	{aboutTTL, "TTL is enabled, or about to be, once it has an attribute", func(w *world) {
		w.must(w.setTTL(table.TTLAttribute, true))
		w.writeExpiring()
		var ttl *types.TimeToLiveDescription
		shown := w.eventually(func() bool {
			ttl = w.ttl()
			enabled := ttl.TimeToLiveStatus == types.TimeToLiveStatusEnabled || ttl.TimeToLiveStatus == types.TimeToLiveStatusEnabling
			return enabled && aws.ToString(ttl.AttributeName) == table.TTLAttribute
		})
		w.want(shown, "%s, of %q", ttl.TimeToLiveStatus, aws.ToString(ttl.AttributeName))
		w.note("%s", ttl.TimeToLiveStatus)
	}},
	{aboutTTL, "enabling TTL twice is refused", func(w *world) {
		w.refused(w.setTTL(table.TTLAttribute, true), "ValidationException")
	}},
	{aboutTTL, "enabling TTL with another attribute is refused", func(w *world) {
		w.refused(w.setTTL("delete_at", true), "ValidationException")
	}},
	{aboutThree, "another change of TTL within the hour is refused", func(w *world) {
		err := w.setTTL(table.TTLAttribute, false)
		if err == nil { // the rows below are to expire
			w.must(w.setTTL(table.TTLAttribute, true))
		}
		w.refused(err, "ValidationException")
	}},
}

func (w *world) ttl() *types.TimeToLiveDescription {
	out, err := w.db.DescribeTimeToLive(w.ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &w.fullName})
	w.must(err)
	return out.TimeToLiveDescription
}

func (w *world) setTTL(attribute string, enabled bool) error {
	_, err := w.db.UpdateTimeToLive(w.ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName:               &w.fullName,
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: &attribute, Enabled: &enabled},
	})
	return err
}

// writeExpiring writes the rows that lateFacts look for at the end.
func (w *world) writeExpiring() {
	w.expiry = time.Now().Add(2 * time.Second).Truncate(time.Second)
	w.put(expires, ttlAt(w.expiry))
	w.put(prolonged, ttlAt(w.expiry))
	w.must(w.update(prolonged, "SET #ttl = :v", "attribute_exists(id)", ttlAt(w.expiry.AddDate(0, 0, 1))[table.TTLAttribute]))
	w.put(textTTL, attributes{table.TTLAttribute: s(seconds(w.expiry))})
	w.put(milliTTL, attributes{table.TTLAttribute: n(seconds(w.expiry) + "000")})
	w.put(longAgo, ttlAt(w.expiry.AddDate(-6, 0, 0)))
}
