// Package activity is the tutorial's data: what a user did in a UI, made
// up by a Generator and written to the table by a Writer.
package activity

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dynamostreamer/internal/table"
)

//weave:row

// A UserActivity is one row of the table: a user's last known activity.
// Its attribute names are those of package table.
type UserActivity struct {
	ID       string   `dynamodbav:"id" json:"id"`
	Email    string   `dynamodbav:"email" json:"email"`
	Activity Activity `dynamodbav:"activity" json:"activity"`
	// TTL is when the row expires, in Unix seconds. DynamoDB removes it
	// some time after that, never at once.
	TTL int64 `dynamodbav:"ttl" json:"ttl"`
}

//weave:end

// An Activity is what the user was doing, and where.
type Activity struct {
	Page string `dynamodbav:"page" json:"page"`
	Task string `dynamodbav:"task" json:"task"`
}

// Lateness is how long after its expiry the row is looked at, or less
// than zero before it.
func (u UserActivity) Lateness(now time.Time) time.Duration {
	return now.Sub(time.Unix(u.TTL, 0))
}

// Key is the row's primary key, for the SDK's calls.
func (u UserActivity) Key() map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		table.PartitionKey: &types.AttributeValueMemberS{Value: u.ID},
		table.SortKey:      &types.AttributeValueMemberS{Value: u.Email},
	}
}

var (
	tasks = []string{"buying", "selling", "viewing", "data_entry"}
	pages = []string{"/", "/search", "/products", "/cart", "/checkout", "/orders", "/inventory", "/profile"}
	names = []string{"ada", "barbara", "edsger", "frances", "grace", "john", "katherine", "ken", "margaret", "tony"}
)

// other picks one of choices that is not current. choose(n) gives a
// number in [0, n).
func other(choices []string, current string, choose func(int) int) string {
	at := slices.Index(choices, current)
	if at < 0 {
		return choices[choose(len(choices))]
	}
	return choices[(at+1+choose(len(choices)-1))%len(choices)]
}
