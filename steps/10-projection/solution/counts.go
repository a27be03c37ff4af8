package main

import (
	"context"
	"errors"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dynamostreamer/internal/activity"
	"dynamostreamer/internal/stream"
)

// Beside the checkpoints, the table has items of two kinds: the pages, and the
// users. These are their partition keys, reader.
const (
	pages = "pages" // place is the page, and users how many are on it
	users = "users" // see user
)

// A user is where somebody is. Page is empty where an event says that they left,
// and where the projection doesn't have them.
type user struct {
	Reader string `dynamodbav:"reader"`
	Place  string `dynamodbav:"place"` // the row's id and email
	Page   string `dynamodbav:"page"`
	Copy   int64  `dynamodbav:"copy"`  // the event's that says so
	Order  string `dynamodbav:"order"` // the event's too
}

//weave:commit

// commit writes what a page of events changes, and the checkpoint that says so,
// in one transaction.
func (p *projection) commit(ctx context.Context, checkpoints *stream.Table, page *stream.Page) error {
	var now []user
	for _, e := range page.Events {
		if e.Kind == stream.CopyDone {
			if err := p.forget(ctx, e.Copy); err != nil {
				return err
			}
			continue
		}
		u, err := read(e)
		if err != nil {
			return err
		}
		now = append(now, u)
	}
	was, err := p.load(ctx, now)
	if err != nil {
		return err
	}
	return p.change(ctx, was, now, checkpoints.TransactItem(page))
}

// read takes from an event where a user is: on no page if the row was deleted
// or has expired, since such an event has no new image.
func read(e stream.Event) (user, error) {
	var row activity.UserActivity
	err := errors.Join(e.Keys.Decode(&row), e.New.Decode(&row))
	return user{users, row.ID + " " + row.Email, row.Activity.Page, e.Copy, e.Order()}, err
}

// change writes where users are now, if they still are where they were, and
// what that changes in the counts, in one transaction with other items. Where a
// user was is what the projection says, and not the event's old image: after
// a copy, events come that it has seen.
func (p *projection) change(ctx context.Context, was map[string]user, now []user, items ...types.TransactWriteItem) error {
	is, more := make(map[string]user), make(map[string]int)
	for _, u := range now {
		is[u.Place] = u // the last event about a user counts
	}
	for place, u := range is {
		more[was[place].Page]--
		more[u.Page]++
		item, err := p.write(u, was[place].Order)
		if err != nil {
			return err
		}
		items = append(items, item)
	}
	for page, n := range more {
		if page != "" && n != 0 {
			items = append(items, types.TransactWriteItem{Update: &types.Update{
				TableName: &p.into, Key: key(pages, page),
				UpdateExpression:          aws.String("ADD #users :n"),
				ExpressionAttributeNames:  map[string]string{"#users": "users"},
				ExpressionAttributeValues: map[string]types.AttributeValue{":n": number(int64(n))},
			}})
		}
	}
	_, err := p.db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: items})
	return err
}

//weave:end

// write is the part of a transaction that writes a user, or deletes one who is
// on no page. The transaction fails if the user has another order than was.
func (p *projection) write(u user, was string) (types.TransactWriteItem, error) {
	condition := aws.String("attribute_not_exists(#order)")
	names := map[string]string{"#order": "order"}
	var values map[string]types.AttributeValue
	if was != "" {
		condition = aws.String("#order = :was")
		values = map[string]types.AttributeValue{":was": text(was)}
	}
	if u.Page == "" {
		return types.TransactWriteItem{Delete: &types.Delete{
			TableName: &p.into, Key: key(users, u.Place), ConditionExpression: condition,
			ExpressionAttributeNames: names, ExpressionAttributeValues: values,
		}}, nil
	}
	item, err := attributevalue.MarshalMap(u)
	return types.TransactWriteItem{Put: &types.Put{
		TableName: &p.into, Item: item, ConditionExpression: condition,
		ExpressionAttributeNames: names, ExpressionAttributeValues: values,
	}}, err
}

// load reads where users are, as far as the projection has them.
func (p *projection) load(ctx context.Context, some []user) (map[string]user, error) {
	was := make(map[string]user)
	in := &dynamodb.TransactGetItemsInput{}
	for _, u := range some {
		if _, asked := was[u.Place]; !asked {
			was[u.Place] = user{}
			in.TransactItems = append(in.TransactItems, types.TransactGetItem{
				Get: &types.Get{TableName: &p.into, Key: key(users, u.Place)},
			})
		}
	}
	if len(was) == 0 {
		return was, nil
	}
	out, err := p.db.TransactGetItems(ctx, in)
	if err != nil {
		return nil, err
	}
	for _, found := range out.Responses {
		var u user
		if err := attributevalue.UnmarshalMap(found.Item, &u); err != nil {
			return nil, err
		}
		if found.Item != nil {
			was[u.Place] = u
		}
	}
	return was, nil
}

//weave:forget

// forget removes the users whom neither the copy nor an event since has seen:
// their rows were removed while records were lost.
func (p *projection) forget(ctx context.Context, copy int64) error {
	found := dynamodb.NewQueryPaginator(p.db, &dynamodb.QueryInput{
		TableName: &p.into, ConsistentRead: aws.Bool(true),
		KeyConditionExpression:    aws.String("reader = :users"),
		FilterExpression:          aws.String("#copy < :copy"),
		ExpressionAttributeNames:  map[string]string{"#copy": "copy"},
		ExpressionAttributeValues: map[string]types.AttributeValue{":users": text(users), ":copy": number(copy)},
	})
	for found.HasMorePages() {
		out, err := found.NextPage(ctx)
		if err != nil {
			return err
		}
		var stale []user
		if err := attributevalue.UnmarshalListOfMaps(out.Items, &stale); err != nil {
			return err
		}
		for _, u := range stale {
			was := map[string]user{u.Place: u}
			if err := p.change(ctx, was, []user{{Place: u.Place}}); err != nil {
				return err // CopyDone is redelivered, and the rest is found
			}
		}
	}
	return nil
}

//weave:end

func key(reader, place string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"reader": text(reader), "place": text(place)}
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}
